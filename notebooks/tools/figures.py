"""The figures of the text, by Matplotlib. `show` gives each a text for people who do not see it."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tools import data
from tools.arithmetic import convolve, feature_map_size
from tools.runtime import grading
from tools.theme import BLUE, ORANGE, PICTURE_MAP, PIXELS, SETTINGS, VALUE_MAP, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def show(figure: Figure | _Unseen, alt: str) -> None:
    """Display a Matplotlib figure as a picture with a text for those who do not see it, and close it."""
    import matplotlib.pyplot as plt
    from IPython.display import display

    output = {"text/plain": f"[Figure: {alt}]"}
    if not grading():  # see _Unseen
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=PIXELS, bbox_inches="tight", pad_inches=0.1, facecolor="white")
        picture = base64.b64encode(png.getvalue()).decode()
        # A PNG says its width in bytes 16 to 19. The page counts 96 pixels an inch; ours are finer.
        width = int.from_bytes(png.getvalue()[16:20], "big") * 96 // PIXELS
        output["text/html"] = (
            f'<img class="course-figure" width="{width}" style="background: white; max-width: 100%" '
            f'alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{picture}">'
        )
    if not isinstance(figure, _Unseen):
        plt.close(figure)  # one of pyplot's would be shown a second time where the cell ends
    display(output, raw=True)


class _Unseen:
    """While grading, in the place of a figure and its axes: takes what is drawn, and draws nothing.

    Drawing takes as long as a training, putting a figure together a tenth of that; and nobody looks at it.
    """

    def imshow(self, picture: Any, **options: Any) -> None:
        """Raise Matplotlib's own TypeError for what is no picture."""
        from matplotlib.image import BboxImage
        from matplotlib.transforms import Bbox

        BboxImage(Bbox.unit()).set_data(picture)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):  # NumPy asks everybody whether they are an array
            raise AttributeError(name)
        return lambda *arguments, **options: None


