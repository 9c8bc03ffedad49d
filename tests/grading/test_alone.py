"""Each answer on its own: does a mistake cost its own points alone, and do model answers stay secret?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.utils import determine_grade

from admin.course.answers import answer
from admin.course.cells import grade_id
from admin.course.layout import NOTEBOOK, Course
from admin.grading import alone, execute
from admin.grading.names import names_of, statements
from admin.grading.plain_words import plain_words
from admin.grading.worker import Folders, Worker
from admin.sandbox.host import Session
from admin.sandbox.limits import Limits
from checks.language import say
from checks.task import TABLE, Finding, all_forerunners, as_json, points, right, wrong
from tests.grading.sessions import seeds, shown
from tests.needs import needs_sandbox

RAISES = "raise ValueError('of mine')"
GRADED = [task for task, entry in TABLE.items() if entry.points]


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    kept = Worker(True, Limits())
    yield kept
    kept.close()


def notebook_with(course: Course, task: str, answers: dict[str, str]) -> NotebookNode:
    """The released notebook up to a task's check, with these answers and the model's; no figures."""
    notebook = nbformat.read(course.release / f"{NOTEBOOK}.ipynb", 4)
    cells = [cell for cell in notebook.cells if grade_id(cell) or cell.source.startswith("QUICK = ")]
    last = next(i for i, cell in enumerate(cells) if grade_id(cell) == TABLE[task].check_cell)
    notebook.cells = cells[: last + 1]
    for cell in notebook.cells:
        name = grade_id(cell)
        if name in answers:
            cell.source = answers[name]
        elif name in (task, *all_forerunners(task)):
            cell.source = answer(name, "the model answer").code
    return notebook


def run(course: Course, worker: Worker, notebook: NotebookNode) -> execute.RunResult:
    folders = Folders(course.release, course.release, course.source)
    return execute.run(notebook, worker, folders, seeds())


def keys(findings: Any) -> list[str]:
    return [key for finding in findings for key in finding.keys]


# --- A mistake costs its own points ---------------------------------------------------------------------

PAIRS = {
    "task 1 stops": ("channel_axis", "normalise_images", "stops", "alone.right_and_stops"),
    "task 1 is a list": ("cifar_images", "normalise_images", "a list", "alone.right_and_loses"),
    "task 2 is flat": ("train_net_1", "channel_axis", "flattened", "alone.right_and_loses"),
    "task 3 is the other way round": ("cifar_labels", "one_hot", "transposed", "alone.right_and_loses"),
    "task 6 is empty": ("cifar_model", "net_2", "empty", "alone.right_and_stops"),
    "task 9 is as handed out": ("cifar_training", "cifar_images", "empty", "alone.right_and_stops"),
}


@needs_sandbox
@pytest.mark.slow
@pytest.mark.parametrize("name", PAIRS)
def test_a_right_answer_after_a_wrong_one_keeps_all_points(name: str, built: Course, worker: Worker) -> None:
    """An earlier answer is wrong: does the later one, which is right, get all of its points, and say so?"""
    task, earlier, mistake, key = PAIRS[name]
    notebook = notebook_with(built, task, {earlier: answer(earlier, mistake).code})
    result = run(built, worker, notebook)
    text = " ".join(notebook.cells[-1].outputs[0].text.split())
    assert determine_grade(notebook.cells[-1])[0] == TABLE[task].points, text
    assert points(result.findings[earlier]) == answer(earlier, mistake).points
    assert result.findings[task][0].keys == (key,)
    assert f"right by itself; on top of your task {TABLE[earlier].number} it" in text
    assert result.warnings == {}


@needs_sandbox
def test_a_session_that_an_earlier_answer_ended_costs_no_later_one(built: Course, worker: Worker) -> None:
    """os._exit() in task 3: has task 8, which is right, its points, and nobody to look at it by hand?"""
    notebook = notebook_with(built, "cifar_labels", {"one_hot": "import os\nos._exit(3)"})
    result = run(built, worker, notebook)
    assert determine_grade(notebook.cells[-1])[0] == 4
    assert result.findings["cifar_labels"][0].keys == ("alone.right_after_the_end",)
    assert set(result.warnings) == {"check_one_hot"} | {
        "check_net_1", "check_net_2", "check_train_net_1", "check_train_net_2"
    }  # fmt: skip


@needs_sandbox
def test_a_wrong_answer_gets_what_its_right_part_is_worth(built: Course, worker: Worker) -> None:
    """Half of task 9 is right, on top of a task 1 that stops: the points of that half, and its words?"""
    half = "cifar_x_train = normalise_images(cifar_train_images)\ncifar_x_test = cifar_test_images"
    notebook = notebook_with(built, "cifar_images", {"normalise_images": RAISES, "cifar_images": half})
    result = run(built, worker, notebook)
    assert [finding.points for finding in result.findings["cifar_images"]] == [0, 2, 0]
    assert keys(result.findings["cifar_images"])[0] == "alone.better_and_stops"
    assert keys(result.findings["normalise_images"]) == ["any.cell_stopped"]
    assert "in line 1 with ValueError: of mine" in result.findings["normalise_images"][0].message


@needs_sandbox
def test_what_stands_beside_a_wrong_answer_serves_a_later_one(built: Course, worker: Worker) -> None:
    """Task 9 uses an import and a function of the cell of task 1, whose answer is wrong: are they there?"""
    one = "import numpy as mine\ndef whole(x):\n    return mine.asarray(x)\n\n\n" + RAISES
    nine = "\n".join(
        f"cifar_x_{part} = whole(normalise_images(cifar_{part}_images))" for part in ("train", "test")
    )
    notebook = notebook_with(built, "cifar_images", {"normalise_images": one, "cifar_images": nine})
    run(built, worker, notebook)
    assert determine_grade(notebook.cells[-1])[0] == 4


@needs_sandbox
def test_no_second_session_where_it_could_change_nothing(
    built: Course, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers that are right, empty, wrong by themselves, or on nothing wrong: is no time spent on them?"""
    monkeypatch.setattr(alone, "asked_together", pytest.fail)
    for answers in (
        {},
        {"one_hot": "", "cifar_labels": ""},
        {"cifar_labels": answer("cifar_labels", "empty").code},
        {"one_hot": RAISES, "cifar_labels": "cifar_y_train = cifar_train_labels"},
    ):
        run(built, worker, notebook_with(built, "cifar_labels", answers))


