"""The shift test: move a digit by some pixels and measure what both nets then read, over many digits.

Zeros come in where the digit moves away from, and what is pushed over the edge is lost.
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
from tools.arithmetic import chance_in_pairs, only_one_right

NAMES = {"digit": "digit", "direction": "direction", "shift": "pixels"}
DIRECTIONS = {"to the right": (0, 1), "to the left": (0, -1), "up": (-1, 0), "down": (1, 0)}
READS = "{name} reads {read}, with {share:.0%}"
MEASURED = (
    "Moved {shift} {pixels} {direction}, {first} reads {p1:.0%} of {count} test digits correctly and "
    "{second} {p2:.0%}."
)
ONLY = (
    "{only_first} digits are read by {first} only, {only_second} by {second} only. For two equally good "
    "nets, chance makes these numbers differ by up to {chance} in 19 of 20 cases. Here they differ by "
    "{apart}: {verdict}."
)
SAME = "They read the very same digits."
FALL = "From 0 to {most} pixels {direction}, {falls}. A shift-invariant net's curve would be level."
BANDS = "The bands are twice the standard error of each proportion p of n digits, 2·√(p(1 − p)/n)."
FALLS = "{name} falls from {before:.0%} to {after:.0%}"
ONE_RUN = "All this is about one training of each net: another seed may turn a small difference round."
ALONE = "Moved {shift} {pixels} {direction}, {first} reads {p1:.0%} of {count} test digits correctly."
PIXELS = {True: "pixel", False: "pixels"}
LARGER, SMALLER = "more than chance in the choice of digits explains", "chance may explain it"
CUT = "{share:.0%} of this digit's ink is pushed over the edge, and {count} of the {of} digits lose some."
AXIS, TICKS = "pixels moved", "read correctly"
ALT = (
    "A {label} moved {shift} pixels {direction}. {reads}. Shares read correctly by shift, 0 to {most}: "
    "{curves}."
)
CURVE = "{name} {shares}"

MOST, COUNT = 6, 200
INK = 0.005  # the part of a digit's ink from which on its loss is told
COLOURS = (theme.BLUE, theme.ORANGE, theme.GREEN)


@dataclass(frozen=True)
class Measured:
    """What each net makes of n digits, by shift.

    `shares` are (MOST + 1, n, classes) for each net, `labels` (n,), and `lost` (MOST + 1, n) is the part of
    each digit's ink that lies beyond the edge.
    """

    shares: Mapping[str, NDArray[np.float32]]
    labels: NDArray[Any]
    lost: NDArray[np.float64]

    def reads(self, name: str) -> NDArray[np.bool_]:
        """Which digits a net reads rightly, (MOST + 1, n)."""
        return self.shares[name].argmax(axis=2) == self.labels

    def right(self, name: str) -> NDArray[np.float64]:
        """The share of the digits that a net reads rightly, by shift."""
        return self.reads(name).mean(axis=1)


def shift_test(models: Mapping[str, Any], images: NDArray[Any], labels: NDArray[Any]) -> None:
    """Show the test: `models` by name, test pictures (n, h, w, channels) as they take them, labels (n,)."""
    base.show(lambda: shift_view(models, images, labels), "shift test")


def shift_view(
    models: Mapping[str, Any], images: NDArray[Any], labels: NDArray[Any], count: int = COUNT
) -> base.View:
    """The view; its parts have the names of NAMES, and `picture_of` is what is drawn."""
    from ipywidgets import HTML, Dropdown, IntSlider, VBox

    if words := base.refusal(models, images, labels):
        return base.only_words(words)
    images, labels = base.pictures_with_labels(images[:count], labels[:count])
    still = {name: base.probabilities(model, images) for name, model in models.items()}

    @functools.cache  # measured once a direction, so that a slider's move only looks it up
    def measured(direction: str) -> Measured:
        return measure(models, images, labels, DIRECTIONS[direction], still)

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
        shown.value = drawn(measured(direction), images[at], at, direction, shift)

    for part in parts.values():
        part.observe(redraw, "value")
    redraw()
    controls = base.controls(parts["shift"], parts["direction"], parts["digit"])
    first = next(iter(DIRECTIONS))
    text = description(measured(first), 0, first, 0)
    return base.View(VBox([controls, shown]), shown.value, text, {**parts, "picture_of": shown})


def moved(image: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """Pictures (…, h, w, c) moved down by `rows` and right by `columns`; zeros come in, the rest is cut."""
    result = np.zeros_like(image)
    height, width = image.shape[-3:-1]
    top, left = max(rows, 0), max(columns, 0)
    kept = image[..., max(-rows, 0) : height - top, max(-columns, 0) : width - left, :]
    result[..., top : top + kept.shape[-3], left : left + kept.shape[-2], :] = kept
    return result


def measure(
    models: Mapping[str, Any],
    images: NDArray[Any],
    labels: NDArray[Any],
    step: tuple[int, int],
    still: Mapping[str, NDArray[np.float32]],
) -> Measured:
    """What each net makes of all pictures, moved by 0 to MOST times `step` (rows, columns).

    `still` has the shares (n, classes) that each net gives to the pictures as they are.
    """
    pictures = [moved(images, step[0] * by, step[1] * by) for by in range(1, MOST + 1)]
    shares = {
        name: np.stack([still[name], *(base.probabilities(model, shifted) for shifted in pictures)])
        for name, model in models.items()
    }
    ink = np.stack([shifted.sum(axis=(1, 2, 3), dtype=float) for shifted in (images, *pictures)])
    return Measured(shares, labels, 1 - ink / np.maximum(ink[0], 1e-9))


# ------------------------------------------------------------------------------------------- what is seen


def drawn(measured: Measured, image: NDArray[Any], at: int, direction: str, shift: int) -> str:
    """The moved digit, what the nets make of it, and the measured curves, as HTML."""
    rows, columns = DIRECTIONS[direction]
    here = moved(image, rows * shift, columns * shift)
    parts = [
        markup.image(base.pixels(here), 0, 22, 168),
        markup.box(0, 22, 168, 168, theme.FAINT, line=1),
    ]
    for number, (name, shares) in enumerate(measured.shares.items()):
        left, colour = 200 + 132 * number, COLOURS[number % len(COLOURS)]
        names = [str(k) for k in range(shares.shape[2])]
        parts.append(markup.label(left, 10, name, 13, "start", bold=True))
        parts.append(markup.bars(names, [float(p) for p in shares[shift, at]], left + 12, 20, 60, colour, 17))
    parts.append(_curves(measured, shift))
    picture = markup.svg(720, 232, parts, description(measured, at, direction, shift))
    return markup.page(picture, *(markup.paragraph(words) for words in said(measured, at, direction, shift)))


def _curves(measured: Measured, shift: int) -> str:
    """The share read rightly by shift, with a band of twice its standard error, for each net."""
    frame = markup.Frame(512, 34, 196, 150, 0, MOST, 0, 1)
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
        parts.append(markup.curve(places, colour, dashed=bool(number)))
        x, y = places[shift]
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" style="fill: {colour}"/>')
    return "".join(parts)


def margin(share: float, count: int) -> float:
    """Twice the standard error of a share in so many pictures."""
    return 2 * float(np.sqrt(share * (1 - share) / count))


def said(measured: Measured, at: int, direction: str, shift: int) -> list[str]:
    """What was measured at this shift, whether the nets differ by more than chance, and what was cut off."""
    falls = []
    for name in measured.shares:
        right = measured.right(name)
        falls.append(FALLS.format(name=name, before=float(right[0]), after=float(right[-1])))
    words = [_compared(measured, direction, shift)]
    words.append(f"{FALL} {BANDS}".format(most=MOST, direction=direction, falls=", ".join(falls)))
    if len(measured.shares) > 1:
        words.append(ONE_RUN)
    lost = measured.lost[shift] >= INK
    if lost.any():
        share = max(float(measured.lost[shift, at]), 0.0)
        words.append(CUT.format(share=share, count=int(lost.sum()), of=len(lost)))
    return words


def _compared(measured: Measured, direction: str, shift: int) -> str:
    """The share that is read rightly at this shift, and the difference of the first two nets."""
    names = list(measured.shares)
    facts: dict[str, Any] = {"shift": shift, "pixels": PIXELS[shift == 1], "direction": direction}
    facts |= {"first": names[0], "p1": float(measured.right(names[0])[shift]), "count": len(measured.labels)}
    if len(names) == 1:
        return ALONE.format(**facts)
    first, second = (measured.reads(name)[shift] for name in names[:2])
    only_first, only_second = only_one_right(first, second)
    facts |= {"second": names[1], "p2": float(second.mean()), "apart": abs(only_first - only_second)}
    facts |= {"only_first": only_first, "only_second": only_second}
    facts["chance"] = chance_in_pairs(only_first, only_second)
    if not only_first + only_second:
        return f"{MEASURED} {SAME}".format(**facts)
    verdict = LARGER if facts["apart"] > facts["chance"] else SMALLER
    return f"{MEASURED} {ONLY}".format(verdict=verdict, **facts)


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
