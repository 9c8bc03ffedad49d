"""Names and messages that students make, on the way to a terminal, a log or a sentence."""

from __future__ import annotations

import time

import pytest

from admin.text import printable


@pytest.mark.parametrize(
    "name", ["Zoë Müller", "李小龙", "محمد", "می‌خواهم", "a b.ipynb", "👩‍🔬", "it's <b>", ""]
)
def test_an_honest_name_stays_as_it_is(name: str):
    assert printable(name) == name


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\x1b[2K\x1b[1Gmira 90/90", "amira 90/90"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("\x1bcreset", "reset"),
        ("a\nb\r\nc\td", "a�b��c�d"),
        ("a\u2028b\u2029c\x85d\x0be", "a�b�c�d�e"),
        ("\u202egnp.exe\u2066x\u2069", "�gnp.exe�x�"),
        ("bad \udcff byte", "bad � byte"),
        ("nul\x00del\x7f", "nul�del�"),
        ("\u200bhidden\ufeff", "�hidden�"),
    ],
)
def test_what_a_terminal_obeys_or_an_eye_misses_is_gone(text: str, seen: str):
    assert printable(text) == seen


@pytest.mark.parametrize(
    "text", ["\x1b\x1b[31m[31mx", "\x1b[\x1b[1m1m", "\x1b]0;never ended", "\x1b", "\x1b["]
)
def test_no_escape_is_left_when_another_has_gone(text: str):
    """Can a sequence be built from the two halves around one that is removed?"""
    assert "\x1b" not in printable(text)
    assert printable(printable(text)) == printable(text)


def test_the_length_is_bounded():
    assert printable("x" * 200) == "x" * 200
    assert printable("x" * 201) == "x" * 199 + "…"
    assert printable("abcdef", limit=4) == "abc…"
    assert printable(printable("x" * 1000)) == printable("x" * 1000)
    assert printable("\x1b[0m" * 10_000 + "late").endswith("…")


@pytest.mark.parametrize(
    "text", ["\x1b[" * 5_000_000, "\x1b]" * 5_000_000, "\x1b" * 10_000_000, "é" * 10_000_000]
)
def test_a_long_text_takes_no_time(text: str):
    started = time.process_time()
    printable(text)
    assert time.process_time() - started < 0.1
