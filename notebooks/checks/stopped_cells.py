"""Answer cells that raised, or made another name: a student has to know that, not that a name is still None.

At home, a hook of IPython's sees each cell that was run, and its error. In grading, the grader reads it off
the cell's outputs. The check would otherwise judge what an earlier run has left, and say nothing of it.
"""

from __future__ import annotations

import functools
import re
import sys
import traceback
from collections.abc import Collection, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from checks.close_names import close_names
from checks.errors import told, without_colours
from checks.language import Sentence, say
from checks.task import TABLE, Entry, Finding, wrong

# What is said of an answer that is not there.
_NOTHING_THERE = {
    "any.is_none",
    "any.none_came",
    "any.not_there",
    "any.not_there_yet",
    "training.no_batch",
    "training.no_epochs",
    "training.choose_first",
    "training.no_model",
    "cifar_model.is_none",
    "cifar_training.history_none",
    "cifar_training.figure_none",
    "cifar_training.score_none",
}
_PLACE = re.compile(r"Cell In\[(\d{1,6})\], line (\d{1,6})")


@dataclass(frozen=True)
class StoppedCell:
    """The error that an answer cell ended with, in one line, and the cell's line, if it is known.

    One that Python could not read has not `begun`: all that a check sees is older.
    """

    error: str
    line: int | None
    begun: bool = True


@dataclass(frozen=True)
class OtherName:
    """A name that is asked for, and a close one that was made in its place.

    `newest` says that it was made by the newest run of the answer cell, and not in some cell.
    """

    name: str
    made: str
    newest: bool


News = StoppedCell | OtherName
Kept = MutableMapping[str, News]
"""By task, what its check can't see of the cells that were run."""


def after_cell(
    kept: Kept, answered: Collection[str], close: Mapping[str, Sequence[str]], stopped: StoppedCell | None
) -> None:
    """Note of a cell that was run: the tasks that it answers, its `close_names`, and how it stopped."""
    for task in TABLE:
        if task in answered:
            kept.pop(task, None)
        if task in answered and stopped:
            kept[task] = stopped
        elif task in close and (task in answered or task not in kept):
            name, made = close[task]
            kept[task] = OtherName(name, made, newest=task in answered)


def with_the_error(task: str, findings: Sequence[Finding], news: News | None) -> list[Finding]:
    """The findings on a task; nothing is called empty that an error or another name kept away.

    Points stay as they are. What the newest run has made, and got all points for, is left alone.
    """
    lost = [finding for finding in findings if finding.points < finding.out_of]
    older = not news.begun if isinstance(news, StoppedCell) else bool(news and news.newest)
    if not news or not (lost or older):
        return list(findings)
    sentence = _sentence(news)
    absent = [finding for finding in lost if _is_absent(task, finding)]
    if absent and len(absent) == len(findings):
        return [wrong("any.what_answer", sum(finding.out_of for finding in findings), sentence)]
    if absent:
        return [replace(each, said=(sentence,)) if each in absent else each for each in findings]
    if isinstance(news, OtherName) and not news.newest:  # some other cell's name, and an answer that is there
        return list(findings)
    return [Finding("any.what_cell", 0, 0, (sentence,)), *findings]


def _is_absent(task: str, finding: Finding) -> bool:
    missing = {f"KeyError: {name!r}" for name in TABLE[task].gives}
    return bool(_NOTHING_THERE & set(finding.keys)) or finding.values.get("error") in missing


def _sentence(stopped: News) -> Sentence:
    if isinstance(stopped, OtherName):
        return say("any.other_name", name=stopped.name, made=stopped.made)
    if not stopped.begun and stopped.line is not None:
        return say("any.cell_unread", line=stopped.line, error=stopped.error)
    if stopped.line is None:
        return say("any.cell_stopped_somewhere", error=stopped.error)
    return say("any.cell_stopped", line=stopped.line, error=stopped.error)


def line_in(lines: Sequence[str]) -> int | None:
    """The line of a cell that a traceback of IPython's, as text, points at."""
    places = _PLACE.findall(without_colours("\n".join(lines)))
    in_the_cell = [int(line) for cell, line in places if cell == places[0][0]]
    return in_the_cell[-1] if in_the_cell else None


# --- At home ----------------------------------------------------------------------------------------


def watch() -> None:
    """From now on, keep the last error of each answer cell; outside IPython, nothing. Again is no matter."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell and getattr(shell, "kept_by_checks", None) is not _kept():
        shell.kept_by_checks = _kept()
        shell.events.register("post_run_cell", _look_at)


def stopped_cell(task: str) -> News | None:
    """How the task's answer cell stopped when it was last run, or the other name that it made.

    None if neither, or nobody watched.
    """
    return _kept().get(task)


@functools.cache
def _kept() -> dict[str, News]:
    """By task, in this notebook."""
    return {}


def _look_at(result: Any) -> None:
    """After each cell, with what IPython says of it."""
    info = getattr(result, "info", None)
    error = result.error_before_exec or result.error_in_exec
    stopped = StoppedCell(told(error), _line_of(error), begun=not result.error_before_exec) if error else None
    code, cell = str(getattr(info, "raw_cell", "")), str(getattr(info, "cell_id", ""))
    after_cell(_kept(), list(_tasks_of(code, cell)), close_names(code), stopped)


def _tasks_of(code: str, cell: str) -> Iterator[str]:
    """The tasks whose answer cell this is: by the name of the cell, or by the names that the code gives."""
    if cell in TABLE:
        yield cell
    else:
        yield from (task for task, entry in TABLE.items() if _gives(code, entry))


def _gives(code: str, entry: Entry) -> bool:
    """Whether a line of the code that is not indented defines one of the names, or sets it."""
    names = f"(?:{'|'.join(entry.gives)})"
    return bool(
        re.search(rf"^(?:def +{names}\b|(?:[\w, ]*, *)?{names}\b[\w, ()]*=(?!=))", code, re.MULTILINE)
    )


def _line_of(error: BaseException) -> int | None:
    if isinstance(error, SyntaxError):
        return error.lineno
    places = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    cell = next((code.co_filename for code, _ in places if code.co_name == "<module>"), None)
    return next((line for code, line in reversed(places) if code.co_filename == cell), None)
