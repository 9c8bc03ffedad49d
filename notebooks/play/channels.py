"""Several channels: how a kernel that reaches through all of them makes a single feature map.

One chooses a kernel and moves the window over a colour picture. For each channel one sees what lies under the
window, the weights of that channel, and the sum of their products; the sums of all channels and the bias make
one number of the map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from play import base
from tools import markup, theme
from tools.arithmetic import convolve

NAMES = {"kernel": "kernel", "row": "row", "column": "column"}
CHANNELS = ("red", "green", "blue")
WINDOW, WEIGHTS, SUM, MAP = "under the window", "weights", "sum", "feature map"
TOTAL = "{sums} + {bias} (bias) {equals} {total}"
COUNTED = (
    "{height} · {width} · {channels} = {weights} weights and 1 bias make one feature map, not {channels}. A "
    "layer of {maps} such kernels has {maps} · ({weights} + 1) = {all:,} weights and biases, and makes "
    "{maps} maps."
)
ALT = (
    "A picture of {channels} channels. The window is at row {row} and column {column}. The sums of the "
    "channels are {sums}; with the bias {bias} they make {total}, one number of the only feature map."
)
NO_PICTURE = "channels need a picture (height, width, 3) and at least one kernel (height, width, 3) by name"

MAPS = 32  # of the layer whose weights are counted
WIDTH, SIDE, CELL, BAND = 700, 116, 34, 128


@dataclass(frozen=True)
class Place:
    """A picture (h, w, channels) from 0 to 1, a kernel (kh, kw, channels) and its bias, and a place."""

    picture: NDArray[np.float64]
    kernel: NDArray[np.float64]
    bias: float
    row: int
    column: int

    def under(self) -> NDArray[np.float64]:
        """What lies under the window, (kh, kw, channels)."""
        height, width = self.kernel.shape[:2]
        return self.picture[self.row : self.row + height, self.column : self.column + width]

    def sums(self) -> NDArray[np.float64]:
        """The sum of the products of each channel."""
        return (self.under() * self.kernel).sum(axis=(0, 1))

    def feature_map(self) -> NDArray[np.float64]:
        """The one map of all channels."""
        maps = [convolve(self.picture[..., at], self.kernel[..., at]) for at in range(self.kernel.shape[2])]
        return np.sum(maps, axis=0) + self.bias


def explore_channels(picture: NDArray[Any], kernels: Mapping[str, NDArray[Any]], bias: float = 0.0) -> None:
    """Show it: an 8-bit colour picture (h, w, 3), and kernels (kh, kw, 3) by their names.

    Raises ValueError when the picture has no three channels, a kernel has others, or there is none.
    """
    base.show(lambda: channels_view(picture, kernels, bias), "several channels")


def channels_view(picture: NDArray[Any], kernels: Mapping[str, NDArray[Any]], bias: float = 0.0) -> base.View:
    """The view; its parts have the names of NAMES, and `picture_of` is what is drawn."""
    from ipywidgets import HTML, Dropdown, IntSlider, VBox

    shapes = [np.shape(picture), *map(np.shape, kernels.values())]
    if len(shapes) < 2 or any(len(shape) != 3 or shape[2] != len(CHANNELS) for shape in shapes):
        raise ValueError(NO_PICTURE)
    values = np.asarray(picture, dtype=float) / 255
    parts: dict[str, Any] = {
        "kernel": Dropdown(options=list(kernels)),
        "row": IntSlider(5, 0, 5),
        "column": IntSlider(5, 0, 5),
    }
    for name, part in parts.items():
        part.description, part.style = NAMES[name], {"description_width": "60px"}
    shown = HTML()

    def place() -> Place:
        kernel = np.asarray(kernels[parts["kernel"].value], dtype=float)
        for name, axis in (("row", 0), ("column", 1)):
            parts[name].max = values.shape[axis] - kernel.shape[axis]
        return Place(values, kernel, bias, parts["row"].value, parts["column"].value)

    def redraw(_: object = None) -> None:
        shown.value = drawn(place())

    for part in parts.values():
        part.observe(redraw, "value")
    redraw()
    box = VBox([parts["kernel"], base.controls(parts["row"], parts["column"]), shown])
    return base.View(box, shown.value, description(place()), {**parts, "picture_of": shown})


# ------------------------------------------------------------------------------------------- what is seen


def drawn(now: Place) -> str:
    """Each channel with its window, weights and sum, and the map of all of them, as HTML."""
    height, width = now.kernel.shape[:2]
    lefts = (1.0, SIDE + 36, SIDE + 60 + width * CELL, SIDE + 76 + 2 * width * CELL)
    titles = (WINDOW, WEIGHTS, SUM)
    parts = [markup.label(x, 9, title, 13, "start") for x, title in zip(lefts[1:], titles, strict=True)]
    most = float(np.abs(now.kernel).max())
    pixel = SIDE / now.picture.shape[1]
    for number, (name, channel_sum) in enumerate(zip(CHANNELS, now.sums(), strict=True)):
        top = 22 + number * (BAND + 12)
        channel = now.picture[..., number]
        parts.append(markup.label(lefts[0], top - 13, name, 13, "start"))
        parts.append(markup.image(channel, lefts[0], top, SIDE, 0, 1))
        frame = (lefts[0] + now.column * pixel, top + now.row * pixel, width * pixel, height * pixel)
        parts.append(markup.box(*frame, theme.ORANGE, line=2))
        under, weights = np.round(now.under()[..., number], 2), now.kernel[..., number]
        parts.append(markup.matrix(under, lefts[1], top, CELL, 0, 1, theme.PICTURE_MAP))
        parts.append(markup.label(lefts[1] + width * CELL + 12, top + height * CELL / 2, "×", 15))
        parts.append(markup.matrix(weights, lefts[2], top, CELL, -most, most))
        parts.append(
            markup.label(
                lefts[3], top + height * CELL / 2, f"= {_shown(channel_sum)}", 14, "start", bold=True
            )
        )
    parts += _map(now, lefts[3] + 80, 22 + BAND + 12)
    picture = markup.svg(WIDTH, 22 + len(CHANNELS) * (BAND + 12), parts, description(now))
    return markup.page(picture, markup.paragraph(_total(now)), markup.paragraph(_counted(now)))


def _map(now: Place, left: float, top: float) -> list[str]:
    """The feature map with a frame around the place."""
    values = now.feature_map()
    pixel = SIDE / values.shape[1]
    return [
        markup.label(left, top - 13, MAP, 13, "start"),
        markup.image(values, left, top, SIDE, colours=theme.VALUE_MAP),
        markup.box(
            left + now.column * pixel - 2,
            top + now.row * pixel - 2,
            pixel + 4,
            pixel + 4,
            theme.ORANGE,
            line=2,
        ),
    ]


def _total(now: Place) -> str:
    sums = " + ".join(f"({_shown(value)})" if value < 0 else _shown(value) for value in now.sums())
    total = now.sums().sum() + now.bias
    shown = sum(float(_shown(value)) for value in (*now.sums(), now.bias))
    equals = "=" if abs(shown - float(_shown(total))) < 1e-9 else "≈"  # two decimals of each may not add up
    return TOTAL.format(sums=sums, bias=_shown(now.bias), equals=equals, total=_shown(total))


def _counted(now: Place) -> str:
    height, width, channels = now.kernel.shape
    weights = now.kernel.size
    return COUNTED.format(
        height=height, width=width, channels=channels, weights=weights, maps=MAPS, all=MAPS * (weights + 1)
    )


def _shown(value: float) -> str:
    """Two decimals; adding 0 makes 0 of −0."""
    return f"{round(float(value), 2) + 0.0:g}"


def description(now: Place) -> str:
    """The picture in words."""
    return ALT.format(
        channels=now.kernel.shape[2],
        row=now.row,
        column=now.column,
        sums=", ".join(map(_shown, now.sums())),
        bias=_shown(now.bias),
        total=_shown(now.sums().sum() + now.bias),
    )
