"""Task 11: a whole training cell for CIFAR-10, judged by its history, its figure and its score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from checks.language import Sentence, say
from checks.losses import is_cross_entropy, loss_example, loss_value
from checks.plain import array_of, floats, is_whole, named_data, some_rows, whole
from checks.task import TABLE, Answer, Ask, Case, Finding, Given, either, right, wrong
from checks.unusable import stopped

TASK = "cifar_training"


# So many test pictures are predicted by the check itself: all of them in quick mode and in grading.
_SCORED = 500


def cases(rng: np.random.Generator, data: Given) -> list[Case]:
    """Test pictures, whose labels stay with the judge, and labels and shares for the loss."""
    images, labels, train = named_data(data, "cifar_test_images", "cifar_test_labels", "cifar_train_images")
    rows = some_rows(rng, len(images), _SCORED)
    truth = {
        "labels": labels[rows].reshape(-1).astype(int),
        "test size": len(images),
        "train size": len(train),
    }
    return [Case({"rows": rows, "images": images[rows], **loss_example(rng)}, truth)]


def answer(given: Given, ask: Ask) -> Answer:
    """What fit() kept, the figure's axes and lines, the score, and the model's own predictions."""
    history: Any = given.get("cifar_history")
    score = given.get("cifar_score")
    answer: dict[str, Any] = {"history": type(history).__name__, "score": None, "predictions": None}
    if hasattr(history, "params") and hasattr(history, "history"):
        answer["epochs"] = whole(history.params.get("epochs"))
        answer["steps"] = whole(history.params.get("steps"))
        answer["curves"] = {str(key): floats(values) for key, values in history.history.items()}
    answer["score kind"] = type(score).__name__
    if isinstance(score, list | tuple | np.ndarray):
        answer["score"] = floats(score)
    answer["axes"], answer["figure"] = _axes(given.get("cifar_figure"))
    model = given.get("cifar_model")
    if callable(model) and hasattr(model, "layers"):
        answer["loss"] = loss_value(getattr(model, "loss", None), ask["loss labels"], ask["loss predictions"])
        try:
            answer["predictions"] = np.asarray(model(_prepared_pictures(given.get("cifar_x_test"), ask)))
        except Exception:  # fit and figure can be judged without them
            answer["predictions"] = None
    return answer


def _prepared_pictures(own: Any, ask: Ask) -> np.ndarray:
    """The asked test pictures as the student prepared them; a mistake there has cost its points in task 9."""
    if isinstance(own, np.ndarray) and own.ndim == 4 and len(own) > max(ask["rows"]):
        return own[ask["rows"]].astype(np.float32)
    return (ask["images"] / 255).astype(np.float32)


def _axes(figure: Any) -> tuple[list[Answer], str]:
    """The axes of a Matplotlib figure: whether they are labelled, and the heights of their lines."""
    axes = getattr(figure, "axes", None)
    if not isinstance(axes, list):
        return [], type(figure).__name__
    plain: list[Answer] = []
    for part in axes[:20]:
        lines = [floats(line.get_ydata()) for line in part.get_lines()[:20]]
        title = part.get_title() or part.get_title(loc="left") or part.get_title(loc="right")
        texts = [part.get_ylabel(), title, part.get_xlabel()]
        plain.append({"lines": lines, "y": str(texts[0] or texts[1])[:80], "x": str(texts[2])[:80]})
    return plain, "Figure"


def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """Findings on epochs, batches and validation, on the curves, and on the test score."""
    (case,), (answer,) = cases, answers
    if "error" in answer:
        return [wrong("cifar_training.what_training", TABLE[TASK].points, stopped(TASK, answer))]
    return [*_fit(case, answer), _curves(answer), _score(case, answer)]


def _fit(case: Case, answer: Answer) -> list[Finding]:
    curves = answer.get("curves")
    if not isinstance(curves, dict):
        return [wrong("cifar_training.what_fit", 6, _no_history(answer.get("history")))]
    validated = "val_loss" in curves
    steps = answer.get("steps")
    batch, split = _batch_and_split(steps, case.truth["train size"], validated)
    return [
        _epochs(answer.get("epochs")),
        _batches(batch, steps),
        either("cifar_training.what_split", 2, _split_mistake(split, validated)),
    ]


def _no_history(kind: Any) -> Sentence:
    if kind == "NoneType":
        return say("cifar_training.history_none")
    if kind == "dict":
        return say("cifar_training.history_dictionary")
    return say("cifar_training.history_other", kind=kind)


def _epochs(epochs: Any) -> Finding:
    what = "cifar_training.what_epochs"
    if epochs == 30:
        return right(what, 2)
    if is_whole(epochs):
        return wrong(what, 2, say("cifar_training.epochs", epochs=epochs))
    return wrong(what, 2, say("cifar_training.epochs_unknown"))


def _batches(batch: int | None, steps: Any) -> Finding:
    what = "cifar_training.what_batches"
    if batch == 128:
        return right(what, 2)
    if not batch:
        return wrong(what, 2, say("cifar_training.steps"))
    said = say("cifar_training.batch", steps=steps, batch=batch)
    return wrong(what, 2, said, *([say("cifar_training.batch_default")] if batch == 32 else []))


def _batch_and_split(steps: Any, size: int, validated: bool) -> tuple[int | None, float | None]:
    """Batch size and validation split that explain the steps of an epoch, preferring those asked for.

    Batch sizes are told apart as far as the number of steps tells: 124 to 133 of 1,600 give 13 steps.
    """
    if not is_whole(steps) or steps < 1:
        return None, None
    # Keras keeps floor(n · (1 − split)) pictures for training.
    splits = [0.2, 0.0, 0.1, 0.25, 0.3, 0.33, 0.5, 0.8] if validated else [0.0]
    kept = {split: int(size * (1 - split)) for split in splits}
    for split in splits:
        if -(-kept[split] // 128) == steps:
            return 128, split
    for batch in (32, 64, 256, 16, 100, 50, 200, 512, 1000, 8, 1):
        if -(-kept[splits[0]] // batch) == steps:
            return batch, splits[0]
    return -(-kept[splits[0]] // steps), splits[0]


def _split_mistake(split: float | None, validated: bool) -> Sentence | None:
    if not validated:
        return say("cifar_training.no_validation")
    if split is None:
        return say("cifar_training.split_unknown")
    if split == 0.0:
        return say("cifar_training.other_validation")
    return None if split == 0.2 else say("cifar_training.split", split=split)


def _curves(answer: Answer) -> Finding:
    what = "cifar_training.what_curves"
    curves, axes = answer.get("curves"), answer.get("axes")
    if answer.get("figure") == "NoneType":
        return wrong(what, 2, say("cifar_training.figure_none"))
    if answer.get("figure") != "Figure" or not isinstance(axes, list):
        return wrong(what, 2, say("cifar_training.figure_other", kind=answer.get("figure")))
    if not isinstance(curves, dict):
        return wrong(what, 2, say("cifar_training.no_training"))
    accuracy = next((key for key in curves if "acc" in key and not key.startswith("val_")), "accuracy")
    found = {curve: _axis_with(axes, curves, curve) for curve in ("loss", accuracy)}
    said = []
    for curve, axis in found.items():
        if axis is None:
            said.append(say("cifar_training.curve_missing", curve=curve))
        elif not axis.get("y"):
            said.append(say("cifar_training.curve_unlabelled", curve=curve))
    if not said and found["loss"] is found[accuracy]:
        said.append(say("cifar_training.curves_together"))
    if not said:
        return right(what, 2)
    return Finding(what, 1 * any(axis is not None for axis in found.values()), 2, tuple(said))


def _axis_with(axes: Sequence[Answer], curves: Given, what: str) -> Answer | None:
    """The axes that hold the training and the validation curve of ``what``."""
    wanted = [np.array(curves.get(key, [])) for key in (what, f"val_{what}")]
    for axis in axes:
        lines = [np.array(line) for line in axis.get("lines", [])]
        # Shares may be drawn in per cent; a training that went wild has NaN in its curves.
        for factor in (1,) if what == "loss" else (1, 100):
            if all(
                len(w)
                and any(
                    line.shape == w.shape
                    and np.allclose(line, factor * w, rtol=0, atol=1e-6 * factor, equal_nan=True)
                    for line in lines
                )
                for w in wanted
            ):
                return axis
    return None


def _score(case: Case, answer: Answer) -> Finding:
    what = "cifar_training.what_score"
    score, predictions, labels = answer.get("score"), array_of(answer, "predictions"), case.truth["labels"]
    if not isinstance(score, list) or len(score) < 2:
        kind = answer.get("score kind")
        other = say("cifar_training.score_other", kind=kind)
        return wrong(what, 2, say("cifar_training.score_none") if kind == "NoneType" else other)
    if predictions is None or predictions.shape != (len(labels), 10):
        return wrong(what, 2, say("cifar_training.no_predictions"))
    accuracy = float((predictions.argmax(axis=1) == labels).mean())
    loss = _loss_of(case, answer, predictions)
    return either(
        what,
        2,
        _score_mistake(score, accuracy, loss, _margin(case, accuracy)),
        say("cifar_training.score_right", accuracy=score[1]),
    )


def _margin(case: Case, accuracy: float) -> float:
    """How far a right accuracy may be from the one of the asked pictures.

    All pictures tell the score to the last digit; a part of them to four standard deviations (binomial).
    """
    count = len(case.truth["labels"])
    if case.truth["test size"] == count:
        return 0.001
    return 4 * float(np.sqrt(max(accuracy * (1 - accuracy), 0.02) / count))


def _loss_of(case: Case, answer: Answer, predictions: np.ndarray) -> float:
    """The loss of these predictions, where it can be told; otherwise NaN."""
    labels = case.truth["labels"]
    if case.truth["test size"] != len(labels) or not np.allclose(predictions.sum(axis=1), 1, atol=1e-3):
        return float("nan")
    if not is_cross_entropy(case, answer):
        return float("nan")
    # Keras keeps every share above 1e-7, so that no logarithm is infinite.
    shares = np.clip(predictions[np.arange(len(labels)), labels], 1e-7, 1)
    return float(-np.log(shares).mean())


def _score_mistake(score: Sequence[float], accuracy: float, loss: float, margin: float) -> Sentence | None:
    known = bool(np.isfinite(loss))
    loss_fits = not known or bool(np.isclose(score[0], loss, rtol=0.02, atol=1e-3))
    if np.isfinite(score).all() and abs(score[1] - accuracy) <= margin and loss_fits:
        return None
    if abs(score[0] - accuracy) <= margin:
        return say("cifar_training.score_swapped")
    if abs(score[1] / 100 - accuracy) <= margin and score[1] > 1:
        return say("cifar_training.score_per_cent")
    if known and abs(score[1] - accuracy) <= max(margin, 0.0051):
        told = {"told_accuracy": score[1], "told_loss": score[0]}
        return say("cifar_training.score_close", accuracy=accuracy, loss=loss, **told)
    return say("cifar_training.score_far", accuracy=accuracy, told=score[1])
