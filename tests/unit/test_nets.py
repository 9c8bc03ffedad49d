"""How a net is described and judged: exactly, without harm to it, and by nothing that hangs on a seed."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import problem_unittests as tests
from admin.course.answers import ANSWERS, Answer, answer
from checks.in_use import calls_of, exactly, layers_called
from checks.layers import POINTS
from checks.model import answer_net, cases_net, described
from checks.nets import computes
from checks.task import TABLE, Case

# Answers whose verdict has hung on the seed, or could: by sides, by noise, by what a layer pads or rounds.
TOUCHY = {
    "net_1": (
        "pooling that pads",
        "pooling twice",
        "both kernels 5 × 5",
        "random in use",
        "random by own code",
        "ReLU6",
        "shape written in",
        "ten classes written in",
        "Conv2D(3, 32)",
    ),
    "net_2": ("both kernels 5 × 5", "stride 3", "stride and pooling"),
}
SEEDS = range(5)


def function_of(given: Answer) -> Callable[..., Any]:
    """The function that an answer's code defines."""
    names: dict[str, Any] = {"keras": keras, "np": np}
    exec(given.code, names)
    return names[given.task]


def verdict(given: Answer, seed: int) -> tuple[float, list[tuple[str, ...]]]:
    """Points and keys for the cases of this seed."""
    with contextlib.redirect_stdout(io.StringIO()):
        findings = tests.grade_answer(
            given.task, {given.task: function_of(given)}, {}, np.random.default_rng(seed)
        )
    return tests.points(findings), [finding.keys for finding in findings]


@pytest.mark.parametrize(("task", "name"), [(task, name) for task, names in TOUCHY.items() for name in names])
def test_a_verdict_does_not_hang_on_the_seed(task: str, name: str) -> None:
    """Is the same net told the same, and paid the same, whatever was drawn?"""
    given = answer(task, name)
    first, *others = [verdict(given, seed) for seed in SEEDS]
    assert first[0] == given.points
    assert others == [first] * len(others)


def test_each_draw_has_an_odd_side_and_room() -> None:
    """Do the cases tell pooling that pads from pooling that does not, and have room for kernels of 5 × 5?"""
    for seed in range(200):
        first, *others = cases_net(np.random.default_rng(seed), {})
        assert first.ask["sample_shape"] == [28, 28, 1]
        for case in others:
            *sides, _ = case.ask["sample_shape"]
            assert sorted(side % 2 for side in sides) == [0, 1]
            assert min(sides) >= 16


def a_case() -> Case:
    return cases_net(np.random.default_rng(1), {})[1]


