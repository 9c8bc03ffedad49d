"""Predict, then reveal: type what each layer of a net gives back and how many weights it has.

A wrong entry is compared with what known mistakes would give, so that one is told which term was missed.
"""

from __future__ import annotations

import ast
import html
import itertools
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from play import base
from tools import markup, theme
from tools.arithmetic import feature_map_size

SHAPE, WEIGHTS = "shape", "weights"
CHECK, REVEAL = "Check", "Reveal"
HEADS = ("layer", "shape of what comes out", "weights and biases")
LAYERS = {
    "conv": "Conv2D, {filters} kernels of 3 × 3, stride {stride}, valid",
    "pool": "MaxPooling2D, 2 × 2",
    "flatten": "Flatten",
    "dense": "Dense, {filters} units",
}
COLUMNS = "minmax(76px, 220px) minmax(136px, 220px) minmax(152px, 260px)"
# Not `grid_column`: ipywidgets set `grid_area` after it, and an empty one takes it back.
WHOLE_ROW = "auto / 1 / auto / -1"
RIGHT, EMPTY = "right", "not filled in yet"
UNKNOWN = {
    SHAPE: "not this shape: work out one side with the size formula first",
    WEIGHTS: "not this number: how many weights has one kernel or unit, and how many of them are there?",
}
NO_SHAPE = "write a shape as numbers with commas between them, such as 5, 5, 8"
NO_NUMBER = "write a number or a product and sum of numbers, such as 5*5*3*8 + 8"
FOLLOWS = "this follows from what you typed for the layer before: look there first"
THREE_AXES = "this layer gives three numbers: height, width and channels"
NOT_SQUARE = "picture and kernel are square, so height and width are the same"
CHANNELS_LAST = "Keras puts the channels last"
INPUTS = "counted with {more} inputs and no biases, or {inputs} inputs and biases: how many numbers come in?"
ALSO, OR = "; and ", "; or "
# A thought that goes wrong → what is said about it. `_side_terms` and the like give each its number.
MISSED = {
    "as large as before": "the kernel's size was not subtracted: “valid” has no padding",
    "kernel forgotten": "k was not subtracted before dividing: the first position costs k pixels",
    "one side": "the kernel's size was subtracted in part only: the first position costs k pixels",
    "without + 1": "the + 1 of the size formula was missed: the first position counts too",
    "stride forgotten": "the stride was missed: it divides the room that remains",
    "stride too much": "this convolution has stride 1: nothing is divided",
    "rounded up": "rounded up: a step that no longer fits is dropped",
    "channels as before": "the last number is that of this layer's kernels, not of the channels that come in",
    "channels multiplied": "a kernel makes one map of all channels that come in, not one for each of them",
    "channels forgotten": "the channels were missed: each kernel makes one map",
    "not halved": "the pooling was missed: of each 2 × 2 block one number is kept",
    "pooling of stride 1": "blocks don't overlap: the next one begins where the last one ended",
    "pooled twice": "halved twice: a block is a quarter of the numbers, but half of each side",
    "channels halved": "pooling works on each map alone: the number of channels stays",
    "a side alone": "one factor was missed: height, width and channels are all multiplied",
    "channels dropped": "the channels were missed: Flatten keeps every number",
    "added": "Flatten keeps every number, so the sides are multiplied, not added",
    "still three axes": "Flatten puts all numbers in one row: one number as the shape",
    "input kept": "a dense layer gives one number a unit, however many come in",
    "biases forgotten": "the biases were missed: one for each kernel or unit",
    "one bias": "a single bias was counted: there is one for each kernel or unit",
    "a bias a weight": "too many biases: there is one a kernel or unit, not one a weight or channel",
    "a bias a place": "too many biases: one kernel has one bias, at whatever position",
    "channels in forgotten": "the channels that come in were missed: a kernel reaches through all of them",
    "area forgotten": "the kernel's area was missed: it has k · k weights for each channel that comes in",
    "k, not k²": "a kernel has k · k weights for each channel that comes in, not k",
    "at each place": "counted at every position: the same weights serve everywhere",
    "kernels forgotten": "that is one kernel or unit: how many are there?",
    "inputs forgotten": "the inputs were missed: each unit has a weight for each number that comes in",
    "no weights here": "this layer only picks or lines up numbers: there is nothing to learn",
}
UNKNOWN_CHANNELS = {
    "conv": "not this number of channels: each kernel makes one map",
    "pool": "not this number of channels: pooling works on each map alone",
}
UNKNOWN_ROW = "not this number: how many numbers come in, over all axes?"
TOTAL = "All in all: {right} of {all} right."
NO_WEIGHTS, ONE_A_UNIT = "no weights", "one number a unit"
EXAMPLES = {SHAPE: "such as 5, 5, 8", WEIGHTS: "such as 5*5*3*8 + 8"}
ANSWERS = "Show the answers"
ALT = (
    "A table with a row for each layer of {net} and empty fields for its output's shape and its weights: "
    "{layers}"
)

