"""Folders that somebody else filled: listed, hashed and copied without a link followed or a pipe waited for.

Only names and sizes are looked at first, up to bounds; then only regular files are opened. This is the one
place where folders and files are hashed to see whether they have changed.

Three modules walk through folders, each for a need of its own. This one refuses a folder that goes beyond its
bounds as a whole. clean_copy.py takes what may be taken from somebody who may change it meanwhile, and names
the rest. sandbox/files.py packs what a session gets, silently without the rest; the sandbox imports nothing
from here, so that it can be read by itself.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from admin.exchange.clean_copy import is_clean
from admin.text import printable
from checks.language import say

PART = 1 << 20


@dataclass(frozen=True)
class Bounds:
    """What a folder may hold: bytes of its files together, entries, and folders in one another."""

    bytes: int
    entries: int
    depth: int = 24


@dataclass(frozen=True)
class Entry:
    """What a folder has under one name. `kind` is file, folder, link or other (a pipe, socket, device)."""

    parts: tuple[str, ...]
    kind: str
    size: int
    changed: int
    """nanoseconds since 1970"""

    @property
    def name(self) -> str:
        """Its path below the folder, fit for a sentence."""
        return printable("/".join(self.parts))

    @property
    def clean(self) -> bool:
        """True when each of its names can be written and shown."""
        return all(map(is_clean, self.parts))


OUR_OWN = Bounds(1 << 40, 1_000_000)
"""For folders of the course and of the repository: no bounds to speak of."""


class TooMuch(Exception):
    """A folder beyond its bounds. Its Sentence is a clause that says what there is too much of."""


def listed(folder: Path, bounds: Bounds, ignore: Sequence[str] = ()) -> list[Entry]:
    """All that is below a folder, in the order of names; what matches `ignore` is not looked into.

    Raises TooMuch, and OSError for what cannot be read or is no folder (a link to one is none).
    """
    found: list[Entry] = []
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _list(descriptor, (), bounds, ignore, found)
    finally:
        os.close(descriptor)
    size = sum(entry.size for entry in found if entry.kind == "file")
    if size > bounds.bytes:
        raise TooMuch(say("submission.many_bytes", megabytes=size / 1e6, bound=bounds.bytes / 1e6))
    return sorted(found, key=lambda entry: entry.parts)


def _list(
    descriptor: int, above: tuple[str, ...], bounds: Bounds, ignore: Sequence[str], found: list[Entry]
) -> None:
    with os.scandir(descriptor) as entries:
        for entry in entries:
            if any(fnmatch.fnmatch(entry.name, pattern) for pattern in ignore):
                continue
            if len(found) >= bounds.entries:
                raise TooMuch(say("submission.many_entries", bound=bounds.entries))
            status = entry.stat(follow_symlinks=False)
            kind = kind_of(status.st_mode)
            found.append(Entry((*above, entry.name), kind, status.st_size, status.st_mtime_ns))
            if kind != "folder":
                continue
            if len(above) + 1 >= bounds.depth:
                raise TooMuch(say("submission.deep_folders", bound=bounds.depth))
            inner = os.open(
                entry.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=descriptor
            )
            try:
                _list(inner, (*above, entry.name), bounds, ignore, found)
            finally:
                os.close(inner)


def kind_of(mode: int) -> str:
    """The `kind` of an Entry, from its mode."""
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"


def content(folder: Path, entry: Entry) -> Iterator[bytes]:
    """The bytes of a file, in parts. Raises OSError, also when it is no longer the file that was listed."""
    path = folder.joinpath(*entry.parts)
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, say("submission.no_file_any_more"), str(path))
        left = entry.size
        while part := file.read(min(PART, left + 1)):
            left -= len(part)
            if left < 0:
                raise OSError(0, say("submission.changes_while_read"), str(path))
            yield part


def hashed(folder: Path, entries: Sequence[Entry]) -> str:
    """SHA-256 of names, kinds and bytes; a link counts as its own text. Raises OSError."""
    digest = hashlib.sha256()
    for entry in entries:
        name = "/".join(entry.parts).encode(errors="surrogateescape")
        digest.update(b"%s %d " % (entry.kind.encode(), len(name)) + name)
        if entry.kind == "link":
            text = os.fsencode(os.readlink(folder.joinpath(*entry.parts)))
            digest.update(b"%d " % len(text) + text)
        elif entry.kind == "file":
            digest.update(b"%d " % entry.size)
            for part in content(folder, entry):
                digest.update(part)
    return digest.hexdigest()


def fingerprint(folder: Path, ignore: Sequence[str] = ()) -> str:
    """Hash of what is in a folder of our own and does not match `ignore`. Raises OSError and TooMuch."""
    return hashed(folder, listed(folder, OUR_OWN, ignore))


def fingerprint_of_file(path: Path) -> str:
    """Hash of a file, empty when there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
