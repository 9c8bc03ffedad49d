"""What grading depends on, and whether it has changed since a long-lived process has loaded it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from admin.course.layout import REPOSITORY

Stamp = tuple[str, int, int]


def stamps(course: Path) -> frozenset[Stamp]:
    """What grading depends on, and whether it has changed: path, time and size of each file."""
    folders = [(REPOSITORY / "admin", "*.py"), (REPOSITORY / "notebooks", "*.py")]
    folders += [(REPOSITORY / "notebooks" / "checks", "*.toml")]
    folders += [(course / "source", "*"), (course / "release", "*")]
    files = [REPOSITORY / "problem_unittests.py", course / "nbgrader_config.py"]
    files += [path for folder, pattern in folders for path in folder.rglob(pattern)]
    found = set()
    for path in files:
        with contextlib.suppress(OSError):
            status = path.stat()
            found.add((str(path), status.st_mtime_ns, status.st_size))
    return frozenset(found)
