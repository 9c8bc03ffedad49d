"""Copies from a student's folder what a submission may hold, and nothing else: regular files, within bounds.

Whoever owns the folder can change it while it is copied. So each name is opened below the open folder above
it (openat), no link is followed on the way, and what was opened is looked at again before it is read.
folder.py says why it has its own way.
"""

from __future__ import annotations

import contextlib
import fnmatch
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from admin.sandbox.limits import Limits
from admin.text import REPLACEMENT, printable

MAX_DEPTH = 20
"""folders within folders"""
MAX_NAME = 200
"""bytes of one name"""
MAX_PATH = 1000
"""bytes of the names from the submission's folder on, together"""
MAX_SHOWN = 120
"""characters of a name in a sentence"""
NAMED = 3
"""things left out that a sentence names; the others are counted"""

# Windows has not all of these, nor the calls that take them; nothing is collected there (no exchange).
READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NOCTTY", 0)
READ_FILE = READ | getattr(os, "O_NONBLOCK", 0)  # neither a pipe nor a lease of the owner makes us wait
READ_FOLDER = READ | getattr(os, "O_DIRECTORY", 0)

KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True)
class Rules:
    """What may be copied. Patterns of names are nbgrader's: `CourseDirectory.ignore` and `include`."""

    files: int = Limits().files
    """in number, folders and what is left out counted"""
    total_bytes: int = Limits().disk_bytes
    file_bytes: int = Limits().disk_bytes
    ignore: tuple[str, ...] = ()
    include: tuple[str, ...] = ("*",)

    def ignores(self, name: str) -> bool:
        return any(fnmatch.fnmatch(name, pattern) for pattern in self.ignore)

    def wants(self, name: str) -> bool:
        return not self.include or any(fnmatch.fnmatch(name, pattern) for pattern in self.include)


@dataclass
class LeftOut:
    """What was not copied: the first few by name, with the reason, and how many more there were."""

    named: list[str] = field(default_factory=list)
    more: int = 0

    def add(self, path: str, reason: str) -> None:
        if len(self.named) < NAMED:
            self.named.append(f"{shown(path)} ({reason})")
        else:
            self.more += 1

    def __bool__(self) -> bool:
        return bool(self.named)

    def __str__(self) -> str:
        return ", ".join(self.named) + (f" and {self.more:,} more" if self.more else "")


def is_clean(name: str) -> bool:
    """True for a name that is UTF-8, has nothing that cannot be seen, and is not too long."""
    return (
        name not in ("", ".", "..")
        and name == printable(name)
        and REPLACEMENT not in name
        and not set(name) & set("/\\")
        and len(name.encode()) <= MAX_NAME
    )


def shown(name: str) -> str:
    """A name that somebody else has chosen, fit for one line of a log: printable, short and in quotes."""
    return f"'{printable(name, MAX_SHOWN)}'"


@contextlib.contextmanager
def opened(name: str | Path, above: int | None = None) -> Iterator[int]:
    """A folder's descriptor, for a while. Raises OSError, for a link as well."""
    descriptor = os.open(name, READ_FOLDER, dir_fd=above)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def copy_clean(folder: int, destination: Path, rules: Rules, any_owner: bool = False) -> LeftOut:
    """Copy what is in an open folder into another one, which is there and empty; what was left out.

    Files of somebody else than the folder's owner are left out, too (a hard link may lead to them), but for
    `any_owner`. In a folder, notebooks come first, then other files, then folders, so that the bounds do not
    cost a submission its notebook. Raises OSError when the copy cannot be written; the destination then holds
    half of it.
    """
    copying = _Copying(rules, None if any_owner else os.fstat(folder).st_uid)
    copying.folder(folder, destination, "", 0)
    return copying.left_out


