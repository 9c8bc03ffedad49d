"""Does a verdict on a net hang on the seed? `python tests/benchmarks/stability.py [SEEDS] [PART OF A NAME]`.

Each known answer to tasks 4 and 6 is judged on the cases of that many seeds. It says which answers got other
points than they should, or were told different things; and at the end, how many answers that were.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.pop(0)  # this folder, whose notebook.py would stand for the library of that name
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "notebooks"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import keras
import numpy as np

import problem_unittests as tests
from admin.course.answers import ANSWERS, Answer


def main(seeds: int = 20, part: str = "") -> None:
    nets = [a for a in ANSWERS if a.task in ("net_1", "net_2") and part in a.name]
    unstable = 0
    for given in nets:
        verdicts = Counter(verdict(given, seed) for seed in range(seeds))
        is_stable = len(verdicts) == 1 and {points for points, _ in verdicts} == {given.points}
        print(f"{'same' if is_stable else 'NOT THE SAME'}  {given.task}: {given.name}", flush=True)
        if not is_stable:
            unstable += 1
            for (points, keys), times in verdicts.most_common():
                print(f"    {times} times {points} of {given.points}: {', '.join(keys)}", flush=True)
    print(f"{len(nets)} answers × {seeds} seeds; not always the same, or other points: {unstable}")


def verdict(given: Answer, seed: int) -> tuple[float, tuple[str, ...]]:
    """Points, and the keys of what is said."""
    names: dict[str, Any] = {"keras": keras, "np": np}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        exec(given.code, names)
        findings = tests.grade_answer(given.task, names, {}, np.random.default_rng(seed))
    return tests.points(findings), tuple(key for finding in findings for key in finding.keys)


if __name__ == "__main__":
    main(*(int(given) if given.isdigit() else given for given in sys.argv[1:]))  # type: ignore[arg-type]
