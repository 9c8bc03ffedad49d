"""Task 8: CIFAR-10's labels of shape (n, 1) → one-hot rows (n, 10)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from checks.language import Sentence, say
from checks.one_hot_rows import misplaced, one_hot_rows
from checks.plain import array_of, shown_shape
from checks.rows import answer_of_rows, cases_of_rows
from checks.task import TABLE, Answer, Case, Finding, right, wrong
from checks.unusable import stopped, wrong_kind

TASK = "cifar_labels"

cases = cases_of_rows("cifar_train_labels", "cifar_test_labels", every_class=True)
answer = answer_of_rows("cifar_y_train", "cifar_y_test")


def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """A finding on each of the two arrays."""
    (case,), (answer,) = cases, answers
    if "error" in answer:
        return [wrong("cifar_labels.what_labels", TABLE[TASK].points, stopped(TASK, answer))]
    return [
        _array(f"cifar_y_{part}", case.truth[part].reshape(-1), case.truth[f"{part} size"], answer)
        for part in ("train", "test")
    ]


def _array(name: str, labels: np.ndarray, size: int, answer: Answer) -> Finding:
    array, shape = array_of(answer, name), answer.get(f"{name} shape")
    if array is None or shape is None:
        return wrong(name, 2, wrong_kind(str(answer.get(f"{name} kind"))))
    if shape == [size, 10]:
        if len(array) == len(labels) and np.array_equal(array, one_hot_rows(labels.astype(int), 10)):
            return right(name, 2, say("cifar_labels.right"))
        return wrong(name, 2, misplaced([(labels.astype(int), 10, array)]))
    return wrong(name, 2, _wrong_shape(name, shape, size))


def _wrong_shape(name: str, shape: Sequence[int], size: int) -> Sentence:
    came = say("cifar_labels.came", name=name, shape=shown_shape(shape))
    if shape in ([size, 1, 10], [size, 10, 1]):
        return say("cifar_labels.column", came=came)
    if shape in ([size, 1], [size]):
        return say("cifar_labels.still_labels", came=came)
    if shape == [10, size]:
        return say("cifar_labels.transposed", came=came)
    if shape[-1:] == [10] and len(shape) == 2:
        return say("cifar_labels.other_size", came=came, size=size)
    return say("cifar_labels.expected", came=came, size=size)
