"""What a student's value is as plain data: at the edges that the known answers don't come by."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from checks.plain import (
    array_of,
    as_array,
    called,
    floats,
    is_whole,
    kind_of,
    named_data,
    number_of,
    numbers_of,
    plain,
    rows_of,
    same,
    shown_shape,
    some_rows,
    whole,
)
from checks.task import NotReady


class Unreadable:
    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise RuntimeError("no values")


@pytest.mark.parametrize(
    "value",
    [
        [[1, 2], [3, 4]],
        np.array([[1, 2], [3, 4]], object),
        np.array([[1, 2], [3, 4]], np.longdouble),
        np.array([[np.int8(1), Fraction(2)], [np.float16(3), 4.0]], object),
    ],
)
def test_numbers_are_numbers_in_any_container(value: Any) -> None:
    """Are a list's, an object array's and extended precision's numbers read, in a type of every machine?"""
    array = plain(value)["array"]
    assert np.array_equal(array, [[1, 2], [3, 4]])
    assert array.dtype in (np.int64, np.float64)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "a word",
        1j,
        Unreadable(),
        [[1], [2, 3]],
        np.array([1, "a"], object),
        np.array([1, Decimal(1)], object),
        np.array([10**400], object),
        np.array(["2026-01-01"], "datetime64[D]"),
    ],
)
def test_what_holds_something_else_has_no_numbers(value: Any) -> None:
    """Has anything but real numbers that fit a kind, and no array?"""
    assert plain(value) == {"kind": kind_of(value)}


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.float16, np.float32, np.float64])
def test_an_array_of_numbers_keeps_its_type_and_is_a_copy(dtype: Any) -> None:
    """Is the type a student's, and does the copy stay as it is when the array is changed?"""
    array = np.ones(3, dtype)
    copied = numbers_of(array)
    array[:] = 0
    assert copied is not None
    assert copied.dtype == dtype
    assert copied.all()


def test_an_array_is_not_copied_to_be_read() -> None:
    """Is an array itself read, and nothing where there is none?"""
    array = np.ones(3)
    assert as_array(array) is array
    assert as_array(Unreadable()) is None
    assert numbers_of(None) is None


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (np.ones(2), "ndarray"),
        (np.ones(2, bool), "ndarray"),
        (np.ones(2, np.uint8), "ndarray"),
        (np.ones(2, np.int8), "ndarray"),
        (np.ones(2, object), "ndarray of object"),
        (np.ones(2, complex), "ndarray of complex128"),
        ([1], "list"),
        (None, "NoneType"),
    ],
)
def test_a_kind_is_the_type_s_name(value: Any, kind: str) -> None:
    """Is an array of anything but numbers told from one of numbers?"""
    assert kind_of(value) == kind


def test_a_name_without_a_function_is_told() -> None:
    """Is what can't be called named, and all arguments given to what can?"""
    assert called(5, "one_hot") == {"error": "", "not callable": "one_hot"}
    assert called(lambda a, b: [a, b], "one_hot", 1, 2)["array"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, None),
        (128, 128),
        (np.int64(128), 128),
        (-(10**9) + 1, -(10**9) + 1),
        (10**9, {"kind": "too large"}),
        (-(10**9), {"kind": "too large"}),
        (10**400, {"kind": "too large"}),
        (True, {"kind": "bool"}),
        (12.5, {"kind": "float", "value": 12.5}),
        (np.float32(0.5), {"kind": "float", "value": 0.5}),
        ("128", {"kind": "str"}),
    ],
)
def test_a_whole_number_is_told_from_all_else(value: Any, told: Any) -> None:
    """Is a whole number an int of Python's, and is anything else told by its kind?"""
    assert whole(value) == told
    assert type(whole(value)) is type(told)
    if isinstance(told, dict) and "value" in told:
        assert type(whole(value)["value"]) is float


@pytest.mark.parametrize(
    ("values", "read"),
    [
        ([1, 2.5, np.float32(3)], [1.0, 2.5, 3.0]),
        (range(2000), list(map(float, range(1000)))),
        (iter([1, 2]), [1.0, 2.0]),
        (["1", 2], []),
        ("12", []),
        (5, []),
        ([None], []),
        ([[1, 2]], []),
    ],
)
def test_floats_are_the_first_thousand_or_none(values: Any, read: list[float]) -> None:
    """Are numbers read from any sequence, none of a text, and never more than a thousand?"""
    assert floats(values) == read


