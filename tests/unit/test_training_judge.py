"""Judges of trainings on plain answers made by hand: what comes in grading, and hardly ever at home."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest

from admin.mutation import known
from admin.mutation.by_hand import ByHand, by_hand
from checks.asking import grade_answer
from checks.task import TABLE, out_of, points
from checks.tasks import TASKS

ALL = [each for task in TABLE for each in by_hand(task)]


@pytest.mark.parametrize("given", ALL, ids=lambda each: f"{each.task}: {each.name}")
def test_a_plain_answer_gets_its_points_and_words(given: ByHand) -> None:
    """Does each get exactly its points, and is it told what is written beside it?"""
    findings = TASKS[given.task].judge([given.case], [given.answer])
    plain = known.plain(findings)
    keys = {key for finding in plain for key in finding[3]}
    assert (points(findings), given.key in keys) == (given.points, True), keys
    assert out_of(findings) == TABLE[given.task].points
    assert plain == known.recorded().get(f"{given.task}: {given.name}"), "python3 -m admin mutants --record"


@pytest.fixture(scope="module")
def saturated() -> dict[str, Any]:
    """A notebook of task 11 whose net is so sure, and so wrong, that many shares are below 1e-7."""
    names = known.notebooks().new_notebook("cifar_training")
    code = next(each.code for each in known.answers_to("cifar_training") if each.name == "the model answer")
    names = known.notebook_after("cifar_training", code, names)
    return names


def test_the_loss_that_evaluate_computes_of_a_saturated_net_is_right(saturated: dict[str, Any]) -> None:
    """Keras computes it from outputs before they are shares: is that accepted, though no share tells it?"""
    assert contextlib, io, np, grade_answer
