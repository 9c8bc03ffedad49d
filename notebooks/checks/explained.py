"""Judges a function by the rules that its numbers follow, where whole families of wrong answers are known.

A function that slides a window takes several decisions: what it computes, how far it steps, what it does at
the edge. Each has rules, the right one first. The combination of rules is looked for by which all that came
can be explained; so a mistake in one decision costs nothing in another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from checks.language import Sentence, say
from checks.plain import array_of, same
from checks.task import TABLE, Answer, Ask, Case, Finding, either, wrong
from checks.unusable import halved, kind_of_all, no_numbers, unanswered

RIGHT = ""
"""The name of the right rule of each decision; each other one is named by the key of what is said of it."""

_MOST_MISTAKES = 2  # at a time: with more of them, nearly anything could be explained
_TOLERANCE = 1e-3

Pair = tuple[Case, np.ndarray]


@dataclass(frozen=True)
class Decision:
    """What is decided, its points, its rules, and the key of what is said when no rule explains it.

    Cases that show it have its `part` in their truth.
    """

    part: str
    points: int
    rules: Mapping[str, Any]
    other: str


@dataclass(frozen=True)
class Family:
    """The decisions of a task's answers, and how its rules are used.

    `made` gives what comes of a case by one rule of each decision, and raises ValueError where nothing can.
    `stops` gives the key of why some cases have no numbers, if it knows.
    The last decision is about all cases: one that has no numbers costs its points.
    """

    task: str
    decisions: Sequence[Decision]
    made: Callable[[Ask, Sequence[str]], np.ndarray]
    stops: Callable[[Sequence[Case], Sequence[Answer]], str | None]

    def told(self, key: str) -> Sentence:
        """A sentence of the task."""
        return say(f"{self.task}.{key}")


def judged(family: Family, cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """A finding on each decision."""
    if nothing := no_numbers(family.task, answers):
        return nothing
    came = [(case, array_of(answer)) for case, answer in zip(cases, answers, strict=True)]
    pairs = [(case, array) for case, array in came if array is not None]
    if all(array.size == 1 for _, array in pairs):
        return [wrong("any.what_answer", TABLE[family.task].whole, family.told("one_number"))]
    flat = [(case, array.squeeze() if array.ndim > 2 else array) for case, array in pairs]
    mistakes = _mistakes(family, flat, cases, answers)
    if any(array.ndim > 2 for _, array in pairs):
        mistakes[-1] = mistakes[-1] or family.told("axis_too_many")
    findings = [
        either(f"{family.task}.what_{decision.part}", decision.points, mistake)
        for decision, mistake in zip(family.decisions, mistakes, strict=True)
    ]
    return halved("any.what_answer", kind_of_all(answers), findings)


def _mistakes(
    family: Family, pairs: Sequence[Pair], cases: Sequence[Case], answers: Sequence[Answer]
) -> list[Sentence | None]:
    """What is wrong in each decision."""
    if chosen := _explained(family, pairs):
        found = [family.told(rule) if rule else None for rule in chosen]
    else:
        found = _by_part(family, pairs)
    stops = family.stops(cases, answers)
    unheard = family.told(stops) if stops else unanswered(family.task, answers)
    for place, decision in enumerate(family.decisions):
        heard = any(case.truth["part"] == decision.part for case, _ in pairs)
        if not heard or decision is family.decisions[-1]:
            found[place] = found[place] or unheard
    return found


def _explained(family: Family, pairs: Sequence[Pair]) -> Sequence[str] | None:
    """The rules by which all answers come out, with the fewest mistakes; None if there are none."""
    return next((chosen for chosen in _combinations(family) if _explains(family, chosen, pairs)), None)


def _combinations(family: Family) -> Iterator[Sequence[str]]:
    def mistakes(chosen: Sequence[str]) -> int:
        return sum(rule != RIGHT for rule in chosen)

    every = product(*(decision.rules for decision in family.decisions))
    yield from sorted((chosen for chosen in every if mistakes(chosen) <= _MOST_MISTAKES), key=mistakes)


def _explains(family: Family, chosen: Sequence[str], pairs: Sequence[Pair]) -> bool:
    try:
        return all(same(array, family.made(case.ask, chosen), _TOLERANCE) for case, array in pairs)
    except ValueError:
        return False


def _by_part(family: Family, pairs: Sequence[Pair]) -> list[Sentence | None]:
    """Numbers that no rules explain: which decisions are right in the cases that show them.

    Where the first one is wrong, the others can't be told.
    """
    rights = [RIGHT] * len(family.decisions)

    def mistake(decision: Decision) -> Sentence | None:
        own = [pair for pair in pairs if pair[0].truth["part"] == decision.part]
        return None if _explains(family, rights, own) else family.told(decision.other)

    first, *others = family.decisions
    if wrong_first := mistake(first):
        return [wrong_first, *(family.told("look_first") for _ in others)]
    return [None, *map(mistake, others)]
