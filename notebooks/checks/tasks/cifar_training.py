"""Task 11: a whole training cell for CIFAR-10, judged by its history, its figure and its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from checks.language import Sentence, say
from checks.losses import is_cross_entropy, loss_example, loss_value
from checks.pictures import moved, prepared_like
from checks.plain import array_of, floats, is_whole, named_data, number_of, rows_of, some_rows
from checks.task import TABLE, Answer, Ask, Case, Finding, Given, either, right, wrong
from checks.training import LEARNED, predicted, seen_training
from checks.training_record import Training, as_asked, labels_are_mixed, of_training
from checks.unusable import stopped

TASK = "cifar_training"


# So many test pictures are predicted by the check itself: all of them in quick mode and in grading.
_SCORED = 500

# Pictures that were never released, to see what the net has learned.
_UNSEEN = 200

# A net that guesses is right for 1 picture in 10, in 200 pictures hardly ever for 2.
_LEARNED_SOMETHING = 0.2

# Of its first value: a training that lowered its loss by less has learned nothing.
_LOWER = 1e-4


def cases(rng: np.random.Generator, data: Given) -> list[Case]:
    """Test pictures, others that were never released, labels and shares for the loss; labels stay here."""
    images, labels, train, train_labels = named_data(
        data, "cifar_test_images", "cifar_test_labels", "cifar_train_images", "cifar_train_labels"
    )
    rows = some_rows(rng, len(images), _SCORED)
    test_labels = labels[rows].reshape(-1).astype(int)
    truth = {
        "labels": test_labels,
        "test size": len(images),
        "train size": len(train),
        "train images": train,
        "train labels": train_labels.reshape(-1).astype(int),
    }
    # The labels are no secret: the notebook has them. What the loss of these pictures is, Keras knows best.
    ask = {"rows": rows, "raw": images[rows], "labels": test_labels}
    return [redrawn(rng, Case(ask, truth))]


def redrawn(rng: np.random.Generator, case: Case) -> Case:
    """A case about these rows, with pictures that were made of some of them, and a loss to be told."""
    unseen = moved(rng, case.ask["raw"][:_UNSEEN])
    return replace(case, ask={**case.ask, "unseen": unseen, **loss_example(rng)})


def answer(given: Given, ask: Ask) -> Answer:
    """What fit() kept, the figure's axes and lines, the score, and the model's own predictions.

    Without what the model gives if the ask says that the net is asked elsewhere.
    """
    history: Any = given.get("cifar_history")
    score = given.get("cifar_score")
    answer: dict[str, Any] = {"history": type(history).__name__}
    curves = getattr(history, "history", None)
    if isinstance(curves, dict):
        answer["asked"] = as_asked(getattr(history, "asked", None))
        answer["curves"] = {str(key): floats(values) for key, values in curves.items()}
        pictures, labels = getattr(history, "shown", None) or (None, None)
        if isinstance(pictures, np.ndarray) and isinstance(labels, np.ndarray):
            answer["shown pictures"], answer["shown labels"] = pictures, labels
    answer["score kind"] = type(score).__name__
    answer["score"] = floats(score)
    answer["axes"], answer["figure"] = _axes(given.get("cifar_figure"))
    return answer if ask.get("net elsewhere") else {**answer, **_of_the_net(given, ask)}


def _of_the_net(given: Given, ask: Ask) -> Answer:
    model: Any = given.get("cifar_model")
    prepared = ask.get("prepared", rows_of(given.get("cifar_x_test"), ask["rows"]))
    # As the student prepared them: a mistake there has cost its points in task 9.
    fits = prepared is not None and prepared.shape == ask["raw"].shape
    pictures = prepared if fits else prepared_like(ask["raw"], ask["raw"], prepared)
    told, output = predicted(model, "predictions", pictures)
    answer = dict(told)
    unseen, _ = predicted(model, "unseen", prepared_like(ask["unseen"], ask["raw"], prepared))
    answer["unseen"] = unseen.get("unseen")
    loss = getattr(model, "loss", None)
    answer["loss"] = loss_value(loss, ask["loss labels"], ask["loss predictions"])
    if "predictions" in answer:
        # What the net gives, and not the shares as numbers: from it Keras computes the loss with more digits.
        answer["test loss"] = loss_value(loss, np.eye(10, dtype=np.float32)[ask["labels"]], output)
    return answer


def _axes(figure: Any) -> tuple[list[Answer], str]:
    """The axes of a Matplotlib figure: whether they are labelled, and the heights of their lines."""
    axes = getattr(figure, "axes", None)
    if not isinstance(axes, list):
        return [], type(figure).__name__
    plain: list[Answer] = []
    for part in axes[:20]:
        lines = [floats(line.get_ydata()) for line in part.get_lines()[:20]]
        # What scatter draws: one collection of points for each call.
        lines += [floats(dots.get_offsets()[:, 1]) for dots in part.collections[:20]]
        title = part.get_title() or part.get_title(loc="left") or part.get_title(loc="right")
        y, x = part.get_ylabel() or title, part.get_xlabel()
        plain.append({"lines": lines, "y": str(y)[:80], "x": str(x)[:80]})
    return plain, "Figure"


def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """Findings on epochs, batches, validation, on what was learned, the curves, and the test score.

    What the grader saw of the training counts, where it did it itself; otherwise what the history says.
    """
    (case,), (answer,) = cases, answers
    if "error" in answer:
        return [wrong("cifar_training.what_training", TABLE[TASK].points, stopped(TASK, answer))]
    training = of_training(answer)
    learned = _learned(case, answer, training)
    fit, curves = _fit(case, answer, training, learned), training.curves
    graded = isinstance(answer.get("seen"), dict)
    if isinstance(curves, dict) and training.asked is None:
        fit, curves = [wrong("cifar_training.what_fit", 4, say("cifar_training.not_from_fit"))], None
    elif isinstance(curves, dict) and graded and not training.seen and not learned.points:
        fit, curves = [wrong("cifar_training.what_fit", 4, say("cifar_training.not_seen"))], None
    return [*fit, learned, _curves(answer, curves), _score(case, answer)]


def _fit(case: Case, answer: Answer, training: Training, learned: Finding) -> list[Finding]:
    if not isinstance(training.curves, dict):
        return [wrong("cifar_training.what_fit", 4, _no_history(answer.get("history")))]
    asked = training.asked or {}
    return [
        _epochs(asked.get("epochs"), training, learned),
        _batches(asked),
        either("cifar_training.what_split", 1, _split_mistake(asked, case.truth["train size"])),
    ]


def _no_history(kind: Any) -> Sentence:
    if kind == "NoneType":
        return say("cifar_training.history_none")
    if kind == "dict":
        return say("cifar_training.history_dictionary")
    return say("cifar_training.history_other", kind=kind)


def _epochs(epochs: Any, training: Training, learned: Finding) -> Finding:
    what = "cifar_training.what_epochs"
    if not is_whole(epochs):
        return wrong(what, 2, say("cifar_training.epochs_unknown"))
    if epochs != 30:
        return wrong(what, 2, say("cifar_training.epochs", epochs=epochs))
    # Keras' own EarlyStopping is no mistake, as long as there was something to learn from.
    if training.length < epochs and not learned.points:
        return wrong(what, 2, say("cifar_training.stopped_early", epochs=training.length))
    return right(what, 2)


def _batches(asked: Answer) -> Finding:
    what = "cifar_training.what_batches"
    batch = asked.get("batch_size")
    if batch == 128:
        return right(what, 1)
    if batch is None:
        return wrong(what, 1, say("cifar_training.batch_default"))
    return wrong(what, 1, say("cifar_training.batch", batch=batch))


def _split_mistake(asked: Answer, size: int) -> Sentence | None:
    split = asked.get("validation_split")
    kept = asked.get("kept")
    if asked.get("validation_data"):
        # A fifth that was set aside by hand is what is asked for, too.
        by_hand = isinstance(kept, int) and abs(kept - 0.8 * size) <= 1
        return None if by_hand else say("cifar_training.other_validation")
    if not split:
        return say("cifar_training.no_validation")
    return None if abs(split - 0.2) < 1e-6 else say("cifar_training.split", split=split)


# ------------------------------------------------------------------------------------------ what was learned


def _learned(case: Case, answer: Answer, training: Training) -> Finding:
    what, unseen = "cifar_training.what_learned", array_of(answer, "unseen")
    if answer.get("model") == "missing" or not isinstance(training.curves, dict) or training.asked is None:
        return wrong(what, 2, say("cifar_training.nothing_trained"))
    if answer.get("model") == "another kind":
        return wrong(what, 2, say("training.no_net", model="cifar_model", kind=answer.get("model kind")))
    labels = case.truth["labels"][:_UNSEEN]
    if unseen is None or unseen.shape != (len(labels), 10):
        return wrong(what, 2, say("cifar_training.no_predictions"))
    train = case.truth["train images"], case.truth["train labels"]
    if any(labels_are_mixed(training, *known) for known in (train, (case.ask["raw"], case.truth["labels"]))):
        return wrong(what, 2, say("cifar_training.labels_mixed"))
    accuracy = float((unseen.argmax(axis=1) == labels).mean()) if np.isfinite(unseen).all() else 0.0
    if not seen_training(answer):
        return wrong(what, 2, say("training.not_seen", model="cifar_model"))
    seen = answer.get("seen")
    told = not isinstance(seen, dict) or bool(seen["told"])
    if accuracy >= (LEARNED if told else _LEARNED_SOMETHING):
        return right(what, 2, say("cifar_training.learned", accuracy=accuracy))
    if not told:  # what its history says of the loss is the session's own word
        return wrong(what, 2, say("training.not_seen", model="cifar_model"))
    if training.lower > _LOWER:  # slowly: which rate is too small, task 10 says
        return right(what, 2, say("cifar_training.slowly", accuracy=accuracy))
    return wrong(what, 2, say("cifar_training.nothing_learned", accuracy=accuracy))


# ------------------------------------------------------------------------------------- the figure, the score


def _curves(answer: Answer, curves: Any) -> Finding:
    what = "cifar_training.what_curves"
    axes = answer.get("axes")
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
    own = number_of(answer, "test loss")
    losses = [_loss_of(case, answer, predictions), *([] if own is None else [own])]
    return either(
        what,
        2,
        _score_mistake(score, accuracy, losses, _margin(case, accuracy)),
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
    # From numbers alone, Keras keeps every share above 1e-7, so that no logarithm is infinite.
    shares = np.maximum(predictions[np.arange(len(labels)), labels], 1e-7)
    return float(-np.log(shares).mean())


def _score_mistake(
    score: Sequence[float], accuracy: float, losses: Sequence[float], margin: float
) -> Sentence | None:
    loss = losses[0]
    known = bool(np.isfinite(loss))
    loss_fits = not known or any(np.isclose(score[0], each, rtol=0.02, atol=1e-3) for each in losses)
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
