"""What all of the notebook's things to play with share: how they are shown, and how their pictures are drawn.

A thing to play with is a function that makes a `View`: ipywidgets to move, and the same picture standing
still. `show` hands both to the notebook. Where widgets run, one plays; where they don't (GitHub, nbconvert, a
page of feedback, a screen reader), the still picture and its text stand in their place.

Pictures are HTML and SVG made of text, not Matplotlib figures: drawn in a few milliseconds, they follow a
slider, stay sharp at any size, and take their ink from the page's theme. Coordinates and sizes are in pixels.
"""

from __future__ import annotations

import base64
import functools
import html
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tools
from numpy.typing import NDArray

if TYPE_CHECKING:
    from anywidget import AnyWidget
    from ipywidgets import Widget

PLAY_BUTTONS = ["Play or pause", "Stop", "Repeat"]

INK = "var(--jp-content-font-color1, #212121)"
FAINT = "var(--jp-border-color1, #9e9e9e)"
PAPER = "var(--jp-layout-color1, #ffffff)"
BLUE, ORANGE, GREEN, SKY, PURPLE = tools.BLUE, tools.ORANGE, tools.GREEN, tools.SKY, tools.PURPLE


@dataclass(frozen=True)
class View:
    """A thing to play with, before it is shown.

    `box` holds the widgets, `still` is HTML for where they don't run, `text` says in words what is seen.
    `parts` names the widgets inside, so that a test can move them.
    """

    box: Widget
    still: str
    text: str
    parts: Mapping[str, Any] = field(default_factory=dict)


def show(make: Callable[[], View], name: str) -> None:
    """Make a view and display it. While nbgrader runs the notebook, only its name is printed."""
    if tools.grading():
        print(f"[{name}: something to play with, left out while grading]")
        return
    from IPython.display import display

    view = make()
    live = accessible(view.box)._repr_mimebundle_() or {}
    display({**live, "text/html": view.still, "text/plain": f"[{name}: {view.text}]"}, raw=True)


def accessible(box: Widget) -> Widget:
    """The same with names for its sliders and buttons, which keep the arrow keys: see access.js."""
    from ipywidgets import VBox

    return VBox([box, _access_class()()])


@functools.cache
def _access_class() -> type[AnyWidget]:
    """The class is made when it is first wanted: importing anywidget takes a while."""
    import anywidget
    import traitlets

    class Access(anywidget.AnyWidget):
        _esm = (Path(__file__).parent / "access.js").read_text(encoding="utf-8")
        words = traitlets.List(PLAY_BUTTONS).tag(sync=True)

    return Access


# ------------------------------------------------------------------------------------- pieces of a picture


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


def matrix(
    values: NDArray[Any],
    x: float,
    y: float,
    cell: float,
    low: float,
    high: float,
    colours: str = tools.VALUE_MAP,
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
    colours: str = tools.PICTURE_MAP,
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
    colours: str = tools.PICTURE_MAP,
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
    colours: str = tools.PICTURE_MAP,
) -> str:
    """The pixels as a PNG in a data: address."""
    from PIL import Image  # Matplotlib brings it along

    values = np.asarray(values)
    pixels = values if values.ndim == 3 else coloured(values, low, high, colours)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="png")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def coloured(
    values: NDArray[Any], low: float | None = None, high: float | None = None, colours: str = tools.VALUE_MAP
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


# ------------------------------------------------------------------------------- pictures, and nets that read


def pictures_with_labels(
    images: NDArray[Any], labels: NDArray[Any]
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Pictures as (n, h, w, channels) floats, and their labels as (n,) whole numbers.

    A missing channel axis is put in, and labels of shape (n, 1) are made flat. Raises ValueError when there
    are no pictures, when their axes are others, or when there are not as many labels.
    """
    pictures = np.asarray(images, dtype=np.float32)
    pictures = pictures[..., np.newaxis] if pictures.ndim == 3 else pictures
    flat = np.asarray(labels).reshape(-1).astype(np.intp)
    if pictures.ndim != 4 or not len(pictures) or pictures.shape[3] not in (1, 3):
        raise ValueError(
            f"pictures have the shape (n, height, width, 1) or (…, 3), these have {np.shape(images)}"
        )
    if len(flat) != len(pictures):
        raise ValueError(f"each picture has one label, but there are {len(pictures)} and {len(flat)}")
    return pictures, flat


def pixels(image: NDArray[Any]) -> NDArray[np.uint8]:
    """A picture (h, w, 1) or (h, w, 3) of floats from 0 to 1 as 8-bit colours (h, w, 3), for `image`."""
    values = np.clip(np.asarray(image, dtype=float), 0, 1)
    shape = (*values.shape[:2], 3)
    return np.ascontiguousarray(np.broadcast_to(np.round(255 * values).astype(np.uint8), shape))


def probabilities(model: Any, images: NDArray[Any], batch: int = 200) -> NDArray[np.float32]:
    """What a Keras net answers to pictures (n, h, w, channels): one row of shares for each, (n, classes).

    The net is called directly, which for a few pictures takes a tenth of the time of `predict`.
    """
    parts = [
        np.asarray(model(images[at : at + batch], training=False)) for at in range(0, len(images), batch)
    ]
    return np.nan_to_num(np.concatenate(parts).astype(np.float32))
