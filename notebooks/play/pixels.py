"""From a picture to its numbers: a slider zooms into a digit until every pixel's number can be read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from play import base
from tools import markup

NAMES = {"zoom": "pixels a side", "row": "first row", "column": "first column"}
SAID = "Rows {top} to {bottom}, columns {left} to {right} of {height} × {width}. 0 is black, 255 is white."
READ = "Fewer pixels a side make them larger: from 14 on, each shows its number."
ALT = "A handwritten {label}, rows {top} to {bottom} and columns {left} to {right} of it.{numbers}"
NUMBERS = " The numbers, row by row: {rows}."
NO_PICTURE = "a grey picture of 8 bits has shape (height, width) and type uint8, not {shape} and {dtype}"

WIDTH = 560
MAX_WITH_NUMBERS = 14


def zoom_into_pixels(image: NDArray[np.uint8], label: int) -> None:
    """Show a grey picture (h, w) of 8 bits; sliders choose how much of it, and which part, is seen.

    Raises ValueError for anything else than such a picture.
    """
    base.show(lambda: pixels_view(image, int(label)), "zoom")


def pixels_view(image: NDArray[np.uint8], label: int) -> base.View:
    """The zoom as a view; its parts have the names of NAMES, and `picture_of` is what is drawn."""
    from ipywidgets import HTML, IntSlider, Layout, VBox

    if image.ndim != 2 or image.dtype != np.uint8:
        raise ValueError(NO_PICTURE.format(shape=image.shape, dtype=image.dtype))
    height, width = image.shape
    side = min(height, width)
    parts = {
        "zoom": IntSlider(side, 5, side),
        "row": IntSlider(height // 4, 0, height - 5),
        "column": IntSlider(width // 4, 0, width - 5),
    }
    for name, part in parts.items():
        part.description, part.style = NAMES[name], {"description_width": "100px"}
        part.layout = Layout(width="420px", max_width="100%")
    shown = HTML()

    def redraw(_: object = None) -> None:
        seen = parts["zoom"].value
        shown.value = drawn(image, label, parts["row"].value, parts["column"].value, seen)

    for part in parts.values():
        part.observe(redraw, "value")
    redraw()
    text = description(image, label, 0, 0, side)
    return base.View(VBox([*parts.values(), shown]), shown.value, text, {**parts, "picture_of": shown})


def drawn(image: NDArray[np.uint8], label: int, row: int, column: int, seen: int) -> str:
    """`seen` × `seen` pixels from (row, column) on, or as near to it as the picture's border lets."""
    row, column = min(row, image.shape[0] - seen), min(column, image.shape[1] - seen)
    part = image[row : row + seen, column : column + seen]
    cell = WIDTH / seen
    if seen <= MAX_WITH_NUMBERS:
        inside = markup.matrix(part, 0, 0, cell, 0, 255, "gray")
    else:
        inside = markup.image(part, 0, 0, WIDTH, 0, 255)
    picture = markup.svg(WIDTH, WIDTH, [inside], description(image, label, row, column, seen))
    words = SAID.format(**_place(image, row, column, seen))
    return markup.page(
        picture, markup.paragraph(words), "" if seen <= MAX_WITH_NUMBERS else markup.paragraph(READ)
    )


def description(image: NDArray[np.uint8], label: int, row: int, column: int, seen: int) -> str:
    """What is seen, in words; with the numbers, where they can be read."""
    part = image[row : row + seen, column : column + seen]
    numbers = NUMBERS.format(rows=part.tolist()) if seen <= MAX_WITH_NUMBERS else ""
    return ALT.format(label=label, numbers=numbers, **_place(image, row, column, seen))


def _place(image: NDArray[np.uint8], row: int, column: int, seen: int) -> dict[str, int]:
    return {
        "top": row,
        "bottom": row + seen - 1,
        "left": column,
        "right": column + seen - 1,
        "height": image.shape[0],
        "width": image.shape[1],
    }
