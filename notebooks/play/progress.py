"""Where am I: which tasks are passed, failing or untouched, the points so far, and what comes next.

Nothing is remembered: each look asks the notebook's objects anew, by the checks themselves. All together
take about a second.
"""

from __future__ import annotations

import html
import io
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from checks.language import say, text_of
from checks.mending import is_untouched
from checks.task import DISCUSSION, TABLE, Entry
from play import base
from tools import markup, theme

PASSED, FAILING, UNTOUCHED, BROKEN, READ = "passed", "failing", "untouched", "broken", "read"
MARKS = {PASSED: "✓", FAILING: "✗", UNTOUCHED: "○", BROKEN: "?", READ: "✎"}
HEADS = ("head_task", "head_what", "head_state", "head_points", "head_missing")

_WIDTH, _HEIGHT = 640, 24
ENTRIES: Mapping[str, Entry] = {name: entry for name, entry in TABLE.items() if entry.number}
"""The tasks of the notebook that have a check."""

_COLOURS = {PASSED: theme.GREEN, FAILING: theme.ORANGE}


@dataclass(frozen=True)
class TaskProgress:
    """One task: its state, its points so far, how many there are, and what is not right yet."""

    task: str
    state: str
    points: float
    out_of: int
    note: str = ""


def where_am_i(tests: Any, notebook: Mapping[str, Any]) -> None:
    """Show where the learner stands: `tests` is the module of the checks, `notebook` is `globals()`."""
    base.show(lambda: progress_view(tests, notebook), "where am I")


def progress_view(tests: Any, notebook: Mapping[str, Any]) -> base.View:
    """The view; parts: `again`, a button that looks anew, and `picture_of`, what is drawn."""
    from ipywidgets import HTML, Button, VBox

    shown, again = HTML(), Button(description=_said("again"), icon="refresh")

    def look(_: object = None) -> str:
        again.disabled, again.description = True, _said("looking")
        progress = progress_of_tasks(tests, notebook)
        shown.value = drawn(progress)
        again.disabled, again.description = False, _said("again")
        return description(progress)

    again.on_click(look)
    text = look()
    return base.View(VBox([shown, again]), shown.value, text, {"again": again, "picture_of": shown})


def progress_of_tasks(tests: Any, notebook: Mapping[str, Any]) -> list[TaskProgress]:
    """How far each task has come, in the notebook's order."""
    return [progress_of(tests, task, _at_its_check(task, notebook)) for task in ENTRIES]


def progress_of(tests: Any, task: str, notebook: Mapping[str, Any]) -> TaskProgress:
    """Ask a task's check, unless its answer cell is as it came."""
    out_of = ENTRIES[task].points
    if all(is_untouched(notebook.get(name)) for name in ENTRIES[task].gives):
        return TaskProgress(task, UNTOUCHED, 0, out_of)
    try:
        # A student's function may print; here only the table is wanted.
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            findings = tests.grade_answer(task, notebook)
        points = tests.points(findings)
    except Exception as error:  # whatever a student's object does, the other tasks are still shown
        return TaskProgress(task, BROKEN, 0, out_of, _said("stopped", error=type(error).__name__))
    return TaskProgress(task, PASSED if points >= out_of else FAILING, points, out_of, _note(findings))


def _note(findings: Sequence[Any]) -> str:
    """What lost points; if nothing could be looked at, why."""
    lost = [finding for finding in findings if finding.points < finding.out_of]
    return "; ".join(
        finding.message if finding.what == "any.what_ready" else finding.name for finding in lost
    )


