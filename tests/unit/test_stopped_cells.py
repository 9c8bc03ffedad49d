"""Answer cells that raise: is a student told the error and its line, and never that a name is still None?"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode

from admin.grading.execute import error_in
from checks import stopped_cells
from checks.close_names import close_names
from checks.language import say
from checks.stopped_cells import StoppedCell, line_in, stopped_cell, with_the_error
from checks.task import right, wrong


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """An IPython of the test's own that the checks watch."""
    made = InteractiveShell()
    monkeypatch.setattr("IPython.get_ipython", lambda: made)
    stopped_cells._kept().clear()
    stopped_cells.watch()
    yield made
    stopped_cells._kept().clear()


CELLS = {
    "a missing axis": ("x_train = 1\nx_test = undefined", "channel_axis", "NameError", 2),
    "both at once": ("a = 3\nx_train, x_test = undefined, 2", "channel_axis", "NameError", 2),
    "in a function of the cell": (
        "def f():\n    return 1 / 0\ncifar_history = f()",
        "cifar_training",
        "ZeroDivisionError",
        2,
    ),
    "no Python": ("def one_hot(vector, number_classes):\n    return (", "one_hot", "SyntaxError", 2),
    "in a library": ("import json\ncifar_score = json.loads('')", "cifar_training", "JSONDecodeError", 2),
}


@pytest.mark.parametrize("name", CELLS)
def test_an_answer_cell_that_raised_is_known(name: str, shell: InteractiveShell) -> None:
    """Are the task, the error and the line of the cell kept?"""
    code, task, error, line = CELLS[name]
    shell.run_cell(code)
    stopped = stopped_cell(task)
    assert isinstance(stopped, StoppedCell)
    assert stopped.error.startswith(error)
    assert stopped.line == line


def test_a_cell_that_was_mended_is_forgotten(shell: InteractiveShell) -> None:
    """Raised, mended, run again: is there nothing left of the error? And do other cells not count?"""
    shell.run_cell("x_train = x_test = undefined")
    shell.run_cell("print(len(x_train), batch_size=3)")
    assert stopped_cell("channel_axis") is not None
    assert stopped_cell("train_net_1") is None
    shell.run_cell("x_train = x_test = 3")
    assert stopped_cell("channel_axis") is None


def test_watching_twice_is_watching_once(shell: InteractiveShell) -> None:
    """The set-up cell is run again: does one hook do?"""
    before = len(shell.events.callbacks["post_run_cell"])
    stopped_cells.watch()
    assert len(shell.events.callbacks["post_run_cell"]) == before


def test_two_tasks_with_the_same_names_are_told_apart_by_their_cells() -> None:
    """Tasks 5 and 7 both set `batch_size`: does Jupyter's own name of the cell decide?"""
    info = SimpleNamespace(raw_cell="batch_size = x", cell_id="train_net_2")
    assert list(stopped_cells._tasks_of(info.raw_cell, info.cell_id)) == ["train_net_2"]
    assert list(stopped_cells._tasks_of(info.raw_cell, "3f")) == ["train_net_1", "train_net_2"]


STOPPED = StoppedCell("NameError: name 'foo' is not defined", 3)


def keys(findings: list[Any]) -> list[tuple[str, ...]]:
    return [finding.keys for finding in findings]


def test_an_answer_that_is_missing_is_not_called_empty() -> None:
    """Both names are None after an error: one finding, with all the points, that says the error?"""
    missing = [wrong(name, 2, say("any.is_none")) for name in ("x_train", "x_test")]
    (found,) = with_the_error("channel_axis", missing, STOPPED)
    assert (found.points, found.out_of, found.keys) == (0, 4, ("any.cell_stopped",))
    assert "line 3 with NameError: name 'foo' is not defined" in found.message


def test_what_came_before_the_error_keeps_its_points() -> None:
    """The first name is right, the second one was never made: is only the second one told the error?"""
    half = [right("x_train", 2), wrong("x_test", 2, say("any.is_none"))]
    assert keys(with_the_error("channel_axis", half, STOPPED)) == [(), ("any.cell_stopped",)]


def test_a_wrong_value_of_an_earlier_run_has_a_remark() -> None:
    """Something is there and wrong, and the cell stopped: are both said? And nothing where all is right?"""
    older = [wrong("x_train", 2, say("any.is_list")), right("x_test", 2)]
    assert keys(with_the_error("channel_axis", older, STOPPED)) == [
        ("any.cell_stopped",),
        ("any.is_list",),
        (),
    ]
    fine = [right("x_train", 2), right("x_test", 2)]
    assert with_the_error("channel_axis", fine, STOPPED) == fine
    assert with_the_error("channel_axis", older, None) == older


def test_a_function_that_was_never_made_is_missing() -> None:
    """The cell stopped before `def`: does a student read that error alone, and no KeyError of the check's?"""
    never_made = [
        wrong("any.what_answer", 10, say("any.stopped", task="one_hot", error="KeyError: 'one_hot'"))
    ]
    assert keys(with_the_error("one_hot", never_made, STOPPED)) == [("any.cell_stopped",)]


