"""The loop that trains in Keras' place: what it reads of a call, its steps, and what callbacks are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import tools
from tests.unit.fits import LABELS, SMALL, Batches, X, Y, dataset, endless, net, steps_made
from tools import fitting
from tools.fit_calls import spread
from tools.fitting import Bounds, Call, NotPlain


@pytest.fixture(autouse=True)
def keras_as_it_was() -> Iterator[None]:
    yield
    fitting.unbound_training()


@pytest.fixture
def bounded() -> None:
    fitting.bound_training(SMALL)


# ---------------------------------------------------------------------------------------- steps and callbacks


@pytest.mark.parametrize("epochs", [1, 2, 5, 12, 30, 100, 1000])
@pytest.mark.parametrize("steps", [1, 2, 40, 80])
def test_the_first_epoch_has_steps_and_the_last_ends_with_all(steps: int, epochs: int) -> None:
    until = spread(steps, epochs)
    assert (len(until), until[-1]) == (epochs, steps)
    assert 2 * until[0] >= steps > 0
    assert until == sorted(until)


class Events(keras.callbacks.Callback):
    """Notes what it is told, and the learning rate at each epoch's end."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.keys: set[str] = set()
        self.rates: list[float] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.seen.append(f"train of {self.params['epochs']} × {self.params['steps']}")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.seen.append(f"epoch {epoch}")

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.seen.append(f"batch {batch}")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen.append(f"batch {batch} ends with {sorted(logs)}")

    def on_test_begin(self, logs: Any = None) -> None:
        self.seen.append("test")

    def on_test_end(self, logs: Any = None) -> None:
        self.seen.append("test ends")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seen.append(f"epoch {epoch} ends")
        self.keys |= set(logs)
        self.rates.append(float(self.model.optimizer.learning_rate))

    def on_train_end(self, logs: Any = None) -> None:
        self.seen.append(f"train ends with {sorted(logs)}")


def test_callbacks_are_told_the_same_in_the_same_order() -> None:
    """Is all that a callback hears the same, where as many steps are made as at home?"""
    at_home, cut = Events(), Events()
    net().fit(X[:60], Y[:60], batch_size=10, validation_split=0.5, verbose=0, callbacks=[at_home])
    fitting.bound_training(SMALL)
    net().fit(X[:60], Y[:60], batch_size=10, validation_split=0.5, verbose=0, callbacks=[cut])
    assert cut.seen == at_home.seen
    assert cut.keys == {"loss", "accuracy", "val_loss", "val_accuracy"}


@pytest.mark.usefixtures("bounded")
def test_epochs_without_a_step_are_told_as_well() -> None:
    events = Events()
    history = net().fit(X, Y, epochs=20, verbose=0, callbacks=events).history
    assert [line for line in events.seen if line.startswith("epoch")] == [
        line for epoch in range(20) for line in (f"epoch {epoch}", f"epoch {epoch} ends")
    ]
    assert sum("ends with ['acc" in line for line in events.seen if line.startswith("batch")) == 6
    assert len(set(history["loss"])) == 4  # three steps in the first epoch, three in others


@pytest.mark.usefixtures("bounded")
def test_a_callback_stops_a_training() -> None:
    """Does it end with the batch, or the epoch, in which a callback stops it?"""
    model = net()
    stop = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: setattr(model, "stop_training", True)
    )
    history = model.fit(X, Y, epochs=9, verbose=0, callbacks=[stop])
    assert (steps_made(model), len(history.history["loss"]), history.epoch) == (1, 1, [0])


@pytest.mark.usefixtures("bounded")
def test_keras_own_callbacks_work(tmp_path: Path) -> None:
    events, model = Events(), net()
    callbacks = keras.callbacks
    history = model.fit(
        X,
        Y,
        epochs=9,
        validation_split=0.2,
        verbose=0,
        callbacks=[
            callbacks.LearningRateScheduler(lambda epoch, rate: 0.5 / (epoch + 1)),
            callbacks.ModelCheckpoint(str(tmp_path / "best.keras"), save_best_only=True),
            callbacks.CSVLogger(str(tmp_path / "log.csv")),
            events,
        ],
    )
    assert events.rates == pytest.approx([0.5 / (epoch + 1) for epoch in range(9)])
    assert history.history["learning_rate"] == pytest.approx(events.rates)
    assert keras.models.load_model(tmp_path / "best.keras").count_params() == model.count_params()
    assert len(pd.read_csv(tmp_path / "log.csv")) == 9


@pytest.mark.usefixtures("bounded")
def test_early_stopping_and_a_plateau() -> None:
    model, events = net(), Events()
    stop = keras.callbacks.EarlyStopping(monitor="loss", patience=2, min_delta=10, restore_best_weights=True)
    slow = keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=10, factor=0.5)
    history = model.fit(X, Y, epochs=9, verbose=0, callbacks=[stop, slow, events])
    assert history.epoch == [0, 1, 2]
    assert events.rates[-1] < 0.01


# ----------------------------------------------------------------------------------------------- what is read


