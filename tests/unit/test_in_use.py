"""How a net is asked: a call that can't be made again is not random, and warnings are silenced meanwhile."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from checks.in_use import Call, _joined, array_from, exactly, only


def test_a_call_that_gives_something_else_is_random():
    """Is a call told by what it gives a second time, and one that can't be made again taken at its word?"""
    came, went = np.zeros(2), np.ones(2)
    assert not Call("layer", came, went).is_random
    assert not Call("layer", came, went, lambda: np.ones(2)).is_random
    assert Call("layer", came, went, lambda: np.zeros(2)).is_random


def test_warnings_are_silent_while_a_net_is_asked_and_no_longer():
    """Is nothing said inside, and everything as before afterwards?"""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with exactly():
            warnings.warn("of the net", stacklevel=1)
        warnings.warn("of somebody else", stacklevel=1)
    assert [str(each.message) for each in said] == ["of somebody else"]


@pytest.mark.parametrize(
    ("output", "alone"),
    [([5], 5), ({"digit": (5,)}, 5), ([[{"digit": 5}]], 5), ([1, 2], [1, 2]), ({}, {}), ([], []), ("x", "x")],
)
def test_a_single_output_is_taken_out_of_its_wrapping(output, alone):
    """Of lists and dictionaries of one, and of nothing else?"""
    assert only(output) == alone


PICTURES, MAPS, OTHERS, ROW = (np.full((1, 2), number, np.float32) for number in range(4))
FIRST = Call("convolution", PICTURES, MAPS)


def chain(*calls, output=ROW):
    """What is done one after the other with pictures: layers, and the first number that goes into each."""
    joined = _joined(calls, PICTURES, output)
    return [(call.layer, np.ravel(call.came)[:1].tolist()) for call in joined]


def test_what_is_done_between_two_layers_is_a_step_of_its_own():
    """Where what goes in is not what came out before, and where the output is not what came out last?"""
    whole = [("convolution", [0]), ("dense", [1])]
    assert chain(FIRST, Call("dense", MAPS, ROW)) == whole
    assert chain(FIRST, Call("dense", MAPS.copy(), ROW.copy())) == whole
    assert chain(FIRST, Call("dense", OTHERS, ROW)) == [("convolution", [0]), (None, [1]), ("dense", [2])]
    assert chain(FIRST) == [("convolution", [0]), (None, [1])]


def test_of_several_inputs_the_one_that_goes_on_is_followed():
    """In whatever place it stands, in a list of one, too; else the first, after a step of its own?"""
    for several in ([MAPS, OTHERS], (OTHERS, MAPS), [MAPS]):
        assert chain(FIRST, Call("add", several, ROW)) == [("convolution", [0]), ("add", [1])]
    own = [("convolution", [0]), (None, [1])]
    assert chain(FIRST, Call("add", [OTHERS, ROW], ROW)) == [*own, ("add", [2])]
    assert chain(FIRST, Call("odd", [], ROW)) == [*own, ("odd", [])]


def test_what_has_no_numbers_is_only_the_same_as_itself():
    """Symbols: does the chain go on with the very same one, and with no other?"""
    symbol, another = object(), object()
    assert len(chain(Call("first", PICTURES, symbol), Call("second", symbol, ROW))) == 2
    assert len(chain(Call("first", PICTURES, symbol), Call("second", another, ROW))) == 3


@pytest.mark.parametrize("value", [[True, False], [1, 2], np.array([1, 2], np.uint8), [0.5, 2], [-1, 3]])
def test_numbers_of_all_kinds_become_float32(value):
    """Truth values, whole numbers with and without a sign, fractions?"""
    array = array_from(value)
    assert array.dtype == np.float32
    assert array.tolist() == list(value)


@pytest.mark.parametrize("value", ["text", None, object(), [1j], [[1], [1, 2]]])
def test_what_is_no_array_of_numbers_is_none(value):
    """Texts, objects, complex numbers and rows of different lengths?"""
    assert array_from(value) is None
