"""Practice: a feature map and the side of a block → the largest number of each block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from checks.explained import RIGHT, Decision, Family, judged
from checks.plain import called
from checks.task import Answer, Ask, Case, Finding, Given

TASK = "max_pool"

Kept = Callable[[np.ndarray], np.ndarray]
Cut = Callable[[int], tuple[int, int, int, int]]


def cases(rng: np.random.Generator, data: Given) -> list[Case]:
    """Blocks of several sizes, negative numbers and fractions, maps that the blocks fill and that they don't.

    All numbers of a map differ, and in some maps all are negative.
    """

    def case(part: str, height: int, width: int, size: int, first: float, step: float = 1) -> Case:
        numbers = first + step * rng.permutation(height * width)
        return Case({"feature_map": numbers.reshape(height, width), "size": size}, {"part": part})

    return [
        case("largest", 4, 6, 2, first=1),
        case("largest", 4, 6, 2, first=-30),
        case("largest", 4, 4, 2, first=0.25, step=0.5),
        case("blocks", 6, 9, 3, first=-20),
        case("blocks", 8, 12, 4, first=1),
        case("edges", 5, 7, 2, first=-40),
        case("edges", 8, 7, 3, first=-60),
        case("edges", 7, 8, 3, first=-80),
    ]


def answer(given: Given, ask: Ask) -> Answer:
    """What the function gives back for a copy of the map."""
    return called(given[TASK], TASK, ask["feature_map"].copy(), ask["size"])


def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """Findings on what is kept of a block, on the blocks, and on what does not fill one."""
    return judged(_FAMILY, cases, answers)


# What is kept of blocks (rows, columns, height, width).
_KEPT: Mapping[str, Kept] = {
    RIGHT: lambda blocks: np.nanmax(blocks, (2, 3)),
    "mean": lambda blocks: np.nanmean(blocks, (2, 3)),
    "smallest": lambda blocks: np.nanmin(blocks, (2, 3)),
    "total": lambda blocks: np.nansum(blocks, (2, 3)),
    "first": lambda blocks: blocks[:, :, 0, 0],
    "from_zero": lambda blocks: np.maximum(np.nanmax(blocks, (2, 3)), 0),
    "whole_numbers": lambda blocks: np.trunc(np.nanmax(blocks, (2, 3))),
}
# How high and how wide a block is, and how far down and to the right the next ones are.
_BLOCKS: Mapping[str, Cut] = {
    RIGHT: lambda size: (size, size, size, size),
    "overlapping": lambda size: (size, size, 1, 1),
    "always_two": lambda size: (2, 2, 2, 2),
    "rows_alone": lambda size: (size, 1, size, 1),
    "columns_alone": lambda size: (1, size, 1, size),
    "map_turned": lambda size: (size, size, size, size),
    "in_reading_order": lambda size: (size, size, size, size),
}
# What stands where a map does not fill its last blocks; without anything there, they are left out.
_EDGES: Mapping[str, float | None] = {RIGHT: None, "edge_kept": np.nan, "edge_zeros": 0.0}


def _made(ask: Ask, rules: Sequence[str]) -> np.ndarray:
    kept, blocks, edge = rules
    numbers, size, filling = ask["feature_map"].astype(float), ask["size"], _EDGES[edge]
    height, width, down, right = _BLOCKS[blocks](size)
    if filling is not None:
        beyond = [(0, -(numbers.shape[0] - height) % down), (0, -(numbers.shape[1] - width) % right)]
        numbers = np.pad(numbers, beyond, constant_values=filling)
    windows = np.lib.stride_tricks.sliding_window_view(numbers, (height, width))[::down, ::right]
    if blocks == "in_reading_order":
        rows, columns = windows.shape[:2]
        windows = numbers[: rows * size, : columns * size].reshape(windows.shape)
    result = _KEPT[kept](windows)
    return result.T if blocks == "map_turned" else result


def _stops(cases: Sequence[Case], answers: Sequence[Answer]) -> str | None:
    """Why some cases have no numbers: the blocks don't fill the map, and nobody thought of the rest."""
    stopped = {case.truth["part"] for case, answer in zip(cases, answers, strict=True) if "error" in answer}
    return "edge_stops" if stopped == {"edges"} else None


_FAMILY = Family(
    TASK,
    (
        Decision("largest", 4, _KEPT, "other_largest"),
        Decision("blocks", 3, _BLOCKS, "other_blocks"),
        Decision("edges", 3, _EDGES, "other_edges"),
    ),
    _made,
    _stops,
)
