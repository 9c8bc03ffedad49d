"""Where am I: which tasks are passed, failing or untouched, the points so far, and what comes next.

Nothing is remembered: each look asks the notebook's objects anew, by the checks themselves. All eleven take
about a second.
"""

from __future__ import annotations

import dis
import html
import io
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from play import base

# By the name of the task: its number, what it is about, and the names that its answer cell gives.
TASKS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "normalise_images": ("1", "pixels from 0 to 1", ("normalise_images",)),
    "channel_axis": ("2", "the channel axis", ("x_train", "x_test")),
    "one_hot": ("3", "one-hot labels", ("one_hot",)),
    "net_1": ("4", "net_1, with pooling", ("net_1",)),
    "train_net_1": ("5", "training net_1", ("batch_size", "epochs")),
    "net_2": ("6", "net_2, with stride", ("net_2",)),
    "train_net_2": ("7", "training net_2", ("batch_size", "epochs")),
    "cifar_labels": ("8", "labels of the colour pictures", ("cifar_y_train", "cifar_y_test")),
    "cifar_images": ("9", "the colour pictures", ("cifar_x_train", "cifar_x_test")),
    "cifar_model": ("10", "a model for them", ("cifar_model",)),
    "cifar_training": ("11", "training it", ("cifar_history", "cifar_figure", "cifar_score")),
}
PASSED, FAILING, UNTOUCHED, BROKEN = "passed", "not yet right", "untouched", "could not be looked at"
READ = "read by a person"
MARKS = {PASSED: "✓", FAILING: "✗", UNTOUCHED: "○", BROKEN: "?", READ: "✎"}
HEADS = ("task", "what", "state", "points", "where points are missing")
CAPTION = "Your answers, as they are in this notebook now"
COUNTS = "{passed} passed, {failing} not yet right, {untouched} untouched."
DISCUSSION = ("12", "think about it", "10 more")
STOPPED = "the check stopped with {error}"
TOTAL = "{points:g} of {out_of} points so far; 10 more, for task 12, are given by a person."
NEXT = "Next: task {number}, {title}. Stuck? tests.hint('{task}', 1)"
ALL_DONE = "All checks are passed. What remains is task 12, in your own words."
AGAIN, LOOKING = "Look again", "Looking …"

_WIDTH, _HEIGHT = 640, 24
_COLOURS = {PASSED: base.GREEN, FAILING: base.ORANGE}


@dataclass(frozen=True)
class Standing:
    """One task: its state, its points so far, how many there are, and what is not right yet."""

    task: str
    state: str
    points: float
    out_of: int
    note: str = ""


def where_am_i(tests: Any, notebook: Mapping[str, Any]) -> None:
    """Show where the learner stands: `tests` is the module of the checks, `notebook` is `globals()`."""
    base.show(lambda: standing_view(tests, notebook), "where am I")


def standing_view(tests: Any, notebook: Mapping[str, Any]) -> base.View:
    """The view; parts: `again`, a button that looks anew, and `picture_of`, what is drawn."""
    from ipywidgets import HTML, Button, VBox

    shown, again = HTML(), Button(description=AGAIN, icon="refresh")

    def look(_: object = None) -> str:
        again.disabled, again.description = True, LOOKING
        standings = all_standings(tests, notebook)
        shown.value = drawn(standings)
        again.disabled, again.description = False, AGAIN
        return description(standings)

    again.on_click(look)
    text = look()
    return base.View(VBox([shown, again]), shown.value, text, {"again": again, "picture_of": shown})


def all_standings(tests: Any, notebook: Mapping[str, Any]) -> list[Standing]:
    """Where each task stands, in the notebook's order."""
    return [standing(tests, task, _at_its_check(task, notebook)) for task in TASKS]


def standing(tests: Any, task: str, notebook: Mapping[str, Any]) -> Standing:
    """Ask a task's check, unless its answer cell is as it came."""
    out_of = tests.TASKS[task].points
    if all(is_untouched(notebook.get(name)) for name in TASKS[task][2]):
        return Standing(task, UNTOUCHED, 0, out_of)
    try:
        # A student's function may print; here only the table is wanted.
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            findings = tests.grade_answer(task, notebook)
        points = tests.points(findings)
    except Exception as error:  # whatever a student's object does, the other tasks are still shown
        return Standing(task, BROKEN, 0, out_of, STOPPED.format(error=type(error).__name__))
    return Standing(task, PASSED if points >= out_of else FAILING, points, out_of, _note(findings))


