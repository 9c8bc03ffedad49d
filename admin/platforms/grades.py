"""What each student has got, by task, as the gradebook and the findings have it: what exporters write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nbgrader.api import MissingEntry

from admin.course.layout import ASSIGNMENT, NOTEBOOK, Course, CourseError
from admin.grading.feedback import ENTRIES, findings_of, in_a_line, reason_of, title_of
from admin.platforms.people import Person, people_of
from admin.text import printable


@dataclass(frozen=True)
class TaskGrade:
    """One graded cell. `points` is None while a person is still to read it; `keys` are of its faults."""

    name: str
    title: str
    number: int | None
    points: float | None
    out_of: float
    reason: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grades:
    """A student who has handed in: the tasks in the notebook's order, and what being late has cost."""

    person: Person
    tasks: tuple[TaskGrade, ...]
    late: float = 0.0

    @property
    def score(self) -> float:
        return round(max(0.0, sum(task.points or 0.0 for task in self.tasks) - self.late), 2)

    @property
    def out_of(self) -> float:
        return sum(task.out_of for task in self.tasks)

    @property
    def pending(self) -> bool:
        return any(task.points is None for task in self.tasks)


def grades_of(course: Course, gradebook: Any, only: Sequence[str] = ()) -> list[Grades]:
    """Those of all who have handed in, or of those who are named, by name. Raises CourseError."""
    found = []
    for person in sorted(people_of(gradebook), key=lambda person: person.id):
        if only and person.id not in only:
            continue
        try:
            notebook = gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, person.id)
        except MissingEntry:
            continue
        found.append(Grades(person, _tasks(course, notebook), notebook.late_submission_penalty or 0.0))
    if missing := sorted(set(only) - {each.person.id for each in found}):
        raise CourseError(f"No points of {', '.join(map(printable, missing))} in the gradebook")
    if not found:
        raise CourseError(
            f"Nothing to export: nobody has points in {printable(course.shown(course.database))}"
        )
    return found


def _tasks(course: Course, notebook: Any) -> tuple[TaskGrade, ...]:
    findings = findings_of(course, notebook.student.id)
    comments = {comment.name: comment.manual_comment for comment in notebook.comments}
    order = {name: place for place, name in enumerate(ENTRIES)}
    tasks = []
    for grade in sorted(notebook.grades, key=lambda grade: order.get(grade.name, len(order))):
        entry = ENTRIES.get(grade.name)
        found = findings.get(entry.name, ()) if entry else ()
        lost = not grade.needs_manual_grade and grade.score < grade.max_score
        comment = comments.get(grade.name)
        tasks.append(
            TaskGrade(
                name=entry.name if entry else grade.name,
                title=title_of(grade.name),
                number=entry.number if entry else None,
                points=None if grade.needs_manual_grade else round(grade.score, 2),
                out_of=grade.max_score,
                reason=(reason_of(found) or in_a_line(comment or "")) if lost else "",
                keys=tuple(each.key for each in found if each.points < each.out_of) if lost else (),
            )
        )
    return tuple(tasks)
