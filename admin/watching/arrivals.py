"""What has come in: newest hand-ins in nbgrader's exchange, and folders in submitted/ that have changed.

Looking is cheap: names, sizes and times of files, and no content. Nothing is taken that is still being
written: `nbgrader submit` copies the files one after the other, and a hand-in whose files are still changing,
or that has not its last ones yet, is left alone for a while.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nbgrader.utils import capture_log, temp_attrs

from admin.course.layout import ASSIGNMENT, COURSE_ID, NOTEBOOK, Course, quiet
from admin.exchange.clean_copy import opened
from admin.exchange.collect import SECRET, TIMESTAMP, CleanCollect, HandIn, small_text, time_in

QUIET = 1.0  # seconds for which nothing of a hand-in has changed that has all its files
LONG_QUIET = 20.0  # and of one that has not
DEFAULT_EXCHANGE = Path("/usr/local/share/nbgrader/exchange")
"""nbgrader's own, where the configuration names none"""

Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True)
class Arrival:
    """A hand-in that nobody has dealt with."""

    student: str
    since: float
    """seconds since 1970, by the system's own time of the folder, which no student can set"""
    ready: bool
    folder: str = ""
    """its folder in the exchange; it has not been collected"""


class Chosen(CleanCollect):
    """Finds the hand-in of each student that counts; collects the one that is `chosen` among them."""

    chosen: str | None = None

    def init_src(self) -> None:
        super().init_src()
        self.found: list[HandIn] = self.src_records
        self.src_records = [each for each in self.found if each.folder == self.chosen]

    def copy_files(self) -> None:
        if self.chosen is not None:
            super().copy_files()


def exchange_of(course: Course) -> Path | None:
    """The exchange that the course is configured for; None where there is none."""
    root = course.config().Exchange.get("root")
    if root:
        return Path(root)
    return DEFAULT_EXCHANGE if DEFAULT_EXCHANGE.is_dir() else None


class Arrivals:
    """What has come in and is not dealt with."""

    def __init__(self, course: Course, exchange: Path | None) -> None:
        self.course = course
        self.inbound = exchange / COURSE_ID / "inbound" if exchange else None
        self._changed = -1
        self._found: list[HandIn] = []
        self._quiet: dict[str, tuple[Stamp, float]] = {}
        self._dealt: dict[str, Stamp] = {}

    def look(self, collected: Mapping[str, str]) -> dict[str, Arrival]:
        """By student; `collected` has the folder in the exchange that each student's came from last."""
        seen = set[str]()
        arrivals = self._in_submitted(seen) | self._in_exchange(collected, seen)
        self._quiet = {key: quiet for key, quiet in self._quiet.items() if key in seen}
        return arrivals

    def stamp(self, student: str) -> Stamp:
        """What a student's folder in submitted/ looks like now."""
        return (
            *stamp_of(self.course.submitted(student).parent),
            *stamp_of(self.course.submitted(student)),
        )

    def dealt_with(self, student: str, stamp: Stamp) -> None:
        """The folder that looked like this is no arrival any more."""
        self._dealt[student] = stamp

    def forget(self, student: str) -> None:
        """The student's folder is one again."""
        self._dealt.pop(student, None)

    def collect(self, arrival: Arrival) -> tuple[bool | None, list[str]]:
        """Put a hand-in of the exchange into submitted/; whether that worked, and nbgrader's warnings.

        None when it is no longer the one that counts.
        """
        found, succeeded, warnings = self._collector(arrival.folder, arrival.student)
        there = any(each.folder == arrival.folder for each in found)
        return succeeded if there or not succeeded else None, warnings

    def secret(self, folder: str) -> str | None:
        """By what the feedback on a hand-in of the exchange is found."""
        assert self.inbound is not None
        try:
            with opened(self.inbound) as inbound, opened(folder, inbound) as hand_in:
                return small_text(Path(), SECRET, hand_in)
        except OSError:
            return None

    # --- Looking ------------------------------------------------------------------------------------

    def _in_submitted(self, seen: set[str]) -> dict[str, Arrival]:
        arrivals = {}
        try:
            with os.scandir(self.course.root / "submitted") as entries:
                students = [each.name for each in entries if not each.name.startswith(".") and each.is_dir()]
        except OSError:
            return {}
        for student in students:
            stamp = self.stamp(student)
            if stamp == self._dealt.get(student):
                continue
            folder = self.course.submitted(student)
            complete = (folder / f"{NOTEBOOK}.ipynb").is_file()
            ready = self._is_quiet(f"/{student}", stamp, complete, seen)
            arrivals[student] = Arrival(student, changed_at(folder, folder.parent), ready)
        return arrivals

    def _in_exchange(self, collected: Mapping[str, str], seen: set[str]) -> dict[str, Arrival]:
        if self.inbound is None:
            return {}
        try:
            changed = self.inbound.stat().st_mtime_ns
        except OSError:  # nothing has been released yet
            return {}
        if changed != self._changed:
            self._found, succeeded, _ = self._collector(None)
            self._changed = changed if succeeded else -1
        arrivals = {}
        for hand_in in self._found:
            student, place = hand_in.student, self.inbound / hand_in.folder
            submitted = self.course.submitted(student)
            if os.path.lexists(submitted):
                if collected.get(student) == hand_in.folder:
                    continue
                old = time_in(submitted)
                if old is not None and old >= hand_in.time:
                    continue
            stamp = stamp_of(place)
            names = {name for name, *_ in stamp}
            ready = self._is_quiet(hand_in.folder, stamp, {TIMESTAMP, SECRET} <= names, seen)
            arrivals[student] = Arrival(student, changed_at(place), ready, hand_in.folder)
        return arrivals

    def _is_quiet(self, key: str, stamp: Stamp, complete: bool, seen: set[str]) -> bool:
        seen.add(key)
        now = time.monotonic()
        before, since = self._quiet.get(key, ((), now))
        if before != stamp:
            self._quiet[key] = stamp, now
            return False
        return now - since >= (QUIET if complete else LONG_QUIET)

    def _collector(self, chosen: str | None, student: str = "*") -> tuple[list[HandIn], bool, list[str]]:
        """Let nbgrader find hand-ins, and collect the one that is chosen; its warnings."""
        api = self.course.api()
        with temp_attrs(api.coursedir, assignment_id=ASSIGNMENT, student_id=student), quiet():
            collector = Chosen(coursedir=api.coursedir, authenticator=api.authenticator, parent=api)
            collector.chosen, collector.update = chosen, True
            reply = capture_log(collector)
        lines = [line.partition("] ") for line in reply.get("log", "").splitlines()]
        warnings = [said for level, _, said in lines if said and level != "[INFO"]
        return getattr(collector, "found", []), reply["success"], warnings


def stamp_of(folder: Path) -> Stamp:
    """Names, sizes and times of what is in a folder; nothing when it can't be read, or is a link."""
    found = []
    try:
        with opened(folder) as descriptor, os.scandir(descriptor) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
                found.append((entry.name, status.st_ino, status.st_mtime_ns, size))
    except OSError:
        return ()
    return tuple(sorted(found))


def changed_at(*folders: Path) -> float:
    """When the first of these that is there was last changed, by the system's own time."""
    for folder in folders:
        try:
            return folder.lstat().st_ctime
        except OSError:
            continue
    return time.time()
