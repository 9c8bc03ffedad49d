"""Pieces of pictures that are HTML and SVG made of text.

They are drawn in a few milliseconds, so they follow a slider; they stay sharp at any size, and take their ink
from the page's theme. Coordinates and sizes are in pixels.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.theme import FAINT, INK, PICTURE_MAP, VALUE_MAP


def page(*parts: str) -> str:
    """Pieces of HTML, one below the other."""
    return f'<div class="course-play">{"".join(parts)}</div>'


def row(*parts: str) -> str:
    """Pieces of HTML side by side; on a narrow page they wrap."""
    cells = "".join(f"<div>{part}</div>" for part in parts)
    return f'<div style="display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start">{cells}</div>'


def paragraph(words: str) -> str:
    """A sentence of plain text under a picture; screen readers read it out when it changes."""
    return f'<p role="status" style="margin: 6px 0; color: {INK}">{html.escape(words)}</p>'


def svg(width: float, height: float, parts: Sequence[str], alt: str) -> str:
    """An SVG picture of `parts` with a text for those who do not see it; it shrinks with the page."""
    return (
        f'<svg role="img" aria-label="{html.escape(alt, quote=True)}" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" style="max-width: 100%; height: auto; font-family: var(--jp-ui-font-family, '
        f'sans-serif)" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def label(
    x: float,
    y: float,
    words: str,
    size: float = 13,
    anchor: str = "middle",
    colour: str = INK,
    bold: bool = False,
) -> str:
    """Text whose middle line runs through y; `anchor` is start, middle or end."""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}" dominant-baseline="central" '
        f'style="fill: {colour}"{weight}>{html.escape(words)}</text>'
    )


def box(
    x: float, y: float, width: float, height: float, colour: str, fill: str = "none", line: float = 3
) -> str:
    """A rectangle: a frame, filled if `fill` is a colour."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" stroke-width="{line:g}" '
        f'style="stroke: {colour}; fill: {fill}"/>'
    )


def clickable(names: str, cells: tuple[int, int], area: tuple[float, float, float, float], hint: str) -> str:
    """An invisible sheet of `cells`, rows and columns, over an `area` of a picture: x, y, width, height.

    A click sets the widgets `names`: two of them get the cell's row and column, a single one its number. See
    play/access.js.
    """
    x, y, width, height = area
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" data-pick="{names}" '
        f'data-cells="{cells[0]} {cells[1]}" style="fill: transparent; cursor: pointer">'
        f"<title>{html.escape(hint)}</title></rect>"
    )


def matrix(
    values: NDArray[Any],
    x: float,
    y: float,
    cell: float,
    low: float,
    high: float,
    colours: str = VALUE_MAP,
    numbers: bool = True,
) -> str:
    """A matrix (h, w) as squares of side `cell`, coloured from `low` to `high`; NaN squares stay empty.

    With `numbers`, each square has its value in it.
    """
    values = np.asarray(values, dtype=float)
    inks = colour_codes(values, low, high, colours)
    parts = []
    for (line, column), value in np.ndenumerate(values):
        left, top = x + column * cell, y + line * cell
        if np.isnan(value):
            parts.append(box(left, top, cell, cell, FAINT, line=0.5))
            continue
        code = inks[line][column]
        parts.append(box(left, top, cell, cell, FAINT, code, line=0.5))
        if numbers:
            ink = "#ffffff" if _is_dark(code) else "#000000"
            words = f"{value:.3g}"
            size = min(13, cell * 0.42, cell * 1.5 / len(words))
            parts.append(label(left + cell / 2, top + cell / 2, words, size, colour=ink))
    return "".join(parts)


def picture(
    values: NDArray[Any],
    alt: str,
    side: float,
    low: float | None = None,
    high: float | None = None,
    colours: str = PICTURE_MAP,
) -> str:
    """An `<img>` of `side` pixels' width, its pixels as sharp squares.

    `values` is (h, w), coloured from `low` to `high` (by default from the smallest to the largest), or a
    uint8 colour picture (h, w, 3).
    """
    return (
        f'<img alt="{html.escape(alt, quote=True)}" width="{side:g}" '
        f'src="{address(values, low, high, colours)}" '
        f'style="image-rendering: pixelated; background: white">'
    )


def image(
    values: NDArray[Any],
    x: float,
    y: float,
    side: float,
    low: float | None = None,
    high: float | None = None,
    colours: str = PICTURE_MAP,
) -> str:
    """The same as `picture`, as a part of an SVG with its upper left corner at (x, y)."""
    height = side * np.shape(values)[0] / np.shape(values)[1]
    return (
        f'<image x="{x:g}" y="{y:g}" width="{side:g}" height="{height:g}" style="image-rendering: pixelated" '
        f'href="{address(values, low, high, colours)}"/>'
    )


