"""Everybody's points as nbgrader's gradebook has them, in a few queries however large the class is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    MissingEntry,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import func
from sqlalchemy.orm import joinedload

from admin.course.layout import ASSIGNMENT, NOTEBOOK, Course


@dataclass(frozen=True)
class Mark:
    """Points of one graded cell. `waiting`: a person is still to read it; `by_hand`: one has given points."""

    points: float
    out_of: float
    waiting: bool
    by_hand: bool


@dataclass(frozen=True)
class Recorded:
    """A submission in the gradebook; `marks` and a person's `comments` by the nbgrader id of their cells."""

    marks: Mapping[str, Mark]
    penalty: float
    timestamp: datetime | None
    seconds_late: float
    comments: Mapping[str, str]

    @property
    def points(self) -> float:
        """Of all cells, with what was taken off for being late; never below 0."""
        return max(0.0, sum(mark.points for mark in self.marks.values()) - self.penalty)


def with_points(course: Course) -> frozenset[str]:
    """The students of whom the gradebook has a submission, in one query. Raises CourseError."""
    if not course.database.exists():
        return frozenset()
    with course.gradebook() as gradebook:
        rows = (
            gradebook.db.query(SubmittedAssignment.student_id)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
            .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
            .filter(Assignment.name == ASSIGNMENT, Notebook.name == NOTEBOOK)
        )
        return frozenset(student for (student,) in rows)


def recorded(course: Course) -> dict[str, Recorded]:
    """By student; empty while there is no gradebook or no assignment. Raises CourseError."""
    if not course.database.exists():
        return {}
    with course.gradebook() as gradebook:
        try:
            assignment = gradebook.find_assignment(ASSIGNMENT)
        except MissingEntry:
            return {}
        cells = {
            cell.id: cell
            for cell in gradebook.db.query(BaseCell)
            if getattr(cell, "max_score", 0) and cell.notebook.assignment_id == assignment.id
        }
        marks: dict[str, dict[str, Mark]] = defaultdict(dict)
        rows = gradebook.db.query(
            SubmittedNotebook.assignment_id,
            Grade.cell_id,
            Grade.score,
            Grade.manual_score,
            Grade.needs_manual_grade,
        ).join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        for submission, cell, score, by_hand, waiting in rows:
            if cell in cells:
                worth = float(cells[cell].max_score)
                marks[submission][cells[cell].name] = Mark(score, worth, waiting, by_hand is not None)
        comments: dict[str, dict[str, str]] = defaultdict(dict)
        said = (
            gradebook.db.query(SubmittedNotebook.assignment_id, BaseCell.name, Comment.manual_comment)
            .join(Comment, Comment.notebook_id == SubmittedNotebook.id)
            .join(BaseCell, Comment.cell_id == BaseCell.id)
        )
        for submission, name, comment in said.filter(Comment.manual_comment.is_not(None)):
            comments[submission][name] = comment
        # nbgrader's own sum of them asks for each submission, and has no index to find it by.
        whose, penalty = SubmittedNotebook.assignment_id, SubmittedNotebook.late_submission_penalty
        taken_off = dict(map(tuple, gradebook.db.query(whose, func.sum(penalty)).group_by(whose)))
        handed_in = (
            gradebook.db.query(SubmittedAssignment)
            .filter(SubmittedAssignment.assignment_id == assignment.id)
            .options(joinedload(SubmittedAssignment.assignment))
        )
        return {
            each.student_id: Recorded(
                {
                    cell.name: marks[each.id][cell.name]
                    for cell in cells.values()
                    if cell.name in marks[each.id]
                },
                float(taken_off.get(each.id) or 0),
                each.timestamp,
                float(each.total_seconds_late),
                comments[each.id],
            )
            for each in handed_in
        }