# --- Model answers stay where they are ------------------------------------------------------------------

MARK = "secret_of_the_model"
CURIOUS = """
import inspect
import linecache
def seen():
    parts = [repr(normalise_images.__code__.co_varnames), repr(globals().get('In')), repr([*linecache.cache])]
    try:
        parts.append(inspect.getsource(normalise_images))
    except Exception as error:
        parts.append(repr(error))
    return ' '.join(parts)
text = seen()[:2000]
print(text)
display(text)
"""
LEAKS = {
    "an error": "cifar_x_train = normalise_images(cifar_train_images)\nraise ValueError(text)",
    "a type": "cifar_x_train = normalise_images(cifar_train_images)\ncifar_x_test = type(text, (), {})()",
    "a type of an array": (
        "cifar_x_train = normalise_images(cifar_train_images)\n"
        "cifar_x_test = np.zeros(3, dtype=[(text[:200].replace(chr(39), ''), int)])"
    ),
    "a shape": (
        "cifar_x_train = normalise_images(cifar_train_images)\n"
        "cifar_x_test = np.broadcast_to(np.zeros(1), [ord(letter) for letter in text[:3]] + [1])"
    ),
}  # fmt: skip


@pytest.fixture
def marked(course: Course) -> Course:
    """A course whose model answer to task 1 has a word that stands nowhere else."""
    path = course.source / f"{NOTEBOOK}.ipynb"
    notebook = nbformat.read(path, 4)
    (cell,) = (cell for cell in notebook.cells if grade_id(cell) == "normalise_images")
    assert "return images" in cell.source
    cell.source = cell.source.replace("return images", f"{MARK} = images\n    return images")
    nbformat.write(notebook, path)
    return course


