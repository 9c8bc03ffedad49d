"""Numbers of a class: who handed in, how the points lie, and how each task did."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean, median, stdev

from admin.report.reading import Class, Work

# Below this many, a correlation of nothing is often as large as one that would mean something.
MIN_CORRELATED = 20
BINS = 10
Z_95 = 1.959964


@dataclass(frozen=True)
class Glance:
    """The class at a glance, in numbers of students."""

    everybody: int
    handed_in: int
    missing: int
    not_graded: int
    late: int
    broken: int
    waiting: int


@dataclass(frozen=True)
class Spread:
    """Points of `n` students; `bins` counts them in equal steps from 0 to `out_of`.

    Tasks for which somebody still waits are left out, so that all points are of the same tasks.
    """

    n: int
    out_of: float
    mean: float
    median: float
    deviation: float | None
    bins: tuple[int, ...]


@dataclass(frozen=True)
class Correlation:
    """Pearson's, with its 95 % interval (Fisher's z)."""

    r: float
    low: float
    high: float


@dataclass(frozen=True)
class TaskNumbers:
    """How a task did with `n` students; `waiting` are those that a person is still to read.

    `reached` is the mean share of its points, which test theory calls difficulty. `item_rest` goes with the
    sum of all other tasks; None where `n` is too small, or where all have the same.
    """

    task: str
    out_of: float
    n: int
    waiting: int
    full: int
    part: int
    none: int
    mean: float | None
    deviation: float | None
    reached: float | None
    item_rest: Correlation | None


def glance(works: Sequence[Work]) -> Glance:
    handed_in = [work for work in works if work.handed_in]
    return Glance(
        len(works),
        len(handed_in),
        len(works) - len(handed_in),
        sum(not work.graded for work in handed_in),
        sum(work.seconds_late > 0 for work in handed_in),
        sum(work.broken for work in handed_in),
        sum(work.waiting for work in handed_in),
    )


def waited_for(works: Sequence[Work]) -> set[str]:
    """The tasks that a person is still to read of somebody."""
    return {name for work in works for name, mark in (work.marks or {}).items() if mark.waiting}


def spread(works: Sequence[Work]) -> Spread | None:
    """Of all that were graded, broken ones among them; None while there are none."""
    left_out = waited_for(works)
    settled = [
        (work, [mark for name, mark in work.marks.items() if name not in left_out])
        for work in works
        if work.marks
    ]
    best = max((sum(mark.out_of for mark in marks) for _, marks in settled), default=0.0)
    points = [max(0.0, sum(mark.points for mark in marks) - work.penalty) for work, marks in settled]
    if not points or not best:
        return None
    bins = Counter(min(int(BINS * value / best), BINS - 1) for value in points)
    return Spread(
        len(points),
        best,
        fmean(points),
        median(points),
        deviation(points),
        tuple(bins[place] for place in range(BINS)),
    )


def deviation(values: Sequence[float]) -> float | None:
    """Standard deviation of a sample; None for fewer than two values."""
    return stdev(values) if len(values) > 1 else None


def by_day(works: Iterable[Work]) -> dict[date, int]:
    """How many handed in on each day from the first to the last, where the time is known."""
    days = Counter(work.timestamp.date() for work in works if work.timestamp)
    if not days:
        return {}
    first, last = min(days).toordinal(), max(days).toordinal()
    return {date.fromordinal(day): days[date.fromordinal(day)] for day in range(first, last + 1)}


def tasks(class_: Class) -> list[TaskNumbers]:
    """A row for each task, in the notebook's order, over those whose notebook could be read."""
    readable = [work for work in class_.works if work.readable]
    left_out = waited_for(readable)
    return [_task(name, readable, left_out) for name in class_.tasks]


def _task(name: str, works: Sequence[Work], left_out: set[str]) -> TaskNumbers:
    given = [(work, work.marks[name]) for work in works if work.marks and name in work.marks]
    done = [(work, mark) for work, mark in given if not mark.waiting]
    if len(done) < len(given) and not any(mark.by_hand for _, mark in done):
        done = []  # nobody has read any yet: nbgrader has only given 0 to those who wrote nothing
    points = [mark.points for _, mark in done]
    best = max((mark.out_of for _, mark in given), default=0.0)
    full = sum(value >= best for value in points)
    none = sum(value <= 0 for value in points)
    # What somebody still waits for is left out of everybody's rest, so that all rests are of the same tasks.
    rest = [
        sum(m.points for other, m in (work.marks or {}).items() if other not in {name, *left_out})
        for work, _ in done
    ]
    mean = fmean(points) if points else None
    return TaskNumbers(
        name,
        best,
        len(done),
        sum(mark.waiting for _, mark in given),
        full,
        len(points) - full - none,
        none,
        mean,
        deviation(points),
        mean / best if mean is not None and best else None,
        correlation(points, rest),
    )


def correlation(one: Sequence[float], other: Sequence[float]) -> Correlation | None:
    """None for fewer than MIN_CORRELATED pairs, or where one side is the same for all."""
    n = len(one)
    if n < MIN_CORRELATED:
        return None
    mean_one, mean_other = fmean(one), fmean(other)
    a, b = [x - mean_one for x in one], [y - mean_other for y in other]
    scale = math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
    if scale < 1e-9:
        return None
    r = max(-1.0, min(1.0, sum(x * y for x, y in zip(a, b, strict=True)) / scale))
    if abs(r) > 1 - 1e-12:
        return Correlation(r, r, r)
    half = Z_95 / math.sqrt(n - 3)
    return Correlation(r, math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half))
