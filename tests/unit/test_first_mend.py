"""At home, what stands in the way: is a student told which task to mend, and shown no traceback of ours?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import problem_unittests as tests
import tools
from admin.course.answers import answer
from checks import report
from checks.mending import first_to_mend
from checks.task import TABLE, all_forerunners

VALUES = ("normalise_images", "channel_axis", "one_hot", "cifar_labels", "cifar_images")


@pytest.fixture
def notebook() -> dict[str, Any]:
    """The names of a notebook whose tasks 1, 2, 3, 8 and 9 are solved, and whose nets are some function."""
    names: dict[str, Any] = {"np": np, "NUMBER_CLASSES": 10}
    for name, prefix in (("mnist", ""), ("cifar10", "cifar_")):
        pictures, labels = tools.load_sample(name)
        for part in ("train", "test"):
            names[f"{prefix}{part}_images"], names[f"{prefix}{part}_labels"] = pictures[:200], labels[:200]
    solve(names, "normalise_images", "the model answer")
    for task in VALUES[1:]:
        solve(names, task, "the model answer")
    return {**names, "net_1": len, "net_2": len, "cifar_model": len}


def solve(names: dict[str, Any], task: str, name: str) -> None:
    exec(answer(task, name).code, names)
    if task == "normalise_images":
        for part in ("train", "test"):
            names[f"{part}_pixels"] = names[task](names[f"{part}_images"])


def test_the_forerunners_of_a_task_come_before_it() -> None:
    """Does the table name earlier tasks alone, and are those behind them found?"""
    order = list(TABLE)
    for task, entry in TABLE.items():
        assert all(order.index(name) < order.index(task) for name in entry.forerunners)
    assert all_forerunners("train_net_1") == ("normalise_images", "channel_axis", "one_hot", "net_1")
    assert all_forerunners("one_hot") == ()


PAIRS = [
    ("channel_axis", "normalise_images", "empty"),
    ("cifar_images", "normalise_images", "divides by 256"),
    ("cifar_labels", "one_hot", "empty"),
]


@pytest.mark.parametrize(("task", "earlier", "name"), PAIRS)
def test_a_wrong_forerunner_is_named(
    task: str, earlier: str, name: str, notebook: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """An earlier task is wrong or empty, and this cell stopped for it: does the check say which to mend?"""
    notebook.update(dict.fromkeys(TABLE[task].gives))
    solve_wrongly(notebook, earlier, name)
    assert tests.check(task, notebook) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"First mend task {TABLE[earlier].number}, {TABLE[earlier].title}: this cell may be right." in said


def solve_wrongly(names: dict[str, Any], task: str, name: str) -> None:
    exec(answer(task, name).code, names)


def test_the_first_of_several_is_named(notebook: dict[str, Any]) -> None:
    """Labels and pictures both wrong: is the task that comes first in the notebook the one to mend?"""
    assert first_to_mend("cifar_training", notebook) is None
    solve_wrongly(notebook, "one_hot", "empty")
    assert first_to_mend("cifar_training", notebook) == TABLE["one_hot"]
    solve_wrongly(notebook, "normalise_images", "empty")
    assert first_to_mend("cifar_training", notebook) == TABLE["normalise_images"]
    assert first_to_mend("cifar_labels", notebook) == TABLE["one_hot"]


def test_of_a_net_it_counts_that_it_is_there(notebook: dict[str, Any]) -> None:
    """Is a net that is still as it was handed out in the way, and any other one not, without building it?"""

    def net_1(sample_shape: Any, nb_classes: Any) -> Any:
        """Two convolutions, max-pooling, two dense layers."""

    assert first_to_mend("train_net_1", {**notebook, "net_1": net_1}) == TABLE["net_1"]
    assert first_to_mend("train_net_1", {**notebook, "net_1": None}) == TABLE["net_1"]
    assert first_to_mend("train_net_1", {**notebook, "net_1": pytest.fail}) is None


def test_nothing_is_said_where_nothing_is_lost_or_nothing_stands_in_the_way(
    notebook: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Does a right cell after a wrong one hear nothing, and a wrong cell after right ones neither?"""
    solve_wrongly(notebook, "normalise_images", "divides by 256")
    assert tests.check("channel_axis", notebook) == 4
    assert "mend" not in capsys.readouterr().out
    solve(notebook, "normalise_images", "the model answer")
    solve(notebook, "channel_axis", "no axis")
    assert tests.check("channel_axis", notebook) == 0
    assert "mend" not in capsys.readouterr().out


def test_a_check_that_stumbles_says_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A judge of ours that raises: does the student read a sentence, with its kind, and get 0?"""

    def judge(cases: Any, answers: Any) -> Any:
        raise ZeroDivisionError("of ours")

    monkeypatch.setitem(report.TASKS, "one_hot", replace(report.TASKS["one_hot"], judge=judge))
    assert tests.check("one_hot", {"one_hot": lambda vector, number_classes: vector}) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "one_hot: the check itself stopped with ZeroDivisionError" in said
    assert "teacher" in said
