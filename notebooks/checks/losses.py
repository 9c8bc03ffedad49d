"""What a loss is, told by what it gives, tasks 10 and 11."""

from __future__ import annotations

from typing import Any

import numpy as np

from checks.plain import number_of
from checks.task import Answer, Ask, Case


def loss_example(rng: np.random.Generator) -> Ask:
    """One-hot labels and shares of classes, (6, 10) each: what a loss gives for them tells which it is."""
    classes = rng.integers(0, 10, 6)
    # A third of the rows is right, and no share is above a half: accuracy 1/3, precision and recall 0.
    likeliest = np.where(np.arange(6) < 2, classes, (classes + 1 + rng.integers(0, 9, 6)) % 10)
    shares = 0.35 * np.eye(10)[likeliest] + 0.65 * rng.dirichlet(np.full(10, 20.0), 6)
    return {
        "loss labels": np.eye(10, dtype=np.float32)[classes],
        "loss predictions": shares.astype(np.float32),
    }


def loss_value(loss: Any, labels: np.ndarray, predictions: np.ndarray) -> float | None:
    """What a model's loss gives for these labels and predictions, whichever way it was named."""
    import keras

    if isinstance(loss, list | tuple | dict) and len(loss) == 1:  # one output, one loss
        (loss,) = loss.values() if isinstance(loss, dict) else loss
    try:
        return float(np.mean(np.asarray(keras.losses.get(loss)(labels, predictions))))
    except Exception:
        return None


def is_cross_entropy(case: Case, answer: Answer) -> bool:
    """Whether the answer's loss is what categorical cross-entropy gives for the case's example."""
    labels, predictions = case.ask["loss labels"], case.ask["loss predictions"]
    expected = float(-np.log((labels * predictions).sum(axis=1)).mean())
    came = number_of(answer, "loss")
    return came is not None and abs(came - expected) < 1e-3
