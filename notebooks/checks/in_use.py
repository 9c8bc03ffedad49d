"""What a student's net does in use: the layers that it calls, one after the other, with what goes in and out.

What a net lists as its layers says neither in which order it calls them, nor what its code does between them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Call:
    """One call of a layer, or of an operation such as ``keras.ops.relu``; `layer` is None for own code.

    `again` makes the call once more.
    """

    layer: Any
    came: Any
    went: Any
    again: Callable[[], Any] | None = None

    @property
    def is_random(self) -> bool:
        """Whether the same call gives something else each time."""
        return self.again is not None and not _same(self.again(), self.went)


@contextmanager
def exactly(layers: Sequence[Any] = ()) -> Iterator[None]:
    """Within, sums are exact to float32, code runs line by line, and these layers compute in float32.

    An NVIDIA card rounds to TF32 unless it is told not to, and a layer of a half-precision policy to less.
    Neither is what a net *is*. Warnings about the way in which a check calls a net are no student's concern.
    """
    import keras

    with ExitStack() as after:
        after.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            rounding = tf.config.experimental.tensor_float_32_execution_enabled()
            after.callback(tf.config.experimental.enable_tensor_float_32_execution, rounding)
            tf.config.experimental.enable_tensor_float_32_execution(False)
            after.callback(tf.config.run_functions_eagerly, tf.config.functions_run_eagerly())
            tf.config.run_functions_eagerly(True)
        for layer in layers:
            if "16" in str(layer.compute_dtype):
                after.callback(setattr, layer, "dtype_policy", layer.dtype_policy)
                layer.dtype_policy = _computing_in_float32(layer.variable_dtype)
            for place in _rounding_inputs(layer):
                after.callback(setattr, place, "_dtype", place._dtype)
                place._dtype = "float32"
        yield


def _rounding_inputs(layer: Any) -> list[Any]:
    """What makes a net round its pictures to half precision before its layers see them: its inputs' types.

    A Sequential without an Input, made under such a policy, has them; so has each net in a net.
    """
    import keras

    try:
        inputs = list(layer.inputs) if isinstance(layer, keras.Model) else []
        both = [place for each in inputs for place in (each, each._keras_history.operation)]
        return [place for place in both if "16" in str(place._dtype)]
    except (AttributeError, TypeError, ValueError):  # a model of own code need not have any, or be built
        return []


def _computing_in_float32(stored: str) -> Any:
    """The policy of a layer that keeps its weights as they are stored, and computes in float32."""
    import keras

    class Wide(keras.DTypePolicy):
        variable_dtype = stored

    return Wide("float32")


def layers_called(model: Any, images: np.ndarray) -> tuple[Any, list[Any]]:
    """The model's output for these pictures, and each layer that it calls, also those that hold others."""
    import keras

    layers: dict[int, Any] = {}

    def heard(layer: Any, came: Any, call: Any) -> Any:
        layers[id(layer)] = layer
        return call()

    with _heard(heard):
        output = only(model(images, training=False))
    return output, [layer for layer in layers.values() if isinstance(layer, keras.layers.Layer)]


def calls_of(model: Any, images: np.ndarray) -> tuple[Any, list[Call]]:
    """The model's output, and its calls in order; what is done between two of them is a call of its own.

    A layer of Keras' own is one call, whatever it consists of. A model, or a layer of the student's own, is
    the calls that it makes, or else one call.
    """
    made: list[Call] = []

    def heard(layer: Any, came: Any, call: Any) -> Any:
        before = len(made)
        went = call()
        if is_keras_own(layer):
            del made[before:]
        if len(made) == before:
            made.append(Call(layer, came, went, call))
        return went

    with _heard(heard):
        output = only(model(images, training=False))
    # A model without any layer has been heard as one call.
    return output, _joined([call for call in made if call.layer is not model], images, output)


def only(output: Any) -> Any:
    """What a model gives, also where it gives a list or dictionary of one."""
    while isinstance(output, list | tuple | dict) and len(output) == 1:
        (output,) = output.values() if isinstance(output, dict) else output
    return output


def is_keras_own(layer: Any) -> bool:
    """Whether a layer is of a class that Keras brings, and no model."""
    import keras

    return type(layer).__module__.split(".")[0] == "keras" and not isinstance(layer, keras.Model)


@contextmanager
def _heard(heard: Any) -> Iterator[None]:
    """Within, each call goes through ``heard(layer, first argument, call)``, and gives what that gives."""
    import keras

    plain = keras.Operation.__call__

    def listening(self: Any, *args: Any, **kwargs: Any) -> Any:
        came = args[0] if args else next(iter(kwargs.values()), None)
        return heard(self, came, lambda: plain(self, *args, **kwargs))

    keras.Operation.__call__ = listening
    try:
        yield
    finally:
        keras.Operation.__call__ = plain


def _joined(made: Sequence[Call], images: np.ndarray, output: Any) -> list[Call]:
    """The calls, with own code where what goes into one is not what came out of the one before."""
    calls: list[Call] = []
    current: Any = images
    for call in made:
        # Several inputs are what a layer such as Add has: the one that continues the chain is looked at.
        several = isinstance(call.came, list | tuple) and len(call.came) > 0
        inputs = call.came if several else [call.came]
        came = next((given for given in inputs if _same(current, given)), None)
        if came is None:
            came = inputs[0]
            calls.append(Call(None, current, came))
        calls.append(replace(call, came=came))
        current = call.went
    return calls if _same(current, output) else [*calls, Call(None, current, output)]


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    first, second = array_from(one), array_from(other)
    return first is not None and second is not None and np.array_equal(first, second)


def array_from(value: Any) -> np.ndarray | None:
    """The numbers of a tensor, or None where there are none."""
    try:
        array = np.asarray(value)
    except Exception:  # a symbolic tensor has no numbers, and says so in many ways
        return None
    return array.astype(np.float32) if array.dtype.kind in "biuf" else None
