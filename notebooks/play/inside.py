"""Look inside a trained net: its kernels and feature maps, a unit's receptive field, an occlusion map.

Layers are shown as far as the net is one straight line of layers whose windows are known: beyond a branch or
an unknown layer, a receptive field could only be guessed.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from play import base
from tools import markup, theme

NAMES = {
    "digit": "picture",
    "layer": "layer",
    "map": "feature map",
    "row": "unit, row",
    "column": "unit, column",
    "occlusion": "show the occlusion map",
}
ORDER = ("digit", "layer", "map", "occlusion", "row", "column")
THIS_NET = "This net"
NO_MAPS = "This net has no convolution or pooling behind its input, so there are no maps to show."
READS = "It is {label}, and the net reads {read}, with {share:.0%}."
FIELD = (
    "The unit in row {row}, column {column} of map {map} has the value {value:.3g}. It depends on the framed "
    "{height} × {width} pixels{part}."
)
PART = ", some of which lie outside of the picture"
PICTURE, UNIT_MAP, KERNEL, KERNELS = "picture", "map {map}", "its kernel", "its kernel, by channel"
ALL_KERNELS = "the kernels of all {count} maps"
ALL_MAPS = (
    "All {count} maps of layer {layer}, each {height} × {width} and on a scale of its own: its brightest "
    "position is its largest number."
)
CLICK_UNIT, CLICK_MAP = "Click a unit to choose it.", "Click a map to choose it."
HIDDEN = "points lost, by the middle of the patch"
OCCLUDED = (
    "Occlusion map: a grey patch of {height} × {width} pixels hides one part after the other. Each number "
    "says by how many points of percent the probability of {label} then falls. Below 0, hiding helps."
)
WORST = "Hidden at the frame, it falls most: from {share:.0%} to {lowest:.0%}."
HARDLY = "Wherever the patch lies, the probability falls by less than a point: no single part decides here."
ALT = (
    "A picture of {label} with a frame around {height} by {width} pixels, map {map} of {count} of layer "
    "{layer}, enlarged, with the unit in row {row} and column {column} framed, and all maps of that layer."
)

SIDE, SHEET_WIDTH, PATCH, PATCH_STEP, GREY = 200, 700, 7, 3, 0.5


@dataclass(frozen=True)
class Step:
    """How a layer slides along one axis: window, stride, and pixels of padding before the first."""

    kernel: int
    stride: int
    padding: int = 0


@dataclass(frozen=True)
class Level:
    """A layer whose maps can be shown: its name and the steps from the picture to it, rows and columns."""

    name: str
    layer: Any
    rows: tuple[Step, ...]
    columns: tuple[Step, ...]


def look_inside(model: Any, images: NDArray[Any], labels: NDArray[Any]) -> None:
    """Show the inside of a trained Keras net: pictures (n, h, w, channels) as it takes them, labels (n,)."""
    base.show(lambda: inside_view(model, images, labels), "look inside")


def inside_view(model: Any, images: NDArray[Any], labels: NDArray[Any]) -> base.View:
    """The view; its parts have the names of NAMES, and `picture_of` is what is drawn."""
    import keras
    from ipywidgets import HTML, Checkbox, Dropdown, IntSlider, VBox

    if words := base.refusal({THIS_NET: model}, images, labels):
        return base.only_words(words)
    levels = levels_of(model)
    if not levels:
        return base.only_words(NO_MAPS)
    images, labels = base.pictures_with_labels(images, labels)
    look = keras.Model(model.inputs[0], [*(level.layer.output for level in levels), model.outputs[0]])
    parts: dict[str, Any] = {
        "digit": IntSlider(0, 0, len(images) - 1),
        "layer": Dropdown(options=[(level.name, number) for number, level in enumerate(levels)]),
        "map": IntSlider(0, 0, 0),
        "row": IntSlider(0, 0, 0),
        "column": IntSlider(0, 0, 0),
        "occlusion": Checkbox(value=False, indent=False),
    }
    for name, part in parts.items():
        part.description, part.style.description_width = NAMES[name], "100px"
    shown = HTML()

    @functools.lru_cache(maxsize=1)
    def outputs(at: int) -> list[NDArray[Any]]:
        """Maps of all levels, (h, w, channels), and the shares, for one picture."""
        return [np.asarray(output)[0] for output in look(images[at : at + 1], training=False)]

    @functools.lru_cache(maxsize=1)
    def covered(at: int) -> NDArray[np.float64]:
        return occlusion(model, images[at], int(labels[at]))

    def redraw(_: object = None) -> None:
        at = parts["digit"].value
        *maps, shares = outputs(at)
        level, here = levels[parts["layer"].value], maps[parts["layer"].value]
        unit = (parts["row"].value, parts["column"].value, parts["map"].value)
        hidden = covered(at) if parts["occlusion"].value else None
        shown.value = drawn(level, here, unit, images[at], int(labels[at]), shares, hidden)

    def start(_: object = None) -> None:
        """Choose the strongest unit of the layer: a silent one shows little. All three move in one redraw."""
        here = outputs(parts["digit"].value)[parts["layer"].value]
        strongest = np.unravel_index(here.argmax(), here.shape)
        for name, size, value in zip(("row", "column", "map"), here.shape, strongest, strict=True):
            parts[name].unobserve(redraw, "value")
            parts[name].max, parts[name].value = size - 1, int(value)
            parts[name].observe(redraw, "value")

    parts["layer"].observe(start, "value")
    for part in parts.values():
        part.observe(redraw, "value")
    start()
    redraw()
    unit = (parts["row"].value, parts["column"].value, parts["map"].value)
    text = description(levels[0], outputs(0)[0], unit, int(labels[0]))
    controls = base.controls(*(parts[name] for name in ORDER))
    return base.View(VBox([controls, shown]), shown.value, text, {**parts, "picture_of": shown})


def levels_of(model: Any) -> list[Level]:
    """The convolution and pooling layers, in order, as long as the net is one straight line to them."""
    from keras import Sequential, layers

    windowed = (
        layers.Conv2D,
        layers.DepthwiseConv2D,
        layers.SeparableConv2D,
        layers.MaxPooling2D,
        layers.AveragePooling2D,
    )
    levels: list[Level] = []
    rows: tuple[Step, ...] = ()
    columns: tuple[Step, ...] = ()
    inputs = getattr(model, "inputs", None) or []
    last = inputs[0] if len(inputs) == 1 else None
    line = [layer for layer in model.layers if not isinstance(layer, layers.InputLayer)]
    for number, layer in enumerate(line, start=1):
        if last is None or not (isinstance(model, Sequential) or layer.input is last):
            break
        last = layer.output
        if isinstance(layer, windowed):
            if None in layer.input.shape[1:]:
                break
            steps = _steps(layer)
        elif isinstance(layer, layers.ZeroPadding2D):
            steps = [Step(1, 1, before) for before, _ in layer.padding]
        elif _keeps_places(layer):
            continue
        else:
            break
        rows, columns = (*rows, steps[0]), (*columns, steps[1])
        if isinstance(layer, windowed):
            levels.append(Level(f"{number}, {type(layer).__name__}", layer, rows, columns))
    return levels


def _keeps_places(layer: Any) -> bool:
    """True when each number that comes out of a layer depends on numbers of the same place only."""
    from keras import layers

    functions = (layers.Activation, layers.ReLU, layers.LeakyReLU, layers.ELU, layers.PReLU)
    # Out of training, these let everything pass or multiply and add at each place.
    others = (layers.Dropout, layers.SpatialDropout2D, layers.BatchNormalization, layers.Rescaling)
    return isinstance(layer, (*functions, *others))


def _steps(layer: Any) -> list[Step]:
    """How a convolution or pooling layer slides along rows and along columns."""
    window = layer.kernel_size if hasattr(layer, "kernel_size") else layer.pool_size
    widen = getattr(layer, "dilation_rate", (1, 1))
    windows = [(size - 1) * by + 1 for size, by in zip(window, widen, strict=True)]
    sides = layer.input.shape[1:3]
    return [
        Step(size, stride, _padding(side, size, stride) if layer.padding == "same" else 0)
        for size, stride, side in zip(windows, layer.strides, sides, strict=True)
    ]


def _padding(side: int, window: int, stride: int) -> int:
    """Pixels that `same` puts before the first: half of what is missing, rounded down."""
    return max((ceil(side / stride) - 1) * stride + window - side, 0) // 2


def receptive_field(steps: Sequence[Step], place: int) -> tuple[int, int]:
    """The first pixel that the unit at `place` depends on, and how many there are, along one axis.

    The first may be negative: it then lies in the padding. The holes of a dilated kernel count in.
    Dumoulin & Visin (2016) give one layer's arithmetic; here it is followed from the unit to the picture.
    """
    first, size = place, 1
    for step in reversed(steps):
        first = first * step.stride - step.padding
        size = (size - 1) * step.stride + step.kernel
    return first, size


def occlusion(model: Any, image: NDArray[Any], label: int) -> NDArray[np.float64]:
    """The share of the right class while a grey patch hides each place in turn: (rows, columns).

    After Zeiler & Fergus (2014), section 4.2. The patch moves by `PATCH_STEP` pixels and reaches the border.
    """
    tops, lefts = (patch_starts(side) for side in image.shape[:2])
    covered = np.repeat(np.asarray(image)[None], len(tops) * len(lefts), axis=0)
    for number, (top, left) in enumerate((top, left) for top in tops for left in lefts):
        covered[number, top : top + PATCH, left : left + PATCH] = GREY
    shares = base.probabilities(model, covered)[:, label].astype(float)
    return shares.reshape(len(tops), len(lefts))


def patch_starts(side: int) -> list[int]:
    """Where the patch begins along a side of so many pixels; the last one ends at the border."""
    last = max(side - PATCH, 0)
    return [*range(0, last, PATCH_STEP), last]


# ------------------------------------------------------------------------------------------- what is seen


def drawn(
    level: Level,
    maps: NDArray[Any],
    unit: tuple[int, int, int],
    image: NDArray[Any],
    label: int,
    shares: NDArray[Any],
    hidden: NDArray[np.float64] | None,
) -> str:
    """Picture with receptive field, the chosen map, its kernel and the sheet of all maps, as HTML."""
    row, column, number = unit
    (top, height), (left, width) = receptive_field(level.rows, row), receptive_field(level.columns, column)
    pixel, cell = SIDE / image.shape[0], SIDE / maps.shape[0]
    # Only the part of the field that lies on the picture gets its frame.
    x_from, x_to = max(left, 0), min(left + width, image.shape[1])
    y_from, y_to = max(top, 0), min(top + height, image.shape[0])
    field = (x_from * pixel, 20 + y_from * pixel, (x_to - x_from) * pixel, (y_to - y_from) * pixel)
    parts = [
        markup.label(0, 8, PICTURE, 13, "start"),
        markup.image(base.pixels(image), 0, 20, SIDE),
        markup.box(*field, theme.ORANGE),
        markup.label(225, 8, UNIT_MAP.format(map=number), 13, "start"),
        markup.image(maps[..., number], 225, 20, SIDE, colours="cividis"),
        markup.box(225 + column * cell, 20 + row * cell, cell, cell, theme.ORANGE, line=2),
        markup.clickable("row column", maps.shape[:2], (225, 20, SIDE, cell * maps.shape[0]), CLICK_UNIT),
        _kernel(level.layer, number, 450),
    ]
    inside = min(top, left) >= 0 and top + height <= image.shape[0] and left + width <= image.shape[1]
    value = float(maps[row, column, number])
    facts = {"row": row, "column": column, "map": number, "value": value, "height": height, "width": width}
    words = [
        READS.format(label=label, read=int(shares.argmax()), share=float(shares.max())),
        FIELD.format(part="" if inside else PART, **facts),
    ]
    picture = markup.svg(SHEET_WIDTH, SIDE + 24, parts, description(level, maps, unit, label))
    covered = _occlusion(hidden, image, label, float(shares[label])) if hidden is not None else ""
    return markup.page(picture, markup.paragraph(" ".join(words)), covered, _sheet(level, maps, number))


def _kernel(layer: Any, number: int, left: float) -> str:
    """The kernel of a map: its numbers where it has one channel, else a small picture for each channel."""
    if not hasattr(layer, "kernel"):
        return ""
    kernel = np.asarray(layer.kernel)[..., number]
    if kernel.ndim != 3:
        return ""
    most = float(np.abs(kernel).max()) or 1.0
    if kernel.shape[2] == 1:
        cell = 34
        title = markup.label(left, 8, KERNEL, 13, "start")
        numbers = markup.matrix(np.round(kernel[..., 0], 2), left, 20, cell, -most, most)
        return title + numbers + _all_kernels(np.asarray(layer.kernel)[:, :, 0], number, left, 144)
    across, step = 8, 28
    parts = [markup.label(left, 8, KERNELS, 13, "start")]
    for channel in range(min(kernel.shape[2], 56)):
        x, y = left + channel % across * step, 20 + channel // across * step
        parts.append(markup.image(kernel[..., channel], x, y, 24, -most, most, "cividis"))
    return "".join(parts)


def _all_kernels(kernels: NDArray[Any], number: int, left: float, top: float) -> str:
    """The kernels (h, w, count) of a first convolution as little pictures on one scale, one framed."""
    count, across, room = kernels.shape[2], 11, SHEET_WIDTH - left
    across = max(across, ceil(count / 3))
    step = room / across
    most = float(np.abs(kernels).max()) or 1.0
    parts = [markup.label(left, top, ALL_KERNELS.format(count=count), 13, "start")]
    for at in range(count):
        x, y = left + at % across * step, top + 12 + at // across * step
        parts.append(markup.image(kernels[..., at], x, y, 0.86 * step, -most, most, "cividis"))
    x, y = left + number % across * step, top + 12 + number // across * step
    return "".join(parts) + markup.box(x, y, 0.86 * step, 0.86 * step, theme.ORANGE)


def _occlusion(hidden: NDArray[np.float64], image: NDArray[Any], label: int, share: float) -> str:
    """The picture with the patch that hurts most, and the drop of the right class's share at each place."""
    drop = 100 * (share - hidden)
    numbers = np.round(drop) + 0.0  # no "-0"
    worst = np.unravel_index(drop.argmax(), drop.shape)
    tops, lefts = (patch_starts(side) for side in image.shape[:2])
    top, left, pixel = tops[int(worst[0])], lefts[int(worst[1])], SIDE / image.shape[0]
    height, width = (min(PATCH, side) for side in image.shape[:2])
    covered = np.array(image)
    covered[top : top + PATCH, left : left + PATCH] = GREY
    facts = {"height": height, "width": width, "label": label, "share": share, "lowest": float(hidden.min())}
    words = f"{OCCLUDED} {WORST if numbers.max() >= 1 else HARDLY}".format(**facts)
    cell = SIDE / len(tops)
    parts = [
        markup.image(base.pixels(covered), 0, 20, SIDE),
        markup.box(left * pixel, 20 + top * pixel, width * pixel, height * pixel, theme.ORANGE),
        markup.label(225, 8, HIDDEN, 13, "start"),
        markup.matrix(numbers, 225, 20, cell, 0, max(1.0, float(drop.max()))),
        markup.box(225 + int(worst[1]) * cell, 20 + int(worst[0]) * cell, cell, cell, theme.ORANGE),
    ]
    return markup.svg(SHEET_WIDTH, SIDE + 24, parts, words) + markup.paragraph(words)


