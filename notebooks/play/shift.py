"""The shift test: move a digit by some pixels and measure what both nets then read, over many digits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from play import base

NAMES = {"digit": "digit", "direction": "direction", "shift": "pixels"}
DIRECTIONS = {"to the right": (0, 1), "to the left": (0, -1), "up": (-1, 0), "down": (1, 0)}
READS = "{name} reads {read}, with {share:.0%}"
MEASURED = (
    "Moved {shift} {pixels} {direction}, {first} reads {p1:.0%} of {count} test digits rightly and {second} "
    "{p2:.0%}. The difference is {difference:.0f} points, give or take {margin:.0f}: {verdict}."
)
ALONE = "Moved {shift} {pixels} {direction}, {first} reads {p1:.0%} of {count} test digits rightly."
PIXELS = {True: "pixel", False: "pixels"}
LARGER, SMALLER = "more than chance", "no more than chance may give"
CUT = "Of this digit, {share:.0%} of the ink was pushed over the edge."
AXIS, TICKS = "pixels moved", "read rightly"
ALT = (
    "A {label} moved {shift} pixels {direction}. {reads}. Shares read rightly by shift, 0 to {most}: "
    "{curves}."
)
CURVE = "{name} {shares}"

MOST, COUNT = 6, 200
COLOURS = (base.BLUE, base.ORANGE, base.GREEN)


@dataclass(frozen=True)
class Measured:
    """Shares (MOST + 1, n, classes) that each net gives to n digits, by shift, and their labels (n,)."""

    shares: Mapping[str, NDArray[np.float64]]
    labels: NDArray[Any]

    def right(self, name: str) -> NDArray[np.float64]:
        """The share of the digits that a net reads rightly, by shift."""
        return (self.shares[name].argmax(axis=2) == self.labels).mean(axis=1)


def shift_test(models: Mapping[str, Any], images: NDArray[Any], labels: NDArray[Any]) -> None:
    """Show the test: `models` by name, test pictures (n, h, w, channels) as they take them, labels (n,)."""
    base.show(lambda: shift_view(models, images, labels), "shift test")


def shift_view(
    models: Mapping[str, Any], images: NDArray[Any], labels: NDArray[Any], count: int = COUNT
) -> base.View:
    """The view; its parts have the names of NAMES, and `picture_of` is what is drawn."""
    from ipywidgets import HTML, Dropdown, HBox, IntSlider, VBox

    images, labels = np.asarray(images[:count]), np.asarray(labels[:count]).reshape(-1)
    # All is measured now, so that a slider's move only looks it up.
    measured = {name: measure(models, images, labels, step) for name, step in DIRECTIONS.items()}
    parts: dict[str, Any] = {
        "digit": IntSlider(0, 0, len(images) - 1),
        "direction": Dropdown(options=list(DIRECTIONS)),
        "shift": IntSlider(0, 0, MOST),
    }
    for name, part in parts.items():
        part.description = NAMES[name]
    shown = HTML()

    def redraw(_: object = None) -> None:
        at, direction, shift = (parts[name].value for name in ("digit", "direction", "shift"))
        shown.value = drawn(measured[direction], images[at], at, direction, shift)

    for part in parts.values():
        part.observe(redraw, "value")
    redraw()
    controls = VBox([parts["shift"], HBox([parts["direction"], parts["digit"]])])
    first = next(iter(DIRECTIONS))
    text = description(measured[first], 0, first, 0)
    return base.View(VBox([controls, shown]), shown.value, text, {**parts, "picture_of": shown})


def moved(image: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """A picture (h, w, …) moved down by `rows` and right by `columns`; zeros come in, the rest is cut."""
    result = np.zeros_like(image)
    height, width = image.shape[:2]
    top, left = max(rows, 0), max(columns, 0)
    kept = image[max(-rows, 0) : height - top, max(-columns, 0) : width - left]
    result[top : top + kept.shape[0], left : left + kept.shape[1]] = kept
    return result


def measure(
    models: Mapping[str, Any], images: NDArray[Any], labels: NDArray[Any], step: tuple[int, int]
) -> Measured:
    """What each net makes of all pictures, moved by 0 to MOST times `step` (rows, columns)."""
    pictures = np.stack(
        [moved(image, step[0] * by, step[1] * by) for by in range(MOST + 1) for image in images]
    )
    shares = {
        name: np.asarray(model.predict(pictures, batch_size=256, verbose=0), dtype=float).reshape(
            MOST + 1, len(images), -1
        )
        for name, model in models.items()
    }
    return Measured(shares, labels)


# ------------------------------------------------------------------------------------------- what is seen


def drawn(measured: Measured, image: NDArray[Any], at: int, direction: str, shift: int) -> str:
    """The moved digit, what the nets make of it, and the measured curves, as HTML."""
    rows, columns = DIRECTIONS[direction]
    here = moved(image, rows * shift, columns * shift)
    parts = [
        base.image(here[..., 0] if here.shape[-1] == 1 else (here * 255).astype(np.uint8), 0, 22, 168, 0, 1),
        base.box(0, 22, 168, 168, base.FAINT, line=1),
    ]
    for number, (name, shares) in enumerate(measured.shares.items()):
        left, colour = 200 + 132 * number, COLOURS[number % len(COLOURS)]
        names = [str(k) for k in range(shares.shape[2])]
        parts.append(base.label(left, 10, name, 13, "start", colour, bold=True))
        parts.append(base.bars(names, [float(p) for p in shares[shift, at]], left + 12, 20, 60, colour, 17))
    parts.append(_curves(measured, shift))
    picture = base.svg(720, 232, parts, description(measured, at, direction, shift))
    cut = 1 - here.sum() / image.sum() if image.sum() else 0
    lost = base.paragraph(CUT.format(share=cut)) if cut >= 0.005 else ""
    return base.page(picture, base.paragraph(said(measured, direction, shift)), lost)


def _curves(measured: Measured, shift: int) -> str:
    """The share read rightly by shift, with a band of twice its standard error, for each net."""
    frame = base.Frame(512, 34, 196, 150, 0, MOST, 0, 1)
    parts = [frame.axes(range(MOST + 1), [0, 0.25, 0.5, 0.75, 1], AXIS, TICKS, ".0%")]
    for number, name in enumerate(measured.shares):
        colour = COLOURS[number % len(COLOURS)]
        right = measured.right(name)
        margins = [margin(share, len(measured.labels)) for share in right]
        above = [
            frame.place(by, min(1, share + m))
            for by, (share, m) in enumerate(zip(right, margins, strict=True))
        ]
        below = [
            frame.place(by, max(0, share - m))
            for by, (share, m) in enumerate(zip(right, margins, strict=True))
        ]
        outline = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*above, *reversed(below)])
        parts.append(f'<polygon points="{outline}" style="fill: {colour}; opacity: 0.2"/>')
        places = [frame.place(by, share) for by, share in enumerate(right)]
        parts.append(base.curve(places, colour, dashed=bool(number)))
        x, y = places[shift]
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" style="fill: {colour}"/>')
    return "".join(parts)


def margin(share: float, count: int) -> float:
    """Twice the standard error of a share in so many pictures."""
    return 2 * float(np.sqrt(share * (1 - share) / count))


def said(measured: Measured, direction: str, shift: int) -> str:
    """What was measured at this shift, and whether the nets differ by more than chance."""
    names, count = list(measured.shares), len(measured.labels)
    facts: dict[str, Any] = {"shift": shift, "pixels": PIXELS[shift == 1], "direction": direction}
    first = float(measured.right(names[0])[shift])
    facts |= {"first": names[0], "p1": first, "count": count}
    if len(names) == 1:
        return ALONE.format(**facts)
    second = float(measured.right(names[1])[shift])
    both = float(np.hypot(margin(first, count), margin(second, count)))
    verdict = LARGER if abs(first - second) > both else SMALLER
    facts |= {"second": names[1], "p2": second, "verdict": verdict}
    return MEASURED.format(difference=100 * abs(first - second), margin=100 * both, **facts)


def description(measured: Measured, at: int, direction: str, shift: int) -> str:
    """The picture in words."""
    reads, curves = [], []
    for name, shares in measured.shares.items():
        here = shares[shift, at]
        reads.append(READS.format(name=name, read=int(here.argmax()), share=float(here.max())))
        shown = ", ".join(f"{share:.0%}" for share in measured.right(name))
        curves.append(CURVE.format(name=name, shares=shown))
    return ALT.format(
        label=int(measured.labels[at]),
        shift=shift,
        direction=direction,
        reads="; ".join(reads),
        most=MOST,
        curves="; ".join(curves),
    )