@needs_sandbox
@pytest.mark.parametrize("name", LEAKS)
def test_a_model_answer_reaches_no_page(name: str, marked: Course, worker: Worker) -> None:
    """A cell that tells all that it can see of the model answer: is nothing of it on a page or kept?"""
    notebook = notebook_with(
        marked, "cifar_images", {"normalise_images": RAISES, "cifar_images": CURIOUS + LEAKS[name]}
    )
    result = run(marked, worker, notebook)
    assert keys(result.findings["cifar_images"])[0] == "alone.better_and_stops"
    assert points(result.findings["cifar_images"]) == 2
    assert points(result.findings["normalise_images"]) == 0
    told = nbformat.writes(notebook) + str(
        [as_json(finding) for found in result.findings.values() for finding in found]
    )
    assert MARK not in told
    assert str(ord("(")) + ", " + str(ord("'")) not in told


@needs_sandbox
def test_no_name_of_a_student_s_optimiser_tells_of_a_model_answer(marked: Course, worker: Worker) -> None:
    """An optimiser and a metric called by what was seen: are their names left out of what is said?"""
    model = """cifar_model = net_2((32, 32, 3), 10)
metric = keras.metrics.CategoricalCrossentropy(name=text.replace('/', ''))
optimiser = type(text, (keras.optimizers.SGD,), {})()
cifar_model.compile(optimiser, "categorical_crossentropy", metrics=[metric])"""
    notebook = notebook_with(marked, "cifar_model", {"net_2": RAISES, "cifar_model": CURIOUS + model})
    result = run(marked, worker, notebook)
    assert points(result.findings["cifar_model"]) == 5
    assert "cifar_model.other_optimiser" in keys(result.findings["cifar_model"])
    assert MARK not in nbformat.writes(notebook) + str(result.findings)


@needs_sandbox
def test_a_session_keeps_no_text_of_what_was_prepared(session: Session) -> None:
    """Has a model answer behaviour alone: no source, no history, no traceback with its lines?"""
    session.prepare(f"def model(x):\n    {MARK} = x\n    return {MARK} / 0")
    assert shown(session, "model.__name__") == "'model'"
    assert "could not get source" in shown(session, "import inspect\ninspect.getsource(model)").lower()
    assert MARK not in shown(session, "repr(In) + repr(globals().get('_i'))")
    assert MARK not in shown(session, "import linecache\nrepr(linecache.cache)")
    traceback = "".join(line for output in session.run("model(1)") for line in output["traceback"])
    assert "ZeroDivisionError" in traceback
    assert MARK not in traceback


def test_no_session_judges_a_task_whose_model_answer_it_holds(built: Course, worker: Worker) -> None:
    """All tasks wrong at once: is no model answer of a judged task, or made from one, in its session?"""
    course = alone.course_cells(built.source)
    answers = {task: answer(task, "the model answer").code for task in GRADED}
    student = alone.cells_of(notebook_with(built, GRADED[-1], answers), worker.bounded)
    plans = [alone.planned(task, course, student, {}, set(TABLE)) for task in GRADED]
    sessions = alone.in_sessions([plan for plan in plans if plan])
    assert {plan.task for plan in itertools.chain(*sessions)} == set(GRADED)
    for together in sessions:
        held = {course[number].name for plan in together for number in plan.course} & set(TABLE)
        behind = held.union(*(all_forerunners(task) for task in held))
        assert held or not TABLE[together[0].task].forerunners
        assert not behind & {plan.task for plan in together}


