"""Which text a person has read and given points for: grading the same text again asks for no second look.

nbgrader marks points that a person gave for another look whenever a submission is graded again, also when
only a check has changed. Kept beside the gradebook; without it everything is nbgrader's way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from admin.course import json_file


def digest(text: str) -> str:
    """What a text is told from others by; white space around it does not count."""
    return hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).hexdigest()[:24]


def read(course: Path) -> dict[str, str]:
    """The digest of each text that was read, by nbgrader's id of the grade."""
    return json_file.read(_file(course))


def remember(course: Path, texts: Mapping[str, str]) -> None:
    """Add digests of texts that a person has just given points for. Raises OSError."""
    json_file.write(_file(course), {**read(course), **texts})


def _file(course: Path) -> Path:
    return course / "grading" / "read_by_hand.json"
