"""Normalised images, tasks 1 and 9: the misconceptions behind wrong values, told by what they compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from checks.language import Sentence, say
from checks.plain import same

# float16 errs by 0.00024 at most near 1, rounding to three decimals by 0.0005 at most: the bound is between
# them.
PIXEL_TOLERANCE = 3e-4
# From the lowest to the highest value of standardised pictures it is seldom more than 5; of bare pixels, 255.
_WIDEST = 8


@dataclass(frozen=True)
class Misconception:
    """What somebody computes who has it, for 8-bit pictures as float64, and what to say to them."""

    compute: Callable[[np.ndarray], np.ndarray]
    sentence: Sentence


def _per_picture(images: np.ndarray, reduce: Callable[..., np.ndarray]) -> np.ndarray:
    return reduce(images, axis=tuple(range(1, images.ndim)) or None, keepdims=True)


def _min_max(images: np.ndarray, low: Any, high: Any) -> np.ndarray:
    return (images - low) / np.maximum(high - low, 1e-9)


def _rounded(digits: int) -> Misconception:
    return Misconception(lambda x: np.round(x / 255, digits), say("pixels.rounded", digits=digits))


_MISCONCEPTIONS = (
    Misconception(lambda x: x, say("pixels.unchanged")),
    Misconception(lambda x: x / max(x.max(), 1), say("pixels.by_maximum")),
    Misconception(lambda x: x / np.maximum(_per_picture(x, np.max), 1), say("pixels.by_own_maximum")),
    Misconception(lambda x: _min_max(x, x.min(), x.max()), say("pixels.min_max")),
    Misconception(
        lambda x: _min_max(x, _per_picture(x, np.min), _per_picture(x, np.max)), say("pixels.min_max_each")
    ),
    Misconception(lambda x: x / 255 if x.max() > 1 else x, say("pixels.only_bright")),
    Misconception(lambda x: x / 256, say("pixels.by_256")),
    Misconception(lambda x: x // 255, say("pixels.whole_division")),
    Misconception(lambda x: x / 127.5 - 1, say("pixels.minus_one_to_one")),
    Misconception(lambda x: x / 255 - 0.5, say("pixels.minus_half_to_half")),
    Misconception(lambda x: x / 255 / 255, say("pixels.twice")),
    Misconception(lambda x: (x - x.mean()) / max(x.std(), 1e-9), say("pixels.standardised")),
    Misconception(lambda x: 1 - x / 255, say("pixels.inverted")),
    *map(_rounded, (0, 1, 2, 3)),
)


def misconception(pictures: Sequence[np.ndarray], values: Sequence[np.ndarray]) -> Sentence:
    """What to say of wrong values for 8-bit pictures of the same shapes."""
    # "Each picture" means something only where there is more than one.
    batches = [(p, v) for p, v in zip(pictures, values, strict=True) if p.ndim > 2]
    pictures, values = zip(*batches, strict=True) if batches else (pictures, values)
    for known in _MISCONCEPTIONS:
        expected = [known.compute(picture.astype(np.float64)) for picture in pictures]
        if all(same(v, e, PIXEL_TOLERANCE) for v, e in zip(values, expected, strict=True)):
            return known.sentence
    if not all(np.all(np.isfinite(value)) for value in values):
        return say("pixels.not_finite")
    low, high = min(v.min() for v in values), max(v.max() for v in values)
    return say("pixels.other_line", low=float(low), high=float(high))


def come_from_pixels(pictures: Sequence[np.ndarray], values: Sequence[np.ndarray]) -> bool:
    """Whether values were computed from the pixels in these places, rightly or not.

    In each picture brighter pixels have larger values, or smaller ones throughout, and all have a scale of a
    few units. So it is with every misconception about normalising; not with constants, noise, or the pixels
    as they were.
    """
    pairs = [(p, v.reshape(p.shape)) for p, v in zip(pictures, values, strict=True) if p.size == v.size]
    batches = [(p, v) for p, v in pairs if p.ndim > 2] or [(p[np.newaxis], v[np.newaxis]) for p, v in pairs]
    spreads = [float(np.ptp(v.astype(np.float64))) for _, v in batches]
    if not batches or not 0 < max(spreads) <= _WIDEST:
        return False
    return all(_in_order(picture, value) for p, v in batches for picture, value in zip(p, v, strict=True))


def _in_order(picture: np.ndarray, values: np.ndarray) -> bool:
    """Whether values rise with the pixels, or fall with them; NaN does neither."""
    steps = np.diff(values.ravel()[np.argsort(picture, axis=None)].astype(np.float64))
    return bool(np.all(steps >= 0) or np.all(steps <= 0))
