"""Variables of the notebook, tasks 2, 8 and 9: arrays that are looked at by some of their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from checks.language import Sentence
from checks.plain import array_of, as_array, kind_of, named_data, numbers_of, some_rows
from checks.task import Answer, Answering, Ask, Case, Cases, Finding, Given, either, wrong
from checks.unusable import halved, wrong_kind

_ROWS = 24


def cases_of_rows(train: str, test: str, every_class: bool = False) -> Cases:
    """One case that asks for rows at random places of both parts, and keeps what the data hold there.

    With `every_class`, the data are labels, and the first picture of each class is among the rows.
    """

    def cases(rng: np.random.Generator, data: Given) -> list[Case]:
        truth: dict[str, Any] = {}
        ask = {}
        for part, name in (("train", train), ("test", test)):
            (array,) = named_data(data, name)
            rows = some_rows(rng, len(array), _ROWS)
            if every_class:  # so that no class can hide
                rows = sorted({*rows, *(int(i) for i in np.unique(array, return_index=True)[1])})
            ask[f"{part} rows"] = rows
            truth[part] = array[rows]
            truth[f"{part} size"] = len(array)
        return [Case(ask, truth)]

    return cases


def answer_of_rows(*names: str) -> Answering:
    """Answers with the kind, shape and asked rows of these names of the notebook, where they hold numbers."""

    def answer(given: Given, ask: Ask) -> Answer:
        rows: dict[str, Any] = {}
        for name in names:
            wanted = ask["train rows" if "train" in name else "test rows"]
            rows |= {f"{name} {what}": part for what, part in _rows(given.get(name), wanted).items()}
        return rows

    return answer


def _rows(value: Any, wanted: Sequence[int]) -> Answer:
    """A value's kind; of an array also its shape, and the wanted rows that are there if it holds numbers."""
    array = as_array(value)
    if array is None:
        return {"kind": kind_of(value)}
    part = array[[row for row in wanted if row < len(array)]] if array.ndim else array
    shape = [int(side) for side in array.shape]
    return {"kind": kind_of(value), "shape": shape, "rows": numbers_of(part)}


def finding_of_rows(
    name: str, answer: Answer, mistake: Callable[[np.ndarray, list[int]], Sentence | None], right: Sentence
) -> Finding:
    """A finding on an array by its rows and shape, in which `mistake` looks for one; worth 2 points."""
    rows, shape = array_of(answer, f"{name} rows"), answer.get(f"{name} shape", [])
    kind = str(answer.get(f"{name} kind"))
    if rows is None:
        return wrong(name, 2, wrong_kind(kind))
    (finding,) = halved(name, kind, [either(name, 2, mistake(rows, shape), right)])
    return finding
