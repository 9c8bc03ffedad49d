"""nbgrader's `collect` and `list` for an exchange in which a student may put anything.

`admin/config/nbgrader_config.py` puts them in the place of nbgrader's own, which follow links: a link to the
course's source notebook came out as a regular file in submitted/, worth all points. The folder of a hand-in
is its student's, who can change it at any time; so nothing of it is opened by its whole path.
"""

from __future__ import annotations

import contextlib
import fnmatch
import os
import shutil
import stat
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange.default.collect import ExchangeCollect
from nbgrader.exchange.default.list import ExchangeList
from nbgrader.utils import check_mode, parse_utc

from admin.exchange.clean_copy import READ_FILE, LeftOut, Rules, copy_clean, is_clean, opened, shown
from admin.sandbox.limits import Limits

HALF = ".collecting-"  # hidden from nbgrader's patterns and from `grade`
FORGOTTEN = 3600.0  # seconds after which a half of a killed run may go
TIMESTAMP = "timestamp.txt"
SECRET = "submission_secret.txt"
"""what the page of feedback is found by in the exchange; the student has a copy"""
OF_THE_EXCHANGE = (TIMESTAMP, SECRET)
"""what it puts beside a hand-in, different for each: no part of the work, and so not there when that runs"""
MAX_SMALL = 1000
LISTED_BYTES = 50_000_000  # of a notebook that `list` hashes in memory


@dataclass(frozen=True)
class HandIn:
    """One folder in the exchange's inbound folder, as its name says; the name is of its owner's choosing."""

    student: str
    time: datetime
    folder: str


