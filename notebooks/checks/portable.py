"""A Keras net as plain data, and made again from it, in a process that has never seen its author's code.

A net crosses as Keras' own configuration (JSON values), its weights, and the state of its optimiser. What may
stand in the configuration is listed by class, in `keras_classes.toml`: whoever makes a net again asks
`problem` first, and then no code is loaded but Keras' own. Layer names are replaced by numbers, so that the
same net gives the same data whatever was built before it.
"""

from __future__ import annotations

import functools
import tomllib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from checks.plain import array_of

_TENSOR = "__keras_tensor__"
_POLICY = "DTypePolicy"
_TOP = ("Sequential", "Functional")
_COMPILED = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")

# Callbacks that a training may have elsewhere, with the settings that make them again.
_CALLBACKS: Mapping[str, tuple[str, ...]] = {
    "EarlyStopping": (
        "monitor",
        "min_delta",
        "patience",
        "mode",
        "baseline",
        "restore_best_weights",
        "start_from_epoch",
    ),
    "TerminateOnNaN": (),
}

_MOST_WEIGHTS = 20_000_000
"""Numbers in all weights; net_1 on 64 × 64 × 3 has 7.4 million."""

_MOST_PARTS = 20_000
"""Values in a configuration; net_1's has some 300."""

_LARGEST = 1_000_000
"""Of the whole numbers in a configuration: more filters, units or padding are no net of this course."""


class NotPortable(Exception):
    """This net can't be told in plain data; the text says which part."""


# ---------------------------------------------------------------------------- in the process that has the net


def as_data(model: Any, optimiser: bool = False) -> dict[str, Any]:
    """A net as plain data: `config`, `compiled`, `weights`, and with `optimiser` its optimiser's state.

    The net must be built. Raises NotPortable.
    """
    import keras

    plain = as_functional(model)
    try:
        told = keras.saving.serialize_keras_object(plain)
        compiled = _compiled(model)
    except Exception as error:  # an own layer without a configuration: Keras says it in many ways
        raise NotPortable(type(error).__name__) from None
    named = _without_names({key: told[key] for key in ("module", "class_name", "config", "registered_name")})
    data = {
        "config": named,
        "compiled": compiled,
        "weights": [np.asarray(weight) for weight in plain.weights],
        "optimiser": _optimiser_state(model, plain) if optimiser else [],
    }
    if trouble := problem(data):
        raise NotPortable(trouble)
    return data


def as_functional(model: Any) -> Any:
    """A class's model as a functional one of the same layers, in the order of use; others as they are.

    Raises NotPortable for what is no Keras net of one input that can be followed.
    """
    import keras

    if not isinstance(model, keras.Model):
        raise NotPortable(type(model).__name__)
    if type(model) is keras.Sequential or type(model).__name__ == "Functional":
        return model
    shape = getattr(model, "_build_shapes_dict", None) or {}
    first = next(iter(shape.values()), None)
    if not isinstance(first, tuple | list) or not all(isinstance(side, int | None) for side in first):
        raise NotPortable("no input shape")
    try:
        pictures = keras.Input(tuple(first[1:]))
        return keras.Model(pictures, model.call(pictures))
    except Exception as error:  # its call may use what only takes numbers, such as tf.nn.relu
        raise NotPortable(type(error).__name__) from None


def callback_as_data(callback: Any) -> dict[str, Any]:
    """One of Keras' own callbacks that decide by what they see. Raises NotPortable for any other."""
    import keras

    name = type(callback).__name__
    if name not in _CALLBACKS or type(callback) is not getattr(keras.callbacks, name):
        raise NotPortable(name)
    settings = {each: getattr(callback, each, None) for each in _CALLBACKS[name]}
    if not all(isinstance(value, bool | int | float | str | None) for value in settings.values()):
        raise NotPortable(name)
    if "min_delta" in settings:  # its sign is the direction that counts as better
        settings["min_delta"] = abs(float(settings["min_delta"] or 0))
    return {"class": name, "settings": settings}


