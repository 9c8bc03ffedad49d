"""Where am I: which tasks are passed, failing or untouched, the points so far, and what comes next.

Nothing is remembered: each look asks the notebook's objects anew, by the checks themselves. All eleven take
about a second.
"""

from __future__ import annotations

import html
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from play import base

# By the name of the task: its number, what it is about, and the names that its answer cell gives.
TASKS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "normalise_images": ("1", "pixels from 0 to 1", ("normalise_images",)),
    "channel_axis": ("2", "the channel axis", ("x_train", "x_test")),
    "one_hot": ("3", "one-hot labels", ("one_hot",)),
    "net_1": ("4", "net_1, with pooling", ("net_1",)),
    "train_net_1": ("5", "training net_1", ("history_1",)),
    "net_2": ("6", "net_2, with stride", ("net_2",)),
    "train_net_2": ("7", "training net_2", ("history_2",)),
    "cifar_labels": ("8", "labels of the colour pictures", ("cifar_y_train", "cifar_y_test")),
    "cifar_images": ("9", "the colour pictures", ("cifar_x_train", "cifar_x_test")),
    "cifar_model": ("10", "a model for them", ("cifar_model",)),
    "cifar_training": ("11", "training it", ("cifar_history", "cifar_figure", "cifar_score")),
}
PASSED, FAILING, UNTOUCHED, BROKEN = "passed", "not yet right", "untouched", "could not be looked at"
MARKS = {PASSED: "✓", FAILING: "✗", UNTOUCHED: "·", BROKEN: "?"}
HEADS = ("task", "what", "state", "points")
TOTAL = "{points:g} of {out_of} points so far; 10 more, for task 12, are given by a person."
NEXT = "Next: task {number}, {title}. Stuck? tests.hint('{task}', 1)"
ALL_DONE = "All checks are passed. What remains is task 12, in your own words."
AGAIN = "Look again"
WIDTH = 420


@dataclass(frozen=True)
class Standing:
    """One task: its state, its points so far, and how many there are."""

    task: str
    state: str
    points: float
    out_of: int


def where_am_i(tests: Any, notebook: Mapping[str, Any]) -> None:
    """Show where the learner stands: `tests` is the module of the checks, `notebook` is `globals()`."""
    base.show(lambda: standing_view(tests, notebook), "where am I")


def standing_view(tests: Any, notebook: Mapping[str, Any]) -> base.View:
    """The view; parts: `again`, a button that looks anew, and `picture_of`, what is drawn."""
    from ipywidgets import HTML, Button, VBox

    shown, again = HTML(), Button(description=AGAIN, icon="refresh")

    def look(_: object = None) -> str:
        standings = all_standings(tests, notebook)
        shown.value = drawn(standings)
        return description(standings)

    again.on_click(look)
    text = look()
    return base.View(VBox([shown, again]), shown.value, text, {"again": again, "picture_of": shown})


def all_standings(tests: Any, notebook: Mapping[str, Any]) -> list[Standing]:
    """Where each task stands, in the notebook's order."""
    return [standing(tests, task, notebook) for task in TASKS]


def standing(tests: Any, task: str, notebook: Mapping[str, Any]) -> Standing:
    """Ask a task's check, unless its answer cell is as it came."""
    out_of = tests.TASKS[task].points
    if all(is_untouched(notebook.get(name)) for name in TASKS[task][2]):
        return Standing(task, UNTOUCHED, 0, out_of)
    try:
        points = tests.points(tests.grade_answer(task, notebook))
    except Exception:  # whatever a student's object does, the other tasks are still shown
        return Standing(task, BROKEN, 0, out_of)
    return Standing(task, PASSED if points == out_of else FAILING, points, out_of)


def is_untouched(answer: Any) -> bool:
    """Is it None, or a function with nothing but a docstring?"""

    def empty() -> None:
        """Nothing but a docstring."""

    if isinstance(answer, types.FunctionType):
        return answer.__code__.co_code == empty.__code__.co_code
    return answer is None


# ------------------------------------------------------------------------------------------- what is seen


def drawn(standings: list[Standing]) -> str:
    """A bar of the points, what comes next, and a table of the tasks, as HTML."""
    points, out_of = sum(s.points for s in standings), sum(s.out_of for s in standings)
    bar = [
        base.box(0, 2, WIDTH, 14, base.FAINT, line=1),
        base.box(0, 2, WIDTH * points / out_of, 14, base.BLUE, base.BLUE, line=0),
    ]
    total = TOTAL.format(points=points, out_of=out_of)
    picture = base.svg(WIDTH, 18, bar, total)
    head = "".join(f'<th scope="col" style="text-align: left">{name}</th>' for name in HEADS)
    rows = "".join(_row(standing) for standing in standings)
    table = f'<table style="color: {base.INK}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    return base.page(picture, base.paragraph(total), base.paragraph(next_step(standings)), table)


def _row(standing: Standing) -> str:
    number, title, _ = TASKS[standing.task]
    weight = "bold" if standing.state == FAILING else "normal"
    return (
        f'<tr><th scope="row" style="text-align: left">{number}</th>'
        f'<td style="text-align: left">{html.escape(title)}</td>'
        f'<td style="text-align: left; font-weight: {weight}">{MARKS[standing.state]} {standing.state}</td>'
        f"<td>{standing.points:g} of {standing.out_of}</td></tr>"
    )


def next_step(standings: list[Standing]) -> str:
    """The first task that is not passed, and the way to its hint."""
    for standing in standings:
        if standing.state != PASSED:
            number, title, _ = TASKS[standing.task]
            return NEXT.format(number=number, title=title, task=standing.task)
    return ALL_DONE


def description(standings: list[Standing]) -> str:
    """The table in words."""
    points, out_of = sum(s.points for s in standings), sum(s.out_of for s in standings)
    tasks = "; ".join(f"{TASKS[s.task][0]} {s.state}, {s.points:g} of {s.out_of}" for s in standings)
    return f"{TOTAL.format(points=points, out_of=out_of)} {next_step(standings)} {tasks}"
