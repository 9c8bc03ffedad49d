"""Live training: a bar, curves that grow batch by batch, and a button that stops and keeps what was learned.

A click reaches the kernel while it trains, because JupyterLab 4.4 and Notebook 7.4 and later send a widget's
messages through a subshell of ipykernel 7 (https://jupyterlab.readthedocs.io/en/stable/user/subshells.html).
Where a front end does not, Jupyter's own stop button (an interrupt) does the same.
"""

from __future__ import annotations

import html
import math
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools import markup, theme

STOP = "Stop, and keep what was learned"
STARTS = "Training starts …"
BAR = "epoch {epoch} of {epochs}, batch {batch} of {batches} · {passed:.0f} s"
LEFT = " · about {left:.0f} s to go"
STOPPED = "Stopped in epoch {epoch} of {epochs}, after {passed:.0f} s. The net keeps what it has learned."
DONE = "Trained for {epochs} epochs in {passed:.0f} s."
NOTHING = "0 epochs: the net has seen no pictures and learned nothing."
BROKEN = "The training broke off in epoch {epoch} of {epochs}. The message below says why."
LOSS, ACCURACY = "{part}: loss {loss:.3f}", ", accuracy {accuracy:.1%}"
CUT = "The axis of the loss ends at {highest:.2g}, so that later epochs can be told apart."
TRAINING, VALIDATION = "Training", "Validation"
ALT = "Curves of the loss and of the accuracy by epoch. {words}."

REDRAW_SECONDS = 0.25
MAX_POINTS = 300
CHART = {"top": 62, "width": 255, "height": 140}
EARLY = 0.25
"""The part of a training whose losses, much larger than all later ones, may lie above the chart."""

WORTH_A_CUT = 0.7

EARLIEST_GUESS = 0.02
"""The part of a training, if no epoch is over yet, after which a guess of the time left is worth showing."""

Measured = tuple[float, float]
"""Loss and accuracy."""
Point = tuple[float, float, float]
"""Epoch, in fractions, loss, and accuracy: NaN where the net was compiled without one."""


@dataclass
class Progress:
    """How far a training has come.

    The points of training are means over the pictures since the point before: Keras' own means start anew
    with each epoch, and would jump there.
    """

    epochs: int = 1
    batches: int = 1
    epoch: int = 0
    batch: int = 0
    passed: float = 0.0
    state: str = "runs"
    """runs, stopped, broken or done"""
    training: list[Point] = field(default_factory=list)
    validation: list[Point] = field(default_factory=list)
    latest: dict[str, Measured] = field(default_factory=dict)
    """Loss and accuracy as Keras tells them: in training, means over the epoch so far."""

    @property
    def share(self) -> float:
        """How much of the training is done, from 0 to 1."""
        return min(1.0, self.reached / self.epochs) if self.epochs > 0 else 1.0

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
            self.began, self.drawn, self.ended = time.monotonic(), 0.0, False
            self.picture = HTML(markup.page(markup.paragraph(STARTS)))
            self.button = Button(description=STOP, icon="stop", layout=Layout(width="auto"))
            self.button.on_click(lambda _: self.stop())
            live = VBox([self.picture, self.button])._repr_mimebundle_() or {}
            self.shown = display({**live, "text/plain": STARTS}, raw=True, display_id=True)
            self.interrupt = _on_interrupt(self.stop)
            _when_the_cell_ends(self.break_off)

        def stop(self) -> None:
            """End after this batch. May be called from another thread."""
            self.progress.state = "stopped"
            self.model.stop_training = True

        def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
            progress = self.progress
            progress.batch = batch + 1
            self.seen = _pictures_seen(self.model, progress.batch)
            progress.passed = time.monotonic() - self.began
            if progress.passed - self.drawn > REDRAW_SECONDS:
                self.note_training(logs or {})
                self.drawn = progress.passed
                self.picture.value = drawn(progress)

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.progress.epoch, self.progress.batch = epoch, 0
            self.seen, self.noted = 0.0, (0.0, 0.0, 0.0)

        def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
            progress = self.progress
            self.note_training(logs or {})
            if logs and "val_loss" in logs:
                progress.latest[VALIDATION] = _loss_and_accuracy(logs, "val_")
                progress.validation.append((progress.reached, *progress.latest[VALIDATION]))
            progress.passed = time.monotonic() - self.began

        def note_training(self, logs: Mapping[str, float]) -> None:
            """Add a point for the pictures since the last one."""
            progress, (before, *means) = self.progress, self.noted
            if self.seen > before:
                now = progress.latest[TRAINING] = _loss_and_accuracy(logs, "")
                loss, accuracy = (
                    (self.seen * new - before * old) / (self.seen - before)
                    for new, old in zip(now, means, strict=True)
                )
                # In this order, so that NaN stays NaN.
                progress.training.append((progress.reached, max(loss, 0.0), min(max(accuracy, 0.0), 1.0)))
                self.noted = (self.seen, *now)

        def on_train_end(self, logs: Any = None) -> None:
            _put_back(self.interrupt)
            if self.progress.state == "runs":  # another callback may have stopped it
                self.progress.state = "done" if self.progress.share == 1 else "stopped"
            self.end()

        def break_off(self) -> None:
            """The cell has ended: where `fit` failed, Keras called nothing more."""
            if not self.ended:
                self.progress.state = "broken"
                self.end()

        def end(self) -> None:
            """Put a still picture in the place of the button and what moved."""
            self.ended = True
            self.picture.value, self.button.layout.display = drawn(self.progress), "none"
            still = {"text/html": drawn(self.progress), "text/plain": f"[{words(self.progress)}]"}
            if self.shown is not None:
                self.shown.update(still, raw=True)

    return Live()


