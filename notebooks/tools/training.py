"""How a training is watched; how it is cut short while nbgrader is at work, `tools.fitting` says."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from tools import curves
from tools.fitting import bound_training, note_training
from tools.runtime import grading

__all__ = ["CURVES", "bound_training", "note_training", "progress"]


def progress() -> Any:
    """A Keras callback that shows a training as it goes: `fit(…, verbose=0, callbacks=[…])`.

    In a notebook: curves that grow, and a button to stop. While nbgrader runs it, or in a terminal, which has
    no widgets: one line of text.
    """
    from IPython import get_ipython

    if grading() or not hasattr(get_ipython(), "kernel"):
        return _progress_line()
    return curves.live()


def _progress_line() -> Any:
    """A Keras callback that keeps one line on training up to date."""
    import keras
    from IPython.display import display

    class Progress(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            self.start = time.monotonic()
            self.line = display(_Text("training starts …"), display_id=True)

        def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
            done, total = epoch + 1, self.params["epochs"]
            passed = time.monotonic() - self.start
            left = f", about {passed / done * (total - done):.0f} s to go" if done < total else ""
            bar = "█" * round(12 * done / total)
            self.say(f"epoch {done} of {total} {bar:░<12} {passed:.0f} s{left}", logs or {})

        def say(self, head: str, logs: Mapping[str, float]) -> None:
            parts = {"training": "", "validation": "val_"}
            names = {"loss": "loss", "accuracy": curves.accuracy_name(logs)}
            values = {
                part: [
                    f"{word} {_rounded(word, logs[mark + name])}"
                    for word, name in names.items()
                    if mark + name in logs
                ]
                for part, mark in parts.items()
            }
            lines = [f"{part:10}  {', '.join(words)}" for part, words in values.items() if words]
            if self.line is not None:
                self.line.update(_Text("\n".join([head, *lines])))

    return Progress()


CURVES = ("loss", "accuracy")


class _Text:
    """Words that a notebook shows as they are, without quotation marks."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __repr__(self) -> str:
        return self.words


def _rounded(name: str, value: float) -> str:
    return f"{value:.1%}" if name.endswith("accuracy") else f"{value:.3f}"
