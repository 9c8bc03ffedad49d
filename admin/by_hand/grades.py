"""Points and comments of one question, read from nbgrader's gradebook and written to it.

It goes through the very session that formgrader's handlers use. That one remembers what it has read; a second
one beside it would write things that formgrader goes on not to see.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from admin.course.layout import ASSIGNMENT, NOTEBOOK
from checks.language import Said, Sentence, say

TASK = "TaskCell"


@dataclass(frozen=True)
class Question:
    """A cell that a person gives points for. `is_task`: the answer stands in the cells after it."""

    name: str
    out_of: float
    is_task: bool


@dataclass(frozen=True)
class Standing:
    """What the gradebook has on an answer. `id` is nbgrader's of the grade; it does not tell who wrote it."""

    id: str
    student: str
    full_name: str
    submission: str
    points: float | None
    """that a person has given"""
    automatic: float | None
    """that nbgrader gives where nothing is written"""
    extra: float
    waiting: bool
    comment: str

    def version(self, answer: str) -> str:
        """What all that somebody saw who gives points is told by, the text of the answer included."""
        seen = [self.points, self.automatic, self.extra, self.waiting, self.comment, answer]
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:24]


class NotWritten(Said):
    """Nothing of an order was written. `now` is what stands there instead, where that is the reason."""

    def __init__(self, sentence: Sentence, status: int, now: Sequence[Standing] = ()) -> None:
        super().__init__(sentence)
        self.status = status
        self.now = now


def questions_of(gradebook: Gradebook) -> dict[str, Question]:
    """All questions of the notebook that a person grades, by their cells; none before `build`."""
    try:
        notebook = gradebook.find_notebook(NOTEBOOK, ASSIGNMENT)
    except MissingEntry:
        return {}
    written = {cell.name for cell in notebook.solution_cells}
    cells = [cell for cell in notebook.grade_cells if cell.name in written]
    cells += notebook.task_cells
    return {cell.name: Question(cell.name, cell.max_score, cell.type == TASK) for cell in cells}


def standings(gradebook: Gradebook, question: str) -> list[Standing]:
    """All answers to a question, in an order that tells nothing of who wrote them."""
    gradebook.db.expire_all()
    grades = (
        gradebook.db.query(Grade, SubmittedNotebook, SubmittedAssignment)
        .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(BaseCell, Grade.cell_id == BaseCell.id)
        .filter(BaseCell.name == question, BaseCell.notebook_id == _notebook(gradebook).id)
        .order_by(Grade.id)
        .all()
    )
    comments = {
        comment.notebook_id: comment
        for comment in gradebook.db.query(Comment)
        .join(BaseCell, Comment.cell_id == BaseCell.id)
        .filter(BaseCell.name == question, BaseCell.notebook_id == _notebook(gradebook).id)
    }
    return [
        _standing(grade, submitted.student, comments.get(notebook.id))
        for grade, notebook, submitted in grades
    ]


def write(
    gradebook: Gradebook,
    question: Question,
    versions: Mapping[str, str],
    version_of: Callable[[Standing], str],
    change: Mapping[str, Any],
) -> list[Standing]:
    """Give these answers, by id, the points and the comment that `change` has; all of them, or none.

    `versions` are those on which the change is based. Compared and set in one transaction, in which nobody
    else writes: where one is no longer what it was, nothing is written. Raises NotWritten.
    """
    with _alone(gradebook):
        before = [_find(gradebook, question, one) for one in versions]
        changed = [was for was, _, _ in before if version_of(was) != versions[was.id]]
        if changed:
            raise NotWritten(say("by_hand.changed"), 409, changed)
        for _, grade, comment in before:
            if "points" in change:
                grade.manual_score = change["points"]
                # As formgrader does
                grade.needs_manual_grade = grade.manual_score is None and grade.auto_score is None
            if "comment" in change:
                comment.manual_comment = change["comment"] or None
    return [_find(gradebook, question, one)[0] for one in versions]


@contextmanager
def _alone(gradebook: Gradebook) -> Iterator[None]:
    """A transaction in which nobody else can write, from before its first look. Raises NotWritten."""
    db = gradebook.db
    try:
        db.rollback()
        db.expire_all()
        db.execute(text("BEGIN IMMEDIATE"))  # Python's sqlite3 would begin one only at the first change
        yield
        db.commit()
    except OperationalError:
        db.rollback()
        raise NotWritten(say("by_hand.in_use"), 503) from None
    except BaseException:
        db.rollback()
        raise


def _find(gradebook: Gradebook, question: Question, one: str) -> tuple[Standing, Grade, Comment]:
    try:
        grade = gradebook.find_grade_by_id(one)
        if grade.name != question.name:
            raise MissingEntry
        place = NOTEBOOK, ASSIGNMENT, grade.student.id
        comment = gradebook.find_comment(question.name, *place)
    except MissingEntry:
        raise NotWritten(say("by_hand.gone"), 404) from None
    return _standing(grade, grade.student, comment), grade, comment


def _standing(grade: Grade, student: Any, comment: Comment | None) -> Standing:
    return Standing(
        grade.id,
        student.id,
        " ".join(filter(None, (student.first_name, student.last_name))),
        grade.notebook_id,
        grade.manual_score,
        grade.auto_score,
        grade.extra_credit or 0.0,
        grade.needs_manual_grade,
        (comment and comment.manual_comment) or "",
    )


def _notebook(gradebook: Gradebook) -> Any:
    return gradebook.find_notebook(NOTEBOOK, ASSIGNMENT)
