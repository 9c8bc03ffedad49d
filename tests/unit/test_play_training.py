"""Live training and the shipped trainings: real Keras, real widgets, a real interrupt."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from play import histories
from tools import curves

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"

EPOCHS, BATCHES = 3, 10
NO_NUMBER = re.compile(r'="[^"]*\b(nan|inf)\b')
"""In a place of a picture."""


class Shown:
    """What a notebook's page would show: the first output, and what has replaced it since."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, Any]] = []

    def display(self, output: dict[str, Any], **_: Any) -> Shown:
        self.outputs.append(output)
        return self

    def update(self, output: dict[str, Any], **_: Any) -> None:
        self.outputs.append(output)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    page = Shown()
    monkeypatch.setattr("IPython.display.display", page.display)
    return page


@pytest.fixture(autouse=True)
def interrupts() -> Iterator[None]:
    """An interrupt is heard, as in a kernel: what a script starts in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class After(keras.callbacks.Callback):
    """Does something once, after so many batches; notes the weights and the live pictures."""

    def __init__(self, live: Any, batches: int, do: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.live, self.left, self.do = live, batches, do
        self.pictures: list[str] = []
        self.weights: list[np.ndarray] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.left -= 1
        if self.left == 0:
            self.do()
        self.weights = [value.copy() for value in self.model.get_weights()]
        self.pictures.append(self.live.picture.value)


def fit(
    live: Any, after: After, metrics: Sequence[Any] = ("accuracy",), batch_size: int = 8, epochs: int = EPOCHS
) -> tuple[keras.Model, list[np.ndarray], Any]:
    """A small training of EPOCHS × BATCHES steps: the model, its first weights and the history."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=list(metrics))
    pixels = np.random.default_rng(1).normal(size=(100, 4)).astype(np.float32)
    rows = np.eye(2, dtype=np.float32)[(pixels[:, 0] > 0).astype(int)]
    first = model.get_weights()
    history = model.fit(
        pixels,
        rows,
        batch_size=batch_size,
        epochs=epochs,
        validation_split=0.2,
        verbose=0,
        callbacks=[live, after],
    )
    return model, first, history


def points(picture: str) -> int:
    """How many points all curves of a picture have."""
    return sum(len(line.split()) for line in re.findall(r'<polyline points="([^"]*)"', picture))


