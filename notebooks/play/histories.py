"""Chance in training: both nets trained with several seeds, and the learner's own runs drawn over them.

The shipped runs are in data/histories.json, made by admin/course/histories.py from our own solutions.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from play import base
from tools import markup, theme
from tools.data import DATA
from tools.training import CURVES

NAME = "Eight throws of the dice"
CHOOSE = "Show"
VALIDATION, TRAINING, TEST = "validation", "training", "test"
AXIS = "{part} {name}"
TEST_AXIS = "test accuracy of each run"
MEDIAN = "median"
RUNS, OWN = "{net}: {count} runs", "your {net}"
READ = "Line: the median. Band: from the lowest to the highest of the runs. Dashed: your own runs."
MADE = (
    "Made on {date} with {data}. {optimizer}, batches of {batch_size}, {epochs} epochs, "
    "validation_split={validation_split}, Keras {keras}, TensorFlow {tensorflow}, {machine}."
)
SCORES = (
    "{net}, {count} seeds: median test accuracy {median:.1%}, from {low:.1%} to {high:.1%}; "
    "about {seconds:.0f} s a training."
)
PAIRS = (
    "Take any run of {first} and any run of {second}: {first} reads more test digits in {wins} of {pairs} "
    "pairs, fewer in {losses}. If the nets were equally good, it would be about half and half."
)
GAP = (
    "The medians differ by {gap:.1f} points, or {digits:.0f} of 1,000 digits. Runs of one and the same net "
    "differ by up to {spread:.1f}, so a single pair of runs can mislead. And all runs read the same 1,000 "
    "digits: on others, the gap may change."
)
ALT = "{part}: {words}."
ALT_BAND = "{net} ends with a median {name} of {median:.3g}, from {low:.3g} to {high:.3g} over the runs"
ALT_OWN = "your {net} ends with {name} {value:.3g}"
ALT_TEST = "{net}: {values}"
UNKNOWN = "compare_nets knows {known}, not {unknown}"

COLOURS = {"net_1": theme.BLUE, "net_2": theme.ORANGE}
HIGHEST_LOSS, LOWEST_ACCURACY = 0.6, 0.8
"""What a chart shows at least. The first epoch lies far off and would make the rest flat."""
CHART = {"top": 56, "width": 265, "height": 170}


@dataclass(frozen=True)
class Runs:
    """The runs of one net: `curves` maps Keras' names of the numbers to arrays (runs, epochs)."""

    net: str
    curves: Mapping[str, NDArray[np.float64]]
    test: NDArray[np.float64]
    """Test accuracy of each run."""
    seconds: float
    """The median length of a training."""


def compare_nets(own: Mapping[str, Any] | None = None) -> None:
    """Show how much `net_1` and `net_2` differ, and how much each differs from seed to seed.

    `own` maps the nets' names to what Keras' `fit` returned, or to None where there is nothing yet.
    Raises ValueError for another name.
    """
    base.show(lambda: make_view(own), NAME)


def make_view(own: Mapping[str, Any] | None = None) -> base.View:
    """What `compare_nets` shows; its parts are "choose" and "picture"."""
    from ipywidgets import HTML, Dropdown, VBox

    runs, how = load_runs()
    mine = _own_curves(own or {})
    below = "".join(map(markup.paragraph, sentences(runs))) + _small(f"{READ} {MADE.format(**how)}")
    pictures: dict[str, Callable[[], str]] = {
        VALIDATION: lambda: drawn_curves(runs, mine, VALIDATION, "val_"),
        TRAINING: lambda: drawn_curves(runs, mine, TRAINING, ""),
        TEST: lambda: drawn_tests(runs),
    }
    choose = Dropdown(options=list(pictures), description=CHOOSE)
    picture = HTML(markup.page(pictures[VALIDATION]()))

    def draw(change: Mapping[str, Any]) -> None:
        picture.value = markup.page(pictures[change["new"]]())

    choose.observe(draw, "value")
    still = markup.page(*(make() for make in pictures.values()), below)
    parts = {"choose": choose, "picture": picture}
    return base.View(
        VBox([choose, picture, HTML(markup.page(below))]), still, " ".join(sentences(runs)), parts
    )


