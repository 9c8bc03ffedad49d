"""What a watcher remembers from one run to the next, and shows: one small file in the course folder.

Which submissions are graded, `grade`'s own notes say. Here stands what they do not: whose hand-in has been
answered, and how often somebody was graded within the hour. It is written before anything is done that is not
to be done twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from admin.course import json_file
from admin.course.layout import Course

HOUR = 3600.0
KEPT = 50  # results that the page shows


@dataclass(frozen=True)
class Result:
    """What came of a hand-in: points of the checks, or in words why there are none; and of its feedback."""

    student: str
    at: float
    """seconds since 1970, as all times here"""
    points: float | None
    out_of: float
    seconds: float
    said: str
    feedback: str


@dataclass(frozen=True)
class Queued:
    """Who waits, since when; `until` is when they may be graded again, `why` says so."""

    student: str
    since: float
    until: float | None = None
    why: str = ""


@dataclass
class State:
    """All of it. `answered` and `collected` name hand-ins: by fingerprint, and by folder in the exchange."""

    answered: dict[str, str] = field(default_factory=dict)
    begun: dict[str, list[float]] = field(default_factory=dict)
    """when gradings of a student began, of the last hour"""
    collected: dict[str, str] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    """the hand-in that has a note in the place of its feedback"""
    since: float = 0.0
    """when this watcher began"""
    trouble: str = ""
    """why nothing is graded now"""
    queue: list[Queued] = field(default_factory=list)
    at_work: list[Queued] = field(default_factory=list)
    last: list[Result] = field(default_factory=list)
    """the newest first"""

    def begins(self, student: str, now: float) -> None:
        self.begun[student] = [*self.within_an_hour(student, now), now]

    def within_an_hour(self, student: str, now: float) -> list[float]:
        """When gradings of a student began, of the last hour; nothing is in the future."""
        return [begun for begun in self.begun.get(student, []) if now - HOUR < begun <= now]

    def free_at(self, student: str, most: int, now: float) -> float | None:
        """When the student may be graded next; None for now."""
        begun = self.within_an_hour(student, now)
        return begun[-most] + HOUR if len(begun) >= most else None

    def add(self, result: Result) -> None:
        self.last = [result, *self.last][:KEPT]


def file_of(course: Course) -> Path:
    return course.root / "grading" / "watch.json"


def save(course: Course, state: State) -> None:
    """Whole or not at all. Raises OSError."""
    json_file.write(file_of(course), asdict(state))


def load(course: Course) -> State | None:
    """What the last watcher left; None when there was none, or when what it left is damaged."""
    kept = json_file.read(file_of(course))
    try:
        return State(
            _texts(kept["answered"]),
            {str(name): [float(time) for time in times] for name, times in kept["begun"].items()},
            _texts(kept["collected"]),
            _texts(kept["told"]),
            float(kept["since"]),
            str(kept["trouble"]),
            [Queued(**each) for each in kept["queue"]],
            [Queued(**each) for each in kept["at_work"]],
            [Result(**each) for each in kept["last"]],
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _texts(plain: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(text) for name, text in plain.items()}
