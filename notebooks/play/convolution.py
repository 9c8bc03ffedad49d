"""The convolution explorer: a kernel slides over a picture, and every number that it makes is written out.

One chooses picture, kernel, size, stride and padding, steps or plays through the places, types in a kernel of
one's own, and flips it to see what mathematicians call a convolution.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from play import base
from tools import markup, theme
from tools.arithmetic import convolve

VERTICAL, HORIZONTAL, BLUR = "edge, left against right", "edge, top against bottom", "blur (mean)"
EXAMPLE, OWN = "the example", "own numbers"
NAMES = {
    "picture": "picture",
    "kernel": "kernel",
    "size": "kernel size",
    "stride": "stride",
    "padding": "padding",
    "place": "position",
    "own": "own kernel",
    "whole": "show the whole feature map",
    "flip": "flip the kernel",
}
MAP = "feature map"
CLICK = "Click a position to put the window there."
PADDED = "picture, padding {padding}"
FORMULA = "⌊({side} + 2 · {padding} − {kernel}) / {stride}⌋ + 1 = {places}"
BOTH_SIDES = "Positions in a row and in a column: {formula}"
EACH_SIDE = "Positions, height: {height} · width: {width}"
FLIPPED = (
    "The kernel is flipped, left to right and upside down. This is the convolution of mathematics. "
    "{difference}"
)
AS_IT_IS = "The kernel is not flipped. This is the cross-correlation that Keras' layers compute."
DIFFERS = "{count} of the {all} sums change; at this position it is {after} instead of {before}."
SAME = "This kernel looks the same when it is flipped, so no sum changes."
NO_EDGE = "One number has no left and right, no top and bottom: of size 1, this kernel copies the picture."
NOT_ROWS = "Write the kernel as rows of numbers below 10,000, such as 1 0 -1, all of the same length."
TOO_LARGE = "Kernels of up to {most} × {most} numbers can be shown here."
DOES_NOT_FIT = "{reason}: choose a smaller kernel or more padding."
ALT = (
    "Picture of {height} by {width} numbers with padding {padding}, kernel {kernel}, stride {stride}. "
    "Feature map of {rows} by {columns}; the window is at position ({row}, {column}), where the sum is "
    "{value}."
)
BACK, NEXT = "previous position", "next position"
NO_PICTURES = "the explorer needs at least one picture, by its name"
NO_MATRIX = "{name} is no grey picture: it has shape {shape}, not (height, width)"

SIZES = (1, 2, 3, 5)
MAX_KERNEL = 7
MAX_NUMBER = 10_000  # more digits don't fit into the squares
PLAY_SECONDS = 40  # for all places, at 0.1 to 0.9 s each
EXAMPLE_KERNEL = np.array([[1, 0, -1], [2, 0, -1], [0, 1, 0]])
WIDTH, MAX_CELL, READABLE_CELL = 700, 34, 20


@dataclass(frozen=True)
class Setting:
    """What is chosen: a picture (h, w), a kernel (kh, kw) as it was typed, and how it slides."""

    picture: NDArray[Any]
    kernel: NDArray[Any]
    stride: int = 1
    padding: int = 0
    place: int = 0
    """counted row by row"""
    whole: bool = True
    flip: bool = False

    @property
    def used(self) -> NDArray[Any]:
        """The kernel that slides."""
        return np.flip(self.kernel) if self.flip else self.kernel

    def feature_map(self) -> NDArray[np.float64]:
        """Raises ValueError when the kernel does not fit."""
        return convolve(self.picture, self.used, self.stride, self.padding)


def explore_convolution(pictures: Mapping[str, NDArray[Any]]) -> None:
    """Show the explorer for grey pictures (h, w) of up to some 30 pixels a side, by their names.

    Raises ValueError when there is none or one is no matrix.
    """
    base.show(lambda: convolution_view(pictures), "convolution explorer")


def convolution_view(pictures: Mapping[str, NDArray[Any]]) -> base.View:
    """The explorer as a view; its parts have the names of NAMES, and `picture_of` is what is drawn."""
    from ipywidgets import HTML, Button, Checkbox, Dropdown, HBox, IntSlider, Layout, Play, Textarea, VBox

    for name, grey in pictures.items():
        if np.ndim(grey) != 2:
            raise ValueError(NO_MATRIX.format(name=name, shape=np.shape(grey)))
    if not pictures:
        raise ValueError(NO_PICTURES)
    parts: dict[str, Any] = {
        "picture": Dropdown(options=list(pictures)),
        "kernel": Dropdown(options=[EXAMPLE, VERTICAL, HORIZONTAL, BLUR, OWN]),
        "size": Dropdown(options=SIZES, value=3),
        "stride": IntSlider(1, 1, 3),
        "padding": IntSlider(0, 0, 2),
        "place": IntSlider(0, 0, 8),
        "own": Textarea("0 0 0\n0 1 0\n0 0 0", rows=3),
        "whole": Checkbox(value=True),
        "flip": Checkbox(value=False),
    }
    for name, part in parts.items():
        part.description, part.style = NAMES[name], {"description_width": "90px"}
        part.layout = Layout(width=base.CONTROL_WIDTH)  # one each: hiding one must not hide the others
    play = Play(min=0, max=8, interval=900, show_repeat=False, layout=Layout(width="auto"))
    back, on = Button(icon="step-backward", tooltip=BACK), Button(icon="step-forward", tooltip=NEXT)
    for button in (back, on):
        button.layout = Layout(width="42px")
    shown = HTML()

    def setting() -> Setting:
        values = {name: parts[name].value for name in ("stride", "padding", "place", "whole", "flip")}
        kernel = kernel_of(parts["kernel"].value, parts["size"].value, parts["own"].value)
        return Setting(np.asarray(pictures[parts["picture"].value], dtype=float), kernel, **values)

    def redraw(_: Any = None) -> None:
        parts["size"].disabled = parts["kernel"].value in (EXAMPLE, OWN)
        parts["own"].layout.display = "" if parts["kernel"].value == OWN else "none"
        try:
            now = setting()
            last = now.feature_map().size - 1
        except ValueError as reason:
            words = str(reason)
            fits = words in (NOT_ROWS, TOO_LARGE.format(most=MAX_KERNEL))
            shown.value = markup.page(
                markup.paragraph(words if fits else DOES_NOT_FIT.format(reason=words[0].upper() + words[1:]))
            )
            return
        parts["place"].max = play.max = last
        play.interval = int(min(max(1000 * PLAY_SECONDS / (last + 1), 100), 900))
        is_no_edge = parts["kernel"].value in (VERTICAL, HORIZONTAL) and parts["size"].value == 1
        shown.value = drawn(setting(), NO_EDGE if is_no_edge else "")

    def step(by: int) -> Callable[[Any], None]:
        def go(_: Any) -> None:
            parts["place"].value = min(max(parts["place"].value + by, 0), parts["place"].max)

        return go

    def follow(change: Any) -> None:
        if change["new"] != parts["place"].value:  # else it was the slider that moved
            parts["whole"].value = False  # while it plays, one sees the map fill
            parts["place"].value = change["new"]

    def lead(change: Any) -> None:
        play.value = change["new"]  # so that it plays on from where one has stepped

    back.on_click(step(-1))
    on.on_click(step(1))
    play.observe(follow, "value")
    parts["place"].observe(lead, "value")
    for part in parts.values():
        part.observe(redraw, "value")
    redraw()
    box = VBox(
        [
            base.controls(
                *(parts[name] for name in ("picture", "kernel", "size", "own", "stride", "padding"))
            ),
            base.controls(parts["place"], HBox([back, on, play], layout=Layout(width="auto"))),
            base.controls(parts["whole"], parts["flip"]),
            shown,
        ]
    )
    return base.View(box, shown.value, description(setting()), {**parts, "play": play, "picture_of": shown})


def kernel_of(name: str, size: int, typed: str) -> NDArray[Any]:
    """The kernel of this name; `size` counts for edges and blur, `typed` for one's own numbers.

    Raises ValueError with a sentence when what is typed is no kernel.
    """
    if name == EXAMPLE:
        return EXAMPLE_KERNEL
    if name == BLUR:
        return np.full((size, size), 1 / size**2)
    if name == OWN:
        return _typed(typed)
    signs = np.sign(np.arange(size)[::-1] - (size - 1) / 2) if size > 1 else np.ones(1)
    edge = np.repeat(signs[None], size, axis=0).astype(int)
    return edge if name == VERTICAL else edge.T


def _typed(text: str) -> NDArray[Any]:
    lines = [line.replace(",", " ").replace("−", "-").split() for line in text.splitlines() if line.strip()]
    try:
        kernel = np.array([[float(number) for number in line] for line in lines])
    except ValueError:
        raise ValueError(NOT_ROWS) from None
    if kernel.ndim != 2 or not (np.abs(kernel) < MAX_NUMBER).all():
        raise ValueError(NOT_ROWS)
    if max(kernel.shape) > MAX_KERNEL:
        raise ValueError(TOO_LARGE.format(most=MAX_KERNEL))
    return kernel


# ------------------------------------------------------------------------------------------- what is seen


def drawn(now: Setting, note: str = "") -> str:
    """Picture, kernel, feature map, the sum at the place, the size formula and one more sentence, as HTML."""
    result = now.feature_map()
    row, column = divmod(min(now.place, result.size - 1), result.shape[1])
    padded = np.pad(now.picture, now.padding)
    kernel = now.used
    # The kernel's numbers can always be read; picture and map share what room is left.
    weight_cell = min(MAX_CELL, 5 * MAX_CELL / kernel.shape[1])
    room = WIDTH - 70 - kernel.shape[1] * weight_cell
    cell = min(weight_cell, room / (padded.shape[1] + result.shape[1]))
    kernel_left = 31 + padded.shape[1] * cell
    lefts = (1, kernel_left, kernel_left + 30 + kernel.shape[1] * weight_cell)
    seen = result.copy()
    if not now.whole:
        seen.flat[row * result.shape[1] + column + 1 :] = np.nan
    titles = (PADDED.format(padding=now.padding), NAMES["kernel"], MAP)
    top_line = 20
    parts = [markup.label(left, 8, title, 13, "start") for left, title in zip(lefts, titles, strict=True)]
    parts.append(_group("picture", _cells(padded, lefts[0], top_line, cell, padded, "gray")))
    parts.append(_padding_marks(now, lefts[0], top_line, cell))
    low, high = kernel.min(), max(kernel.max(), kernel.min() + 1)
    weights = markup.matrix(_rounded(kernel), lefts[1], top_line, weight_cell, low, high)
    parts.append(_group("kernel", weights))
    parts.append(_group("map", _cells(seen, lefts[2], top_line, cell, result, theme.VALUE_MAP)))
    height, width = (side * cell for side in kernel.shape)
    left, top = lefts[0] + column * now.stride * cell, top_line + row * now.stride * cell
    parts.append(markup.box(left, top, width, height, theme.ORANGE))
    parts.append(markup.box(lefts[2] + column * cell, top_line + row * cell, cell, cell, theme.ORANGE))
    area = (lefts[2], top_line, cell * result.shape[1], cell * result.shape[0])
    parts.append(markup.clickable("place", result.shape, area, CLICK))
    tall = 24 + max(cell * max(padded.shape[0], result.shape[0]), weight_cell * kernel.shape[0])
    picture = markup.svg(WIDTH, tall, parts, description(now))
    words = [_sizes(now), _flip(now, row, column), note]
    return markup.page(
        picture, _sum(now, row, column), *(markup.paragraph(sentence) for sentence in words if sentence)
    )


def _group(name: str, drawing: str) -> str:
    """A part of the drawing with a name, by which a test finds its numbers."""
    return f'<g data-part="{name}">{drawing}</g>'


def _cells(
    values: NDArray[Any], left: float, top: float, cell: float, all_values: NDArray[Any], colours: str
) -> str:
    """A matrix with its numbers where they can be read, else as one picture; coloured by `all_values`."""
    low, high = float(all_values.min(initial=0)), float(all_values.max(initial=0))
    high = high if high > low else low + 1
    if cell >= READABLE_CELL:
        return markup.matrix(_rounded(values), left, top, cell, low, high, colours)
    width = cell * values.shape[1]
    frame = markup.box(left, top, width, cell * values.shape[0], theme.FAINT, line=1)
    pixels = markup.coloured(np.nan_to_num(values, nan=low), low, high, colours)
    pixels[np.isnan(values)] = 255
    return markup.image(pixels, left, top, width) + frame


def _rounded(values: NDArray[Any]) -> NDArray[Any]:
    """Two decimals fit into a square; adding 0 makes 0 of −0."""
    return np.round(values, 2) + 0.0


def _padding_marks(now: Setting, left: float, top: float, cell: float) -> str:
    """A dashed frame around the picture itself, where there is padding."""
    if not now.padding:
        return ""
    height, width = now.picture.shape
    return (
        f'<rect x="{left + now.padding * cell:g}" y="{top + now.padding * cell:g}" width="{width * cell:g}" '
        f'height="{height * cell:g}" stroke-dasharray="5 4" stroke-width="2" '
        f'style="fill: none; stroke: {theme.SKY}"/>'
    )


def _sum(now: Setting, row: int, column: int) -> str:
    """The products under the window and their sum; the rows' sums where there are more than nine."""
    kernel = now.used
    top, left = row * now.stride, column * now.stride
    under = np.pad(now.picture, now.padding)[top : top + kernel.shape[0], left : left + kernel.shape[1]]
    if kernel.size <= 9:
        rows = [
            " + ".join(f"{pixel:.3g}·{_signed(weight)}" for pixel, weight in zip(*pair, strict=True))
            for pair in zip(under, kernel, strict=True)
        ]
    else:
        rows = [f"{_signed(value)}" for value in (under * kernel).sum(axis=1)]
    lines = "\n+ ".join(rows) if kernel.size <= 9 else " + ".join(rows)
    total = (under * kernel).sum()
    numbers = [*under.flat, *kernel.flat] if kernel.size <= 9 else list((under * kernel).sum(axis=1))
    is_exact = np.allclose([float(f"{number:.3g}") for number in numbers], numbers, rtol=1e-9)
    is_exact = is_exact and np.isclose(float(f"{total:.4g}"), total, rtol=1e-9)
    text = f"  {lines}\n{'=' if is_exact else '≈'} {total:.4g}"
    return f'<pre style="margin: 8px 0; color: {theme.INK}; background: none">{html.escape(text)}</pre>'