def load_runs() -> tuple[list[Runs], Mapping[str, Any]]:
    """The shipped runs of each net, and how they were made; see admin/course/histories.py."""
    made = json.loads((DATA / "histories.json").read_text(encoding="utf-8"))
    runs = []
    for net in COLOURS:
        of_net = [run for run in made["runs"] if run["net"] == net]
        names = [mark + name for mark in ("", "val_") for name in CURVES]
        curves = {name: np.array([run[name] for run in of_net]) for name in names}
        test = np.array([run["test_accuracy"] for run in of_net])
        runs.append(Runs(net, curves, test, float(np.median([run["seconds"] for run in of_net]))))
    return runs, made["how"]


def sentences(runs: Sequence[Runs]) -> list[str]:
    """The test accuracies of both nets, and what can be concluded from them."""
    first, second = sorted(runs, key=lambda each: -np.median(each.test))
    ahead = first.test[:, None] - second.test[None, :]
    scores = [
        SCORES.format(
            net=each.net,
            count=len(each.test),
            median=np.median(each.test),
            low=each.test.min(),
            high=each.test.max(),
            seconds=each.seconds,
        )
        for each in runs
    ]
    gap = float(np.median(first.test) - np.median(second.test))
    pairs = PAIRS.format(
        first=first.net,
        second=second.net,
        wins=int((ahead > 0).sum()),
        losses=int((ahead < 0).sum()),
        pairs=ahead.size,
    )
    spread = max(float(np.ptp(each.test)) for each in runs)
    return [*scores, pairs, GAP.format(gap=100 * gap, digits=1000 * gap, spread=100 * spread)]


def _own_curves(own: Mapping[str, Any]) -> dict[str, Mapping[str, Sequence[float]]]:
    """The curves of the learner's trained nets."""
    if unknown := sorted(set(own) - set(COLOURS)):
        raise ValueError(UNKNOWN.format(known=" and ".join(COLOURS), unknown=", ".join(unknown)))
    return {net: own[net].history for net in COLOURS if own.get(net) is not None}


# ------------------------------------------------------------------------------------------- what is seen


