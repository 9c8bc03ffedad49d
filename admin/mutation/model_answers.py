"""Changes the model answers in one place at a time: does each that computes something else lose points?"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from admin.mutation import known
from admin.mutation.children import Ended, in_forks
from admin.mutation.places import Place, changed, places

SECONDS = 300.0
SEEDS = {True: (known.PRACTICE_SEED, 1), False: tuple(range(known.PRACTICE_SEED, known.PRACTICE_SEED + 20))}
"""Of the cases on which two answers are compared: few where asking is slow."""

LOSES, SAME, KEEPS = "loses points", "computes the same", "keeps all points"

# What of a plain answer says what was computed. The rest are names of layers, or the course of a training.
_NOT_COMPARED = frozenset(
    {"layers", "predictions", "score", "curves", "metrics", "model", "x_train dtype", "x_test dtype"}
)


def model_answer(task: str) -> str:
    from admin.course.answers import answer

    return answer(task, "the model answer").code


def changes_of(task: str) -> list[Place]:
    return places(model_answer(task), words=True)


def fates(task: str, workers: int) -> Iterator[tuple[Place, str]]:
    """Each change with what becomes of it: LOSES, SAME or KEEPS."""

    def do(place: Place) -> str:
        return fate(task, place)

    for place, came in in_forks(changes_of(task), do, workers, SECONDS):
        yield place, LOSES if isinstance(came, Ended) else came


def fate(task: str, place: Place) -> str:
    """What becomes of a changed model answer. Runs in a fork of its own."""
    import ast

    code = ast.unparse(changed(model_answer(task), place.number, words=True))
    try:
        names = made(task, code)
        if lost(task, names):
            return LOSES
    except Exception:  # it stops in the notebook, and its student sees that
        return LOSES
    if task == "cifar_training" or task.startswith("train_"):
        return KEEPS  # all that is chosen there is something else
    return SAME if same_answers(task, names, made(task, model_answer(task))) else KEEPS


def made(task: str, code: str) -> dict[str, Any]:
    return known.notebook_after(task, code, known.copied(known.notebook_before(task)))


def lost(task: str, names: Mapping[str, Any]) -> bool:
    """Whether a notebook gets less than all points, at home or on other cases."""
    table = importlib.import_module("checks.task")
    for seed in known.seeds_of(task):
        cases, found = known.cases_or_findings(task, names, seed, set())
        found = found or known.judged(task, cases, asked(task, names, cases))
        if sum(finding[1] for finding in found) < table.TABLE[task].whole:
            return True
    return False


def asked(task: str, names: Mapping[str, Any], cases: list[Any]) -> list[Any]:
    asking = importlib.import_module("checks.asking")
    with known.quiet():
        return [asking.answer(task, names, case.ask) for case in cases]


def same_answers(task: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether two notebooks compute the same on many cases, more than a check has."""
    for seed in SEEDS[task in known.SLOW]:
        cases, _ = known.cases_or_findings(task, known.base_data(), seed, set())
        both = zip(asked(task, ours, cases), asked(task, theirs, cases), strict=True)
        if not all(same(own, other) for own, other in both):
            return False
    return True


def same(ours: Any, theirs: Any) -> bool:
    """Whether two plain answers hold the same values."""
    if isinstance(theirs, np.ndarray):
        return (
            isinstance(ours, np.ndarray)
            and ours.shape == theirs.shape
            and bool(np.allclose(ours, theirs, atol=1e-6, equal_nan=True))
        )
    if isinstance(theirs, dict):
        compared = (theirs.keys() | ours.keys()) - _NOT_COMPARED if isinstance(ours, dict) else {""}
        return all(name in ours and name in theirs and same(ours[name], theirs[name]) for name in compared)
    if isinstance(theirs, float) and isinstance(ours, float):
        return bool(np.isclose(ours, theirs, atol=1e-6))
    return bool(ours == theirs)
