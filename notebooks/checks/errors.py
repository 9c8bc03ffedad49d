"""An error as a student reads it: its kind, and the first line of what it says."""

from __future__ import annotations

import re

_PLACE = re.compile(r" \([^()]{1,200}, line (\d{1,6})\)$")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def told(error: BaseException) -> str:
    """An exception in one line."""
    return in_one_line(type(error).__name__, str(error))


def in_one_line(kind: str, message: str) -> str:
    """The kind of an error and the first line of its message that says anything."""
    # Keras colours its messages, and its first line may only name the layer: the cause stands below.
    lines = [line.strip() for line in without_colours(message).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith("Exception encountered when calling")]
    # Of a SyntaxError, the place follows in brackets: a file of IPython's, which nobody knows.
    first_line = _PLACE.sub("", (telling or lines or [""])[0])[:200].rstrip(".")
    return f"{kind}: {first_line}" if first_line else kind


def line_told(message: str) -> int | None:
    """The line that the message of a SyntaxError names."""
    place = _PLACE.search(message)
    return int(place[1]) if place else None


def without_colours(text: str) -> str:
    """A text without the marks by which a terminal colours it."""
    return _COLOURS.sub("", text)
