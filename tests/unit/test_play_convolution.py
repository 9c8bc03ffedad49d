"""The convolution explorer and the zoom: is what they show what is computed, whatever one moves?"""

from __future__ import annotations

import html
import re
from typing import Any

import keras
import numpy as np
import pytest
import tools
from play import base, convolution, pixels

PICTURE = np.array([[3, 2, 0, 1, 3], [2, 1, 1, 3, 1], [2, 4, 0, 1, 2], [1, 0, 2, 2, 0], [0, 3, 1, 0, 1]])


@pytest.fixture
def view() -> base.View:
    return convolution.convolution_view({"example": PICTURE, "dot": np.pad([[9]], 3)})


def seen(view: base.View) -> str:
    return html.unescape(view.parts["picture_of"].value)


def move(view: base.View, **values: Any) -> str:
    for name, value in values.items():
        view.parts[name].value = value
    return seen(view)


def test_the_sum_that_is_written_out_is_the_feature_map_at_every_place(view: base.View) -> None:
    by_hand = tools.convolve(PICTURE, convolution.EXAMPLE_KERNEL)
    for place, value in enumerate(by_hand.flat):
        products = re.search(r"<pre[^>]*>(.*)= (.*)</pre>", move(view, place=place), re.DOTALL)
        assert products is not None
        terms = re.findall(r"(-?[\d.]+)·\(?(-?[\d.]+)\)?", products.group(1))
        assert len(terms) == 9
        assert (
            sum(float(pixel) * float(weight) for pixel, weight in terms) == value == float(products.group(2))
        )


def test_stride_padding_and_size_are_those_of_a_keras_layer(view: base.View) -> None:
    shown = move(view, picture="dot", kernel=convolution.BLUR, size=5, padding=1, stride=2)
    layer = keras.layers.Conv2D(1, 5, strides=2, use_bias=False, kernel_initializer="ones")
    padded = np.pad(np.pad([[9]], 3), 1).reshape(1, 9, 9, 1).astype(np.float32)
    places = layer(padded).shape[1]
    assert f"⌊(7 + 2 · 1 − 5) / 2⌋ + 1 = {places}" in shown
    assert view.parts["place"].max == places**2 - 1


def test_flipping_shows_the_convolution_of_mathematics(view: base.View) -> None:
    plain = seen(view)
    flipped = move(view, flip=True)
    value = tools.convolve(PICTURE, np.flip(convolution.EXAMPLE_KERNEL))[0, 0]
    assert f"= {value:g}</pre>" in flipped
    assert f"= {value:g}</pre>" not in plain
    assert "another one than without the flip" in flipped
    assert "its own mirror image" in move(view, kernel=convolution.BLUR)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("1 2\n3", "rows of numbers"),
        ("one two", "rows of numbers"),
        ("", "rows of numbers"),
        ("nan 1\n1 1", "rows of numbers"),
        ("\n".join(["1 " * 9] * 9), "up to 7 × 7"),
        ("\n".join(["1 " * 7] * 7), "does not fit"),
    ],
)
def test_a_kernel_that_is_none_or_does_not_fit_is_a_sentence(view: base.View, typed: str, told: str) -> None:
    assert told in move(view, kernel=convolution.OWN, own=typed)
    assert "<svg" in move(view, own="0 0 0\n0 1 0\n0 0 0")  # and one goes on


def test_a_kernel_typed_in_moves_the_picture(view: base.View) -> None:
    move(view, kernel=convolution.OWN, own="0 0 0\n0 0 1\n0 0 0", padding=1, whole=True)
    moved = tools.convolve(
        PICTURE, convolution.kernel_of(convolution.OWN, 3, "0 0 0\n0 0 1\n0 0 0"), padding=1
    )
    assert np.array_equal(moved[:, :-1], PICTURE[:, 1:])


def test_play_fills_the_map_place_by_place(view: base.View) -> None:
    cells = re.compile(r"<rect")
    whole = len(cells.findall(move(view, place=0)))
    view.parts["play"].value = 4
    assert view.parts["place"].value == 4
    assert not view.parts["whole"].value
    # Of nine squares of the map, five have their number by now.
    assert seen(view).count("<text") < move(view, whole=True).count("<text") == seen(view).count("<text")
    assert len(cells.findall(seen(view))) == whole


def test_where_widgets_do_not_run_the_first_picture_stands_still(view: base.View) -> None:
    assert view.still.count("<svg") == 1
    assert "feature map" in view.text.lower()
    assert view.still == view.parts["picture_of"].value


def test_zooming_in_shows_numbers_and_zooming_out_hides_them() -> None:
    image = np.arange(784, dtype=np.uint8).reshape(28, 28)
    view = pixels.pixels_view(image, 7)
    assert "<text" not in view.parts["picture_of"].value
    view.parts["zoom"].value = 5
    view.parts["row"].value, view.parts["column"].value = 2, 3
    numbers = re.findall(r"<text[^>]*>(\d+)</text>", view.parts["picture_of"].value)
    assert [int(number) for number in numbers] == image[2:7, 3:8].ravel().tolist()