def _at_its_check(task: str, notebook: Mapping[str, Any]) -> Mapping[str, Any]:
    """The notebook with the numbers that tasks 5 and 7 have at their own checks: they share two names.

    Until the second training cell has run, the names hold task 5's numbers, and task 7 has none. From then on
    they hold task 7's, and what task 5 trained with is in the history of its training.
    """
    second = "history_2" in notebook
    if task == "train_net_2" and not second:
        return {**notebook, "batch_size": None, "epochs": None}
    trained = getattr(notebook.get("history_1"), "params", None) or {}
    if task == "train_net_1" and second and trained.get("steps") and notebook.get("x_train") is not None:
        learned_from = int(len(notebook["x_train"]) * 0.9)  # the training cell validates with the rest
        return {
            **notebook,
            "batch_size": -(-learned_from // trained["steps"]),
            "epochs": trained["epochs"],
        }
    return notebook


# ------------------------------------------------------------------------------------------- what is seen


def drawn(progress: Sequence[TaskProgress]) -> str:
    """A bar of the points, what comes next, and a table of the tasks, as HTML."""
    sentences = (_total(progress), _counts(progress), next_step(progress))
    heads = "".join(f'<th scope="col" style="{_CELL}">{_said(name)}</th>' for name in HEADS)
    rows = "".join(_row(each) for each in progress)
    more = _said("discussion_points", more=DISCUSSION.points)
    rows += _line(str(DISCUSSION.number), _said("discussion"), _state(READ), more, "")
    table = (
        f'<table style="color: {theme.INK}; border-collapse: collapse; font-size: 14px">'
        f'<caption style="text-align: left; color: {theme.INK}">{_said("caption")}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )
    return markup.page(_bar(progress), *map(markup.paragraph, sentences), table)


def _bar(progress: Sequence[TaskProgress]) -> str:
    """One field a task, as wide as its points are many, filled as far as they are earned."""
    point = _WIDTH / sum(each.out_of for each in progress)
    left, parts = 1.0, []
    for each in progress:
        width, filled = point * each.out_of, point * each.points
        if filled:
            colour = _COLOURS[each.state]
            parts.append(markup.box(left, 2, filled, _HEIGHT, colour, colour, line=0))
        parts.append(markup.box(left, 2, width, _HEIGHT, theme.FAINT, line=1))
        sign = f"{ENTRIES[each.task].number} {MARKS[each.state]}"
        parts.append(markup.label(left + width / 2, _HEIGHT + 15, sign, 12))
        left += width
    return markup.svg(_WIDTH + 2, _HEIGHT + 26, parts, _total(progress))


_CELL = f"text-align: left; padding: 4px 12px 4px 4px; border-bottom: 1px solid {theme.FAINT}"


def _row(each: TaskProgress) -> str:
    entry, weight = ENTRIES[each.task], "bold" if each.state == FAILING else "normal"
    return _line(str(entry.number), entry.title, _state(each.state), _points(each), each.note, weight)


def _state(state: str) -> str:
    return f"{MARKS[state]} {_said(state)}"


def _points(each: TaskProgress) -> str:
    return _said("points", points=each.points, out_of=each.out_of)


def _line(number: str, title: str, state: str, points: str, note: str, weight: str = "normal") -> str:
    cells = "".join(
        f'<td style="{_CELL}; font-weight: {look}">{html.escape(cell)}</td>'
        for cell, look in ((title, "normal"), (state, weight), (points, "normal"), (note, "normal"))
    )
    return f'<tr><th scope="row" style="{_CELL}">{number}</th>{cells}</tr>'


def _total(progress: Sequence[TaskProgress]) -> str:
    points, out_of = sum(s.points for s in progress), sum(s.out_of for s in progress)
    more, number = DISCUSSION.points, DISCUSSION.number
    return _said("total", points=points, out_of=out_of, more=more, number=number)


def _counts(progress: Sequence[TaskProgress]) -> str:
    states = [each.state for each in progress]
    untouched, passed = states.count(UNTOUCHED), states.count(PASSED)
    failing = len(states) - passed - untouched
    return _said("counts", passed=passed, failing=failing, untouched=untouched)


def next_step(progress: Sequence[TaskProgress]) -> str:
    """The first task that is not passed, and the way to its hint."""
    for each in progress:
        if each.state != PASSED:
            entry = ENTRIES[each.task]
            return _said("next", number=entry.number, title=entry.title, task=each.task)
    return _said("all_done", number=DISCUSSION.number)


def description(progress: Sequence[TaskProgress]) -> str:
    """The table in words."""
    words = "; ".join(f"{ENTRIES[s.task].number} {_said(s.state)}, {_points(s)}" for s in progress)
    return f"{_total(progress)} {_counts(progress)} {next_step(progress)} {words}"


def _said(key: str, **values: Any) -> str:
    return text_of(say(f"progress.{key}", **values))
