"""What the course's watch.toml says: when feedback is released, how many hand-ins an hour are graded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from admin.course import settings
from admin.course.layout import Course, CourseError
from admin.course.settings import WATCH
from admin.text import printable
from checks.language import Said, say

AT_ONCE, AFTER_DUE, NEVER = "at once", "after the due date", "never"
WHEN = (AT_ONCE, AFTER_DUE, NEVER)
KEYS = ("feedback", "hand_ins_an_hour")
MOST = 1000


@dataclass(frozen=True)
class Rules:
    """How hand-ins are dealt with."""

    feedback: str = AT_ONCE
    hand_ins_an_hour: int = 6
    """of each student"""


class _Wrong(Said):
    """What is wrong with the file, as a clause."""


def rules_of(course: Course) -> Rules:
    """What the file says; without one, what the one that is shipped says. Raises CourseError."""
    path = course.root / WATCH
    _, plain = settings.read(course, path)
    try:
        return rules_from(plain)
    except _Wrong as wrong:
        raise CourseError(
            say("watching.wrong", file=settings.shown(course, path), what=wrong.sentence)
        ) from None


def rules_from(plain: Mapping[str, Any]) -> Rules:
    """The rules of what TOML gave. Raises _Wrong."""
    if unknown := [printable(key) for key in plain if key not in KEYS]:
        raise _Wrong(say("watching.unknown_key", key=unknown[0], known=list(KEYS)))
    feedback = plain.get("feedback", AT_ONCE)
    if feedback not in WHEN:
        raise _Wrong(say("watching.no_time", value=printable(repr(feedback)), known=list(WHEN)))
    number = plain.get("hand_ins_an_hour", Rules.hand_ins_an_hour)
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MOST:
        raise _Wrong(say("watching.no_number", value=printable(repr(number)), most=MOST))
    return Rules(feedback, number)
