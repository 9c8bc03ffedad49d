"""Where am I: are solved, partly solved and empty answers told apart, by the real checks?"""

from __future__ import annotations

import re
import types
from typing import Any

import numpy as np
import pytest

import problem_unittests as tests
import tools
from checks.task import CHECK_POINTS, DISCUSSION
from play import progress

FAST = ("normalise_images", "channel_axis", "one_hot", "cifar_labels", "cifar_images")


@pytest.fixture
def solved() -> dict[str, Any]:
    """The names of a notebook in which tasks 1, 2, 3, 8 and 9 are solved."""
    digits, labels = tools.load_sample("mnist")
    photographs, kinds = tools.load_sample("cifar10")

    def normalise_images(images: Any) -> Any:
        return images.astype(np.float32) / 255

    def one_hot(vector: Any, number_classes: int) -> Any:
        return np.eye(number_classes, dtype=np.float32)[vector]

    names: dict[str, Any] = {"normalise_images": normalise_images, "one_hot": one_hot}
    for part, rows in (("train", slice(200)), ("test", slice(200, 300))):
        names[f"{part}_images"], names[f"{part}_labels"] = digits[rows], labels[rows]
        names[f"{part}_pixels"] = normalise_images(digits[rows])
        names[f"x_{part}"] = names[f"{part}_pixels"][..., np.newaxis]
        names[f"cifar_{part}_images"], names[f"cifar_{part}_labels"] = photographs, kinds
        names[f"cifar_x_{part}"] = normalise_images(photographs)
        names[f"cifar_y_{part}"] = one_hot(kinds.ravel(), 10)
    return names


def states(notebook: dict[str, Any], checks: Any = tests) -> dict[str, str]:
    return {each.task: each.state for each in progress.progress_of_tasks(checks, notebook)}


def test_an_empty_notebook_is_untouched() -> None:
    """Is nothing called wrong where nothing was tried?"""
    view = progress.progress_view(tests, {})
    assert set(states({}).values()) == {progress.UNTOUCHED}
    assert f"0 of {CHECK_POINTS} points" in view.text
    assert "tests.hint('normalise_images', 1)" in view.text


def test_handed_out_answers_are_untouched() -> None:
    """Are a function with nothing but its docstring, and names that are None, no mistakes?"""

    def one_hot(vector: Any, number_classes: int) -> Any:
        """Labels (n,) as rows with a single 1, (n, number_classes)."""

    found = states({"one_hot": one_hot, "x_train": None, "x_test": None})
    assert found["one_hot"] == found["channel_axis"] == progress.UNTOUCHED


def test_solved_tasks_are_passed(solved: dict[str, Any]) -> None:
    """Do five solved tasks give their 30 points, and is the first one without an answer what comes next?"""
    view = progress.progress_view(tests, solved)
    assert [task for task, state in states(solved).items() if state == progress.PASSED] == list(FAST)
    assert f"30 of {CHECK_POINTS} points" in view.text
    assert "Next: task 4" in view.text


def test_partly_right_answers_keep_their_points(solved: dict[str, Any]) -> None:
    """Is a wrong answer told from an empty one, with its points and with what is missing?"""

    def one_hot(vector: Any, number_classes: int) -> Any:
        return np.eye(int(vector.max()) + 1)[vector]

    (found,) = (
        each
        for each in progress.progress_of_tasks(tests, {**solved, "one_hot": one_hot})
        if each.task == "one_hot"
    )
    assert found.state == progress.FAILING
    assert 0 < found.points < 10
    assert found.note


@pytest.mark.parametrize("wrong", ["return 5", "vector + 1", "raise ValueError('so')", "return vector"])
def test_a_wrong_answer_is_not_untouched(wrong: str, solved: dict[str, Any]) -> None:
    """Is whoever wrote a line told that it was seen, even where `return` was forgotten?"""
    exec(f'def one_hot(vector, number_classes):\n    """Labels."""\n    {wrong}', solved)
    assert states(solved)["one_hot"] == progress.FAILING


def test_each_look_is_at_the_notebook_as_it_is(solved: dict[str, Any]) -> None:
    """Does the button ask anew, and not from memory?"""
    view = progress.progress_view(tests, solved)
    solved["x_train"] = solved["x_test"] = None
    view.parts["again"].click()
    assert f"26 of {CHECK_POINTS} points" in view.parts["picture_of"].value
    assert view.parts["again"].disabled is False


def test_task_5_keeps_its_numbers_when_task_7_empties_them() -> None:
    """Tasks 5 and 7 share two names: is task 5 judged by what its net was trained with?"""
    digits, labels = tools.load_sample("mnist")
    notebook = {
        "train_images": digits[:200],
        "test_images": digits[200:300],
        "test_labels": labels[200:300],
        "x_train": digits[:200],
        "batch_size": 32,
        "epochs": 5,
        "history_1": types.SimpleNamespace(params={"epochs": 5, "steps": 6}),
    }
    before = {each.task: each for each in progress.progress_of_tasks(tests, notebook)}
    notebook |= {"batch_size": None, "epochs": None, "history_2": None}
    after = {each.task: each for each in progress.progress_of_tasks(tests, notebook)}
    assert before["train_net_1"].points == after["train_net_1"].points == 6
    assert before["train_net_2"].state == after["train_net_2"].state == progress.UNTOUCHED


def test_a_check_that_breaks_does_not_break_the_table(solved: dict[str, Any]) -> None:
    """Are the other tasks still shown?"""

    def grade_answer(task: str, notebook: Any) -> Any:
        if task == "one_hot":
            raise RuntimeError("unforeseen")
        return tests.grade_answer(task, notebook)

    broken = types.SimpleNamespace(TASKS=tests.TASKS, points=tests.points, grade_answer=grade_answer)
    found = states(solved, broken)
    assert found["one_hot"] == progress.BROKEN
    assert found["channel_axis"] == progress.PASSED


def test_what_a_students_function_prints_stays_out(
    solved: dict[str, Any], capsys: pytest.CaptureFixture
) -> None:
    """Is the table all that is shown?"""
    right = solved["one_hot"]
    solved["one_hot"] = lambda *given: print("here I am") or right(*given)
    assert states(solved)["one_hot"] == progress.PASSED
    assert capsys.readouterr().out == ""


def test_the_table_can_be_read_aloud(solved: dict[str, Any]) -> None:
    """Has each column and each row a head, and is every state a word?"""
    still = progress.progress_view(tests, solved).still
    numbers = [str(number) for number in range(1, DISCUSSION.number + 1)]
    assert still.count('scope="col"') == len(progress.HEADS)
    assert re.findall(r'scope="row"[^>]*>(\d+)<', still) == numbers
    assert "✓ passed" in still
    assert "○ untouched" in still
    assert "read by a person" in still


def test_nothing_is_asked_while_grading(
    solved: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """Does nbgrader not pay for the table?"""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    solved["one_hot"] = lambda *given: pytest.fail("asked")
    progress.where_am_i(tests, solved)
    assert "where am I" in capsys.readouterr().out