OPERATORS: Mapping[type, Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
    ast.Sub: operator.sub,
}
MAX_DIGITS = 12
MAX_ENTRY = 80
MAX_MISSED = 2


@dataclass(frozen=True)
class Layer:
    """One layer and what goes into it: `shape_in` is (height, width, channels) or (numbers,)."""

    kind: str
    shape_in: tuple[int, ...]
    filters: int = 0
    stride: int = 1

    @property
    def name(self) -> str:
        return LAYERS[self.kind].format(filters=self.filters, stride=self.stride)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what comes out, for one picture."""
        if self.kind == "conv":
            sides = (feature_map_size(side, 3, self.stride) for side in self.shape_in[:2])
            return (*sides, self.filters)
        if self.kind == "pool":
            return (self.shape_in[0] // 2, self.shape_in[1] // 2, self.shape_in[2])
        return (prod(self.shape_in),) if self.kind == "flatten" else (self.filters,)

    @property
    def weights(self) -> int:
        """Weights and biases."""
        if self.kind == "conv":
            return 3 * 3 * self.shape_in[2] * self.filters + self.filters
        return self.shape_in[0] * self.filters + self.filters if self.kind == "dense" else 0

    @property
    def sides(self) -> str:
        """How its shape is worked out."""
        if self.kind == "conv":
            return f"⌊({self.shape_in[0]} − 3) / {self.stride}⌋ + 1 = {self.shape[0]}"
        if self.kind == "pool":
            return f"{self.shape_in[0]} / 2 = {self.shape[0]}"
        if self.kind == "flatten":
            return f"{' · '.join(map(str, self.shape_in))} = {self.shape[0]:,}"
        return ONE_A_UNIT

    @property
    def arithmetic(self) -> str:
        """How its weights are counted."""
        if self.kind == "conv":
            return f"3 · 3 · {self.shape_in[2]} · {self.filters} + {self.filters} = {self.weights:,}"
        if self.kind == "dense":
            return f"{self.shape_in[0]:,} · {self.filters} + {self.filters} = {self.weights:,}"
        return NO_WEIGHTS


def layers_of(net: str) -> list[Layer]:
    """The layers of `net_1` or `net_2` for pictures of 28 × 28 × 1 and 10 classes. Raises ValueError else."""
    if net not in ("net_1", "net_2"):
        raise ValueError(f"the nets to predict are net_1 and net_2, not {net}")
    plan: list[tuple[str, int, int]] = [("conv", 32, 1), ("conv", 64, 1 if net == "net_1" else 2)]
    plan += [("pool", 0, 1)] if net == "net_1" else []
    plan += [("flatten", 0, 1), ("dense", 128, 1), ("dense", 10, 1)]
    layers: list[Layer] = []
    shape: tuple[int, ...] = (28, 28, 1)
    for kind, filters, stride in plan:
        layers.append(Layer(kind, shape, filters, stride))
        shape = layers[-1].shape
    return layers


# ------------------------------------------------------------------------------- what an entry may mean


def judge_shape(layer: Layer, entry: str, before: str = "") -> str:
    """RIGHT, or a sentence on what was missed. `before` is what was typed for the layer before."""
    if not entry.strip():
        return EMPTY
    shape = shape_of(entry, len(layer.shape))
    if shape is None:
        return NO_SHAPE
    if shape == layer.shape:
        return RIGHT
    if (fed := _fed_with(layer, before)) and fed.shape == shape:
        return FOLLOWS
    wrong = _wrong_map if len(layer.shape) == 3 else _wrong_row
    words = wrong(layer, shape)
    if fed and UNKNOWN[SHAPE] in words:
        return wrong(fed, shape)  # a wrong thought on top of a wrong shape
    return words


def judge_weights(layer: Layer, entry: str, before: str = "") -> str:
    """RIGHT, or a sentence on what was missed. `before` is what was typed as the shape before this layer."""
    if not entry.strip():
        return EMPTY
    try:
        number = number_of(entry)
    except ValueError:
        return NO_NUMBER
    if number == layer.weights:
        return RIGHT
    if layer.kind in ("pool", "flatten"):
        return MISSED["no weights here"]
    if (fed := _fed_with(layer, before)) and fed.weights == number:
        return FOLLOWS
    if layer.kind == "conv":
        return missed(_kernel_terms(layer), _weights, number) or UNKNOWN[WEIGHTS]
    return missed(_unit_terms(layer), _weights, number) or _other_inputs(layer, number)


def missed(terms: Sequence[Mapping[str, int]], count: Callable[..., int], entry: int) -> str:
    """What is said about the fewest wrong terms, at most two, that make `count` give `entry`; else "".

    A term has its right number under RIGHT, and those of wrong thoughts under their names in MISSED. Where
    several thoughts give the same number, two of them are named.
    """
    ways = []
    for thoughts in itertools.product(*terms):
        wrong = [thought for thought in thoughts if thought != RIGHT]
        numbers = (term[thought] for term, thought in zip(terms, thoughts, strict=True))
        if len(wrong) <= MAX_MISSED and count(*numbers) == entry:
            ways.append(wrong)
    fewest = min(map(len, ways), default=0)
    likely = [way for way in ways if len(way) == fewest][:2]
    return OR.join(ALSO.join(MISSED[thought] for thought in way) for way in likely)


def _term(right: int, **wrong: int) -> dict[str, int]:
    """A term by thought (with _ for spaces); a thought that happens to give the right number is left out."""
    others = {thought.replace("_", " "): value for thought, value in wrong.items()}
    return {RIGHT: right, **{thought: value for thought, value in others.items() if value != right}}


def _fed_with(layer: Layer, before: str) -> Layer | None:
    """The layer, as if what was typed for the one before came in."""
    shape = shape_of(before, len(layer.shape_in))
    if shape is None or len(shape) != len(layer.shape_in) or shape == layer.shape_in or min(shape[:2]) < 3:
        return None
    return replace(layer, shape_in=shape)


def _wrong_map(layer: Layer, shape: tuple[int, ...]) -> str:
    """What is wrong with the shape of feature maps: sides and channels are told apart."""
    if shape == (layer.shape[2], *layer.shape[:2]):
        return CHANNELS_LAST
    if len(shape) not in (2, 3):
        return THREE_AXES
    side, said = shape[0], []
    if side != shape[1]:
        return NOT_SQUARE
    if side != layer.shape[0]:
        count = _places if layer.kind == "conv" else _product
        said.append(missed(_side_terms(layer), count, side) or UNKNOWN[SHAPE])
    if len(shape) == 2:
        said.append(MISSED["channels forgotten"])
    elif shape[2] != layer.shape[2]:
        said.append(missed(_channel_terms(layer), _product, shape[2]) or UNKNOWN_CHANNELS[layer.kind])
    return ALSO.join(said)


def _side_terms(layer: Layer) -> list[dict[str, int]]:
    """The terms of one side: of `_places` for a convolution, the side itself for pooling."""
    side = layer.shape_in[0]
    if layer.kind == "pool":
        return [
            _term(side // 2, not_halved=side, pooling_of_stride_1=side - 1, pooled_twice=side // 4),
        ]
    return [
        _term(side - 3, as_large_as_before=side - 1, kernel_forgotten=side, one_side=side - 2),
        _term(layer.stride, stride_forgotten=1) if layer.stride > 1 else _term(1, stride_too_much=2),
        _term(0, rounded_up=1),
        {RIGHT: 1, "without + 1": 0},
    ]


def _places(room: int, stride: int, is_rounded_up: int, one: int) -> int:
    """The size formula, with each of its terms as it was thought to be."""
    return (-(-room // stride) if is_rounded_up else room // stride) + one


def _channel_terms(layer: Layer) -> list[dict[str, int]]:
    channels = layer.shape_in[2]
    if layer.kind == "pool":
        return [_term(channels, channels_halved=channels // 2)]
    return [
        _term(
            layer.filters,
            channels_as_before=channels,
            channels_multiplied=channels * layer.filters,
            channels_forgotten=1,
        )
    ]


def _wrong_row(layer: Layer, shape: tuple[int, ...]) -> str:
    """What is wrong with the shape of a layer that gives one row of numbers."""
    if layer.kind == "dense":
        return MISSED["input kept"]
    if len(shape) > 1:
        return MISSED["still three axes"]
    height, width, channels = layer.shape_in
    if shape[0] == height + width + channels:
        return MISSED["added"]
    terms = [_term(height * width, a_side_alone=height), _term(channels, channels_dropped=1)]
    return missed(terms, _product, shape[0]) or UNKNOWN_ROW


def _kernel_terms(layer: Layer) -> list[dict[str, int]]:
    """Area, channels in, kernels, biases and places of a convolution's weights."""
    channels, filters = layer.shape_in[2], layer.filters
    places, weights = prod(layer.shape[:2]), 9 * channels * filters
    return [
        {**_term(9, area_forgotten=1), "k, not k²": 3},
        _term(channels, channels_in_forgotten=1),
        _term(filters, kernels_forgotten=1),
        {
            **_term(filters, biases_forgotten=0, one_bias=1, a_bias_a_place=places * filters),
            "a bias a weight": weights,
        },
        _term(1, at_each_place=places),
    ]


