"""Which submissions have to be graded: those that are new, changed, half-graded, or asked for by force.

Unchanged ones are known by content, not by time stamps: of the submission, of the course's source (notebook,
checks, data) and of what grading left in autograded/. Nothing that a student wrote is read for that.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from admin.course import json_file
from admin.course.layout import CHECKS, CONFIG, NOTEBOOK, Course, CourseError
from admin.exchange.folder import TooMuch, fingerprint, fingerprint_of_file
from admin.grading.marks import with_points
from admin.grading.repair import released_cells
from admin.grading.sentences import carried_by
from admin.grading.submission import look
from admin.text import printable
from checks.language import say


@dataclass(frozen=True)
class Job:
    """A submission that has to be graded, and the fingerprints under which it will count as done."""

    student: str
    submission: str
    checks: str


def choose(course: Course, students: list[str] | None) -> list[str]:
    """The students to look at, in order. Raises CourseError for a name without a submission."""
    there = course.students()
    if students is None:
        if not there:
            raise CourseError(say("grading.no_submissions", folder=course.shown(course.root / "submitted")))
        return there
    unknown = [printable(student) for student in students if student not in there]
    if unknown:
        folder = course.shown(course.root / "submitted")
        raise CourseError(say("grading.not_handed_in", students=unknown, folder=folder))
    return sorted(set(students))


def plan(course: Course, students: list[str], force: bool = False) -> list[Job]:
    """One job for each submission that is new, changed, half-graded, or asked for by force."""
    try:
        checks = (
            fingerprint(course.source) + fingerprint_of_file(CONFIG) + fingerprint(CHECKS, ["__pycache__"])
        )
    except (OSError, TooMuch) as error:
        folder = course.shown(course.source)
        raise CourseError(say("grading.source_unreadable", folder=folder, reason=carried_by(error))) from None
    released(course)
    ignore, others = course.ignored(), course.other_assignments()
    recorded = with_points(course)
    jobs = []
    for student in students:
        job = Job(student, look(course, student, ignore, others).fingerprint, checks)
        if force or not is_done(course, job, recorded):
            jobs.append(job)
    return jobs


def released(course: Course) -> list[NotebookNode]:
    """The released notebook's cells that have marks of nbgrader. Raises CourseError."""
    try:
        return released_cells(course.release / f"{NOTEBOOK}.ipynb")
    except OSError:
        folder, option = course.shown(course.release), course.option()
        raise CourseError(say("grading.no_release", folder=folder, option=option)) from None


def is_done(course: Course, job: Job, recorded: Collection[str]) -> bool:
    """True while the last grading holds: same submission, same checks, result untouched, points recorded.

    `recorded` are the students of whom the gradebook has points; see `with_points`.
    """
    state = read_state(course, job.student)
    return (
        state.get("submission") == job.submission
        and state.get("checks") == job.checks
        and state.get("result") == fingerprint_of_file(course.autograded(job.student) / f"{NOTEBOOK}.ipynb")
        and job.student in recorded
    )


def read_state(course: Course, student: str) -> dict[str, Any]:
    """What the last recorded grading left as its note; empty when there is none or it cannot be read."""
    return json_file.read(state_file(course, student))


def state_file(course: Course, student: str) -> Path:
    """Where `grade` keeps its note on a student's submission."""
    return course.root / "grading" / f"{student}.state.json"
