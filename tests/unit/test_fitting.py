"""A training cut short: does a student's code see what it sees at home, and does it always end?"""

from __future__ import annotations

import contextlib
import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.unit.fits import (
    CALLS,
    CURRENT,
    LABELS,
    ROWS,
    SMALL,
    Batches,
    X,
    Y,
    dataset,
    endless,
    history_of,
    net,
    steps_made,
)
from tools import fitting


@pytest.fixture(autouse=True)
def keras_as_it_was() -> Iterator[None]:
    yield
    fitting.unbound_training()


@pytest.fixture
def bounded() -> None:
    fitting.bound_training(SMALL)


@pytest.mark.parametrize("name", CALLS)
def test_the_history_is_as_long_and_has_the_keys_of_the_one_at_home(name: str) -> None:
    """Do history, epochs, parameters and what was noted look as those of Keras' own training?"""
    fitting.note_training()
    at_home = history_of(CALLS[name]())
    fitting.bound_training(SMALL)
    history = history_of(CALLS[name]())
    assert type(history) is type(at_home)
    assert {key: len(values) for key, values in history.history.items()} == {
        key: len(values) for key, values in at_home.history.items()
    }
    assert history.epoch == at_home.epoch
    assert history.params == at_home.params or name == "a CallbackList"
    assert history.model is CURRENT[0]
    assert 0 < steps_made(CURRENT[0]) <= SMALL.steps or name == "nothing left to do"
    assert all(np.isfinite(values).all() for values in history.history.values())
    assert history.asked == at_home.asked
    assert all(map(np.array_equal, history.shown, at_home.shown))


def test_what_was_asked_for() -> None:
    fitting.note_training()
    history = net().fit(
        X, Y, batch_size=16, epochs=3, validation_split=0.25, class_weight={0: 1, 1: 2}, verbose=0
    )
    assert history.asked == {
        "epochs": 3,
        "batch_size": 16,
        "validation_split": 0.25,
        "validation_data": False,
        "validation_freq": 1,
        "steps_per_epoch": None,
        "initial_epoch": 0,
        "shuffle": True,
        "class_weight": True,
        "sample_weight": False,
        "pipeline": False,
        "size": ROWS,
        "kept": 75,
        "steps": 5,
    }
    assert history.shown[1].tolist() == LABELS[:20].tolist()


def test_noting_changes_nothing_of_a_training() -> None:
    """Are weights and history those of Keras' own `fit`, digit by digit?"""
    plain, noted = net(), net()
    keras.utils.set_random_seed(1)
    first = plain.fit(X, Y, epochs=2, validation_split=0.2, verbose=0).history
    fitting.note_training()
    fitting.note_training()
    keras.utils.set_random_seed(1)
    assert noted.fit(X, Y, epochs=2, validation_split=0.2, verbose=0).history == first
    assert all(np.array_equal(a, b) for a, b in zip(plain.get_weights(), noted.get_weights(), strict=True))


def test_at_home_a_step_is_traced_once() -> None:
    """Does nobody wait for a second tracing of the first step, and is a net without shapes left to Keras?"""
    fitting.note_training()
    traced = []

    class Dense(keras.layers.Dense):
        def call(self, inputs: Any, training: bool | None = None) -> Any:
            traced.extend([self] * bool(training))
            return super().call(inputs)

    own = Dense(2, activation="softmax")
    model = keras.Sequential([keras.Input(X.shape[1:]), keras.layers.Flatten(), own])
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(X[:64], Y[:64], epochs=2, verbose=0)
    assert traced == [own]
    shapeless = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")])
    shapeless.compile("adam", "categorical_crossentropy")
    shapeless.fit(X[:64], Y[:64], verbose=0)
    assert shapeless.input_shape[0] != 1


@pytest.mark.usefixtures("bounded")
def test_noting_does_not_take_the_bounds_away() -> None:
    fitting.note_training()
    model = net()
    assert model.fit(X, Y, epochs=100, verbose=0).asked["epochs"] == 100
    assert steps_made(model) == 6


# -------------------------------------------------------------------------------------------- what is refused


def uncompiled() -> Any:
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])


def lossless() -> Any:
    model = uncompiled()
    model.compile("sgd")
    return model


