"""Live training: a bar, curves that grow batch by batch, and a button that stops and keeps what was learned.

A click reaches the kernel while it trains, because JupyterLab 4.4 and Notebook 7.4 and later send a widget's
messages through a subshell of ipykernel 7 (https://jupyterlab.readthedocs.io/en/stable/user/subshells.html).
Where a front end does not, Jupyter's own stop button (an interrupt) does the same.
"""

from __future__ import annotations

import html
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools import markup, theme

STOP = "Stop, and keep what was learned"
STARTS = "Training starts …"
BAR = "epoch {epoch} of {epochs}, batch {batch} of {batches} · {passed:.0f} s"
LEFT = " · about {left:.0f} s to go"
STOPPED = "Stopped in epoch {epoch} of {epochs}, after {passed:.0f} s. The net keeps what it has learned."
DONE = "Trained for {epochs} epochs in {passed:.0f} s."
NUMBERS = "{part}: loss {loss:.3f}, accuracy {accuracy:.1%}"
TRAINING, VALIDATION = "Training", "Validation"
ALT = "Curves of the loss and of the accuracy by epoch. {words}."

REDRAW_SECONDS = 0.25
MAX_POINTS = 300
CHART = {"top": 62, "width": 255, "height": 140}


Point = tuple[float, float, float]
"""Epoch, in fractions, loss, and accuracy."""