class CleanCollect(ExchangeCollect):
    """Collects regular files with clean names, within bounds; the rest is left out and named in the log."""

    def init_src(self) -> None:
        """Find the hand-in of each student that counts, as nbgrader does."""
        if not self.coursedir.course_id:
            self.fail("No course id specified. Re-run with --course flag.")
        self.course_path = os.path.join(self.root, self.coursedir.course_id)
        self.inbound_path = os.path.join(self.course_path, "inbound")
        if not os.path.isdir(self.inbound_path):
            self.fail(f"Course not found: {self.inbound_path}")
        if not check_mode(self.inbound_path, read=True, execute=True):
            self.fail(f"You don't have read permissions for the directory: {self.inbound_path}")
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                self.duedate = gradebook.find_assignment(self.coursedir.assignment_id).duedate
            except MissingEntry:
                self.duedate = None
        by_student: dict[str, list[HandIn]] = defaultdict(list)
        with opened(self.inbound_path) as inbound:
            for hand_in in self.hand_ins(os.listdir(inbound)):
                if self.is_fit(hand_in, inbound):
                    by_student[hand_in.student].append(hand_in)
        self.src_records = [self.that_counts(each) for _, each in sorted(by_student.items())]

    def hand_ins(self, names: Iterable[str]) -> Iterator[HandIn]:
        """Those of our assignment, of the students who were asked for; a name that can't be one is logged."""
        wanted = self.coursedir.student_id or "*"
        for name in sorted(names):
            # student+assignment+time, and by default a random string; a student's name may have a +
            parts = name.rsplit("+", 3)
            if len(parts) < 3 or parts[1] != self.coursedir.assignment_id:
                continue
            student, moment = parts[0], parsed(parts[2])
            if not fnmatch.fnmatchcase(student, wanted):
                continue
            if moment is None:
                self.log.warning("Left out: %s in the exchange has no time in its name", shown(name))
            elif not is_student(student):
                self.log.warning("Left out: %s in the exchange is of nobody who can be graded", shown(name))
            else:
                yield HandIn(student, moment, name)

    def is_fit(self, hand_in: HandIn, inbound: int) -> bool:
        """True for a folder of the student whose name it bears, as far as this machine knows them."""
        try:
            found = os.stat(hand_in.folder, dir_fd=inbound, follow_symlinks=False)
        except OSError:
            return False  # taken back a moment ago
        if not stat.S_ISDIR(found.st_mode):
            kind = "a link" if stat.S_ISLNK(found.st_mode) else "no folder"
            self.log.warning("%s: left out %s (%s)", hand_in.student, shown(hand_in.folder), kind)
            return False
        return not self.check_owner or self.is_own(hand_in, found.st_uid)

    def is_own(self, hand_in: HandIn, owner: int) -> bool:
        """No where this machine knows the student, and the folder is neither theirs nor of who collects."""
        import pwd  # Windows has none, and no exchange either

        try:
            students = pwd.getpwnam(hand_in.student).pw_uid
        except KeyError:
            if user(owner) != hand_in.student:
                self.log.warning(
                    "%s: the submission is owned by %s; cheating attempt? (Where this machine's users are "
                    "not the students: c.ExchangeCollect.check_owner = False)",
                    hand_in.student,
                    user(owner),
                )
            return True
        if owner in (students, os.getuid(), 0):
            return True
        self.log.warning(
            "%s: left out %s: it is owned by %s; cheating attempt?",
            hand_in.student,
            shown(hand_in.folder),
            user(owner),
        )
        return False

    def that_counts(self, hand_ins: list[HandIn]) -> HandIn:
        """A student's last one; with --before-duedate the last one before that, if there is any."""
        in_time = [each for each in hand_ins if self.duedate is None or each.time <= self.duedate]
        return max(in_time if self.before_duedate and in_time else hand_ins, key=lambda each: each.time)

    def copy_files(self) -> None:
        course, assignment = self.coursedir.course_id, self.coursedir.assignment_id
        if not self.src_records:
            self.log.warning("No submissions of '%s' for course '%s' to collect", assignment, course)
        else:
            self.log.info(
                "Processing %s submissions of '%s' for course '%s'", len(self.src_records), assignment, course
            )
        failed = 0
        for hand_in in self.src_records:
            try:
                self.collect_one(hand_in)
            except (OSError, RecursionError) as error:  # nobody else's is to suffer from it
                failed += 1
                reason = getattr(error, "strerror", None) or error
                self.log.error("%s: not collected (%s)", hand_in.student, reason)
        if failed:
            self.fail(f"{failed} submissions could not be collected; the reason is with each name above")

    def collect_one(self, hand_in: HandIn) -> None:
        """Copy one, unless what is there is to stay. Raises OSError when it can't be written."""
        student, assignment = hand_in.student, self.coursedir.assignment_id
        place = self.coursedir.format_path(self.coursedir.submitted_directory, student, assignment)
        target = Path(place)
        there = os.path.lexists(target)
        if there:
            old = time_in(target)
            newer = self.update and (old is None or hand_in.time > old)
            if not newer and not (self.before_duedate and old != hand_in.time):
                words = (
                    "No newer submission to collect"
                    if self.update
                    else "Submission already exists, use --update to update"
                )
                self.log.info("%s: %s %s", words, student, assignment)
                return
        self.log.info("%s submission: %s %s", "Updating" if there else "Collecting", student, assignment)
        left_out = self.replace(hand_in, target)
        if left_out:
            self.log.warning("%s: left out %s", student, left_out)

    def replace(self, hand_in: HandIn, target: Path) -> LeftOut:
        """Put a clean copy into its place, whole or not at all; what the copy lacks."""
        everything = Path(self.coursedir.root, self.coursedir.submitted_directory)
        everything.mkdir(parents=True, exist_ok=True)
        remove_halves(everything)
        with (
            tempfile.TemporaryDirectory(prefix=HALF, dir=everything, ignore_cleanup_errors=True) as beside,
            opened(self.inbound_path) as inbound,
            opened(hand_in.folder, inbound) as folder,
        ):
            half = Path(beside, "new")
            half.mkdir()
            left_out = copy_clean(folder, half, self.rules())
            if (half / TIMESTAMP).is_file() and (half / TIMESTAMP).stat().st_size > MAX_SMALL:
                (half / TIMESTAMP).unlink()
                left_out.add(TIMESTAMP, "too large")
            if not os.path.lexists(half / TIMESTAMP):  # the folder's name has the time as well
                (half / TIMESTAMP).write_text(f"{hand_in.time.isoformat(' ')} UTC")
            if self.coursedir.groupshared:
                share(half)
            target.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(target):
                target.rename(Path(beside, "old"))
            half.rename(target)
        return left_out

    def rules(self) -> Rules:
        """Our bounds, or nbgrader's own where those are less. A unit of nbgrader's is 1,000 bytes."""
        place, limits = self.coursedir, Limits()
        return Rules(
            limits.files,
            min(limits.disk_bytes, 1000 * place.max_dir_size or limits.disk_bytes),
            min(limits.disk_bytes, 1000 * place.max_file_size or limits.disk_bytes),
            tuple(place.ignore),
            tuple(place.include),
        )


