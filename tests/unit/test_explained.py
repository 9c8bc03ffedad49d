"""How wrong numbers are explained: by the fewest mistakes, and the odd array costs what it should."""

from __future__ import annotations

import numpy as np

from checks.explained import RIGHT, Decision, Family, judged
from checks.plain import plain
from checks.task import Case

NUMBERS = np.arange(6.0).reshape(2, 3)
CASES = [
    Case({"numbers": NUMBERS + add}, {"part": part}) for add, part in enumerate(("sums", "stride", "size"))
]
RULES = {"flipped": 1, "mirrored": 5}, {"map_turned": 4, "stride_ignored": 3}, {"one_short": 2}
"""The wrong rules of each decision, and what they add to all numbers."""


def made(ask, rules):
    added = sum(adding[rule] for adding, rule in zip(RULES, rules, strict=True) if rule != RIGHT)
    return ask["numbers"] + added


FAMILY = Family(
    "convolve",
    tuple(
        Decision(part, points, dict.fromkeys((RIGHT, *rules)), f"other_{part}")
        for part, points, rules in zip(("sums", "stride", "size"), (4, 2, 4), RULES, strict=True)
    ),
    made,
    lambda cases, answers: None,
)


def keys(arrays):
    """The keys of what is said of these arrays, finding by finding."""
    answers = [plain(np.asarray(array)) for array in arrays]
    return [list(finding.keys) for finding in judged(FAMILY, CASES, answers)]


def came(add):
    return [case.ask["numbers"] + add for case in CASES]


def test_one_mistake_is_told_rather_than_two():
    """Both a mistake in the first decision and two in the others explain these numbers: is one told?"""
    assert keys(came(5)) == [["convolve.mirrored"], [], []]
    assert keys(came(7)) == [["convolve.mirrored"], [], ["convolve.one_short"]]


def test_an_axis_too_many_in_one_array_costs_the_last_decision():
    """Is it told where a single array has it, behind what was told before, and in no other place?"""
    right = came(0)
    assert keys(right) == [[], [], []]
    assert keys([right[0], right[1][None], right[2]]) == [[], [], ["convolve.axis_too_many"]]
    others = came(5)
    assert keys([others[0], others[1][None], others[2]]) == [
        ["convolve.mirrored"],
        [],
        ["convolve.axis_too_many"],
    ]


def test_a_single_number_is_told_where_nothing_else_came():
    """One number for one case alone is a wrong number there, and no reason to look at nothing else."""
    assert keys([[7.0]] * 3) == [["convolve.one_number"]]
    assert keys([*came(0)[:2], [7.0]]) == [[], [], ["convolve.other_size"]]
