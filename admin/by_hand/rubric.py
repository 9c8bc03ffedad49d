"""The rubric of each question: what rubric.toml in the course folder says, or the one that is shipped.

Which items are ticked is kept nowhere but in the comment: each ticked item is a line of its own there. So the
gradebook has all there is, formgrader shows it, and the student reads it.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from admin.course import settings
from admin.course.layout import Course, CourseError
from admin.course.settings import RUBRIC
from admin.text import printable
from checks.language import say

MAX_POINTS, MAX_TEXT, MAX_ITEMS = 1000.0, 200, 40
KEYS = ("points", "text")


@dataclass(frozen=True)
class Item:
    """What an answer may get points for, or lose them for."""

    points: float
    text: str

    @property
    def line(self) -> str:
        """Its line in a comment; in the feedback's markdown an item of a list."""
        return f"- {self.signed} · {self.text}"

    @property
    def signed(self) -> str:
        return f"{self.points:+g}".replace("-", "−")


class _Wrong(Exception):
    """What is wrong with the file, as a clause, and how to tell that a part of the file has it already."""

    def __init__(self, reached: Callable[[Mapping[str, Any]], bool], key: str, /, **values: Any) -> None:
        self.reached = reached
        self.sentence = say(key, **values)


def rubric_of(course: Course, question: str, questions: Sequence[str]) -> tuple[Item, ...]:
    """The items of a question in the file's order; none where the file has none of it. Raises CourseError."""
    own = course.root / RUBRIC
    path = own if own.exists() else settings.shipped(RUBRIC)
    text, plain = settings.read(course, path)
    try:
        rubrics = rubrics_from(plain)
        if own.exists():
            refuse_unknown(plain, questions)
    except _Wrong as wrong:
        line = first_line(text, wrong.reached)
        where = settings.shown(course, path)
        raise CourseError(say("by_hand.wrong", file=where, line=line, what=wrong.sentence)) from None
    return rubrics.get(question, ())


def rubrics_from(plain: Mapping[str, Any]) -> dict[str, tuple[Item, ...]]:
    """All rubrics of what TOML gave. Raises _Wrong."""
    rubrics = {}
    for question, given in plain.items():
        shown = printable(question)
        if not isinstance(given, list):
            raise _Wrong(_has(question), "by_hand.no_list", question=shown)
        if len(given) > MAX_ITEMS:
            raise _Wrong(_has(question, MAX_ITEMS), "by_hand.too_many", most=MAX_ITEMS)
        items: list[Item] = []
        for place, one in enumerate(given):
            item = _item(question, place, one)
            if item in items:
                raise _Wrong(_has(question, place, "text"), "by_hand.twice")
            items.append(item)
        rubrics[question] = tuple(items)
    return rubrics


def refuse_unknown(plain: Mapping[str, Any], questions: Sequence[str]) -> None:
    """Raise _Wrong for a rubric of a question that the course has not."""
    for question in plain:
        if question not in questions:
            known = [printable(name) for name in questions]
            shown = printable(question)
            raise _Wrong(_has(question), "by_hand.unknown_question", question=shown, known=known)


def first_line(text: str, reached: Callable[[Mapping[str, Any]], bool]) -> int:
    """The number of the line with which a part of a TOML file, from its beginning, has something."""
    lines = text.splitlines(keepends=True)
    for number in range(1, len(lines)):
        try:
            if reached(tomllib.loads("".join(lines[:number]))):
                return number
        except tomllib.TOMLDecodeError:  # in the middle of a list or a long text
            continue
    return len(lines)


def _item(question: str, place: int, one: Any) -> Item:
    here = _has(question, place)
    if not isinstance(one, dict):
        raise _Wrong(here, "by_hand.no_item", question=printable(question))
    for key in one:
        if key not in KEYS:
            at = _has(question, place, key)
            raise _Wrong(at, "by_hand.unknown_key", key=printable(key), known=list(KEYS))
    for key in KEYS:
        if key not in one:
            raise _Wrong(here, "by_hand.missing", key=key)
    points, text = one["points"], one["text"]
    if not is_number(points, -MAX_POINTS, MAX_POINTS):
        at, value = _has(question, place, "points"), printable(repr(points))
        raise _Wrong(at, "by_hand.no_points", most=MAX_POINTS, value=value)
    if not isinstance(text, str) or not text.strip() or printable(text, MAX_TEXT) != text:
        at, value = _has(question, place, "text"), printable(repr(text))
        raise _Wrong(at, "by_hand.no_text", most=MAX_TEXT, value=value)
    return Item(float(points), " ".join(text.split()))


def is_number(value: Any, least: float, most: float) -> bool:
    """True for a finite number of this range; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and least <= value <= most


def _has(*keys: str | int) -> Callable[[Mapping[str, Any]], bool]:
    """Whether values have something at the end of this way of keys and places."""

    def reached(plain: Any) -> bool:
        for key in keys:
            try:
                plain = plain[key]
            except (LookupError, TypeError):
                return False
        return True

    return reached
