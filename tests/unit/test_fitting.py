"""A training cut short: does a student's code see what it sees at home, and does it always end?"""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import tools
from tools import fitting
from tools.fit_calls import spread
from tools.fitting import Bounds, Call, NotPlain

ROWS = 100
rng = np.random.default_rng(0)
X = rng.normal(size=(ROWS, 2))
LABELS = (X[:, 0] > 0).astype(int)
Y = np.eye(2)[LABELS]
SMALL = Bounds(batch=10, steps=6, pictures=60, measured=40)
UNBOUNDED = {name: getattr(keras.Model, name) for name in ("fit", "train_on_batch", "evaluate", "predict")}


@pytest.fixture(autouse=True)
def keras_as_it_was() -> Iterator[None]:
    yield
    for name, method in UNBOUNDED.items():
        setattr(keras.Model, name, method)


@pytest.fixture
def bounded() -> None:
    fitting.bound_training(SMALL)


def net(inputs: int = 2, **options: Any) -> Any:
    """A tiny net of known weights."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [keras.Input((inputs,), name="points"), keras.layers.Dense(2, activation="softmax", name="out")]
    )
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"], **options)
    return model


def steps_made(model: Any) -> int:
    return int(np.asarray(model.optimizer.iterations))


class Batches(keras.utils.PyDataset):
    """Batches of 20 rows, as many as there are or without end."""

    def __init__(self, endless: bool = False) -> None:
        super().__init__()
        self.endless = endless

    @property
    def num_batches(self) -> int | None:
        return None if self.endless else len(self)

    def __len__(self) -> int:
        return ROWS // 20

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        at = 20 * index % ROWS
        return X[at : at + 20], Y[at : at + 20]


def dataset(size: int = 20) -> Any:
    return tf.data.Dataset.from_tensor_slices((X.astype(np.float32), Y)).batch(size)


def endless() -> Iterator[Any]:
    for at in itertools.cycle(range(0, ROWS, 20)):
        yield X[at : at + 20], Y[at : at + 20]


def thirds() -> tuple[Any, Any, Any]:
    return X[:30], Y[:30], np.ones(30)


# Arguments of `fit`, anew for each call, as a generator can be used once.
CALLS: dict[str, Callable[[], dict[str, Any]]] = {
    "plain": lambda: {"x": X, "y": Y},
    "batches": lambda: {"x": X, "y": Y, "batch_size": 16, "epochs": 9},
    "one by one": lambda: {"x": X, "y": Y, "batch_size": 1, "epochs": 2},
    "a NumPy number": lambda: {"x": X, "y": Y, "batch_size": np.int64(40)},
    "larger than all": lambda: {"x": X, "y": Y, "batch_size": 10**6, "epochs": 2},
    "split": lambda: {"x": X, "y": Y, "validation_split": 0.2, "epochs": 8},
    "validation data": lambda: {"x": X, "y": Y, "validation_data": (X, Y), "epochs": 3},
    "validation in a list": lambda: {"x": X, "y": Y, "validation_data": [X, Y], "epochs": 3},
    "both": lambda: {"x": X, "y": Y, "validation_data": (X, Y), "validation_split": 0.5},
    "validation with weights": lambda: {"x": X, "y": Y, "validation_data": thirds(), "epochs": 3},
    "validation pipeline": lambda: {"x": X, "y": Y, "validation_data": dataset(), "epochs": 3},
    "every second epoch": lambda: {
        "x": X,
        "y": Y,
        "validation_split": 0.2,
        "validation_freq": 2,
        "epochs": 7,
    },
    "some epochs": lambda: {
        "x": X,
        "y": Y,
        "validation_split": 0.2,
        "validation_freq": [1, 4],
        "epochs": 5,
    },
    "a list of one": lambda: {"x": [X], "y": Y, "epochs": 2},
    "lists of one": lambda: {"x": [X], "y": [Y], "validation_split": 0.5},
    "a dictionary": lambda: {"x": {"points": X}, "y": Y},
    "a frame": lambda: {"x": pd.DataFrame(X), "y": pd.DataFrame(Y), "validation_split": 0.2},
    "tensors": lambda: {"x": tf.constant(X), "y": tf.constant(Y), "epochs": 2},
    "in order": lambda: {"x": X, "y": Y, "shuffle": False, "epochs": 2},
    "steps of an epoch": lambda: {"x": X, "y": Y, "batch_size": 10, "steps_per_epoch": 2, "epochs": 3},
    "class weights": lambda: {"x": X, "y": Y, "class_weight": {0: 1.0, 1: 5.0}},
    "sample weights": lambda: {"x": X, "y": Y, "sample_weight": np.linspace(0, 1, ROWS)},
    "from the third epoch on": lambda: {"x": X, "y": Y, "initial_epoch": 2, "epochs": 6},
    "nothing left to do": lambda: {"x": X, "y": Y, "initial_epoch": 3, "epochs": 3},
    "a tf.data pipeline": lambda: {"x": dataset(), "epochs": 3, "validation_data": dataset(50)},
    "a weighed pipeline": lambda: {"x": dataset(), "class_weight": {0: 2.0, 1: 1.0}},
    "a repeated pipeline": lambda: {"x": dataset().repeat(), "steps_per_epoch": 4, "epochs": 3},
    "a PyDataset": lambda: {"x": Batches(), "epochs": 2, "validation_data": Batches()},
    "an endless generator": lambda: {"x": endless(), "steps_per_epoch": 4, "epochs": 3},
    "a callback that stops": lambda: {
        "x": X,
        "y": Y,
        "epochs": 9,
        "callbacks": [keras.callbacks.LambdaCallback(on_epoch_end=stop_in_epoch(3))],
    },
    "a callback without a list": lambda: {
        "x": X,
        "y": Y,
        "epochs": 3,
        "callbacks": keras.callbacks.TerminateOnNaN(),
    },
    "a CallbackList": lambda: {
        "x": X,
        "y": Y,
        "epochs": 3,
        "callbacks": keras.callbacks.CallbackList([keras.callbacks.TerminateOnNaN()], add_history=True),
    },
    # Keras does not refuse these.
    "more than all for validation": lambda: {"x": X, "y": Y, "validation_split": 1.5, "epochs": 3},
    "two inputs for one": lambda: {"x": [X, X], "y": Y, "epochs": 3},
    "batches of none": lambda: {"x": X, "y": Y, "batch_size": 0, "epochs": 3},
    "lines": lambda: {"x": X, "y": Y, "epochs": 3, "verbose": 2},
    "a bar": lambda: {"x": X, "y": Y, "epochs": 3, "verbose": 1},
}


def stop_in_epoch(last: int) -> Callable[[int, Any], None]:
    def on_epoch_end(epoch: int, logs: Any) -> None:
        if epoch == last:
            CURRENT[0].stop_training = True

    return on_epoch_end


CURRENT: list[Any] = [None]


def history_of(arguments: dict[str, Any]) -> Any:
    CURRENT[0] = model = net()
    if isinstance(arguments.get("callbacks"), keras.callbacks.CallbackList):
        arguments["callbacks"].set_model(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(**{"verbose": 0, **arguments})


@pytest.mark.parametrize("name", CALLS)
def test_the_history_is_as_long_and_has_the_keys_of_the_one_at_home(name: str) -> None:
    """Do history, epochs and parameters of a training cut short look as those of Keras' own?"""
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


