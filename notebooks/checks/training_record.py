"""What is known of a training: from the grader's own record, or else from the history that `fit` gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from checks.plain import array_of, floats
from checks.task import Answer

# So alike are a picture and the one it was prepared from; two different ones hardly ever are.
_ALIKE = 0.98
_PART = 0.25
_STILL = 1e-6
_ASKED = ("epochs", "batch_size", "validation_split", "validation_data", "kept")
_FEWEST = 8  # pictures that have to be recognised before anything is said of their labels


@dataclass(frozen=True)
class Training:
    """A training as the judge knows it.

    `asked` is what `fit` was asked for (see `tools.fitting.Call`), `curves` its history, `length` the number
    of epochs in it, `lower` by how much the loss fell, as a share of its first value. `pictures` and `labels`
    are some of what it learned from. `seen` says that the grader did it itself, or at least the same.
    """

    asked: Mapping[str, Any] | None
    curves: Any
    length: int
    lower: float
    pictures: np.ndarray | None
    labels: np.ndarray | None
    seen: bool


def as_asked(asked: Any) -> dict[str, Any] | None:
    """What `fit` was asked for, as numbers and truth values, if the history says so."""
    if not isinstance(asked, dict):
        return None
    return {name: asked[name] for name in _ASKED if isinstance(asked.get(name), bool | int | float)}


def of_training(answer: Answer) -> Training:
    """The training that a task's answer is about."""
    seen = answer.get("seen")
    record = seen["training"] if isinstance(seen, dict) else None
    if record is not None and isinstance(answer.get("curves"), dict):
        # Callbacks of one's own take part in the student's session alone; so the curves are told by that.
        curves = answer["curves"] if record["compared only"] else record["curves"]
        return Training(
            asked=record["asked"],
            curves=curves,
            length=_length(curves),
            lower=_lower_of_record(record),
            pictures=array_of(record, "pictures"),
            labels=array_of(record, "labels"),
            seen=True,
        )
    curves = answer.get("curves")
    asked = as_asked(answer.get("asked"))
    return Training(
        asked=asked,
        curves=curves,
        length=_length(curves),
        # A single epoch has nothing to fall from.
        lower=1.0 if asked and asked.get("epochs") == 1 else _lower(curves),
        pictures=array_of(answer, "shown pictures"),
        labels=array_of(answer, "shown labels"),
        seen=False,
    )


def _length(curves: Any) -> int:
    return (
        max((len(floats(values)) for values in curves.values()), default=0) if isinstance(curves, dict) else 0
    )


def _lower(curves: Any) -> float:
    """By how much the loss fell between the first epoch and the last, as a share."""
    losses = floats(curves.get("loss")) if isinstance(curves, dict) else []
    if not losses or not np.isfinite(losses).all() or not losses[0]:
        return 0.0
    # Validation measures the same pictures each time: where that stands still, the weights do.
    validated = floats(curves.get("val_loss"))
    if len(validated) > 1 and np.ptp(validated) <= _STILL * abs(validated[0]):
        return 0.0
    return (losses[0] - losses[-1]) / abs(losses[0])


def _lower_of_record(record: Mapping[str, Any]) -> float:
    """By how much a training lowered the loss, as a share of what it was.

    One that was only compared has to have come to a good part of what the same without its callbacks does.
    """
    before, after = record["before"], record["after"]
    reached = record.get("reached", after)
    if not before or not np.isfinite([before, after, reached]).all():
        return 0.0
    if before - reached < _PART * (before - after):
        return 0.0
    return float((before - reached) / before)


def labels_are_mixed(training: Training, images: np.ndarray, labels: np.ndarray) -> bool:
    """Whether known pictures were learned with the labels of others.

    `images` and `labels` are the known ones. Pictures are recognised by their pixels, up to scale and
    shift, so that shuffling both together is no mistake. Nor are other names for the classes: what is wrong
    with those has cost its points before.
    """
    pictures, told = training.pictures, training.labels
    if pictures is None or told is None or pictures.shape[1:] != images.shape[1:]:
        return False
    known, own = _standardised(images), _standardised(pictures)
    alike = own @ known.T
    recognised = alike.max(axis=1) > _ALIKE
    if recognised.sum() < _FEWEST or len(told) != len(pictures):
        return False
    true, told = labels[alike.argmax(axis=1)][recognised], told[recognised]
    # How many get the name that most pictures of their class get.
    usual = sum(int(np.unique(told[true == each], return_counts=True)[1].max()) for each in np.unique(true))
    return bool(usual / len(true) < 0.75)


def _standardised(images: np.ndarray) -> np.ndarray:
    """Each picture as a vector of length 1 around 0."""
    flat = images.reshape(len(images), -1).astype(np.float32)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9))
