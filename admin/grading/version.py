"""Which version of our code this is: results are kept by it, and the workers of a cluster have to have it."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from admin.course.layout import REPOSITORY
from admin.grading.trainer import recipe

KINDS = (".py", ".toml", ".txt")
"""of files that grading goes by: code, words, and the lock"""
FOLDERS = ("admin", "notebooks")
# Where copies of files lie that nobody imports
ASIDE = {"__pycache__", ".ipynb_checkpoints"}


def version(repository: Path = REPOSITORY) -> str:
    """Hash of our code and words, of Python's version, and of the libraries' that compute. Raises OSError."""
    digest = hashlib.sha256(recipe("answer"))
    digest.update("{}.{}".format(*sys.version_info).encode())
    for path in files(repository):
        content = path.read_bytes()
        name = path.relative_to(repository).as_posix()
        digest.update(f"{name} {len(content)}\0".encode() + content)
    return digest.hexdigest()


def files(repository: Path) -> list[Path]:
    """The files that count, in order."""
    found = [repository / "problem_unittests.py"]
    for top in FOLDERS:
        found += [
            path
            for path in (repository / top).rglob("*")
            if path.suffix in KINDS and path.is_file() and not ASIDE & set(path.parts)
        ]
    return sorted(found)