def test_the_line_is_read_off_a_traceback() -> None:
    """Is the deepest line of the answer cell found among colours and other cells' lines?"""
    trace = [
        "\x1b[31mNameError\x1b[39m  Traceback (most recent call last)",
        "\x1b[36mCell In[7]\x1b[39m\x1b[32m, line 4\x1b[39m\n      3 def f():",
        "Cell In[7], line 2, in f()",
        "Cell In[3], line 9, in one_hot(vector)",
    ]
    assert line_in(trace) == 2
    assert line_in(["Traceback"]) is None


# --- What the check sees is older than the newest cell ----------------------------------------------

OLD = "def one_hot(vector, number_classes):\n    return 'old'"
FINE = [right("one_hot.what_places", 10)]
WRONG = [wrong("one_hot.what_places", 10, say("one_hot.all_zero"))]
EMPTY = [wrong("any.what_answer", 10, say("any.none_came", task="one_hot"))]


def told(findings: list[Any]) -> list[tuple[str, ...]]:
    return keys(with_the_error("one_hot", findings, stopped_cell("one_hot")))


@pytest.mark.parametrize(
    "code", ["def one_hot(vector, number_classes)\n    return 1", "def one_hot(\n", "x = 08"]
)
def test_a_cell_that_python_could_not_read_leaves_an_older_answer(code: str, shell: InteractiveShell) -> None:
    """A right function of an earlier run, then a slip of the pen: is it said that the old one is judged?"""
    shell.run_cell(OLD, cell_id="one_hot")
    shell.run_cell(code, cell_id="one_hot")
    assert told(FINE) == [("any.cell_unread",), ()]
    assert told(WRONG) == [("any.cell_unread",), ("one_hot.all_zero",)]
    assert told(EMPTY) == [("any.cell_unread",)]
    stopped = stopped_cell("one_hot")
    assert isinstance(stopped, StoppedCell)
    assert ".py" not in stopped.error
    shell.run_cell(OLD, cell_id="one_hot")
    assert told(FINE) == [()]


@pytest.mark.parametrize(
    "code", ["def onehot(v, n):\n    return 1", "def One_Hot(v, n):\n    return 1", "%time\none_hott = len"]
)
def test_another_spelling_leaves_an_older_answer(code: str, shell: InteractiveShell) -> None:
    """The newest answer has another name: is the student told so, also where the old one gets all points?"""
    shell.run_cell(OLD, cell_id="one_hot")
    shell.run_cell(code, cell_id="one_hot")
    assert told(FINE) == [("any.other_name",), ()]
    assert told(WRONG) == [("any.other_name",), ("one_hot.all_zero",)]
    assert told(EMPTY) == [("any.other_name",)]


def test_a_close_name_in_some_cell_counts_only_for_an_answer_that_is_missing(shell: InteractiveShell) -> None:
    """An answer cell left empty, and `onehot` in another one: told? And a helper beside an answer: not?"""
    shell.run_cell("def onehot(v, n):\n    return 1", cell_id="3f")
    assert told(EMPTY) == [("any.other_name",)]
    assert told(FINE) == [()]
    assert told(WRONG) == [("one_hot.all_zero",)]


def test_the_name_may_be_there_and_still_be_empty() -> None:
    """A released cell with its empty function or `None` above: is the close name below found?"""

    def of(task: str, code: str) -> list[str] | None:
        return close_names(code).get(task)

    empty = 'def one_hot(v, n):\n    """Doc."""\n\ndef onehot(v, n):\n    return 1'
    assert of("one_hot", empty) == ["one_hot", "onehot"]
    assert of("channel_axis", "x_train = x_test = None\nX_train = 1\nx_test = 2") == ["x_train", "X_train"]
    assert of("channel_axis", "x_train = None\nx_test = 2\ny_train = 1") is None
    assert of("net_1", "def net_2(shape, classes):\n    return 1") is None
    assert of("one_hot", f"{OLD}\ndef _one_hot(v): return 1") is None


@pytest.mark.parametrize(
    "code", ["def onehot(:", "(" * 5000, "onehot = '\\d'\n" * 2000, f"onehot{'t' * 100} = 1"]
)
def test_code_that_nobody_types_has_no_close_names(code: str) -> None:
    """No Python, nested without end, very long: no name, no error, no warning?"""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert close_names(code) == {}


def test_grading_tells_a_cell_that_python_could_not_read(shell: InteractiveShell) -> None:
    """Is it known by its outputs, and told from the same error in a cell that ran?"""
    for code, begun in (("x_train = (", False), ("x_train = 1\neval('(')", True)):
        error = NotebookNode(output_type="error", **error_of(shell, code))
        stopped = error_in([error])
        assert stopped is not None
        assert stopped.error.startswith("SyntaxError")
        assert stopped.begun == begun
        assert begun or stopped.line == 1


def error_of(shell: InteractiveShell, code: str) -> dict[str, Any]:
    """What a notebook keeps of the error of a cell."""
    kept: dict[str, Any] = {}

    def show(kind: type, value: BaseException, lines: list[str]) -> None:
        kept.update(ename=kind.__name__, evalue=str(value), traceback=lines)

    shell._showtraceback = show  # type: ignore[method-assign,assignment]
    shell.run_cell(code)
    return kept
