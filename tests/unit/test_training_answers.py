"""What is told of a training and its net, as plain data, whatever stands in the notebook."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from matplotlib.figure import Figure

from checks.losses import loss_example, loss_value
from checks.tasks import cifar_training
from checks.training import predicted

LABELS = np.eye(3, dtype=np.float32)
SHARES = np.full((3, 3), 1 / 3, np.float32)


class Refusing(keras.Model):  # type: ignore[misc]
    """A net that can't take any picture."""

    def call(self, pictures: Any) -> Any:
        raise ValueError("of another shape")


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (None, {"model": "missing"}),
        ({}, {"model": "another kind", "model kind": "dict"}),
        (Refusing(), {"model": "ValueError"}),
    ],
)
def test_what_predicts_nothing_is_told_by_its_kind(model: Any, told: dict[str, str]) -> None:
    """No net, no Keras model, and one that refuses the pictures: is each told apart?"""
    assert predicted(model, "predictions", np.zeros((1, 28, 28, 1))) == (told, None)


@pytest.mark.parametrize(
    "loss", [["mse"], ("mse",), {"output": "mse"}, "mse", keras.losses.MeanSquaredError()]
)
def test_the_loss_of_a_single_output_is_found_however_it_was_given(loss: Any) -> None:
    """In a list, by the output's name, by itself: is it the mean squared error each time?"""
    assert loss_value(loss, LABELS, SHARES) == pytest.approx(2 / 9)


@pytest.mark.parametrize("loss", [None, [], ["mse", "mse"], "no loss", 3])
def test_of_no_single_loss_there_is_no_value(loss: Any) -> None:
    """Nothing, two of them, and what is none?"""
    assert loss_value(loss, LABELS, SHARES) is None


def test_what_a_training_was_shown_is_told() -> None:
    """Are the pictures and labels that a history noted in the answer, and nothing where it noted none?"""
    history = keras.callbacks.History()
    history.history, history.asked = {"loss": [1.0]}, {}
    told = cifar_training.answer({"cifar_history": history}, {"net elsewhere": True})
    assert not {"shown pictures", "shown labels"} & told.keys()
    history.shown = np.zeros((2, 4)), np.arange(2)
    told = cifar_training.answer({"cifar_history": history}, {"net elsewhere": True})
    assert told["shown pictures"] is history.shown[0]
    assert told["shown labels"] is history.shown[1]


def axes_told(**settings: Any) -> dict[str, Any]:
    """What is told of axes with a line and some points, set as said."""
    figure = Figure()
    axes = figure.add_subplot()
    axes.plot([1, 2, 3], [5, 6, 7])
    axes.scatter([1, 2], [8, 9])
    axes.set(**{name: text for name, text in settings.items() if name in ("xlabel", "ylabel", "title")})
    for place in settings.keys() & {"left", "right"}:
        axes.set_title(settings[place], loc=place)
    told = cifar_training.answer({"cifar_figure": figure}, {"net elsewhere": True})
    assert told["figure"] == "Figure"
    (plain,) = told["axes"]
    return plain


def test_lines_and_points_of_a_figure_are_told_by_their_heights() -> None:
    """What plot draws, then what scatter draws?"""
    assert axes_told()["lines"] == [[5, 6, 7], [8, 9]]


@pytest.mark.parametrize(
    ("settings", "y"),
    [
        ({}, ""),
        ({"right": "right"}, "right"),
        ({"right": "right", "left": "left"}, "left"),
        ({"right": "right", "left": "left", "title": "title"}, "title"),
        ({"right": "right", "left": "left", "title": "title", "ylabel": "loss"}, "loss"),
        ({"ylabel": 100 * "l"}, 80 * "l"),
    ],
)
def test_axes_are_told_by_their_label_or_else_their_title(settings: dict[str, str], y: str) -> None:
    """The label, else the title in the middle, on the left, on the right; and no book?"""
    assert axes_told(xlabel="epoch", **settings) | {"lines": []} == {"lines": [], "x": "epoch", "y": y}
    assert axes_told(xlabel=100 * "e")["x"] == 80 * "e"


@pytest.mark.parametrize("figure", [None, [], "a figure"])
def test_what_is_no_figure_has_no_axes(figure: Any) -> None:
    """Is anything else told by its kind?"""
    told = cifar_training.answer({"cifar_figure": figure}, {"net elsewhere": True})
    assert (told["axes"], told["figure"]) == ([], type(figure).__name__)


RAW = np.random.default_rng(1).integers(0, 256, (5, 4, 4, 3), dtype=np.uint8)
ASK = {
    "rows": np.arange(5),
    "raw": RAW,
    "unseen": RAW[:2, ::-1],
    "labels": np.arange(5),
    **loss_example(np.random.default_rng(2)),
}


@pytest.fixture(scope="module")
def net() -> Any:
    layers = [keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
    model = keras.Sequential(layers)
    model.compile("adam", "categorical_crossentropy")
    return model


@pytest.mark.parametrize(
    ("prepared", "seen", "unseen"),
    [
        (RAW / 127.5 - 1, RAW / 127.5 - 1, ASK["unseen"] / 127.5 - 1),
        ((RAW / 255) ** 2, (RAW / 255) ** 2, ASK["unseen"] / 255),
        (RAW[:, :2] / 255, RAW / 255, ASK["unseen"] / 255),
        (None, RAW / 255, ASK["unseen"] / 255),
    ],
    ids=["around 0", "squared", "of another shape", "missing"],
)
def test_a_net_is_asked_about_pictures_as_they_were_prepared(
    net: Any, prepared: Any, seen: np.ndarray, unseen: np.ndarray
) -> None:
    """Those of the notebook just as they are; new ones likewise, or by 255 where no rule is known?"""
    told = cifar_training.answer({"cifar_model": net, "cifar_x_test": prepared}, ASK)
    assert np.allclose(told["predictions"], net(seen), atol=1e-5)
    assert np.allclose(told["unseen"], net(unseen), atol=1e-5)
    shares = np.asarray(net(seen))[np.arange(5), ASK["labels"]]
    assert told["test loss"] == pytest.approx(-np.log(shares).mean(), rel=1e-4)
    assert told["loss"] == pytest.approx(loss_value(net.loss, ASK["loss labels"], ASK["loss predictions"]))


def test_of_a_net_that_predicts_nothing_there_is_no_loss(net: Any) -> None:
    """Is what stands in the net's place told, and no loss of its predictions?"""
    told = cifar_training.answer({"cifar_model": None}, ASK)
    assert (told["model"], told["unseen"], told["loss"]) == ("missing", None, None)
    assert not {"predictions", "test loss"} & told.keys()
