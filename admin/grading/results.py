"""Results of submissions that were run, kept in the course's folder by all that they follow from.

Identical hand-ins draw the same cases, and so they get the same result, of one run: also where the code uses
the time or a random number. Like a training that is kept, a result is only looked up, never judged by who
handed it in. What a clock or the machine may have cut short is not kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import NotebookNode

from admin.course.layout import Course
from admin.exchange.folder import fingerprint
from admin.grading.cases import secret_of
from admin.grading.execute import RunResult, code_cells
from admin.grading.kept import Kept
from admin.grading.trainer import one_at_a_time
from admin.grading.version import version
from admin.sandbox.limits import Limits
from checks.task import as_json, from_json

MOST_BYTES = 256 << 20
_CUT_SHORT = ("CellTimeoutError", "SessionEnded")


@dataclass(frozen=True)
class Results:
    """What was kept of a course. With `fresh`, everything is run anew, and kept in place of it."""

    kept: Kept
    made_of: bytes
    """hash of our code, the release, the bounds, and whether there are walls"""
    fresh: bool = False

    def result(
        self, notebook: NotebookNode, content: bytes, checks: str, run: Callable[[], RunResult]
    ) -> RunResult:
        """What came of a notebook of this content: as it was kept, or of `run` now, which may raise.

        `checks` is the fingerprint of what it is judged by; the notebook gets the outputs.
        """
        marks = [cell.metadata.get("nbgrader") for cell in code_cells(notebook)]
        parts = [self.made_of.hex(), content.hex(), checks, marks]
        key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        with one_at_a_time(key):
            if not self.fresh and (found := self._of(key, notebook)):
                return found
            result = run()
            if not (result.warnings or result.starved or _is_cut_short(notebook)):
                self.kept.put(key, _as_plain(result))
            return result

    def _of(self, key: str, notebook: NotebookNode) -> RunResult | None:
        plain = self.kept.get(key)
        cells = code_cells(notebook)
        try:
            outputs = [[nbformat.from_dict(each) for each in shown] for shown in plain["outputs"]]
            counts = plain["counts"]
            findings = {
                task: [from_json(each) for each in found] for task, found in plain["findings"].items()
            }
        except (AttributeError, KeyError, TypeError, ValueError):
            return None
        for cell, shown, count in zip(cells, outputs, counts, strict=True):
            cell.outputs, cell.execution_count = shown, count
        return RunResult(notebook, findings, {})


def results_of(course: Course, isolated: bool, limits: Limits, fresh: bool = False) -> Results:
    """The results kept of a course, for runs within these bounds. Raises OSError and TooMuch."""
    parts = [
        version(),
        hashlib.sha256(secret_of(course.root)).hexdigest(),
        fingerprint(course.release),
        repr((limits, isolated)),
    ]
    made_of = hashlib.sha256("\0".join(parts).encode()).digest()
    return Results(Kept(course.root / "grading" / "results", MOST_BYTES), made_of, fresh)


def _as_plain(result: RunResult) -> dict[str, Any]:
    """A result as JSON values: what `_of` reads."""
    cells = code_cells(result.notebook)
    plain = {
        "outputs": [cell.outputs for cell in cells],
        "counts": [cell.execution_count for cell in cells],
        "findings": {task: [as_json(each) for each in found] for task, found in result.findings.items()},
    }
    return dict(json.loads(json.dumps(plain)))


def _is_cut_short(notebook: NotebookNode) -> bool:
    """Whether a cell was stopped by the clock, or not run, as its session had ended."""
    shown = (output for cell in code_cells(notebook) for output in cell.get("outputs", []))
    return any(output.get("ename") in _CUT_SHORT for output in shown)
