"""Practice: a picture, a kernel, a stride and a padding → the feature map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from checks.explained import RIGHT, Decision, Family, judged
from checks.plain import called
from checks.task import Answer, Ask, Case, Finding, Given

TASK = "convolve"

Sums = Callable[[np.ndarray, np.ndarray], np.ndarray]
Steps = Callable[[int], tuple[int, int]]
Padded = Callable[[np.ndarray, int, np.ndarray], np.ndarray]
Shaped = Callable[[np.ndarray, np.ndarray], np.ndarray]


def cases(rng: np.random.Generator, data: Given) -> list[Case]:
    """Without stride and padding, with one of them, with both; steps that fill the picture and that don't.

    The weights of a kernel differ from each other, so that it shows in each draw how it lies. Pictures are
    wider than high, but for one. Where steps don't fill the picture, the last window lacks one row or column
    of several: of the last one alone, NumPy would make a whole window (broadcasting).
    """

    def case(part: str, size: tuple[int, int], kernel: np.ndarray, stride: int = 1, padding: int = 0) -> Case:
        picture = rng.permutation(np.arange(1, 1 + size[0] * size[1])).reshape(size)
        ask = {"picture": picture, "kernel": kernel, "stride": stride, "padding": padding}
        return Case(ask, {"part": part})

    def weights(height: int, width: int) -> np.ndarray:
        return rng.permutation(np.arange(height * width) - 3).reshape(height, width)

    return [
        case("sums", (5, 6), weights(3, 3)),
        case("sums", (4, 6), weights(3, 3) + 0.25),
        case("stride", (6, 8), weights(3, 3), stride=2),
        case("stride", (5, 7), weights(3, 3), stride=2),
        case("stride", (8, 9), weights(3, 3), stride=3),
        case("padding", (4, 5), weights(3, 3), padding=1),
        case("padding", (3, 4), weights(3, 3), padding=2),
        case("size", (6, 4), weights(2, 3), stride=2, padding=1),
        case("size", (4, 10), weights(3, 2), stride=3, padding=2),
    ]


def answer(given: Given, ask: Ask) -> Answer:
    """What the function gives back for copies of picture and kernel."""
    return called(
        given[TASK], TASK, ask["picture"].copy(), ask["kernel"].copy(), ask["stride"], ask["padding"]
    )


def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """Findings on the sums, the stride, the padding, and the size of the map."""
    return judged(_FAMILY, cases, answers)


# What comes of windows (rows, columns, height, width) and a kernel (height, width).
_SUMS: Mapping[str, Sums] = {
    RIGHT: lambda windows, kernel: (windows * kernel).sum((2, 3)),
    "flipped": lambda windows, kernel: (windows * kernel[::-1, ::-1]).sum((2, 3)),
    "mirrored": lambda windows, kernel: (windows * kernel[:, ::-1]).sum((2, 3)),
    "upside_down": lambda windows, kernel: (windows * kernel[::-1]).sum((2, 3)),
    "kernel_turned": lambda windows, kernel: (windows * kernel.T).sum((2, 3)),
    "added": lambda windows, kernel: (windows + kernel).sum((2, 3)),
    "kernel_unused": lambda windows, kernel: windows.sum((2, 3)),
    "mean": lambda windows, kernel: (windows * kernel).mean((2, 3)),
    "largest": lambda windows, kernel: (windows * kernel).max((2, 3)),
    "matrix_product": lambda windows, kernel: (windows @ kernel).sum((2, 3)),
    "whole_numbers": lambda windows, kernel: np.trunc((windows * kernel).sum((2, 3))),
    "no_negatives": lambda windows, kernel: np.maximum((windows * kernel).sum((2, 3)), 0),
}
# Steps down and to the right.
_STRIDES: Mapping[str, Steps] = {
    RIGHT: lambda stride: (stride, stride),
    "stride_ignored": lambda stride: (1, 1),
    "stride_down": lambda stride: (stride, 1),
    "stride_right": lambda stride: (1, stride),
}
_PADDINGS: Mapping[str, Padded] = {
    RIGHT: lambda picture, rings, kernel: np.pad(picture, rings),
    "padding_ignored": lambda picture, rings, kernel: picture,
    "padding_end": lambda picture, rings, kernel: np.pad(picture, (0, rings)),
    "padding_start": lambda picture, rings, kernel: np.pad(picture, (rings, 0)),
    "padding_rows": lambda picture, rings, kernel: np.pad(picture, ((rings, rings), (0, 0))),
    "padding_columns": lambda picture, rings, kernel: np.pad(picture, ((0, 0), (rings, rings))),
    "padding_edge": lambda picture, rings, kernel: np.pad(picture, rings, mode="edge"),
    "padding_always": lambda picture, rings, kernel: np.pad(
        picture, [(side // 2,) * 2 for side in kernel.shape]
    ),
    "padding_one": lambda picture, rings, kernel: np.pad(picture, min(rings, 1)),
}
_SIZES: Mapping[str, Shaped] = {
    RIGHT: lambda sums, picture: sums,
    "size_up": lambda sums, picture: sums,  # one more step, into zeros: see `_made`
    "map_turned": lambda sums, picture: sums.T,
    "one_short": lambda sums, picture: sums[:-1, :-1],
    "square": lambda sums, picture: sums[:, : len(sums)],
    "picture_size": lambda sums, picture: _in_the_corner(sums, picture.shape),
    "in_a_row": lambda sums, picture: sums.ravel(),
}


def _in_the_corner(sums: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Zeros of this shape with the sums in their upper left. Raises ValueError when they don't fit."""
    filled = np.zeros(shape)
    filled[: sums.shape[0], : sums.shape[1]] = sums
    return filled


def _made(ask: Ask, rules: Sequence[str]) -> np.ndarray:
    sums, stride, padding, size = rules
    picture, kernel = ask["picture"], ask["kernel"]
    steps = _STRIDES[stride](ask["stride"])
    padded = _PADDINGS[padding](picture, ask["padding"], kernel)
    if size == "size_up":
        rooms = np.subtract(padded.shape, kernel.shape)
        padded = np.pad(padded, [(0, -room % step) for room, step in zip(rooms, steps, strict=True)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)[:: steps[0], :: steps[1]]
    return _SIZES[size](_SUMS[sums](windows, kernel), picture)


def _stops(cases: Sequence[Case], answers: Sequence[Answer]) -> str | None:
    """Why some cases have no numbers: windows over the edge, or a size that is taken for both directions."""
    stopped = [
        case.truth["part"]
        for case, answer in zip(cases, answers, strict=True)
        if any(word in str(answer.get("error")) for word in ("broadcast", "out of bounds"))
    ]
    if "stride" in stopped:
        return "over_the_edge"
    return "not_square" if "size" in stopped else None


_FAMILY = Family(
    TASK,
    (
        Decision("sums", 4, _SUMS, "other_sums"),
        Decision("stride", 2, _STRIDES, "other_stride"),
        Decision("padding", 2, _PADDINGS, "other_padding"),
        Decision("size", 2, _SIZES, "other_size"),
    ),
    _made,
    _stops,
)