class _Copying:
    """The state of one copy: what is left of its bounds, and what has been left out."""

    def __init__(self, rules: Rules, owner: int | None) -> None:
        self.rules, self.owner = rules, owner
        self.files, self.bytes = rules.files, rules.total_bytes
        self.left_out = LeftOut()

    def folder(self, source: int, target: Path, inside: str, depth: int) -> None:
        for name, mode in self.entries(source, inside):
            path = inside + name
            try:
                if not is_clean(name) or len(path.encode()) > MAX_PATH:
                    self.left_out.add(path, "its name cannot be used")
                elif stat.S_ISDIR(mode):
                    self.subfolder(source, name, target, path, depth)
                elif stat.S_ISREG(mode):
                    self.file(source, name, target, path)
                else:
                    self.left_out.add(path, KINDS.get(stat.S_IFMT(mode), "not a file"))
            except _Unreadable as error:
                self.left_out.add(path, f"cannot be read: {error}")

    def entries(self, source: int, inside: str) -> list[tuple[str, int]]:
        """Names in a folder, and what each is, in the order in which they are copied."""
        try:
            with os.scandir(source) as found:
                names = [entry.name for entry in islice(found, self.files + 1)]
        except OSError as error:
            self.left_out.add(inside or ".", f"cannot be read: {error.strerror}")
            return []
        if len(names) > self.files:
            names.pop()
            self.left_out.add(inside or ".", f"more than {self.rules.files:,} files")
        self.files -= len(names)
        entries = []
        for name in names:
            if not self.rules.ignores(name):
                try:
                    entries.append((name, os.stat(name, dir_fd=source, follow_symlinks=False).st_mode))
                except OSError as error:
                    self.left_out.add(inside + name, f"cannot be read: {error.strerror}")
        return sorted(
            entries, key=lambda entry: (stat.S_ISDIR(entry[1]), not entry[0].endswith(".ipynb"), entry[0])
        )

    def subfolder(self, source: int, name: str, target: Path, path: str, depth: int) -> None:
        if depth == MAX_DEPTH:
            self.left_out.add(path, f"more than {MAX_DEPTH} folders deep")
            return
        descriptor = _open(name, READ_FOLDER, source)
        try:
            if self.owner not in (None, os.fstat(descriptor).st_uid):
                self.left_out.add(path, "somebody else's")
                return
            below = target / name
            below.mkdir()
            self.folder(descriptor, below, f"{path}/", depth + 1)
        finally:
            os.close(descriptor)

    def file(self, source: int, name: str, target: Path, path: str) -> None:
        if not self.rules.wants(name):
            return
        descriptor = _open(name, READ_FILE, source)
        try:
            found = os.fstat(descriptor)
            most = min(self.bytes, self.rules.file_bytes)
            if not stat.S_ISREG(found.st_mode):  # exchanged since we looked
                self.left_out.add(path, "not a file")
            elif self.owner not in (None, found.st_uid):
                self.left_out.add(path, "somebody else's")
            elif found.st_size > most or (size := _written(descriptor, target / name, most)) is None:
                self.left_out.add(path, f"too large: {found.st_size / 1e6:,.0f} MB")
            else:
                self.bytes -= size
                with contextlib.suppress(OSError, OverflowError):
                    os.utime(target / name, ns=(found.st_atime_ns, found.st_mtime_ns))
        finally:
            os.close(descriptor)


class _Unreadable(Exception):
    """Something of the student's that the system does not let us read; in its words."""


def _open(name: str, how: int, above: int) -> int:
    try:
        return os.open(name, how, dir_fd=above)
    except OSError as error:
        raise _Unreadable(error.strerror) from None


def _written(source: int, target: Path, most: int) -> int | None:
    """The size of a copied file; None, and no file, when there is more to it than `most` bytes.

    The size that the file had is not asked: its owner may still be writing it.
    """
    size = 0
    try:
        with target.open("xb") as writer:
            while part := _read(source, min(1 << 20, most + 1 - size)):
                size += writer.write(part)
    except _Unreadable:
        target.unlink()
        raise
    if size > most:
        target.unlink()
        return None
    return size


def _read(source: int, most: int) -> bytes:
    try:
        return os.read(source, most)
    except OSError as error:
        raise _Unreadable(error.strerror) from None
