"""Trainings and results that were computed, kept in the course's folder by what they were made of.

It is memoisation and nothing else: grading gives the same with an empty folder, a full one, and without one.
The folder may be deleted at any time. Only this process writes there; no session sees it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from admin.sandbox import protocol

# Of what is free on its disk, a store may take a tenth, and this in any case. Trainings that nobody else has
# take 50 MB a submission: with 1 GB alone, a class of 24 of them was trained anew at each run.
LEAST_BYTES = 1 << 30
_BOUNDS = protocol.Bounds(array_bytes=1 << 30, arrays=1024, values=1 << 22, text_bytes=64 << 20)
_DIGEST = 32  # bytes of a file's beginning, the hash of the rest


class Kept:
    """A folder of values by key. What can't be read or written is as if it had never been kept."""

    def __init__(self, folder: Path, most_bytes: int | None = None) -> None:
        self.folder, self.most_bytes = folder, most_bytes

    def get(self, key: str) -> Any:
        """The value kept under a key, or None. A file that is damaged is removed."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        frame = memoryview(content)[_DIGEST:]
        if hashlib.sha256(frame).digest() == content[:_DIGEST]:
            with contextlib.suppress(protocol.ProtocolError, OSError):
                head, rest = frame[: protocol.HEAD.size], frame[protocol.HEAD.size :]
                text, _ = protocol.decode_head(bytes(head), _BOUNDS)
                value = protocol.decode(bytes(rest[:text]), rest[text:], _BOUNDS)
                os.utime(path)  # used just now: among the last to go
                return value
        path.unlink(missing_ok=True)
        return None

    def has(self, key: str) -> bool:
        """Whether there is something under this key, as far as its name tells."""
        return self._path(key).exists()

    def put(self, key: str, value: Any) -> None:
        """Keep a value, whole or not at all; what was not used for longest goes when there is too much."""
        with contextlib.suppress(OSError, protocol.ProtocolError):
            frame = protocol.encode(value, _BOUNDS)
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor, half = tempfile.mkstemp(prefix="half.", dir=self.folder)
            try:
                with open(descriptor, "wb") as file:
                    file.write(hashlib.sha256(frame).digest() + frame)
                os.replace(half, self._path(key))
            except OSError:
                Path(half).unlink(missing_ok=True)
                raise
            self._bound()

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.kept"

    def _bound(self) -> None:
        """Remove the oldest files until the rest fits, halves of a killed process among them."""
        files = []
        for path in self.folder.iterdir():
            with contextlib.suppress(OSError):
                status = path.stat()
                files.append((status.st_mtime_ns, status.st_size, path))
        size = sum(each for _, each, _ in files)
        most = self.most_bytes or max(LEAST_BYTES, (shutil.disk_usage(self.folder).free + size) // 10)
        for _, each, path in sorted(files):
            if size <= most:
                return
            path.unlink(missing_ok=True)
            size -= each
