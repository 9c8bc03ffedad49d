"""Predict, then reveal: is every right spelling right, and each known mistake told which term it missed?"""

from __future__ import annotations

import html

import keras
import pytest
from play import prediction
from play.prediction import RIGHT, judge_shape, judge_weights, layers_of

CONV_1, CONV_2, POOL, FLATTEN, DENSE, LAST = layers_of("net_1")


@pytest.mark.parametrize("net", ["net_1", "net_2"])
def test_shapes_and_weights_are_those_of_the_real_net(net: str) -> None:
    stride = 1 if net == "net_1" else 2
    pooling = [keras.layers.MaxPooling2D(2)] if net == "net_1" else []
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(32, 3),
            keras.layers.Conv2D(64, 3, strides=stride),
            *pooling,
            keras.layers.Flatten(),
            keras.layers.Dense(128),
            keras.layers.Dense(10),
        ]
    )
    for layer, real in zip(layers_of(net), model.layers, strict=True):
        assert (layer.shape, layer.weights) == (real.output.shape[1:], real.count_params())


@pytest.mark.parametrize(
    "entry", ["26, 26, 32", "(26,26,32)", "26 x 26 x 32", "26×26×32", "(None, 26, 26, 32)"]
)
def test_a_right_shape_is_right_in_any_spelling(entry: str) -> None:
    assert judge_shape(CONV_1, entry) == RIGHT


@pytest.mark.parametrize(
    "entry", ["18496", "18,496", "18 496", "18_496", "3*3*32*64 + 64", "3·3·32·64+64", "3x3×32×64+64"]
)
def test_a_right_number_is_right_in_any_spelling(entry: str) -> None:
    assert judge_weights(CONV_2, entry) == RIGHT


@pytest.mark.parametrize(
    ("layer", "entry", "told"),
    [
        (CONV_1, "28, 28, 32", "was not subtracted"),
        (CONV_1, "25, 25, 32", "+ 1"),
        (CONV_1, "13, 13, 32", "stride 1"),
        (CONV_1, "26, 26, 1", "number is that of this layer's kernels"),
        (CONV_1, "26, 26", "channels were missed"),
        (layers_of("net_2")[1], "24, 24, 64", "stride was missed"),
        (layers_of("net_2")[1], "13, 13, 64", "was not subtracted"),
        (layers_of("net_2")[1], "11, 11, 64", "+ 1"),
        (POOL, "24, 24, 64", "pooling was missed"),
        (POOL, "12, 12, 32", "channels stays"),
        (FLATTEN, "12, 12, 64", "one row"),
        (FLATTEN, "144", "multiplied"),
        (DENSE, "9216, 128", "one number a unit"),
        (CONV_1, "40, 40, 3", "size formula"),
        (CONV_1, "a lot", "write a shape"),
        (CONV_1, " ", "not filled in"),
    ],
)
def test_a_wrong_shape_is_told_what_it_missed(layer: prediction.Layer, entry: str, told: str) -> None:
    assert told in judge_shape(layer, entry)


@pytest.mark.parametrize(
    ("layer", "entry", "told"),
    [
        (CONV_1, "288", "biases were missed"),
        (CONV_2, "640", "channels that come in"),
        (CONV_2, "3*32*64+64", "k · k"),
        (CONV_2, "3*3*32", "one kernel"),
        (CONV_2, "2*3*3*32*64", "too many biases"),
        (CONV_1, "26*26*320", "every place"),
        (POOL, "4", "nothing to learn"),
        (FLATTEN, "9216", "nothing to learn"),
        (DENSE, "9216*128", "biases were missed"),
        (DENSE, "64*128+128", "all the numbers"),
        (LAST, "129", "one kernel"),
        (LAST, "77", "how many weights has one"),
        (LAST, "__import__('os').getcwd()", "write a number"),
        (LAST, "9**9**9", "write a number"),
        (LAST, "1" * 5000, "write a number"),
        (LAST, "(" * 5000, "write a number"),
    ],
)
def test_a_wrong_number_is_told_what_it_missed(layer: prediction.Layer, entry: str, told: str) -> None:
    assert told in judge_weights(layer, entry)


def test_no_word_gives_the_answer_away_before_it_is_revealed() -> None:
    view = prediction.prediction_view("net_1")
    for number, layer in enumerate(layers_of("net_1")):
        view.parts[f"shape {number}"].value = "1, 1, 1"
        view.parts[f"weights {number}"].value = "7"
        said = view.parts["said"][number].value
        assert "✗" in said
        assert f"{layer.weights:,}" not in said or not layer.weights
    view.parts["check"].click()
    assert "0 of 12 right" in view.parts["total"].value
    view.parts["reveal"].click()
    assert "26 × 26 × 32; 3 · 3 · 1 · 32 + 32 = 320" in html.unescape(view.parts["said"][0].value)


def test_right_entries_are_counted() -> None:
    view = prediction.prediction_view("net_2")
    for number, layer in enumerate(layers_of("net_2")):
        view.parts[f"shape {number}"].value = ", ".join(map(str, layer.shape))
        view.parts[f"weights {number}"].value = str(layer.weights)
    view.parts["check"].click()
    assert "10 of 10 right" in view.parts["total"].value