def is_untouched(answer: Any) -> bool:
    """Is it None, or a function with nothing in it but a docstring?

    A function that works and forgets its `return` is touched, though it gives back None as well.
    """

    def empty() -> None:
        """Nothing but a docstring."""

    return answer is None or (isinstance(answer, FunctionType) and _steps(answer) == _steps(empty))


def _steps(function: FunctionType) -> list[tuple[str, Any]]:
    """What Python does in a function, its constants by value: `return 5` is not `return None`."""
    return [(step.opname, step.argval) for step in dis.get_instructions(function) if step.opname != "NOP"]


def _note(findings: Sequence[Any]) -> str:
    """What lost points; if nothing could be looked at, why."""
    lost = [finding for finding in findings if finding.points < finding.out_of]
    return "; ".join(finding.message if finding.what == "ready" else finding.what for finding in lost)


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


def drawn(standings: Sequence[Standing]) -> str:
    """A bar of the points, what comes next, and a table of the tasks, as HTML."""
    sentences = (_total(standings), _counts(standings), next_step(standings))
    heads = "".join(f'<th scope="col" style="{_CELL}">{name}</th>' for name in HEADS)
    rows = "".join(_row(standing) for standing in standings)
    number, title, points = DISCUSSION
    rows += _line(number, title, f"{MARKS[READ]} {READ}", points, "")
    table = (
        f'<table style="color: {base.INK}; border-collapse: collapse; font-size: 14px">'
        f'<caption style="text-align: left; color: {base.INK}">{CAPTION}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )
    return base.page(_bar(standings), *map(base.paragraph, sentences), table)


def _bar(standings: Sequence[Standing]) -> str:
    """One field a task, as wide as its points are many, filled as far as they are earned."""
    point = _WIDTH / sum(standing.out_of for standing in standings)
    left, parts = 1.0, []
    for standing in standings:
        width, filled = point * standing.out_of, point * standing.points
        if filled:
            colour = _COLOURS[standing.state]
            parts.append(base.box(left, 2, filled, _HEIGHT, colour, colour, line=0))
        parts.append(base.box(left, 2, width, _HEIGHT, base.FAINT, line=1))
        sign = f"{TASKS[standing.task][0]} {MARKS[standing.state]}"
        parts.append(base.label(left + width / 2, _HEIGHT + 15, sign, 12))
        left += width
    return base.svg(_WIDTH + 2, _HEIGHT + 26, parts, _total(standings))


_CELL = f"text-align: left; padding: 4px 12px 4px 4px; border-bottom: 1px solid {base.FAINT}"


def _row(standing: Standing) -> str:
    number, title, _ = TASKS[standing.task]
    state, points = f"{MARKS[standing.state]} {standing.state}", f"{standing.points:g} of {standing.out_of}"
    return _line(
        number, title, state, points, standing.note, "bold" if standing.state == FAILING else "normal"
    )


def _line(number: str, title: str, state: str, points: str, note: str, weight: str = "normal") -> str:
    cells = "".join(
        f'<td style="{_CELL}; font-weight: {look}">{html.escape(cell)}</td>'
        for cell, look in ((title, "normal"), (state, weight), (points, "normal"), (note, "normal"))
    )
    return f'<tr><th scope="row" style="{_CELL}">{number}</th>{cells}</tr>'


def _total(standings: Sequence[Standing]) -> str:
    points, out_of = sum(s.points for s in standings), sum(s.out_of for s in standings)
    return TOTAL.format(points=points, out_of=out_of)


def _counts(standings: Sequence[Standing]) -> str:
    states = [standing.state for standing in standings]
    untouched, passed = states.count(UNTOUCHED), states.count(PASSED)
    return COUNTS.format(passed=passed, failing=len(states) - passed - untouched, untouched=untouched)


def next_step(standings: Sequence[Standing]) -> str:
    """The first task that is not passed, and the way to its hint."""
    for standing in standings:
        if standing.state != PASSED:
            number, title, _ = TASKS[standing.task]
            return NEXT.format(number=number, title=title, task=standing.task)
    return ALL_DONE


def description(standings: Sequence[Standing]) -> str:
    """The table in words."""
    tasks = "; ".join(f"{TASKS[s.task][0]} {s.state}, {s.points:g} of {s.out_of}" for s in standings)
    return f"{_total(standings)} {_counts(standings)} {next_step(standings)} {tasks}"
