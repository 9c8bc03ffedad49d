"""What each student has got, by task, as the gradebook and the findings have it: what exporters write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from admin.course.layout import Course, CourseError
from admin.grading.feedback import ENTRIES, capital, findings_of, in_a_line, reason_of, title_of
from admin.grading.findings import Findings, read_broken
from admin.grading.marks import Recorded, recorded
from admin.platforms.people import Person
from admin.text import printable
from checks.language import text_of
from checks.task import Finding


@dataclass(frozen=True)
class TaskGrade:
    """One graded cell. `points` is None while a person is still to read it."""

    name: str
    title: str
    number: int | None
    points: float | None
    out_of: float
    reason: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Of the faults that took points."""
        return tuple(each.key for each in self.findings if each.points < each.out_of)


@dataclass(frozen=True)
class Grades:
    """A student who has handed in: the tasks in the notebook's order, and what being late has cost.

    `broken` says why nothing could be graded, where that is so.
    """

    person: Person
    tasks: tuple[TaskGrade, ...]
    late: float = 0.0
    broken: str = ""

    @property
    def score(self) -> float:
        return round(max(0.0, sum(task.points or 0.0 for task in self.tasks) - self.late), 2)

    @property
    def out_of(self) -> float:
        return sum(task.out_of for task in self.tasks)

    @property
    def pending(self) -> bool:
        return any(task.points is None for task in self.tasks)


def grades_of(course: Course, people: Sequence[Person], only: Sequence[str] = ()) -> list[Grades]:
    """Those of all who have handed in, or of those who are named, by name. Raises CourseError."""
    kept = recorded(course)
    found = [
        Grades(
            person,
            _tasks(findings_of(course, person.id), kept[person.id]),
            kept[person.id].penalty,
            _broken(course, person.id),
        )
        for person in sorted(people, key=lambda person: person.id)
        if person.id in kept and (not only or person.id in only)
    ]
    if missing := sorted(set(only) - {each.person.id for each in found}):
        raise CourseError(f"No points of {', '.join(map(printable, missing))} in the gradebook")
    if not found:
        raise CourseError(
            f"Nothing to export: nobody has points in {printable(course.shown(course.database))}"
        )
    return found


def _broken(course: Course, student: str) -> str:
    said = read_broken(course.root, student)
    return capital(text_of(said)) if said else ""


def _tasks(findings: Findings, record: Recorded) -> tuple[TaskGrade, ...]:
    order = {name: place for place, name in enumerate(ENTRIES)}
    tasks = []
    for cell in sorted(record.marks, key=lambda name: order.get(name, len(order))):
        mark, entry = record.marks[cell], ENTRIES.get(cell)
        name = entry.name if entry else cell
        found = tuple(findings.get(name, ()))
        lost = not mark.waiting and mark.points < mark.out_of
        tasks.append(
            TaskGrade(
                name=name,
                title=title_of(cell),
                number=entry.number if entry else None,
                points=None if mark.waiting else round(mark.points, 2),
                out_of=mark.out_of,
                reason=(reason_of(found) or in_a_line(record.comments.get(name, ""))) if lost else "",
                findings=found,
            )
        )
    return tuple(tasks)
