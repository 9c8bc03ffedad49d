"""Where and how the notebook runs: its folder, nbgrader, a graphics processor, answers that are there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1]
"""The notebook's folder, with its style sheet and its data."""


def grading() -> bool:
    """True while nbgrader runs this notebook, to grade or to validate it."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


def has_gpu() -> bool:
    """True when TensorFlow sees a graphics processor."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


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
    """Put the course's style sheet into the notebook; without the file, the notebook looks plain."""
    from IPython.display import HTML, display

    sheet = FOLDER / "custom.css"
    if sheet.is_file():
        display(HTML(f"<style>\n{sheet.read_text(encoding='utf-8')}</style>"))


def filled(task: str, *answers: Any) -> bool:
    """True when no value is None; otherwise False, after a sentence that names the task."""
    if all(answer is not None for answer in answers):
        return True
    print(f"{task.capitalize()} is still empty: fill in its answer cell and run it, then run this one again.")
    return False
