"""Task 3: labels (n,) → one-hot rows (n, number_classes)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from checks.language import Sentence, say
from checks.one_hot_rows import Triple, are_one_hot, filled, misplaced, tell_labels_apart
from checks.plain import array_of, called, shown_shape
from checks.task import Answer, Ask, Case, Finding, Given, either, right, wrong
from checks.unusable import halved, kind_of_all, no_numbers, unanswered

TASK = "one_hot"


def cases(rng: np.random.Generator, data: Given) -> list[Case]:
    """All classes in another order, absent classes at the ends and between, ten classes, a single label.

    Which classes occur where does not hang on chance, apart from those between: else a verdict would.
    """

    def labels(values: Any, classes: int, dtype: type = np.uint8) -> Case:
        return Case({"vector": np.asarray(values, dtype), "number_classes": classes})

    some = [int(label) for label in rng.permutation(range(1, 10))[:2]]
    return [
        labels([*rng.permutation(4), 2, 0], 4),
        labels([4, 1, *rng.permutation([1, 2, 2, 3, 4])], 8, np.int64),
        labels([10, 0, *rng.permutation([0, 10, 10, *some, *some])], 13),
        labels(rng.permutation([*range(10), *rng.integers(0, 10, 15)]), 10),
        labels([int(rng.integers(1, 3))], 5),
    ]


def answer(given: Given, ask: Ask) -> Answer:
    """What the function gives back for a copy of the labels."""
    return called(given[TASK], TASK, ask["vector"].copy(), ask["number_classes"])


def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """Findings on the entries, the shape, and the places of the 1s."""
    if nothing := no_numbers(TASK, answers):
        return nothing
    triples = [
        (case.ask["vector"].astype(int), case.ask["number_classes"], array)
        for case, answer in zip(cases, answers, strict=True)
        if (array := array_of(answer)) is not None
    ]
    findings = _findings(triples, unanswered(TASK, answers))
    return halved("one_hot.what_array", kind_of_all(answers), findings)


def _findings(triples: Sequence[Triple], unanswered: Sentence | None) -> list[Finding]:
    wrong_shape = next((s for v, k, a in triples if (s := _wrong_shape(v, k, a.shape))), None)
    if all(a.ndim == 2 and np.array_equal(a, np.eye(len(a))) for _, _, a in triples):
        wrong_shape = say("one_hot.identity")
    # Where the shapes are wrong throughout, the places are not judged: there is no row for each label.
    shaped = [(v, k, a) for v, k, a in triples if a.shape == (len(v), k)]
    placed = bool(shaped) and all(are_one_hot(v, a) for v, _, a in shaped)
    binary = all(np.isin(a, (0, 1)).all() and a.any() for _, _, a in triples)
    not_binary = say("one_hot.binary_after_places" if binary else "one_hot.not_binary")
    some_right = any(are_one_hot(v, a) and v.min() < v.max() for v, _, a in shaped)
    if not some_right and not all(tell_labels_apart(v, filled(a)) for v, _, a in shaped):
        # The shape alone is no part of the way: zeros have it, too.
        wrong_shape = wrong_shape or say("one_hot.shape_after_places")
    return [
        either("one_hot.what_binary", 2, None if placed and binary else not_binary),
        either("one_hot.what_shape", 3, wrong_shape),
        _places(shaped, placed, len(shaped) < len(triples), unanswered),
    ]


def _places(shaped: Sequence[Triple], placed: bool, some_lost: bool, unanswered: Sentence | None) -> Finding:
    what = "one_hot.what_places"
    if not shaped:
        return wrong(what, 5, say("one_hot.shape_first"))
    if not placed:
        gaps = all(are_one_hot(v, filled(a)) for v, _, a in shaped)
        return Finding(what, 2 if gaps else 0, 5, (misplaced(shaped),))
    if some_lost:
        return Finding(what, 2, 5, (say("one_hot.where_shape_right"),))
    if unanswered:
        return Finding(what, 2, 5, (unanswered, say("one_hot.some_labels")))
    return right(what, 5)


def _wrong_shape(vector: np.ndarray, classes: int, shape: tuple[int, ...]) -> Sentence | None:
    n, largest, present = len(vector), int(vector.max()), len(np.unique(vector))
    if shape == (n, classes):
        return None
    if shape in ((n, 1, classes), (n, classes, 1), (1, n, classes)):
        return say("one_hot.axis_too_many", shape=shown_shape(shape), n=n, classes=classes)
    if shape == (classes, n):
        return say("one_hot.transposed")
    if shape == (n, largest + 1):
        return say("one_hot.largest_plus_one")
    if shape == (n, present):
        return say("one_hot.only_present")
    if shape == (n, 10):
        return say("one_hot.always_ten")
    if shape == (n,):
        return say("one_hot.still_labels")
    if shape == (classes, classes):
        return say("one_hot.row_each_class")
    return say("one_hot.other_shape", shape=shown_shape(shape), n=n, classes=classes)
