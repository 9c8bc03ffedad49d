"""The notebook's convolution "by hand", one number of the feature map after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from admin.course.figures.drawing import (
    QUIET,
    Frame,
    Picture,
    frame,
    moving,
    pixels,
    sheet,
    squares,
    window,
    words,
)

# The same numbers as in the notebook; tests/unit/test_figures.py compares.
IMAGE = np.array([[3, 2, 0, 1, 3], [2, 1, 1, 3, 1], [2, 4, 0, 1, 2], [1, 0, 2, 2, 0], [0, 3, 1, 0, 1]])
KERNEL = np.array([[1, 0, -1], [2, 0, -1], [0, 1, 0]])
MAP = (np.lib.stride_tricks.sliding_window_view(IMAGE, KERNEL.shape) * KERNEL).sum(axis=(-2, -1))

ALT = (
    "Moving picture: a kernel of 3 × 3 numbers stops at each of the nine positions in a picture of 5 × 5 "
    "numbers. At each position, nine products of a pixel and a weight are written out and added up, and the "
    "sum fills one square of the feature map. Picture, row by row: "
    + "; ".join(", ".join(map(str, row)) for row in IMAGE.tolist())
    + ". Kernel: "
    + "; ".join(", ".join(map(str, row)) for row in KERNEL.tolist())
    + ". Feature map: "
    + "; ".join(", ".join(map(str, row)) for row in MAP.tolist())
    + "."
)
TITLES = ("picture", "kernel", "feature map")

CELL, TOP = 46, 56
LEFTS = (24, 314, 512)
SMALL_TOP = TOP + CELL
LINES_TOP, LINE_HEIGHT = 326, 26
CODE: dict[str, Any] = {"size": 17, "across": "left", "family": "DejaVu Sans Mono"}


def frames() -> Iterator[tuple[Frame, float]]:
    """Each picture and the seconds for which it stays: the first place slowly, the others in two steps."""
    for number in range(MAP.size):
        if number == 0:
            yield _draw(number, lines=0), 1.5
            yield _draw(number, lines=1), 1.5
            yield _draw(number, lines=2), 1.5
        yield _draw(number, lines=3), 2.0
        yield _draw(number, lines=3, summed=True), 3.0 if number in (0, MAP.size - 1) else 1.5


def _draw(number: int, lines: int, summed: bool = False) -> Frame:
    """The kernel at place `number` with so many lines of products, and the sum if `summed`."""
    axis = sheet(LEFTS[2] + 3 * CELL + 24, 450)
    row, column = divmod(number, MAP.shape[1])
    known = np.where(np.arange(MAP.size).reshape(MAP.shape) < number + summed, MAP, np.nan)
    for title, left, top, side in zip(TITLES, LEFTS, (TOP, SMALL_TOP, SMALL_TOP), (5, 3, 3), strict=True):
        words(axis, left + side * CELL / 2, top - 24, title, size=17)
    squares(axis, IMAGE, LEFTS[0], TOP, CELL, -6, 4, "Greys_r", letters=17)
    squares(axis, KERNEL, LEFTS[1], SMALL_TOP, CELL, -1, 2, letters=17)
    squares(axis, known, LEFTS[2], SMALL_TOP, CELL, MAP.min(), MAP.max(), letters=17)
    for left, sign in ((284, "∗"), (482, "=")):
        words(axis, left, SMALL_TOP + 1.5 * CELL, sign, size=28, colour=QUIET)
    window(axis, LEFTS[0] + column * CELL, TOP + row * CELL, 3 * CELL)
    frame(axis, LEFTS[2] + column * CELL, SMALL_TOP + row * CELL, CELL, CELL)
    text = [_products(row, column, line) for line in range(lines)]
    for line, sentence in enumerate(text):
        words(axis, 90, LINES_TOP + line * LINE_HEIGHT, ("  " if line == 0 else "+ ") + sentence, **CODE)
    if lines == 3:
        result = f"= {MAP[row, column]}" if summed else "= ?"
        words(axis, 90, LINES_TOP + 3 * LINE_HEIGHT, result, weight="bold" if summed else "normal", **CODE)
    return pixels(axis)


def _products(row: int, column: int, line: int) -> str:
    """The products of one line of the window, aligned with those of the other lines."""
    under = IMAGE[row + line, column : column + 3]
    weights = (f"({weight})" if weight < 0 else f"{weight}" for weight in KERNEL[line])
    return " + ".join(f"{pixel}·{weight:<4}" for pixel, weight in zip(under, weights, strict=True))


WORKED_CONVOLUTION = Picture("worked_convolution.webp", ALT, lambda: moving(frames()), Path(__file__))
