"""Draw your own digit: both nets read it, only shrunk, and prepared as MNIST was.

One draws on the pad by mouse, pen, finger or keyboard, or takes a shipped digit and moves it into a corner.
Two pictures show what the nets get, bars show what they make of it. The pad's script is `drawing.js`.

A drawing is uint8 (h, w), white (255) strokes on black (0).
"""

from __future__ import annotations

import functools
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from play import base
from tools import markup, theme
from tools.data import load_sample

if TYPE_CHECKING:
    from anywidget import AnyWidget
    from keras import Model

Drawing = NDArray[np.uint8]
Prepared = NDArray[np.float32]

NAME = "draw your own digit"
PAD_WORDS = {
    "label": "Pad to draw on: arrow keys move the pen, Space lowers and lifts it, C clears, U undoes.",
    "help": "Keyboard: arrow keys move the pen, Space lowers and lifts it, C or Delete clears, U undoes.",
    "undo": "Undo",
    "clear": "Clear",
    "up": "Pen up, column {column}, row {row}",
    "down": "Pen down, column {column}, row {row}",
}
TAKE, CORNER = "Take a digit from MNIST", "Make it small, in a corner"
EMPTY = "The pad is empty. Draw a digit, or take one from MNIST."
SHRUNK, AS_MNIST = "Only shrunk to 28 × 28", "Prepared as MNIST was"
PREPARATIONS, NOTHING = (SHRUNK, AS_MNIST), "–"
PREPARED = "28 by 28 pixels. The ring is the centre of mass, the cross the middle."
READS = "{net} reads {digit}"
SHARES = "{net}, {preparation}: {shares}"
CENTRE, MIDDLE = "○ centre of mass", "+ middle"
NO_NETS = "There is no net to read what you draw: train one first."
OTHER_INPUT = (
    "{net} can't read this: it takes pictures of shape {shape}, and a digit here has the shape (28, 28, 1)."
)
OTHER_OUTPUT = (
    "{net} can't read this: a digit needs ten probabilities, and its answers have the shape {shape}."
)
NO_MODEL = "{net} can't read this: it is {kind}, not a Keras model."

SIDE = 112
"""Side of the pad in pixels: four for each of MNIST's."""
_PEN = 8  # two of MNIST's pixels wide, as its strokes are when a digit fills the pad
_STEP = 4  # one of MNIST's pixels
_CORNER_SIDE = 40  # the longer side of a small digit in a corner
_CORNER_PLACE = 4
_TEST_PART = 4000  # in quick mode the nets train on the shipped digits before this one

_STYLE = """
.course-pad { width: 282px; margin: 6px; max-width: 100%; color: var(--jp-content-font-color1, #212121); }
.course-pad-frame { position: relative; width: 280px; border: 1px solid var(--jp-border-color1, #9e9e9e); }
.course-pad canvas { display: block; width: 280px; height: 280px; background: black; cursor: crosshair;
  touch-action: none; }
.course-pad canvas:focus { outline: 3px solid #d55e00; outline-offset: 2px; }
.course-pad-pen { position: absolute; width: 18px; height: 18px; margin: -11px 0 0 -11px;
  pointer-events: none; border: 2px solid #56b4e9; border-radius: 50%; visibility: hidden; }
.course-pad-pen.down { background: #d55e00; }
.course-pad canvas:focus + .course-pad-pen { visibility: visible; }
.course-pad button { margin: 8px 6px 4px 0; }
.course-pad-status, .course-pad-help { font-size: 13px; line-height: 1.4; }
"""


def draw_digit(models: Mapping[str, Model]) -> None:
    """Show a pad to draw a digit on, and what each net reads, by name.

    The nets take float32 pictures (n, 28, 28, 1) from 0 to 1 and return ten shares each; one that does not
    is named in a sentence.
    """
    base.show(lambda: draw_digit_view(models), NAME)


