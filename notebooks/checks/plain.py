"""Values as plain data: what a student's object is, made of NumPy arrays and JSON values, and read again."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from checks.language import say
from checks.task import Answer, Given, NotReady


def plain(value: Any) -> Answer:
    """What a student's value is: its kind, and a copy of its numbers where it holds nothing else.

    A list, a tensor, a DataFrame or an array of objects may hold numbers too: the kind tells them from an
    array. What they are worth is the same in every task (`halved` in `checks/unusable.py`).
    """
    numbers = numbers_of(as_array(value))
    return {"kind": kind_of(value)} | ({} if numbers is None else {"array": numbers})


def as_array(value: Any) -> np.ndarray | None:
    """A value as NumPy reads it, not copied where it need not be; None where NumPy can't."""
    try:
        return np.asarray(value)
    except (
        Exception
    ):  # a tensor without values, a list of rows of different lengths, a student's own __array__
        return None


def numbers_of(array: np.ndarray | None) -> np.ndarray | None:
    """A copy of an array if all that it holds are numbers, in a type that every machine knows; or None."""
    if array is None or (array.dtype.kind == "O" and not all(map(_is_number, array.ravel()))):
        return None
    if array.dtype.kind not in "biufO":
        return None
    # Objects, and extended precision, which is another one on each machine.
    longer = array.dtype.kind == "O" or (array.dtype.kind == "f" and array.dtype.itemsize > 8)
    try:
        return np.array(array, np.float64 if longer else None)
    except (OverflowError, TypeError, ValueError):
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, Real | np.bool_)


def kind_of(value: Any) -> str:
    """Name of a value's type; "ndarray" is a NumPy array of numbers or Booleans."""
    if not isinstance(value, np.ndarray):
        return type(value).__name__
    return "ndarray" if value.dtype.kind in "biuf" else f"ndarray of {value.dtype}"


def called(function: Any, name: str, *arguments: Any) -> Answer:
    """What a student's function gives back for these arguments, as plain data."""
    return plain(function(*arguments)) if callable(function) else not_callable(name)


def not_callable(name: str) -> Answer:
    """The answer where something of this name is there, but is no function."""
    return {"error": "", "not callable": name}


def whole(value: Any) -> Any:
    """A whole number as int, None as None, and of anything else a dictionary that says what it is."""
    if value is None:
        return None
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value) if abs(int(value)) < 10**9 else {"kind": "too large"}
    if isinstance(value, float | np.floating):
        return {"kind": "float", "value": float(value)}
    return {"kind": type(value).__name__}


def floats(values: Any) -> list[float]:
    """The first thousand numbers of a sequence; empty if it holds anything else."""
    try:
        values = list(values)[:1000]
        return [] if any(isinstance(value, str) for value in values) else [float(value) for value in values]
    except (TypeError, ValueError):
        return []


def rows_of(array: Any, rows: Sequence[int]) -> np.ndarray | None:
    """These rows of an array of numbers, as float32; None of anything else."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf" or not array.ndim:
        return None
    return array[list(rows)].astype(np.float32) if len(array) > max(rows) else None


# ------------------------------------------------------------------------------------------ read by the judge


def array_of(answer: Answer, name: str = "array") -> np.ndarray | None:
    """An array of numbers in an answer, or None."""
    value = answer.get(name)
    return value if isinstance(value, np.ndarray) and value.dtype.kind in "biuf" else None


def number_of(answer: Answer, name: str) -> float | None:
    """A finite number in an answer, or None."""
    value = answer.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if np.isfinite(value) else None


def is_whole(value: Any) -> bool:
    """Whether a value of an answer is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def same(value: np.ndarray | None, expected: np.ndarray, tolerance: float) -> bool:
    """Whether two arrays have the same shape, and each entry differs by no more than the tolerance."""
    if value is None or value.shape != expected.shape:
        return False
    return bool(np.all(np.abs(value.astype(np.float64) - expected) <= tolerance))


# ------------------------------------------------------------------------------------ the notebook's own data


def named_data(data: Given, *names: str) -> list[np.ndarray]:
    """The data under these names. Raises NotReady, with the cell to run, if one is not there."""
    for name in names:
        which = "CIFAR-10" if name.startswith("cifar") else "MNIST"
        if not isinstance(data.get(name), np.ndarray):
            raise NotReady(say("any.no_data", name=name, which=which))
        array = data[name]
        if array.dtype.kind not in "ui" or ("labels" in name and array.size != len(array)):
            raise NotReady(say("any.data_overwritten", name=name, which=which))
    return [data[name] for name in names]


def some_rows(rng: np.random.Generator, size: int, count: int) -> list[int]:
    """Indices of `count` different rows of `size`, or all of them, in random order."""
    return [int(row) for row in rng.choice(size, min(size, count), replace=False)]


def shown_shape(shape: Sequence[int]) -> str:
    """A shape as Python shows it: (5, 28, 28)."""
    return str(tuple(shape))
