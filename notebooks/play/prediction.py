"""Predict, then reveal: type what each layer of a net gives back and how many weights it has.

A wrong entry is compared with what known mistakes would give, so that one is told which term was missed.
"""

from __future__ import annotations

import ast
import html
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import tools

from play import base

SHAPE, WEIGHTS = "shape", "weights"
CHECK, REVEAL = "Check", "Reveal"
HEADS = ("layer", "shape of what comes out", "weights and biases", "")
LAYERS = {
    "conv": "Conv2D, {filters} kernels of 3 × 3, stride {stride}, valid",
    "pool": "MaxPooling2D, 2 × 2",
    "flatten": "Flatten",
    "dense": "Dense, {filters} units",
}
RIGHT, EMPTY = "right", "not filled in yet"
UNKNOWN = {
    SHAPE: "not this shape: work out one side with the size formula first",
    WEIGHTS: "not this number: how many weights has one kernel or unit, and how many of them are there?",
}
NO_SHAPE = "write a shape as numbers with commas between them, such as 5, 5, 8"
NO_NUMBER = "write a number or a product and sum of numbers, such as 5*5*3*8 + 8"
MISSED = {
    "as large as before": "the kernel's size was not subtracted: `valid` has no padding",
    "without + 1": "the + 1 of the size formula was missed: the first place counts too",
    "kernel forgotten": "k was not subtracted before dividing: the first place costs k pixels",
    "stride forgotten": "the stride was missed: it divides the room that remains",
    "stride too much": "this convolution has stride 1: nothing is divided",
    "rounded up": "rounded up: a step that no longer fits is dropped",
    "channels as before": "the last number is that of this layer's kernels, not of the channels that come in",
    "channels forgotten": "the channels were missed: each kernel makes one map",
    "not halved": "the pooling was missed: of each 2 × 2 block one number is kept",
    "channels halved": "pooling works on each map alone: the number of channels stays",
    "a side alone": "height, width and channels are all multiplied: Flatten keeps every number",
    "still three axes": "Flatten puts all numbers in one row: one number as the shape",
    "input kept": "a dense layer gives one number a unit, however many come in",
    "biases forgotten": "the biases were missed: one for each kernel or unit",
    "channels in forgotten": "the channels that come in were missed: a kernel reaches through all of them",
    "k, not k²": "a kernel has k · k weights for each channel that comes in, not k",
    "a bias a weight": "too many biases: there is one a kernel or unit, not one a weight or channel",
    "at each place": "counted at every place: the same weights serve everywhere",
    "kernels forgotten": "that is one kernel: how many are there?",
    "no weights here": "this layer only picks or lines up numbers: there is nothing to learn",
    "input not flattened": "count all the numbers that come in, not the channels alone",
}
TOTAL = "All in all: {right} of {all} right."
NO_WEIGHTS = "no weights"
ALT = (
    "A table with a row for each layer of {net} and empty fields for its output's shape and its weights: "
    "{layers}"
)

OPERATORS: Mapping[type, Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
    ast.Sub: operator.sub,
}
MOST_DIGITS = 12


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
            sides = (tools.feature_map_size(side, 3, self.stride) for side in self.shape_in[:2])
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


def judge_shape(layer: Layer, entry: str) -> str:
    """RIGHT, or a sentence on what was missed."""
    numbers = [int(number) for number in re.findall(r"\d+", re.sub(r"(?i)none", "", entry))]
    if not entry.strip():
        return EMPTY
    if not numbers or re.search(r"(?i)[^\d\s,;x×*()\[\]]", re.sub(r"(?i)none", "", entry)):
        return NO_SHAPE
    shape = tuple(numbers)
    if shape == layer.shape:
        return RIGHT
    wrong = _wrong_shapes(layer)
    return next((MISSED[thought] for thought, value in wrong if value == shape), UNKNOWN[SHAPE])


