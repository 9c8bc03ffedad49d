"""A real digit of MNIST: from the whole picture into its pixels with their numbers, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from admin.course.figures.drawing import (
    MNIST,
    PICTURE_MAP,
    QUIET,
    Frame,
    Picture,
    frame,
    moving,
    photograph,
    pixels,
    sheet,
    squares,
    words,
)

NUMBER = 0  # which of the digits shipped with the notebook
# Side of the part that is seen, its first row and first column: from the whole digit to a few pixels.
VIEWS = ((28, 0, 0), (20, 2, 4), (14, 2, 6), (10, 3, 8), (7, 3, 9))

ALT = (
    "Moving picture: a handwritten digit of 28 × 28 grey pixels, seen from nearer and nearer, until one "
    "can read the number in each of 7 × 7 pixels, and then from farther away again. Black pixels hold 0, "
    "white ones 255 or nearly so, and grey ones at the edge of the stroke numbers in between."
)
WHOLE = "the whole picture: 28 × 28 pixels"
PART = "rows {top} to {bottom}, columns {left} to {right}"
LEGEND = "0 is black\n255 is white"

SMALL, LARGE = 196, 420
LEFT, TOP = 24, 44


def frames() -> Iterator[tuple[Frame, float]]:
    """There and back; the near view and the whole stay longest."""
    with np.load(MNIST) as arrays:
        digit = arrays["x"][NUMBER]
    nearest = len(VIEWS) - 1
    for place in (*range(nearest), *range(nearest, -1, -1)):
        yield _draw(digit, *VIEWS[place]), {0: 1.5, nearest: 3.0}.get(place, 1.2)


def _draw(digit: np.ndarray, side: int, top: int, left: int) -> Frame:
    """The whole digit with a frame on the left, what is in the frame on the right."""
    axis = sheet(LEFT + SMALL + 40 + LARGE + 24, 500)
    pixel = SMALL / 28
    photograph(axis, digit, LEFT, TOP, SMALL)
    frame(axis, LEFT + left * pixel, TOP + top * pixel, side * pixel, side * pixel)
    words(axis, LEFT, TOP + SMALL + 50, LEGEND, size=16, colour=QUIET, across="left", va="center")
    right_of, cell = LEFT + SMALL + 40, LARGE / side
    seen = digit[top : top + side, left : left + side]
    squares(axis, seen, right_of, TOP, cell, 0, 255, PICTURE_MAP, letters=min(18, cell / 2.5) * (cell > 35))
    frame(axis, right_of, TOP, LARGE, LARGE)
    where = {"top": top, "bottom": top + side - 1, "left": left, "right": left + side - 1}
    words(axis, right_of + LARGE / 2, TOP - 22, WHOLE if side == 28 else PART.format(**where), size=16)
    return pixels(axis)


DIGIT = Picture("digit.webp", ALT, lambda: moving(frames()), Path(__file__), lambda: [MNIST.read_bytes()])