def plain(*args: Any, bounds: Bounds = SMALL, **kwargs: Any) -> Call:
    return fitting.read(net(), args, kwargs, bounds)


def test_rows_come_from_all_over_the_array_with_their_labels() -> None:
    order = np.arange(1000.0)
    for shuffle in (True, False):
        call = plain(np.stack([order, order], 1), np.eye(2)[(order >= 500) * 1], shuffle=shuffle, epochs=9)
        assert (call.x.shape, call.y.shape, call.batch, call.steps) == ((60, 2), (60, 2), 10, 6)
        assert (call.y.argmax(1) == (call.x[:, 0] >= 500)).all()
        assert len(np.unique(call.x[:, 0])) == 60
        assert 0.3 < (call.x[:, 0] >= 500).mean() < 0.7
        assert call.x.dtype == np.float32


def test_the_same_call_reads_the_same_rows_whatever_the_global_seed() -> None:
    np.random.seed(1)  # noqa: NPY002
    first = plain(X, Y, epochs=2)
    np.random.seed(2)  # noqa: NPY002
    assert np.array_equal(first.x, plain(X, Y, epochs=2).x)
    model = net()
    model.optimizer.iterations.assign(7)
    assert not np.array_equal(first.x, fitting.read(model, (X, Y), {"epochs": 2}, SMALL).x)


def test_labels_beyond_the_last_row_are_left_out_where_keras_splits() -> None:
    """Weights, too; and where nothing is split, is such a call left to Keras, which refuses it?"""
    order = np.arange(100.0)
    call = plain(order[:50, None], order, sample_weight=order, validation_split=0.2)
    assert call.weights is not None
    assert call.validation is not None
    assert call.x[:, 0].tolist() == call.y.tolist() == call.weights.tolist()
    assert sorted(call.validation[1]) == list(range(40, 50))
    with pytest.raises(NotPlain):
        plain(order[:50, None], order)


def test_a_split_takes_the_last_rows_as_keras_does() -> None:
    order = np.arange(100.0)
    call = plain(np.stack([order, order], 1), Y, validation_split=0.33, epochs=50)
    assert call.x.max() < 67
    assert call.validation is not None
    assert call.validation[0].min() >= 67
    assert len(call.validation[0]) == SMALL.measured // 4


def test_class_weights_are_those_of_the_rows() -> None:
    call = plain(X, Y, class_weight={1: 5})
    assert call.weights is not None
    assert np.array_equal(call.weights, np.where(call.y[:, 1] == 1, 5, 1))
    call = plain(X, Y, sample_weight=LABELS + 0.5)
    assert call.weights is not None
    assert np.array_equal(call.weights, call.y[:, 1] + 0.5)


@pytest.mark.parametrize("batch_size", [None, 1, 8, 10, 64, 500])
def test_batches_and_steps_are_those_of_the_bounds(batch_size: int | None) -> None:
    """Single pictures teach too little in so few steps, and large batches take too long."""
    call = plain(X, Y, batch_size=batch_size, epochs=30)
    assert (call.batch, call.steps) == (10, 6)
    assert call.asked["batch_size"] == batch_size


def test_no_more_steps_than_at_home() -> None:
    assert plain(X, Y, batch_size=10, steps_per_epoch=1, epochs=2).steps == 2
    assert plain(X[:20], Y[:20], batch_size=10).steps == 2
    assert plain(X[:5], Y[:5]).batch == 5
    assert plain(X[:20], Y[:20], batch_size=10**6).steps == 2


def test_fewer_rows_than_steps_are_used_again() -> None:
    model = net()
    call = fitting.read(model, (X[:8], Y[:8]), {"batch_size": 8, "epochs": 9}, SMALL)
    assert (len(call.x), call.batch, call.steps) == (8, 8, 6)
    assert len(fitting.train(model, call)["loss"]) == 9
    assert steps_made(model) == 6


def test_rows_of_a_pipeline_are_its_own() -> None:
    for x in (dataset(), Batches(), endless()):
        call = fitting.read(net(), (x,), {"epochs": 3, "validation_data": dataset()}, SMALL)
        own = {tuple(row) for row in X.astype(np.float32).tolist()}
        assert {tuple(row) for row in call.x.tolist()} <= own
        assert (call.y.argmax(1) == (call.x[:, 0] > 0)).all()
        assert call.asked["batch_size"] == 20
        assert call.validation is not None


def test_what_is_not_plain_is_said() -> None:
    for args in ((X.tolist(), Y), ([X, X], Y), (X.astype(str), Y), (X,), (X, Y[1:])):
        with pytest.raises(NotPlain):
            plain(*args)


# -------------------------------------------------------------------------------- training, here or elsewhere


