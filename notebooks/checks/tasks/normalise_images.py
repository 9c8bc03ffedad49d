"""Task 1: 8-bit images → floats from 0 to 1, of the same shape, with any number of axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from checks.language import Sentence, say
from checks.pixels import PIXEL_TOLERANCE, come_from_pixels, misconception
from checks.plain import array_of, called, same
from checks.task import TABLE, Answer, Ask, Case, Finding, Given, either, right, wrong
from checks.unusable import halved, kind_of_all, no_numbers, unanswered

TASK = "normalise_images"


def cases(rng: np.random.Generator, data: Given) -> list[Case]:
    """Bright and dark pictures, grey and in colour, one alone, a row of pixels, and nearly black ones.

    Each mistake shows in each draw: all 256 values are there, white only among them, and no picture is of
    one grey.
    """

    def pictures(low: int, high: int, *shape: int) -> np.ndarray:
        return rng.integers(low, high, shape, dtype=np.uint8)

    full = rng.permutation([*range(256), *range(0, 256, 8)]).astype(np.uint8)
    nearly_black = rng.permuted(np.arange(16, dtype=np.uint8) % 2)
    return [
        Case({"images": images})
        for images in (
            full.reshape(4, 9, 8),
            pictures(20, 60, 3, 8, 8),
            np.stack([pictures(20, 60, 7, 6), pictures(90, 250, 7, 6)]),
            pictures(20, 250, 2, 6, 5, 3),
            pictures(20, 250, 6, 5),
            pictures(20, 250, 11),
            np.stack([nearly_black, nearly_black]).reshape(2, 4, 4),
        )
    ]


def answer(given: Given, ask: Ask) -> Answer:
    """What the function gives back for a copy of the images, and whether it left that copy alone."""
    images = ask["images"].copy()
    answer = called(given[TASK], TASK, images)
    return {**answer, "untouched": bool(np.array_equal(images, ask["images"]))}


def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """Findings on type, shape, values, number of axes, and the input."""
    if nothing := no_numbers(TASK, answers):
        return nothing
    numbers = [(case.ask["images"], array_of(a)) for case, a in zip(cases, answers, strict=True)]
    pairs = [(images, array) for images, array in numbers if array is not None]
    findings = _findings(pairs, unanswered(TASK, answers), [a for a in answers if array_of(a) is not None])
    return halved("normalise_images.what_floats", kind_of_all(answers), findings)


def _findings(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]], unanswered: Sentence | None, answers: Sequence[Answer]
) -> list[Finding]:
    """Findings on pictures and the numbers that came for them."""
    kept = [(images, array) for images, array in pairs if array.shape == images.shape]
    mistake = _mistake(kept, len(pairs))
    if mistake and not come_from_pixels([images for images, _ in pairs], [array for _, array in pairs]):
        # Nothing was computed, so type and shape are no part of the way: zeros have them, too.
        return [wrong("normalise_images.what_divide", TABLE[TASK].points, mistake)]
    lost = None if len(kept) == len(pairs) else say("normalise_images.shape_lost")
    untouched = all(answer.get("untouched") is True for answer in answers)
    changed = None if untouched else say("normalise_images.input_changed")
    return [
        _floats([array for _, array in pairs]),
        either("normalise_images.what_shape", 1, lost),
        either("normalise_images.what_divide", 3, mistake, say("normalise_images.divided")),
        _axes(unanswered),
        either("normalise_images.what_input", 1, changed),
    ]


def _axes(unanswered: Sentence | None) -> Finding:
    what = "normalise_images.what_axes"
    if not unanswered:
        return right(what, 1)
    stops = unanswered.key == "any.some_stop"
    return wrong(what, 1, unanswered, *([say("normalise_images.any_axes")] if stops else []))


def _floats(arrays: Sequence[np.ndarray]) -> Finding:
    whole = next((str(array.dtype) for array in arrays if array.dtype.kind != "f"), None)
    mistake = say("normalise_images.whole_numbers", dtype=whole) if whole else None
    dtype = say("normalise_images.floats_right", dtype=str(arrays[0].dtype))
    return either("normalise_images.what_floats", 2, mistake, dtype)


def _mistake(kept: Sequence[tuple[np.ndarray, np.ndarray]], of: int) -> Sentence | None:
    """What is wrong with the values; `kept` are pictures and values that have the pictures' shapes."""
    if not kept:
        return say("normalise_images.no_shape_right")
    if not all(same(array, images / 255, PIXEL_TOLERANCE) for images, array in kept):
        return misconception([images for images, _ in kept], [array for _, array in kept])
    return say("normalise_images.where_shape_right") if len(kept) < of else None