class Listener(keras.layers.Layer):
    """A layer that keeps what TensorFlow is set to while it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[bool, bool]] = []

    def call(self, x: Any) -> Any:
        exact = not tf.config.experimental.tensor_float_32_execution_enabled()
        self.heard.append((exact, tf.config.functions_run_eagerly()))
        return x


@pytest.fixture
def rounding() -> Iterator[None]:
    """TF32 as TensorFlow has it on a new machine."""
    tf.config.experimental.enable_tensor_float_32_execution(True)
    yield
    tf.config.experimental.enable_tensor_float_32_execution(True)


@pytest.mark.usefixtures("rounding")
@pytest.mark.parametrize("stops", [False, True])
def test_no_card_rounds_while_a_net_is_described(stops: bool) -> None:
    """NVIDIA cards round sums to TF32, by more than a right net may differ. Is that off, and on again?"""
    listener, case = Listener(), a_case()
    net = keras.Sequential([listener, keras.layers.Flatten(), keras.layers.Dense(3)])
    if stops:
        with pytest.raises(ValueError), exactly():
            raise ValueError
    else:
        described(net, case.ask)
        assert set(listener.heard) == {(True, True)}
    assert tf.config.experimental.tensor_float_32_execution_enabled()
    assert not tf.config.functions_run_eagerly()


@pytest.mark.parametrize("policy", ["mixed_float16", "float16", "mixed_bfloat16", "bfloat16"])
def test_a_net_of_half_precision_stays_as_it_is(policy: str) -> None:
    """Is it asked in float32, so that a wrong activation is told, and is all afterwards as it was?"""
    case, plan = a_case(), answer("net_1", "the model answer")
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        shape, classes = case.ask["sample_shape"], case.ask["nb_classes"]
        right = function_of(plan)(shape, classes)
        close = Answer("net_1", "", plan.code.replace('128, activation="relu"', '128, activation="gelu"'), 0)
        wrong = function_of(close)(shape, classes)
    finally:
        keras.config.set_dtype_policy(before)
    weights = [weight.copy() for weight in right.get_weights()]
    assert computes("net_1", case.ask, described(right, case.ask))
    assert not computes("net_1", case.ask, described(wrong, case.ask))
    assert {layer.dtype_policy.name for layer in right.layers} == {policy}
    assert all(np.array_equal(a, b) for a, b in zip(weights, right.get_weights(), strict=True))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_a_net_of_nets_is_asked_in_float32_as_well(policy: str) -> None:
    """Nets in a net round what comes in to half precision: is the net right for all shapes all the same?"""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        for case in cases_net(np.random.default_rng(3), {}):
            net = function_of(answer("net_1", "two parts"))
            assert computes("net_1", case.ask, answer_net("net_1")({"net_1": net}, case.ask))
    finally:
        keras.config.set_dtype_policy(before)


def test_layers_are_told_in_the_order_of_use() -> None:
    """A class may make its layers in any order, and compute between them: what is heard?"""
    net = function_of(answer("net_1", "attributes in another order, functions of TensorFlow"))(None, 5)
    images = a_case().ask["images"]
    net(images)
    _, calls = calls_of(net, images)
    kinds = [type(call.layer).__name__ if call.layer else "code" for call in calls]
    assert kinds == ["Conv2D", "code", "Conv2D", "code", "Flatten", "Dense", "code", "Dense", "code"]


def test_lazy_nets_earn_next_to_nothing() -> None:
    """What do nets without convolutions earn, compiled as asked, in tasks 4, 6 and 10 together?"""
    lazy = {"net_1": "no convolution", "net_2": "no convolution", "cifar_model": "another net"}
    assert sum(answer(task, name).points for task, name in lazy.items()) <= 2
    assert all(sum(POINTS[net].values()) + 1 == TABLE[net].points for net in POINTS)
    assert any(a.name == "Flatten alone" and a.points == 0 for a in ANSWERS if a.task == "cifar_model")


def test_a_net_is_asked_as_it_is_in_use() -> None:
    """Dropout leaves all through, a layer that holds another is one call, and an operation is no layer?"""
    layers = keras.layers
    pictures = keras.Input((3, 4))
    dense = layers.Dense(2, activation=layers.ReLU())
    model = keras.Model(pictures, keras.ops.relu(layers.Dropout(0.9)(dense(pictures))))
    images = np.random.default_rng(0).normal(0, 1, (5, 3, 4)).astype(np.float32)
    output, calls = calls_of(model, images)
    assert np.array_equal(output, model(images, training=False))
    assert [type(call.layer).__name__ for call in calls] == ["Dense", "Dropout", "Relu"]
    called = {type(layer).__name__ for layer in layers_called(model, images)[1]}
    assert called == {"Functional", "Dense", "ReLU", "Dropout"}
    assert np.array_equal(calls[1].came, calls[1].went)


def test_what_an_own_layer_calls_is_looked_at() -> None:
    """Is a layer of somebody's own the calls that it makes, also by the name of their argument?"""

    class Own(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = keras.layers.Dense(2)

        def call(self, given: Any) -> Any:
            return self.inner(inputs=given)

    images = np.random.default_rng(0).normal(0, 1, (5, 4)).astype(np.float32)
    model = keras.Sequential([keras.Input((4,)), Own()])
    _, calls = calls_of(model, images)
    assert [type(call.layer).__name__ for call in calls] == ["Dense"]
    assert np.array_equal(calls[0].came, images)


def test_of_what_a_layer_is_called_with_the_first_is_what_goes_in() -> None:
    """Two arguments by their places, or by their names: is the first the one that is followed?"""

    class Plus(keras.layers.Layer):  # type: ignore[misc]
        def call(self, first: Any, second: Any) -> Any:
            return first + second

    class Net(keras.Model):  # type: ignore[misc]
        def __init__(self, named: bool) -> None:
            super().__init__()
            self.named, self.flat, self.plus = named, keras.layers.Flatten(), Plus()

        def call(self, pictures: Any) -> Any:
            row = self.flat(pictures)
            return self.plus(first=row, second=2 * row) if self.named else self.plus(row, 2 * row)

    for named in (False, True):
        net, pictures = Net(named), np.ones((1, 2, 2, 1), np.float32)
        net(pictures)  # builds it, with calls of its own
        _, calls = calls_of(net, pictures)
        assert [call.layer for call in calls] == [net.flat, net.plus]
        assert np.array_equal(calls[1].came, np.ones((1, 4)))
