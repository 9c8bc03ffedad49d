"""Max-pooling and average pooling of a small feature map, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from admin.course.figures.drawing import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    Frame,
    Picture,
    frame,
    moving,
    pixels,
    sheet,
    squares,
    words,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IMAGE = np.array([[1, 3, 0, 2], [5, 2, 1, 1], [0, 0, 4, 8], [2, 6, 0, 0]])
BLOCKS = [IMAGE[row : row + 2, column : column + 2] for row in (0, 2) for column in (0, 2)]
LARGEST = np.array([block.max() for block in BLOCKS], dtype=float)
MEAN = np.array([block.mean() for block in BLOCKS])

ALT = "Moving picture: a feature map of 4 × 4 numbers is cut into four blocks of 2 × 2. " + " ".join(
    f"The block {', '.join(map(str, block.flat))} becomes {block.max()} by max-pooling and "
    f"{block.mean():g} by average pooling."
    for block in BLOCKS
)
TITLES = ("feature map", "max-pooling", "average pooling")
QUESTION = ("largest of {numbers}: ?", "mean of {numbers}: ?")
ANSWER = ("largest of {numbers}: {largest}", "mean: ({sum}) / 4 = {mean:g}")
COLOURS = (BLUE, ORANGE, GREEN, PURPLE)

CELL, TOP, LEFTS = 56, 60, (24, 318, 500)
SMALL_TOP = TOP + CELL


def frames() -> Iterator[tuple[Frame, float]]:
    """For each block the question, then the answer, each with the seconds for which it stays."""
    for number in range(4):
        yield _draw(number, known=False), 2.0
        yield _draw(number, known=True), 3.0 if number == 3 else 2.0


def _draw(number: int, known: bool) -> Frame:
    """Block `number` in its frame, with the results of the earlier ones, and its own if `known`."""
    axis = sheet(LEFTS[2] + 2 * CELL + 40, 372)
    there = np.arange(4) < number + known
    for title, left, top, side in zip(TITLES, LEFTS, (TOP, SMALL_TOP, SMALL_TOP), (4, 2, 2), strict=True):
        words(axis, left + side * CELL / 2, top - 24, title, size=17)
    squares(axis, IMAGE, LEFTS[0], TOP, CELL, 0, 8, letters=18)
    for values, left in ((LARGEST, LEFTS[1]), (MEAN, LEFTS[2])):
        squares(axis, np.where(there, values, np.nan).reshape(2, 2), left, SMALL_TOP, CELL, 0, 8, letters=18)
    for earlier in range(number + 1):
        _mark(axis, earlier)
    block = BLOCKS[number]
    facts = {
        "numbers": ", ".join(map(str, block.flat)),
        "sum": " + ".join(map(str, block.flat)),
        "largest": block.max(),
        "mean": block.mean(),
    }
    for line, sentence in enumerate(ANSWER if known else QUESTION):
        words(axis, LEFTS[0], 316 + 28 * line, sentence.format(**facts), size=17, across="left")
    return pixels(axis)


def _mark(axis: Axes, block: int) -> None:
    """The frames of a block and of what it becomes, in the block's colour."""
    row, column = divmod(block, 2)
    line = {"linewidth": 3.5}
    places = ((LEFTS[0], TOP, 2 * CELL), (LEFTS[1], SMALL_TOP, CELL), (LEFTS[2], SMALL_TOP, CELL))
    for left, top, side in places:  # drawn a little inside, so that neighbours don't hide each other
        frame(
            axis, left + column * side + 2, top + row * side + 2, side - 4, side - 4, COLOURS[block], **line
        )


POOLING = Picture("pooling.webp", ALT, lambda: moving(frames()), Path(__file__))
