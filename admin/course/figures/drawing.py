"""What the scripts of drawn and moving pictures share: a sheet, pieces to draw on it, the files' bytes.

Places and sizes are in pixels from the upper left corner, as the notebook shows them. Matplotlib and Pillow
are imported only while drawing: `build --check` reads these modules and must stay quick.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tools.theme import BLUE, GREEN, ORANGE, PICTURE_MAP, PURPLE, SKY, VALUE_MAP

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Frame = NDArray[np.uint8]
"""One picture of a moving one: (height, width, 3)."""

# Colours and colour maps that come from elsewhere. They are part of what every picture is made from.
STYLE = (BLUE, GREEN, ORANGE, PURPLE, SKY, PICTURE_MAP, VALUE_MAP)

NOTEBOOKS = Path(__file__).resolve().parents[3] / "notebooks"
MNIST = NOTEBOOKS / "data" / "mnist_5000.npz"
CIFAR = NOTEBOOKS / "data" / "cifar10_20.npz"

DPI = 100
INK, QUIET, LINE = "#202020", "#555555", "#999999"
LETTERS = 15  # pixels


@dataclass(frozen=True)
class Picture:
    """A picture of the notebook: its file's name, its text for those who do not see it, how it is made.

    `script` is the module that draws it. `made_from` gives what else decides how the picture looks, such as
    a data file's bytes; the picture is stale as soon as one of them changes.
    """

    name: str
    alt: str
    make: Callable[[], bytes]
    script: Path
    made_from: Callable[[], Iterable[bytes]] = tuple


# ---------------------------------------------------------------------------------------------- the sheet


def sheet(width: int, height: int) -> Axes:
    """An empty white sheet to draw on."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, width), ylim=(height, 0))
    axis.axis("off")
    return axis


def pixels(axis: Axes) -> Frame:
    """What has been drawn on a sheet."""
    canvas: Any = axis.figure.canvas
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


# --------------------------------------------------------------------------------------- pieces of a picture


def words(
    axis: Axes,
    x: float,
    y: float,
    text: str,
    size: float = LETTERS,
    colour: str = INK,
    across: str = "center",
    **options: Any,
) -> None:
    """Text whose middle line runs through y; `across` is left, center or right; `size` is in pixels."""
    if "va" not in options:  # by the baseline: words with and without long letters stand level in a row
        y += 0.36 * size
    options = {"va": "baseline", "family": "DejaVu Sans", "linespacing": 1.35, **options}
    axis.text(x, y, text, size=size * 72 / DPI, color=colour, ha=across, **options)


def frame(
    axis: Axes, x: float, y: float, width: float, height: float, colour: str = ORANGE, **options: Any
) -> None:
    """A rectangle, by default not filled, with a line of 3 pixels."""
    from matplotlib.patches import Rectangle

    options = {"fill": False, "linewidth": 3 * 72 / DPI, "zorder": 3, **options}
    axis.add_patch(Rectangle((x, y), width, height, edgecolor=colour, **options))


def arrow(axis: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = QUIET) -> None:
    """A straight arrow."""
    look = {"arrowstyle": "-|>,head_width=0.3,head_length=0.5", "color": colour, "lw": 1.4}
    axis.annotate("", end, start, arrowprops={**look, "shrinkA": 0, "shrinkB": 0})


def squares(
    axis: Axes,
    values: NDArray[Any],
    x: float,
    y: float,
    cell: float,
    low: float,
    high: float,
    colours: str = VALUE_MAP,
    letters: float = LETTERS,
    form: str = "g",
) -> None:
    """A matrix (h, w) as squares of side `cell` with their numbers; NaN squares are empty.

    Colours go from `low` to `high`. `letters` 0 leaves the numbers out.
    """
    import matplotlib as mpl

    values = np.asarray(values, dtype=float)
    colour_map = mpl.colormaps[colours]
    for (row, column), value in np.ndenumerate(values):
        left, top = x + column * cell, y + row * cell
        empty = np.isnan(value)
        red, green, blue, _ = (1, 1, 1, 1) if empty else colour_map((value - low) / (high - low))
        options = {"linewidth": 0.7, "zorder": 1, "fill": True, "facecolor": (red, green, blue)}
        frame(axis, left, top, cell, cell, LINE, **options)
        if letters and not empty:
            ink = "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else "black"
            words(axis, left + cell / 2, top + cell / 2, format(value, form), letters, ink)


def photograph(axis: Axes, values: NDArray[Any], x: float, y: float, width: float) -> None:
    """A picture (h, w) or (h, w, 3) of 8 bits, `width` pixels wide, its own pixels as sharp squares."""
    height = width * values.shape[0] / values.shape[1]
    place = (x, x + width, y + height, y)
    sheet_limits = {"xlim": axis.get_xlim(), "ylim": axis.get_ylim()}
    axis.imshow(
        values, cmap=PICTURE_MAP, vmin=0, vmax=255, extent=place, interpolation="nearest", aspect="auto"
    )
    axis.set(**sheet_limits)  # imshow moves them to the picture's


def window(axis: Axes, x: float, y: float, side: float, colour: str = ORANGE) -> None:
    """The place that a kernel looks at: a frame, lightly tinted."""
    frame(axis, x, y, side, side, colour, fill=True, facecolor=colour, alpha=0.25, linewidth=0, zorder=2)
    frame(axis, x, y, side, side, colour)


# ------------------------------------------------------------------------------------------------ the files


def still(picture: Frame) -> bytes:
    """A picture that stands still, as WebP: lossless or not, whichever is smaller."""
    return min((_webp([(picture, 0.0)], lossless) for lossless in (True, False)), key=len)


def moving(frames: Iterable[tuple[Frame, float]]) -> bytes:
    """Pictures, each with the seconds for which it stays, as one WebP without loss that never ends."""
    return _webp(list(frames), lossless=True)


def _webp(frames: list[tuple[Frame, float]], lossless: bool) -> bytes:
    from PIL import Image

    first, *others = [Image.fromarray(picture) for picture, _ in frames]
    # Method 6 would take a hundred times as long, for 3 % fewer bytes.
    options: dict[str, Any] = {"lossless": lossless, "quality": 90, "method": 4}
    if others:
        seconds = [round(1000 * stays) for _, stays in frames]
        options |= {"save_all": True, "append_images": others, "duration": seconds, "loop": 0}
    file = io.BytesIO()
    first.save(file, format="webp", **options)
    return file.getvalue()
