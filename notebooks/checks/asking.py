"""A whole check: cases drawn, answers asked for, findings judged."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import replace

import numpy as np

from checks.errors import told
from checks.language import say
from checks.task import Answer, Ask, Case, Finding, Given, NotReady, wrong
from checks.tasks import TASKS

PRACTICE_SEED = 20
"""Of the public cases, which are the same at every call."""

GRADED_SIZES = {"channel_axis": 4000, "cifar_labels": 2000, "cifar_images": 2000, "cifar_training": 2000}
"""Training pictures while grading, for the tasks into whose code somebody may write a number of pictures."""


def grade_answer(
    task: str, given: Given, data: Given | None = None, rng: np.random.Generator | None = None
) -> list[Finding]:
    """Findings for what a student made in a task.

    ``given`` maps names to the student's objects, ``data`` the notebook's data names (``train_images`` …) to
    arrays; by default they are looked up in ``given``. ``rng`` draws the cases; by default they are always
    the same, public ones.
    """
    drawn_by = rng or np.random.default_rng(PRACTICE_SEED)
    try:
        cases = TASKS[task].cases(drawn_by, given if data is None else data)
    except NotReady as reason:
        return [wrong("any.what_ready", TASKS[task].whole, reason.sentence)]
    answers = [answer(task, given, case.ask) for case in cases]
    # A warning of the judge's own arithmetic on wild values would stand on stderr, and cost the check's
    # points.
    with np.errstate(all="ignore"):
        return _with_the_size(task, cases, TASKS[task].judge(cases, answers))


def _with_the_size(task: str, cases: Sequence[Case], findings: list[Finding]) -> list[Finding]:
    """The findings; after a run at home on more pictures than grading has, the first one says so."""
    size = cases[0].truth.get("train size", 0)
    if size <= GRADED_SIZES.get(task, size):
        return findings
    first, *others = findings
    note = say("any.size_in_grading", size=size, graded=GRADED_SIZES[task])
    return [replace(first, said=(*first.said, note)), *others]


def answer(task: str, given: Given, ask: Ask) -> Answer:
    """Plain data that the student's objects give for one ``ask``; an exception becomes ``{"error": …}``.

    Whatever the student's code writes to stderr is shown on stdout: a warning is no mistake, and nbgrader
    would give no points to a check with a single letter on stderr.
    """
    try:
        with redirect_stderr(sys.stdout):
            return TASKS[task].answer(given, ask)
    except (Exception, SystemExit) as error:
        return {"error": told(error)}