def _compiled(model: Any) -> Any:
    """What `compile` was told, as JSON values; None for a net that was not compiled."""
    if not getattr(model, "compiled", False):
        return None
    told = model.get_compile_config()
    compiled = _lists({key: told.get(key) for key in _COMPILED})
    if isinstance(compiled["optimizer"], dict):
        compiled["optimizer"]["config"].pop("name", None)  # "adam_1" where there was one before
    return compiled


def _optimiser_state(model: Any, plain: Any) -> list[np.ndarray]:
    """The numbers that the optimiser keeps; nothing before its first step."""
    optimiser = model.optimizer
    if not optimiser.built or not int(np.asarray(optimiser.iterations)):
        return []
    if not _same_order(model, plain):
        raise NotPortable("weights in another order")
    return [np.asarray(variable) for variable in optimiser.variables]


def _same_order(model: Any, plain: Any) -> bool:
    own, others = model.trainable_variables, plain.trainable_variables
    return [id(variable) for variable in own] == [id(variable) for variable in others]


def _without_names(told: Any) -> Any:
    """The configuration with numbers in place of the layers' names, and of sizes of batches."""
    numbers: dict[str, str] = {}
    for part in _parts(told):
        if isinstance(part, dict) and part.get("class_name", _POLICY) != _POLICY:
            settings = part.get("config")
            name = settings.get("name") if isinstance(settings, dict) else None
            if isinstance(name, str):
                numbers.setdefault(name, f"n{len(numbers)}")

    def renamed(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            if value.get("class_name") == _POLICY:  # its name is the type of its numbers
                return value
            return {
                name: renamed(each, name)
                for name, each in value.items()
                if name not in ("build_config", "compile_config", "build_input_shape")
            }
        if isinstance(value, list | tuple):
            if key == "batch_shape":
                return [None, *value[1:]]
            return [renamed(each, key) for each in value]
        if isinstance(value, str) and key in ("name", "keras_history", "input_layers", "output_layers"):
            return numbers.get(value, value)
        return value

    return renamed(told)


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _lists(each) for key, each in value.items()}
    return [_lists(each) for each in value] if isinstance(value, list | tuple) else value


def _parts(value: Any) -> Iterator[Any]:
    """A value and all that is in it."""
    waiting = deque([value])
    while waiting:
        part = waiting.popleft()
        yield part
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list | tuple):
            waiting += part


# ------------------------------------------------------------------------------- in a process that judges


def problem(data: Any) -> str:
    """Why this is no net as plain data, in a word or two of ours; nothing when it is one. Needs no Keras."""
    if not isinstance(data, Mapping) or not isinstance(data.get("config"), dict):
        return "no configuration"
    weights, optimiser = data.get("weights"), data.get("optimiser", [])
    if not (weights is None or _numbers(weights)) or not _numbers(optimiser):
        return "no weights"
    config = data["config"]
    if config.get("class_name") not in _TOP:
        return "no model"
    for count, part in enumerate(_parts([config, data.get("compiled")])):
        if count > _MOST_PARTS:
            return "too many parts"
        if trouble := _trouble(part):
            return trouble
    return ""


def _numbers(arrays: Any) -> bool:
    """Whether these are arrays of numbers, of no more than a net has."""
    if not isinstance(arrays, list) or len(arrays) > 400:
        return False
    if not all(array_of({"array": each}) is not None for each in arrays):
        return False
    return sum(each.size for each in arrays) <= 4 * _MOST_WEIGHTS


@functools.cache
def _allowed() -> Mapping[str, frozenset[str]]:
    """The names of the classes that may stand in a configuration, by module."""
    listed = tomllib.loads(Path(__file__).with_name("keras_classes.toml").read_text(encoding="utf-8"))
    return {module: frozenset(names) for module, names in listed.items()}


def _trouble(part: Any) -> str:
    if isinstance(part, bool | None) or (isinstance(part, float) and np.isfinite(part)):
        return ""
    if isinstance(part, str):
        return "" if len(part) <= 100 else "a long text"
    if isinstance(part, int):
        return "" if abs(part) <= _LARGEST else "a number too large"
    if isinstance(part, list):
        return ""
    if not isinstance(part, dict) or not all(isinstance(key, str) for key in part):
        return "an unknown value"
    own = part.get("activation")
    if isinstance(own, dict) and "class_name" not in own:  # the code of a lambda
        return "an own activation"
    if "class_name" not in part:
        return "no class" if {"module", "registered_name"} & set(part) else ""
    name, module, registered = (part.get(key) for key in ("class_name", "module", "registered_name"))
    if name == _TENSOR and module is None and registered is None:
        return ""
    if not isinstance(name, str) or not isinstance(module, str) or name not in _allowed().get(module, ()):
        return "an unknown class"
    return "" if registered in (None, name) else "a registered name"