def test_the_bounded_loop_makes_keras_own_steps() -> None:
    """Are weights and values those of Keras' own `fit` on the same rows in the same order?"""
    ours, kerass = net(), net()
    call = fitting.read(ours, (X, Y), {"batch_size": 10, "class_weight": {0: 3.0}}, SMALL)
    history = fitting.train(ours, call)
    theirs = kerass.fit(
        call.x, call.y, sample_weight=call.weights, batch_size=10, shuffle=False, verbose=0
    ).history
    assert history["loss"] == pytest.approx(theirs["loss"], rel=1e-4)
    assert history["accuracy"] == pytest.approx(theirs["accuracy"])
    for mine, other in zip(ours.get_weights(), kerass.get_weights(), strict=True):
        assert np.allclose(mine, other, atol=1e-5)


def test_the_same_net_on_the_same_arrays_is_trained_alike() -> None:
    first, second = net(), net()
    call = fitting.read(first, (X, Y), {"epochs": 5, "validation_split": 0.2}, SMALL)
    assert fitting.train(first, call) == fitting.train(second, call)
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


def test_a_training_done_elsewhere_is_told_as_one_here() -> None:
    """Has the history what the other side measured, and do callbacks see its epochs?"""
    asked: list[Call] = []

    def elsewhere(model: Any, call: Call, callbacks: Any) -> dict[str, list[float]]:
        asked.append(call)
        assert model.optimizer.built
        assert callbacks == [events]
        return {"loss": [3.0, 2.0, 1.0], "val_loss": [0.5]}

    events, model = Events(), net()
    fitting.bound_training(SMALL, elsewhere)
    fitting.bound_training(SMALL)  # as the notebook's own cell does after the session has begun
    history = model.fit(
        X, Y, epochs=3, validation_split=0.2, validation_freq=2, verbose=0, callbacks=[events]
    )
    assert (history.history, history.epoch) == ({"loss": [3.0, 2.0, 1.0], "val_loss": [0.5]}, [0, 1, 2])
    assert steps_made(model) == 0
    assert len(asked) == 1
    assert [line for line in events.seen if line.endswith("ends")] == [f"epoch {n} ends" for n in range(3)]
    fitting.bound_training(SMALL, lambda model, call, callbacks: None)
    model.fit(X, Y, epochs=3, verbose=0)
    assert steps_made(model) == 6


class Own(keras.Model):
    """A net that builds itself when it is called, with a step of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(2, activation="softmax")

    def call(self, x: Any) -> Any:
        return self.dense(x)

    def train_step(self, data: Any) -> Any:
        return {**super().train_step(data), "own": tf.constant(7.0)}


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("eagerly", [True, False])
def test_nets_of_ones_own_keep_their_steps(eagerly: bool) -> None:
    model = Own()
    model.compile("sgd", "categorical_crossentropy", run_eagerly=eagerly)
    history = model.fit(X, Y, epochs=4, validation_split=0.2, verbose=0).history
    assert history["own"] == [7.0] * 4
    assert set(history) == {"loss", "val_loss", "own"}
    assert steps_made(model) == 6


@pytest.mark.usefixtures("bounded")
def test_a_net_is_built_by_its_first_training() -> None:
    model = keras.Sequential([keras.layers.Dense(2, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", steps_per_execution=3)
    assert len(model.fit(X, Y, epochs=4, verbose=0).history["loss"]) == 4
    assert steps_made(model) == 6


@pytest.mark.usefixtures("bounded")
def test_two_outputs_are_left_to_keras_within_bounds() -> None:
    """Where rows are not plain: does Keras' own `fit` end early, with a history of all epochs?"""
    inputs = keras.Input((2,))
    outputs = [keras.layers.Dense(2, name=name)(inputs) for name in ("a", "b")]
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    history = model.fit(X, [Y, Y], batch_size=50, epochs=40, validation_split=0.2, verbose=0)
    assert steps_made(model) == 6
    assert history.epoch == list(range(40))
    assert {len(values) for values in history.history.values()} == {40}
    assert history.params == {"verbose": 0, "epochs": 40, "steps": 2}


@pytest.mark.usefixtures("bounded")
def test_a_line_says_that_training_is_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    net().fit(X, Y, epochs=9, verbose=0)
    assert "Training is cut short" in (said := capsys.readouterr().out)
    assert said.endswith("Epochs in the history: 9; steps of the optimiser behind them: 6.\n")


@pytest.mark.slow
@pytest.mark.parametrize(("batch_size", "epochs"), [(8, 2), (16, 30), (1024, 12)])
def test_every_sensible_choice_learns_within_the_bounds(batch_size: int, epochs: int) -> None:
    """After as many steps as grading allows, does a net know far more than one that guesses (10 %)?"""
    images, labels = tools.load_sample("mnist")
    pixels, rows = images[..., None] / np.float32(255), np.eye(10, dtype=np.float32)[labels]
    keras.utils.set_random_seed(1)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adadelta(learning_rate=1.0), "categorical_crossentropy", metrics=["accuracy"]
    )
    fitting.bound_training()
    model.fit(
        pixels[:4000], rows[:4000], batch_size=batch_size, epochs=epochs, validation_split=0.1, verbose=0
    )
    assert model.evaluate(pixels[4000:], rows[4000:], verbose=0)[1] > 0.6