def _wrong_shapes(layer: Layer) -> list[tuple[str, tuple[int, ...]]]:
    if layer.kind == "conv":
        side, channels = layer.shape_in[0], layer.shape_in[2]
        right, filters = layer.shape[0], layer.filters
        sides = {
            "as large as before": -(-side // layer.stride),
            "without + 1": right - 1,
            "stride forgotten": side - 2,
            "kernel forgotten": side // layer.stride + 1,
            "rounded up": right + 1,
            "stride too much": (side - 3) // 2 + 1,
        }
        wrong = [(thought, (value, value, filters)) for thought, value in sides.items() if value != right]
        wrong += [("as large as before", (side, side, filters))]
        more = [("channels as before", (right, right, channels)), ("channels forgotten", (right, right))]
        return wrong + (more if channels != filters else more[1:])
    if layer.kind == "pool":
        height, width, channels = layer.shape_in
        return [
            ("not halved", layer.shape_in),
            ("channels halved", (height // 2, width // 2, channels // 2)),
            ("channels forgotten", (height // 2, width // 2)),
            ("without + 1", (height - 1, width - 1, channels)),
        ]
    if layer.kind == "flatten":
        height, width, channels = layer.shape_in
        return [
            ("still three axes", layer.shape_in),
            ("a side alone", (height * width,)),
            ("a side alone", (height * channels,)),
        ]
    return [("input kept", layer.shape_in), ("input kept", (*layer.shape_in, layer.filters))]


def judge_weights(layer: Layer, entry: str) -> str:
    """RIGHT, or a sentence on what was missed."""
    if not entry.strip():
        return EMPTY
    try:
        number = number_of(entry)
    except ValueError:
        return NO_NUMBER
    if number == layer.weights:
        return RIGHT
    wrong = _wrong_weights(layer)
    return next((MISSED[thought] for thought, value in wrong if value == number), UNKNOWN[WEIGHTS])


def _wrong_weights(layer: Layer) -> list[tuple[str, int]]:
    if layer.kind in ("pool", "flatten"):
        return [("no weights here", value) for value in (2 * 2, prod(layer.shape_in), prod(layer.shape))] + [
            ("no weights here", 2 * 2 * layer.shape_in[2])
        ]
    if layer.kind == "dense":
        come, units = layer.shape_in[0], layer.filters
        return [
            ("biases forgotten", come * units),
            ("a bias a weight", 2 * come * units),
            ("a bias a weight", come * units + come),
            ("kernels forgotten", come + 1),
            ("kernels forgotten", come),
            ("input not flattened", 64 * units + units),
            ("input not flattened", 64 * units),
        ]
    channels, filters = layer.shape_in[2], layer.filters
    places = layer.shape[0] * layer.shape[1]
    wrong = [
        ("biases forgotten", 9 * channels * filters),
        ("k, not k²", 3 * channels * filters + filters),
        ("k, not k²", 3 * channels * filters),
        ("kernels forgotten", 9 * channels + 1),
        ("kernels forgotten", 9 * channels),
        ("a bias a weight", 2 * 9 * channels * filters),
        ("a bias a weight", 9 * channels * filters + channels * filters),
        ("at each place", places * layer.weights),
        ("at each place", places * filters * (9 * channels)),
        ("at each place", 9 * channels * filters + places * filters),
    ]
    if channels > 1:
        wrong = [
            ("channels in forgotten", 9 * filters + filters),
            ("channels in forgotten", 9 * filters),
            *wrong,
        ]
    return wrong


def number_of(entry: str) -> int:
    """A whole number, or sums and products of such, as typed: `1,179,776`, `3·3·32·64 + 64`.

    Nothing is run: only whole numbers, +, − and × are read. Raises ValueError for anything else.
    """
    plain = re.sub(r"(?<=\d)[,_ ](?=\d{3}(?!\d))", "", entry.strip())
    plain = re.sub(r"[·×x]", "*", plain).replace("−", "-")
    try:
        return _value(ast.parse(plain, mode="eval").body)
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError(entry) from None


def _value(node: ast.AST) -> int:
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool) and len(str(value)) <= MOST_DIGITS:
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
    said = {number: HTML() for number in range(len(layers))}
    for number, layer in enumerate(layers):
        cells.append(HTML(f'<span style="color: {base.INK}">{html.escape(layer.name)}</span>'))
        for what in (SHAPE, WEIGHTS):
            field = Text(continuous_update=False, layout=Layout(width="auto"))
            field.tooltip = f"{layer.name}: {HEADS[1 if what == SHAPE else 2]}"
            field.placeholder = HEADS[1] if what == SHAPE else HEADS[2]
            parts[f"{what} {number}"] = field
            cells.append(field)
        cells.append(said[number])
    total = HTML()
    grid = GridBox(
        cells,
        layout=Layout(
            grid_template_columns="minmax(150px, 210px) 160px 180px minmax(160px, 1fr)", grid_gap="2px 8px"
        ),
    )

    def findings(number: int) -> list[tuple[str, str]]:
        return [
            (HEADS[1], judge_shape(layers[number], parts[f"{SHAPE} {number}"].value)),
            (HEADS[2], judge_weights(layers[number], parts[f"{WEIGHTS} {number}"].value)),
        ]

    def check(_: object = None) -> None:
        for number in said:
            said[number].value = marks(findings(number))
        right = sum(word == RIGHT for number in said for _, word in findings(number))
        total.value = base.paragraph(TOTAL.format(right=right, all=2 * len(layers)))

    def check_row(number: int) -> Callable[[object], None]:
        def look(_: object) -> None:
            said[number].value = marks([finding for finding in findings(number) if finding[1] != EMPTY])

        return look

    def reveal(_: object) -> None:
        for number, layer in enumerate(layers):
            said[number].value = f'<span style="color: {base.INK}">{html.escape(revealed(layer))}</span>'

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


def revealed(layer: Layer) -> str:
    """The right shape and the right number, with the arithmetic."""
    return f"{' × '.join(map(str, layer.shape))}; {layer.arithmetic}"


def marks(findings: list[tuple[str, str]]) -> str:
    """Each finding with a mark and words: colour alone says nothing."""
    lines = []
    for what, word in findings:
        mark = "✓" if word == RIGHT else "·" if word == EMPTY else "✗"
        lines.append(f"{mark} {html.escape(what)}: {html.escape(word)}")
    return f'<div role="status" style="line-height: 1.35; color: {base.INK}">{"<br>".join(lines)}</div>'


def still(layers: list[Layer]) -> str:
    """The table to fill in on paper, where widgets don't run."""
    head = "".join(f'<th scope="col">{name}</th>' for name in HEADS[:3])
    rows = "".join(
        f'<tr><th scope="row">{html.escape(layer.name)}</th><td>?</td><td>?</td></tr>' for layer in layers
    )
    return base.page(f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