@contextmanager
def _canvas(rows: int, columns: int, height: float, **options: Any) -> Iterator[tuple[Figure | _Unseen, Any]]:
    """A figure with rows × columns axes in the course's style; nothing to be seen while grading.

    Without pyplot, whose first figure chooses how the notebook shows figures: inside `rc_context`, that would
    be undone at the end, and no figure of a learner's own would appear.
    https://matplotlib.org/stable/gallery/user_interfaces/web_application_server_sgskip.html
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    if grading():
        yield _Unseen(), np.full((rows, columns), _Unseen())
        return
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        yield figure, figure.subplots(rows, columns, squeeze=False, **options)


def _numbers(
    axis: Axes,
    values: NDArray[Any],
    *,
    low: float | None = None,
    high: float | None = None,
    colours: str = VALUE_MAP,
    letters: float = 10,
    title: str = "",
) -> None:
    """A matrix as coloured squares with their numbers in them; NaN squares stay empty."""
    import matplotlib as mpl

    values = np.asarray(values, dtype=float)
    there = values[~np.isnan(values)]
    low = float(there.min(initial=0)) if low is None else low
    high = float(there.max(initial=1)) if high is None else high
    scale = mpl.colors.Normalize(low, high if high > low else low + 1)
    colour_map = mpl.colormaps[colours]
    axis.imshow(values, cmap=colour_map, norm=scale)
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            red, green, blue, _ = colour_map(scale(value))
            dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
            axis.text(
                column, row, f"{value:g}", ha="center", va="center", size=letters, color="w" if dark else "k"
            )
    _grid(axis, values.shape)
    axis.set_title(title)


def _grid(axis: Axes, shape: tuple[int, ...], colour: str = "0.6") -> None:
    """Lines between the pixels of a picture, and no ticks."""
    height, width = shape[:2]
    axis.set(xticks=[], yticks=[])
    axis.set_frame_on(False)
    for place in range(width + 1):
        axis.plot([place - 0.5] * 2, [-0.5, height - 0.5], color=colour, linewidth=0.6, clip_on=False)
    for place in range(height + 1):
        axis.plot([-0.5, width - 0.5], [place - 0.5] * 2, color=colour, linewidth=0.6, clip_on=False)


def _frame(
    axis: Axes, row: float, column: float, height: float, width: float, colour: str, **options: Any
) -> None:
    """A frame around height × width pixels, the first of which is at (row, column)."""
    from matplotlib.patches import Rectangle

    options = {"fill": False, "linewidth": 3, "clip_on": False, **options}
    axis.add_patch(Rectangle((column - 0.5, row - 0.5), width, height, edgecolor=colour, zorder=3, **options))


def show_matrix(image: NDArray[Any], title: str = "", largest: float = 255) -> None:
    """A small matrix (h, w) as a grey picture with the number in every pixel; `largest` is white."""
    with _canvas(1, 1, 3.0) as (figure, axes):
        _numbers(axes[0, 0], image, low=0, high=largest, colours=PICTURE_MAP, title=title)
        show(
            figure,
            f"{title}, with the numbers {image.tolist()}, row by row. 0 is black, {largest:g} is white.",
        )


def show_pixels(image: NDArray[Any], title: str = "", every: int = 4) -> None:
    """A grey picture (h, w) with lines between its pixels; every so many rows and columns are numbered."""
    height, width = image.shape
    with _canvas(1, 1, 3.6) as (figure, axes):
        axes[0, 0].imshow(image, cmap=PICTURE_MAP, interpolation="nearest")
        _grid(axes[0, 0], image.shape, "0.35")
        axes[0, 0].set(xticks=range(0, width, every), yticks=range(0, height, every))
        axes[0, 0].set(xlabel="column", ylabel="row", title=title)
        show(
            figure,
            f"{title}: a picture of {height} rows and {width} columns with a line between any two pixels. "
            f"Rows and columns are counted from 0, and every {every}th has its number.",
        )


def show_convolution(image: NDArray[Any], kernel: NDArray[Any], place: tuple[int, int] = (0, 0)) -> None:
    """Picture, kernel and an empty feature map to work out by hand, with frames for the sum at one place."""
    height, width = kernel.shape
    empty = convolve(image, kernel) * np.nan
    sides = [image.shape[1], width, empty.shape[1]]
    with _canvas(1, 3, 2.8, width_ratios=sides) as (figure, axes):
        _numbers(axes[0, 0], image, colours="Greys_r", low=-6, title="picture")
        _numbers(axes[0, 1], kernel, title="kernel")
        _numbers(axes[0, 2], empty, title="feature map")
        _frame(axes[0, 0], *place, height, width, ORANGE)
        _frame(axes[0, 2], *place, 1, 1, ORANGE)
        show(
            figure,
            f"Picture {image.tolist()} and kernel {kernel.tolist()}. An empty feature map of "
            f"{empty.shape[0]} by {empty.shape[1]}; position {place} has a frame.",
        )


def show_place(image: NDArray[Any], side: int, stride: int, padding: int, place: tuple[int, int]) -> None:
    """A picture in its rings of zeros and an empty feature map, with frames for the window of one place.

    The window is square; `place` is its row and column in the map.
    """
    padded = np.pad(image, padding)
    height, width = image.shape
    rows, columns = (feature_map_size(size, side, stride, padding) for size in (height, width))
    sides = [padded.shape[1], columns]
    with _canvas(1, 2, 3.2, width_ratios=sides) as (figure, axes):
        _numbers(axes[0, 0], padded, colours="Greys_r", low=-6, title="picture with its zeros")
        _numbers(axes[0, 1], np.full((rows, columns), np.nan), title="feature map")
        _frame(axes[0, 0], padding, padding, height, width, BLUE, linewidth=2, linestyle="--")
        _frame(axes[0, 0], place[0] * stride, place[1] * stride, side, side, ORANGE)
        _frame(axes[0, 1], *place, 1, 1, ORANGE)
        show(
            figure,
            f"A picture of {height} by {width} pixels, a dashed frame around it, and "
            f"zeros outside of that: padding {padding}. A window of {side} by {side} begins in row "
            f"{place[0] * stride} and column {place[1] * stride}, counted from the zeros on. It belongs to "
            f"place {place} of an empty feature map of {rows} by {columns}.",
        )


def show_feature_maps(image: NDArray[Any], kernels: Mapping[str, NDArray[Any]]) -> None:
    """A grey picture and what each kernel finds in it."""
    with _canvas(1, len(kernels) + 1, 2.4) as (figure, axes):
        axes[0, 0].imshow(image, cmap=PICTURE_MAP)
        axes[0, 0].set_title("picture")
        for axis, (name, kernel) in zip(axes[0, 1:], kernels.items(), strict=True):
            axis.imshow(convolve(image, kernel), cmap=VALUE_MAP)
            axis.set_title(name)
        for axis in axes.flat:
            axis.axis("off")
        show(
            figure,
            f"A digit and the feature maps of {len(kernels)} kernels: {', '.join(kernels)}. Each map is "
            "bright where the picture looks like its kernel and dark where it looks like the opposite.",
        )


def show_gallery(
    pictures: Sequence[NDArray[Any]] | NDArray[Any],
    titles: Sequence[str],
    columns: int = 5,
    about: str = "Pictures",
    share: float = 1.0,
) -> None:
    """Pictures in rows, each with its title: grey (n, h, w) or colour (n, h, w, 3).

    `share` is the part of the usual width that they take.
    """
    if not len(pictures):
        print(f"{about}: there are none.")
        return
    rows = -(-len(pictures) // columns)
    with _canvas(rows, columns, rows * (share * WIDTH / columns + 0.2)) as (figure, axes):
        figure.set_figwidth(share * WIDTH)
        for axis in axes.flat:
            axis.axis("off")
        for axis, picture, title in zip(axes.flat, pictures, titles, strict=False):
            axis.imshow(picture, cmap=PICTURE_MAP, interpolation="nearest")
            axis.set_title(title, size=10)
        show(figure, f"{about}, in rows of {columns}: {', '.join(titles)}.")


def show_classes(pictures: NDArray[Any], labels: NDArray[Any], each: int = 8) -> None:
    """One row of pictures for each of CIFAR-10's classes, or for each kind of the drawn stand-ins."""
    flat = np.asarray(labels).reshape(-1)
    drawn = data.is_drawn("cifar10")
    names = [f"{number}  {'(drawn)' if drawn else name}" for number, name in enumerate(data.CIFAR_CLASSES)]
    side, gap = pictures.shape[1], 3
    # One large picture: eighty small axes would take seconds.
    sheet = np.full((len(names) * (side + gap), each * (side + gap), 3), 255, dtype=np.uint8)
    for number in range(len(names)):
        for place, picture in enumerate(pictures[flat == number][:each]):
            top, left = number * (side + gap), place * (side + gap)
            sheet[top : top + side, left : left + side] = picture
    with _canvas(1, 1, WIDTH) as (figure, axes):
        axes[0, 0].imshow(sheet, interpolation="nearest")
        axes[0, 0].set_yticks(np.arange(len(names)) * (side + gap) + side / 2, names)
        axes[0, 0].set(xticks=[], frame_on=False)
        axes[0, 0].tick_params(length=0)
        show(figure, f"Up to {each} pictures of each class, one class a row: {', '.join(names)}.")
