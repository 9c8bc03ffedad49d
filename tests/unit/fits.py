"""A tiny net, and calls of `fit` of every kind, for the tests of trainings that are cut short."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from tools.fitting import Bounds

ROWS = 100
rng = np.random.default_rng(0)
X = rng.normal(size=(ROWS, 2))
LABELS = (X[:, 0] > 0).astype(int)
Y = np.eye(2)[LABELS]
SMALL = Bounds(batch=10, steps=6, pictures=60, measured=40)


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
    "split, with labels left over": lambda: {"x": X[:60], "y": Y, "validation_split": 0.2, "epochs": 2},
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
