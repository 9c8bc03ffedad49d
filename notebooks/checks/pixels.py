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
# float16 errs by 0.0005 of a value at most.
_RELATIVE = 1e-3
# How far the mean and the standard deviation of some standardised pictures may lie from 0 and 1.
_ABOUT = 0.4
# Which 8 bits can hold.
_NUMBERS = 256
# From the lowest to the highest value of standardised pictures it is seldom more than 5; of bare pixels, 255.
_WIDEST = 8


@dataclass(frozen=True)
class Misconception:
    """What somebody computes who has it, for 8-bit pictures as float64, and what to say to them.

    A picture of one grey makes NaN of some of them, which is the same as nothing that came.
    """

    compute: Callable[[np.ndarray], np.ndarray]
    sentence: Sentence


def _per_picture(images: np.ndarray, reduce: Callable[..., np.ndarray]) -> np.ndarray:
    return reduce(images, axis=tuple(range(1, images.ndim)) or None, keepdims=True)


def _min_max(images: np.ndarray, low: Any, high: Any) -> np.ndarray:
    return (images - low) / (high - low)


def _rounded(digits: int) -> Misconception:
    return Misconception(lambda x: np.round(x / 255, digits), say("pixels.rounded", digits=digits))


_MISCONCEPTIONS = (
    Misconception(lambda x: x, say("pixels.unchanged")),
    Misconception(lambda x: x / x.max(), say("pixels.by_maximum")),
    Misconception(lambda x: x / _per_picture(x, np.max), say("pixels.by_own_maximum")),
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
    Misconception(
        lambda x: (x - _per_picture(x, np.mean)) / _per_picture(x, np.std), say("pixels.standardised_each")
    ),
    Misconception(lambda x: 1 - x / 255, say("pixels.inverted")),
    *map(_rounded, (0, 1, 2, 3)),
)


def misconception(pictures: Sequence[np.ndarray], values: Sequence[np.ndarray]) -> Sentence:
    """What to say of wrong values for 8-bit pictures of the same shapes."""
    return _known(pictures, values) or _other_values(values)


def _known(pictures: Sequence[np.ndarray], values: Sequence[np.ndarray]) -> Sentence | None:
    """The misconception that computes these values, if it is one that we know."""
    pairs = list(zip(pictures, values, strict=True))
    # "Each picture" means something only where there is more than one: the others count if these are right.
    batches = [(p, v) for p, v in pairs if p.ndim > 2]
    if all(same(v, p / 255, PIXEL_TOLERANCE) for p, v in batches):
        pairs = [(p, v) for p, v in pairs if not same(v, p / 255, PIXEL_TOLERANCE)]
    else:
        pairs = batches
    if not pairs:
        return None
    pictures, values = ([part.astype(np.float64) for part in parts] for parts in zip(*pairs, strict=True))
    for known in _MISCONCEPTIONS:
        if all(same(v, known.compute(p), PIXEL_TOLERANCE) for p, v in zip(pictures, values, strict=True)):
            return known.sentence
    x, y = (np.concatenate([part.ravel() for part in parts]) for parts in (pictures, values))
    known_line = _divided(x, y) or _curved(x, y) or _started_again(x, y)
    return known_line or _standardised(pictures, values) or _moved(pictures, values)


def _divided(x: np.ndarray, y: np.ndarray) -> Sentence | None:
    """Divided by another number than 255, but by the same one throughout."""
    factor = float(x @ y / (x @ x))
    if not 0 < factor < 1 or np.any(np.abs(y - factor * x) > _RELATIVE * factor * 255):
        return None
    return say("pixels.divided_by", divisor=1 / factor, white=255 * factor)


def _curved(x: np.ndarray, y: np.ndarray) -> Sentence | None:
    """Black 0, white 1, and between them a power: a root, a square, a gamma correction."""
    between = (x > 0) & (x < 255)
    power = float(np.median(np.log(y[between]) / np.log(x[between] / 255)))
    if power <= 0 or not same(y, (x / 255) ** power, PIXEL_TOLERANCE):
        return None
    return say("pixels.curved", came=0.2**power)


