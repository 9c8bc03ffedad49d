"""What the answers to both trainings share: they are the same."""

from __future__ import annotations

from admin.course.answers.base import Answer


def answers_of_both(task: str) -> list[Answer]:
    """Choices of batch size and epochs, and what they are worth once a right net has been trained.

    With a choice that `fit` refuses, the net stays untrained and 2 points less are reached in a notebook.
    """
    return [
        Answer(task, name, f"batch_size = {batch}\nepochs = {epochs}", points, key)
        for name, batch, epochs, points, key in (
            ("the model answer", "128", "12", 8, ""),
            ("small batches", "32", "5", 8, ""),
            ("large batches", "512", "20", 8, ""),
            ("smallest that is sensible", "16", "2", 8, ""),
            ("NumPy's whole numbers", "np.int64(64)", "np.int32(10)", 8, ""),
            ("no batch size", "None", "12", 5, "training.no_batch"),
            ("no epochs", "128", "None", 5, "training.no_epochs"),
            ("a fraction", "128.0", "12", 5, "training.batch_not_whole"),
            ("text", "128", "'12'", 5, "training.epochs_not_whole"),
            ("zero epochs", "128", "0", 5, "training.epochs_none"),
            ("a negative batch", "-1", "12", 5, "training.batch_empty"),
            ("truth values", "True", "12", 5, "training.batch_not_whole"),
            ("one picture a step", "1", "12", 5, "training.batch_small"),
            ("everything at once", "60000", "12", 5, "training.batch_large"),
            ("a thousand epochs", "128", "1000", 5, "training.epochs_many"),
            ("one epoch", "128", "1", 5, "training.epochs_single"),
            ("swapped", "5", "128", 2, "training.swapped"),
            ("empty", "None", "None", 0, "training.no_batch"),
        )
    ]
