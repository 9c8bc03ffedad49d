"""The checks of the course, as the notebook calls them: `tests.test_one_hot(one_hot)`.

What stands behind them is the package `checks`: see `checks/task.py` for the three parts of a check, and
`checks/tasks/` for each task's. In a released folder the package lies beside this file, in the repository in
`notebooks/`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

# Whoever imports this file by its folder alone has no reason to know where the package is.
for _folder in (Path(__file__).resolve().parent, Path(__file__).resolve().parent / "notebooks"):
    if (_folder / "checks").is_dir() and str(_folder) not in sys.path:
        sys.path.append(str(_folder))

from checks.asking import answer, grade_answer  # noqa: E402
from checks.language import say, text_of  # noqa: E402
from checks.report import Points, check, hint, words  # noqa: E402
from checks.stopped_cells import watch  # noqa: E402
from checks.task import Case, Finding, Given, NotReady, Task, points  # noqa: E402
from checks.tasks import TASKS  # noqa: E402

__all__ = [
    "TASKS",
    "Case",
    "Finding",
    "Given",
    "NotReady",
    "Task",
    "answer",
    "check",
    "grade_answer",
    "hint",
    "points",
    "test_channel_axis",
    "test_cifar_images",
    "test_cifar_labels",
    "test_cifar_model",
    "test_cifar_training",
    "test_convolve",
    "test_max_pool",
    "test_net_1",
    "test_net_2",
    "test_net_3",
    "test_normalize_images",
    "test_one_hot",
    "test_train",
    "watch",
    "words",
]


def test_normalize_images(normalise_images: Any) -> float:
    """Check task 1; prints the findings and returns the points (of 8)."""
    return check("normalise_images", {"normalise_images": normalise_images})


def test_channel_axis(notebook: Given) -> float:
    """Check task 2 by the notebook's names (pass ``globals()``); returns the points (of 4)."""
    return check("channel_axis", notebook)


def test_one_hot(one_hot: Any) -> float:
    """Check task 3; prints the findings and returns the points (of 10)."""
    return check("one_hot", {"one_hot": one_hot})


def test_convolve(convolve: Any) -> None:
    """Check the practice on convolution. It gives no points as released, so nothing is returned."""
    check("convolve", {"convolve": convolve})


def test_max_pool(max_pool: Any) -> None:
    """Check the practice on pooling. It gives no points as released, so nothing is returned."""
    check("max_pool", {"max_pool": max_pool})


def test_net_1(net_1: Any) -> float:
    """Check task 4; prints the findings and returns the points (of 14)."""
    return check("net_1", {"net_1": net_1})


def test_train(task: str, notebook: Given) -> float:
    """Check task 5 (``"train_net_1"``) or 7 (``"train_net_2"``); returns the points (of 8)."""
    if task not in ("train_net_1", "train_net_2"):
        print(text_of(say("any.train_which")))
        return Points(0)
    return check(task, notebook)


def test_net_2(net_2: Any) -> float:
    """Check task 6; prints the findings and returns the points (of 12)."""
    return check("net_2", {"net_2": net_2})


def test_cifar_labels(notebook: Given) -> float:
    """Check task 8 by the notebook's names (pass ``globals()``); returns the points (of 4)."""
    return check("cifar_labels", notebook)


def test_cifar_images(notebook: Given) -> float:
    """Check task 9 by the notebook's names (pass ``globals()``); returns the points (of 4)."""
    return check("cifar_images", notebook)


def test_cifar_model(notebook: Given) -> float:
    """Check task 10 by the notebook's names (pass ``globals()``); returns the points (of 8)."""
    return check("cifar_model", notebook)


def test_cifar_training(notebook: Given) -> float:
    """Check task 11 by the notebook's names (pass ``globals()``); returns the points (of 10)."""
    return check("cifar_training", notebook)


def test_net_3(net_3: Any) -> None:
    """Look at the student's own net. It gives no points, so nothing is returned."""
    check("net_3", {"net_3": net_3})
