"""One-hot rows, tasks 3 and 8: what they are, and the misconceptions behind 1s in other places."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from checks.language import Sentence, say


def one_hot_rows(labels: np.ndarray, classes: int) -> np.ndarray:
    """A row for each label (n,) with a 1.0 in its column: (n, classes), float64."""
    return (labels[:, np.newaxis] == np.arange(classes)).astype(np.float64)


def tell_labels_apart(labels: np.ndarray, rows: np.ndarray) -> bool:
    """Whether rows of 0 and 1 were computed from the labels: the same for the same label, else another.

    So it is where each 1 is one place too far, and with zeros and ones swapped; not with constants, noise, or
    the rows of an identity matrix.
    """
    if not np.isin(rows, (0, 1)).all():
        return False
    return bool(np.array_equal((rows[:, np.newaxis] == rows).all(axis=2), labels[:, np.newaxis] == labels))


def misplaced(triples: Sequence[tuple[np.ndarray, int, np.ndarray]]) -> Sentence:
    """What to say of wrong rows of the right shape; a triple is labels, number of classes, what came."""

    def all_are(expected: Callable[[np.ndarray, int], np.ndarray]) -> bool:
        return all(np.array_equal(a, expected(v, k)) for v, k, a in triples)

    def moved(by: int) -> bool:
        return all_are(lambda v, k: np.roll(one_hot_rows(v, k), by, axis=1)) or all_are(
            lambda v, k: _shifted(v, k, by)
        )

    if all(not a.any() for _, _, a in triples):
        return say("one_hot.all_zero")
    if moved(-1):
        return say("one_hot.one_before")
    if moved(1):
        return say("one_hot.one_after")
    if all_are(lambda v, k: one_hot_rows(v, k)[:, ::-1]):
        return say("one_hot.reversed")
    if all_are(lambda v, k: 1 - one_hot_rows(v, k)):
        return say("one_hot.swapped")
    if any(not np.isin(a, (0, 1)).all() for _, _, a in triples):
        return say("one_hot.other_numbers")
    if any((a.sum(axis=1) != 1).any() for _, _, a in triples):
        return say("one_hot.not_one_each")
    return say("one_hot.other_places")


def _shifted(labels: np.ndarray, classes: int, by: int) -> np.ndarray:
    """One-hot rows moved by one place without wrapping round: what falls off the edge is lost."""
    return (labels[:, np.newaxis] + by == np.arange(classes)).astype(np.float64)