# ---------------------------------------------------------------- in a process that makes the net again


def rebuilt(data: Mapping[str, Any]) -> Any:
    """The net of `as_data`, compiled if it was, with its weights and the state of its optimiser.

    Where the weights are None it draws new ones. Raises NotPortable for data that are none, or whose weights
    do not fit.
    """
    if trouble := problem(data):
        raise NotPortable(trouble)
    try:
        model = _made(data["config"] if data["weights"] is None else _undrawn(data["config"]))
        if data["weights"] is not None:
            model.set_weights(list(data["weights"]))
        if compiled := data.get("compiled"):
            model.compile(**{key: _loaded(value) for key, value in compiled.items() if key in _COMPILED})
            if state := data.get("optimiser"):
                model.optimizer.build(model.trainable_variables)
                for variable, value in zip(model.optimizer.variables, state, strict=True):
                    variable.assign(value)
    except Exception as error:  # whatever Keras makes of it
        raise NotPortable(f"{type(error).__name__}: {error}"[:200]) from None
    return model


def _undrawn(config: Any) -> Any:
    """The same configuration, its weights 0 at first: drawing a million takes as long as making the net."""
    if isinstance(config, list):
        return [_undrawn(part) for part in config]
    if not isinstance(config, dict):
        return config
    return {
        key: {**value, "class_name": "Zeros", "config": {}} if _draws(key, value) else _undrawn(value)
        for key, value in config.items()
    }


def _draws(key: str, value: Any) -> bool:
    """Whether this is an initialiser of weights."""
    return key.endswith("_initializer") and isinstance(value, dict) and "class_name" in value


def _made(config: Mapping[str, Any]) -> Any:
    """The net of a configuration.

    Keras' own `Sequential.from_config` adds the layers one by one, and builds the whole net at each of them
    (keras 3, models/sequential.py); given all at once, it is built once, in half the time for `net_1`.
    """
    import keras

    if config["class_name"] != "Sequential":
        return keras.saving.deserialize_keras_object(config, safe_mode=True)
    layers = keras.saving.deserialize_keras_object(config["config"]["layers"], safe_mode=True)
    return keras.Sequential(layers, name=config["config"]["name"])


def _loaded(value: Any) -> Any:
    import keras

    if isinstance(value, dict) and "class_name" in value:
        return keras.saving.deserialize_keras_object(value, safe_mode=True)
    return [_loaded(each) for each in value] if isinstance(value, list) else value


def callback_rebuilt(data: Any) -> Any:
    """The callback of `callback_as_data`. Raises NotPortable for anything else."""
    import keras

    if not isinstance(data, dict) or data.get("class") not in _CALLBACKS:
        raise NotPortable("an unknown callback")
    settings, known = data.get("settings"), _CALLBACKS[data["class"]]
    if not isinstance(settings, dict) or not set(settings) <= set(known):
        raise NotPortable("a callback's other settings")
    return getattr(keras.callbacks, data["class"])(**settings)


def weights_of(model: Any) -> dict[str, list[np.ndarray]]:
    """What a training changes: the weights, and the state of the optimiser."""
    return {
        "weights": [np.asarray(weight) for weight in model.weights],
        "optimiser": [np.asarray(variable) for variable in model.optimizer.variables],
    }


def take_over(model: Any, weights: Sequence[np.ndarray], state: Sequence[np.ndarray]) -> None:
    """Give a net the weights, and its optimiser the state, that the same net came to elsewhere."""
    plain = as_functional(model)
    plain.set_weights(list(weights))
    optimiser = model.optimizer
    if not optimiser.built:
        optimiser.build(model.trainable_variables)
    if _same_order(model, plain) and len(state) == len(optimiser.variables):
        for variable, value in zip(optimiser.variables, state, strict=True):
            variable.assign(value)