# --- Words ----------------------------------------------------------------------------------------------


def test_of_values_only_a_small_stock_is_said() -> None:
    """Are kinds and sizes that anybody may know kept, and all else an ellipsis, with no end of values?"""
    found = [
        right("cifar_x_train", 2, say("any.is_other", kind="float32")),
        wrong("secret", 2, say("any.is_other", kind="def f(x): return x")),
        wrong("any.what_answer", 2, say("any.stopped", task="one_hot", error="ValueError: x / 255")),
        wrong("any.what_answer", 2, say("any.is_other", kind="(4000, 28, 28, 1)")),
    ]
    values = [(f.what, *f.values.values()) for f in plain_words(found)]
    assert values == [
        ("cifar_x_train", "float32"),
        ("…", "…"),
        ("any.what_answer", "one_hot", "ValueError"),
        ("any.what_answer", "(n, 28, 28, 1)"),
    ]
    assert points(plain_words(found)) == 2
    many = [wrong("any.what_answer", 2, say("any.is_other", kind=[1, 2, [3] * 9, 4] * 9))]
    (said,) = plain_words(many)
    assert said.values["kind"] == [1, 2, [3, 3, 3, 3, "…", "…"], "…", "…", "…"]
    for value in (-1, 10**9, 0.123456, 7.5, float("nan"), None, b"bytes"):
        (said,) = plain_words([wrong("any.what_answer", 2, say("any.is_other", kind=value))])
        assert said.values["kind"] in ("…", 0.12)


def test_all_words_of_a_second_session_have_the_values_that_they_need() -> None:
    """Can each sentence be read whose numbers have become an ellipsis?"""
    found: list[Finding] = [
        right("training.what_learned", 2, say("training.learned", accuracy=-3)),
        wrong("any.what_answer", 2, say("any.size_in_grading", size=10**9, graded=10**9)),
    ]
    assert all("…" in finding.message for finding in plain_words(found))


# --- What a cell needs ----------------------------------------------------------------------------------

NAMES = {
    "a function": ("def f(x):\n    return g(x) + len(x)", {"g", "len"}, {"f"}),
    "an import and a loop": ("import a\nfor i in b:\n    c = a.d(i)", {"a", "b", "i"}, {"a", "i", "c"}),
    "a global": ("def f():\n    global made\n    made = 1", set(), {"f", "made"}),
    "a magic": ("%matplotlib inline\nx = y", {"y"}, {"x"}),
    "no Python": ("x = (", set(), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_are_read_off_the_code(name: str) -> None:
    """Is it known what a cell reads and makes, without running it?"""
    code, reads, makes = NAMES[name]
    assert (names_of(code).reads, names_of(code).makes) == (reads, makes)


@pytest.mark.parametrize("code", ["(" * 10**5, "-" * 10**6 + "1", "\0", "x = " + "[" * 150 + "]" * 150])
def test_code_that_cannot_be_read_harms_nobody(code: str, built: Course, worker: Worker) -> None:
    """Code that makes a parser stumble: does planning go on, or end quietly, and never raise?"""
    cells = alone.cells_of(notebook_with(built, "one_hot", {"one_hot": code}), worker.bounded)
    plan = alone.planned("one_hot", alone.course_cells(built.source), cells, {}, set(TABLE))
    assert plan is None or (plan.course, plan.stands_on) == (frozenset(), "")


def test_statements_are_a_cell_cut_into_pieces() -> None:
    """Does nothing get lost or doubled, whatever stands in one line?"""
    code = "import os; import sys\n\n@decorated\ndef f():\n    return 1\nx = f(); y = (\n1); z = 2"
    assert statements(code) == [
        "import os; import sys",
        "\n@decorated\ndef f():\n    return 1",
        "x = f(); y = (\n1); z = 2",
    ]
    assert statements("%time x = 1\ny = 2") == ["%time x = 1\ny = 2"]