def accuracy_name(logs: Mapping[str, Any]) -> str:
    """What the accuracy of training is called in Keras' numbers: "accuracy", "acc", a metric's own name."""
    return next((name for name in logs if "acc" in name and not name.startswith("val_")), "accuracy")


def _loss_and_accuracy(logs: Mapping[str, float], mark: str) -> Measured:
    return float(logs.get(mark + "loss", 0)), float(logs.get(mark + accuracy_name(logs), math.nan))


def _pictures_seen(model: Any, batches: int) -> float:
    """How many pictures the means of this epoch are taken over; the last batch may be smaller.

    Keras' first metric counts them for its own mean of the loss. A net without it tells its batches.
    """
    return float(getattr(next(iter(model.metrics), None), "count", batches))


def _when_the_cell_ends(do: Callable[[], None]) -> None:
    """Call `do` once, when the notebook's present cell is done; outside of a notebook, never."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return

    def once(_: Any = None) -> None:
        shell.events.unregister("post_run_cell", once)
        do()

    shell.events.register("post_run_cell", once)


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
        if progress.epoch > 0 or progress.share > EARLIEST_GUESS:
            head += LEFT.format(left=progress.passed / progress.share * (1 - progress.share))
        return head
    ends = {"stopped": STOPPED, "broken": BROKEN, "done": DONE if progress.epochs > 0 else NOTHING}
    return " ".join([ends[progress.state].format(**facts), *numbers(progress)])


def numbers(progress: Progress) -> list[str]:
    """The latest loss and accuracy, in training and in validation."""
    said = []
    for part, (loss, accuracy) in progress.latest.items():
        right = "" if math.isnan(accuracy) else ACCURACY.format(accuracy=accuracy)
        said.append(LOSS.format(part=part, loss=loss) + right + ".")
    return said


def drawn(progress: Progress) -> str:
    """Bar and curves as HTML; words alone where there is nothing to draw."""
    if progress.state in ("broken", "done") and not progress.training:
        return markup.page(markup.paragraph(words(progress)))
    last = progress.epochs if progress.state == "runs" else max(1, math.ceil(progress.reached))
    highest, is_cut = _highest_loss(progress)
    charts = (
        ("loss", 1, markup.Frame(50, x_from=0, x_to=last, y_from=0, y_to=highest, **CHART)),
        ("accuracy", 2, markup.Frame(390, x_from=0, x_to=last, y_from=0, y_to=1, **CHART)),
    )
    parts = [
        markup.box(0, 4, 645, 14, theme.FAINT, line=1),
        markup.box(0, 4, 645 * progress.share, 14, theme.BLUE, theme.BLUE, line=0),
    ]
    for name, which, frame in charts:
        ticks = range(0, last + 1, max(1, -(-last // 6)))
        y_ticks = [0, highest / 2, highest] if name == "loss" else [0, 0.25, 0.5, 0.75, 1]
        parts.append(frame.axes(ticks, y_ticks, "epoch", name, ".2g" if name == "loss" else ".0%"))
        curves = [
            _curve(frame, progress.training, which, theme.BLUE, dashed=False),
            _curve(frame, progress.validation, which, theme.ORANGE, dashed=True),
        ]
        parts.append(markup.clipped(frame, curves))
    for place, (part, colour) in enumerate(((TRAINING, theme.BLUE), (VALIDATION, theme.ORANGE))):
        left = 210 + 110 * place
        parts.append(markup.curve([(left, 34), (left + 24, 34)], colour, dashed=bool(place)))
        parts.append(markup.label(left + 30, 34, part.lower(), 12, "start"))
    said = " ".join(numbers(progress))
    picture = markup.svg(660, 245, parts, ALT.format(words=said.rstrip(".") or STARTS))
    cut = CUT.format(highest=highest) if is_cut else ""
    return markup.page(picture, markup.paragraph(f"{words(progress)} {cut}".strip()), _numbers_line(progress))


def _highest_loss(progress: Progress) -> tuple[float, bool]:
    """Where the axis of the loss ends, and whether that is below some of the losses.

    The first steps' losses are many times the later ones. On one axis with them, both curves would lie on the
    floor, and nobody could see whether validation rises. So they are left out when a training is over.
    """
    points = [point for point in [*progress.training, *progress.validation] if math.isfinite(point[1])]
    highest = max((loss for _, loss, _ in points), default=0.0) or 1e-9
    late = [loss for epoch, loss, _ in points if epoch > max(1.0, EARLY * progress.reached)]
    zoomed = 1.1 * max(late, default=highest)
    if progress.state == "runs" or not 0 < zoomed < WORTH_A_CUT * highest:
        return highest, False
    return zoomed, True


def _numbers_line(progress: Progress) -> str:
    if progress.state != "runs":
        return ""
    return f'<p style="margin: 2px 0; color: {theme.INK}">{html.escape(" ".join(numbers(progress)))}</p>'


def _curve(frame: markup.Frame, points: Sequence[Point], which: int, colour: str, dashed: bool) -> str:
    step = max(1, len(points) // MAX_POINTS)
    shown = [point for point in [*points[:-1:step], *points[-1:]] if math.isfinite(point[which])]
    places = [frame.place(point[0], point[which]) for point in shown]
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" style="fill: {colour}"/>' for x, y in places]
    return markup.curve(places, colour, dashed) + ("".join(dots) if dashed else "")
