"""Wrong pixels: is each mistake told apart from what looks like it, and with the student's own numbers?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from checks.pixels import come_from_pixels, misconception
from checks.tasks.normalise_images import cases

PICTURES = [case.ask["images"] for case in cases(np.random.default_rng(3), {})]
BATCHES = [images for images in PICTURES if images.ndim > 2]

Change = Callable[[np.ndarray], np.ndarray]


def told(change: Change) -> tuple[str, dict[str, Any]]:
    """The key and the values of what is said when pictures are changed in this way."""
    said = misconception(PICTURES, [change(images.astype(float)) for images in PICTURES])
    return said.key, dict(said.values)


@pytest.mark.parametrize(
    ("change", "key", "values"),
    [
        (lambda x: x / 254, "pixels.divided_by", {"divisor": 254, "white": 255 / 254}),
        (lambda x: (x / 100).astype(np.float16), "pixels.divided_by", {"divisor": 100, "white": 2.55}),
        (lambda x: np.sqrt(x / 255), "pixels.curved", {"came": 0.2**0.5}),
        (lambda x: (x / 255) ** 3, "pixels.curved", {"came": 0.008}),
        (lambda x: np.round(x / 255, 1), "pixels.rounded", {"digits": 1}),
        (lambda x: x * 0 + 0.5, "pixels.constant", {"value": 0.5}),
        (lambda x: x * 2 + 1, "pixels.other_line", {"low": 1, "high": 511}),
    ],
)
def test_the_words_hold_what_the_student_computed(change: Change, key: str, values: dict[str, float]) -> None:
    """Is the divisor, the curve, the range that is quoted the one of the student's code?"""
    found, quoted = told(change)
    assert found == key
    assert quoted == pytest.approx(values, rel=2e-3)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: 3 + (x - x.mean()) / x.std(),
        lambda x: 3 * (x - x.mean()) / x.std(),
        lambda x: (x.mean() - x) / x.std(),
        lambda x: np.random.default_rng(0).normal(size=x.shape),
        lambda x: x / 255 + 0.1,
        lambda x: 0.5 * (1 - np.cos(np.pi * x / 255)),
        lambda x: np.where(x > 0, x / 255, 0.2),
        lambda x: x / 255 if len(x) > 2 else np.sort(x / 200, axis=None).reshape(x.shape),
    ],
    ids=["mean 3", "spread 3", "falling", "normal noise", "brighter", "a wave", "grey for black", "some"],
)
def test_what_only_looks_like_a_mistake_is_not_called_one(change: Change) -> None:
    """Are lines, curves and noise that are none of the known mistakes told that the values are others?"""
    assert told(change)[0] == "pixels.other_line"


def test_one_number_that_is_none_is_told() -> None:
    """Is NaN in one picture of many noticed, and is nothing else said of it?"""
    values = [images / 255 for images in BATCHES]
    values[0][0, 0, 0] = np.nan
    assert misconception(BATCHES, values).key == "pixels.not_finite"
    assert not come_from_pixels(BATCHES, values)


def test_one_batch_of_noise_is_no_computation() -> None:
    """Must all pictures be computed from their pixels, not only some, to have a part of the points?"""
    values = [np.log1p(images.astype(float)) / 6 for images in PICTURES]
    assert come_from_pixels(PICTURES, values)
    values[0] = np.random.default_rng(0).random(values[0].shape)
    assert not come_from_pixels(PICTURES, values)
