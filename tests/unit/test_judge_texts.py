"""Texts of an answer, before a judge quotes them: short, and without rows of numbers, which are secrets."""

from __future__ import annotations

import time

import pytest

from admin.grading.judge import checked, shortened
from checks.language import say
from checks.task import wrong


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("shapes (5, 28, 28) and (5,)", "shapes (5, 28, 28) and (5,)"),
        ("1 2 3 4 5", "1 2 3 4 5"),
        ("1 2 3 4 5 6", "…"),
        ("bad value in [[0.1, -2e-3,\n 3.], [4 5 6]] here", "bad value in [[…]] here"),
        ("size5 6 7 8 9 10", "size…"),
        ("1 2 3 4 5 and 6", "1 2 3 4 5 and 6"),
        ("1 2 3 4 5e 6 x 1 2 3", "… x 1 2 3"),
        ("1, 2, 3, 4, 5, 6, + 7 8 9 10 11 12.", "…, + …"),
    ],
)
def test_rows_of_numbers_are_hidden(text, shown):
    """Six numbers in a row may be a secret picture, fewer may be a shape: which is hidden?"""
    assert shortened({"error": [text]}) == {"error": [shown]}


@pytest.mark.parametrize(
    "text", ["1" * 300, "1e" * 150, "1-" * 150, "1 " * 150, "1 1 1 1 1 ", "x", " " * 300]
)
def test_four_megabytes_of_texts_take_no_time(text):
    """As much as fits into one answer, of what made the pattern try every way to split it (it took 11 s)."""
    answer = [text] * (4_000_000 // len(text))
    started = time.process_time()
    shortened(answer)
    assert time.process_time() - started < 4


def test_what_is_said_of_a_hostile_answer_is_no_longer_than_one_reads():
    """A net of 100,000 odd layers with long names: does a finding stay within 2,000 characters?"""
    said = (say("nets.extra_layers", extra=["x" * 299] * 100_000), *[say("nets.penalty")] * 100)
    [finding] = checked([wrong("nets.what_nothing_else", 1, *said)], 1)
    assert 1000 < len(finding.message) <= 2000
