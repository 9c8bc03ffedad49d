"""Task 2: (n, 28, 28) → (n, 28, 28, 1), for training and test images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from checks.language import Sentence, say
from checks.pixels import PIXEL_TOLERANCE
from checks.plain import array_of, same, shown_shape
from checks.rows import answer_of_rows, cases_of_rows
from checks.task import TABLE, Answer, Case, Finding, right, wrong
from checks.unusable import stopped, wrong_kind

TASK = "channel_axis"

cases = cases_of_rows("train_images", "test_images")
answer = answer_of_rows("x_train", "x_test", "train_pixels", "test_pixels")


def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """A finding on each of the two arrays."""
    (case,), (answer,) = cases, answers
    if "error" in answer:
        return [wrong("channel_axis.what_both", TABLE[TASK].points, stopped(TASK, answer))]
    truth = case.truth
    return [
        _array("x_train", "train_pixels", truth["train"], truth["train size"], answer),
        _array("x_test", "test_pixels", truth["test"], truth["test size"], answer),
    ]


def _array(name: str, source: str, images: np.ndarray, size: int, answer: Answer) -> Finding:
    array, shape = array_of(answer, name), answer.get(f"{name} shape")
    wanted = [size, *images.shape[1:], 1]
    if array is None or shape is None:
        return wrong(name, 2, wrong_kind(str(answer.get(f"{name} kind"))))
    if shape != wanted:
        return wrong(name, 2, _wrong_shape(name, shape, size, images.shape[1:]))
    pixels = array_of(answer, source)
    # A mistake in task 1 costs its points there: what counts here is that the pixels are the student's own.
    follows = (
        pixels is not None
        and pixels.max() > pixels.min()
        and same(array, pixels[..., np.newaxis], PIXEL_TOLERANCE)
    )
    if follows or same(array, images[..., np.newaxis] / 255, PIXEL_TOLERANCE):
        return right(name, 2, say("channel_axis.right", height=shape[1], width=shape[2]))
    if same(array, images[..., np.newaxis], 0.5) and array.max() > 1:
        return wrong(name, 2, say("channel_axis.not_normalised", source=source))
    return wrong(name, 2, say("channel_axis.other_pixels", source=source))


def _wrong_shape(name: str, shape: Sequence[int], size: int, picture: Sequence[int]) -> Sentence:
    height, width = picture
    came = say("channel_axis.came", name=name, shape=shown_shape(shape))
    keys = {
        (size, height, width): "no_axis",
        (1, size, height, width): "axis_in_front",
        (size, 1, height, width): "channels_first",
        (size, height, width, 1, 1): "axis_too_many",
        (size, height, width, 3): "three_channels",
        (size, height * width): "flattened",
        (size, height * width, 1): "flattened",
    }
    if key := keys.get(tuple(shape)):
        return say(f"channel_axis.{key}", came=came)
    if len(shape) == 4 and list(shape[1:]) == [height, width, 1]:
        return say("channel_axis.other_size", came=came, count=shape[0], size=size)
    return say("channel_axis.expected", came=came, size=size, height=height, width=width)