def _started_again(x: np.ndarray, y: np.ndarray) -> Sentence | None:
    """Lines that start again at the other end: added, subtracted or multiplied within 8 bits.

    Two neighbouring pixels are then either a step apart, or that step less 256 units.
    """
    pixels, first = np.unique(x, return_index=True)
    steps = np.diff(y[first])[np.diff(pixels) == 1]
    if not len(steps) or not np.isfinite(y).all() or steps.max() <= 0:
        return None
    unit = (steps.max() - steps.min()) / _NUMBERS
    factor = round(steps.max() / unit) if unit else 0
    for start in range(_NUMBERS if 0 < factor < _NUMBERS else 0):
        rest = y - unit * ((factor * x + start) % _NUMBERS)
        if np.ptp(rest) <= _RELATIVE * _NUMBERS * unit:
            return say("pixels.started_again")
    return None


def _standardised(pictures: Sequence[np.ndarray], values: Sequence[np.ndarray]) -> Sentence | None:
    """Mean 0 and standard deviation 1 of all pictures, or of each channel of them.

    Only some of the pictures may be here, so both are met roughly; but each channel's values lie on a line.
    """
    for picture, value in zip(pictures, values, strict=True):
        channels = picture.shape[-1] if picture.ndim == 4 else 1
        x, y = picture.reshape(-1, channels), value.reshape(-1, channels)
        for channel in range(channels):
            slope, rest = _line(x[:, channel], y[:, channel])
            if not rest <= _RELATIVE * 255 * slope:  # nor where it is NaN
                return None
        if abs(value.mean()) > _ABOUT or abs(value.std() - 1) > _ABOUT:
            return None
    return say("pixels.standardised")


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The slope of the line through points, and how far the farthest one lies from it."""
    dx, dy = x - x.mean(), y - y.mean()
    slope = float(dx @ dy / (dx @ dx))
    return slope, float(np.abs(dy - slope * dx).max())


def _moved(pictures: Sequence[np.ndarray], values: Sequence[np.ndarray]) -> Sentence | None:
    """The right values, but at other places."""
    pairs = [(picture / 255, value) for picture, value in zip(pictures, values, strict=True)]
    if all(same(v, p[..., ::-1] if p.ndim == 4 else p, PIXEL_TOLERANCE) for p, v in pairs):
        return say("pixels.channels_reversed")
    if all(same(np.sort(v, axis=None), np.sort(p, axis=None), PIXEL_TOLERANCE) for p, v in pairs):
        return say("pixels.moved")
    return None


def _other_values(values: Sequence[np.ndarray]) -> Sentence:
    if not all(np.all(np.isfinite(value)) for value in values):
        return say("pixels.not_finite")
    low, high = float(min(v.min() for v in values)), float(max(v.max() for v in values))
    if low == high:
        return say("pixels.constant", value=low)
    return say("pixels.other_line", low=low, high=high)


def come_from_pixels(pictures: Sequence[np.ndarray], values: Sequence[np.ndarray]) -> bool:
    """Whether values have a scale of a few units and were computed from the pixels, rightly or not.

    So it is with every misconception that we know, and where values rise or fall with the pixels of each
    picture; not with constants, noise, or the pixels as they were.
    """
    pairs = [(p, v.reshape(p.shape)) for p, v in zip(pictures, values, strict=True) if p.size == v.size]
    batches = [(p, v) for p, v in pairs if p.ndim > 2] or [(p[np.newaxis], v[np.newaxis]) for p, v in pairs]
    if not batches or not 0 < max(float(np.ptp(v.astype(np.float64))) for _, v in batches) <= _WIDEST:
        return False
    ordered = all(_in_order(picture, value) for p, v in batches for picture, value in zip(p, v, strict=True))
    return ordered or _known([p for p, _ in pairs], [v for _, v in pairs]) is not None


def _in_order(picture: np.ndarray, values: np.ndarray) -> bool:
    """Whether values rise with the pixels, or fall with them; NaN does neither."""
    steps = np.diff(values.ravel()[np.argsort(picture, axis=None)].astype(np.float64))
    return bool(np.all(steps >= 0) or np.all(steps <= 0))
