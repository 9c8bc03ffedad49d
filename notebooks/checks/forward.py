"""What a chain of described layers computes, in NumPy: the judge's own forward pass.

A layer is described by a dictionary: "kind" is the name of its class, "weights" are the shapes of its
weights, and the other keys are those of its Keras configuration.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from checks.plain import array_of, same
from checks.task import Answer

# What `activation_of` calls a ReLU that has a slope, a threshold or a largest value.
OWN_RELU = "own ReLU"

# Layers that may be the activation of another one, and have settings, and no weights.
_WITH_SETTINGS = ("ReLU", "LeakyReLU", "ELU")

# The kind of a step that is no layer: what a student's code does between two of them.
OWN_CODE = "own code"


def activation_of(layer: Answer) -> str:
    """Name of the activation if the layer is nothing but one, else ""."""
    names = {"ReLU": "relu", "Relu": "relu", "Softmax": "softmax", "Sigmoid": "sigmoid", "Tanh": "tanh"}
    if layer["kind"] == "Activation":
        return str(layer.get("activation"))
    if layer["kind"] == "ReLU" and (
        layer.get("max_value") or layer.get("negative_slope") or layer.get("threshold")
    ):
        return OWN_RELU
    if layer["kind"] in ("LeakyReLU", "ELU", "PReLU", "Relu6", "Gelu", "Selu", "Elu", "LeakyRelu"):
        return str(layer["kind"])
    return names.get(layer["kind"], "")


def layer_weights(layers: Sequence[Answer], seed: int) -> list[list[np.ndarray]]:
    """Weights for each layer: they follow from a weight's size alone, so that order and clothes don't count.

    Of several of the same size, each has its own. A layer that comes again ("again" is its first place) has
    the weights that it had.
    """
    seen: Counter[int] = Counter()
    drawn: list[list[np.ndarray]] = []
    for layer in layers:
        if "again" in layer:
            drawn.append(drawn[layer["again"]])
            continue
        own = []
        for shape in layer.get("weights", []):
            size = math.prod(shape)
            own.append(_drawn(shape, [seed, size, seen[size]]))
            seen[size] += 1
        # A normalisation's are positive, as a variance must be.
        positive = layer["kind"] == "BatchNormalization"
        drawn.append([np.abs(weight) + np.float32(0.5) for weight in own] if positive else own)
    return drawn


def _drawn(shape: Sequence[int], seed: Sequence[int]) -> np.ndarray:
    """One weight: large enough to keep values from fading, and such that half precision holds it.

    He et al. (2015): a standard deviation of √(2 / inputs) keeps a ReLU net's values of order one. They are
    of order 10 inside here, which tells ReLU from ReLU6; the softmax still gets values of order one.
    """
    sides = [side for side in shape if side != 1]
    inputs = math.prod(sides[:-1]) if len(sides) > 1 else 50
    scale = 5 if len(sides) > 2 else 0.2 if len(sides) == 2 else 1
    values = np.asarray(np.random.default_rng(seed).standard_normal(tuple(shape), np.float32))
    values = values * np.float32(scale * math.sqrt(2 / inputs))
    # bfloat16 has the upper half of float32's bits, and float16 has room for all of these too.
    bits = np.atleast_1d(values).view(np.uint32) & np.uint32(0xFFFF0000)
    return bits.view(np.float32).reshape(tuple(shape))


def forward(
    layers: Sequence[Answer], weights: Sequence[Sequence[np.ndarray]], images: np.ndarray
) -> np.ndarray | None:
    """Output of a chain of described layers, or None if one of them can't be followed.

    ``weights`` holds those of each layer, ``images`` is (n, height, width, channels). What Keras calls a
    convolution is a cross-correlation: the kernel is not flipped. Of a layer that was measured, we believe
    what came out ("went") where what came in ("came") is what we have.
    """
    values: np.ndarray = images.astype(np.float32)
    for layer, own in zip(layers, weights, strict=True):
        if "went" in layer:
            if not close(array_of(layer, "came"), values):
                return None
            values = layer["went"]
            continue
        step, activate = STEPS.get(layer["kind"]), activation_step(layer)
        if step is None or activate is None:
            return None
        values = activate(step(values, layer, own))
    return values


def activation_step(layer: Answer) -> Callable[[np.ndarray], np.ndarray] | None:
    """What a layer's activation does, be it a function or a layer with settings; None if it can't be told."""
    name, settings = str(layer.get("activation", "linear")), layer.get("activation settings")
    if name in ACTIVATIONS:
        return ACTIVATIONS[name]
    kind = "ReLU" if name == OWN_RELU else name
    if settings is None or kind not in _WITH_SETTINGS:
        return None
    return lambda values: STEPS[kind](values, settings, [])


def close(values: np.ndarray | None, expected: np.ndarray) -> bool:
    """Whether values are the same but for the rounding of sums in another order."""
    return same(values, expected, 1e-3 * (1 + float(np.abs(expected).max(initial=0))))


def _windows(values: np.ndarray, size: Any, strides: Any, padding: Any, fill: float) -> np.ndarray:
    """All windows, (n, rows, columns, channels, height, width); 'same' pads unevenly, as in Keras."""
    if padding == "same":
        sides = []
        for side, window, stride in zip(values.shape[1:3], size, strides, strict=True):
            total = max((-(-side // stride) - 1) * stride + window - side, 0)
            sides.append((total // 2, total - total // 2))
        values = np.pad(values, ((0, 0), *sides, (0, 0)), constant_values=fill)
    windows = np.lib.stride_tricks.sliding_window_view(values, tuple(size), axis=(1, 2))
    return windows[:, :: strides[0], :: strides[1]]


def _step_conv(values: np.ndarray, layer: Answer, weights: Sequence[np.ndarray]) -> np.ndarray:
    if layer.get("data_format", "channels_last") != "channels_last":
        raise ValueError("channels come last")
    kernel, groups, (down, right) = weights[0], layer.get("groups", 1), layer.get("dilation_rate", [1, 1])
    spread = np.zeros(
        ((kernel.shape[0] - 1) * down + 1, (kernel.shape[1] - 1) * right + 1, *kernel.shape[2:]), kernel.dtype
    )
    spread[::down, ::right] = kernel
    windows = _windows(values, spread.shape[:2], layer["strides"], layer["padding"], 0)
    parts = zip(np.split(windows, groups, axis=3), np.split(spread, groups, axis=3), strict=True)
    result = np.concatenate([np.tensordot(w, k, axes=([4, 5, 3], [0, 1, 2])) for w, k in parts], axis=-1)
    return result + weights[1] if len(weights) > 1 else result


def _step_pool(values: np.ndarray, layer: Answer, weights: Sequence[np.ndarray]) -> np.ndarray:
    maximum = layer["kind"] == "MaxPooling2D"
    fill = -np.inf if maximum else np.nan
    strides = layer.get("strides") or layer["pool_size"]
    windows = _windows(values, layer["pool_size"], strides, layer["padding"], fill)
    return windows.max(axis=(4, 5)) if maximum else np.nanmean(windows, axis=(4, 5))


def _step_relu(values: np.ndarray, layer: Answer) -> np.ndarray:
    threshold, slope = layer.get("threshold") or 0, layer.get("negative_slope") or 0
    values = np.where(values >= threshold, values, slope * (values - threshold))
    return values if layer.get("max_value") is None else np.minimum(values, layer["max_value"])


def _step_dense(values: np.ndarray, layer: Answer, weights: Sequence[np.ndarray]) -> np.ndarray:
    return values @ weights[0] + weights[1] if len(weights) > 1 else values @ weights[0]


def _step_normalise(values: np.ndarray, layer: Answer, weights: Sequence[np.ndarray]) -> np.ndarray:
    *given, mean, variance = weights
    scale = given.pop(0) if layer.get("scale", True) else 1
    offset = given.pop(0) if layer.get("center", True) else 0
    return (values - mean) / np.sqrt(variance + layer["epsilon"]) * scale + offset


def _step_zero_padding(values: np.ndarray, layer: Answer, weights: Sequence[np.ndarray]) -> np.ndarray:
    return np.pad(values, ((0, 0), *((int(a), int(b)) for a, b in layer["padding"]), (0, 0)))


def _softmax(values: np.ndarray) -> np.ndarray:
    exponentials = np.exp(values - values.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "softmax": _softmax,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "softplus": lambda x: np.logaddexp(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "selu": lambda x: 1.05070098 * np.where(x > 0, x, 1.67326324 * np.expm1(np.minimum(x, 0))),
    "gelu": lambda x: x * (1 + np.vectorize(math.erf)(x / np.sqrt(2))) / 2,
}

STEPS: dict[str, Callable[[np.ndarray, Answer, Sequence[np.ndarray]], np.ndarray]] = {
    "Conv2D": _step_conv,
    "Dense": _step_dense,
    "MaxPooling2D": _step_pool,
    "AveragePooling2D": _step_pool,
    "GlobalMaxPooling2D": lambda x, layer, w: x.max(axis=(1, 2)),
    "GlobalAveragePooling2D": lambda x, layer, w: x.mean(axis=(1, 2)),
    "BatchNormalization": _step_normalise,
    "ZeroPadding2D": _step_zero_padding,
    "Flatten": lambda x, layer, w: x.reshape(len(x), -1),
    "Reshape": lambda x, layer, w: x.reshape(len(x), *layer["target_shape"]),
    "Rescaling": lambda x, layer, w: x * layer["scale"] + layer["offset"],
    "ReLU": lambda x, layer, w: _step_relu(x, layer),
    "ELU": lambda x, layer, w: np.where(x > 0, x, layer.get("alpha", 1) * np.expm1(np.minimum(x, 0))),
    "Relu": lambda x, layer, w: np.maximum(x, 0),
    "LeakyReLU": lambda x, layer, w: np.where(x > 0, x, layer["negative_slope"] * x),
    "Softmax": lambda x, layer, w: _softmax(x),
    "Sigmoid": lambda x, layer, w: 1 / (1 + np.exp(-x)),
    "Tanh": lambda x, layer, w: np.tanh(x),
    # These do nothing outside training, or nothing but what `activation` says.
    **{
        kind: lambda x, layer, w: x
        for kind in (
            "InputLayer",
            "Activation",
            "Dropout",
            "SpatialDropout2D",
            "GaussianNoise",
            "GaussianDropout",
        )
    },
}
