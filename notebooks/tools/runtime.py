"""Where and how the notebook runs: its folder, nbgrader, answers that are there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

EMPTY = "{task} is still empty: fill in its answer cell and run it, then run this one again."
OTHER = (
    "This needs an array of shape {wanted}, and the one of {task} has {found}: run its answer cell again, "
    "then this one."
)
NOT_TRAINED = (
    "{net} has not been trained yet: run its training cell first. If that ended with an error, mend what it "
    "names and run it again."
)

FOLDER = Path(__file__).resolve().parents[1]
"""The notebook's folder, with its style sheet and its data."""


def grading() -> bool:
    """True while nbgrader runs this notebook, to grade or to validate it."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


@contextmanager
def quiet() -> Iterator[None]:
    """Let nothing through that C++ code writes to stderr, such as TensorFlow's greeting when it is imported.

    Python's own warnings and errors still show in a notebook.
    """
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def style() -> None:
    """Put the course's style sheets into the notebook; without the files, the notebook looks plain.

    The sheet for paper is large, and what is graded is printed with sheets of its own.
    """
    from IPython.display import HTML, display

    names = ["custom.css"] if grading() else ["custom.css", "on_paper.css"]
    sheets = [FOLDER / name for name in names if (FOLDER / name).is_file()]
    if sheets:
        text = "".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
        display(HTML(f"<style>\n{text}</style>"))


def filled(
    task: str, *answers: Any, of: Sequence[Any] | None = None, shape: tuple[int, ...] | None = None
) -> bool:
    """True when no value is None; otherwise False, after a sentence that names the task.

    With `of`, what each answer was to be made from, each also has as many rows, and each row this shape. Who
    trains with other pictures or labels and hears nothing is left with a net that nothing below understands.
    """
    title = task.capitalize()
    if any(answer is None for answer in answers):
        print(EMPTY.format(task=title))
        return False
    for answer, origin in zip(answers, of or (), strict=False):
        wanted = (len(origin), *(shape or ()))
        if (found := _shape(answer)) != wanted:
            print(OTHER.format(task=title, found=found, wanted=wanted))
            return False
    return True


def trained(net: str, *results: Any) -> bool:
    """True when no value is None; otherwise False, after a sentence that says that a net is not trained."""
    if all(result is not None for result in results):
        return True
    print(NOT_TRAINED.format(net=net))
    return False


def _shape(answer: Any) -> tuple[int, ...]:
    """Of an array or a tensor as it says; of anything else what NumPy makes of it, () where it can't."""
    try:
        return tuple(answer.shape if hasattr(answer, "shape") else np.shape(answer))
    except (TypeError, ValueError):
        return ()
