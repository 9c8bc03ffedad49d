"""Verdicts on functions and arrays: are they the same for whatever cases the grader draws?"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Sequence

import numpy as np
import pytest

import problem_unittests as tests
from admin.course.answers import ANSWERS, Answer
from tests.unit.test_answers import new_notebook

SEEDS = 30
TASKS = (
    "normalise_images",
    "channel_axis",
    "one_hot",
    "convolve",
    "max_pool",
    "cifar_labels",
    "cifar_images",
)

Verdict = tuple[tuple[str, float, Sequence[str]], ...]


def verdicts(given: Answer) -> set[Verdict]:
    """What is found of an answer, with other cases each time: all that was looked at, points, and keys."""
    names = new_notebook(given.task)
    found = set()
    quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    with quiet[0], quiet[1], warnings.catch_warnings(action="ignore"):
        exec(given.code, names)
        for seed in range(SEEDS):
            findings = tests.grade_answer(given.task, names, rng=np.random.default_rng(seed))
            found.add(tuple((finding.what, finding.points, finding.keys) for finding in findings))
    return found


@pytest.mark.parametrize(
    "given", [a for a in ANSWERS if a.task in TASKS], ids=lambda given: f"{given.task}: {given.name}"
)
def test_a_verdict_is_the_same_for_every_seed(given: Answer) -> None:
    """Does each known answer get the same points and the same words, whatever is drawn?"""
    (verdict,) = verdicts(given)
    assert sum(points for _, points, _ in verdict) == given.points
