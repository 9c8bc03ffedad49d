"""The convolution explorer and the zoom: are the numbers that one sees right, whatever one chooses?"""

from __future__ import annotations

import html
import re
from typing import Any

import numpy as np
import pytest

from play import base, convolution, pixels
from tools.arithmetic import convolve

PICTURE = np.array([[3, 2, 0, 1, 3], [2, 1, 1, 3, 1], [2, 4, 0, 1, 2], [1, 0, 2, 2, 0], [0, 3, 1, 0, 1]])
# (height, width) differ, so that rows and columns cannot be mixed up unnoticed.
LONG = np.arange(28).reshape(4, 7) % 5


@pytest.fixture
def view() -> Any:
    """The explorer with two pictures."""
    return convolution.convolution_view({"square": PICTURE, "long": LONG})


def choose(view: Any, **values: Any) -> str:
    """Move these widgets, and return what is drawn then."""
    for name, value in values.items():
        view.parts[name].value = value
    return view.parts["picture_of"].value


def numbers(page: str, part: str) -> list[float]:
    """The numbers that stand in one part of the drawing, row by row."""
    group = re.search(rf'<g data-part="{part}">(.*?)</g>', page, re.DOTALL)
    assert group, f"no {part} is drawn"
    return [float(word) for word in re.findall(r">([^<>]+)</text>", group[1])]


def written_sum(page: str) -> tuple[float, float]:
    """Both sides of the sum that is written out: worked out from its terms, and as it stands there."""
    found = re.search(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)
    assert found
    terms, result = re.split("[=≈]", html.unescape(found[1]))
    return eval("(" + terms.replace("·", "*") + ")"), float(result)


@pytest.mark.parametrize("picture", ["square", "long"])
@pytest.mark.parametrize(
    ("stride", "padding", "size"), [(1, 0, 3), (2, 1, 3), (3, 2, 2), (1, 2, 5), (2, 0, 1)]
)
@pytest.mark.parametrize("kernel", ["edge, left against right", "edge, top against bottom", "blur (mean)"])
def test_the_map_is_that_of_tools_convolve(
    view: Any, picture: str, stride: int, padding: int, size: int, kernel: str
) -> None:
    """Do the numbers in the feature map and the places of the size formula agree with the arithmetic?"""
    page = choose(view, picture=picture, kernel=kernel, size=size, stride=stride, padding=padding)
    weights = convolution.kernel_of(kernel, size, "")
    grey = {"square": PICTURE, "long": LONG}[picture]
    expected = convolve(grey, weights, stride, padding)
    assert numbers(page, "map") == pytest.approx(expected.ravel(), abs=0.0051)
    assert all(f"⌋ + 1 = {places}" in page for places in expected.shape)
    assert view.parts["place"].max == expected.size - 1


def test_the_map_is_that_of_a_keras_layer(view: Any) -> None:
    """Does a Conv2D with the kernel that one typed in make the same map?"""
    import keras

    page = choose(view, picture="long", kernel="own numbers", own="1 -2\n0 3", stride=2)
    layer = keras.layers.Conv2D(1, 2, strides=2, use_bias=False)
    layer.build((None, 4, 7, 1))
    layer.set_weights([np.array([[1, -2], [0, 3]]).reshape(2, 2, 1, 1)])
    by_keras = np.asarray(layer(LONG.reshape(1, 4, 7, 1).astype(np.float32)))
    assert numbers(page, "map") == by_keras.ravel().tolist()


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("flip", [False, True])
def test_the_written_out_sum_is_the_number_in_the_map(view: Any, size: int, flip: bool) -> None:
    """At every place, does the sum come to what it says, and is that what stands in the map?"""
    choose(view, picture="long", kernel="edge, top against bottom", size=size, stride=2, padding=1, flip=flip)
    for place in range(view.parts["place"].max + 1):
        page = choose(view, place=place)
        terms, result = written_sum(page)
        assert terms == result == numbers(page, "map")[place]


def test_the_map_fills_up_to_the_place(view: Any) -> None:
    """Does one see the sums made so far, and all of them if one asks?"""
    page = choose(view, whole=False, place=4)
    assert len(numbers(page, "map")) == 5
    assert len(numbers(choose(view, whole=True), "map")) == 9


