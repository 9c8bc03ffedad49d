"""Points of cells that an instructor has changed: the gradebook, the words and the findings go by them."""

from __future__ import annotations

import functools
import io
import json

import nbformat
import pytest
from nbformat import v4
from rich.console import Console

from admin.commands import build as build_command
from admin.commands import demo
from admin.course import build, points, sample_class, source_notebook
from admin.course.answers import answer
from admin.course.cells import grade_id
from admin.course.layout import NOTEBOOK, Course
from admin.grading.execute import write_points
from admin.grading.findings import findings_file
from admin.grading.plan import plan
from admin.grading.run import grade
from checks.task import TABLE, out_of, right, scaled, wrong
from checks.task import points as sum_of
from tests.needs import needs_sandbox

KEPT = ("normalise_images", "one_hot")
"""The tasks of a notebook that is small enough for a test."""


def mark(cell_id: str, **marks: object) -> dict[str, object]:
    kinds = {"grade": False, "locked": False, "solution": False, "task": False, "schema_version": 3}
    return {"nbgrader": {**kinds, "grade_id": cell_id, **marks}}


def small_source(worth: dict[str, float], own: bool = False) -> nbformat.NotebookNode:
    """The source with some of its tasks, other points, and perhaps a question of the instructor's own."""
    notebook = source_notebook.read_source()
    names = {*KEPT, *(f"check_{task}" for task in KEPT)}
    needed = [cell for cell in notebook.cells if grade_id(cell) in names]
    notebook.cells = [v4.new_code_cell("import numpy as np", id="numpy"), *needed]
    for cell in notebook.cells:
        if (name := grade_id(cell)) in worth:
            cell.metadata.nbgrader.points = worth[name]
    if own:
        solution = "### BEGIN SOLUTION\nkernel = 3\n### END SOLUTION"
        notebook.cells += [
            v4.new_code_cell(solution, id="own", metadata=mark("kernel", solution=True)),
            v4.new_code_cell(
                "assert kernel == 3",
                id="own-test",
                metadata=mark("check_kernel", grade=True, locked=True, points=2),
            ),
        ]
    return nbformat.from_dict(notebook)


def built(course: Course, monkeypatch: pytest.MonkeyPatch, source: nbformat.NotebookNode) -> list[str]:
    """Build a course from that source; the keys of what was said."""
    monkeypatch.setattr(build, "read_source", lambda: source)
    return [sentence.key for sentence in build.build(course, student_notebook=None)]


def hand_in(course: Course, student: str, **answers: str) -> None:
    notebook = nbformat.read(course.release / f"{NOTEBOOK}.ipynb", 4)
    for cell in notebook.cells:
        if grade_id(cell) in answers:
            cell.source = answers[grade_id(cell)]
    course.submitted(student).mkdir(parents=True)
    nbformat.write(notebook, course.submitted(student) / f"{NOTEBOOK}.ipynb")


def code(task: str, name: str = "the model answer") -> str:
    return answer(task, name).code


# --- Proportions ----------------------------------------------------------------------------------

FINDINGS = [right("one_hot.what_binary", 2), wrong("one_hot.what_shape", 3), right("one_hot.what_places", 5)]


@pytest.mark.parametrize("worth", [1, 3, 7, 9.5, 10, 12, 100])
def test_findings_keep_their_proportions(worth):
    """Do they add up to what the cell is worth, and does what was right get its part of that?"""
    found = scaled(FINDINGS, worth)
    assert out_of(found) == worth
    assert sum_of(found) == round(worth * 7 / 10, 2)
    assert sum_of(scaled([right(f.what, f.out_of) for f in FINDINGS], worth)) == worth
    assert [f.key for f in found] == [f.key for f in FINDINGS]


@pytest.mark.parametrize(("worth", "title"), [(12, "8.4 of 12 points"), (10, "7 of 10 points")])
def test_a_cell_says_its_own_points(worth, title):
    """Do the words and the number that nbgrader reads agree with the findings that are kept?"""
    cell = v4.new_code_cell(metadata=mark("check_one_hot", grade=True, points=worth))
    kept = write_points(cell, "one_hot", FINDINGS, 1)
    assert cell.outputs[0].text.startswith(f"one_hot: {title}\n")
    assert cell.outputs[1].data["text/plain"] == f"{sum_of(kept):g}"
    assert [line.split()[0] for line in cell.outputs[0].text.splitlines()[1:4]] == ["✓", "✗", "✓"]


def test_a_check_that_is_worth_nothing_still_says_what_it_saw():
    """0 points in the marks: no points, no division by them, and the same marks before each finding?"""
    cell = v4.new_code_cell(metadata=mark("check_one_hot", grade=True, points=0))
    kept = write_points(cell, "one_hot", FINDINGS, 1)
    assert (sum_of(kept), out_of(kept)) == (0, 0)
    assert cell.outputs[1].data["text/plain"] == "0"
    assert "just a look" in cell.outputs[0].text
    assert [line.split()[0] for line in cell.outputs[0].text.splitlines()[1:4]] == ["✓", "✗", "✓"]


# --- What build says ------------------------------------------------------------------------------


def test_nothing_is_said_of_the_notebook_as_released():
    """Are the source's points those of the table, and is no test in it that no check judges?"""
    notebook = source_notebook.read_source()
    assert list(points.changes(notebook, notebook)) == []
    assert {name for name, worth in points.OURS.items() if worth} == set(points.points(notebook))


