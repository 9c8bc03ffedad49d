"""Judges of trainings on plain answers made by hand: what comes in grading, and hardly ever at home."""

from __future__ import annotations

import pytest

from admin.mutation import known
from admin.mutation.by_hand import ByHand, by_hand
from checks.task import TABLE, out_of, points
from checks.tasks import TASKS

ALL = [each for task in TABLE for each in by_hand(task)]


@pytest.mark.parametrize("given", ALL, ids=lambda each: f"{each.task}: {each.name}")
def test_a_plain_answer_gets_its_points_and_words(given: ByHand) -> None:
    """Does each get exactly its points, and is it told what is written beside it?"""
    findings = TASKS[given.task].judge([given.case], [given.answer])
    keys = [key for finding in findings for key in finding.keys]
    assert points(findings) == given.points, keys
    assert out_of(findings) == TABLE[given.task].points
    plain = known.plain(findings)
    assert given.key in {key for finding in plain for key in finding[3]}
    assert plain == known.recorded().get(f"{given.task}: {given.name}"), "python3 -m admin mutants --record"
