"""Where a net errs: its confusion matrix, the pictures in each cell, its most confident mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from play import base
from tools import markup, theme

NAMES = {"net": "net", "label": "the digit is", "read": "the net reads"}
CLICK = "Click a cell to see its pictures."
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

CELL_SIDE, SHOWN_PICTURES, SIDE = 28, 4, 70


def show_errors(models: Mapping[str, Any], images: NDArray[Any], labels: NDArray[Any]) -> None:
    """Show where nets err: `models` by name, pictures (n, h, w, channels) as they take them, labels (n,)."""
    base.show(lambda: errors_view(models, images, labels), "where it errs")


def errors_view(models: Mapping[str, Any], images: NDArray[Any], labels: NDArray[Any]) -> base.View:
    """The view; its parts have the names of NAMES, and `picture_of` is what is drawn."""
    from ipywidgets import HTML, Dropdown, VBox

    if words := base.refusal(models, images, labels):
        return base.only_words(words)
    images, labels = base.pictures_with_labels(images, labels)
    shares = {name: base.probabilities(model, images) for name, model in models.items()}
    classes = next(iter(shares.values())).shape[1]
    label, read = worst_cell(confusion(next(iter(shares.values())), labels))
    parts: dict[str, Any] = {
        "net": Dropdown(options=list(models)),
        "label": Dropdown(options=range(classes), value=label),
        "read": Dropdown(options=range(classes), value=read),
    }
    for name, part in parts.items():
        part.description, part.style.description_width = NAMES[name], "100px"
    shown = HTML()

    def redraw(_: object = None) -> None:
        name, cell = parts["net"].value, (parts["label"].value, parts["read"].value)
        shown.value = drawn(name, shares[name], images, labels, cell)

    for part in parts.values():
        part.observe(redraw, "value")
    redraw()
    first = [parts["net"]] if len(models) > 1 else []
    controls = base.controls(*first, parts["label"], parts["read"])
    name = next(iter(models))
    text = description(name, confusion(shares[name], labels))
    return base.View(VBox([controls, shown]), shown.value, text, {**parts, "picture_of": shown})


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
    cell: tuple[int, int],
) -> str:
    """Confusion matrix, the pictures of a cell, and the most confident mistakes of all, as HTML."""
    matrix = confusion(shares, labels)
    here, wrong = chosen(shares, labels, cell), chosen(shares, labels, None)
    of = int(matrix[cell[0]].sum())
    in_cell = IN_CELL.format(name=name, count=len(here), of=of, label=cell[0], read=cell[1])
    facts = {"name": name, "count": min(SHOWN_PICTURES, len(wrong)), "wrong": len(wrong), "of": len(labels)}
    surest = (SURE if len(wrong) else NONE).format(**facts)
    galleries = [
        markup.paragraph(words) + _gallery(images, labels, shares, places)
        for words, places in ((in_cell, here), (surest, wrong))
    ]
    right = f'<div style="max-width: 390px">{"".join(galleries)}</div>'  # beside the matrix
    return markup.page(markup.row(_matrix(name, matrix, cell), right))


def _gallery(
    images: NDArray[Any], labels: NDArray[Any], shares: NDArray[np.float32], places: NDArray[np.int64]
) -> str:
    """The first pictures of these places, side by side."""
    pictures = [_picture(images[at], int(labels[at]), shares[at]) for at in places[:SHOWN_PICTURES]]
    return f'<div style="display: flex; flex-wrap: wrap; gap: 6px">{"".join(pictures)}</div>'


def _matrix(name: str, matrix: NDArray[np.int64], cell: tuple[int, int]) -> str:
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
    x, y = left + cell[1] * side, top + cell[0] * side
    parts.append(markup.box(x, y, side, side, theme.ORANGE))
    area = (left, top, side * classes, side * classes)
    parts.append(markup.clickable("label read", (classes, classes), area, CLICK))
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
