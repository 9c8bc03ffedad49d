"""The drawn colour pictures that each session loads where there is no CIFAR-10: drawn once, before the fork.

Drawing them takes 0.15 s, a twentieth of all that a right submission takes when its trainings are kept.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

CODE = Path(__file__).resolve().parents[3] / "notebooks" / "tools" / "stand_ins.py"

# Numbers of pictures and seeds: what `tools.load` draws while nbgrader is at work.
WANTED = ((2000, 1), (500, 2))

Drawing = tuple[np.ndarray, np.ndarray]


@functools.cache
def pictures() -> Mapping[tuple[int, int], Drawing]:
    """Pictures and labels, by number and seed. The course's code for it leaves no trace among the modules."""
    spec = importlib.util.spec_from_file_location("stand_ins", CODE)
    if spec is None or spec.loader is None:
        raise ImportError(str(CODE))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {wanted: module.draw_stand_ins(*wanted) for wanted in WANTED}


def instead_of(draw: Callable[[int, int], Drawing]) -> Callable[[int, int], Drawing]:
    """The same function, which looks first whether the pictures are there. They are its caller's own."""

    @functools.wraps(draw)
    def looked_up(count: int, seed: int) -> Drawing:
        known = pictures().get((count, seed))
        return (known[0].copy(), known[1].copy()) if known else draw(count, seed)

    return looked_up
