"""Convolution, pooling and a comparison in pairs, in NumPy, so that each number can be checked by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

RARE = Fraction(1, 20)
"""How often two equally good nets may seem to differ."""


def convolve(
    image: NDArray[Any], kernel: NDArray[Any], stride: int = 1, padding: int = 0
) -> NDArray[np.float64]:
    """Slide `kernel` over `image`: multiply what lies under it, add it up, write down the sum.

    `image` (h, w) and `kernel` (kh, kw) are arrays of numbers, `padding` rings of zeros are put around the
    image. Returns the feature map, float64, with sides by `feature_map_size`. The kernel is not flipped, as
    in every deep-learning library; mathematicians call this cross-correlation.
    Raises ValueError when an array has not two axes or the kernel does not fit.
    """
    image, kernel = np.asarray(image, dtype=float), np.asarray(kernel, dtype=float)
    if image.ndim != 2 or kernel.ndim != 2:
        raise ValueError("image and kernel are matrices: two axes each")
    for size, side in zip(image.shape, kernel.shape, strict=True):
        feature_map_size(size, side, stride, padding)
    padded = np.pad(image, padding)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)[::stride, ::stride]
    return (windows * kernel).sum(axis=(-2, -1))


def feature_map_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """Side of the feature map, in pixels: use it once for the height and once for the width.

    Dumoulin & Visin (2016), relationship 6. Raises ValueError when the kernel does not fit, or when one of
    the numbers makes no sense.
    """
    if kernel < 1 or stride < 1 or padding < 0:
        raise ValueError("kernel and stride are at least 1, padding at least 0")
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"a {kernel}-pixel kernel does not fit into {size + 2 * padding} pixels")
    return room // stride + 1


def pool(image: NDArray[Any], size: int = 2, how: Callable[..., NDArray[Any]] = np.max) -> NDArray[Any]:
    """One number for each block of `size` × `size` pixels: `how` is np.max or np.mean.

    `image` is (h, w). Rows and columns that do not fill a block are left out, as Keras' 'valid' does.
    """
    height, width = (side // size for side in image.shape)
    blocks = image[: height * size, : width * size].reshape(height, size, width, size)
    return how(blocks, axis=(1, 3))


def only_one_right(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> tuple[int, int]:
    """How many pictures the first net alone reads correctly, and how many the second alone.

    `first` and `second` (n,) say of the same pictures, in the same order, which of them each net reads
    correctly. Raises ValueError when there are not as many of both.
    """
    if first.shape != second.shape:
        raise ValueError(f"both nets read the same pictures, but there are {first.shape} and {second.shape}")
    return int((first & ~second).sum()), int((second & ~first).sum())


def chance_in_pairs(only_first: int, only_second: int) -> int:
    """How far the numbers of pictures that only one of two equally good nets reads may lie apart by chance.

    Both nets read the same pictures, so those that both or none can read say nothing about the difference.
    Each of the others falls to either net like a coin (McNemar, 1947). This is the largest difference that
    so many coins reach or exceed in more than RARE of all cases, counted exactly: twice the standard
    deviation, a common rule, is too little for fewer than ten.
    """
    coins, cases = only_first + only_second, 0
    for apart in range(coins, 0, -2):
        cases += 2 * math.comb(coins, (coins - apart) // 2)
        if cases > RARE * 2**coins:
            return apart
    return 0
