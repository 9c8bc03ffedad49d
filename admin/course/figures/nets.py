"""Both nets as diagrams: what each layer gives, and how many weights it has, as the real models say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from admin.course.figures.drawing import (
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    QUIET,
    SKY,
    Frame,
    Picture,
    arrow,
    pixels,
    sheet,
    still,
    words,
)
from admin.course.source_notebook import read_code

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALTS = {
    "net_1": (
        "Diagram of net_1, from left to right. Picture: 28 × 28 × 1. Conv2D with 3 × 3 kernels, stride 1: "
        "26 × 26 × 32, 320 weights. Conv2D with 3 × 3 kernels, stride 1: 24 × 24 × 64, 18,496 weights. "
        "Max-pooling in blocks of 2 × 2: 12 × 12 × 64, no weights. Flatten: 9,216 numbers. Dense: 128 units, "
        "1,179,776 weights. Dense: 10 units, 1,290 weights. In all 1,199,882 weights and biases."
    ),
    "net_2": (
        "Diagram of net_2, from left to right. Picture: 28 × 28 × 1. Conv2D with 3 × 3 kernels, stride 1: "
        "26 × 26 × 32, 320 weights. Conv2D with 3 × 3 kernels, stride 2: 12 × 12 × 64, 18,496 weights. "
        "Flatten: 9,216 numbers. Dense: 128 units, 1,179,776 weights. Dense: 10 units, 1,290 weights. "
        "In all 1,199,882 weights and biases, as many as net_1, without pooling."
    ),
}
INPUT = "picture"
WEIGHTS, NO_WEIGHTS = "{count:,}\nweights", "no\nweights"
TOTAL = "{name}: {count:,} weights and biases in all"
NAMES = {"MaxPooling2D": "max-pooling", "relu": "ReLU"}

SAMPLE, CLASSES = (28, 28, 1), 10
WIDTH, HEIGHT = 740, 362
TOP_LINE, MIDDLE, SHAPE_LINE, WEIGHT_LINE = 38, 170, 258, 298


@dataclass(frozen=True)
class Stage:
    """One step of a net: what it is, its settings, the shape of what comes out, its weights and biases."""

    name: str
    detail: str
    shape: tuple[int, ...]
    weights: int | None
    colour: str


COLOURS = {"Conv2D": SKY, "MaxPooling2D": ORANGE, "Flatten": PURPLE, "Dense": GREEN}


def model(name: str) -> Any:
    """The notebook's net for a digit, built by Keras."""
    import keras

    names: dict[str, Any] = {"keras": keras}
    exec(read_code(name), names)
    return names[name](SAMPLE, CLASSES)


def stages(net: Any) -> Iterator[Stage]:
    """The picture, and then each layer as the model itself describes it."""
    yield Stage(INPUT, "", SAMPLE, None, "#dddddd")
    for layer in net.layers:
        kind, settings = type(layer).__name__, layer.get_config()
        sides = settings.get("kernel_size") or settings.get("pool_size")
        activation = settings.get("activation", "")
        details = [" × ".join(map(str, sides))] if sides else []
        details += [f"stride {settings['strides'][0]}"] if kind == "Conv2D" else []
        details += [NAMES.get(activation, activation)] if activation else []
        shape = tuple(layer.output.shape[1:])
        yield Stage(NAMES.get(kind, kind), "\n".join(details), shape, layer.count_params(), COLOURS[kind])


def draw(name: str) -> Frame:
    """The diagram of a net: maps as blocks with their true proportions, rows of numbers as bars."""
    net = model(name)
    parts = list(stages(net))
    axis = sheet(WIDTH, HEIGHT)
    step = WIDTH / len(parts)
    for place, stage in enumerate(parts):
        x = (place + 0.5) * step
        words(axis, x, TOP_LINE - 14, stage.name, size=15, weight="bold")
        words(axis, x, TOP_LINE + 4, stage.detail, size=14, colour=QUIET, va="top", linespacing=1.2)
        _block(axis, x, stage)
        words(axis, x, SHAPE_LINE, " × ".join(f"{side:,}" for side in stage.shape), size=14)
        if stage.weights is not None:
            count = WEIGHTS.format(count=stage.weights) if stage.weights else NO_WEIGHTS
            words(axis, x, WEIGHT_LINE, count, size=14, colour=INK if stage.weights else QUIET, va="center")
        if place:
            arrow(axis, (x - step / 2 - 7, MIDDLE), (x - step / 2 + 9, MIDDLE))
    words(axis, WIDTH / 2, HEIGHT - 20, TOTAL.format(name=name, count=net.count_params()), size=17)
    return pixels(axis)


def _block(axis: Axes, x: float, stage: Stage) -> None:
    """A block as high as the map and as deep as its channels; a bar where there are no maps."""
    from matplotlib.patches import Polygon

    if len(stage.shape) == 3:
        tall, deep = 3.2 * stage.shape[0], 4 + 0.55 * stage.shape[2]
        wide, up = 0.34 * tall, 0.22 * tall
    else:
        tall, deep = min(110.0, 30 + 8 * stage.shape[0] ** 0.5), 12.0
        wide = up = 0.0
    left, top = x - (wide + deep) / 2, MIDDLE - (tall + up) / 2 + up
    right, bottom = left + deep, top + tall
    # In front a face as wide as the channels are many; above and at the right the map itself, seen askew.
    front = [(left, top), (right, top), (right, bottom), (left, bottom)]
    lid = [(left, top), (left + wide, top - up), (right + wide, top - up), (right, top)]
    side = [(right, top), (right + wide, top - up), (right + wide, bottom - up), (right, bottom)]
    for face, share in ((side, 1.0), (lid, 0.6), (front, 0.8)):
        axis.add_patch(Polygon(face, facecolor=_lighter(stage.colour, share), edgecolor=INK, linewidth=0.8))


def _lighter(colour: str, share: float) -> tuple[float, ...]:
    """A colour mixed with white."""
    from matplotlib.colors import to_rgb

    return tuple(share * part + 1 - share for part in to_rgb(colour))


def _picture(name: str) -> Picture:
    return Picture(
        f"{name}.webp",
        ALTS[name],
        lambda: still(draw(name)),
        Path(__file__),
        lambda: [read_code(name).encode()],
    )


NET_1, NET_2 = _picture("net_1"), _picture("net_2")