REFUSED: dict[str, Callable[[], Any]] = {
    "not compiled": lambda: uncompiled().fit(X, Y, verbose=0),
    "no loss": lambda: lossless().fit(X, Y, verbose=0),
    "other columns": lambda: net(3).fit(X, Y, verbose=0),
    "other classes": lambda: net().fit(X, np.eye(3)[LABELS], verbose=0),
    "labels as numbers": lambda: net().fit(X, LABELS, verbose=0),
    "no labels": lambda: net().fit(X, verbose=0),
    "fewer labels": lambda: net().fit(X, Y[1:], verbose=0),
    "nothing": lambda: net().fit(verbose=0),
    "a negative batch": lambda: net().fit(X, Y, batch_size=-3, verbose=0),
    "a batch in words": lambda: net().fit(X, Y, batch_size="128", verbose=0),
    "a broken batch": lambda: net().fit(X, Y, batch_size=12.5, verbose=0),
    "all for validation": lambda: net().fit(X, Y, validation_split=1.0, verbose=0),
    "a split in words": lambda: net().fit(X, Y, validation_split="0.2", verbose=0),
    "a split pipeline": lambda: net().fit(dataset(), validation_split=0.2, verbose=0),
    "epochs in words": lambda: net().fit(X, Y, epochs="3", verbose=0),
    "no epochs": lambda: net().fit(X, Y, epochs=None, verbose=0),
    "broken epochs": lambda: net().fit(X, Y, epochs=2.5, verbose=0),
    "both weights": lambda: net().fit(X, Y, class_weight={0: 1}, sample_weight=np.ones(ROWS), verbose=0),
    "weights in a list": lambda: net().fit(X, Y, class_weight=[1, 2], verbose=0),
    "fewer weights": lambda: net().fit(X, Y, sample_weight=np.ones(3), verbose=0),
    "words": lambda: net().fit(X.astype(str), Y, verbose=0),
    "objects": lambda: net().fit(X.astype(object), Y, verbose=0),
    "plain lists": lambda: net().fit(X.tolist(), Y.tolist(), verbose=0),
    "a pipeline and labels": lambda: net().fit(dataset(), Y, verbose=0),
    "a generator and labels": lambda: net().fit(endless(), Y, verbose=0),
    "a generator of lists": lambda: net().fit(iter([[X, Y]]), verbose=0),
    "an empty generator": lambda: net().fit((part for part in ()), verbose=0),
    "a pipeline of rows": lambda: net().fit(dataset().unbatch(), verbose=0),
    "validation of other columns": lambda: net().fit(X, Y, validation_data=(X[:, :1], Y), verbose=0),
    "validation without labels": lambda: net().fit(X, Y, validation_data=X, verbose=0),
    "an odd frequency": lambda: net().fit(X, Y, validation_split=0.2, validation_freq=0.5, verbose=0),
    "an unknown argument": lambda: net().fit(X, Y, batchsize=3, verbose=0),
    "an argument twice": lambda: net().fit(X, Y, x=X, verbose=0),
}


def raised(call: Callable[[], Any]) -> type[BaseException] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call()
    except Exception as error:
        return type(error)
    return None


@pytest.mark.parametrize("name", REFUSED)
def test_what_keras_refuses_is_refused_in_the_same_way(name: str) -> None:
    at_home = raised(REFUSED[name])
    assert at_home is not None
    fitting.bound_training(SMALL)
    assert raised(REFUSED[name]) is at_home


# ------------------------------------------------------------------------------------------------ always ends


ENDLESS: dict[str, Callable[[], dict[str, Any]]] = {
    "a thousand epochs": lambda: {"x": X, "y": Y, "epochs": 1000, "batch_size": 1},
    "more epochs than seconds": lambda: {"x": X, "y": Y, "epochs": 10**12, "validation_split": 0.5},
    "many steps": lambda: {"x": X, "y": Y, "steps_per_epoch": 10**6, "epochs": 20},
    "a generator": lambda: {"x": endless()},
    "a generator of many steps": lambda: {"x": endless(), "steps_per_epoch": 10**6, "epochs": 5},
    "an endless pipeline": lambda: {"x": dataset().repeat(), "epochs": 5},
    "an endless PyDataset": lambda: {"x": Batches(endless=True), "epochs": 5},
    "endless validation": lambda: {"x": X, "y": Y, "validation_data": dataset().repeat(), "epochs": 5},
    "a generator for validation": lambda: {"x": X, "y": Y, "validation_data": endless(), "epochs": 2},
    "empty batches": lambda: {"x": ((X[:0], Y[:0]) for _ in itertools.count())},
}


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("name", ENDLESS)
def test_every_training_ends(name: str) -> None:
    began = time.process_time()  # a machine may stand still for a minute
    raised(lambda: history_of(ENDLESS[name]()))
    assert steps_made(CURRENT[0]) <= SMALL.steps
    assert time.process_time() - began < 20


