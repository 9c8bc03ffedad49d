"""One-hot rows, tasks 3 and 8: what they are, and the misconceptions behind 1s in other places.

Rows are judged by rules and never compared with right ones: no function here makes them, since all of this is
at hand where students' code runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from checks.language import Sentence, say

Triple = tuple[np.ndarray, int, np.ndarray]
"""Labels, the number of classes, and the rows that came."""


def are_one_hot(labels: np.ndarray, rows: np.ndarray) -> bool:
    """Whether each row holds a 1 at the place of its label, and zeros elsewhere."""
    return _only_ones_at(labels, rows)


def tell_labels_apart(labels: np.ndarray, rows: np.ndarray) -> bool:
    """Whether rows of 0 and 1 were computed from the labels: the same for the same label, else another.

    So it is where each 1 is one place too far, and with zeros and ones swapped; not with constants, noise, or
    the rows of an identity matrix.
    """
    same_rows, same_labels = (rows[:, np.newaxis] == rows).all(axis=2), labels[:, np.newaxis] == labels
    return bool(np.isin(rows, (0, 1)).all()) and np.array_equal(same_rows, same_labels)


def misplaced(triples: Sequence[Triple]) -> Sentence:
    """What to say of wrong rows of the right shape."""

    def ones_at(place: Callable[[np.ndarray, int], np.ndarray]) -> bool:
        return all(_only_ones_at(place(v, k), a) for v, k, a in triples)

    def moved(by: int) -> bool:
        # Over the edge they come in again at the other side, or are lost.
        return ones_at(lambda v, k: (v + by) % k) or ones_at(lambda v, k: v + by)

    if all(not a.any() for _, _, a in triples):
        return say("one_hot.all_zero")
    if all(are_one_hot(v, filled(a)) for v, _, a in triples):
        return say("one_hot.gaps")
    if moved(-1):
        return say("one_hot.one_before")
    if moved(1):
        return say("one_hot.one_after")
    if ones_at(lambda v, k: k - 1 - v):
        return say("one_hot.reversed")
    if all(are_one_hot(v, 1 - a.astype(np.float64)) for v, _, a in triples):
        return say("one_hot.swapped")
    if any(not np.isin(a, (0, 1)).all() for _, _, a in triples):
        return say("one_hot.other_numbers")
    if any((a.sum(axis=1) != 1).any() for _, _, a in triples):
        return say("one_hot.not_one_each")
    return say("one_hot.other_places")


def filled(rows: np.ndarray) -> np.ndarray:
    """The rows with 0 in the place of NaN."""
    return np.where(np.isnan(rows), 0, rows)


def _only_ones_at(places: np.ndarray, rows: np.ndarray) -> bool:
    """Whether row i holds a 1 at place i of these and zeros elsewhere; zeros alone if there is none."""
    inside = np.flatnonzero((places >= 0) & (places < rows.shape[1]))
    ones = rows[inside, places[inside]]
    return bool(np.all(ones == 1)) and np.count_nonzero(rows) == len(inside)
