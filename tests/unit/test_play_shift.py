"""The shift test: is a picture moved as by hand, and is a difference called real only when it is?"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from play import shift

SIDE = 12


def net(row: int, column: int) -> Any:
    """A net of two classes that says 1 where one pixel is bright, and 0 where it is dark."""
    dense = keras.layers.Dense(2, activation="softmax")
    model = keras.Sequential([keras.Input((SIDE, SIDE, 1)), keras.layers.Flatten(), dense])
    weights = np.zeros((SIDE * SIDE, 2), dtype=np.float32)
    weights[row * SIDE + column, 1] = 20
    dense.set_weights([weights, np.array([10, 0], dtype=np.float32)])
    return model


def anywhere() -> Any:
    """A net that is shift-invariant: it says 1 when there is light at all."""
    dense = keras.layers.Dense(2, activation="softmax")
    model = keras.Sequential([keras.Input((SIDE, SIDE, 1)), keras.layers.GlobalMaxPooling2D(), dense])
    dense.set_weights([np.array([[0, 20]], dtype=np.float32), np.array([10, 0], dtype=np.float32)])
    return model


def dots(row: int, column: int, count: int = 40) -> tuple[Any, Any]:
    """So many pictures of one bright pixel, of class 1."""
    images = np.zeros((count, SIDE, SIDE, 1), dtype=np.float32)
    images[:, row, column] = 1
    return images, np.ones((count, 1), dtype=np.uint8)


@pytest.mark.parametrize(
    ("rows", "columns", "expected"),
    [
        (0, 0, [[1, 2, 3], [4, 5, 6]]),
        (0, 1, [[0, 1, 2], [0, 4, 5]]),
        (0, -2, [[3, 0, 0], [6, 0, 0]]),
        (1, 0, [[0, 0, 0], [1, 2, 3]]),
        (-1, 1, [[0, 4, 5], [0, 0, 0]]),
        (0, 5, [[0, 0, 0], [0, 0, 0]]),
    ],
)
def test_zeros_come_in_and_nothing_comes_round(rows: int, columns: int, expected: list[list[int]]) -> None:
    """Does a small picture move as it does by hand, one alone and in a set, and beyond its own size?"""
    picture = np.array([[1, 2, 3], [4, 5, 6]])[..., np.newaxis]
    assert shift.moved(picture, rows, columns)[..., 0].tolist() == expected
    assert shift.moved(np.stack([picture] * 2), rows, columns)[1, ..., 0].tolist() == expected


@pytest.mark.parametrize(
    ("direction", "at"), [("to the right", 5), ("to the left", 1), ("up", 0), ("down", 0)]
)
def test_a_net_that_looks_at_one_pixel_reads_at_one_shift(direction: str, at: int) -> None:
    """Does the measured curve of a net that reads row 5, column 8 peak where dots at column 3 or 9 arrive?"""
    column = {"to the right": 3, "to the left": 9}.get(direction, 8)
    images, labels = dots(5, column)
    view = shift.shift_view({"one pixel": net(5, 8), "anywhere": anywhere()}, images, labels)
    view.parts["direction"].value = direction
    view.parts["shift"].value = at
    shares = ", ".join("100%" if by == at else "0%" for by in range(shift.MOST + 1))
    shown = view.parts["picture_of"].value
    assert f"one pixel {shares}; anywhere" in shown
    assert "They read the very same digits." in shown


def test_a_difference_is_real_only_beyond_the_margin() -> None:
    """Is the verdict right when one net reads all and the other nothing, and when few digits differ?"""
    models = {"one pixel": net(5, 8), "anywhere": anywhere()}
    for count, verdict in ((40, shift.LARGER), (3, shift.SMALLER)):
        view = shift.shift_view(models, *dots(5, 8, count))
        view.parts["shift"].value = 1
        shown = view.parts["picture_of"].value
        assert f"0 digits are read by one pixel only, {count} by anywhere only" in shown
        assert verdict in shown


def test_ink_that_is_pushed_over_the_edge_is_told() -> None:
    """Is a dot two pixels from the border lost at a shift of two, and does the page say so only then?"""
    view = shift.shift_view({"anywhere": anywhere()}, *dots(5, SIDE - 2))
    view.parts["shift"].value = 1
    assert "pushed over the edge" not in view.parts["picture_of"].value
    view.parts["shift"].value = 2
    assert (
        "100% of this digit&#x27;s ink is pushed over the edge, and 40 of the 40"
        in view.parts["picture_of"].value
    )


def test_the_band_is_twice_the_standard_error() -> None:
    """Is the margin that of the text?"""
    assert shift.margin(0.5, 100) == pytest.approx(0.1)
    assert shift.margin(1.0, 100) == 0
