"""A student's model as plain data (tasks 4, 6, 10 and the own net): its layers, and what it computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from checks.forward import ACTIVATIONS, OWN_CODE, STEPS, activation_of, activation_step, close, layer_weights
from checks.in_use import Call, array_from, calls_of, exactly, is_keras_own, layers_called, only
from checks.plain import not_callable
from checks.task import Answer, Answering, Ask, Case, Given

# How many steps of a net are measured because nobody else can follow them, and how large each may be: an
# answer has to fit through the border of the sandbox.
_MOST_MEASURED = 8
_LARGEST_MEASURED = 200_000

# Activations are told by what it gives for these: ReLU6 is no ReLU beyond 6, softplus and GELU near 0.
_PROBE = np.concatenate([np.linspace(-side, side, 12, dtype=np.float32) for side in (30, 2)]).reshape(4, 6)

# Pictures in which kernels as large as numbers of filters (32 and 64) find a place.
_LARGE_SIDE = 100


def cases_net(rng: np.random.Generator, data: Given) -> list[Case]:
    """MNIST's shape and two others, each with pictures and a seed for the weights."""

    def case(height: int, width: int, channels: int, classes: int) -> Case:
        return redrawn_net(rng, Case({"sample_shape": [height, width, channels], "nb_classes": classes}))

    # From 16 up there is room for kernels of 5 × 5 and for pooling twice. An odd side tells pooling that pads
    # from pooling that does not.
    odd, even = (2 * rng.choice(np.arange(8, 13), 2, replace=False) + add for add in (1, 0))
    return [
        case(28, 28, 1, 10),
        case(int(odd[0]), int(even[0]), int(rng.integers(2, 5)), int(rng.integers(3, 8))),
        case(int(even[1]), int(odd[1]), 3, int(rng.integers(11, 17))),
    ]


def redrawn_net(rng: np.random.Generator, case: Case, pictures: int = 3) -> Case:
    """A case of this shape and number of classes, with pictures and a seed for the weights."""
    images = rng.random((pictures, *case.ask["sample_shape"]), dtype=np.float32)
    return replace(case, ask={**case.ask, "seed": int(rng.integers(2**31)), "images": images})


def answer_net(name: str) -> Answering:
    """Answers with the model that the function of this name makes.

    Where it can't, two misunderstandings may stand in its way: that the arguments come the other way round,
    and that a kernel is 32 pixels large.
    """

    def answer(given: Given, ask: Ask) -> Answer:
        function = given[name]
        if not callable(function):
            return not_callable(name)
        try:
            return described(function(tuple(ask["sample_shape"]), ask["nb_classes"]), ask)
        except Exception:
            if second := _second_try(function, ask):
                return second
            raise  # the first error is the one to tell

    return answer


def _second_try(function: Callable[..., Any], ask: Ask) -> Answer | None:
    """The answer with the arguments swapped, or on large pictures, and which of both it is; None without."""
    shape, classes = ask["sample_shape"], ask["nb_classes"]
    large = in_shape(ask, [_LARGE_SIDE, _LARGE_SIDE, shape[2]])
    tries: list[tuple[Answer, Ask, tuple[Any, Any]]] = [
        ({"arguments": "swapped"}, ask, (classes, tuple(shape))),
        ({"shape": large["sample_shape"]}, large, (tuple(large["sample_shape"]), classes)),
    ]
    for told, asked, arguments in tries:
        with suppress(Exception):
            answer = described(function(*arguments), asked)
            if answer["kind"] == "Model":
                return {**answer, **told}
    return None


def in_shape(ask: Ask, shape: Sequence[int]) -> Ask:
    """The same question about pictures of another shape, made of the same numbers."""
    images = ask["images"]
    return {**ask, "sample_shape": list(shape), "images": np.resize(images, (len(images), *shape))}


def described(model: Any, ask: Ask) -> Answer:
    """A model's layers, and what it computes for the asked pictures with weights drawn from the asked seed.

    The model has its own weights back afterwards, so that a trained one can be asked without harm.
    """
    if isinstance(model, type):
        return {"kind": "type", "name": model.__name__}
    if not hasattr(model, "get_weights") or not hasattr(model, "layers"):
        return {"kind": type(model).__name__, "is layer": hasattr(model, "get_weights")}
    lazy = is_lazy(model)
    with exactly():
        # A model without an Input has no weights before this.
        output, called = layers_called(model, ask["images"])
        if isinstance(output, list | tuple | dict):
            return {"kind": "outputs"}
    own = model.get_weights()
    try:
        with exactly(called):
            return {**_asked(model, ask), "lazy": lazy}
    finally:
        model.set_weights(own)


def is_lazy(model: Any) -> bool:
    """Whether a net was given no shape: a Sequential without an Input has no weights before it is called.

    A net of a class of its own has none either, and no other way to get a shape than from its pictures.
    https://keras.io/guides/sequential_model/#specifying-the-input-shape-in-advance
    """
    import keras

    return isinstance(model, keras.Sequential) and not model.built


