"""What is recorded: the notebook that was run, whole or not at all, with its findings."""

from __future__ import annotations

import contextlib
import io
import sqlite3
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from admin.course.cells import grade_id
from admin.course.layout import ASSIGNMENT, NOTEBOOK, Course
from admin.grading import run as grading
from admin.grading.findings import read_findings
from admin.grading.intake import copy_of
from admin.grading.plan import plan
from admin.grading.record import record
from admin.grading.recorder import recording
from admin.grading.worker import shared_worker
from checks.language import say
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
def test_who_cannot_be_recorded_costs_the_others_nothing(course, one_right_answer):
    """A gradebook that is locked for a moment: one sentence, nothing half kept, the next ones recorded?"""
    students = ["amara", "bjarne"]
    for student in students:
        hand_in(course, student, one_right_answer)
    first, second = plan(course, students)
    outcomes = {each.student: each for each in grading.run_all(course, [first, second], 1, True, print)}
    change(copy_of(course, "bjarne") / FILE, "one_hot")  # after it was run
    with recording(course) as recorder:
        with contextlib.closing(sqlite3.connect(course.database)) as somebody:
            somebody.execute("begin exclusive")
            amara = record(recorder, first, outcomes["amara"], copy_of(course, "amara"))
        bjarne = record(recorder, second, outcomes["bjarne"], copy_of(course, "bjarne"))
    assert str(amara.failed) == (
        "the gradebook is locked by another program; close it, and run the same command again"
    )
    assert "OperationalError" in (course.root / "grading" / "amara.log").read_text()
    assert course.points("amara") is None
    assert not course.autograded("amara").exists()
    assert bjarne.failed is None
    assert course.points("bjarne")["check_normalise_images"] == 8
    assert "another one" not in (course.autograded("bjarne") / FILE).read_text()
    assert [job.student for job in plan(course, students)] == ["amara"]
    assert shared_worker()._worker is None, "it was run a second time"


@pytest.mark.slow
def test_a_release_that_was_changed_by_hand_is_named(course, one_right_answer):
    """Does `grade` say in one sentence that nbgrader knows other checks than the release, and exit with 1?"""
    hand_in(course, "amara", one_right_answer)
    change(course.release / FILE, "check_one_hot")
    screen = io.StringIO()
    assert grading.grade(course, console=Console(file=screen, width=400)) == 1
    assert str(say("session.other_notebook")) in screen.getvalue()
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
