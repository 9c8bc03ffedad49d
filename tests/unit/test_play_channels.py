"""Several channels: is the one map that of a real layer, and does what is shown add up to it?"""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest

from play import channels

PICTURE = np.random.default_rng(3).integers(0, 256, (9, 8, 3), dtype=np.uint8)
KERNEL = np.random.default_rng(4).integers(-3, 4, (3, 3, 3)).astype(float)


def place(row: int = 2, column: int = 4, bias: float = 0.5) -> channels.Place:
    return channels.Place(PICTURE / 255, KERNEL, bias, row, column)


def test_the_map_is_the_one_that_a_layer_makes() -> None:
    """One kernel of Keras' through three channels, with its bias: the same numbers?"""
    layer = keras.layers.Conv2D(1, 3)
    layer.build((None, 9, 8, 3))
    layer.set_weights([KERNEL[..., None], np.array([0.5])])
    by_keras = np.asarray(layer((PICTURE[None] / 255).astype(np.float32)))[0, :, :, 0]
    assert place().feature_map() == pytest.approx(by_keras, abs=1e-4)


def test_the_sums_of_the_channels_make_the_number_of_the_map() -> None:
    """At each place: do the three sums and the bias give what the map holds there?"""
    result = place().feature_map()
    for row, column in np.ndindex(*result.shape):
        now = place(row, column)
        assert now.sums().sum() + now.bias == pytest.approx(result[row, column])


def test_what_is_written_out_adds_up() -> None:
    """Do the numbers that one reads give the total, or is it said that they nearly do?"""
    signs = set()
    for row, column in np.ndindex(*place().feature_map().shape):
        now = place(row, column)
        sentence = re.search(r"<p[^>]*>([^<]*bias\)[^<]*)</p>", channels.drawn(now))
        assert sentence
        left, sign, right = re.split(" ([=≈]) ", sentence[1].replace(" (bias)", ""))
        shown = sum(float(part.strip("()")) for part in left.split(" + "))
        assert (sign == "=") == (abs(shown - float(right)) < 1e-9)
        assert float(right) == pytest.approx(now.sums().sum() + now.bias, abs=0.0051)
        signs.add(sign)
    assert signs == {"=", "≈"}


def test_the_window_goes_where_the_sliders_say_and_never_over_the_edge() -> None:
    view = channels.channels_view(PICTURE, {"small": KERNEL, "large": np.ones((5, 4, 3))})
    view.parts["row"].value, view.parts["column"].value = 6, 5
    assert "row 6 and column 5" in view.parts["picture_of"].value
    view.parts["kernel"].value = "large"
    assert (view.parts["row"].max, view.parts["column"].max) == (4, 4)
    assert "row 4 and column 4" in view.parts["picture_of"].value
    assert "27 weights" in view.still
    assert "60 weights" in view.parts["picture_of"].value


@pytest.mark.parametrize(
    ("picture", "kernels"),
    [
        (PICTURE[..., 0], {"a": KERNEL}),
        (PICTURE, {"a": KERNEL[..., 0]}),
        (PICTURE, {}),
        (PICTURE[..., :2], {"a": KERNEL}),
    ],
)
def test_other_channels_are_one_sentence(picture: np.ndarray, kernels: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="channels need a picture"):
        channels.channels_view(picture, kernels)
