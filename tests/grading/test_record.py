"""What nbgrader records: the notebook that was run, and no other."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from admin.course.cells import grade_id
from admin.course.layout import ASSIGNMENT, NOTEBOOK, Course
from admin.grading import run as grading
from admin.grading.execute import OTHER_NOTEBOOK
from admin.grading.findings import read_findings
from admin.grading.intake import COPIES, copy_of
from admin.grading.plan import plan
from admin.grading.record import record
from admin.grading.worker import shared_worker
from checks.task import TABLE, points
from tests.needs import needs_sandbox

FILE = f"{NOTEBOOK}.ipynb"
pytestmark = [
    needs_sandbox,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]


def hand_in(course: Course, student: str, text: str) -> None:
    course.submitted(student).mkdir(parents=True)
    (course.submitted(student) / FILE).write_text(text)


def change(path: Path, name: str) -> None:
    """Add a line to a cell of a notebook."""
    notebook = nbformat.read(path, 4)
    next(cell for cell in notebook.cells if grade_id(cell) == name).source += "\n# another one"
    nbformat.write(notebook, path)


@pytest.mark.slow
def test_only_the_notebook_that_was_run_is_recorded(course, one_right_answer):
    """A copy that changes between its run and nbgrader: an error, no points, and nothing for the others?"""
    for student in ("amara", "bjarne"):
        hand_in(course, student, one_right_answer)
    jobs = plan(course, ["amara", "bjarne"])
    outcomes = {each.student: each for each in grading.run_all(course, jobs, 1, True, lambda *_: None)}
    change(copy_of(course, "amara") / FILE, "one_hot")
    amara, bjarne = (record(course, job, outcomes[job.student], COPIES) for job in jobs)
    assert amara.failed.key == "grading.run_again"
    assert str(amara.failed) == f"{OTHER_NOTEBOOK}, and run the same command again"
    assert bjarne.failed is None
    assert course.points("bjarne")["check_normalise_images"] == 8
    assert not any((course.points("amara") or {}).values())
    assert not course.autograded("amara").exists()
    assert [job.student for job in plan(course, ["amara", "bjarne"])] == ["amara"]
    assert shared_worker()._worker is None, "it was run a second time"


@pytest.mark.slow
def test_a_release_that_was_changed_by_hand_is_named(course, one_right_answer):
    """Does `grade` say in one sentence that nbgrader knows other checks than the release, and exit with 1?"""
    hand_in(course, "amara", one_right_answer)
    change(course.release / FILE, "check_one_hot")
    screen = io.StringIO()
    assert grading.grade(course, console=Console(file=screen, width=400)) == 1
    assert str(OTHER_NOTEBOOK) in screen.getvalue()
    assert not course.autograded("amara").exists()


@pytest.mark.slow
def test_findings_are_kept_with_every_grade(course, one_right_answer):
    """By `grade` and by nbgrader's own command: do the points of the findings stand in the gradebook?"""
    for student in ("amara", "bjarne"):
        hand_in(course, student, one_right_answer)
    assert grading.grade(course, ["amara"], console=Console(file=io.StringIO())) == 0
    with contextlib.closing(shared_worker()):  # other tests find it as it was
        assert course.api().autograde(ASSIGNMENT, "bjarne")["success"]
    for student in ("amara", "bjarne"):
        kept = read_findings(course.root, student)
        recorded = course.points(student) or {}
        assert list(kept) == [entry.name for entry in TABLE.values() if entry.points]
        assert all(points(found) == recorded[f"check_{task}"] for task, found in kept.items())
        assert points(kept["normalise_images"]) == 8
        assert [finding.key for finding in kept["one_hot"]] == ["any.none_came"]
    assert not list((course.root / "grading").glob("*.half"))
