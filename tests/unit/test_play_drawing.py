"""Draw your own digit: is a drawing prepared as MNIST's digits were, and what does that buy?"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tools
from play import drawing


@pytest.fixture(scope="module")
def digits() -> tuple[Any, Any]:
    """The shipped digits that no net of these tests learns from, and their labels."""
    images, labels = tools.load_sample("mnist")
    return images[4000:], labels[4000:]


@pytest.fixture(scope="module")
def net() -> Any:
    """A small net that has learned to read the shipped digits."""
    import keras

    keras.utils.set_random_seed(3)
    images, labels = tools.load_sample("mnist")
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="sparse_categorical_crossentropy")
    model.fit(images[:4000, ..., None] / np.float32(255), labels[:4000], epochs=3, verbose=0)
    return model


def words(view: Any) -> str:
    shown = view.parts["verdict"].value + view.parts["picture_of"].value
    return " ".join(re.sub(r"<[^>]+>", " ", shown).split())


# ------------------------------------------------------------------------------------------ preparation


def test_a_digit_of_mnist_stays_as_it_is(digits: Any) -> None:
    """Is our preparation the one of MNIST's makers?"""
    for digit in digits[0][:100]:
        np.testing.assert_allclose(drawing.as_mnist(digit), digit / 255, atol=1e-6)


def test_a_moved_and_enlarged_digit_comes_back(digits: Any) -> None:
    """Do size and place on the pad no longer matter?"""
    for digit in digits[0][:50]:
        pad = np.zeros((200, 260), np.uint8)
        pad[80:192, 140:252] = drawing.on_pad(digit)
        back = drawing.as_mnist(pad)
        # Edges are softer, and a centre at the border of two pixels may round to the other side.
        moved = [np.roll(digit / 255, (down, across), (0, 1)) for down in (-1, 0, 1) for across in (-1, 0, 1)]
        assert min(np.abs(back - other).mean() for other in moved) < 0.03
        assert max(abs(place - 14.5) for place in drawing.centre_of_mass(back)) <= 0.5


@pytest.mark.parametrize(
    ("height", "width", "expected"), [(60, 30, (20, 10)), (8, 40, (4, 20)), (3, 3, (20, 20))]
)
def test_the_longer_side_becomes_20_pixels(height: int, width: int, expected: tuple[int, int]) -> None:
    """Is the aspect ratio kept, for what is shrunk and for what is enlarged?"""
    pad = np.zeros((112, 112), np.uint8)
    pad[5 : 5 + height, 50 : 50 + width] = 255
    rows, columns = np.nonzero(drawing.as_mnist(pad))
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == expected


def test_an_empty_drawing_stays_empty() -> None:
    """Is there no division by its mass of 0?"""
    assert not drawing.as_mnist(np.zeros((112, 112), np.uint8)).any()


def test_only_shrunk_leaves_a_digit_in_its_corner(digits: Any) -> None:
    """Does the other way not centre in secret?"""
    down, across = drawing.centre_of_mass(drawing.shrunk(drawing.in_corner(drawing.on_pad(digits[0][0]))))
    assert down < 9
    assert across < 9


def test_the_step_lets_a_net_read_small_digits_in_a_corner(digits: Any, net: Any) -> None:
    """Is what the view claims so, with a real net and 100 digits it never saw?"""
    corners = [drawing.in_corner(drawing.on_pad(digit)) for digit in digits[0][:100]]

    def accuracy(prepare: Any) -> float:
        pictures = np.stack([prepare(corner) for corner in corners])[..., None]
        return float((np.asarray(net(pictures)).argmax(axis=1) == digits[1][:100]).mean())

    assert accuracy(drawing.as_mnist) > 0.75
    assert accuracy(drawing.shrunk) < 0.4


# ------------------------------------------------------------------------------------------------- the view


def test_the_view_reads_what_the_pad_holds(digits: Any, net: Any) -> None:
    """Does a stroke reach both preparations, and the net's answers the page?"""
    view = drawing.draw_digit_view({"mine": net})
    assert drawing.EMPTY in words(view)
    pad = drawing.on_pad(digits[0][7])
    view.parts["pad"].pixels = memoryview(pad.tobytes())  # as it comes from the browser
    for title, prepare in ((drawing.SHRUNK, drawing.shrunk), (drawing.AS_MNIST, drawing.as_mnist)):
        shares = np.asarray(net(prepare(pad)[None, ..., None]))[0]
        assert f"{title} {shares.argmax()} ({shares.max():.0%})" in words(view)
    assert words(view).startswith(f"mine reads {drawing.SHRUNK}")
    view.parts["pad"].pixels = bytes(drawing.SIDE**2)
    assert drawing.EMPTY in words(view)
    assert f"{drawing.SHRUNK} – {drawing.AS_MNIST} –" in words(view)


def test_what_is_read_stands_above_the_pad(net: Any) -> None:
    """Where one looks while drawing, not below the pad: is the table of readings before it in the view?"""
    view = drawing.draw_digit_view({"mine": net})
    *_, verdict, beside = view.box.children
    assert verdict is view.parts["verdict"]
    assert beside.children[0] is view.parts["pad"]


def test_without_drawing_one_can_see_the_effect(net: Any) -> None:
    """Do the buttons put a digit on the pad, and then into its corner?"""
    view = drawing.draw_digit_view({"mine": net})
    view.parts["take"].click()
    taken = drawing.drawing_of(view.parts["pad"])
    view.parts["corner"].click()
    assert taken.any()
    np.testing.assert_array_equal(drawing.drawing_of(view.parts["pad"]), drawing.in_corner(taken))


def test_where_no_widget_runs_an_example_is_read(net: Any) -> None:
    """Does the still picture show more than an empty pad, and the text the same?"""
    view = drawing.draw_digit_view({"mine": net})
    assert view.still.count("<svg") == 4
    assert "mine reads" in view.text


def test_a_net_that_cannot_read_digits_gets_a_sentence(net: Any) -> None:
    """Are nets for other pictures named, and the others still asked?"""
    import keras

    colour = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10)])
    two = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    text = drawing.draw_digit_view({"colour": colour, "two": two, "none": None, "mine": net}).text
    assert drawing.OTHER_INPUT.format(net="colour", shape=(32, 32, 3)) in text
    assert drawing.OTHER_OUTPUT.format(net="two", shape=(2,)) in text
    assert drawing.NO_MODEL.format(net="none", kind="NoneType") in text
    assert "mine reads" in text
    assert drawing.draw_digit_view({}).text == drawing.NO_NETS
