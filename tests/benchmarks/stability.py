"""Whether a point is ever lost by chance: `python tests/benchmarks/stability.py [--seeds N] [TASK]…`.

Every right answer of the list is asked on the cases of N seeds, as grading draws them; for a net, each seed
is other weights and other pictures. Prints a row a task, and each answer that lost a point, with the first
seed on which it did; exits with 1 if one did.

The trainings (tasks 5, 7 and 11) are not asked again for each seed: what may vary there is what a net has
learned, and `calibration.py` measures that.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.pop(0)  # this folder, whose notebook.py would stand for the library of that name
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from admin.course.answers import ANSWERS, Answer
from checks.task import TABLE, points
from problem_unittests import grade_answer
from tests.unit.test_answers import new_notebook

TRAININGS = ("train_net_1", "train_net_2", "cifar_training")
TASKS = tuple(entry.name for entry in TABLE.values() if entry.points and entry.name not in TRAININGS)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tasks", metavar="TASK", nargs="*", choices=[*TASKS, []], help="(default: all)")
    parser.add_argument("--seeds", metavar="N", type=int, default=200)
    options = parser.parse_args(arguments)
    print("| task | right answers | seeds | lost a point | seconds |\n|---|---|---|---|---|", flush=True)
    losers: list[str] = []
    for task in options.tasks or TASKS:
        begun = time.monotonic()
        right = [each for each in ANSWERS if each.task == task and each.points == TABLE[task].points]
        lost = [sentence for each in right if (sentence := losses(each, options.seeds))]
        losers += lost
        seconds = time.monotonic() - begun
        print(f"| {task} | {len(right)} | {options.seeds} | {len(lost)} | {seconds:.0f} |", flush=True)
    print(*losers, sep="\n")
    return 1 if losers else 0


def losses(given: Answer, seeds: int) -> str:
    """How often an answer got less than all points, and on which seed first; empty if never."""
    names = notebook_with(given)
    lost = [seed for seed in range(seeds) if points_of(given.task, names, seed) < given.points]
    return f"{given.task}, {given.name}: on {len(lost)} of {seeds} seeds, first on {lost[0]}" if lost else ""


def notebook_with(given: Answer) -> dict[str, Any]:
    """A notebook's names after the answer cell."""
    names = new_notebook(given.task)
    with quiet():
        exec(given.code, names)
    return names


def points_of(task: str, names: Mapping[str, Any], seed: int) -> float:
    with quiet():
        return points(grade_answer(task, names, rng=np.random.default_rng(seed)))


@contextlib.contextmanager
def quiet() -> Any:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


if __name__ == "__main__":
    sys.exit(main())
