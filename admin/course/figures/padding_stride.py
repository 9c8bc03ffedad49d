"""Padding and stride: the four cases of the text side by side, and Keras' same against padding 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from admin.course.figures.drawing import Frame, Picture, frame, moving, pixels, sheet, squares, window, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PADDING_STRIDE_ALT = (
    "Moving picture: a window of 3 × 3 slides over a picture of 6 × 6 pixels in four ways at a time. "
    "Valid with stride 1 has 16 positions, so the feature map is 4 × 4. Valid with stride 2 has 4 positions, "
    "2 × 2; the last row and the last column are never seen. Same with stride 1 puts one ring of zeros "
    "around the picture: 36 positions, 6 × 6, as large as the picture. Padding 1 with stride 2: 9 positions, "
    "3 × 3."
)
SAME_OR_PADDING_1_ALT = (
    "Moving picture: two ways to slide a 3 × 3 window of ones over a picture of 6 × 6 numbers, 0 to 35, with "
    "stride 2. Keras' same puts zeros below and at the right only, and the window starts on the first pixel. "
    "Padding 1 puts a ring of zeros around the picture, and the window starts on the zeros. Both give 3 × 3 "
    "sums, but other ones: {same} with same, {ring} with padding 1."
)

SIZE, KERNEL = 6, 3
IMAGE = np.arange(SIZE * SIZE).reshape(SIZE, SIZE)


@dataclass(frozen=True)
class Case:
    """One way to slide the window: zeros before and after the picture, and the stride."""

    title: str
    before: int
    after: int
    stride: int

    def padded(self) -> np.ndarray:
        """The numbers with their zeros."""
        return np.pad(IMAGE, (self.before, self.after))

    def sums(self) -> np.ndarray:
        """What is under the window at each place, added up."""
        windows = np.lib.stride_tricks.sliding_window_view(self.padded(), (KERNEL, KERNEL))
        return windows[:: self.stride, :: self.stride].sum(axis=(-2, -1))


FOUR = (
    Case("valid, stride 1", 0, 0, 1),
    Case("valid, stride 2", 0, 0, 2),
    Case("same, stride 1", 1, 1, 1),
    Case("padding 1, stride 2", 1, 1, 2),
)
SAME = Case("Keras: same, stride 2", 0, 1, 2)
RING = Case("padding 1, stride 2", 1, 1, 2)
SAME_SIZE = "Both results are 3 × 3, with other numbers."
PLACE = "position {number} of 9"


def four_frames() -> Iterator[tuple[Frame, float]]:
    """All four cases at once; those with fewer places wait at their end."""
    last = max(case.sums().size for case in FOUR)
    for number in range(1, last + 1):
        axis = sheet(720, 492)
        for place, case in enumerate(FOUR):
            _panel(axis, case, 20 + 356 * (place % 2), 40 + 236 * (place // 2), number)
        yield pixels(axis), 3.0 if number == last else 0.8


def _panel(axis: Axes, case: Case, left: float, top: float, number: int, cell: float = 23) -> None:
    """Picture with zeros on the left, map on the right, at place `number` or, past the end, at the last."""
    whole, sums = case.padded(), case.sums()
    middle = top + 4 * cell
    row, column = divmod(min(number, sums.size) - 1, len(sums))
    inset = (8 - len(whole)) * cell / 2  # all four pictures have their middle in the same place
    corner, over = left + inset, top + inset
    words(axis, left + 4 * cell, top - 18, case.title, size=16)
    _zeros_and_pixels(axis, case, corner, over, cell, numbers=False)
    window(axis, corner + column * case.stride * cell, over + row * case.stride * cell, KERNEL * cell)
    map_left, map_top = left + 8 * cell + 14, middle - len(sums) * cell / 2
    done = np.where(np.arange(sums.size).reshape(sums.shape) < number, 1.0, np.nan)
    squares(axis, done, map_left, map_top, cell, 0, 2, "Blues", letters=0)
    frame(axis, map_left + column * cell, map_top + row * cell, cell, cell)
    if number >= sums.size:
        words(
            axis,
            map_left + len(sums) * cell / 2,
            middle + len(sums) * cell / 2 + 16,
            f"{len(sums)} × {len(sums)}",
        )


def same_frames() -> Iterator[tuple[Frame, float]]:
    """Both ways at once, place by place."""
    for number in range(1, 10):
        yield _compare(number, PLACE.format(number=number)), 1.2
    yield _compare(9, SAME_SIZE), 3.0


def _compare(number: int, sentence: str, cell: float = 33) -> Frame:
    """Both pictures above their maps, with the first `number` sums filled in."""
    axis = sheet(24 + 8 * 33 + 60 + 8 * 33 + 24, 510)
    for case, left in ((SAME, 24.0), (RING, 24.0 + 8 * cell + 60)):
        whole, sums = case.padded(), case.sums()
        row, column = divmod(number - 1, 3)
        corner, over = left + (8 - len(whole)) * cell / 2, 46 + (8 - len(whole)) * cell / 2
        words(axis, left + 4 * cell, 24, case.title, size=17)
        _zeros_and_pixels(axis, case, corner, over, cell, numbers=True)
        window(axis, corner + 2 * column * cell, over + 2 * row * cell, KERNEL * cell)
        known = np.where(np.arange(9).reshape(3, 3) < number, sums, np.nan)
        map_left, map_top = left + 4 * cell - 66, 330
        squares(axis, known, map_left, map_top, 44, 0, 280)
        frame(axis, map_left + 44 * column, map_top + 44 * row, 44, 44)
    words(axis, 24 + 8 * cell + 30, 487, sentence, size=17)
    return pixels(axis)


def _zeros_and_pixels(axis: Axes, case: Case, left: float, top: float, cell: float, numbers: bool) -> None:
    """The padded picture: zeros dark with their 0, pixels light, with their numbers if `numbers`."""
    whole = case.padded()
    inside = np.pad(np.ones(IMAGE.shape, bool), (case.before, case.after))
    shades = np.where(inside, 0.95, 0.35)
    squares(axis, shades, left, top, cell, 0, 1, "Greys_r", letters=0)
    for (row, column), value in np.ndenumerate(whole):
        if numbers or not inside[row, column]:
            ink = "black" if inside[row, column] else "white"
            middle = left + (column + 0.5) * cell, top + (row + 0.5) * cell
            words(axis, *middle, str(value), 14, ink)


def _listed(case: Case) -> str:
    return "; ".join(", ".join(map(str, row)) for row in case.sums().tolist())


PADDING_STRIDE = Picture(
    "padding_stride.webp", PADDING_STRIDE_ALT, lambda: moving(four_frames()), Path(__file__)
)
SAME_OR_PADDING_1 = Picture(
    "same_or_padding_1.webp",
    SAME_OR_PADDING_1_ALT.format(same=_listed(SAME), ring=_listed(RING)),
    lambda: moving(same_frames()),
    Path(__file__),
)