def _asked(model: Any, ask: Ask) -> Answer:
    images = ask["images"]
    _, calls = calls_of(model, images)
    others = [weight for weight in _floats(model.weights) if not _among(weight, calls)]
    rest = {"kind": "", "weights": [_shape(weight) for weight in others]}
    drawn = layer_weights([*_layers(calls), rest], ask["seed"])
    for call, weights in zip(calls, drawn, strict=False):
        _assign(_floats(getattr(call.layer, "weights", [])), weights)
    _assign(others, drawn[-1])
    # Again: code may have done nothing to what came of the net's own weights.
    output, calls = calls_of(model, images)
    again = only(model(images, training=False))
    is_random = not np.allclose(output, again, atol=1e-5, equal_nan=True)
    return {
        "kind": "Model",
        "layers": _with_measured(_layers(calls), calls, is_random),
        "other weights": rest["weights"],
        "output": np.asarray(output),
        "training output": np.asarray(only(model(images, training=True))),
        "random": is_random,
        "extra losses": len(model.losses),
        "frozen": len(model.weights) - len(model.trainable_weights),
        "constraints": sum(getattr(weight, "constraint", None) is not None for weight in model.weights),
    }


def _assign(weights: Sequence[Any], values: Sequence[np.ndarray]) -> None:
    for weight, value in zip(weights, values, strict=True):
        weight.assign(value)


def _floats(weights: Sequence[Any]) -> list[Any]:
    return [weight for weight in weights if "float" in str(weight.dtype)]


def _shape(weight: Any) -> list[int]:
    return [int(side) for side in weight.shape]


def _among(weight: Any, calls: Sequence[Call]) -> bool:
    return any(weight is own for call in calls for own in getattr(call.layer, "weights", []))


def _layers(calls: Sequence[Call]) -> list[Answer]:
    """The description of each layer; a layer that is called again names its first place."""
    layers: list[Answer] = []
    first: dict[int, int] = {}
    for place, call in enumerate(calls):
        layer = call.layer
        if layer is None:
            layers.append({"kind": OWN_CODE, "weights": []})
            continue
        again = {"again": first[id(layer)]} if id(layer) in first else {}
        first.setdefault(id(layer), place)
        layers.append({**_layer_description(layer), **again})
    return layers


def _layer_description(layer: Any) -> Answer:
    try:
        config = layer.get_config()
    except Exception:  # an own layer that can't describe itself is told by its class alone
        config = {}
    plain = {key: _listed(value) for key, value in config.items() if key not in ("name", "weights")}
    own, activation = plain.get("activation"), getattr(layer, "activation", None)
    if name := _activation_name(activation):
        plain["activation"] = name
    elif isinstance(own, dict) and isinstance(given := own.get("config"), dict):  # keras.layers.ReLU(6), say
        kind, settings = str(own.get("class_name")), {key: v for key, v in given.items() if _is_json(v)}
        plain["activation"] = activation_of({**settings, "kind": kind}) or kind
        plain["activation settings"] = settings
    elif callable(activation):  # of somebody's own function, Keras may keep its code
        plain["activation"] = str(getattr(activation, "__name__", type(activation).__name__)).strip("<>")
    plain = {key: value for key, value in plain.items() if _is_json(value) or key == "activation settings"}
    shapes = [_shape(weight) for weight in _floats(getattr(layer, "weights", []))]
    told = {**plain, "kind": type(layer).__name__, "weights": shapes}
    return told if is_keras_own(layer) else {**told, "own": True}


def _activation_name(activation: Any) -> str:
    """The activation that gives what this function gives; "" for a function that is none of those known."""
    try:
        gives = np.asarray(activation(_PROBE))
    except Exception:  # no activation, or one that can't be asked
        return ""
    return next((name for name, known in ACTIVATIONS.items() if close(gives, known(_PROBE))), "")


def _with_measured(layers: Sequence[Answer], calls: Sequence[Call], is_random: bool) -> list[Answer]:
    """The layers, and what goes in and comes out of those that no other place can follow."""
    measured: list[Answer] = []
    left = _MOST_MEASURED
    for layer, call in zip(layers, calls, strict=True):
        known = layer["kind"] in STEPS and "own" not in layer and activation_step(layer) is not None
        added: Answer = {}
        if left and (not known or (is_random and call.is_random)):
            came, went = array_from(call.came), array_from(call.went)
            if (
                came is not None
                and went is not None
                and max(came[:1].size, went[:1].size) < _LARGEST_MEASURED
            ):
                added = {"came": came[:1], "went": went[:1]}
                left -= 1
        measured.append({**layer, **added})
    return measured


def _listed(value: Any) -> Any:
    return [_listed(entry) for entry in value] if isinstance(value, list | tuple) else value


def _is_json(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= 8 and all(_is_json(entry) for entry in value)
    return value is None or isinstance(value, bool | int | float | str)