def test_rows_are_taken_where_they_are() -> None:
    """Are these rows given as float32, and None where one is missing, or there are no numbers?"""
    array = np.arange(6).reshape(3, 2)
    rows = rows_of(array, [2, 0])
    assert rows is not None
    assert rows.dtype == np.float32
    assert rows.tolist() == [[4, 5], [0, 1]]
    for none in (array[:2], array.tolist(), array.astype(object), np.float32(5), np.array(5)):
        assert rows_of(none, [2, 0]) is None
    for kind in (bool, np.uint8, np.float64):
        assert rows_of(array.astype(kind), [0, 2]) is not None


def test_an_answer_is_read_with_care() -> None:
    """Are only arrays of numbers, finite numbers and whole numbers of an answer taken?"""
    held = {
        "array": np.ones(2),
        "words": np.array(["a"]),
        "list": [1],
        "number": 2.5,
        "whole": 3,
        "yes": True,
        "nan": np.nan,
        "infinite": -np.inf,
        "text": "5",
    }
    assert array_of(held) is held["array"]
    assert [array_of(held, name) for name in ("words", "list", "number", "none")] == [None] * 4
    assert all(array_of({"array": np.ones(2, kind)}) is not None for kind in (bool, "u1", "i4", "f4"))
    assert [number_of(held, name) for name in ("number", "whole")] == [2.5, 3]
    assert [number_of(held, name) for name in ("yes", "nan", "infinite", "text", "none")] == [None] * 5
    assert [is_whole(held[name]) for name in ("whole", "yes", "number", "text")] == [
        True,
        False,
        False,
        False,
    ]


def test_values_are_the_same_within_the_tolerance() -> None:
    """Does one entry that differs by more count, and one of another shape, and one that is no number?"""
    expected = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert same(expected + 0.5, expected, 0.5)
    assert same(expected - 0.5, expected, 0.5)
    assert same(expected.astype(np.uint8), expected + 0.5, 0.5)
    one = np.array([[0, 0], [0, 0.75]])
    for other in (None, expected[0], expected + one, expected - one):
        assert not same(other, expected, 0.5)
    assert not same(np.full((2, 2), np.nan), expected, 0.5)
    # Bytes don't wrap around in the difference.
    assert not same(np.array([0], np.uint8), np.array([255], np.uint8), 10)


def test_data_of_the_notebook_is_asked_for_by_name() -> None:
    """Is what is there given in order, and what is not, or is another thing, named with the cell to run?"""
    images, labels = np.zeros((5, 28, 28), np.uint8), np.arange(5)
    data = {"train_images": images, "train_labels": labels, "cifar_train_labels": labels[:, None]}
    given = named_data(data, "train_labels", "train_images")
    assert given[0] is labels
    assert given[1] is images
    assert named_data(data, "cifar_train_labels")[0].shape == (5, 1)
    for changed, name, which, key in (
        ({}, "test_images", "MNIST", "any.no_data"),
        ({}, "cifar_test_images", "CIFAR-10", "any.no_data"),
        ({"test_images": images.tolist()}, "test_images", "MNIST", "any.no_data"),
        ({"train_images": images / 255}, "train_images", "MNIST", "any.data_overwritten"),
        ({"train_labels": np.eye(5, dtype=int)}, "train_labels", "MNIST", "any.data_overwritten"),
    ):
        with pytest.raises(NotReady) as refused:
            named_data({**data, **changed}, name)
        said = refused.value.sentence
        assert (said.key, said.values) == (key, {"name": name, "which": which})


def test_some_rows_are_different_ones() -> None:
    """Are as many rows drawn as asked for, or all, each once, as ints?"""
    for size, count in ((10, 4), (3, 5)):
        rows = some_rows(np.random.default_rng(1), size, count)
        assert len(rows) == len(set(rows)) == min(size, count)
        assert all(type(row) is int and 0 <= row < size for row in rows)
    assert some_rows(np.random.default_rng(1), 100, 4) != some_rows(np.random.default_rng(2), 100, 4)


def test_a_shape_is_shown_as_python_shows_it() -> None:
    """Is a shape a tuple in words, whatever it was kept in?"""
    assert shown_shape([5, 28, 28]) == "(5, 28, 28)"
    assert shown_shape([5]) == "(5,)"
