"""What a grading found when it began, so that the report can say whose points it changed, and why.

`grade` keeps it in one file. One that was interrupted and goes on keeps what the first of them found.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from admin.course import json_file
from admin.course.layout import CHECKS, CONFIG, NOTEBOOK, Course
from admin.exchange.folder import TooMuch, fingerprint, fingerprint_of_file
from admin.grading.marks import Recorded, recorded
from admin.grading.plan import read_state


@dataclass(frozen=True)
class Standing:
    """How a student stood: points, and what they follow from."""

    submission: str = ""
    """fingerprint of what was handed in"""
    checks: str = ""
    """fingerprint of all that it was judged by"""
    points: Mapping[str, float] = field(default_factory=dict)
    """by graded cell"""
    by_hand: tuple[str, ...] = ()
    """the cells of them that a person has given"""
    penalty: float = 0.0

    @property
    def total(self) -> float:
        return max(0.0, sum(self.points.values()) - self.penalty)


@dataclass(frozen=True)
class Before:
    """The class as a grading found it, and which parts of the course have changed until that grading."""

    class_: Mapping[str, Standing]
    changed: frozenset[str]
    """of "data", "checks" and "notebook" """


def file_of(course: Course) -> Path:
    return course.root / "grading" / "points_before.json"


def standing(course: Course, records: Mapping[str, Recorded] | None = None) -> dict[str, Standing]:
    """How everybody stands now: what the gradebook has (or `records`), and the last grading's notes."""
    class_ = {}
    for student, record in (recorded(course) if records is None else records).items():
        state = read_state(course, student)
        class_[student] = Standing(
            str(state.get("submission", "")),
            str(state.get("checks", "")),
            {cell: round(mark.points, 4) for cell, mark in record.marks.items()},
            tuple(cell for cell, mark in record.marks.items() if mark.by_hand),
            record.penalty,
        )
    return class_


def begin(course: Course) -> None:
    """Keep how everybody stands, unless an earlier grading did and has not come to its end."""
    kept = _read(course)
    now = parts_of(course)
    if kept.get("ended", True):
        class_ = {student: asdict(each) for student, each in standing(course).items()}
        kept = {"class": class_, "parts_before": kept.get("parts", now)}
    _write(course, {**kept, "parts": now, "ended": False})


def end(course: Course) -> None:
    """The next grading begins anew."""
    if kept := _read(course):
        _write(course, {**kept, "ended": True})


def before(course: Course) -> Before | None:
    """What the last grading that had something to do found; None if that is not known."""
    kept = _read(course)
    try:
        class_ = {
            str(student): Standing(
                str(each["submission"]),
                str(each["checks"]),
                {str(cell): float(points) for cell, points in each["points"].items()},
                tuple(map(str, each["by_hand"])),
                float(each["penalty"]),
            )
            for student, each in kept["class"].items()
        }
        earlier, later = dict(kept["parts_before"]), dict(kept["parts"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return Before(class_, frozenset(name for name in later if earlier.get(name) != later[name]))


def parts_of(course: Course) -> dict[str, str]:
    """Fingerprints of what points follow from, apart from what is handed in."""
    try:
        return {
            "data": fingerprint(course.source / "data") if (course.source / "data").is_dir() else "",
            "checks": fingerprint(CHECKS, ["__pycache__"]) + fingerprint_of_file(CONFIG),
            "notebook": fingerprint_of_file(course.source / f"{NOTEBOOK}.ipynb"),
        }
    except (OSError, TooMuch):
        return {}


def _read(course: Course) -> dict[str, Any]:
    return json_file.read(file_of(course))


def _write(course: Course, kept: Mapping[str, Any]) -> None:
    # The report can do without; whoever records the points says that the disk is full.
    with suppress(OSError):
        json_file.write(file_of(course), kept)
