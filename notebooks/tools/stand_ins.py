"""Drawn colour pictures, to train on where CIFAR-10 cannot be had."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def draw_stand_ins(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Simple drawn colour pictures of ten kinds, to train on where CIFAR-10 cannot be had.

    Returns uint8 pictures (count, 32, 32, 3) and uint8 labels (count, 1), the same ones for the same seed.
    A kind is a shape (disc, ring, square, …) on noise, at any place, in sizes from small to large. Its colour
    helps but is not enough: each kind prefers a hue and strays from it. So a net can get far above chance in
    a few steps, and still errs after many, as on real photographs.
    """
    from matplotlib.colors import hsv_to_rgb

    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % 10)
    rows, columns = np.mgrid[:32, :32].astype(np.float32)

    def each(low: float, high: float) -> NDArray[np.float32]:
        """One random number a picture, shaped to go with its pixels: (count, 1, 1)."""
        return rng.uniform(low, high, (count, 1, 1)).astype(np.float32)

    def colours(
        hue: NDArray[Any], saturation: tuple[float, float], value: tuple[float, float]
    ) -> NDArray[Any]:
        """One colour a picture, (count, 1, 1, 3), from 0 to 255."""
        parts = (hue % 1.0, rng.uniform(*saturation, count), rng.uniform(*value, count))
        return 255 * hsv_to_rgb(np.stack(parts, axis=-1))[:, None, None, :].astype(np.float32)

    size, tilt, top, left = each(6, 11), each(-0.3, 0.3), each(11, 20), each(11, 20)
    inside = np.zeros((count, 32, 32), dtype=bool)
    for kind, shape in enumerate(SHAPES):
        of_kind = labels == kind
        turn, down, right = tilt[of_kind], rows - top[of_kind], columns - left[of_kind]
        turned = down * np.cos(turn) + right * np.sin(turn), right * np.cos(turn) - down * np.sin(turn)
        inside[of_kind] = shape(turned[0] / size[of_kind], turned[1] / size[of_kind])
    front = colours(labels / 10 + rng.normal(0, 0.07, count), (0.5, 1.0), (0.6, 1.0))
    back = colours(rng.uniform(0, 1, count), (0.0, 0.4), (0.1, 0.5))
    noise = 20 * rng.standard_normal((count, 32, 32, 3), dtype=np.float32)
    pictures = np.where(inside[..., None], front, back) + noise
    return np.clip(pictures, 0, 255).astype(np.uint8), labels[:, None].astype(np.uint8)


def _odd(values: NDArray[Any]) -> NDArray[Any]:
    """Every second stripe, each half a unit wide."""
    return np.floor(2 * values) % 2 == 1


def _box(down: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    return np.maximum(np.abs(down), np.abs(right))


# What the drawn stand-ins show: whether a point lies inside, by its place below and right of the middle.
# The unit is the size of the shape.
SHAPES: tuple[Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]], ...] = (
    lambda down, right: np.hypot(down, right) < 1,
    lambda down, right: np.abs(np.hypot(down, right) - 0.8) < 0.2,
    lambda down, right: _box(down, right) < 0.85,
    lambda down, right: (down > -1) & (down < 0.8) & (2 * np.abs(right) < down + 1),
    lambda down, right: (_box(down, right) < 1) & (np.minimum(np.abs(down), np.abs(right)) < 0.25),
    lambda down, right: (_box(down, right) < 1) & _odd(down),
    lambda down, right: (_box(down, right) < 1) & _odd(right),
    lambda down, right: (_box(down, right) < 1) & (_odd(down) ^ _odd(right)),
    lambda down, right: np.hypot(down, np.abs(right) - 0.6) < 0.45,
    lambda down, right: (np.hypot(down, right) < 1) & _odd(down + right),
)
