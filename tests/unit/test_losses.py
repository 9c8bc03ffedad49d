"""The example by which a loss is told: what is known of its numbers in every draw."""

from __future__ import annotations

import numpy as np
import pytest

from checks.losses import is_cross_entropy, loss_example
from checks.task import Case

SEEDS = range(20)


def cross_entropy(labels, predictions):
    return -np.log((labels * predictions).sum(1))


OTHERS = {
    "mean squared error": lambda labels, shares: ((labels - shares) ** 2).mean(1),
    "mean absolute error": lambda labels, shares: np.abs(labels - shares).mean(1),
    "binary cross-entropy": lambda labels, shares: (
        -(labels * np.log(shares) + (1 - labels) * np.log(1 - shares)).mean(1)
    ),
    "hinge": lambda labels, shares: np.maximum(1 - (2 * labels - 1) * shares, 0).mean(1),
    "focal": lambda labels, shares: cross_entropy(labels, shares) * (1 - (labels * shares).sum(1)) ** 2,
    "of swapped arguments": lambda labels, shares: -(shares * np.log(labels + 1e-7)).sum(1),
    "without the mean": lambda labels, shares: cross_entropy(labels, shares) * len(labels),
}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_example_tells_losses_and_metrics_apart(seed):
    """Six rows of probabilities; accuracy is 1/3, and nothing reaches the half that precision asks for?"""
    ask = loss_example(np.random.default_rng(seed))
    labels, shares = ask["loss labels"], ask["loss predictions"]
    assert labels.shape == shares.shape == (6, 10)
    assert labels.dtype == shares.dtype == np.float32
    assert sorted(np.unique(labels)) == [0, 1]
    assert np.all(labels.sum(1) == 1)
    assert np.allclose(shares.sum(1), 1)
    assert shares.min() > 0
    assert shares.max() < 0.5
    likeliest = shares.argmax(1)
    assert np.all(shares.max(1) > 0.35)
    assert list(likeliest == labels.argmax(1)) == [True, True, False, False, False, False]


@pytest.mark.parametrize("seed", SEEDS)
def test_only_cross_entropy_is_taken_for_it(seed):
    """Does another loss on the same rows give another number, by more than the tolerance?"""
    case = Case(loss_example(np.random.default_rng(seed)))
    labels, shares = case.ask["loss labels"].astype(float), case.ask["loss predictions"].astype(float)
    right = float(cross_entropy(labels, shares).mean())
    assert is_cross_entropy(case, {"loss": right + 0.0009})
    assert not is_cross_entropy(case, {"loss": right + 0.0011})
    for other in OTHERS.values():
        assert not is_cross_entropy(case, {"loss": float(other(labels, shares).mean())})
    for nothing in (None, True, "2.3", float("nan")):
        assert not is_cross_entropy(case, {"loss": nothing})


def test_labels_are_of_all_classes():
    """Over many draws, is each class the label of some row, and wrongly the likeliest of another?"""
    asks = [loss_example(np.random.default_rng(seed)) for seed in range(100)]
    labels = np.concatenate([ask["loss labels"].argmax(1) for ask in asks])
    wrong = np.concatenate([ask["loss predictions"].argmax(1)[2:] for ask in asks])
    assert set(labels) == set(wrong) == set(range(10))


def test_every_class_and_every_mistake_is_drawn():
    """Are all ten classes among the labels of some draws, and is a wrong row off by one to nine?"""
    asks = [loss_example(np.random.default_rng(seed)) for seed in SEEDS]
    labels = np.array([ask["loss labels"].argmax(1) for ask in asks])
    off = (np.array([ask["loss predictions"].argmax(1) for ask in asks]) - labels) % 10
    assert set(labels.ravel()) == set(range(10))
    assert set(off[:, 2:].ravel()) == set(range(1, 10))
