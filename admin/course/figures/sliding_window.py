"""The 3 × 3 window on its way over 5 × 5 pixels; each place fills one square of the feature map."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from admin.course.figures.drawing import (
    Frame,
    Picture,
    arrow,
    frame,
    moving,
    pixels,
    sheet,
    squares,
    window,
    words,
)

ALT = (
    "Moving picture: a window of 3 × 3 pixels slides over a picture of 5 × 5 pixels, one pixel a step, "
    "row by row from the upper left to the lower right. Each position fills one square of the feature map. "
    "There are 9 positions, so the feature map has 3 × 3 numbers."
)

PICTURE = "picture, 5 × 5"
MAP = "feature map, 3 × 3"
START = "The window starts at the upper left."
PLACE = "position {number} of 9: row {row}, column {column}"
END = "9 positions, so the feature map has 3 × 3 numbers"

SIZE, KERNEL, CELL = 5, 3, 52
PLACES = SIZE - KERNEL + 1
LEFT, TOP, MAP_LEFT = 24, 56, 390
MAP_TOP = TOP + CELL


def frames() -> Iterator[tuple[Frame, float]]:
    """Each picture and the seconds for which it stays."""
    yield _draw(0, START), 1.5
    for number, (row, column) in enumerate(np.ndindex(PLACES, PLACES), start=1):
        yield _draw(number, PLACE.format(number=number, row=row, column=column)), 1.0
    yield _draw(PLACES**2, END), 3.0


def _draw(done: int, sentence: str) -> Frame:
    """The window at place number `done`, counted from 1, with the map filled so far."""
    axis = sheet(MAP_LEFT + PLACES * CELL + 40, 380)
    squares(axis, np.full((SIZE, SIZE), 0.9), LEFT, TOP, CELL, 0, 1, "Greys_r", letters=0)
    words(axis, LEFT + SIZE * CELL / 2, 30, PICTURE)
    words(axis, MAP_LEFT + PLACES * CELL / 2, MAP_TOP - 26, MAP)
    filled = np.where(np.arange(PLACES**2).reshape(PLACES, PLACES) < done, 1.0, np.nan)
    squares(axis, filled, MAP_LEFT, MAP_TOP, CELL, 0, 2, "Blues", letters=0)
    row, column = divmod(max(done, 1) - 1, PLACES)
    window(axis, LEFT + column * CELL, TOP + row * CELL, KERNEL * CELL)
    if done:
        frame(axis, MAP_LEFT + column * CELL, MAP_TOP + row * CELL, CELL, CELL)
    arrow(axis, (LEFT + SIZE * CELL + 20, TOP + 2.5 * CELL), (MAP_LEFT - 20, TOP + 2.5 * CELL))
    words(axis, (MAP_LEFT + PLACES * CELL + 40) / 2, 350, sentence, size=17)
    return pixels(axis)


SLIDING_WINDOW = Picture("sliding_window.webp", ALT, lambda: moving(frames()), Path(__file__))