def _unit_terms(layer: Layer) -> list[dict[str, int]]:
    """The same for a dense layer, which has neither area nor places."""
    come, units = layer.shape_in[0], layer.filters
    return [
        _term(1),
        _term(come, inputs_forgotten=1),
        _term(units, kernels_forgotten=1),
        _term(units, biases_forgotten=0, one_bias=1, a_bias_a_weight=come * units),
        _term(1),
    ]


def _product(*factors: int) -> int:
    return prod(factors)


def _weights(area: int, channels: int, kernels: int, biases: int, places: int) -> int:
    return (area * channels * kernels + biases) * places


def _other_inputs(layer: Layer, number: int) -> str:
    """What is said when a dense layer's weights were counted with another number of inputs."""
    more, rest = divmod(number, layer.filters)
    return (
        INPUTS.format(more=f"{more:,}", inputs=f"{more - 1:,}") if more > 1 and not rest else UNKNOWN[WEIGHTS]
    )


def shape_of(entry: str, axes: int) -> tuple[int, ...] | None:
    """A shape as typed: `26, 26, 32`, `(None, 26, 26, 32)`, `26×26×32`. None if it is not one.

    A shape of a single axis may be written as a product or with thousands, `5*5*8` or `9,216`.
    """
    plain = re.sub(r"(?i)none", "", entry).strip(" ,;()[]")
    if not plain or len(plain) > MAX_ENTRY or re.search(r"[^\d\s,;x×*·()_]|\*\*", plain):
        return None
    if axes == 1 and re.fullmatch(r"[\d\s*·]+|\d{1,3}([,_]\d{3})+", plain):
        with suppress(ValueError):
            return (number_of(plain),)
    return tuple(int(number) for number in re.findall(r"\d+", plain)) or None


