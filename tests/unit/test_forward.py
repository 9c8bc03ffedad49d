"""The judge's own forward pass, compared with Keras', layer by layer."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from checks.forward import ACTIVATIONS, activation_of, close, forward, layer_weights
from checks.model import described

IMAGES = np.random.default_rng(7).normal(0.2, 1, (3, 9, 7, 6)).astype(np.float32)
LAYERS = [
    layers.Conv2D(4, 3),
    layers.Conv2D(4, (2, 3), strides=(2, 1), padding="same"),
    layers.Conv2D(4, (3, 2), strides=(1, 3), use_bias=False),
    layers.Conv2D(4, 2, dilation_rate=(3, 2)),
    layers.Conv2D(4, 2, dilation_rate=(3, 2), padding="same"),
    layers.Conv2D(4, 1, strides=3, padding="same"),
    layers.Conv2D(6, 3, groups=3),
    layers.MaxPooling2D(2),
    layers.MaxPooling2D((2, 3), strides=(1, 2), padding="same"),
    layers.AveragePooling2D((3, 2)),
    layers.AveragePooling2D(3, strides=2, padding="same"),
    layers.GlobalMaxPooling2D(),
    layers.GlobalAveragePooling2D(),
    layers.Dense(4, "tanh"),
    layers.Dense(4, use_bias=False),
    layers.BatchNormalization(),
    layers.BatchNormalization(scale=False, epsilon=0.3),
    layers.BatchNormalization(center=False),
    layers.ZeroPadding2D(((1, 2), (0, 3))),
    layers.Flatten(),
    layers.Reshape((7, 54)),
    layers.Rescaling(2.0, offset=-0.5),
    layers.ReLU(),
    layers.ReLU(max_value=0.7, negative_slope=0.1, threshold=0.4),
    layers.ELU(alpha=0.5),
    layers.LeakyReLU(negative_slope=0.3),
    layers.Softmax(),
    layers.Dropout(0.5),
    layers.Activation("sigmoid"),
    *(layers.Dense(4, activation=name) for name in ACTIVATIONS),
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_a_layer_gives_what_keras_gives(layer: Any) -> None:
    """Is what comes out of one described layer what Keras computes, with the weights that are drawn?"""
    model = keras.Sequential([keras.Input(IMAGES.shape[1:]), layer])
    answer = described(model, {"images": IMAGES, "seed": 3})
    values = forward(answer["layers"], layer_weights(answer["layers"], 3), IMAGES)
    assert values is not None
    assert values.shape == answer["output"].shape
    np.testing.assert_allclose(values, answer["output"], rtol=1e-5, atol=1e-4)


def test_weights_are_drawn_by_their_size() -> None:
    """The same for one place among those of a size; others for another seed or place; kept by a layer?"""
    dense, conv = {"kind": "Dense", "weights": [[6, 4], [4]]}, {"kind": "Conv2D", "weights": [[2, 3, 1, 4]]}
    drawn = layer_weights([dense, conv, dense, {**dense, "again": 0}], 3)
    assert drawn[3] is drawn[0]
    assert not np.array_equal(drawn[0][0], drawn[2][0])
    # 24 numbers each, whatever their shape: the second of that size.
    alone = layer_weights([conv, conv], 3)
    assert np.allclose(np.sign(alone[1][0].ravel()), np.sign(drawn[1][0].ravel()))
    assert not np.array_equal(layer_weights([dense], 4)[0][0], drawn[0][0])


def test_drawn_weights_fit_half_precision_and_keep_values_in_size() -> None:
    """Are they what bfloat16 can hold, a variance positive, and of He's size for a kernel's inputs?"""
    (kernel, bias), (variance,) = layer_weights(
        [
            {"kind": "Conv2D", "weights": [[5, 5, 40, 64], [64]]},
            {"kind": "BatchNormalization", "weights": [[500]]},
        ],
        3,
    )
    assert not (kernel.view(np.uint32) & 0xFFFF).any()
    assert kernel.dtype == bias.dtype == np.float32
    assert kernel.std() == pytest.approx(5 * np.sqrt(2 / 1000), rel=0.02)
    assert bias.std() == pytest.approx(np.sqrt(2 / 50), rel=0.4)
    assert variance.min() >= 0.49
    ((dense,),) = layer_weights([{"kind": "Dense", "weights": [[800, 30]]}], 3)
    assert dense.std() == pytest.approx(0.2 * np.sqrt(2 / 800), rel=0.02)
    ((flat,),) = layer_weights([{"kind": "Conv2D", "weights": [[1, 1, 800, 30]]}], 3)
    assert flat.std() == pytest.approx(dense.std(), rel=0.02)


def test_what_can_not_be_followed_is_none() -> None:
    """A kind or an activation that is not known, and a measured layer that got something else?"""
    known = {"kind": "Flatten"}
    assert forward([known, {"kind": "Permute"}], [[], []], IMAGES) is None
    assert forward([{**known, "activation": "mish"}], [[]], IMAGES) is None
    assert forward([{**known, "activation": "PReLU", "activation settings": {}}], [[]], IMAGES) is None
    assert forward([{**known, "activation": "ReLU"}], [[]], IMAGES) is None
    assert forward([{**known, "activation": "relu", "activation settings": {}}], [[]], IMAGES) is not None
    measured = {"kind": "Permute", "came": IMAGES, "went": IMAGES[..., 0]}
    assert np.array_equal(forward([measured], [[]], IMAGES), IMAGES[..., 0])
    assert forward([{**measured, "came": IMAGES + 1}], [[]], IMAGES) is None


def test_settings_that_are_missing_are_keras_own() -> None:
    """Steps as long as the window, ReLU without slope or threshold, a normalisation with all weights?"""
    pool = {"kind": "MaxPooling2D", "pool_size": [2, 3], "padding": "valid"}
    same_steps = forward([{**pool, "strides": [2, 3]}], [[]], IMAGES)
    for missing in (pool, {**pool, "strides": None}):
        assert np.array_equal(forward([missing], [[]], IMAGES), same_steps)
    for relu in ({}, {"threshold": None, "negative_slope": None, "max_value": None}):
        assert np.array_equal(forward([{"kind": "ReLU", **relu}], [[]], IMAGES), np.maximum(IMAGES, 0))
    at_threshold = forward([{"kind": "ReLU", "threshold": 0.5}], [[]], np.array([[0.25, 0.5, 0.75]]))
    assert np.array_equal(at_threshold, [[0, 0.5, 0.75]])
    elu = np.where(IMAGES > 0, IMAGES, np.exp(np.minimum(IMAGES, 0)) - 1)
    np.testing.assert_allclose(forward([{"kind": "ELU"}], [[]], IMAGES), elu, atol=1e-6)
    (scale, offset, mean, variance) = own = [np.float32([number] * 6) for number in (3, 5, 7, 4)]
    normalised = forward([{"kind": "BatchNormalization", "epsilon": 0}], [own], IMAGES)
    np.testing.assert_allclose(normalised, (IMAGES - mean) / np.sqrt(variance) * scale + offset, rtol=1e-5)


def test_what_keras_calls_an_operation_is_the_activation_of_that_name() -> None:
    """keras.ops.relu and its like, called between two layers?"""
    for kind, activation in {
        "Relu": "relu",
        "Sigmoid": "sigmoid",
        "Tanh": "tanh",
        "Softmax": "softmax",
    }.items():
        expected = getattr(keras.ops, activation)(IMAGES)
        np.testing.assert_allclose(forward([{"kind": kind}], [[]], IMAGES), expected, atol=1e-6)


def test_softmax_of_large_numbers_is_finite() -> None:
    """Rows far from each other, and far from 0?"""
    rows = np.array([[1000.0, 1000.0, 0.0], [-1000.0, -1000.0, -2000.0]])
    assert np.array_equal(forward([{"kind": "Softmax"}], [[]], rows), [[0.5, 0.5, 0]] * 2)


def test_channels_come_last() -> None:
    """Is a convolution with its channels first refused, not computed as another?"""
    layer = {"kind": "Conv2D", "strides": [1, 1], "padding": "valid", "data_format": "channels_first"}
    with pytest.raises(ValueError, match="channels"):
        forward([layer], [[np.ones((3, 3, 6, 2), np.float32)]], IMAGES)


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ({"kind": "Dense", "activation": "relu"}, ""),
        ({"kind": "Activation", "activation": "tanh"}, "tanh"),
        ({"kind": "ReLU"}, "relu"),
        ({"kind": "ReLU", "max_value": 6}, "own ReLU"),
        ({"kind": "ReLU", "negative_slope": 0.1}, "own ReLU"),
        ({"kind": "ReLU", "threshold": 1}, "own ReLU"),
        ({"kind": "LeakyReLU"}, "LeakyReLU"),
        ({"kind": "LeakyReLU", "negative_slope": 0.1}, "LeakyReLU"),
        ({"kind": "Softmax"}, "softmax"),
    ],
)
def test_a_layer_that_is_an_activation_is_named(layer: Any, name: str) -> None:
    """Is a layer told from an activation, and a ReLU from one with settings?"""
    assert activation_of(layer) == name


def test_close_is_within_a_thousandth() -> None:
    """Of the largest value, and of one more?"""
    expected = np.array([0.0, 9.0])
    assert close(expected + 0.0099, expected)
    assert not close(expected + 0.0101, expected)
    assert not close(np.array([0.5018]), np.array([0.5]))
    assert close(np.array([-0.0099, -9.0]), -expected)
    assert close(np.empty(0), np.empty(0))