@pytest.mark.usefixtures("bounded")
def test_a_loop_of_single_steps_ends() -> None:
    """After many steps, does `train_on_batch` give its last values back at once?"""
    model = net()
    logs = [model.train_on_batch(X, Y) for _ in range(1000)]
    assert steps_made(model) == fitting.FITS_A_NET * SMALL.steps
    assert logs[-1] == logs[-2] != logs[0]
    assert [len(log) for log in logs] == [2] * 1000
    assert set(model.train_on_batch(X, Y, return_dict=True)) == {"loss", "accuracy"}


@pytest.mark.usefixtures("bounded")
def test_a_loop_of_trainings_ends() -> None:
    """Does each of many trainings of a net after the first few make one step only?"""
    model = net()
    for _ in range(50):
        assert len(model.fit(X, Y, epochs=2, verbose=0).history["loss"]) == 2
    assert steps_made(model) < fitting.FITS_A_NET * SMALL.steps + 50


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("measure", ["evaluate", "predict"])
def test_measuring_ends_where_its_input_does_not(measure: str) -> None:
    model = net()
    for x in (dataset().repeat(), Batches(endless=True), endless()):
        result = getattr(model, measure)(x, verbose=0)
        assert len(result) == 2 or result.shape[1:] == (2,)


@pytest.mark.usefixtures("bounded")
def test_measuring_what_ends_is_keras_own() -> None:
    model = net()
    measured = model.evaluate(X, Y, verbose=0)
    fitting.unbound_training()
    assert model.evaluate(X, Y, verbose=0) == measured
    assert model.evaluate(dataset(), verbose=0) == pytest.approx(measured)


def test_what_others_evaluate_looks_as_if_evaluated_here() -> None:
    """As a list, by name, and with another size of batches: what is asked elsewhere, and what comes back?"""
    asked: list[tuple[int, int]] = []

    def elsewhere(model: Any, x: np.ndarray, y: np.ndarray, batch: int) -> tuple[Any, dict[str, float]]:
        asked.append((len(x), batch))
        return [0.25, 0.75], {"loss": 0.25, "accuracy": 0.75}

    fitting.bound_training(SMALL, measured=elsewhere)
    fitting.bound_training(SMALL)  # as the notebook's set-up does: it stays
    model = net()
    assert model.evaluate(X, Y, verbose=0) == [0.25, 0.75]
    assert model.evaluate(x=X, y=Y, batch_size=7, verbose=0, return_dict=True) == {
        "loss": 0.25,
        "accuracy": 0.75,
    }
    assert asked == [(ROWS, 32), (ROWS, 7)]


@pytest.mark.parametrize(
    "more",
    [
        {"verbose": 1},
        {"sample_weight": np.ones(ROWS)},
        {"steps": 1},
        {"callbacks": [keras.callbacks.Callback()]},
        {"y": None},
        {"x": X.tolist()},
        {"y": Y[1:]},
        {"batch_size": "7"},
        {"what": 1},
    ],
    ids=lambda more: next(iter(more)),
)
def test_what_can_be_seen_of_an_evaluation_is_keras_own(more: dict[str, Any]) -> None:
    """A bar, weights, callbacks, what is no pair of arrays: is that left to Keras, with its errors?"""

    def elsewhere(model: Any, x: np.ndarray, y: np.ndarray, batch: int) -> None:
        raise AssertionError("asked elsewhere")

    fitting.bound_training(SMALL, measured=elsewhere)
    with contextlib.suppress(ValueError, TypeError):
        net().evaluate(**{"x": X, "y": Y, "verbose": 0, **more})


@pytest.mark.usefixtures("bounded")
def test_predicting_so_many_steps_of_pictures_alone_is_keras_own() -> None:
    pictures = tf.data.Dataset.from_tensor_slices(X.astype(np.float32)).batch(20).repeat()
    assert net().predict(pictures, steps=7, verbose=0).shape == (140, 2)
    assert len(net().predict((part for part in [(X,), (X,)]), verbose=0)) == 2 * ROWS


@pytest.mark.usefixtures("bounded")
def test_a_generator_is_used_no_further_than_at_home() -> None:
    """Is enough left of a generator for a second training, and is a single step refused as Keras does?"""
    batches, model = itertools.islice(endless(), 10), net()
    rows = (batch for batch in batches)
    for _ in range(2):
        assert len(model.fit(rows, steps_per_epoch=4, verbose=0).epoch) == 1
    with pytest.raises(ValueError):
        model.train_on_batch(X, Y[1:])
