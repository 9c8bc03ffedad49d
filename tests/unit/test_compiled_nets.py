"""How a compiled net is told in plain data (task 10): its optimiser, loss and metrics, and no harm to it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from checks.losses import loss_example
from checks.tasks import cifar_model

ASK = {
    "sample_shape": [4, 4, 3],
    "nb_classes": 10,
    "seed": 1,
    "images": np.random.default_rng(1).random((2, 4, 4, 3), dtype=np.float32),
    **loss_example(np.random.default_rng(2)),
}
EXAMPLE = ASK["loss labels"], ASK["loss predictions"]


def told(model: Any) -> dict[str, Any]:
    """What a notebook's model answers."""
    return dict(cifar_model.answer({"cifar_model": model}, ASK))


def a_net(**compiled: Any) -> Any:
    """A small net, compiled as it is asked for, but for what is given."""
    net = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(10)])
    asked = {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]}
    net.compile(**{**asked, **compiled})
    return net


@pytest.mark.parametrize(
    ("value", "told_as"),
    [
        (None, {"kind": "NoneType", "is layer": False}),
        (keras.Sequential, {"kind": "type", "name": "Sequential"}),
        (3, {"kind": "int", "is layer": False}),
    ],
)
def test_what_is_no_net_is_told_by_its_kind_alone(value: Any, told_as: dict[str, Any]) -> None:
    """Nothing, a class, a number: is nothing said of an optimiser?"""
    assert told(value) == told_as


def test_a_net_that_was_not_compiled_has_no_optimiser() -> None:
    """Is its net told, and of the rest only that there is no optimiser?"""
    net = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten()])
    answer = told(net)
    assert (answer["kind"], answer["optimiser"]) == ("Model", None)
    assert not {"learning rate", "metrics", "loss"} & set(answer)


def test_an_optimiser_for_half_precision_is_told_by_the_one_inside() -> None:
    """With half precision, Keras puts what was chosen into an optimiser of its own: which is told?"""
    chosen = keras.optimizers.Adagrad(0.25)
    for optimiser in (chosen, keras.optimizers.LossScaleOptimizer(chosen)):
        answer = told(a_net(optimizer=optimiser))
        assert (answer["optimiser"], answer["learning rate"]) == ("Adagrad", 0.25)


def test_metrics_are_told_by_what_they_give_and_the_loss_is_none_of_them() -> None:
    """Accuracy by its value for the example, none where none was asked for?"""
    assert list(told(a_net())["metrics"].values()) == [pytest.approx(1 / 3)]
    assert told(a_net(metrics=None))["metrics"] == {}


def test_the_loss_is_told_by_what_it_gives() -> None:
    """Is the example's cross-entropy told, and another loss by another number?"""
    labels, predictions = EXAMPLE
    expected = -np.log(predictions[labels == 1]).mean()
    assert told(a_net())["loss"] == pytest.approx(expected, abs=1e-5)
    assert told(a_net(loss="mse"))["loss"] == pytest.approx(((labels - predictions) ** 2).mean(), abs=1e-5)


def test_metrics_hold_neither_what_came_before_nor_what_the_check_asked() -> None:
    """After batches that were all wrong, is the example alone counted, and nothing of it kept?"""
    net = a_net()
    labels = ASK["loss labels"]
    net.compute_metrics(None, labels, np.roll(labels, 1, axis=1))
    assert list(told(net)["metrics"].values()) == [pytest.approx(1 / 3)]
    assert net.compute_metrics(None, labels, labels)["accuracy"] == 1


def test_a_net_for_pictures_of_another_shape_is_told_on_those_and_said_so() -> None:
    """Is it asked about pictures that it takes, with all that it was compiled with?"""
    net = keras.Sequential([keras.Input((2, 5, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    net.compile("adam", "categorical_crossentropy")
    answer = told(net)
    assert (answer["shape"], answer["net error"], answer["optimiser"]) == ([2, 5, 1], True, "Adam")
    assert [layer["kind"] for layer in answer["layers"]] == ["Flatten", "Dense"]


def test_a_net_that_takes_no_pictures_is_told_as_it_was_compiled() -> None:
    """Is a net without any layers that could be told still one that was compiled with Adam?"""

    class Stops(keras.Model):  # type: ignore[misc]
        def call(self, pictures: Any) -> Any:
            raise ValueError("not yet")

    net = Stops()
    net.compile("adam", "categorical_crossentropy")
    answer = told(net)
    assert (answer["kind"], answer["layers"], answer["net error"]) == ("Model", None, True)
    assert answer["optimiser"] == "Adam"
