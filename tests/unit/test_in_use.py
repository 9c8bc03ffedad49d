"""How a net is asked: a call that can't be made again is not random, and warnings are silenced meanwhile."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from checks.in_use import Call, exactly, only


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
