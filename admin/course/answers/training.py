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
            ("the smallest batch that is let pass", "8", "12", 8, ""),
            ("smaller than that", "7", "12", 5, "training.batch_small"),
            ("the largest batch that is let pass", "1024", "12", 8, ""),
            ("larger than that", "1025", "12", 5, "training.batch_large"),
            ("the most epochs that are let pass", "128", "100", 8, ""),
            ("one epoch more", "128", "101", 5, "training.epochs_many"),
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
            ("as many epochs as pictures in a batch", "128", "128", 5, "training.epochs_many"),
            ("too large for a number of pictures", "10**9", "12", 5, "training.batch_not_whole"),
            ("epochs in a fraction, and few pictures", "5", "128.0", 2, "training.batch_small"),
            ("no batch size, and many epochs", "None", "128", 2, "training.no_batch"),
            ("an empty batch", "0", "12", 5, "training.batch_empty"),
            ("less than nothing", "-1", "0", 2, "training.epochs_none"),
            ("empty", "None", "None", 0, "training.no_batch"),
        )
    ]
