"""What the secret cases of a submission are drawn from: the course's secret, what is run, and the data.

A net that is asked outside the student's session is asked what follows from the secret and the net, and not
from the submission: the same net of two students answers the same, once. No session of a student's sees those
pictures and weights. Their shapes, and the notebook's pictures that they are made of, it does see; these come
in a few draws.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from nbformat import NotebookNode

from admin.exchange.collect import OF_THE_EXCHANGE
from admin.exchange.folder import OUR_OWN, hashed, listed
from checks.task import Case
from checks.tasks import TASKS
from tools.data import QUICK_SIZES, offline

DRAWS = 2
"""Of the shapes that a net is asked for, and of the pictures. Which one it is follows from the submission."""


@dataclass(frozen=True)
class Seeds:
    """Numbers by task. Who has them can foresee the cases, of this submission and of its nets."""

    of_work: Mapping[str, int]
    """from the secret and what is run"""
    of_course: Mapping[str, int]
    """from the secret alone"""

    def cases(self, task: str, source: Path) -> Sequence[Case]:
        """What a submission is asked; of a net, what it is told by. See `of_session` and `of_net`."""
        if TASKS[task].redrawn:
            return _draw(task, self.of_course[task], self.of_work[task] % DRAWS, source, _changed(source))
        return TASKS[task].cases(np.random.default_rng(self.of_work[task]), data_of(source))

    def of_session(self, task: str, case: Case) -> Case:
        """The case for a net that answers in its own session: with numbers of this submission."""
        return _redrawn(task, case, self.of_work[task], str(case.ask.get("sample_shape")))

    def of_net(self, task: str, case: Case, net: str) -> Case:
        """The case for a net that answers in a clean session: with numbers that follow from it (its hash)."""
        return _redrawn(task, case, self.of_course[task], net)


# Many submissions have the same nets, and moving pictures takes longer than finding what a net answers.
@functools.lru_cache(maxsize=64)
def _redrawn(task: str, case: Case, seed: int, what: str) -> Case:
    again = TASKS[task].redrawn
    return again(_rng(seed, what), case) if again else case


# There are few, and drawing pictures takes longer than judging what is said of them.
@functools.lru_cache(maxsize=32)
def _draw(task: str, seed: int, draw: int, source: Path, changed: tuple[int, ...]) -> Sequence[Case]:
    return TASKS[task].cases(_rng(seed, f"draw {draw}"), data_of(source))


def _rng(seed: int, what: str) -> np.random.Generator:
    """What it draws can't be foreseen without the seed."""
    key = seed.to_bytes(32, "big")
    return np.random.default_rng(int.from_bytes(hmac.digest(key, what.encode(), "sha256"), "big"))


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


def content_of(nb: NotebookNode, copy: Path, release: Path) -> bytes:
    """Hash of what is run: the code of a repaired notebook, and the files of its copy that stay a student's.

    Who handed it in, when, and under which name in which folder, is no part of it, nor what the exchange
    puts beside it: a session has none of that (`Worker.session`). A file by the name of a released one is
    none either: in a session the released one takes its place.
    """
    code = [cell.source for cell in nb.cells if cell.cell_type == "code"]
    files = [
        entry
        for entry in listed(copy, OUR_OWN)
        if entry.kind == "file"
        and not set(entry.parts) & set(OF_THE_EXCHANGE)
        and not release.joinpath(*entry.parts).is_file()
    ]
    return hashlib.sha256(json.dumps([code, hashed(copy, files)]).encode()).digest()


def seed_of(secret: bytes, content: bytes, task: str) -> int:
    """The same for the same work, whoever handed it in; not to be foreseen without the secret."""
    text = b"\0".join((content.hex().encode(), task.encode()))
    return int.from_bytes(hmac.digest(secret, text, "sha256"), "big")


def seeds_of(secret: bytes, content: bytes) -> Seeds:
    """Of a submission whose content has this hash."""
    return Seeds(
        {task: seed_of(secret, content, task) for task in TASKS},
        {task: seed_of(secret, b"", task) for task in TASKS},
    )


def data_of(source: Path) -> dict[str, np.ndarray]:
    """The pictures and labels that a session loads from the course's own data, by the notebook's names."""
    return _data_of(source / "data", _changed(source))


def _changed(source: Path) -> tuple[int, ...]:
    """When each file of the course's own data was changed."""
    return tuple(path.stat().st_mtime_ns for path in sorted((source / "data").rglob("*")))


# Each check of each submission asks for them, and drawing the colour pictures takes longer than judging.
@functools.lru_cache(maxsize=4)
def _data_of(folder: Path, changed: tuple[int, ...]) -> dict[str, np.ndarray]:
    data: dict[str, np.ndarray] = {}
    for name, prefix in (("mnist", ""), ("cifar10", "cifar_")):
        for part, split in zip(("train", "test"), offline(name, QUICK_SIZES[name], folder), strict=True):
            data[f"{prefix}{part}_images"], data[f"{prefix}{part}_labels"] = split
    return data
