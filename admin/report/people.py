"""Who needs help, and whose points the last grading changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from admin.grading.feedback import ENTRIES
from admin.grading.since import Before, Standing
from admin.report.reading import Class, Work

STUCK_TASKS = 2  # so many in a row, up to the end, and nothing in any of them


@dataclass(frozen=True)
class InNeed:
    """Somebody to talk to. `why`: "missing", "broken", "not graded", "stuck" or "below".

    `stuck_at` is the first task from which on there is nothing. Points are those given so far, of `out_of`.
    """

    name: str
    why: str
    points: float = 0.0
    out_of: float = 0.0
    stuck_at: str | None = None


@dataclass(frozen=True)
class Change:
    """Points of a student, by the grading before the last one and now, and what may have changed them.

    `why`: of "new hand-in", "changed data", "changed checks", "changed notebook", "points by hand",
    "late penalty" and "graded again".
    """

    name: str
    before: float | None
    now: float
    why: tuple[str, ...]
    tasks: tuple[str, ...]


def in_need(class_: Class, below: float) -> list[InNeed]:
    """Those with less than this share of the points given so far, or with nothing from some task on."""
    found = []
    for work in class_.works:
        why, stuck_at = _why(work, class_.tasks, below)
        if why:
            reached, out_of = so_far(work)
            found.append(InNeed(work.name, why, reached, out_of, stuck_at))
    order = ("stuck", "below", "broken", "not graded", "missing")
    return sorted(found, key=lambda each: (order.index(each.why), each.points))


def _why(work: Work, tasks: Sequence[str], below: float) -> tuple[str, str | None]:
    if not work.handed_in:
        return "missing", None
    if not work.graded:
        return "not graded", None
    if work.broken:
        return "broken", None
    stuck_at = _stuck_at(work, tasks)
    if stuck_at:
        return "stuck", stuck_at
    reached, out_of = so_far(work)
    return ("below" if out_of and reached < below * out_of else ""), None


def so_far(work: Work) -> tuple[float, float]:
    """Points reached, and out of how many, without what a person is still to read."""
    marks = [mark for mark in (work.marks or {}).values() if not mark.waiting]
    return sum(mark.points for mark in marks), sum(mark.out_of for mark in marks)


def _stuck_at(work: Work, tasks: Sequence[str]) -> str | None:
    """The first of at least two last tasks without any points, if there are points before it."""
    marks = work.marks or {}
    judged = [task for task in tasks if task in marks and not marks[task].waiting and task in _JUDGED]
    with_points = [place for place, task in enumerate(judged) if marks[task].points > 0]
    if not with_points or len(judged) - with_points[-1] - 1 < STUCK_TASKS:
        return None
    return judged[with_points[-1] + 1]


_JUDGED = frozenset(entry.name for cell, entry in ENTRIES.items() if cell != entry.name)


def changes(class_: Class) -> list[Change]:
    """Whose points are not what the last grading found when it began; the largest changes first.

    None of them after the first grading, in which everything is new.
    """
    if class_.before is None or not class_.before.class_:
        return []
    found = []
    for work in class_.works:
        old = class_.before.class_.get(work.student)
        new = class_.now.get(work.student)
        if new is None or not work.graded:
            continue
        if old is None or not old.points:
            found.append(Change(work.name, None, new.total, ("new hand-in",), ()))
        elif abs(old.total - new.total) > 1e-6 or old.points != new.points:
            found.append(
                Change(work.name, old.total, new.total, _reasons(old, new, class_.before), _moved(old, new))
            )
    return sorted(found, key=lambda each: (each.before is None, -abs(each.now - (each.before or 0))))


def _moved(old: Standing, new: Standing) -> tuple[str, ...]:
    """The tasks whose points are others."""
    cells = [cell for cell, points in new.points.items() if old.points.get(cell) != points]
    return tuple(ENTRIES[cell].name if cell in ENTRIES else cell for cell in cells)


def _reasons(old: Standing, new: Standing, before: Before) -> tuple[str, ...]:
    reasons = []
    if old.submission != new.submission:
        reasons.append("new hand-in")
    if old.checks != new.checks:
        reasons += [f"changed {part}" for part in ("data", "checks", "notebook") if part in before.changed]
    if any(old.points.get(cell) != new.points.get(cell) for cell in {*old.by_hand, *new.by_hand}):
        reasons.append("points by hand")
    if old.penalty != new.penalty:
        reasons.append("late penalty")
    return tuple(reasons) or ("graded again",)
