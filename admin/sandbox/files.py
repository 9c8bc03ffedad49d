"""What goes into a sandbox: folders' regular files, packed."""

from __future__ import annotations

import fnmatch
import io
import os
import stat
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from admin.sandbox.limits import Limits, SandboxError


def packed(folders: Sequence[Path], limits: Limits, ignore: Sequence[str] = ()) -> bytes:
    """The folders' regular files as a tar. Links, devices and pipes are left out. Raises SandboxError."""
    target = io.BytesIO()
    size = 0
    files = {path.relative_to(folder): path for folder in folders for path in _regular(folder, ignore)}
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, path in sorted(files.items()):
            try:
                # A student's folder is looked at: no link is followed and no pipe waited for.
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError:
                continue
            with open(descriptor, "rb") as file:
                found = os.fstat(descriptor)
                if not stat.S_ISREG(found.st_mode):
                    continue
                data = file.read(limits.disk_bytes - size + 1)
                size += len(data)
                if size > limits.disk_bytes:
                    raise SandboxError(f"the folder is larger than {limits.disk_bytes:,} bytes")
                entry = tarfile.TarInfo(str(name))
                entry.size, entry.mode, entry.mtime = len(data), 0o600, int(found.st_mtime)
                archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


def _regular(folder: Path, ignore: Sequence[str]) -> Iterator[Path]:
    def ignored(name: str) -> bool:
        return any(fnmatch.fnmatch(name, pattern) for pattern in ignore)

    for root, folders, names in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if not ignored(name)]
        for name in names:
            path = Path(root, name)
            if not ignored(name) and not path.is_symlink():
                yield path
