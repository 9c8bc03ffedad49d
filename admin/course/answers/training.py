"""What the answers to both trainings share: they are the same."""

from __future__ import annotations

from admin.course.answers.base import Answer


def answers_of_both(task: str) -> list[Answer]:
    """Choices of batch size and epochs, and what they are worth once a right net has been trained.

    With a choice that `fit` refuses, the net stays untrained and 2 points less are reached in a notebook.
    """
    return [
        Answer(task, name, f"batch_size = {batch}\nepochs = {epochs}", points, says)
        for name, batch, epochs, points, says in (
            ("the model answer", "128", "12", 8, ""),
            ("small batches", "32", "5", 8, ""),
            ("large batches", "512", "20", 8, ""),
            ("smallest that is sensible", "16", "2", 8, ""),
            ("NumPy's whole numbers", "np.int64(64)", "np.int32(10)", 8, ""),
            ("no batch size", "None", "12", 5, "not chosen yet"),
            ("no epochs", "128", "None", 5, "not chosen yet"),
            ("a fraction", "128.0", "12", 5, "a whole number: 128, not 128.0"),
            ("text", "128", "'12'", 5, "of the type str"),
            ("zero epochs", "128", "0", 5, "nothing is learned"),
            ("a negative batch", "-1", "12", 5, "at least one picture"),
            ("truth values", "True", "12", 5, "of the type bool"),
            ("one picture a step", "1", "12", 5, "mostly chance"),
            ("everything at once", "60000", "12", 5, "hardly move"),
            ("a thousand epochs", "128", "1000", 5, "by heart"),
            ("one epoch", "128", "1", 5, "a single epoch"),
            ("swapped", "5", "128", 2, "swapped the two"),
            ("empty", "None", "None", 0, "not chosen yet"),
        )
    ]