def number_of(entry: str) -> int:
    """A whole number, or sums and products of such, as typed: `1,179,776`, `3·3·32·64 + 64`.

    Nothing is run: only whole numbers, +, − and × are read. Raises ValueError for anything else.
    """
    if len(entry) > MAX_ENTRY:
        raise ValueError(entry)
    plain = re.sub(r"(?<=\d)[,_ ](?=\d{3}(?!\d))", "", entry.strip())
    plain = re.sub(r"[·×x]", "*", plain).replace("−", "-")
    try:
        return _value(ast.parse(plain, mode="eval").body)
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError(entry) from None


def _value(node: ast.AST) -> int:
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool) and len(str(value)) <= MAX_DIGITS:
            return value
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in OPERATORS:
            return OPERATORS[type(sign)](_value(left), _value(right))
    raise ValueError


# ------------------------------------------------------------------------------------------- what is seen


def predict_shapes(net: str) -> None:
    """Show the fields for `net_1` or `net_2`: shapes and weights to type in, to check and to reveal."""
    base.show(lambda: prediction_view(net), f"predict {net}")


def prediction_view(net: str) -> base.View:
    """The fields as a view. Parts: `shape 0`, `weights 0`, … by layer, `check`, `reveal`, `said`."""
    from ipywidgets import HTML, Button, GridBox, HBox, Layout, Text, VBox

    layers = layers_of(net)
    parts: dict[str, Any] = {"check": Button(description=CHECK), "reveal": Button(description=REVEAL)}
    parts["check"].button_style = "primary"
    cells: list[Any] = [HTML(f"<b>{head}</b>") for head in HEADS]
    said = {number: HTML(layout=Layout(grid_area=WHOLE_ROW)) for number in range(len(layers))}
    for number, layer in enumerate(layers):
        cells.append(
            HTML(f'<div style="line-height: 1.35; color: {theme.INK}">{html.escape(layer.name)}</div>')
        )
        for what in (SHAPE, WEIGHTS):
            field = Text(
                description=what, continuous_update=False, layout=Layout(width="auto", margin="2px 0")
            )
            field.style.description_width = "52px"
            field.tooltip = f"{layer.name}: {HEADS[1 if what == SHAPE else 2]}"
            field.placeholder = EXAMPLES[what]
            parts[f"{what} {number}"] = field
            cells.append(field)
        cells.append(said[number])
    total = HTML()
    grid = GridBox(cells, layout=Layout(grid_template_columns=COLUMNS, grid_gap="2px 8px"))

    def findings(number: int) -> list[tuple[str, str]]:
        shape, weights = (parts[f"{what} {number}"].value for what in (SHAPE, WEIGHTS))
        before = parts[f"{SHAPE} {number - 1}"].value if number else ""
        return [
            (HEADS[1], judge_shape(layers[number], shape, before)),
            (HEADS[2], judge_weights(layers[number], weights, before)),
        ]

    def score() -> None:
        right = sum(word == RIGHT for number in said for _, word in findings(number))
        total.value = markup.paragraph(TOTAL.format(right=right, all=2 * len(layers)))

    def check(_: object = None) -> None:
        for number in said:
            said[number].value = marks(findings(number))
        score()

    def check_row(number: int) -> Callable[[object], None]:
        def look(_: object) -> None:
            said[number].value = marks([finding for finding in findings(number) if finding[1] != EMPTY])
            score()

        return look

    def reveal(_: object) -> None:
        for number, layer in enumerate(layers):
            said[number].value = marks([(what, word) for what, word in findings(number)], revealed(layer))
        score()

    parts["check"].on_click(check)
    parts["reveal"].on_click(reveal)
    for number in said:
        for what in (SHAPE, WEIGHTS):
            parts[f"{what} {number}"].observe(check_row(number), "value")
    names = [layer.name for layer in layers]
    return base.View(
        VBox([grid, HBox([parts["check"], parts["reveal"]]), total]),
        still(layers),
        ALT.format(net=net, layers="; ".join(names)),
        {**parts, "said": said, "total": total},
    )