def _signed(value: float) -> str:
    return f"({value:.3g})" if value < 0 else f"{value:.3g}"


def _sizes(now: Setting) -> str:
    """The size formula with the numbers of this setting."""
    formulas = []
    for side, kernel, places in zip(
        now.picture.shape, now.kernel.shape, now.feature_map().shape, strict=True
    ):
        formulas.append(
            FORMULA.format(side=side, padding=now.padding, kernel=kernel, stride=now.stride, places=places)
        )
    height, width = formulas
    if height == width:
        return BOTH_SIDES.format(formula=height)
    return EACH_SIDE.format(height=height, width=width)


def _flip(now: Setting, row: int, column: int) -> str:
    """Whether the kernel is flipped, and what that changes."""
    if not now.flip:
        return AS_IT_IS
    if np.array_equal(now.kernel, now.used):
        return FLIPPED.format(difference=SAME)
    plain, flipped = replace(now, flip=False).feature_map(), now.feature_map()
    difference = DIFFERS.format(
        count=int((~np.isclose(plain, flipped)).sum()),
        all=plain.size,
        before=f"{plain[row, column]:.4g}",
        after=f"{flipped[row, column]:.4g}",
    )
    return FLIPPED.format(difference=difference)


def description(now: Setting) -> str:
    """The picture in words."""
    result = now.feature_map()
    row, column = divmod(min(now.place, result.size - 1), result.shape[1])
    return ALT.format(
        height=now.picture.shape[0],
        width=now.picture.shape[1],
        padding=now.padding,
        kernel=np.round(now.used, 2).tolist(),
        stride=now.stride,
        rows=result.shape[0],
        columns=result.shape[1],
        row=row,
        column=column,
        value=f"{result[row, column]:.4g}",
    )
