"""What a student sees of a check and of a hint, in lines of a notebook's output."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from checks import mending, stopped_cells
from checks.asking import grade_answer
from checks.consequences import is_consequence, lost, told_before
from checks.held_back import held_back
from checks.language import say, text_of
from checks.task import Finding, Given, points, scaled
from checks.tasks import TASKS

# The widest line, in characters: fits a notebook's output beside an open file browser.
_WIDTH = 100


def check(task: str, given: Given) -> float:
    """Print a task's findings with the public cases, and what stands in the way, and return the points."""
    stopped_cells.watch()
    try:
        with held_back() as was_shown:
            findings = grade_answer(task, given)
    except Exception as error:  # of the check's own: a student can do nothing with a traceback of ours
        print(_wrapped(_said("any.check_stopped", task=task, error=type(error).__name__), "  "))
        return Points(0)
    findings = stopped_cells.with_the_error(task, findings, stopped_cells.stopped_cell(task))
    remarks = [Finding("any.what_printed", 0, 0, (say("any.printed"),))] if was_shown() else []
    print(words(task, [*mending.with_what_comes_first(task, given, findings), *remarks]))
    return Points(points(findings))


class Points(float):
    """A check's points, of which a notebook shows nothing more: the words have said them.

    nbgrader reads partial credit off the plain text of a cell's result (`nbgrader.utils.get_partial_grade`),
    so there has to be one. A notebook shows HTML in place of the text, where there is some.
    """

    def __repr__(self) -> str:
        return f"{float(self):g}"

    def _repr_html_(self) -> str:
        return (
            "<style>.jp-OutputArea-child:has(.course-points) { display: none }</style>"
            '<span class="course-points"></span>'
        )


def words(task: str, findings: Sequence[Finding], worth: float | None = None) -> str:
    """The findings as the student reads them; one that is worth nothing is a remark on the others.

    `worth` is what the check gives, if that is not the table's.
    """
    out_of = TASKS[task].points if worth is None else worth
    title = (
        _said("any.title", task=task, points=points(scaled(findings, out_of)), out_of=out_of)
        if out_of
        else _said("any.title_practice" if TASKS[task].entry.practice else "any.title_no_points", task=task)
    )
    width = max((len(finding.name) for finding in findings), default=0)
    lines = [title]
    for finding in findings:
        head = f"  {_mark(finding, findings, task)} {finding.name.ljust(width)}  "
        before = told_before(finding, findings)
        message = _said("any.same_as", name=before.name) if before else finding.message
        lines.append(_wrapped(head + message, " " * len(head)).rstrip())
    if any(lost(finding) for finding in findings):
        lines.append(f"  {_said('any.want_more', task=task)}")
    return "\n".join(lines)


def _mark(finding: Finding, findings: Sequence[Finding], task: str) -> str:
    """What stands before a finding: a cross before each fault, once, and a dot before what follows."""
    if not TASKS[task].whole:
        return "✓" if finding.points > 0 else "✗"
    if not finding.out_of:
        return "→"
    if not lost(finding):
        return "✓"
    return "·" if is_consequence(finding, findings) or told_before(finding, findings) else "✗"


def hint(task: str, level: int = 1) -> None:
    """Print a hint for a task: level 1 asks a question, 2 shows where to look, 3 nearly says it."""
    if task not in TASKS:
        print(_said("any.no_such_task", task=task, tasks=list(TASKS)))
    elif level not in (1, 2, 3):
        print(_said("any.hint_levels"))
    else:
        print(_wrapped(_said("any.hint", level=level, task=task, hint=TASKS[task].hints[level - 1]), ""))
        if level < 3:
            print(_said("any.next_hint", task=task, level=level + 1))


def _said(key: str, **values: Any) -> str:
    return text_of(say(key, **values))


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(
        text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