def draw_digit_view(models: Mapping[str, Model]) -> base.View:
    """The view of `draw_digit`; its parts: `pad`, `verdict`, `picture_of`, the buttons `take`, `corner`."""
    import ipywidgets as widgets

    nets = {name: model for name, model in models.items() if not _refusal(name, model)}
    refusals = [_refusal(name, model) for name, model in models.items() if name not in nets]
    if not nets:
        words = " ".join(refusals) or NO_NETS
        return base.only_words(words)

    notes = "".join(markup.paragraph(sentence) for sentence in refusals)
    digits, _ = load_sample("mnist")
    chosen = iter(np.random.default_rng(1).permutation(digits[_TEST_PART:]))
    pad, verdict, reading = make_pad(), widgets.HTML(), widgets.HTML()
    take, corner = (
        widgets.Button(description=words, layout=widgets.Layout(width="auto")) for words in (TAKE, CORNER)
    )

    def read(_: Any = None) -> None:
        verdict.value, reading.value, _ = _read(nets, drawing_of(pad))

    read()
    pad.observe(read, "pixels")
    take.on_click(lambda _: pad.set_trait("pixels", on_pad(next(chosen)).tobytes()))
    corner.on_click(lambda _: pad.set_trait("pixels", in_corner(drawing_of(pad)).tobytes()))

    *still, words = _read(nets, in_corner(on_pad(digits[_TEST_PART])))
    beside = widgets.HBox([pad, reading], layout=widgets.Layout(flex_flow="row wrap"))
    # What is read stands above the pad, where one looks while drawing, and keeps its height.
    top = [widgets.HTML(notes)] if notes else []
    return base.View(
        widgets.VBox([*top, base.controls(take, corner), verdict, beside]),
        markup.page(notes, *still),
        " ".join([*refusals, words]),
        {"pad": pad, "verdict": verdict, "picture_of": reading, "take": take, "corner": corner},
    )


def make_pad() -> AnyWidget:
    """An empty pad. Its trait `pixels` holds the drawing, SIDE × SIDE bytes, row by row."""
    return _pad_class()()


def drawing_of(pad: AnyWidget) -> Drawing:
    """What a pad holds, (SIDE, SIDE)."""
    return np.frombuffer(pad.pixels, np.uint8).reshape(SIDE, SIDE)


@functools.cache
def _pad_class() -> type[AnyWidget]:
    """The class of the pad, made when it is first wanted: importing anywidget takes a while."""
    import anywidget
    import traitlets

    class Pad(anywidget.AnyWidget):
        _esm = (Path(__file__).parent / "drawing.js").read_text(encoding="utf-8")
        _css = _STYLE
        # No echo: it would come back while the next stroke is being drawn.
        pixels = traitlets.CBytes(bytes(SIDE * SIDE)).tag(sync=True, echo_update=False)
        side = traitlets.Int(SIDE).tag(sync=True)
        pen = traitlets.Int(_PEN).tag(sync=True)
        step = traitlets.Int(_STEP).tag(sync=True)
        words = traitlets.Dict(PAD_WORDS).tag(sync=True)

    return Pad


# ------------------------------------------------------------------------------------------- preparations


def as_mnist(drawing: Drawing) -> Prepared:
    """A drawing (h, w) prepared as MNIST's digits were, (28, 28), from 0 to 1.

    The digit is cut out, scaled to fit 20 × 20 pixels with its aspect ratio kept and its edges smoothed, and
    placed so that its centre of mass lies in the middle (LeCun, Cortes and Burges, the MNIST page). An empty
    drawing stays empty.
    """
    cut = _cut_out(drawing)
    field = np.zeros((28, 28), np.float32)
    if not cut.size:
        return field
    digit = _scaled(cut, 20).astype(np.float32) / np.float32(255)
    height, width = digit.shape
    down, across = centre_of_mass(digit)
    # Whole pixels, and rounded up: in all shipped digits the centre lies 14 to 15 pixels from the edge.
    top = int(np.clip(np.ceil(14 - down), 0, 28 - height))
    left = int(np.clip(np.ceil(14 - across), 0, 28 - width))
    field[top : top + height, left : left + width] = digit
    return field


