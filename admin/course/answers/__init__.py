"""The list of answers: every right and wrong way of solving a task that the checks are known to tell apart.

It is the checks' specification (`tests/unit/test_answers.py` goes through it) and the material of the sample
class. An answer is the source of a whole answer cell, the points that its check must give, and the key of
what the student must be told. What the notebook has defined before that cell may be used in it. Each task has
a file of its own.
"""

from __future__ import annotations

from admin.course.answers import (
    channel_axis,
    cifar_images,
    cifar_labels,
    cifar_model,
    cifar_training,
    net_1,
    net_2,
    normalise_images,
    one_hot,
    train_net_1,
    train_net_2,
)
from admin.course.answers.base import Answer

ANSWERS: tuple[Answer, ...] = (
    *normalise_images.ANSWERS,
    *channel_axis.ANSWERS,
    *one_hot.ANSWERS,
    *net_1.ANSWERS,
    *train_net_1.ANSWERS,
    *net_2.ANSWERS,
    *train_net_2.ANSWERS,
    *cifar_labels.ANSWERS,
    *cifar_images.ANSWERS,
    *cifar_model.ANSWERS,
    *cifar_training.ANSWERS,
)
"""In the order of the notebook's tasks."""


def answer(task: str, name: str) -> Answer:
    """The answer of this name; raises KeyError if there is none."""
    return {(a.task, a.name): a for a in ANSWERS}[task, name]
