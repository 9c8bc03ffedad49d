"""A net as plain data: what crosses, what is the same afterwards, and what is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from checks.portable import (  # noqa: E402
    NotPortable,
    as_data,
    callback_as_data,
    callback_rebuilt,
    problem,
    rebuilt,
    take_over,
    weights_of,
)

layers = keras.layers
SHAPE = (8, 8, 1)


def chain(**first: Any) -> Any:
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(3, 3, activation="relu", **first),
            layers.Flatten(),
            layers.Dense(4),
        ]
    )


def branches() -> Any:
    pictures = keras.Input(SHAPE)
    one = layers.Conv2D(2, 3, padding="same", name="own_name")(pictures)
    both = keras.ops.relu(layers.Add()([one, pictures]))
    return keras.Model(pictures, layers.Dense(4, activation="softmax")(layers.Flatten()(both)))


def nested() -> Any:
    inner = keras.Sequential([keras.Input(SHAPE), layers.Conv2D(2, 3), layers.MaxPooling2D()])
    return keras.Sequential(
        [keras.Input(SHAPE), inner, layers.Dropout(0.5), layers.Flatten(), layers.Dense(4)]
    )


def without_input() -> Any:
    net = keras.Sequential([layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(4)])
    net(np.zeros((1, *SHAPE), np.float32))
    return net


class OwnClass(keras.Model):
    """Its attributes are made in another order than they are used."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.first, self.flat = layers.Dense(4), layers.Conv2D(2, 3), layers.Flatten()

    def call(self, pictures: Any) -> Any:
        return self.last(self.flat(keras.ops.relu(self.first(pictures))))


def own_class() -> Any:
    net = OwnClass()
    net(np.zeros((1, *SHAPE), np.float32))
    return net


def half_precision() -> Any:
    return chain(dtype="mixed_float16")


NETS = [chain, branches, nested, without_input, own_class, half_precision]


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(3).random((5, *SHAPE), np.float32)


@pytest.mark.parametrize("make", NETS)
def test_a_net_made_again_computes_the_same(make: Callable[[], Any], pictures: np.ndarray) -> None:
    """Sequential, with branches, nested, by a class, in half precision: the same outputs, for any batch?"""
    net = make()
    again = rebuilt(json_and_arrays(as_data(net)))
    assert np.array_equal(np.asarray(net(pictures)), np.asarray(again(pictures)))


@pytest.mark.parametrize("make", [chain, branches])
def test_a_net_without_its_weights_draws_new_ones(make: Callable[[], Any]) -> None:
    """As the net itself began: no kernel all zeros, and not the kernels that it was told from?"""
    net = make()
    again = rebuilt({**as_data(net), "weights": None})
    kernels = [weight for weight in again.get_weights() if weight.ndim > 1]
    assert all(kernel.std() > 0 for kernel in kernels)
    assert not any(np.array_equal(*pair) for pair in zip(kernels, net.get_weights()[::2], strict=True))


def json_and_arrays(data: dict[str, Any]) -> dict[str, Any]:
    """As it comes out of a message: the rest has to be JSON."""
    return {
        **json.loads(json.dumps({key: data[key] for key in ("config", "compiled")})),
        **{key: data[key] for key in ("weights", "optimiser")},
    }


@pytest.mark.parametrize("make", [chain, branches, nested])
def test_the_same_net_gives_the_same_data_whatever_was_built_before(make: Callable[[], Any]) -> None:
    """Keras counts names up; a second net of the same kind is told in the same words?"""
    assert as_data(make())["config"] == as_data(make())["config"]


def test_a_training_goes_on_where_it_was(pictures: np.ndarray) -> None:
    """Fit, carry over, fit again: the same weights as without the way?"""
    labels = np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 0]]
    here = chain()
    here.compile("adam", "mse", metrics=["accuracy", keras.metrics.Precision()])
    here.train_on_batch(pictures, labels)
    there = rebuilt(as_data(here, optimiser=True))
    there.train_on_batch(pictures, labels)
    come = weights_of(there)
    here.train_on_batch(pictures, labels)
    for own, other in zip(here.get_weights(), come["weights"], strict=True):
        assert np.array_equal(own, other)
    here.set_weights([0 * weight for weight in here.get_weights()])
    take_over(here, come["weights"], come["optimiser"])
    assert np.array_equal(np.asarray(here(pictures)), np.asarray(there(pictures)))


