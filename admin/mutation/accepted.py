"""Changes that may survive: which, and the reason why they change nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("accepted.toml")

Mark = tuple[str, str, str]
"""File, text of the line, and change."""


@dataclass(frozen=True)
class Accepted:
    """A survivor that is known: all changes of a line, or the one that is named."""

    file: str
    line: str
    reason: str
    change: str = ""

    def covers(self, mark: Mark) -> bool:
        file, line, change = mark
        return (self.file, self.line) == (file, line) and self.change in ("", change)


@dataclass(frozen=True)
class Sorted:
    """Survivors that are new, and accepted ones with the reason; and entries that accept nothing."""

    new: list[Mark]
    known: list[tuple[Mark, str]]
    stale: list[Accepted]


def read_accepted(path: Path = FILE) -> list[Accepted]:
    """The entries of the file. Raises ValueError, in a sentence, for one that lacks something."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("accepted", [])
    try:
        found = [Accepted(**entry) for entry in entries]
    except TypeError as error:
        raise ValueError(f"{path}: an entry has file, line, reason, and perhaps change ({error})") from None
    if lacking := [entry.line for entry in found if not entry.reason.strip()]:
        raise ValueError(f"{path}: no reason for {lacking[0]}")
    return found


def sort_out(files: Collection[str], survivors: Sequence[Mark], accepted: Sequence[Accepted]) -> Sorted:
    """Which survivors are accepted, and which entries of these files no survivor needs."""
    reasons = {mark: next((a.reason for a in accepted if a.covers(mark)), "") for mark in survivors}
    return Sorted(
        [mark for mark, reason in reasons.items() if not reason],
        [(mark, reason) for mark, reason in reasons.items() if reason],
        [a for a in accepted if a.file in files and not any(a.covers(mark) for mark in survivors)],
    )
