"""Task 9: CIFAR-10's images, normalised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from checks.language import say
from checks.pixels import PIXEL_TOLERANCE, misconception
from checks.plain import array_of, same, shown_shape
from checks.rows import answer_of_rows, cases_of_rows
from checks.task import TABLE, Answer, Case, Finding, right, wrong
from checks.unusable import stopped, wrong_kind

TASK = "cifar_images"

cases = cases_of_rows("cifar_train_images", "cifar_test_images")
answer = answer_of_rows("cifar_x_train", "cifar_x_test")


def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """A finding on each of the two arrays."""
    (case,), (answer,) = cases, answers
    if "error" in answer:
        return [wrong("cifar_images.what_images", TABLE[TASK].points, stopped(TASK, answer))]
    return [
        _array(f"cifar_x_{part}", case.truth[part], case.truth[f"{part} size"], answer)
        for part in ("train", "test")
    ]


def _array(name: str, images: np.ndarray, size: int, answer: Answer) -> Finding:
    array, shape = array_of(answer, name), answer.get(f"{name} shape")
    if array is None or shape is None:
        return wrong(name, 2, wrong_kind(str(answer.get(f"{name} kind"))))
    if shape != [size, *images.shape[1:]]:
        if shape[1:] == list(images.shape[1:]):
            return wrong(name, 2, say("cifar_images.other_size", name=name, came=shape[0], size=size))
        expected = shown_shape((size, *images.shape[1:]))
        came = shown_shape(shape)
        return wrong(name, 2, say("cifar_images.other_shape", name=name, shape=came, expected=expected))
    if same(array, images / 255, PIXEL_TOLERANCE) and array.dtype.kind == "f":
        return right(name, 2, say("cifar_images.right"))
    return wrong(name, 2, misconception([images], [array]))
