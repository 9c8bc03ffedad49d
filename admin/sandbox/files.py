"""What goes into a sandbox: folders' regular files, packed.

What is left out is left out silently: a submission's copy has been made by exchange/ and grading/, which name
what they leave out. Nothing is imported from there, so that the sandbox can be read by itself.
"""

from __future__ import annotations

import fnmatch
import mmap
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from admin.sandbox.limits import BadSubmission, Limits
from checks.language import say

MAX_DEPTH = 64  # folders within folders; what lies deeper is left out
SPARE = 0.9  # of the number of files: a session makes some of its own


@dataclass(frozen=True)
class Packed:
    """Names, sizes and times of files, and their bytes one after the other.

    A name is bytes, of no certain encoding (those in old Windows archives): each byte is the character of its
    number here, so that all names can be said in JSON.
    """

    names: tuple[tuple[str, int, int], ...]
    data: bytes


def packed(folders: Sequence[Path], limits: Limits, ignore: Sequence[str] = ()) -> Packed:
    """The folders' regular files. Links, devices, pipes and sockets are left out. Raises BadSubmission.

    Where two folders do not go together, the later one's is taken: its file lies over a file and over a
    folder of that name, and its folder over a file.
    """
    most = int(limits.files * SPARE)
    files: dict[PurePosixPath, Path] = {}
    for folder in folders:
        later: dict[PurePosixPath, Path] = {}
        for name, path in _regular(folder, ignore, most):
            later[name] = path
        above = _folders_of(later)
        files = {
            name: path
            for name, path in files.items()
            if name not in above and not any(parent in later for parent in name.parents)
        } | later
    if len(files) + len(_folders_of(files)) > most:
        raise _too_many(most)
    names, parts, weight = [], [], 0
    for name, path in sorted(files.items()):
        found = _content(path, limits.disk_bytes - weight)
        if found is None:
            continue
        data, modified = found
        weight += -(-len(data) // mmap.PAGESIZE) * mmap.PAGESIZE  # a file fills whole pages there
        if weight > limits.disk_bytes:
            raise _too_large(limits)
        names.append((os.fsencode(name).decode("latin-1"), len(data), modified))
        parts.append(data)
    return Packed(tuple(names), b"".join(parts))


def _content(path: Path, room: int) -> tuple[bytes, int] | None:
    """A regular file's bytes, at most one more than there is room for, and its time; None if there is none.

    It may be a student's: no link is followed and no pipe waited for.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return None
        try:
            return file.read(max(room, 0) + 1), max(0, min(int(found.st_mtime), 1 << 32))
        except OSError:
            return None


def _folders_of(files: dict[PurePosixPath, Path]) -> set[PurePosixPath]:
    return {parent for name in files for parent in name.parents} - {PurePosixPath()}


def _too_many(most: int) -> BadSubmission:
    return BadSubmission(say("sandbox.too_many_files", most=most))


def _too_large(limits: Limits) -> BadSubmission:
    return BadSubmission(say("sandbox.too_large", megabytes=limits.disk_bytes / 1e6))


def _regular(folder: Path, ignore: Sequence[str], most: int) -> Iterator[tuple[PurePosixPath, Path]]:
    """Names below the folder and paths of its regular files. Without recursion, which has an end."""

    def ignored(name: str) -> bool:
        return any(fnmatch.fnmatch(name, pattern) for pattern in ignore)

    waiting = [(PurePosixPath(), folder)]
    seen = 0
    while waiting:
        place, path = waiting.pop()
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if ignored(entry.name):
                        continue
                    seen += 1
                    if seen > most:
                        raise _too_many(most)
                    if entry.is_dir(follow_symlinks=False):
                        if len(place.parts) < MAX_DEPTH:
                            waiting.append((place / entry.name, path / entry.name))
                    elif entry.is_file(follow_symlinks=False):
                        yield place / entry.name, path / entry.name
        except OSError:  # it may not be read, or has gone
            continue
