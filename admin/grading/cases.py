"""What the secret cases of a submission are drawn from: the course's secret, what was handed in, the data."""

from __future__ import annotations

import contextlib
import functools
import hmac
import importlib.util
import io
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from admin.exchange.folder import fingerprint


def secret_of(course: Path) -> bytes:
    """The course's secret, made when there is none. Who has it can foresee the cases."""
    path = course / "grading" / "secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        with contextlib.suppress(FileNotFoundError):
            secret = path.read_bytes()
            if len(secret) >= 32:
                return secret
        # Written beside it and linked into place: of two that start at once, both get the same, whole one.
        descriptor, half = tempfile.mkstemp(prefix="secret.", dir=path.parent)  # readable by its owner alone
        with open(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
        with contextlib.suppress(FileExistsError):
            os.link(half, path)
        os.unlink(half)
    return path.read_bytes()


def content_of(folder: Path) -> bytes:
    """Hash of what was handed in, by its copy: other files, other cases."""
    return bytes.fromhex(fingerprint(folder))


def seed_of(secret: bytes, student: str, content: bytes, task: str) -> int:
    """The same for the same submission, so a regrade asks the same; not to be foreseen without the secret."""
    text = b"\0".join((student.encode(errors="surrogateescape"), content.hex().encode(), task.encode()))
    return int.from_bytes(hmac.digest(secret, text, "sha256"), "big")


def data_of(source: Path) -> dict[str, np.ndarray]:
    """The notebook's data as a session loads them, by the course's own tools.py and the notebook's names."""
    changed = tuple(path.stat().st_mtime_ns for path in sorted(source.rglob("*")))
    return _data_of(source, changed)


@functools.lru_cache(maxsize=4)
def _data_of(source: Path, changed: tuple[int, ...]) -> dict[str, np.ndarray]:
    spec = importlib.util.spec_from_file_location("_course_tools", source / "tools.py")
    assert spec is not None
    assert spec.loader is not None
    tools = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = tools
    # Imported while grading, tools.py would bound the training of Keras, and import it for that. It is not
    # wanted here; but the data are those of a session, which is grading.
    # And without a __pycache__ in the source folder, by which all submissions would be graded again.
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with setting("NBGRADER_EXECUTION", None):
            spec.loader.exec_module(tools)
    finally:
        sys.dont_write_bytecode = written
    data: dict[str, np.ndarray] = {}
    with setting("NBGRADER_EXECUTION", "autograde"), contextlib.redirect_stdout(io.StringIO()):
        for name, prefix in (("mnist", ""), ("cifar10", "cifar_")):
            train, test = tools.load(SimpleNamespace(__name__=name))
            for part, (images, labels) in (("train", train), ("test", test)):
                data |= {f"{prefix}{part}_images": images, f"{prefix}{part}_labels": labels}
    return data


@contextlib.contextmanager
def setting(name: str, value: str | None) -> Iterator[None]:
    """An environment variable, for a while."""
    before = os.environ.pop(name, None)
    if value is not None:
        os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before
