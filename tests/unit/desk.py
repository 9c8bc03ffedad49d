"""A class made from data, in a real gradebook of nbgrader's: nothing is built, and no submission is run."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from admin.course.layout import ASSIGNMENT, NOTEBOOK, Course
from admin.grading.findings import write_findings
from checks.language import say
from checks.task import DISCUSSION, TABLE, Finding, right, wrong

HOSTILE = '=HYPERLINK("http://evil.example","click")'
CHECKS = {entry.check_cell: float(entry.points) for entry in TABLE.values() if entry.points}
ONE_HOT = [
    right("one_hot.what_shape", 6),
    wrong("one_hot.what_binary", 4, say("any.none_came", task="one_hot")),
]

FOUND = {"one_hot": ONE_HOT}


@dataclass(frozen=True)
class Student:
    """One of the class; all points but those named in `lost`, `read` by a person unless that is None."""

    id: str
    first: str | None = None
    last: str | None = None
    email: str | None = None
    lms: str | None = None
    lost: Mapping[str, float] = field(default_factory=dict)
    read: float | None = 8.0
    handed_in: str | None = "2026-06-01 12:00:00 UTC"
    findings: Mapping[str, list[Finding]] = field(default_factory=dict)


CLASS = (
    Student("mira", "Mira", "Öztürk, Dr.", "mira@uni.example", "101"),
    Student("jonas", "Jonas", "Meyer", "jm@uni.example", "102", {"check_one_hot": 4}, findings=FOUND),
    Student("p. lee", "Lee\nPat", HOSTILE, "lee@uni.example", "103", {"check_net_1": 14}, read=None),
    Student("salma", "سلمى", "\u202eالحسن", "salma@uni.example", "104", {"check_train_net_1": 0.25}),
    Student("absent", "Ab", "Sent", "absent@uni.example", "105", handed_in=None),
)  # fmt: skip


def make(root: Path, students: tuple[Student, ...] = CLASS) -> Course:
    """A course folder whose gradebook has the assignment, its cells, the class list and the hand-ins."""
    course = Course(root)
    course.database.write_bytes(empty_gradebook())
    with course.gradebook() as gradebook:
        gradebook.add_assignment(ASSIGNMENT)
        gradebook.add_notebook(NOTEBOOK, ASSIGNMENT)
        place = NOTEBOOK, ASSIGNMENT
        for name, points in CHECKS.items():
            gradebook.add_grade_cell(name, *place, max_score=points, cell_type="code")
        gradebook.add_grade_cell(
            DISCUSSION.name, *place, max_score=float(DISCUSSION.points), cell_type="markdown"
        )
        gradebook.add_solution_cell(DISCUSSION.name, *place)
        for student in students:
            add(course, gradebook, student)
    return course


@functools.cache
def empty_gradebook() -> bytes:
    """The bytes of a new gradebook; to make one, nbgrader starts another program."""
    with tempfile.TemporaryDirectory() as folder:
        course = Course(Path(folder))
        with course.gradebook():
            pass
        return course.database.read_bytes()


def add(course: Course, gradebook: Any, student: Student) -> None:
    gradebook.add_student(
        student.id,
        first_name=student.first,
        last_name=student.last,
        email=student.email,
        lms_user_id=student.lms,
    )
    if student.handed_in is None:
        return
    gradebook.add_submission(ASSIGNMENT, student.id, timestamp=student.handed_in)
    notebook = gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, student.id)
    for grade in notebook.grades:
        if grade.name in CHECKS:
            grade.auto_score = CHECKS[grade.name] - student.lost.get(grade.name, 0.0)
            grade.needs_manual_grade = False
        else:
            grade.manual_score = student.read
            grade.needs_manual_grade = student.read is None
    gradebook.db.commit()
    write_findings(course.root, student.id, student.findings)


def write_answers(course: Course, texts: Mapping[str, str], question: str = DISCUSSION.name) -> None:
    """Graded notebooks that hold these answers, by student, as they are: nothing is cleaned on its way."""
    marks = {"grade": True, "solution": True, "grade_id": question}
    for student, text in texts.items():
        cell = {"cell_type": "markdown", "metadata": {"nbgrader": marks}, "source": text}
        folder = course.autograded(student)
        folder.mkdir(parents=True, exist_ok=True)
        notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (folder / f"{NOTEBOOK}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def score(student: Student) -> float:
    """What the student has got, before anything is taken off."""
    return 90 - sum(student.lost.values()) + (student.read or 0)


def penalties(course: Course) -> dict[str, float]:
    """What is taken off, by student, as the gradebook has it."""
    with course.gradebook() as gradebook:
        return {
            submission.student.id: submission.late_submission_penalty or 0.0
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
        }


def extensions(course: Course) -> Iterator[tuple[str, timedelta | None]]:
    with course.gradebook() as gradebook:
        for submission in gradebook.assignment_submissions(ASSIGNMENT):
            yield submission.student.id, submission.extension
