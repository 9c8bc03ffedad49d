"""Task 1: 8-bit images → floats from 0 to 1, of the same shape, with any number of axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from checks.language import Sentence, say
from checks.pixels import PIXEL_TOLERANCE, come_from_pixels, misconception
from checks.plain import array_of, not_callable, plain, same
from checks.task import TABLE, Answer, Ask, Case, Finding, Given, either, right, wrong
from checks.unusable import nothing_to_judge, wrong_kind

TASK = "normalise_images"


def cases(rng: np.random.Generator, data: Given) -> list[Case]:
    """Bright and dark pictures, grey and in colour, one alone, a row of pixels, and nearly black ones."""

    def pictures(high: int, *shape: int) -> Case:
        images = rng.integers(0, high, shape, dtype=np.uint8, endpoint=True)
        images.flat[0], images.flat[-1] = high // 3, high
        return Case({"images": images})

    bright = int(rng.integers(230, 255))
    dark, light = rng.integers(20, 60, (7, 6)), rng.integers(90, bright, (7, 6))
    dark_and_bright = np.stack([dark, light]).astype(np.uint8)
    full = rng.integers(0, 255, (5, 9, 8), dtype=np.uint8, endpoint=True)
    full.flat[:2] = 0, 255
    return [
        Case({"images": full}),
        pictures(60, 3, 8, 8),
        Case({"images": dark_and_bright}),
        pictures(bright, 2, 6, 5, 3),
        pictures(bright, 6, 5),
        pictures(bright, 11),
        pictures(1, 2, 4, 4),
    ]


def answer(given: Given, ask: Ask) -> Answer:
    """What the function gives back for a copy of the images, and whether it left that copy alone."""
    images = ask["images"].copy()
    if not callable(given[TASK]):
        return not_callable(TASK)
    came = given[TASK](images)
    answer = {**plain(came), "untouched": bool(np.array_equal(images, ask["images"]))}
    if answer["kind"] not in ("ndarray", "NoneType"):
        # A list or a tensor of the right numbers is a part of the way; any other thing is none.
        numbers = np.asarray(came)
        return {**answer, "numbers": numbers} if numbers.dtype.kind in "biuf" else answer
    return answer


def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """Findings on type, shape, values, number of axes, and the input."""
    if nothing := nothing_to_judge(TASK, answers):
        return nothing
    pairs = [(case.ask["images"], answer) for case, answer in zip(cases, answers, strict=True)]
    failed = [(images, answer) for images, answer in pairs if "error" in answer]
    given = [(images, answer) for images, answer in pairs if "error" not in answer]
    floats = _floats([answer for _, answer in given])
    numbers = [(i, array_of(a) if array_of(a) is not None else array_of(a, "numbers")) for i, a in given]
    if not all(n is not None for _, n in numbers):
        return [wrong(floats.what, TABLE[TASK].points, *floats.said)]
    if not any(array_of(a) is not None for _, a in given) and not all(
        same(n, i / 255, PIXEL_TOLERANCE) for i, n in numbers
    ):
        return [floats, wrong("normalise_images.what_divide", 6, say("normalise_images.numbers_wrong"))]

    shaped = [(i, array_of(a)) for i, a in given]
    kept = [(i, a) for i, a in shaped if a is not None and a.shape == i.shape]
    mistake = _mistake(kept, len(given))
    if mistake and not come_from_pixels([i for i, n in numbers], [n for i, n in numbers if n is not None]):
        # Nothing was computed, so type and shape are no part of the way: zeros have them, too.
        return [wrong("normalise_images.what_divide", TABLE[TASK].points, mistake)]
    lost = None if len(kept) == len(given) else say("normalise_images.shape_lost")
    untouched = all(answer.get("untouched") is True for _, answer in given)
    changed = None if untouched else say("normalise_images.input_changed")
    return [
        floats,
        either("normalise_images.what_shape", 1, lost),
        either("normalise_images.what_divide", 3, mistake, say("normalise_images.divided")),
        either("normalise_images.what_axes", 1, _stopped_for_some(failed)),
        either("normalise_images.what_input", 1, changed),
    ]


def _floats(answers: Sequence[Answer]) -> Finding:
    what = "normalise_images.what_floats"
    for answer in answers:
        array = array_of(answer)
        if array is None:
            return wrong(what, 2, wrong_kind(str(answer.get("kind"))))
        if array.dtype.kind != "f":
            return wrong(what, 2, say("normalise_images.whole_numbers", dtype=str(array.dtype)))
    dtype = str(array_of(answers[0]).dtype)  # type: ignore[union-attr]
    return right(what, 2, say("normalise_images.floats_right", dtype=dtype))


def _mistake(kept: Sequence[tuple[np.ndarray, np.ndarray]], of: int) -> Sentence | None:
    """What is wrong with the values; `kept` are pictures and values that have the pictures' shapes."""
    right = [same(array, images / 255, PIXEL_TOLERANCE) for images, array in kept]
    if not kept:
        return say("normalise_images.no_shape_right")
    if not all(right):
        return misconception([images for images, _ in kept], [array for _, array in kept])
    return say("normalise_images.where_shape_right") if len(kept) < of else None


def _stopped_for_some(failed: Sequence[tuple[np.ndarray, Answer]]) -> Sentence | None:
    if not failed:
        return None
    images, answer = failed[0]
    return say("normalise_images.some_axes_stop", axes=images.ndim, error=answer["error"])
