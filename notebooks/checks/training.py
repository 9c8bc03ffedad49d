"""Hyperparameters and what a net has learned with them, tasks 5 and 7."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from checks.language import Sentence, say
from checks.plain import array_of, is_whole, named_data, some_rows, whole
from checks.task import TABLE, Answer, Answering, Ask, Case, Finding, Given, Judging, either, right, wrong
from checks.unusable import stopped

# A net that guesses is right for 1 picture in 10. After the few steps that grading allows, every sensible
# choice of batch size and epochs is far above the bound; see the figures at `tools.fit_calls.Bounds`.
_LEARNED = 0.4

# The notebook keeps a tenth of the pictures for validation.
_TRAINED_ON = 0.9


def cases_train(rng: np.random.Generator, data: Given) -> list[Case]:
    """Some test pictures, whose labels stay with the judge."""
    images, labels = named_data(data, "test_images", "test_labels")
    rows = some_rows(rng, len(images), 200)
    train = len(named_data(data, "train_images")[0])
    return [Case({"images": images[rows]}, {"labels": labels[rows].astype(int), "train size": train})]


def answer_train(model_name: str) -> Answering:
    """Answers with the two numbers and the model's predictions for the asked pictures."""

    def answer(given: Given, ask: Ask) -> Answer:
        model = given.get(model_name)
        predicted: Answer = {"model": "missing"}
        if model is not None:
            try:
                predictions = np.asarray(model(_like_the_notebook(given, ask["images"])))
                predicted = {"model": "Model", "predictions": predictions}
            except Exception as error:  # the hyperparameters can be judged without the net
                predicted = {"model": f"{type(error).__name__}"}
        numbers = {name: whole(given.get(name)) for name in ("batch_size", "epochs")}
        return {**predicted, **numbers}

    return answer


def _like_the_notebook(given: Given, images: np.ndarray) -> np.ndarray:
    """Pictures prepared as the student's net was given them: with their own task 1 where it works."""
    try:
        pixels = np.asarray(given["normalise_images"](images.copy()), np.float32)
        return pixels.reshape(*images.shape, 1)
    except Exception:
        return (images / 255).astype(np.float32)[..., np.newaxis]


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
    if batch < 8:
        return say("training.batch_small", batch=batch, train_size=train_size, steps=train_size // batch)
    if batch > 1024:
        steps = -(-train_size // batch)
        return say("training.batch_large", batch=batch, train_size=train_size, steps=steps)
    return None


def _epochs(batch: Any, epochs: Any) -> Finding:
    mistake = _epochs_mistake(epochs)
    if mistake and is_whole(batch) and is_whole(epochs) and batch < epochs and epochs > 100:
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
    return say("training.epochs_many", epochs=epochs) if epochs > 100 else None


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
    if predictions is None or predictions.shape != (len(labels), 10) or not np.isfinite(predictions).all():
        return wrong(what, 2, say("training.not_ten_numbers", model=model_name))
    classes = predictions.argmax(axis=1)
    accuracy = float((classes == labels).mean())
    if accuracy >= _LEARNED:
        return right(what, 2, say("training.learned", accuracy=accuracy))
    neighbours = any(float((classes == (labels + by) % 10).mean()) >= _LEARNED for by in (-1, 1))
    guesses = say("training.guesses", accuracy=accuracy)
    return wrong(
        what, 2, say("training.neighbours" if neighbours else "training.look_before", guesses=guesses)
    )
