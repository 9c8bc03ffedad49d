"""What a student's code can reach by name: is none of it a finished answer?"""

from __future__ import annotations

import contextlib
import io
import pkgutil
import types
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import checks
import problem_unittests as tests

MODULES = [tests, checks] + [
    import_module(module.name) for module in pkgutil.walk_packages(checks.__path__, "checks.")
]


def ours(value: Any) -> bool:
    """Whether a thing was made by the checks, and not by NumPy or Python."""
    module = str(getattr(value, "__module__", ""))
    return module.split(".")[0] in ("checks", "problem_unittests")


def parts(value: Any) -> Iterator[tuple[str, Any]]:
    """What is reached from a thing by one more dot, index or key."""
    if isinstance(value, types.ModuleType) or (ours(value) and not isinstance(value, type)):
        yield from ((f".{name}", part) for name, part in getattr(value, "__dict__", {}).items())
    elif isinstance(value, dict | types.MappingProxyType):
        yield from ((f"[{key!r}]", part) for key, part in value.items())
    elif isinstance(value, list | tuple):
        yield from ((f"[{place}]", part) for place, part in enumerate(value))
    if isinstance(value, types.FunctionType):
        yield from ((f"⟨{place}⟩", cell.cell_contents) for place, cell in enumerate(value.__closure__ or ()))


def within_reach() -> dict[str, Callable[..., Any]]:
    """All of our functions, by the path on which they are found first."""
    found: dict[int, tuple[str, Any]] = {id(module): (module.__name__, module) for module in MODULES}
    waiting = list(found.values())
    while waiting:
        path, value = waiting.pop(0)
        for step, part in parts(value):
            known = id(part) in found or (isinstance(part, types.ModuleType) and part not in MODULES)
            if not known and not isinstance(part, str | int | float):
                found[id(part)] = (path + step, part)
                waiting.append(found[id(part)])
    return {path: value for path, value in found.values() if callable(value) and ours(value)}


WITHIN_REACH = within_reach()


def test_functions_are_found_wherever_they_hide() -> None:
    """Does the search see functions of modules, private ones, and those in tuples and tables?"""
    paths = "\n".join(WITHIN_REACH)
    for part in (".misplaced", "._only_ones_at", "_MISCONCEPTIONS[", ".compute", "STEPS["):
        assert part in paths
    assert len(WITHIN_REACH) > 200


@pytest.mark.parametrize("task", ["normalise_images", "one_hot"])
def test_no_function_within_reach_is_a_finished_answer(task: str) -> None:
    """Handed in as it is: does each of our own functions lose points?"""
    full = []
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore"):
        for path, function in WITHIN_REACH.items():
            if tests.points(tests.grade_answer(task, {task: function})) == tests.TASKS[task].points:
                full.append(path)
    assert full == []


def test_a_finished_answer_within_reach_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would the test above fail if a check had a function that makes one-hot rows?"""

    def one_hot_rows(labels: np.ndarray, classes: int) -> np.ndarray:
        return np.eye(classes)[labels]

    one_hot_rows.__module__ = "checks.one_hot_rows"
    monkeypatch.setattr(tests, "_one_hot", one_hot_rows, raising=False)
    reached = within_reach()["problem_unittests._one_hot"]
    assert tests.points(tests.grade_answer("one_hot", {"one_hot": reached})) == 10
