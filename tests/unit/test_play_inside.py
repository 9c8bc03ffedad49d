"""Look inside a net: does what is framed, listed and covered agree with what the net itself does?"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from play import base, inside

RNG = np.random.default_rng(5)
PICTURES = RNG.random((4, 17, 15, 1), dtype=np.float32)
LABELS = np.array([0, 1, 2, 1])


def net(*middle: Any) -> Any:
    """A net for PICTURES with three classes."""
    ends = [layers.Flatten(), layers.Dense(3, activation="softmax")]
    return keras.Sequential([keras.Input(PICTURES.shape[1:]), *middle, *ends])


def seen_by(model: Any, level: inside.Level, row: int, column: int) -> tuple[set[int], set[int]]:
    """The rows and columns of pixels that a unit depends on: those with a gradient, all weights positive."""
    import tensorflow as tf

    for weights in (weights for layer in model.layers for weights in layer.trainable_weights):
        weights.assign(np.abs(weights.numpy()) + 0.1)
    look = keras.Model(model.inputs[0], level.layer.output)
    picture = tf.Variable(PICTURES[:1])
    with tf.GradientTape() as tape:
        unit = look(picture, training=False)[0, row, column, 0]
    there = np.argwhere(np.asarray(tape.gradient(unit, picture))[0, ..., 0] != 0)
    return set(there[:, 0].tolist()), set(there[:, 1].tolist())


@pytest.mark.parametrize(
    "middle",
    [
        [layers.Conv2D(2, 3), layers.Conv2D(2, 3), layers.AveragePooling2D(2)],
        [layers.Conv2D(2, 3), layers.Activation("linear"), layers.Conv2D(2, 3, strides=2)],
        [layers.Conv2D(2, 3, strides=2, padding="same"), layers.Conv2D(2, (2, 3), padding="same")],
        [layers.ZeroPadding2D(((1, 0), (2, 1))), layers.Conv2D(2, 3, dilation_rate=2)],
        [
            layers.Conv2D(2, 4, strides=(1, 3)),
            layers.BatchNormalization(),
            layers.AveragePooling2D(3, 1, "same"),
        ],
    ],
    ids=["net_1", "net_2", "same", "zeros and holes", "uneven"],
)
def test_the_frame_holds_the_pixels_that_the_unit_depends_on(middle: list[Any]) -> None:
    """Is the receptive field that is worked out the one that is measured, in a corner and in the middle?"""
    model = net(*middle)
    level = inside.levels_of(model)[-1]
    height, width = level.layer.output.shape[1:3]
    for place in ((0, 0), (height // 2, width // 2), (height - 1, width - 1)):
        for side, steps, at, measured in zip(
            PICTURES.shape[1:3],
            (level.rows, level.columns),
            place,
            seen_by(model, level, *place),
            strict=True,
        ):
            first, size = inside.receptive_field(steps, at)
            reach = [pixel for pixel in range(first, first + size) if 0 <= pixel < side]
            assert measured <= set(reach)
            if place == (height // 2, width // 2):  # at a border, holes and strides leave pixels out
                assert (first, first + size - 1) == (min(measured), max(measured))


def test_two_windows_of_three_see_five_pixels() -> None:
    """Are the numbers those of the text: 5 pixels after two convolutions, 6 after pooling, then 2 apart?"""
    convolution, pooling = inside.Step(3, 1), inside.Step(2, 2)
    assert inside.receptive_field([convolution, convolution], 4) == (4, 5)
    assert inside.receptive_field([convolution, convolution, pooling], 4) == (8, 6)
    assert inside.receptive_field([inside.Step(3, 2, padding=1)], 0) == (-1, 3)


def test_layers_behind_a_branch_are_left_out() -> None:
    """Does the list end where a receptive field could only be guessed?"""
    given = keras.Input(PICTURES.shape[1:])
    first = layers.Conv2D(2, 3)(given)
    beside = layers.Conv2D(2, 5, padding="same")(given)
    shares = [layers.Dense(3)(layers.Flatten()(maps)) for maps in (first, beside)]
    model = keras.Model(given, layers.Softmax()(layers.Add()(shares)))
    assert [level.name for level in inside.levels_of(model)] == ["1, Conv2D"]
    assert inside.levels_of(net(layers.Conv2DTranspose(2, 3), layers.MaxPooling2D())) == []


def test_hiding_what_the_net_reads_makes_the_share_fall() -> None:
    """Does a net that reads one pixel lose its share where that pixel is hidden, and nowhere else?"""
    model = net()
    weights = np.zeros((17 * 15, 3), dtype=np.float32)
    weights[8 * 15 + 4, 1] = 9  # row 8, column 4
    model.layers[-1].set_weights([weights, np.zeros(3, dtype=np.float32)])
    white = np.ones(PICTURES.shape[1:], dtype=np.float32)
    shares = inside.occlusion(model, white, 1)
    tops, lefts = inside.patch_starts(17), inside.patch_starts(15)
    hides = np.array([[top <= 8 < top + 7 and left <= 4 < left + 7 for left in lefts] for top in tops])
    assert hides.any()
    assert np.allclose(shares[~hides], shares.max())
    assert (shares[hides] < shares.max() - 0.01).all()


@pytest.mark.parametrize("side", [5, 7, 28, 32])
def test_the_patch_reaches_every_pixel(side: int) -> None:
    """Is each pixel hidden at least once, also at the far border and in a picture smaller than the patch?"""
    hidden = {pixel for start in inside.patch_starts(side) for pixel in range(start, start + inside.PATCH)}
    assert hidden >= set(range(side))


def test_the_picture_follows_the_widgets() -> None:
    """Do map, unit and layer that one chooses appear, with the numbers that the net computes?"""
    model = net(layers.Conv2D(3, 3, activation="relu"), layers.MaxPooling2D(2))
    view = inside.inside_view(model, PICTURES, LABELS[:, None])
    assert view.still == view.parts["picture_of"].value
    view.parts["digit"].value, view.parts["layer"].value = 2, 1
    assert [view.parts[name].max for name in ("row", "column", "map")] == [6, 5, 2]
    view.parts["row"].value, view.parts["column"].value, view.parts["map"].value = 6, 1, 2
    maps = PICTURES[2:3]
    for layer in model.layers[:2]:
        maps = layer(maps)
    shown = view.parts["picture_of"].value
    assert f"row 6, column 1 of map 2 has the value {float(maps[0, 6, 1, 2]):.3g}" in shown
    assert "framed 4 × 4 pixels" in shown
    assert "Occlusion" not in shown
    view.parts["occlusion"].value = True
    assert "Occlusion map" in view.parts["picture_of"].value


def test_a_net_without_convolution_gets_a_sentence() -> None:
    """Is a learner with a dense net told why there is nothing to see?"""
    assert inside.NO_MAPS in inside.inside_view(net(), PICTURES, LABELS).still


def test_maps_and_units_can_be_clicked() -> None:
    """Do the sheet of maps and the enlarged map say what a click means, and does it choose?"""
    view = inside.inside_view(net(layers.Conv2D(3, 3)), PICTURES, LABELS)
    assert 'data-pick="row column" data-cells="15 13"' in view.parts["picture_of"].value
    assert 'data-pick="map" data-cells="1 16"' in view.parts["picture_of"].value
    base.pick(view, {"row": 4, "column": 5})
    base.pick(view, {"map": 2})
    assert "The unit in row 4, column 5 of map 2 has" in view.parts["picture_of"].value
    base.pick(view, {"map": 15})  # an empty place of the sheet
    assert view.parts["map"].value == 2
