"""Task 8: CIFAR-10's labels of shape (n, 1) → one-hot rows (n, 10)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from checks.language import Sentence, say
from checks.one_hot_rows import are_one_hot, misplaced
from checks.plain import shown_shape
from checks.rows import answer_of_rows, cases_of_rows, finding_of_rows
from checks.task import TABLE, Answer, Case, Finding, wrong
from checks.unusable import stopped

TASK = "cifar_labels"

cases = cases_of_rows("cifar_train_labels", "cifar_test_labels", every_class=True)
answer = answer_of_rows("cifar_y_train", "cifar_y_test")


def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """A finding on each of the two arrays."""
    (case,), (answer,) = cases, answers
    if "error" in answer:
        return [wrong("cifar_labels.what_labels", TABLE[TASK].points, stopped(TASK, answer))]
    return [_array("train", case, answer), _array("test", case, answer)]


def _array(part: str, case: Case, answer: Answer) -> Finding:
    labels, size = case.truth[part].ravel().astype(int), case.truth[f"{part} size"]

    def mistake(rows: np.ndarray, shape: list[int]) -> Sentence | None:
        if shape != [size, 10] or rows.shape != (len(labels), 10):
            return _wrong_shape(f"cifar_y_{part}", shape, size)
        return None if are_one_hot(labels, rows) else misplaced([(labels, 10, rows)])

    return finding_of_rows(f"cifar_y_{part}", answer, mistake, say("cifar_labels.right"))


def _wrong_shape(name: str, shape: Sequence[int], size: int) -> Sentence:
    came = say("cifar_labels.came", name=name, shape=shown_shape(shape))
    if shape in ([size, 1, 10], [size, 10, 1]):
        return say("cifar_labels.column", came=came)
    if shape in ([size, 1], [size]):
        return say("cifar_labels.still_labels", came=came)
    if shape == [10, size]:
        return say("cifar_labels.transposed", came=came)
    if shape[1:] == [10]:
        return say("cifar_labels.other_size", came=came, size=size)
    return say("cifar_labels.expected", came=came, size=size)
