"""A kernel that is learned: gradient descent finds the weights by which some feature maps were made.

One chooses the kernel that made the maps and the length of the steps, and watches step by step how the
learned kernel, its feature map and the loss change. All that is learned from is the pictures and the maps.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from play import base
from tools import markup, theme
from tools.arithmetic import convolve

NAMES = {"goal": "made by", "rate": "learning rate", "step": "step"}
KERNEL, MAP, GOAL = "kernel, as learned so far", "its feature map", "the map to be matched"
LOSS, STEPS_NAME = "loss, on a logarithmic scale", "step"
AT_FIRST = "Step 0: all weights are 0, and the loss is {loss:.2g}."
LEARNED = "Step {step}: the loss is {loss:.2g}. The weight that is farthest off misses by {off:.2g}."
TOO_LONG = "Step {step}: the loss is {loss:.2g}. It grows: steps of this length jump across the lowest point."
ALT = (
    "After {step} of {steps} steps with learning rate {rate:g}, the learned kernel is {kernel}, row by row, "
    "and the loss {loss:.2g}. At the start it was {first:.2g}."
)
NO_KERNEL = "learning needs pictures (n, height, width) and at least one kernel, by its name"

STEPS = 100
RATES = (0.03, 0.3, 1.0, 1.3)
RATE = 0.3
LOWEST = 1e-6  # of the losses that are drawn
INTERVAL = 150  # ms a step
WIDTH, CELL, SIDE, TALL = 640, 48, 150, 130


@dataclass(frozen=True)
class Learning:
    """What came of it: kernels (steps + 1, h, w) and losses (steps + 1,), the start first; and their goal."""

    kernels: NDArray[np.float64]
    losses: NDArray[np.float64]
    goal: NDArray[np.float64]
    rate: float


def learn_kernel(images: NDArray[Any], kernels: Mapping[str, NDArray[Any]]) -> None:
    """Show it: grey pictures (n, h, w) of floats from 0 to 1, and kernels to be found, by their names.

    Raises ValueError when there is nothing to learn from, or nothing to be found.
    """
    base.show(lambda: learning_view(images, kernels), "a kernel that is learned")


def learning_view(images: NDArray[Any], kernels: Mapping[str, NDArray[Any]]) -> base.View:
    """The view; its parts have the names of NAMES, and `picture_of` is what is drawn."""
    from ipywidgets import HTML, Dropdown, IntSlider, Play, VBox, jslink

    if np.ndim(images) != 3 or not len(images) or not kernels:
        raise ValueError(NO_KERNEL)
    parts: dict[str, Any] = {
        "goal": Dropdown(options=list(kernels)),
        "rate": Dropdown(options=RATES, value=RATE),
        "step": IntSlider(0, 0, STEPS),
    }
    for name, part in parts.items():
        part.description, part.style = NAMES[name], {"description_width": "90px"}
    play, shown = Play(min=0, max=STEPS, interval=INTERVAL, show_repeat=False), HTML()
    jslink((play, "value"), (parts["step"], "value"))

    @functools.cache  # all steps at once, so that a slider's move only looks one up
    def learning(goal: str, rate: float) -> Learning:
        return learned(images, np.asarray(kernels[goal], dtype=float), rate)

    def redraw(_: object = None) -> None:
        now = learning(parts["goal"].value, parts["rate"].value)
        shown.value = drawn(now, images[0], parts["step"].value)

    for part in parts.values():
        part.observe(redraw, "value")
    redraw()
    play.layout.width = "auto"
    box = VBox([base.controls(parts["goal"], parts["rate"]), base.controls(parts["step"], play), shown])
    last = learning(parts["goal"].value, RATE)
    return base.View(
        box,
        drawn(last, images[0], STEPS),
        description(last, STEPS),
        {**parts, "play": play, "picture_of": shown},
    )


def learned(images: NDArray[Any], goal: NDArray[np.float64], rate: float, steps: int = STEPS) -> Learning:
    """Gradient descent, from zeros, on the mean squared difference between a kernel's maps and `goal`'s.

    With the windows as rows of X and the kernel as a column w, the loss is |Xw − Xg|² / n, and its gradient
    2 Xᵀ(Xw − Xg) / n. XᵀX / n is computed once, as it is the same in each step.
    """
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(images, float), goal.shape, axis=(1, 2))
    rows = windows.reshape(-1, goal.size)
    products = rows.T @ rows / len(rows)
    weights = np.zeros(goal.size)
    kernels, losses = [], []
    for _ in range(steps + 1):
        off = weights - goal.ravel()
        kernels.append(weights.reshape(goal.shape))
        losses.append(float(off @ products @ off))
        weights = weights - rate * 2 * products @ off
    return Learning(np.stack(kernels), np.array(losses), goal, rate)


# ------------------------------------------------------------------------------------------- what is seen


def drawn(now: Learning, image: NDArray[Any], step: int) -> str:
    """The kernel after so many steps, its map of a picture beside the right one, and the losses, as HTML."""
    kernel = now.kernels[step]
    wanted = convolve(image, now.goal)
    low, high = float(wanted.min()), float(wanted.max())
    side = CELL * max(kernel.shape)
    lefts = (1, side + 40, side + 80 + SIDE)
    parts = [
        markup.label(left, 9, title, 13, "start")
        for left, title in zip(lefts, (KERNEL, MAP, GOAL), strict=True)
    ]
    most = float(np.abs(now.goal).max())
    parts.append(markup.matrix(np.round(kernel, 2) + 0.0, lefts[0], 22, CELL, -most, most))
    parts.append(markup.image(convolve(image, kernel), lefts[1], 22, SIDE, low, high, theme.VALUE_MAP))
    parts.append(markup.image(wanted, lefts[2], 22, SIDE, low, high, theme.VALUE_MAP))
    parts.append(_losses(now, step, 22 + max(SIDE, side) + 40))
    picture = markup.svg(WIDTH, 22 + max(SIDE, side) + 40 + TALL + 42, parts, description(now, step))
    return markup.page(picture, markup.paragraph(_words(now, step)))


def _losses(now: Learning, step: int, top: float) -> str:
    """The curve of the losses with a logarithmic scale, and a mark at this step."""
    powers = np.log10(np.maximum(now.losses, LOWEST))
    low, high = int(np.floor(powers.min())), max(int(np.ceil(powers.max())), 0)
    frame = markup.Frame(70, top, WIDTH - 90, TALL, 0, len(now.losses) - 1, low, high)
    every = max((high - low) // 6, 1)
    parts = [frame.axes(range(0, len(now.losses), 20), [], STEPS_NAME, LOSS)]
    for power in range(low, high + 1, every):
        left, y = frame.place(0, power)
        parts.append(markup.curve([(left, y), (left + frame.width, y)], theme.FAINT, wide=0.3))
        parts.append(markup.label(left - 6, y, f"{10.0**power:g}", 11, "end"))
    places = [frame.place(number, power) for number, power in enumerate(powers)]
    parts.append(markup.curve(places, theme.BLUE))
    x, y = places[step]
    parts.append(markup.box(x - 4, y - 4, 8, 8, theme.ORANGE, theme.ORANGE, line=1))
    return "".join(parts)


def _words(now: Learning, step: int) -> str:
    loss, off = now.losses[step], float(np.abs(now.kernels[step] - now.goal).max())
    if not step:
        return AT_FIRST.format(loss=loss)
    return (TOO_LONG if loss > now.losses[step - 1] else LEARNED).format(step=step, loss=loss, off=off)


def description(now: Learning, step: int) -> str:
    """The picture in words."""
    return ALT.format(
        step=step,
        steps=len(now.losses) - 1,
        rate=now.rate,
        kernel=(np.round(now.kernels[step], 2) + 0.0).tolist(),
        loss=now.losses[step],
        first=now.losses[0],
    )
