"""Hyperparameters and what a net has learned with them, tasks 5 and 7."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from checks.language import Sentence, say
from checks.pictures import moved, prepared_like
from checks.plain import array_of, is_whole, named_data, rows_of, some_rows, whole
from checks.task import TABLE, Answer, Answering, Ask, Case, Finding, Given, Judging, either, right, wrong
from checks.unusable import stopped

# A net that guesses is right for 1 picture in 10. After the few steps that grading allows, every sensible
# choice of batch size and epochs is far above the bound; see the figures at `tools.fit_calls.Bounds`.
LEARNED = 0.4

# The notebook keeps a tenth of the pictures for validation.
_TRAINED_ON = 0.9

_SMALLEST_BATCH, _LARGEST_BATCH = 8, 1024
_MOST_EPOCHS = 100


def cases_train(rng: np.random.Generator, data: Given) -> list[Case]:
    """Pictures that were never released, whose labels stay with the judge, and what they were made of."""
    images, labels = named_data(data, "test_images", "test_labels")
    rows = some_rows(rng, len(images), 200)
    train = len(named_data(data, "train_images")[0])
    truth = {"labels": labels[rows].astype(int), "train size": train}
    return [redrawn_train(rng, Case({"rows": rows, "raw": images[rows]}, truth))]


def redrawn_train(rng: np.random.Generator, case: Case) -> Case:
    """A case about these rows, with pictures that were made of them."""
    return replace(case, ask={**case.ask, "images": moved(rng, case.ask["raw"])})


def answer_train(model_name: str) -> Answering:
    """Answers with the two numbers and the model's predictions for the asked pictures.

    Without the predictions if the ask says that the net is asked elsewhere.
    """

    def answer(given: Given, ask: Ask) -> Answer:
        numbers = {name: whole(given.get(name)) for name in ("batch_size", "epochs")}
        if ask.get("net elsewhere"):
            return numbers
        prepared = ask["prepared"] if "prepared" in ask else rows_of(given.get("x_test"), ask["rows"])
        pictures = prepared_like(ask["images"], ask["raw"], prepared)
        told, _ = predicted(given.get(model_name), "predictions", pictures)
        return {**told, **numbers}

    return answer


def predicted(model: Any, name: str, pictures: np.ndarray) -> tuple[Answer, Any]:
    """What a trained net is, as `model`, and under `name` what it gives for pictures; and just what it gives.

    None in place of that where it gives nothing.
    """
    import keras

    if model is None:
        return {"model": "missing"}, None
    if not isinstance(model, keras.Model):  # a look-up table, for example, has learned nothing
        return {"model": "another kind", "model kind": type(model).__name__}, None
    try:
        output = model(pictures)
        return {"model": "Model", name: np.asarray(output, np.float32)}, output
    except Exception as error:  # the rest of the answer can be judged without the net
        return {"model": f"{type(error).__name__}"}, None


def judge_train(task: str, model_name: str) -> Judging:
    """Findings on the batch size, the number of epochs, and what the net has learned."""

    def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
        (case,), (answer,) = cases, answers
        if "error" in answer:
            return [wrong("any.what_answer", TABLE[task].points, stopped(task, answer))]
        batch, epochs = answer.get("batch_size"), answer.get("epochs")
        chosen = batch is not None or epochs is not None
        wrong_batch = _batch_mistake(batch, int(case.truth["train size"] * _TRAINED_ON))
        return [
            either("batch_size", 3, wrong_batch, say("training.batch_right", batch=batch)),
            _epochs(batch, epochs),
            _learned(model_name, case, answer, chosen),
        ]

    return judge


def _batch_mistake(batch: Any, train_size: int) -> Sentence | None:
    if batch is None:
        return say("training.no_batch")
    if not is_whole(batch):
        return say("training.batch_not_whole", batch=_shown(batch))
    if batch < 1:
        return say("training.batch_empty", batch=batch)
    if batch < _SMALLEST_BATCH:
        return say("training.batch_small", batch=batch, train_size=train_size, steps=train_size // batch)
    if batch > _LARGEST_BATCH:
        steps = -(-train_size // batch)
        return say("training.batch_large", batch=batch, train_size=train_size, steps=steps)
    return None


def _epochs(batch: Any, epochs: Any) -> Finding:
    mistake = _epochs_mistake(epochs)
    if mistake and mistake.key == "training.epochs_many" and is_whole(batch) and batch < epochs:
        return wrong("epochs", 3, mistake, say("training.swapped"))
    return either("epochs", 3, mistake, say("training.epochs_right", epochs=epochs))


def _epochs_mistake(epochs: Any) -> Sentence | None:
    if epochs is None:
        return say("training.no_epochs")
    if not is_whole(epochs):
        return say("training.epochs_not_whole", epochs=_shown(epochs))
    if epochs < 1:
        return say("training.epochs_none", epochs=epochs)
    if epochs < 2:
        return say("training.epochs_single")
    return say("training.epochs_many", epochs=epochs) if epochs > _MOST_EPOCHS else None


def _shown(number: Any) -> Sentence:
    """What `plain.whole` says of a value that is no whole number."""
    described = number if isinstance(number, dict) else {}
    kind = str(described.get("kind"))
    if kind == "too large":
        return say("training.too_large")
    if kind == "float":
        return say("training.fraction", value=described.get("value"))
    return say("training.other_type", kind=kind)


def _learned(model_name: str, case: Case, answer: Answer, chosen: bool) -> Finding:
    labels, predictions = case.truth["labels"], array_of(answer, "predictions")
    what = "training.what_learned"
    if not chosen:
        return wrong(what, 2, say("training.choose_first"))
    if answer.get("model") == "missing":
        return wrong(what, 2, say("training.no_model", model=model_name))
    if answer.get("model") == "another kind":
        return wrong(what, 2, say("training.no_net", model=model_name, kind=answer.get("model kind")))
    if answer.get("model") != "Model":  # the error that came for pictures
        return wrong(what, 2, say("training.other_pictures", model=model_name))
    if predictions is None or predictions.shape != (len(labels), 10) or not np.isfinite(predictions).all():
        return wrong(what, 2, say("training.not_ten_numbers", model=model_name))
    classes = predictions.argmax(axis=1)
    accuracy = float((classes == labels).mean())
    if accuracy >= LEARNED and not seen_training(answer):
        return wrong(what, 2, say("training.not_seen", model=model_name))
    if accuracy >= LEARNED:
        return right(what, 2, say("training.learned", accuracy=accuracy))
    neighbours = any(float((classes == (labels + by) % 10).mean()) >= LEARNED for by in (-1, 1))
    guesses = say("training.guesses", accuracy=accuracy)
    return wrong(
        what, 2, say("training.neighbours" if neighbours else "training.look_before", guesses=guesses)
    )


def seen_training(answer: Answer) -> bool:
    """Whether the net came out of a training that the grader did itself, as far as that can be told.

    At home nobody watches; and a net that can't be told in plain data trains in the student's own session.
    """
    seen = answer.get("seen")
    return not isinstance(seen, dict) or not seen["told"] or seen["training"] is not None