def drawn_curves(
    runs: Sequence[Runs], own: Mapping[str, Mapping[str, Sequence[float]]], part: str, mark: str
) -> str:
    """Loss and accuracy by epoch side by side, both nets in each; `mark` is "val_" or ""."""
    frames = _frames(runs, own, mark)
    parts, words = [_legend(runs, own)], []
    for name, frame in frames.items():
        ticks = np.linspace(frame.y_from, frame.y_to, 5).tolist()
        epochs = range(1, round(frame.x_to) + 1, 1 + (round(frame.x_to) - 1) // 12)
        axes = frame.axes(
            epochs, ticks, "epoch", AXIS.format(part=part, name=name), ".2f" if name == "loss" else ".0%"
        )
        inside = []
        for each in runs:
            values = each.curves[mark + name]
            inside += [_band(frame, values, COLOURS[each.net])]
            words.append(
                ALT_BAND.format(
                    net=each.net,
                    name=name,
                    median=np.median(values[:, -1]),
                    low=values[:, -1].min(),
                    high=values[:, -1].max(),
                )
            )
        for each in runs:
            middle = np.median(each.curves[mark + name], axis=0)
            inside.append(markup.curve(_places(frame, middle), COLOURS[each.net]))
        for net, curves in own.items():
            if line := curves.get(mark + name):
                inside.append(_own_line(frame, line, COLOURS[net]))
                words.append(ALT_OWN.format(net=net, name=name, value=line[-1]))
        parts += [axes, markup.clipped(frame, inside)]
    return markup.svg(690, 275, parts, ALT.format(part=part, words="; ".join(words)))


def drawn_tests(runs: Sequence[Runs]) -> str:
    """One mark for each run on a line of test accuracies, one line a net; equal ones stand in a pile."""
    tests = np.concatenate([each.test for each in runs])
    low, high = np.floor(tests.min() * 200) / 200, np.ceil(tests.max() * 200) / 200
    frame = markup.Frame(90, 30, 560, 130, low, high, 0, len(runs))
    bottom = frame.top + frame.height
    parts = [markup.curve([(frame.left, bottom), (frame.left + frame.width, bottom)], theme.FAINT, wide=1)]
    for value in np.linspace(low, high, round((high - low) * 200) + 1):
        x, _ = frame.place(value, 0)
        parts.append(markup.curve([(x, frame.top), (x, bottom)], theme.FAINT, wide=0.3))
        parts.append(markup.label(x, bottom + 14, f"{value:.1%}", 11))
    parts.append(markup.label(frame.left + frame.width / 2, bottom + 34, TEST_AXIS, 12))
    words = []
    for line, each in enumerate(runs):
        _, ground = frame.place(low, len(runs) - line - 0.8)
        colour = COLOURS[each.net]
        parts.append(markup.label(frame.left - 12, ground - 12, each.net, 13, "end", bold=True))
        for value, count in zip(*np.unique(each.test, return_counts=True), strict=True):
            x, _ = frame.place(value, 0)
            parts += [_dot(x, ground - 13 * level, colour, 5.5) for level in range(count)]
        middle, _ = frame.place(float(np.median(each.test)), 0)
        parts.append(markup.curve([(middle, ground + 8), (middle, ground - 36)], colour, wide=3))
        parts.append(markup.label(middle, ground - 44, MEDIAN, 11))
        values = ", ".join(f"{value:.1%}" for value in np.sort(each.test))
        words.append(ALT_TEST.format(net=each.net, values=values))
    return markup.svg(690, 205, parts, ALT.format(part=TEST, words="; ".join(words)))


def _frames(
    runs: Sequence[Runs], own: Mapping[str, Mapping[str, Sequence[float]]], mark: str
) -> dict[str, markup.Frame]:
    """The charts of loss and accuracy, wide and high enough for the ends of all curves."""
    mine = list(own.values())
    epochs = max([runs[0].curves["loss"].shape[1], *(len(curves["loss"]) for curves in mine)])

    def ends(name: str) -> list[float]:
        return [curves[mark + name][-1] for curves in mine if curves.get(mark + name)]

    highest = np.ceil(max([HIGHEST_LOSS, *ends("loss")]) * 5) / 5
    lowest = np.floor(min([LOWEST_ACCURACY, *ends("accuracy")]) * 5) / 5
    return {
        "loss": markup.Frame(50, x_from=1, x_to=epochs, y_from=0, y_to=highest, **CHART),
        "accuracy": markup.Frame(405, x_from=1, x_to=epochs, y_from=lowest, y_to=1, **CHART),
    }


def _places(frame: markup.Frame, values: Sequence[float] | NDArray[Any]) -> list[tuple[float, float]]:
    return [frame.place(epoch, float(value)) for epoch, value in enumerate(values, start=1)]


def _band(frame: markup.Frame, values: NDArray[Any], colour: str) -> str:
    """The area between the lowest and the highest of the runs (runs, epochs)."""
    edge = [*_places(frame, values.max(axis=0)), *reversed(_places(frame, values.min(axis=0)))]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in edge)
    return f'<polygon points="{points}" style="fill: {colour}; fill-opacity: 0.25"/>'


def _own_line(frame: markup.Frame, values: Sequence[float], colour: str) -> str:
    places = _places(frame, values)
    return markup.curve(places, colour, dashed=True) + "".join(_ring(x, y, colour) for x, y in places)


def _legend(runs: Sequence[Runs], own: Mapping[str, Any]) -> str:
    parts, x = [], 50
    for each in runs:
        colour = COLOURS[each.net]
        parts.append(
            f'<rect x="{x}" y="6" width="28" height="14" style="fill: {colour}; fill-opacity: 0.25"/>'
        )
        parts.append(markup.curve([(x, 13), (x + 28, 13)], colour))
        parts.append(markup.label(x + 36, 13, RUNS.format(net=each.net, count=len(each.test)), 12, "start"))
        x += 145
    for net in own:
        parts.append(markup.curve([(x, 13), (x + 28, 13)], COLOURS[net], dashed=True))
        parts.append(_ring(x + 14, 13, COLOURS[net]))
        parts.append(markup.label(x + 36, 13, OWN.format(net=net), 12, "start"))
        x += 125
    return "".join(parts)


def _dot(x: float, y: float, colour: str, radius: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" style="fill: {colour}"/>'


def _ring(x: float, y: float, colour: str) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" stroke-width="2" '
        f'style="fill: {theme.PAPER}; stroke: {colour}"/>'
    )


def _small(words: str) -> str:
    return f'<p style="margin: 4px 0; font-size: 85%; color: {theme.INK}">{html.escape(words)}</p>'
