"""Labels turn into rows with a single 1."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from admin.course.figures.drawing import (
    BLUE,
    QUIET,
    Frame,
    Picture,
    frame,
    moving,
    pixels,
    sheet,
    squares,
    words,
)

LABELS = (5, 0, 4, 9)
CLASSES = 10

ALT = (
    "Moving picture: the labels 5, 0, 4 and 9 turn into rows of ten numbers, one number for each class "
    "from 0 to 9. Each row gets a 1 in the column of its label and 0 elsewhere: for 5 in column 5, for 0 "
    "in the first column, for 4 in column 4, for 9 in the last."
)
LABEL, CLASS = "label", "class"
FIND = "label {label}: which column?"
PLACE = "label {label}: the 1 goes into column {label} …"
REST = "… and 0 into all others"
END = "4 labels have become 4 rows of 10 numbers: shape (4, 10)"

CELL, LEFT, TOP = 50, 110, 80


def frames() -> Iterator[tuple[Frame, float]]:
    """For each label: the question, the 1, the zeros."""
    for row, label in enumerate(LABELS):
        yield _draw(row, False, False, FIND.format(label=label)), 1.2
        yield _draw(row, True, False, PLACE.format(label=label)), 1.2
        yield _draw(row, True, True, REST), 1.0
    yield _draw(len(LABELS), False, False, END), 3.0


def _draw(row: int, one: bool, zeros: bool, sentence: str) -> Frame:
    """The table with all rows before `row`, and of that row its 1 and its zeros."""
    axis = sheet(LEFT + CLASSES * CELL + 24, 344)
    whole = np.eye(CLASSES)[list(LABELS)]
    numbers = np.arange(len(LABELS))[:, None]
    known = (numbers < row) | ((numbers == row) & np.where(whole == 1, one, zeros))
    squares(axis, np.where(known, whole, np.nan), LEFT, TOP, CELL, 0, 1, letters=18)
    words(axis, 52, TOP - 20, LABEL, size=15, colour=QUIET)
    words(axis, LEFT + CLASSES * CELL / 2, 24, CLASS, size=15, colour=QUIET)
    for column in range(CLASSES):
        asked = one and column == LABELS[row]
        words(axis, LEFT + (column + 0.5) * CELL, TOP - 20, str(column), 17, weight=BOLD[asked])
    for number, label in enumerate(LABELS):
        words(axis, 52, TOP + (number + 0.5) * CELL, str(label), size=20, weight=BOLD[number == row])
    if row < len(LABELS):
        frame(axis, 32, TOP + row * CELL + 5, 40, CELL - 10)
        if one:
            left = LEFT + LABELS[row] * CELL
            frame(axis, left + 5, TOP - 36, CELL - 10, 32)
            frame(axis, left, TOP + row * CELL, CELL, CELL)
        else:
            frame(axis, LEFT, TOP + row * CELL, CLASSES * CELL, CELL, BLUE)
    words(axis, LEFT + CLASSES * CELL / 2, 314, sentence, size=17)
    return pixels(axis)


BOLD = {True: "bold", False: "normal"}

ONE_HOT = Picture("one_hot.webp", ALT, lambda: moving(frames()), Path(__file__))