def test_curves_grow_from_batch_to_batch(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do the curves grow within an epoch, with the time left, and does a still picture stay at the end?"""
    monkeypatch.setattr(curves, "REDRAW_SECONDS", 0)
    live = curves.live()
    watch = After(live, EPOCHS * BATCHES)
    fit(live, watch)
    within_an_epoch = watch.pictures[2 : BATCHES - 1]
    assert [points(picture) for picture in within_an_epoch] == sorted(
        {points(picture) for picture in within_an_epoch}
    )
    assert "to go" in watch.pictures[BATCHES]
    assert "widget" in " ".join(shown.outputs[0])
    assert sorted(shown.outputs[-1]) == ["text/html", "text/plain"]
    assert f"Trained for {EPOCHS} epochs" in shown.outputs[-1]["text/plain"]
    assert len(live.progress.validation) == EPOCHS


def test_the_curve_of_training_goes_on_where_an_epoch_begins(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Are the points the batches' own losses, whose mean over an epoch is what Keras tells of it?"""
    monkeypatch.setattr(curves, "REDRAW_SECONDS", -1)
    live = curves.live()
    _, _, history = fit(live, After(live, 1))
    losses = np.reshape([loss for _, loss, _ in live.progress.training], (EPOCHS, BATCHES))
    np.testing.assert_allclose(losses.mean(axis=1), history.history["loss"], rtol=1e-5)
    assert losses.std() > 0.01
    assert [epoch for epoch, _, _ in live.progress.training] == pytest.approx(
        np.arange(1, EPOCHS * BATCHES + 1) / BATCHES
    )


def test_a_smaller_last_batch_counts_as_what_it_is(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    """80 pictures in batches of 30: does the last point say what its 20 pictures' loss was?"""
    monkeypatch.setattr(curves, "REDRAW_SECONDS", -1)
    live = curves.live()
    _, _, history = fit(live, After(live, 1), batch_size=30)
    points = np.reshape(live.progress.training, (EPOCHS, 3, 3))
    for column, name in ((1, "loss"), (2, "accuracy")):
        means = (points[:, :, column] * [30, 30, 20]).sum(axis=1) / 80
        np.testing.assert_allclose(means, history.history[name], rtol=1e-5)
    rightly_read = points[:, 2, 2] * 20
    np.testing.assert_allclose(rightly_read, rightly_read.round(), atol=1e-3)


@pytest.mark.parametrize("name", ["acc", keras.metrics.CategoricalAccuracy(), "accuracy"])
def test_accuracy_is_shown_by_whatever_name(shown: Shown, name: Any) -> None:
    live = curves.live()
    _, _, history = fit(live, After(live, 1), metrics=[name])
    key = next(key for key in history.history if "acc" in key)
    assert (
        f"Training: loss {history.history['loss'][-1]:.3f}, accuracy {history.history[key][-1]:.1%}."
        in (shown.outputs[-1]["text/plain"])
    )
    assert live.progress.validation[-1][2] == history.history[f"val_{key}"][-1] > 0


def test_without_an_accuracy_none_is_told(shown: Shown) -> None:
    live = curves.live()
    fit(live, After(live, 1), metrics=[])
    assert "Training: loss" in shown.outputs[-1]["text/plain"]
    assert "accuracy" not in shown.outputs[-1]["text/plain"]
    assert NO_NUMBER.search(shown.outputs[-1]["text/html"]) is None


def test_no_epochs_are_no_error(shown: Shown) -> None:
    """Does the button go, and is it said what 0 epochs mean?"""
    live = curves.live()
    _, _, history = fit(live, After(live, 1), epochs=0)
    assert history.history == {}
    assert "0 epochs: the net has seen no pictures" in shown.outputs[-1]["text/plain"]
    assert live.button.layout.display == "none"


def test_a_stopped_training_is_drawn_as_wide_as_it_got(shown: Shown) -> None:
    """After a stop in epoch 2 of 200, does the axis of epochs end at 2?"""
    live = curves.live()
    fit(live, After(live, BATCHES + 5, lambda: live.stop()), epochs=200)
    assert "Stopped in epoch 2 of 200" in shown.outputs[-1]["text/plain"]
    assert axis_of_epochs(shown.outputs[-1]["text/html"]) == ["0", "1", "2"]
    assert axis_of_epochs(live.picture.value) == ["0", "1", "2"]


def test_what_another_callback_stops_is_not_called_done(shown: Shown) -> None:
    live = curves.live()
    watch = After(live, 5, lambda: setattr(live.model, "stop_training", True))
    fit(live, watch)
    assert f"Stopped in epoch 1 of {EPOCHS}" in shown.outputs[-1]["text/plain"]


def axis_of_epochs(picture: str) -> list[str]:
    """The numbers below the chart on the left."""
    ground = curves.CHART["top"] + curves.CHART["height"] + 12
    found = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>(\d+)<', picture)
    return [number for x, y, number in found if float(y) == ground and float(x) < 350]


@pytest.mark.parametrize(("state", "is_cut"), [("done", True), ("runs", False)])
def test_after_training_one_can_see_the_validation_loss_rise(state: str, is_cut: bool) -> None:
    """From 2.3 down to 0.1, up again to 0.16: does that rise take a good part of the chart?"""
    validation = [0.4, 0.25, 0.2, 0.15, 0.12, 0.1, 0.1, 0.11, 0.12, 0.14, 0.15, 0.16]
    progress = curves.Progress(epochs=12, batches=10, epoch=11, batch=10, state=state)
    progress.training = [(0.1 * at, 2.3 / (1 + at), 0.9) for at in range(1, 121)]
    progress.validation = [(float(epoch), loss, 0.9) for epoch, loss in enumerate(validation, start=1)]
    picture = curves.drawn(progress)
    heights = [float(y) for y in re.findall(r'<circle cx="[\d.]+" cy="([-\d.]+)"', picture)][:12]
    rise = (heights[5] - heights[11]) / curves.CHART["height"]
    assert (rise > 0.15) == is_cut
    assert ("The axis of the loss ends at" in picture) == is_cut


@pytest.mark.parametrize(("epoch", "batch", "tells"), [(0, 9, False), (1, 0, True), (3, 5, True)])
def test_the_time_left_is_told_after_the_first_epoch(epoch: int, batch: int, tells: bool) -> None:
    """Of 200 epochs, which take an hour: does nobody wait for the fourth to learn that?"""
    progress = curves.Progress(epochs=200, batches=10, epoch=epoch, batch=batch, passed=20, state="runs")
    assert ("to go" in curves.words(progress)) == tells


def test_a_loss_that_is_no_number_leaves_the_chart_whole(shown: Shown) -> None:
    progress = curves.Progress(epochs=2, batches=2, epoch=1, batch=2, state="done")
    progress.training = [(0.5, 2.0, 0.1), (1.0, math.nan, 0.1), (2.0, math.inf, 0.1)]
    assert NO_NUMBER.search(curves.drawn(progress)) is None


@pytest.mark.parametrize("how", ["button", "interrupt"])
def test_a_stop_ends_training_and_keeps_what_was_learned(shown: Shown, how: str) -> None:
    """Does a click from another thread, or an interrupt, end the training after its batch?"""
    live = curves.live()

    def click() -> None:
        thread = threading.Thread(target=live.button.click)
        thread.start()
        thread.join()

    before = signal.getsignal(signal.SIGINT)
    stop = {"button": click, "interrupt": lambda: os.kill(os.getpid(), signal.SIGINT)}[how]
    watch = After(live, BATCHES + 5, stop)
    model, first, history = fit(live, watch)
    assert len(watch.pictures) == BATCHES + 5, "training went on after the stop"
    assert len(history.history["loss"]) == 2
    assert any((old != new).any() for old, new in zip(first, model.get_weights(), strict=True))
    for kept, now in zip(watch.weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, now)
    assert f"Stopped in epoch 2 of {EPOCHS}" in shown.outputs[-1]["text/plain"]
    assert "keeps what it has learned" in shown.outputs[-1]["text/html"]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_interrupt_ends_the_cell_as_ever(shown: Shown) -> None:
    live = curves.live()

    def twice() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        fit(live, After(live, 3, twice))
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_training_leaves_interrupts_alone(shown: Shown) -> None:
    """May a net be trained where Python allows no signal handler?"""
    live = curves.live()
    thread = threading.Thread(target=lambda: fit(live, After(live, 1)))
    thread.start()
    thread.join()
    assert live.progress.state == "done"


@pytest.mark.parametrize("grading", [True, False])
def test_without_a_notebook_it_is_one_line_and_no_widgets(grading: bool) -> None:
    """Is `progress` as light as text, both while nbgrader is at work and in a terminal?"""
    code = (
        "import sys, tools; callback = tools.progress(); "
        "print(type(callback).__name__, 'ipywidgets' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "NBGRADER_EXECUTION"}
    environment |= {"PYTHONPATH": str(NOTEBOOKS)} | ({"NBGRADER_EXECUTION": "autograde"} if grading else {})
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert run.stdout.split() == ["Progress", "False"], run.stderr


# ----------------------------------------------------------------------------------- the shipped trainings


def test_the_shipped_runs_are_what_the_script_makes() -> None:
    """Eight seeds of both nets, each with all its epochs, and a note how they were made?"""
    from admin.course.histories import EPOCHS as epochs
    from admin.course.histories import NETS, SEEDS, how

    made = json.loads((NOTEBOOKS / "data" / "histories.json").read_text())
    assert {(run["net"], run["seed"]) for run in made["runs"]} == {
        (net, seed) for net in NETS for seed in SEEDS
    }
    assert len(made["runs"]) == len(NETS) * len(SEEDS) == 16
    for run in made["runs"]:
        assert (
            {len(run[name]) for name in ("loss", "accuracy", "val_loss", "val_accuracy")} == {epochs} == {12}
        )
    same = ("data", "optimizer", "batch_size", "epochs", "validation_split")
    now = how()
    assert made["how"].keys() == now.keys()
    assert [made["how"][key] for key in same] == [now[key] for key in same]


def test_the_sentences_numbers_come_from_the_runs() -> None:
    made = json.loads((NOTEBOOKS / "data" / "histories.json").read_text())["runs"]
    said = " ".join(histories.sentences(histories.load_runs()[0]))
    tests = {net: [run["test_accuracy"] for run in made if run["net"] == net] for net in ("net_1", "net_2")}
    for values in tests.values():
        assert (
            f"median test accuracy {np.median(values):.1%}, from {min(values):.1%} to {max(values):.1%}"
            in said
        )
    wins = sum(one > other for one in tests["net_1"] for other in tests["net_2"])
    assert f"net_1 reads more test digits in {wins} of 64 pairs" in said


def test_own_runs_are_drawn_over_the_shipped_ones() -> None:
    """Is a learner's shorter run drawn and named, in each choice, and a missing one left out?"""
    own = types.SimpleNamespace(
        history={"loss": [1, 0.5], "accuracy": [0.5, 0.9], "val_loss": [1, 0.4], "val_accuracy": [0.6, 0.875]}
    )
    view = histories.make_view({"net_1": own, "net_2": None})
    picture, choose = view.parts["picture"], view.parts["choose"]
    assert "your net_1 ends with accuracy 0.875" in picture.value
    choose.value = histories.TRAINING
    assert "your net_1 ends with accuracy 0.9" in picture.value
    assert "your net_2" not in view.still
    assert "your net_1" not in histories.make_view(None).still
    with pytest.raises(ValueError, match="knows net_1 and net_2, not net_3"):
        histories.make_view({"net_3": own})
