"""What a check is worth in this course: the points of its cell in the released notebook.

Instructors may change them. The findings keep their proportions: a right answer gets all points of the cell,
and a part of it gets its part.
"""

from __future__ import annotations

from collections.abc import Sequence

from nbformat import NotebookNode

from checks.task import Finding, points, scaled
from checks.tasks import TASKS


def worth_of(cell: NotebookNode, task: str) -> float:
    """Points of a check cell; 0 where the task's check can give none."""
    worth = float(cell.metadata["nbgrader"]["points"]) if TASKS[task].whole else 0.0
    return int(worth) if worth.is_integer() else worth


def score(findings: Sequence[Finding], worth: float) -> float:
    """What nbgrader is told: no less than 0, and no more than the cell's points, which it would refuse."""
    return min(max(float(points(scaled(findings, worth))), 0.0), worth)
