"""What the laziest answers get: constants, and what lies about in the notebook. A table, and their sum."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import problem_unittests as tests
from checks.task import CHECK_POINTS, TABLE

DATA = Path(__file__).parents[2] / "notebooks" / "data"
BAR = 5  # of CHECK_POINTS; who answers everything in this way has shown nothing

ONE_ARGUMENT = {
    "zeros": "np.zeros(images.shape)",
    "ones": "np.ones(images.shape)",
    "grey": "np.full(images.shape, 0.5)",
    "noise": "np.random.default_rng(1).random(images.shape)",
    "normal noise": "np.random.default_rng(1).normal(size=images.shape)",
    "a ramp": "np.linspace(0, 1, images.size).reshape(images.shape)",
    "its input": "images",
    "its input as floats": "images.astype(float)",
    "a number": "0.5",
    "an empty array": "np.array([])",
}
TWO_ARGUMENTS = {
    "zeros": "np.zeros((len(vector), number_classes))",
    "ones": "np.ones((len(vector), number_classes))",
    "false": "np.zeros((len(vector), number_classes), bool)",
    "class 0": "np.eye(number_classes)[np.zeros(len(vector), int)]",
    "the identity": "np.eye(number_classes)",
    "the identity, cut": "np.eye(len(vector), number_classes)",
    "shares": "np.full((len(vector), number_classes), 1 / number_classes)",
    "noise": "np.random.default_rng(1).random((len(vector), number_classes))",
    "1s at random": "np.random.default_rng(1).integers(0, 2, (len(vector), number_classes))",
    "its input": "vector",
    "its input, repeated": "np.repeat(vector[:, None], number_classes, axis=1)",
    "its input as a column": "vector[:, None]",
    "a number": "1",
}


def two(first: str, second: str, value: str) -> str:
    """A cell that gives two names the same expression; ``{}`` in it stands for "train" and "test"."""
    return f"{first} = {value.format('train')}\n{second} = {value.format('test')}"


LAZY: Mapping[str, Mapping[str, str]] = {
    "normalise_images": {
        name: f"def normalise_images(images):\n    return {value}" for name, value in ONE_ARGUMENT.items()
    },
    "channel_axis": {
        name: two("x_train", "x_test", value)
        for name, value in {
            "zeros": "np.zeros((*{}_images.shape, 1))",
            "grey": "np.full((*{}_images.shape, 1), 0.5)",
            "noise": "np.random.default_rng(1).random((*{}_images.shape, 1))",
            "the images": "{}_images",
            "a number": "1",
        }.items()
    },
    "one_hot": {
        name: f"def one_hot(vector, number_classes):\n    return {value}"
        for name, value in TWO_ARGUMENTS.items()
    },
    "net_1": {"nothing": "def net_1(sample_shape, nb_classes):\n    return None", "a number": "net_1 = 1"},
    "train_net_1": {"nothing": "batch_size = epochs = None", "one": "batch_size = epochs = 1"},
    "net_2": {"nothing": "def net_2(sample_shape, nb_classes):\n    return None", "a number": "net_2 = 1"},
    "train_net_2": {"nothing": "batch_size = epochs = None", "one": "batch_size = epochs = 1"},
    "cifar_labels": {
        name: two("cifar_y_train", "cifar_y_test", value)
        for name, value in {
            "zeros": "np.zeros((len(cifar_{}_labels), 10))",
            "ones": "np.ones((len(cifar_{}_labels), 10))",
            "class 0": "np.eye(10)[np.zeros(len(cifar_{}_labels), int)]",
            "the labels": "cifar_{}_labels",
            "a number": "1",
        }.items()
    },
    "cifar_images": {
        name: two("cifar_x_train", "cifar_x_test", value)
        for name, value in {
            "zeros": "np.zeros(cifar_{}_images.shape)",
            "grey": "np.full(cifar_{}_images.shape, 0.5)",
            "the images": "cifar_{}_images",
            "the images as floats": "cifar_{}_images.astype(float)",
            "a number": "1",
        }.items()
    },
    "cifar_model": {"nothing": "cifar_model = None", "a number": "cifar_model = 1"},
    "cifar_training": {
        "nothing": "cifar_history = cifar_figure = cifar_score = None",
        "numbers": "cifar_history = cifar_figure = 1\ncifar_score = [0.5, 0.9]",
    },
}


def data() -> dict[str, Any]:
    """What the notebook has loaded, by its names: real digits, and pictures of noise."""
    rng = np.random.default_rng(7)
    with np.load(DATA / "mnist_5000.npz") as file:
        x, y = file["x"], file["y"]
    names = {"train_images": x[:600], "train_labels": y[:600]}
    names |= {"test_images": x[4800:], "test_labels": y[4800:]}
    for part, count in (("train", 600), ("test", 200)):
        names[f"cifar_{part}_images"] = rng.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
        names[f"cifar_{part}_labels"] = (rng.permutation(count) % 10).astype(np.uint8)[:, None]
    return names


def reached(task: str, code: str) -> float:
    """Points of one answer in a notebook in which nothing else was answered."""
    names: dict[str, Any] = {"np": np, "NUMBER_CLASSES": 10, **data()}
    exec(code, names)
    with contextlib.redirect_stdout(io.StringIO()):
        return tests.points(tests.grade_answer(task, names))


def best(task: str) -> tuple[float, str]:
    """The most points that a lazy answer to a task gets, and its name."""
    return max((reached(task, code), name) for name, code in LAZY[task].items())


def test_each_task_has_lazy_answers() -> None:
    """Is no task left out of the table?"""
    assert list(LAZY) == [name for name, entry in TABLE.items() if entry.points]


@pytest.mark.parametrize(
    "task", ["normalise_images", "channel_axis", "one_hot", "cifar_labels", "cifar_images"]
)
def test_an_array_of_anything_is_worth_nothing(task: str) -> None:
    """Do the right type and the right shape get points where no value was computed?"""
    assert best(task)[0] == 0


def test_lazy_answers_to_everything_get_nothing_near_a_pass() -> None:
    """Together, task by task the best of them: fewer than 5 of all points?"""
    most = {task: best(task) for task in LAZY}
    assert sum(points for points, _ in most.values()) < BAR < CHECK_POINTS / 10, most