def test_build_says_what_was_changed(tmp_path, monkeypatch, capsys):
    """Other points, and a question that is not judged by value: does whoever builds read both?"""
    course = Course.at(tmp_path / "course")
    source = small_source({"check_one_hot": 12}, own=True)
    monkeypatch.setattr(build, "read_source", lambda: source)
    monkeypatch.setattr(build, "build", functools.partial(build.build, student_notebook=None))
    assert build_command.main(["--course", str(course.root)]) == 0
    said = capsys.readouterr().out
    assert "check_one_hot is worth 12 points, not 10 as we released it." in said
    assert "check_kernel is a question of your own. It is not judged by value" in said
    assert "check_normalise_images" not in said


def test_points_that_were_changed_in_the_course_alone_are_not_lost_in_silence(tmp_path, monkeypatch):
    """Changed in course/source, where build writes: is it said that they are as they were?"""
    course = Course.at(tmp_path / "course")
    assert built(course, monkeypatch, small_source({})) == []
    file = course.source / f"{NOTEBOOK}.ipynb"
    notebook = nbformat.read(file, 4)
    for cell in notebook.cells:
        if grade_id(cell) == "check_one_hot":
            cell.metadata.nbgrader.points = 20
    nbformat.write(notebook, file)
    assert built(course, monkeypatch, small_source({})) == ["build.lost_points"]
    assert built(course, monkeypatch, small_source({})) == []
    file.write_text("{")
    assert built(course, monkeypatch, small_source({})) == []


def test_practice_may_be_given_points():
    """Points at a check that has none as released: is it said, and does a cell give them in proportion?"""
    cell = v4.new_code_cell(metadata=mark("check_convolve", grade=True, points=5))
    (sentence,) = points.changes(v4.new_notebook(cells=[cell]))
    assert (sentence.key, sentence.values["ours"], sentence.values["theirs"]) == ("build.other_points", 0, 5)
    found = [wrong("convolve.what_sums", 4), *(right(f"convolve.what_{p}", 2) for p in ("stride", "padding"))]
    kept = write_points(cell, "convolve", [*found, wrong("convolve.what_size", 2)], 1)
    assert (sum_of(kept), out_of(kept)) == (2, 5)
    assert cell.outputs[0].text.startswith("convolve: 2 of 5 points\n")


def test_a_check_without_points_is_not_given_any():
    """Points at the own net, whose check gives none: is it said that nobody can get them?"""
    notebook = v4.new_notebook(cells=[v4.new_code_cell(metadata=mark("check_net_3", grade=True, points=5))])
    assert [sentence.key for sentence in points.changes(notebook)] == ["build.gives_none"]


# --- A grading ------------------------------------------------------------------------------------


@needs_sandbox
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_grading_goes_by_the_points_of_the_cells(tmp_path, monkeypatch):
    """More points, fewer points, an own question: all points for right ones, parts for parts, everywhere?

    And when the points change once more, is what was graded graded again?
    """
    course = Course.at(tmp_path / "course")
    built(course, monkeypatch, small_source({"check_one_hot": 12, "check_normalise_images": 4}, own=True))
    assert course.out_of() == {"check_normalise_images": 4, "check_one_hot": 12, "check_kernel": 2}
    right_ones = {task: code(task) for task in KEPT}
    hand_in(course, "amara", **right_ones, kernel="kernel = 3")
    partly = code("one_hot", "maximum plus one")
    hand_in(course, "bjarne", normalise_images="", one_hot=partly, kernel="kernel = 5")
    assert grade(course, console=Console(file=io.StringIO())) == 0
    assert course.points("amara") == {"check_normalise_images": 4, "check_one_hot": 12, "check_kernel": 2}
    share = answer("one_hot", "maximum plus one").points / TABLE["one_hot"].points
    got = {"check_normalise_images": 0, "check_one_hot": round(12 * share, 2), "check_kernel": 0}
    assert course.points("bjarne") == got

    kept = json.loads(findings_file(course.root, "bjarne").read_text())["tasks"]["one_hot"]
    assert (kept["points"], kept["out_of"]) == (got["check_one_hot"], 12)
    assert round(sum(finding["points"] for finding in kept["findings"]), 2) == kept["points"]
    page = nbformat.read(course.autograded("bjarne") / f"{NOTEBOOK}.ipynb", 4)
    (cell,) = [cell for cell in page.cells if grade_id(cell) == "check_one_hot"]
    assert f"one_hot: {got['check_one_hot']:g} of 12 points\n" in cell.outputs[0].text

    built(course, monkeypatch, small_source({"check_one_hot": 5}, own=True))
    assert [job.student for job in plan(course, course.students())] == ["amara", "bjarne"]
    assert grade(course, console=Console(file=io.StringIO())) == 0
    assert course.points("amara") == {"check_normalise_images": 8, "check_one_hot": 5, "check_kernel": 2}


def test_the_demo_expects_what_a_course_gives(monkeypatch, tmp_path):
    """In a course of other points: does the sample class still get what its answers are worth?"""
    worth = {entry.check_cell: 2.0 * entry.points for entry in TABLE.values() if entry.points}
    monkeypatch.setattr(Course, "out_of", lambda self: worth)
    course, student = Course(tmp_path), sample_class.CLASS[2]
    assert demo.expected(course, student) == {
        task: 2 * wanted for task, wanted in sample_class.expected(student).items()
    }