def address(
    values: NDArray[Any],
    low: float | None = None,
    high: float | None = None,
    colours: str = PICTURE_MAP,
) -> str:
    """The pixels as a PNG in a data: address."""
    from PIL import Image  # Matplotlib brings it along

    values = np.asarray(values)
    pixels = values if values.ndim == 3 else coloured(values, low, high, colours)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="png")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def coloured(
    values: NDArray[Any], low: float | None = None, high: float | None = None, colours: str = VALUE_MAP
) -> NDArray[np.uint8]:
    """A matrix (h, w) as colours (h, w, 3) of 8 bits, by the name of a Matplotlib colour map."""
    import matplotlib as mpl

    values = np.asarray(values, dtype=float)
    low = float(np.nanmin(values)) if low is None else low
    high = float(np.nanmax(values)) if high is None else high
    shares = (values - low) / (high - low if high > low else 1)
    return mpl.colormaps[colours](np.clip(shares, 0, 1), bytes=True)[..., :3]


def colour_codes(values: NDArray[Any], low: float, high: float, colours: str) -> list[list[str]]:
    """The colours of a matrix as `#rrggbb`."""
    return [[f"#{r:02x}{g:02x}{b:02x}" for r, g, b in line] for line in coloured(values, low, high, colours)]


def _is_dark(code: str) -> bool:
    red, green, blue = (int(code[at : at + 2], 16) for at in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 128


def bars(
    names: Sequence[str],
    shares: Sequence[float],
    x: float,
    y: float,
    width: float,
    colour: str,
    step: float = 20,
) -> str:
    """Bars for shares from 0 to 1, each with its name on the left and its percentage on the right."""
    parts = []
    for number, (name, share) in enumerate(zip(names, shares, strict=True)):
        middle = y + (number + 0.5) * step
        parts.append(label(x, middle, name, 12, "end"))
        parts.append(
            box(x + 6, middle - 0.36 * step, max(width * share, 1), 0.72 * step, colour, colour, line=0)
        )
        parts.append(label(x + 12 + width * share, middle, f"{share:.0%}", 12, "start"))
    return "".join(parts)


def curve(points: Sequence[tuple[float, float]], colour: str, dashed: bool = False, wide: float = 2) -> str:
    """A line through points in pixels."""
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" stroke-width="{wide:g}"{dash} style="fill: none; stroke: {colour}"/>'


@dataclass(frozen=True)
class Frame:
    """The part of a picture that is a chart, with values from `x_from` to `x_to` and `y_from` to `y_to`."""

    left: float
    top: float
    width: float
    height: float
    x_from: float
    x_to: float
    y_from: float
    y_to: float

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a value lies, in pixels."""
        across = (x - self.x_from) / ((self.x_to - self.x_from) or 1)
        up = (y - self.y_from) / ((self.y_to - self.y_from) or 1)
        return self.left + across * self.width, self.top + (1 - up) * self.height

    def axes(
        self, x_ticks: Sequence[float], y_ticks: Sequence[float], x_name: str, y_name: str, y_form: str = "g"
    ) -> str:
        """Lines and numbers of both axes, and their names (the vertical one's above it)."""
        bottom, right = self.top + self.height, self.left + self.width
        parts = [curve([(self.left, self.top), (self.left, bottom), (right, bottom)], FAINT, wide=1)]
        for value in x_ticks:
            x, _ = self.place(value, self.y_from)
            parts.append(label(x, bottom + 12, f"{value:g}", 11))
        for value in y_ticks:
            _, y = self.place(self.x_from, value)
            parts.append(curve([(self.left, y), (right, y)], FAINT, wide=0.3))
            parts.append(label(self.left - 6, y, format(value, y_form), 11, "end"))
        parts.append(label(self.left + self.width / 2, bottom + 30, x_name, 12))
        parts.append(label(self.left, self.top - 14, y_name, 12, "start"))
        return "".join(parts)


def clipped(frame: Frame, parts: Sequence[str]) -> str:
    """Only what lies inside the chart; an SVG inside an SVG cuts off what is outside of it."""
    room = 5  # for the marks of the last epoch
    left, top, width, height = frame.left, frame.top - room, frame.width + room, frame.height + room
    return (
        f'<svg x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" '
        f'viewBox="{left:g} {top:g} {width:g} {height:g}" overflow="hidden">{"".join(parts)}</svg>'
    )