def shrunk(drawing: Drawing) -> Prepared:
    """A square drawing only shrunk to (28, 28), from 0 to 1: size and place of the digit stay as drawn."""
    return _resized(drawing, (28, 28)).astype(np.float32) / np.float32(255)


def centre_of_mass(picture: NDArray[Any]) -> tuple[float, float]:
    """How far below the upper and right of the left edge the centre of the grey values lies, in pixels.

    The picture must not be empty.
    """
    rows, columns = np.indices(picture.shape) + 0.5
    total = float(picture.sum())
    return float((rows * picture).sum()) / total, float((columns * picture).sum()) / total


def on_pad(digit: Drawing) -> Drawing:
    """One of MNIST's digits (28, 28) as a drawing (SIDE, SIDE), each pixel a square: nothing is blurred."""
    return digit.repeat(SIDE // 28, axis=0).repeat(SIDE // 28, axis=1)


def in_corner(drawing: Drawing) -> Drawing:
    """The drawing's digit, small, in the upper left corner of an empty pad (SIDE, SIDE)."""
    corner = np.zeros((SIDE, SIDE), np.uint8)
    digit = _cut_out(drawing)
    if digit.size:
        digit = _scaled(digit, _CORNER_SIDE)
        height, width = digit.shape
        corner[_CORNER_PLACE : _CORNER_PLACE + height, _CORNER_PLACE : _CORNER_PLACE + width] = digit
    return corner


def _cut_out(drawing: Drawing) -> Drawing:
    """The smallest box with everything that is not black; of an empty drawing (0, 0)."""
    rows, columns = (np.flatnonzero(drawing.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return drawing[:0, :0]
    return drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _scaled(digit: Drawing, longest: int) -> Drawing:
    """The digit with its longer side `longest` pixels long, its aspect ratio kept."""
    factor = longest / max(digit.shape)
    height, width = (max(1, round(side * factor)) for side in digit.shape)
    return _resized(digit, (height, width))


def _resized(picture: Drawing, shape: tuple[int, int]) -> Drawing:
    """The picture in another size. Pillow widens its filter when it shrinks, so edges become grey."""
    from PIL import Image

    height, width = shape
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR))


# ------------------------------------------------------------------------------------------------ pictures

_SIDE_SHOWN, _STEP_SHOWN, _BAR = 112, 17, 62
_CHART_WIDTH, _HEIGHT = 152, 26 + 10 * _STEP_SHOWN
_CELL = "padding: 2px 8px 2px 0; text-align: left; font-size: 13px; white-space: nowrap"


def _refusal(name: str, model: Any) -> str:
    """One sentence on why this net can't read a digit, or an empty one."""
    if not (callable(model) and hasattr(model, "input_shape")):
        return NO_MODEL.format(net=name, kind=type(model).__name__)
    if tuple(model.input_shape)[1:] != (28, 28, 1):
        return OTHER_INPUT.format(net=name, shape=tuple(model.input_shape)[1:])
    if tuple(model.output_shape)[1:] != (10,):
        return OTHER_OUTPUT.format(net=name, shape=tuple(model.output_shape)[1:])
    return ""


def _read(nets: Mapping[str, Model], drawing: Drawing) -> tuple[str, str, str]:
    """What the nets read in a few words, what they get and how sure they are, as HTML, and all in words."""
    if not drawing.any():
        nothing = _verdict(list(nets), {preparation: [NOTHING] * len(nets) for preparation in PREPARATIONS})
        return nothing, markup.page(markup.paragraph(EMPTY)), EMPTY
    pictures = dict(zip(PREPARATIONS, (shrunk(drawing), as_mnist(drawing)), strict=True))
    batch = np.stack(list(pictures.values()))[..., np.newaxis]
    shares = {name: base.probabilities(model, batch) for name, model in nets.items()}
    lines, rows, sentences = [], {}, []
    for number, (preparation, picture) in enumerate(pictures.items()):
        read = {name: of_net[number] for name, of_net in shares.items()}
        lines.append(_title(preparation) + _line(preparation, picture, read))
        rows[preparation] = [f"{of_net.argmax()} ({of_net.max():.0%})" for of_net in read.values()]
        words = (
            READS.format(net=name, digit=said) for name, said in zip(read, rows[preparation], strict=True)
        )
        sentences.append(f"{preparation}: {', '.join(words)}.")
    return _verdict(list(nets), rows), markup.page(*lines), " ".join(sentences)


def _verdict(nets: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """A table: what each net reads, by preparation. It has the same height, whatever is read."""
    heads = "".join(
        f'<th scope="col" style="{_CELL}">{READS.format(net=html.escape(net), digit="")}</th>' for net in nets
    )
    lines = [
        f'<tr><th scope="row" style="{_CELL}">{preparation}</th>'
        + "".join(f'<td style="{_CELL}; font-weight: bold">{said}</td>' for said in read)
        + "</tr>"
        for preparation, read in rows.items()
    ]
    table = f'<table style="color: {theme.INK}; margin: 0"><tr><td></td>{heads}</tr>{"".join(lines)}</table>'
    return markup.page(f'<div role="status">{table}</div>')


def _title(words: str) -> str:
    return f'<div style="font-weight: bold; margin: 4px 0; color: {theme.INK}">{words}</div>'


def _line(preparation: str, picture: Prepared, read: Mapping[str, NDArray[Any]]) -> str:
    """A prepared picture, and beside it the bars of each net."""
    charts = [_chart(name, preparation, shares) for name, shares in read.items()]
    return markup.row(_field(preparation, picture), *charts)


def _field(preparation: str, picture: Prepared) -> str:
    """The picture with its middle and its centre of mass."""
    pixel, middle = _SIDE_SHOWN / 28, _SIDE_SHOWN / 2
    down, across = (pixel * place for place in centre_of_mass(picture)) if picture.any() else (middle, middle)
    parts = [
        markup.image(picture, 0, 0, _SIDE_SHOWN, 0, 1),
        markup.curve([(middle - 7, middle), (middle + 7, middle)], theme.SKY),
        markup.curve([(middle, middle - 7), (middle, middle + 7)], theme.SKY),
        f'<circle cx="{across:.1f}" cy="{down:.1f}" r="5" stroke-width="2" '
        f'style="fill: none; stroke: {theme.ORANGE}"/>',
        markup.label(0, _SIDE_SHOWN + 14, CENTRE, 12, "start"),
        markup.label(0, _SIDE_SHOWN + 32, MIDDLE, 12, "start"),
    ]
    return markup.svg(_SIDE_SHOWN, _SIDE_SHOWN + 44, parts, f"{preparation}: {PREPARED}")


def _chart(name: str, preparation: str, shares: NDArray[Any]) -> str:
    """Ten bars; the longest one has another colour and an arrow."""
    winner = int(shares.argmax())
    parts = [markup.label(4, 10, READS.format(net=name, digit=winner), 13, "start", bold=True)]
    for digit, share in enumerate(map(float, shares)):
        top, colour = 22 + digit * _STEP_SHOWN, theme.ORANGE if digit == winner else theme.BLUE
        parts.append(markup.bars([str(digit)], [share], 14, top, _BAR, colour, _STEP_SHOWN))
    place = 22 + (winner + 0.5) * _STEP_SHOWN
    parts.append(markup.label(14 + 12 + _BAR * float(shares[winner]) + 38, place, "◀", 12, "start"))
    listed = ", ".join(f"{digit} {share:.0%}" for digit, share in enumerate(shares))
    alt = SHARES.format(net=name, preparation=preparation, shares=listed)
    return markup.svg(_CHART_WIDTH, _HEIGHT, parts, alt)
