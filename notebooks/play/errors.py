"""Where a net errs: its confusion matrix, the pictures in each cell, its most confident mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from play import base
from tools import markup, theme

NAMES = {"net": "net", "label": "the digit is", "read": "the net reads", "look": "look at"}
CELL, MISTAKES = "one cell of the matrix", "the most confident mistakes"
ROWS, COLUMNS = "the digit is …", "the net reads …"
IN_CELL = "{name}: {count} of {of} pictures of {label} were read as {read}."
SURE = "{name}: its {count} most confident mistakes among {wrong} in {of} pictures."
NONE = "{name} made no mistake on these {of} pictures."
CAPTION = "is {label}, read as {read}"
PICTURE = "A picture of {label}, read as {read} with {share:.0%}."
ALT = (
    "Confusion matrix of {name} on {of} pictures, {right} of them read correctly. Most frequent mistakes: "
    "{mistakes}."
)
MISTAKE = "{label} read as {read} {count} times"

CELL_SIDE, SHOWN_PICTURES, SIDE = 32, 10, 74


def show_errors(models: Mapping[str, Any], images: NDArray[Any], labels: NDArray[Any]) -> None:
    """Show where nets err: `models` by name, pictures (n, h, w, channels) as they take them, labels (n,)."""
    base.show(lambda: errors_view(models, images, labels), "where it errs")


def errors_view(models: Mapping[str, Any], images: NDArray[Any], labels: NDArray[Any]) -> base.View:
    """The view; its parts have the names of NAMES, and `picture_of` is what is drawn."""
    from ipywidgets import HTML, Dropdown, HBox, ToggleButtons, VBox

    images, labels = base.pictures_with_labels(images, labels)
    shares = {name: base.probabilities(model, images) for name, model in models.items()}
    classes = next(iter(shares.values())).shape[1]
    label, read = worst_cell(confusion(next(iter(shares.values())), labels))
    parts: dict[str, Any] = {
        "net": Dropdown(options=list(models)),
        "label": Dropdown(options=range(classes), value=label),
        "read": Dropdown(options=range(classes), value=read),
        "look": ToggleButtons(options=[CELL, MISTAKES]),
    }
    for name, part in parts.items():
        part.description, part.style.description_width = NAMES[name], "100px"
    parts["look"].style.button_width = "auto"
    shown = HTML()

    def redraw(_: object = None) -> None:
        name = parts["net"].value
        for part in (parts["label"], parts["read"]):
            part.disabled = parts["look"].value == MISTAKES
        cell = None if parts["look"].value == MISTAKES else (parts["label"].value, parts["read"].value)
        shown.value = drawn(name, shares[name], images, labels, cell)

    for part in parts.values():
        part.observe(redraw, "value")
    redraw()
    first = [parts["net"]] if len(models) > 1 else []
    controls = [parts["look"], HBox([*first, parts["label"], parts["read"]])]
    name = next(iter(models))
    text = description(name, confusion(shares[name], labels))
    return base.View(VBox([*controls, shown]), shown.value, text, {**parts, "picture_of": shown})


def confusion(shares: NDArray[np.float32], labels: NDArray[Any]) -> NDArray[np.int64]:
    """How often label i was read as j: a matrix (classes, classes)."""
    matrix = np.zeros((shares.shape[1],) * 2, dtype=np.int64)
    np.add.at(matrix, (labels, shares.argmax(axis=1)), 1)
    return matrix


def worst_cell(matrix: NDArray[np.int64]) -> tuple[int, int]:
    """The most frequent mistake, as (label, read as)."""
    mistakes = matrix - np.diag(np.diag(matrix))
    label, read = np.unravel_index(mistakes.argmax(), matrix.shape)
    return int(label), int(read)


def chosen(
    shares: NDArray[np.float32], labels: NDArray[Any], cell: tuple[int, int] | None
) -> NDArray[np.int64]:
    """The places of the pictures in a cell, or of all mistakes; the most confident first."""
    read = shares.argmax(axis=1)
    wanted = (read != labels) if cell is None else (labels == cell[0]) & (read == cell[1])
    places = np.flatnonzero(wanted)
    return places[np.argsort(-shares.max(axis=1)[places], kind="stable")]


# ------------------------------------------------------------------------------------------- what is seen


def drawn(
    name: str,
    shares: NDArray[np.float32],
    images: NDArray[Any],
    labels: NDArray[Any],
    cell: tuple[int, int] | None,
) -> str:
    """Confusion matrix and the chosen pictures as HTML; `cell` None stands for the mistakes."""
    matrix = confusion(shares, labels)
    places = chosen(shares, labels, cell)
    if cell is not None:
        of = int(matrix[cell[0]].sum())
        words = IN_CELL.format(name=name, count=len(places), of=of, label=cell[0], read=cell[1])
    elif len(places):
        count = min(SHOWN_PICTURES, len(places))
        words = SURE.format(name=name, count=count, wrong=len(places), of=len(labels))
    else:
        words = NONE.format(name=name, of=len(labels))
    pictures = [_picture(images[at], int(labels[at]), shares[at]) for at in places[:SHOWN_PICTURES]]
    gallery = '<div style="display: flex; flex-wrap: wrap; gap: 10px">{}</div>'
    below = markup.paragraph(words) + gallery.format("".join(pictures))
    right = f'<div style="max-width: 420px">{below}</div>'  # four pictures, beside the matrix
    return markup.page(markup.row(_matrix(name, matrix, cell), right))


def _matrix(name: str, matrix: NDArray[np.int64], cell: tuple[int, int] | None) -> str:
    """The matrix; what is right is pale, so that the mistakes are seen."""
    classes, side = len(matrix), CELL_SIDE
    left, top = 52, 44
    mistakes = matrix - np.diag(np.diag(matrix))
    codes = markup.colour_codes(mistakes, 0, max(1, int(mistakes.max())), "cividis")
    middle = top + classes * side / 2
    parts = [
        markup.label(left + classes * side / 2, 10, COLUMNS, 13),
        f'<g transform="translate(12 {middle:g}) rotate(-90)">{markup.label(0, 0, ROWS, 13)}</g>',
    ]
    for number in range(classes):
        parts.append(markup.label(left + (number + 0.5) * side, 32, str(number)))
        parts.append(markup.label(36, top + (number + 0.5) * side, str(number)))
    for (row, column), count in np.ndenumerate(matrix):
        x, y = left + column * side, top + row * side
        is_right = row == column
        fill = theme.PAPER if is_right or not count else codes[row][column]
        parts.append(markup.box(x, y, side, side, theme.FAINT, fill, line=0.5))
        if count:
            dark = mistakes[row, column] < 0.5 * max(1, mistakes.max())
            ink = theme.INK if is_right else "#ffffff" if dark else "#000000"
            parts.append(markup.label(x + side / 2, y + side / 2, str(count), 12, colour=ink))
    if cell is not None:
        x, y = left + cell[1] * side, top + cell[0] * side
        parts.append(markup.box(x, y, side, side, theme.ORANGE))
    width = left + classes * side + 4
    return markup.svg(width, top + classes * side + 4, parts, description(name, matrix))


def _picture(image: NDArray[Any], label: int, shares: NDArray[np.float32]) -> str:
    """One picture, and below it the classes that the net thought of."""
    read = int(shares.argmax())
    alt = PICTURE.format(label=label, read=read, share=float(shares.max()))
    likely = np.argsort(-shares)[:3]
    bars = markup.bars(
        [str(k) for k in likely], [float(shares[k]) for k in likely], 12, 0, 40, theme.BLUE, 16
    )
    caption = markup.label(0, 8, CAPTION.format(label=label, read=read), 11, "start")
    below = markup.svg(SIDE + 22, 66, [caption, f'<g transform="translate(0 16)">{bars}</g>'], alt)
    return f"<div>{markup.picture(base.pixels(image), alt, SIDE)}<br>{below}</div>"


def description(name: str, matrix: NDArray[np.int64]) -> str:
    """The matrix in words: how many are right, and the three most frequent mistakes."""
    mistakes = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-mistakes, axis=None, kind="stable")[:3]
    cells = [np.unravel_index(at, matrix.shape) for at in order]
    words = [
        MISTAKE.format(label=int(row), read=int(column), count=int(mistakes[row, column]))
        for row, column in cells
        if mistakes[row, column]
    ]
    right = int(np.trace(matrix))
    return ALT.format(name=name, of=int(matrix.sum()), right=right, mistakes=", ".join(words) or "none")
