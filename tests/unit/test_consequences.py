"""One fault, one cross: is what only follows from it, or tells it again, marked by a dot?"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import problem_unittests as tests
from checks import consequences
from checks.language import FOLDER, say
from checks.task import Finding, right, wrong


def marks(task: str, findings: list[Finding]) -> list[str]:
    """What stands before each finding."""
    lines = tests.words(task, findings).splitlines()[1:]
    return [line[2] for line in lines if line[2:4] in ("✓ ", "✗ ", "· ", "→ ")]


def test_a_finding_that_only_follows_has_a_dot() -> None:
    """Is a shape that is wrong one fault, though the places count only where it is right?"""
    findings = [
        right("one_hot.what_binary", 2),
        wrong("one_hot.what_shape", 3, say("one_hot.transposed")),
        wrong("one_hot.what_places", 5, say("one_hot.shape_first")),
    ]
    assert marks("one_hot", findings) == ["✓", "✗", "·"]


@pytest.mark.parametrize(
    ("divide", "expected"), [("pixels.whole_division", ["·", "✗"]), ("pixels.by_256", ["✗", "✗"])]
)
def test_what_follows_from_another_fault_alone_is_a_fault_without_it(
    divide: str, expected: list[str]
) -> None:
    """Whole numbers come of `//`: is that one fault? And are whole numbers a fault of their own otherwise?"""
    findings = [
        wrong("normalise_images.what_floats", 2, say("normalise_images.whole_numbers", dtype="uint8")),
        wrong("normalise_images.what_divide", 3, say(divide)),
    ]
    assert marks("normalise_images", findings) == expected


@pytest.mark.parametrize(
    ("epochs", "expected"),
    [("training.epochs_none", ["✓", "✗", "·"]), ("training.epochs_many", ["✓", "✗", "✗"])],
)
def test_without_an_epoch_nothing_is_learned(epochs: str, expected: list[str]) -> None:
    """No epochs: one fault, though nothing is learned? And too many: a fault that explains no such thing?"""
    guesses = say("training.guesses", accuracy=0.1)
    findings = [
        right("batch_size", 3),
        wrong("epochs", 3, say(epochs, epochs=0)),
        wrong("training.what_learned", 2, say("training.look_before", guesses=guesses)),
    ]
    assert marks("train_net_1", findings) == expected


def test_the_same_fault_is_told_once() -> None:
    """32 and 64 swapped: is it said at the first convolution, and only named at the second?"""
    said = say("nets.filters_swapped")
    findings = [wrong("nets.what_conv_1", 3, said), wrong("nets.what_conv_2", 3, said)]
    assert marks("net_1", findings) == ["✗", "·"]
    told = tests.words("net_1", findings)
    assert told.count("swapped") == 1
    assert "2nd convolution  the same as for 1st convolution." in told
    others = [
        wrong(f"nets.what_conv_{place}", 3, say("nets.filters", came=16, wanted=wanted))
        for place, wanted in ((1, 32), (2, 64))
    ]
    assert marks("net_1", others) == ["✗", "✗"]


def test_two_arrays_with_the_same_mistake_have_one_cross() -> None:
    """No axis in `x_train` and none in `x_test`: one fault, though their sizes differ?"""
    came = [say("channel_axis.came", name=name, shape="(n, 28, 28)") for name in ("x_train", "x_test")]
    findings = [
        wrong("x_train", 2, say("channel_axis.no_axis", came=came[0])),
        wrong("x_test", 2, say("channel_axis.no_axis", came=came[1])),
    ]
    assert marks("channel_axis", findings) == ["✗", "·"]
    findings[1] = wrong("x_test", 2, say("channel_axis.axis_in_front", came=came[1]))
    assert marks("channel_axis", findings) == ["✗", "✗"]


def test_a_right_part_explains_no_loss() -> None:
    """Does only a finding that lost points stand for another one?"""
    findings = [
        Finding("nets.what_output", 2, 2, (say("nets.output_units", units=3, classes=4),)),
        wrong("nets.what_any_shape", 1, say("nets.no_row", shape="(3,)", classes=4)),
    ]
    assert marks("net_1", findings) == ["✓", "✗"]


def test_all_keys_are_there() -> None:
    """Does each key of the table have words?"""
    words = tomllib.loads((Path(FOLDER) / "en.toml").read_text(encoding="utf-8"))
    keys = {*consequences._FOLLOWS, *(key for keys in consequences._FOLLOWS.values() for key in keys)}
    assert [key for key in keys if key.partition(".")[2] not in words[key.partition(".")[0]]] == []