def revealed(layer: Layer) -> tuple[str, str]:
    """The right shape and the right number of weights, each with its arithmetic."""
    return f"{', '.join(map(str, layer.shape))} ({layer.sides})", layer.arithmetic


def marks(findings: Sequence[tuple[str, str]], answers: Sequence[str] = ()) -> str:
    """Each finding with a mark and words, or what is right in the place of what was not found.

    Colour alone says nothing.
    """
    lines = []
    for number, (what, word) in enumerate(findings):
        mark = "✓" if word == RIGHT else "·" if word == EMPTY else "✗"
        lines.append(f"{mark} {html.escape(what)}: {html.escape(answers[number] if answers else word)}")
    style = f"line-height: 1.35; margin: 0 0 8px 12px; color: {theme.INK}"
    return f'<div role="status" style="{style}">{"<br>".join(lines)}</div>'


def still(layers: list[Layer]) -> str:
    """The table to fill in on paper, where widgets don't run, and the answers folded away under it."""
    asked = _table([(layer.name, "?", "?") for layer in layers])
    answers = _table([(layer.name, *revealed(layer)) for layer in layers])
    return markup.page(asked, f"<details><summary>{ANSWERS}</summary>{answers}</details>")


def _table(rows: list[tuple[str, str, str]]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in HEADS)
    lines = [
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(shape)}</td>'
        f"<td>{html.escape(weights)}</td></tr>"
        for name, shape, weights in rows
    ]
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