def test_playing_moves_the_place_and_goes_on_from_where_one_stepped(view: Any) -> None:
    """Are player and slider at the same place, whichever one moves?"""
    assert len(numbers(choose(view, play=3), "map")) == 4
    assert view.parts["place"].value == 3
    choose(view, place=6)
    assert view.parts["play"].value == 6


def test_only_the_field_for_own_numbers_comes_and_goes(view: Any) -> None:
    """Can all other controls be seen all the time?"""
    others = ("picture", "kernel", "size", "stride", "padding", "place", "whole", "flip")
    for kernel, display in (("the example", "none"), ("own numbers", "")):
        choose(view, kernel=kernel)
        assert view.parts["own"].layout.display == display
        assert not any(view.parts[name].layout.display for name in others)


def test_flipping_shows_the_flipped_kernel_and_its_map(view: Any) -> None:
    """Is it the convolution of mathematics then, and is it said what changed?"""
    before = choose(view, place=1)
    page = choose(view, flip=True)
    flipped = np.flip(convolution.EXAMPLE_KERNEL)
    assert numbers(page, "kernel") == flipped.ravel().tolist()
    assert numbers(page, "map") == convolve(PICTURE, flipped).ravel().tolist()
    old, new = numbers(before, "map")[1], numbers(page, "map")[1]
    assert old != new
    assert f"it is {new:g} instead of {old:g}" in page
    assert "no sum changes" in choose(view, kernel="blur (mean)")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("1 2\n3", "all of the same length"),
        ("", "rows of numbers"),
        ("one two", "rows of numbers"),
        ("1 nan", "rows of numbers"),
        ("1e99 1", "below 10,000"),
        ("__import__('os')", "rows of numbers"),
        ("1 " * 8, "up to 7 × 7"),
        ("1 2 3 4 5 6\n" * 6, "does not fit into 5 pixels"),
    ],
)
def test_a_kernel_that_cannot_be_used_gets_one_sentence(view: Any, typed: str, told: str) -> None:
    """Is it said what is wrong, with nothing drawn and no traceback, and does a good one work afterwards?"""
    page = choose(view, kernel="own numbers", own=typed)
    assert told in page
    assert "<svg" not in page
    assert len(numbers(choose(view, own="1, −1"), "map")) == 20


def test_pictures_that_are_none_are_refused() -> None:
    """Does one sentence name the picture that is no matrix?"""
    with pytest.raises(ValueError, match=r"colours is no grey picture: it has shape \(5, 5, 3\)"):
        convolution.convolution_view({"colours": np.zeros((5, 5, 3))})
    with pytest.raises(ValueError, match="at least one picture"):
        convolution.convolution_view({})


def test_the_zoom_shows_the_numbers_of_the_pixels() -> None:
    """Zoomed in, does one read the picture's own numbers, at the border as well, and none from far away?"""
    digit = np.arange(784, dtype=np.uint16).reshape(28, 28).astype(np.uint8)
    view = pixels.pixels_view(digit, 7)
    assert "</text>" not in view.still
    view.parts["zoom"].value, view.parts["row"].value, view.parts["column"].value = 6, 3, 23
    shown = re.findall(r">(\d+)</text>", view.parts["picture_of"].value)
    assert list(map(int, shown)) == digit[3:9, 22:].ravel().tolist()
    with pytest.raises(ValueError, match="grey picture of 8 bits"):
        pixels.pixels_view(digit / 255, 7)


@pytest.mark.parametrize(
    ("kernel", "size", "rows"),
    [
        ("edge, left against right", 3, [[1, 0, -1]] * 3),
        ("edge, top against bottom", 2, [[1, 1], [-1, -1]]),
        ("blur (mean)", 2, [[0.25, 0.25]] * 2),
        ("the example", 3, [[1, 0, -1], [2, 0, -1], [0, 1, 0]]),
    ],
)
def test_kernels_are_what_their_names_say(view: Any, kernel: str, size: int, rows: list[list[float]]) -> None:
    """Do the numbers of the kernel that is drawn fit its name?"""
    assert numbers(choose(view, kernel=kernel, size=size), "kernel") == np.ravel(rows).tolist()


def test_a_click_on_the_feature_map_moves_the_window(view: Any) -> None:
    """Does a place have the number that the slider has, row by row, with a stride too?"""
    page = choose(view, picture="long", stride=2)
    assert 'data-pick="place" data-cells="1 3"' in page
    base.pick(view, {"place": 2})
    assert view.parts["place"].value == 2
    assert "the window is at position (0, 2)" in view.parts["picture_of"].value
