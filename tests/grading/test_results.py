"""Results by content: identical hand-ins are run once, and what may have been chance is not kept."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode, v4
from rich.console import Console

from admin.course.cells import grade_id
from admin.course.layout import NOTEBOOK, Course
from admin.grading import results as results_module
from admin.grading import run as grading
from admin.grading.execute import RunResult
from admin.grading.kept import Kept
from admin.grading.results import Results, results_of
from admin.sandbox.limits import Limits
from checks.language import say
from checks.task import Finding
from tests.needs import needs_sandbox

BY_CHANCE = """
def normalise_images(images):
    return images / 255


import secrets

print("drawn", secrets.token_hex(8))
"""


def hand_in(course: Course, student: str, code: str) -> None:
    notebook = nbformat.read(course.release / f"{NOTEBOOK}.ipynb", 4)
    next(cell for cell in notebook.cells if grade_id(cell) == "normalise_images").source = code
    course.submitted(student).mkdir(parents=True)
    nbformat.write(notebook, course.submitted(student) / f"{NOTEBOOK}.ipynb")


def drawn(course: Course, student: str) -> str:
    """What a student's cell has drawn when it was run, by the graded notebook."""
    notebook = nbformat.read(course.autograded(student) / f"{NOTEBOOK}.ipynb", 4)
    cell = next(cell for cell in notebook.cells if grade_id(cell) == "normalise_images")
    return str(cell.outputs[0].text)


@needs_sandbox
@pytest.mark.slow
def test_identical_hand_ins_are_run_once(course: Course) -> None:
    """The same code: one draw. Another code: its own. Asked for by force: a new one? And the same points?"""
    for student, code in (("amara", BY_CHANCE), ("bjarne", BY_CHANCE), ("chiara", BY_CHANCE + "# me\n")):
        hand_in(course, student, code)
    quiet = Console(file=io.StringIO())
    assert grading.grade(course, workers=2, console=quiet) == 0
    first = {student: drawn(course, student) for student in ("amara", "bjarne", "chiara")}
    assert first["amara"] == first["bjarne"] != first["chiara"]
    assert course.points("amara") == course.points("bjarne") == course.points("chiara")
    assert course.points("amara")["check_normalise_images"] == 8

    assert grading.grade(course, ["bjarne"], force=True, console=quiet) == 0
    assert drawn(course, "bjarne") != first["bjarne"]
    assert course.points("bjarne") == course.points("amara")


# --- Without a session ------------------------------------------------------------------------------


def notebook(*marks: str) -> NotebookNode:
    """Code cells with these grade_ids."""
    cells = [v4.new_code_cell("1", metadata={"nbgrader": {"grade_id": mark}}) for mark in marks]
    return v4.new_notebook(cells=cells)


class Runs:
    """Runs that give something else each time; `change` makes of a result what it likes."""

    def __init__(self, change: Callable[[RunResult], RunResult] = lambda result: result) -> None:
        self.count, self.change = 0, change

    def run(self, made: NotebookNode) -> RunResult:
        self.count += 1
        made.cells[0].outputs = [v4.new_output("stream", text=f"{self.count}")]
        made.cells[0].execution_count = 1
        finding = Finding("any.what_answer", self.count, 8, (say("session.closed"),))
        return self.change(RunResult(made, {"one_hot": [finding]}, {}))


def looked_up(results: Results, runs: Runs, content: bytes = b"c", checks: str = "d", mark: str = "a") -> Any:
    made = notebook(mark)
    result = results.result(made, content, checks, lambda: runs.run(made))
    assert result.notebook is made
    return result.findings, made.cells[0].outputs, result.warnings


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(Kept(tmp_path), b"all")


def test_a_result_is_the_same_when_it_is_looked_up(results: Results) -> None:
    runs = Runs()
    assert looked_up(results, runs) == looked_up(results, runs)
    assert runs.count == 1


@pytest.mark.parametrize("other", [{"content": b"x"}, {"checks": "x"}, {"mark": "x"}], ids=str)
def test_whatever_else_it_follows_from_is_run(results: Results, other: dict[str, Any]) -> None:
    """Other code, other checks, other marks of nbgrader?"""
    runs = Runs()
    looked_up(results, runs)
    assert looked_up(results, runs, **other)[0]["one_hot"][0].points == 2


def test_other_programs_bounds_and_walls_are_run(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is our code part of it, the secret, the release, and how a session is bounded?"""
    base = results_of(course, True, Limits()).made_of
    assert results_of(course, True, Limits(), fresh=True).made_of == base
    assert results_of(course, False, Limits()).made_of != base
    assert results_of(course, True, Limits(cell_seconds=1)).made_of != base
    with monkeypatch.context() as other:
        other.setattr(results_module, "version", lambda: "another")
        assert results_of(course, True, Limits()).made_of != base
    (course.release / "more.txt").write_text("1")
    changed = results_of(course, True, Limits()).made_of
    (course.root / "grading" / "secret").write_bytes(b"s" * 32)
    assert len({base, changed, results_of(course, True, Limits()).made_of}) == 3


def stopped(result: RunResult) -> RunResult:
    result.notebook.cells[0].outputs = [v4.new_output("error", ename="CellTimeoutError", evalue="")]
    return result


@pytest.mark.parametrize(
    "change",
    [
        stopped,
        lambda result: RunResult(result.notebook, result.findings, {"check_one_hot": say("session.closed")}),
        lambda result: RunResult(result.notebook, result.findings, {}, starved=True),
    ],
    ids=["stopped", "warned", "starved"],
)
def test_what_may_have_been_chance_is_run_again(
    results: Results, change: Callable[[RunResult], RunResult]
) -> None:
    runs = Runs(change)
    looked_up(results, runs)
    looked_up(results, runs)
    assert runs.count == 2


def test_a_damaged_result_is_run_again(results: Results) -> None:
    runs = Runs()
    looked_up(results, runs)
    (file,) = results.kept.folder.iterdir()
    results.kept.put(file.stem, {"outputs": [], "counts": [], "findings": {"one_hot": [{}]}})
    assert looked_up(results, runs)[0]["one_hot"][0].points == 2


def test_by_force_a_result_is_run_and_kept_anew(results: Results) -> None:
    runs = Runs()
    looked_up(results, runs)
    anew = Results(results.kept, results.made_of, fresh=True)
    assert looked_up(anew, runs)[0]["one_hot"][0].points == 2
    assert looked_up(results, runs)[0]["one_hot"][0].points == 2
    assert runs.count == 2
