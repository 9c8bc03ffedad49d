"""Task 2: (n, 28, 28) → (n, 28, 28, 1), for training and test images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from checks.language import Sentence, say
from checks.pixels import PIXEL_TOLERANCE
from checks.plain import array_of, same, shown_shape
from checks.rows import answer_of_rows, cases_of_rows, finding_of_rows
from checks.task import TABLE, Answer, Case, Finding, wrong
from checks.unusable import stopped

TASK = "channel_axis"

# The shape of a picture of the later tasks' data.
_COLOUR_PICTURE = [32, 32, 3]

cases = cases_of_rows("train_images", "test_images")
answer = answer_of_rows("x_train", "x_test", "train_pixels", "test_pixels")


def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """A finding on each of the two arrays."""
    (case,), (answer,) = cases, answers
    if "error" in answer:
        return [wrong("channel_axis.what_both", TABLE[TASK].points, stopped(TASK, answer))]
    return [_array("train", case, answer), _array("test", case, answer)]


def _array(part: str, case: Case, answer: Answer) -> Finding:
    images, size, source = case.truth[part], case.truth[f"{part} size"], f"{part}_pixels"
    height, width = images.shape[1:]

    def mistake(rows: np.ndarray, shape: list[int]) -> Sentence | None:
        if shape != [size, height, width, 1]:
            return _wrong_shape(f"x_{part}", shape, size, (height, width))
        return _wrong_pixels(rows, images, source, array_of(answer, f"{source} rows"))

    return finding_of_rows(
        f"x_{part}", answer, mistake, say("channel_axis.right", height=height, width=width)
    )


def _wrong_pixels(
    rows: np.ndarray, images: np.ndarray, source: str, pixels: np.ndarray | None
) -> Sentence | None:
    # A mistake in task 1 costs its points there: what counts here is that the pixels are the student's own.
    own = pixels is not None and pixels.size and pixels.max() > pixels.min()
    for right in (pixels if own else None, images / 255):
        if right is not None and same(rows, right[..., np.newaxis], PIXEL_TOLERANCE):
            return None
    if same(rows, images[..., np.newaxis], PIXEL_TOLERANCE):
        return say("channel_axis.not_normalised", source=source)
    return say("channel_axis.other_pixels", source=source)


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
    if list(shape[1:4]) == _COLOUR_PICTURE:
        return say("channel_axis.colour_pictures", came=came)
    if key := keys.get(tuple(shape)):
        return say(f"channel_axis.{key}", came=came)
    if list(shape[1:]) == [height, width, 1]:
        return say("channel_axis.other_size", came=came, count=shape[0], size=size)
    return say("channel_axis.expected", came=came, size=size, height=height, width=width)
