"""How far `grade` is, in a small file beside the lock, for whoever looks on from another program."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from pathlib import Path

from admin.course import json_file
from admin.course.layout import Course


@dataclass(frozen=True)
class HowFar:
    """Of the last `grade`: submissions to grade and dealt with, and those that could not be graded."""

    of: int = 0
    done: int = 0
    failures: int = 0
    begun: float = 0.0
    """seconds since 1970"""
    ended: float | None = None


def file_of(course: Course) -> Path:
    return course.root / "grading" / "how_far.json"


def tell(course: Course, how_far: HowFar) -> None:
    """Leave it for others. Grading goes on where that can't be written."""
    with contextlib.suppress(OSError):
        json_file.write(file_of(course), asdict(how_far))


def heard(course: Course) -> HowFar | None:
    """What the last `grade` has left; None where none has."""
    kept = json_file.read(file_of(course))
    try:
        return HowFar(
            int(kept["of"]),
            int(kept["done"]),
            int(kept["failures"]),
            float(kept["begun"]),
            None if kept["ended"] is None else float(kept["ended"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
