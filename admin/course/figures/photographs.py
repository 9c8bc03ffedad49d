"""The real CIFAR-10 photographs of the notebook: one as its three channels, all twenty as a quiz."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from admin.course.figures.drawing import (
    CIFAR,
    QUIET,
    SKY,
    Frame,
    Picture,
    frame,
    photograph,
    pixels,
    sheet,
    still,
    words,
)

AUTOMOBILE = 6  # the photograph that the notebook takes apart
PIXEL = (5, 5)  # row and column of the pixel whose numbers are written down

CHANNELS_ALT = (
    "Four pictures of 32 × 32 pixels side by side: a photograph of an automobile in front of a wall, and "
    "its red, its green and its blue channel, each as a grey picture in which bright means much of that "
    "colour. The pixel in row 5, column 5, on the wall, holds 156 for red, 26 for green and 6 for blue."
)
CLASSES_ALT = (
    "Twenty real colour photographs of 32 × 32 pixels from CIFAR-10, in four rows of five, numbered from 1 "
    "to 20 and without their classes, which the next cell tells."
)
COLOUR, CHANNELS = "photograph", ("red", "green", "blue")
INDEX = "[:, :, {channel}]"
AT_PIXEL = "row {row}, column {column}:"

SIDE, GAP, LEFT, TOP = 160, 16, 20, 60
COLUMNS, SMALL, STEP_ACROSS, STEP_DOWN = 5, 96, 132, 136


def _load() -> np.ndarray:
    """All photographs, (20, 32, 32, 3)."""
    with np.load(CIFAR) as arrays:
        return arrays["x"]


def channels() -> Frame:
    """The photograph and its channels, with one pixel's number in each."""
    image = _load()[AUTOMOBILE]
    axis = sheet(2 * LEFT + 4 * SIDE + 3 * GAP, 290)
    row, column = PIXEL
    pixel = SIDE / 32
    values = [AT_PIXEL.format(row=row, column=column), *map(str, image[PIXEL])]
    indices = [str(image.shape), *(INDEX.format(channel=channel) for channel in range(3))]
    parts = [image, *np.moveaxis(image, -1, 0)]
    for place, (part, title) in enumerate(zip(parts, (COLOUR, *CHANNELS), strict=True)):
        left = LEFT + place * (SIDE + GAP)
        middle = left + SIDE / 2
        words(axis, middle, 20, title, size=17)
        words(axis, middle, 43, indices[place], size=14, colour=QUIET, family="DejaVu Sans Mono")
        photograph(axis, part, left, TOP, SIDE)
        frame(axis, left + (column - 0.5) * pixel, TOP + (row - 0.5) * pixel, 2 * pixel, 2 * pixel, SKY)
        words(axis, middle, TOP + SIDE + 30, values[place], size=15 if place == 0 else 20)
    return pixels(axis)


def gallery() -> Frame:
    """All photographs in the file's order, with their numbers: a learner is to say what they show."""
    axis = sheet(COLUMNS * STEP_ACROSS + 24, 4 * STEP_DOWN + 16)
    for number, image in enumerate(_load()):
        row, column = divmod(number, COLUMNS)
        middle, top = 12 + (column + 0.5) * STEP_ACROSS, 16 + row * STEP_DOWN
        photograph(axis, image, middle - SMALL / 2, top, SMALL)
        words(axis, middle, top + SMALL + 16, str(number + 1))
    return pixels(axis)


CHANNELS_PICTURE = Picture(
    "channels.webp", CHANNELS_ALT, lambda: still(channels()), Path(__file__), lambda: [CIFAR.read_bytes()]
)
CLASSES_PICTURE = Picture(
    "cifar_classes.webp",
    CLASSES_ALT,
    lambda: still(gallery()),
    Path(__file__),
    lambda: [CIFAR.read_bytes()],
)