class OwnLayer(layers.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs


def own_function(inputs: Any) -> Any:
    return keras.ops.relu(inputs)


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.Sequential([keras.Input(SHAPE), OwnLayer()]),
        lambda: keras.Sequential([keras.Input(SHAPE), layers.Lambda(lambda x: x)]),
        lambda: keras.Sequential([keras.Input((8,)), layers.Dense(3, activation=own_function)]),
        lambda: keras.Sequential([keras.Input((8,)), layers.Dense(3, activation=lambda x: x)]),
        lambda: "no net",
        lambda: keras.Sequential,
    ],
    ids=["own layer", "lambda layer", "own function", "lambda", "text", "the class"],
)
@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
def test_what_has_code_of_its_own_is_not_told(make: Callable[[], Any]) -> None:
    """An own layer, a lambda, an own function, no net at all: refused, and never half told?"""
    with pytest.raises(NotPortable):
        as_data(make())


def spoilt(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    data = copy.deepcopy(as_data(chain()))
    change(data)
    return data


def first_layer(data: dict[str, Any]) -> dict[str, Any]:
    return data["config"]["config"]["layers"][1]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(config=None),
        lambda data: data.update(config=[]),
        lambda data: data.update(weights="none"),
        lambda data: data.update(weights=[np.array(["text"])]),
        lambda data: data.update(weights=[np.zeros(2)] * 500),
        lambda data: first_layer(data).update({"class_name": "Lambda"}),
        lambda data: first_layer(data).update({"class_name": "TFSMLayer"}),
        lambda data: first_layer(data).update({"module": "os", "class_name": "system"}),
        lambda data: first_layer(data).update({"module": None}),
        lambda data: first_layer(data).update({"registered_name": "package>Own"}),
        lambda data: first_layer(data)["config"].update({"activation": {"value": ["4wEA", None, None]}}),
        lambda data: first_layer(data)["config"].update(
            {"activation": {"class_name": "__lambda__", "config": {"value": "4wEA"}}}
        ),
        lambda data: first_layer(data)["config"].update({"filters": 10**9}),
        lambda data: first_layer(data)["config"].update({"activation": "x" * 200}),
        lambda data: first_layer(data)["config"].update({"more": [[]] * 30_000}),
        lambda data: data["config"].update({"class_name": "Dense", "module": "keras.layers"}),
        lambda data: data.update(compiled={"loss": {"class_name": "function", "config": "open"}}),
    ],
)
def test_data_that_are_no_net_are_refused_before_keras_sees_them(
    change: Callable[[dict[str, Any]], Any],
) -> None:
    """Other classes, other modules, code, sizes out of range, no arrays: a reason, and nothing made?"""
    data = spoilt(change)
    assert problem(data)
    with pytest.raises(NotPortable):
        rebuilt(data)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data["weights"].pop(),
        lambda data: first_layer(data)["config"].update({"filters": 4}),
        lambda data: first_layer(data)["config"].update({"activation": "open"}),
        lambda data: first_layer(data)["config"].update({"kernel_size": "3"}),
    ],
)
def test_what_keras_can_t_make_is_refused_in_our_words(change: Callable[[dict[str, Any]], Any]) -> None:
    """Weights that don't fit, activations that don't exist: no other error than ours?"""
    with pytest.raises(NotPortable):
        rebuilt(spoilt(change))


def test_callbacks_that_decide_by_what_they_see_cross_too() -> None:
    """Keras' EarlyStopping with its settings; no own one, and no other class by its name?"""
    stop = keras.callbacks.EarlyStopping("val_loss", patience=3, min_delta=0.1, restore_best_weights=True)
    again = callback_rebuilt(json.loads(json.dumps(callback_as_data(stop))))
    assert (again.monitor, again.patience, again.restore_best_weights) == ("val_loss", 3, True)
    assert abs(again.min_delta) == 0.1

    class EarlyStopping(keras.callbacks.EarlyStopping):
        pass

    for other in (
        EarlyStopping(),
        keras.callbacks.LambdaCallback(),
        keras.callbacks.ModelCheckpoint("x.keras"),
    ):
        with pytest.raises(NotPortable):
            callback_as_data(other)
    for hostile in (
        None,
        {"class": "ModelCheckpoint", "settings": {"filepath": "x"}},
        {"class": "EarlyStopping"},
    ):
        with pytest.raises(NotPortable):
            callback_rebuilt(hostile)