class CleanList(ExchangeList):
    """Lists what is handed in without waiting for a pipe, hashing a link's target or printing odd names."""

    def init_dest(self) -> None:
        super().init_dest()
        if self.inbound:
            self.assignments: list[str] = [path for path in self.assignments if self.is_fit(Path(path))]

    def is_fit(self, folder: Path) -> bool:
        """True for a folder of regular files, as far as nbgrader reads them. Of others the log says so."""
        read = [*folder.glob("*.ipynb"), folder / SECRET]
        if all(map(is_clean, (folder.name, *(path.name for path in read)))) and is_kind(folder, stat.S_IFDIR):
            there = [path for path in read if os.path.lexists(path)]
            if all(is_kind(path, stat.S_IFREG) and path.stat().st_size <= LISTED_BYTES for path in there):
                return True
        self.log.warning("Not listed: %s in the exchange holds something else than files", shown(folder.name))
        return False


def is_student(name: str) -> bool:
    """True when there can be a folder of that name in submitted/ that nbgrader finds."""
    return is_clean(name) and not name.startswith(".") and not set(name) & set("[]*?")


def is_kind(path: Path, kind: int) -> bool:
    try:
        return stat.S_IFMT(path.lstat().st_mode) == kind
    except OSError:
        return False


def user(number: int) -> str:
    """A user's name on this machine, or the number where there is none."""
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def time_in(folder: Path) -> datetime | None:
    """When a submission that has been collected was handed in; None where that can't be told."""
    return parsed((small_text(folder, TIMESTAMP) or "").strip())


def small_text(folder: Path, name: str, above: int | None = None) -> str | None:
    """The text of a small file of a student's, or None: no link is followed, no pipe waited for."""
    try:
        descriptor = os.open(folder / name, READ_FILE, dir_fd=above)
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_SMALL:
            return None
        return os.read(descriptor, MAX_SMALL).decode("utf-8", "replace")
    except OSError:
        return None
    finally:
        os.close(descriptor)


def parsed(text: str) -> datetime | None:
    """A time as nbgrader reads it, or None."""
    try:
        moment: Any = parse_utc(text) if text else None
    except (ValueError, OverflowError, TypeError, AttributeError):
        return None
    return moment if isinstance(moment, datetime) else None


def remove_halves(everything: Path) -> None:
    """Remove what a run that was killed in the middle has left, long ago."""
    for half in everything.glob(f"{HALF}*"):
        with contextlib.suppress(OSError):
            if half.stat().st_mtime < time.time() - FORGOTTEN:
                shutil.rmtree(half, ignore_errors=True)


def share(folder: Path) -> None:
    """Let the group of instructors read and write a copy, as nbgrader does for `groupshared`."""
    for root, _, files in os.walk(folder):
        os.chmod(root, (os.stat(root).st_mode | 0o2770) & 0o2777)
        for name in files:
            path = os.path.join(root, name)
            os.chmod(path, (os.stat(path).st_mode | 0o660) & 0o777)
