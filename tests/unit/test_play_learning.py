"""The kernel that is learned: does gradient descent find it, and is what is said of it what happened?"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from play import learning
from tools.arithmetic import convolve

EDGE = np.array([[1.0, 0, -1]] * 3)
GOALS = {"edge": EDGE, "across": EDGE.T, "blur": np.full((3, 3), 1 / 9)}


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    with np.load(Path(__file__).parents[2] / "notebooks" / "data" / "mnist_5000.npz") as file:
        return file["x"][:50] / 255


@pytest.mark.parametrize("name", GOALS)
def test_the_kernel_that_made_the_maps_is_found(name: str, digits: np.ndarray) -> None:
    """From zeros to the right weights, ever nearer, with the learning rate that one sees first?"""
    now = learning.learned(digits, GOALS[name], learning.RATE)
    assert not now.kernels[0].any()
    assert np.abs(now.kernels[-1] - GOALS[name]).max() < 0.1
    assert (np.diff(now.losses) < 0).all()


def test_a_step_is_the_one_that_keras_would_take(digits: np.ndarray) -> None:
    """One step of plain gradient descent on the same loss: the same loss and the same weights?"""
    now = learning.learned(digits, EDGE, 0.3, steps=2)
    layer = keras.layers.Conv2D(1, 3, use_bias=False)
    model = keras.Sequential([keras.Input((28, 28, 1)), layer])
    layer.set_weights([now.kernels[1].reshape(3, 3, 1, 1)])
    model.compile(keras.optimizers.SGD(0.3), "mse")
    maps = np.stack([convolve(digit, EDGE) for digit in digits])[..., None]
    loss = model.fit(digits[..., None], maps, batch_size=len(digits), epochs=1, verbose=0).history["loss"][0]
    assert loss == pytest.approx(now.losses[1], rel=1e-4)
    (weights,) = layer.get_weights()
    assert weights[:, :, 0, 0] == pytest.approx(now.kernels[2], abs=1e-4)


def test_steps_that_are_too_long_are_told(digits: np.ndarray) -> None:
    """With the longest steps the loss grows: is that said, and drawn without a stumble?"""
    now = learning.learned(digits, EDGE, max(learning.RATES))
    assert now.losses[-1] > now.losses[0]
    assert "It grows" in learning.drawn(now, digits[0], learning.STEPS)
    assert "It grows" not in learning.drawn(learning.learned(digits, EDGE, 0.3), digits[0], 50)


def test_what_is_chosen_is_what_is_shown(digits: np.ndarray) -> None:
    """Do step, goal and rate each change the picture, and does the still one show the result?"""
    view = learning.learning_view(digits, GOALS)
    shown = view.parts["picture_of"]
    seen = [shown.value]
    for name, value in (("step", 40), ("goal", "blur"), ("rate", 1.0)):
        view.parts[name].value = value
        seen.append(shown.value)
    assert len(set(seen)) == 4
    assert "Step 0: " in seen[0]
    assert "After 40 of 100 steps with learning rate 1" in seen[-1]
    assert f"After {learning.STEPS} of {learning.STEPS} steps" in view.text
    assert f"Step {learning.STEPS}: " in view.still


@pytest.mark.parametrize(("shape", "kernels"), [((0, 28, 28), GOALS), ((28, 28), GOALS), ((2, 28, 28), {})])
def test_nothing_to_learn_is_one_sentence(shape: tuple[int, ...], kernels: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="at least one kernel"):
        learning.learning_view(np.zeros(shape), kernels)
