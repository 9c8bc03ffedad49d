"""The list of answers: every right and wrong way of solving a task that the checks are known to tell apart.

It is the checks' specification (`tests/unit/test_answers.py` goes through it) and the material of the sample
class. An answer is the source of a whole answer cell, the points that its check must give, and the key of
what the student must be told. What the notebook has defined before that cell may be used in it. Each task has
a file of its own.
"""

from __future__ import annotations

from importlib import import_module

from admin.course.answers.base import Answer
from checks.task import TABLE

ANSWERS: tuple[Answer, ...] = tuple(
    given
    for entry in TABLE.values()
    if entry.whole
    for given in import_module(f"admin.course.answers.{entry.name}").ANSWERS
)
"""In the order of the notebook's tasks."""
_BY_NAME = {(given.task, given.name): given for given in ANSWERS}


def answer(task: str, name: str) -> Answer:
    """The answer of this name; raises KeyError if there is none."""
    return _BY_NAME[task, name]
