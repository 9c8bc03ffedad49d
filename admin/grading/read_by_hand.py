"""Which text a person has read and given points for: grading the same text again asks for no second look.

nbgrader marks points that a person gave for another look whenever a submission is graded again, also when
only a check has changed. Kept beside the gradebook; without it everything is nbgrader's way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path


def digest(text: str) -> str:
    """What a text is told from others by; white space around it does not count."""
    return hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).hexdigest()[:24]


def read(course: Path) -> dict[str, str]:
    """The digest of each text that was read, by nbgrader's id of the grade."""
    try:
        kept = json.loads(_file(course).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def remember(course: Path, texts: Mapping[str, str]) -> None:
    """Add digests of texts that a person has just given points for. Raises OSError."""
    file = _file(course)
    file.parent.mkdir(exist_ok=True)
    half = file.with_suffix(".half")
    half.write_text(json.dumps({**read(course), **texts}), encoding="utf-8")
    half.replace(file)


def _file(course: Path) -> Path:
    return course / "grading" / "read_by_hand.json"
