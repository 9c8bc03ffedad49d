"""Task 9: CIFAR-10's images, normalised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from checks.language import Sentence, say
from checks.pixels import PIXEL_TOLERANCE, misconception
from checks.plain import same, shown_shape
from checks.rows import answer_of_rows, cases_of_rows, finding_of_rows
from checks.task import TABLE, Answer, Case, Finding, wrong
from checks.unusable import stopped

TASK = "cifar_images"

# The sides of a picture of the earlier tasks' data.
_DIGIT = [28, 28]

cases = cases_of_rows("cifar_train_images", "cifar_test_images")
answer = answer_of_rows("cifar_x_train", "cifar_x_test")


def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """A finding on each of the two arrays."""
    (case,), (answer,) = cases, answers
    if "error" in answer:
        return [wrong("cifar_images.what_images", TABLE[TASK].points, stopped(TASK, answer))]
    return [_array("train", case, answer), _array("test", case, answer)]


def _array(part: str, case: Case, answer: Answer) -> Finding:
    name, images, size = f"cifar_x_{part}", case.truth[part], case.truth[f"{part} size"]

    def mistake(rows: np.ndarray, shape: list[int]) -> Sentence | None:
        if shape != [size, *images.shape[1:]]:
            return _wrong_shape(name, shape, [size, *images.shape[1:]])
        is_right = same(rows, images / 255, PIXEL_TOLERANCE)
        return None if is_right else misconception([images], [rows])

    return finding_of_rows(name, answer, mistake, say("cifar_images.right"))


def _wrong_shape(name: str, shape: Sequence[int], expected: Sequence[int]) -> Sentence:
    if list(shape[1:3]) == _DIGIT:
        return say("cifar_images.digits", name=name, shape=shown_shape(shape))
    if shape[1:] == expected[1:]:
        return say("cifar_images.other_size", name=name, came=shape[0], size=expected[0])
    return say(
        "cifar_images.other_shape", name=name, shape=shown_shape(shape), expected=shown_shape(expected)
    )