@dataclass
class Progress:
    """How far a training has come.

    The points of training are means over the batches since the point before: Keras' own means start anew with
    each epoch, and would jump there.
    """

    epochs: int = 1
    batches: int = 1
    epoch: int = 0
    batch: int = 0
    passed: float = 0.0
    state: str = "runs"
    """runs, stopped or done"""
    training: list[Point] = field(default_factory=list)
    validation: list[Point] = field(default_factory=list)
    latest: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Loss and accuracy as Keras tells them: in training, means over the epoch so far."""

    @property
    def share(self) -> float:
        """How much of the training is done, from 0 to 1."""
        return min(1.0, self.reached / self.epochs)

    @property
    def reached(self) -> float:
        """Epochs that are done, in fractions."""
        return self.epoch + min(1.0, self.batch / self.batches)


def live() -> Any:
    """A Keras callback that shows a training while it goes on: `fit(…, verbose=0, callbacks=[live()])`.

    The button, or an interrupt of the kernel, ends the training after the present batch. What is shown at the
    end is a still picture, which stays in the saved notebook.
    """
    import keras
    from IPython.display import display
    from ipywidgets import HTML, Button, Layout, VBox

    class Live(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            self.progress = Progress(self.params["epochs"], self.params["steps"] or 1)
            self.began, self.drawn = time.monotonic(), 0.0
            self.picture = HTML(markup.page(markup.paragraph(STARTS)))
            self.button = Button(description=STOP, icon="stop", layout=Layout(width="auto"))
            self.button.on_click(lambda _: self.stop())
            live = VBox([self.picture, self.button])._repr_mimebundle_() or {}
            self.shown = display({**live, "text/plain": STARTS}, raw=True, display_id=True)
            self.interrupt = _on_interrupt(self.stop)

        def stop(self) -> None:
            """End after this batch. May be called from another thread."""
            self.progress.state = "stopped"
            self.model.stop_training = True

        def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
            progress = self.progress
            progress.batch = batch + 1
            progress.passed = time.monotonic() - self.began
            if progress.passed - self.drawn > REDRAW_SECONDS:
                self.note_training(logs or {})
                self.drawn = progress.passed
                self.picture.value = drawn(progress)

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.progress.epoch, self.progress.batch, self.noted = epoch, 0, (0, 0.0, 0.0)

        def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
            progress = self.progress
            self.note_training(logs or {})
            if logs and "val_loss" in logs:
                progress.latest[VALIDATION] = _loss_and_accuracy(logs, "val_")
                progress.validation.append((progress.reached, *progress.latest[VALIDATION]))
            progress.passed = time.monotonic() - self.began

        def note_training(self, logs: Mapping[str, float]) -> None:
            """Add a point for the batches since the last one."""
            progress, (batch, *means) = self.progress, self.noted
            if progress.batch > batch:
                now = progress.latest[TRAINING] = _loss_and_accuracy(logs, "")
                since = [
                    max(0.0, (progress.batch * new - batch * old) / (progress.batch - batch))
                    for new, old in zip(now, means, strict=True)
                ]
                progress.training.append((progress.reached, since[0], min(1.0, since[1])))
                self.noted = (progress.batch, *now)

        def on_train_end(self, logs: Any = None) -> None:
            _put_back(self.interrupt)
            if self.progress.state != "stopped":
                self.progress.state = "done"
            self.picture.value = drawn(self.progress)
            still = {"text/html": drawn(self.progress), "text/plain": f"[{words(self.progress)}]"}
            if self.shown is not None:
                self.shown.update(still, raw=True)

    return Live()


def _loss_and_accuracy(logs: Mapping[str, float], mark: str) -> tuple[float, float]:
    return float(logs.get(mark + "loss", 0)), float(logs.get(mark + "accuracy", 0))


def _on_interrupt(stop: Any) -> Any:
    """Let the next interrupt of the kernel call `stop`, and return what it would have called.

    If `fit` fails, nobody calls `_put_back`; then ipykernel does it, as it sets the handler for each cell.
    """
    if threading.current_thread() is not threading.main_thread():
        return None
    before = signal.getsignal(signal.SIGINT)

    def once(number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, before)  # a second one ends the cell, as ever
        stop()

    signal.signal(signal.SIGINT, once)
    return before


def _put_back(before: Any) -> None:
    if before is not None:
        signal.signal(signal.SIGINT, before)


# ------------------------------------------------------------------------------------------- what is seen


def words(progress: Progress) -> str:
    """Where a training is, or how it ended, in a sentence or two."""
    facts = {
        "epoch": progress.epoch + 1,
        "epochs": progress.epochs,
        "batch": progress.batch,
        "batches": progress.batches,
        "passed": progress.passed,
    }
    if progress.state == "runs":
        head = BAR.format(**facts)
        if progress.share > 0.02:
            head += LEFT.format(left=progress.passed / progress.share * (1 - progress.share))
    else:
        head = (STOPPED if progress.state == "stopped" else DONE).format(**facts)
    return " ".join([head, *numbers(progress)]) if progress.state != "runs" else head


def numbers(progress: Progress) -> list[str]:
    """The latest loss and accuracy, in training and in validation."""
    return [
        NUMBERS.format(part=part, loss=loss, accuracy=accuracy) + "."
        for part, (loss, accuracy) in progress.latest.items()
    ]


def drawn(progress: Progress) -> str:
    """Bar and curves as HTML."""
    highest = max([1e-9, *(point[1] for point in [*progress.training, *progress.validation])])
    charts = (
        ("loss", 1, markup.Frame(50, x_from=0, x_to=progress.epochs, y_from=0, y_to=highest, **CHART)),
        ("accuracy", 2, markup.Frame(390, x_from=0, x_to=progress.epochs, y_from=0, y_to=1, **CHART)),
    )
    parts = [
        markup.box(0, 4, 645, 14, theme.FAINT, line=1),
        markup.box(0, 4, 645 * progress.share, 14, theme.BLUE, theme.BLUE, line=0),
    ]
    for name, which, frame in charts:
        ticks = range(0, progress.epochs + 1, max(1, -(-progress.epochs // 6)))
        y_ticks = [0, highest / 2, highest] if name == "loss" else [0, 0.25, 0.5, 0.75, 1]
        parts.append(frame.axes(ticks, y_ticks, "epoch", name, ".2g" if name == "loss" else ".0%"))
        parts.append(_curve(frame, progress.training, which, theme.BLUE, dashed=False))
        parts.append(_curve(frame, progress.validation, which, theme.ORANGE, dashed=True))
    for place, (part, colour) in enumerate(((TRAINING, theme.BLUE), (VALIDATION, theme.ORANGE))):
        left = 210 + 110 * place
        parts.append(markup.curve([(left, 34), (left + 24, 34)], colour, dashed=bool(place)))
        parts.append(markup.label(left + 30, 34, part.lower(), 12, "start"))
    said = " ".join(numbers(progress))
    picture = markup.svg(660, 245, parts, ALT.format(words=said.rstrip(".") or STARTS))
    return markup.page(picture, markup.paragraph(words(progress)), _numbers_line(progress))


def _numbers_line(progress: Progress) -> str:
    if progress.state != "runs":
        return ""
    return f'<p style="margin: 2px 0; color: {theme.INK}">{html.escape(" ".join(numbers(progress)))}</p>'


def _curve(frame: markup.Frame, points: Sequence[Point], which: int, colour: str, dashed: bool) -> str:
    step = max(1, len(points) // MAX_POINTS)
    places = [frame.place(point[0], point[which]) for point in [*points[:-1:step], *points[-1:]]]
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" style="fill: {colour}"/>' for x, y in places]
    return markup.curve(places, colour, dashed) + ("".join(dots) if dashed else "")