@pytest.mark.parametrize("name", CALLS)
def test_what_is_asked_is_noted_alike_at_home_and_in_grading(name: str) -> None:
    fitting.note_training()
    at_home = history_of(CALLS[name]())
    fitting.bound_training(SMALL)
    history = history_of(CALLS[name]())
    assert history.asked == at_home.asked
    assert history.labels == at_home.labels
    assert {key: len(values) for key, values in history.curves.items()} == {
        key: len(values) for key, values in at_home.history.items()
    }


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
    assert history.labels == LABELS.tolist()
    assert history.curves == history.history
    history.history["loss"].append(0.0)
    assert len(history.curves["loss"]) == 3


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
    began = time.monotonic()
    raised(lambda: history_of(ENDLESS[name]()))
    assert steps_made(CURRENT[0]) <= SMALL.steps
    assert time.monotonic() - began < 20


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
    CURRENT[0] = model
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


@pytest.mark.parametrize(
    ("batch_size", "batch", "steps"),
    [(None, 10, 6), (1, 8, 6), (8, 8, 6), (9, 9, 6), (10, 10, 6), (64, 10, 6), (500, 10, 6)],
)
def test_batches_and_steps_stay_within_the_bounds(batch_size: int | None, batch: int, steps: int) -> None:
    call = plain(X, Y, batch_size=batch_size, epochs=30)
    assert (call.batch, call.steps) == (batch, steps)
    assert call.asked["batch_size"] == batch_size


def test_no_more_steps_than_at_home() -> None:
    assert plain(X, Y, batch_size=10, steps_per_epoch=1, epochs=2).steps == 2
    assert plain(X[:20], Y[:20], batch_size=10).steps == 2
    assert plain(X[:5], Y[:5]).batch == 5


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
    assert "9 epochs" in said
    assert "6 steps" in said


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
