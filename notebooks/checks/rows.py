"""Variables of the notebook, tasks 2, 8 and 9: arrays that are looked at by some of their rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from checks.plain import kind_of, named_data, some_rows
from checks.task import Answer, Answering, Ask, Case, Cases, Given

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
    """Answers with the kind, shape and asked rows of these arrays of the notebook."""

    def answer(given: Given, ask: Ask) -> Answer:
        rows: dict[str, Any] = {}
        for name in names:
            value: Any = given.get(name)
            rows[f"{name} kind"] = kind_of(value)
            if rows[f"{name} kind"] == "ndarray":
                rows[f"{name} shape"] = [int(side) for side in value.shape]
                rows[f"{name} dtype"] = value.dtype.kind
                wanted = [
                    row
                    for row in ask["train rows" if "train" in name else "test rows"]
                    if value.ndim and row < value.shape[0]
                ]
                rows[name] = np.array(value[wanted]) if value.ndim else np.array(value)
        return rows

    return answer
