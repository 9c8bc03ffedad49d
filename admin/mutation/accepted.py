"""Changes that may survive: which, and the reason why they change nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from admin.mutation.places import KINDS, Place

FILE = Path(__file__).with_name("accepted.toml")


class Mark(NamedTuple):
    """What names a change: file, text of its line, the change itself; its function and its kind."""

    file: str
    line: str
    change: str
    function: str = ""
    kind: str = ""


def mark(file: str, place: Place) -> Mark:
    """What names a change of this file."""
    return Mark(file, place.text, place.change, place.function, place.kind)


@dataclass(frozen=True)
class Accepted:
    """Survivors that are known: all changes of a line or of a function, those of a kind, or a single one.

    What stands in functions inside a function belongs to it.
    """

    file: str
    line: str = ""
    reason: str = ""
    change: str = ""
    function: str = ""
    kind: str = ""

    def __post_init__(self) -> None:
        if bool(self.line) == bool(self.function):
            raise ValueError(f"it names a line or a function: {self.line or self.file}")
        if self.kind not in ("", *KINDS):
            raise ValueError(f"there is no kind {self.kind}; the kinds are {', '.join(KINDS)}")
        if not self.reason.strip():
            raise ValueError(f"no reason for {self.line or self.function}")

    def covers(self, mark: Mark) -> bool:
        inside = f"{mark.function}.".startswith(f"{self.function}.")
        return (
            self.file == mark.file
            and (self.line == mark.line if self.line else inside)
            and self.change in ("", mark.change)
            and self.kind in ("", mark.kind)
        )


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
        return [Accepted(**entry) for entry in entries]
    except (TypeError, ValueError) as error:
        parts = "file, line or function, reason, and perhaps change or kind"
        raise ValueError(f"{path}: an entry has {parts} ({error})") from None


def sort_out(files: Collection[str], survivors: Sequence[Mark], accepted: Sequence[Accepted]) -> Sorted:
    """Which survivors are accepted, and which entries of these files no survivor needs."""
    reasons = {mark: next((a.reason for a in accepted if a.covers(mark)), "") for mark in survivors}
    return Sorted(
        [mark for mark, reason in reasons.items() if not reason],
        [(mark, reason) for mark, reason in reasons.items() if reason],
        [a for a in accepted if a.file in files and not any(a.covers(mark) for mark in survivors)],
    )
