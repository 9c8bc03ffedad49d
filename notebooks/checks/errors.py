"""An error as a student reads it: its kind, and the first line of what it says."""

from __future__ import annotations

import re

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def told(error: BaseException) -> str:
    """An exception in one line."""
    return in_one_line(type(error).__name__, str(error))


def in_one_line(kind: str, message: str) -> str:
    """The kind of an error and the first line of its message that says anything."""
    # Keras colours its messages, and its first line may only name the layer: the cause stands below.
    lines = [line.strip() for line in without_colours(message).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith("Exception encountered when calling")]
    first_line = (telling or lines or [""])[0][:200].rstrip(".")
    return f"{kind}: {first_line}" if first_line else kind


def without_colours(text: str) -> str:
    """A text without the marks by which a terminal colours it."""
    return _COLOURS.sub("", text)