def _sheet(level: Level, maps: NDArray[Any], number: int) -> str:
    """All maps in one picture, each in its own range, the chosen one framed."""
    height, width, count = maps.shape
    across = 16
    down, gap = -(-count // across), 2
    pixels = np.full((down * (height + gap), across * (width + gap), 3), 255, dtype=np.uint8)
    for at in range(count):
        y, x = at // across * (height + gap), at % across * (width + gap)
        pixels[y : y + height, x : x + width] = markup.coloured(maps[..., at])
    scale = SHEET_WIDTH / pixels.shape[1]
    y, x = number // across * (height + gap) * scale, number % across * (width + gap) * scale
    words = ALL_MAPS.format(count=count, layer=level.name, height=height, width=width)
    parts = [
        markup.image(pixels, 0, 0, SHEET_WIDTH),
        markup.box(x, y, width * scale, height * scale, theme.ORANGE),
        markup.clickable("map", (down, across), (0, 0, SHEET_WIDTH, pixels.shape[0] * scale), CLICK_MAP),
    ]
    return markup.svg(SHEET_WIDTH, pixels.shape[0] * scale, parts, words) + markup.paragraph(words)


def description(level: Level, maps: NDArray[Any], unit: tuple[int, int, int], label: int) -> str:
    """The picture in words."""
    row, column, number = unit
    height, width = receptive_field(level.rows, row)[1], receptive_field(level.columns, column)[1]
    facts = {"label": label, "height": height, "width": width, "map": number, "count": maps.shape[2]}
    return ALT.format(layer=level.name, row=row, column=column, **facts)
