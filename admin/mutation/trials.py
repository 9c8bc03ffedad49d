"""Tries changes of the checks on the known answers: does any of them get other points, keys or numbers?"""

from __future__ import annotations

import functools
import importlib
import importlib.machinery
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from admin.course.layout import REPOSITORY
from admin.mutation import known
from admin.mutation.accepted import Mark, mark
from admin.mutation.children import Ended, in_forks
from admin.mutation.known import Finding, Line, Observation
from admin.mutation.places import Place, changed, places

SECONDS = 900.0
"""For one change: asking all known answers of a net again takes minutes."""

Observations = Mapping[str, Sequence[Observation]]


@dataclass(frozen=True)
class Change:
    """A place of a file; `file` is relative to the repository."""

    file: str
    place: Place

    @property
    def mark(self) -> Mark:
        """What names it for as long as its line stays as it is."""
        return mark(self.file, self.place)


def changes_of(module: str) -> list[Change]:
    """All changes of a module of the checks."""
    path = known.file_of(module)
    return [Change(str(path.relative_to(REPOSITORY)), place) for place in places(path.read_text())]


def used_by(change: Change, tasks: Sequence[str], seen: Observations, imported: frozenset[Line]) -> list[str]:
    """Those of the tasks whose known answers run the line, or whose check imports it."""
    return [
        task for task in tasks if runs(change, imported) or any(reached(change, each) for each in seen[task])
    ]


def runs(change: Change, lines: frozenset[Line]) -> bool:
    path = str(REPOSITORY / change.file)
    return any((path, line) in lines for line in change.place.lines)


def reached(change: Change, observation: Observation) -> set[str]:
    """The parts of a check in which a known answer comes by the changed lines."""
    return {part for part, lines in observation.ran.items() if runs(change, lines)}


def at_import() -> frozenset[Line]:
    """The lines of the checks that run as they are imported. Runs in a fork."""
    ran: set[Line] = set()
    with known.watched(ran):
        known.fresh_checks()
    return frozenset(ran)


def fates(
    changes: Sequence[Change],
    tasks: Callable[[Change], Sequence[str]],
    seen: Observations,
    imported: frozenset[Line],
    workers: int,
) -> Iterator[tuple[Change, str]]:
    """Each change with what notices it, or with an empty text if nothing does."""

    def do(change: Change) -> str:
        return noticed_by(change, {task: seen[task] for task in tasks(change)}, imported)

    for change, fate in in_forks(changes, do, workers, SECONDS):
        yield change, str(fate) if isinstance(fate, Ended) else fate


def noticed_by(change: Change, seen: Observations, imported: frozenset[Line]) -> str:
    """The first known answer that gets something else after a change. Runs in a fork of its own."""
    install(REPOSITORY / change.file, change.place.number)
    try:
        known.fresh_checks()
    except Exception as error:  # whatever it is, nobody could overlook it
        return f"import: {type(error).__name__}"
    always = runs(change, imported)
    for again in (False, True):  # what is quick comes first
        for task, observations in seen.items():
            answering = any("answer" in reached(change, each) for each in observations)
            in_answers = any(each.ran["answer"] and _in_file(change, each) for each in observations)
            if again and not (answering or (always and in_answers)):
                continue
            for each in one_of_each(observations) if again else observations:
                if (always or reached(change, each)) and differs(each, again):
                    return f"{task}: {each.name}"
    return ""


def one_of_each(observations: Sequence[Observation]) -> list[Observation]:
    """One of all known answers that are asked by the same lines of the checks: asking is slow.

    Where it is not, these lines have to give the same kinds of values, too.
    """
    return list({(each.ran["answer"], _outline(each)): each for each in reversed(observations)}.values())


def _outline(observation: Observation) -> str:
    if observation.task in known.SLOW:
        return ""
    return str([_kinds(answer) for _, answers in observation.seeds.values() for answer in answers])


def _kinds(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: (value.dtype, value.shape) if isinstance(value, np.ndarray) else value
        for name, value in answer.items()
    }


def _in_file(change: Change, observation: Observation) -> bool:
    path = str(REPOSITORY / change.file)
    return any(name == path for name, _ in observation.ran["answer"])


def differs(known_answer: Observation, again: bool) -> bool:
    """Whether anything is found of a known answer that was not found before; `again` asks it anew."""
    for seed in known_answer.seeds:
        try:
            found = found_now(known_answer, seed, again)
        except Exception:  # a judge that stumbles is noticed
            return True
        before = known_answer.found[seed]
        if known.told(found, known_answer.by_chance) != known.told(before, known_answer.by_chance):
            return True
    return False


def found_now(known_answer: Observation, seed: int, again: bool) -> list[Finding]:
    """The findings by the checks as they are imported now."""
    task, (digest, answers) = known_answer.task, known_answer.seeds[seed]
    if known_answer.cases:
        return known.judged(task, known_answer.cases, answers)
    names = None
    if again or known_answer.own_data:
        names = _notebook(task, known_answer.code, known_answer.own_data)
    cases, findings = known.cases_or_findings(task, names or known.base_data(), seed, set())
    if findings:
        return findings
    if again or known.hash_of(cases) != digest:
        names = names or _notebook(task, known_answer.code, known_answer.own_data)
        asking = importlib.import_module("checks.asking")
        with known.quiet():
            answers = [asking.answer(task, names, case.ask) for case in cases]
    return known.judged(task, cases, answers)


@functools.cache
def _notebook(task: str, code: str, own_data: bool) -> dict[str, Any]:
    """As in an observation, one notebook for all seeds."""
    before = known.notebook_before(task)
    return known.notebook_after(task, code, known.copied(before) if own_data else before)


def install(path: Path, number: int) -> None:
    """From now on, let this process import a file with its change of this number."""
    plain = importlib.machinery.SourceFileLoader.get_code
    code = compile(changed(path.read_text(), number), str(path), "exec")

    def get_code(loader: importlib.machinery.SourceFileLoader, name: str) -> CodeType | None:
        return code if loader.get_filename(name) == str(path) else plain(loader, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore
