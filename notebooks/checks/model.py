"""A student's model as plain data (tasks 4, 6, 10 and the own net): its layers, and what it computes."""

from __future__ import annotations

from typing import Any

import numpy as np

from checks.forward import activation_of, layer_weights
from checks.plain import not_callable
from checks.task import Answer, Answering, Ask, Case, Given


def cases_net(rng: np.random.Generator, data: Given) -> list[Case]:
    """MNIST's shape and two others, each with pictures and a seed for the weights."""

    def case(height: int, width: int, channels: int, classes: int) -> Case:
        images = rng.random((3, height, width, channels), dtype=np.float32)
        ask = {"sample_shape": [height, width, channels], "nb_classes": classes}
        return Case({**ask, "seed": int(rng.integers(2**31)), "images": images})

    sides = rng.choice(np.arange(9, 20), 4, replace=False)
    return [
        case(28, 28, 1, 10),
        case(int(sides[0]), int(sides[1]), int(rng.integers(2, 5)), int(rng.integers(3, 8))),
        case(int(sides[2]), int(sides[3]), 3, int(rng.integers(11, 17))),
    ]


def answer_net(name: str) -> Answering:
    """Answers with the model that the function of this name makes."""

    def answer(given: Given, ask: Ask) -> Answer:
        function = given[name]
        if not callable(function):
            return not_callable(name)
        return described(function(tuple(ask["sample_shape"]), ask["nb_classes"]), ask)

    return answer


def described(model: Any, ask: Ask) -> Answer:
    """A model's layers, and what it computes for the asked pictures with weights drawn from the asked seed.

    The model has its own weights back afterwards, so that a trained one can be asked without harm.
    """
    if not hasattr(model, "get_weights") or not hasattr(model, "layers"):
        return {"kind": type(model).__name__}
    model(ask["images"])  # a model without an Input has no weights before its first pictures
    own = model.get_weights()
    in_order = _flat_layers(_traced(model, ask))
    layers = [_layer_description(layer) for layer in in_order]
    try:
        with_weights = [pair for pair in zip(in_order, layers, strict=True) if pair[1]["weights"]]
        drawn = layer_weights([description for _, description in with_weights], ask["seed"])
        for (layer, _), weights in zip(with_weights, drawn, strict=True):
            layer.set_weights(weights)
        return {
            "kind": "Model",
            "layers": layers,
            "output": np.asarray(model(ask["images"], training=False)),
            "training output": np.asarray(model(ask["images"], training=True)),
            "extra losses": len(model.losses),
            "frozen": len(model.weights) - len(model.trainable_weights),
            "constraints": sum(getattr(weight, "constraint", None) is not None for weight in model.weights),
        }
    finally:
        model.set_weights(own)


def _traced(model: Any, ask: Ask) -> Any:
    """A class's model as a functional one, its layers in the order of use; itself where that fails."""
    import keras

    if isinstance(model, keras.Sequential) or getattr(model, "operations", None):
        return model
    try:
        pictures = keras.Input(tuple(ask["sample_shape"]))
        return keras.Model(pictures, model.call(pictures))
    except Exception:  # its call may use what only takes numbers, such as tf.nn.relu
        return model


def _flat_layers(model: Any) -> list[Any]:
    """Layers in order, those of nested models in place, and bare operations (``keras.ops.relu``)."""
    # A functional model keeps its operations, in order; a layer is one, `keras.ops.relu` is one without being
    # a layer.
    parts = getattr(model, "operations", None) or model.layers
    return [layer for part in parts for layer in (_flat_layers(part) if hasattr(part, "layers") else [part])]


def _layer_description(layer: Any) -> Answer:
    try:
        config = layer.get_config()
    except Exception:  # an own layer that can't describe itself is told by its class alone
        config = {}
    plain = {key: _listed(value) for key, value in config.items() if key not in ("name", "weights")}
    own = plain.get("activation")
    if isinstance(own, dict):  # a layer such as keras.layers.ReLU() can be an activation
        kind, given = str(own.get("class_name")), own.get("config")
        settings = {k: v for k, v in given.items() if _is_json(v)} if isinstance(given, dict) else {}
        plain["activation"] = activation_of({**settings, "kind": kind}) or kind
        plain["activation settings"] = settings
    plain = {key: value for key, value in plain.items() if _is_json(value) or key == "activation settings"}
    shapes = [[int(side) for side in weight.shape] for weight in getattr(layer, "weights", [])]
    return {**plain, "kind": type(layer).__name__, "weights": shapes}


def _listed(value: Any) -> Any:
    return [_listed(entry) for entry in value] if isinstance(value, list | tuple) else value


def _is_json(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= 8 and all(_is_json(entry) for entry in value)
    return value is None or isinstance(value, bool | int | float | str)
