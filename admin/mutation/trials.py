"""Tries changes of the checks on the known answers: does any of them get other points, keys or numbers?"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.machinery
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
import pytest

from admin.course.layout import REPOSITORY
from admin.mutation import known
from admin.mutation.accepted import Mark, mark
from admin.mutation.children import Ended, in_forks
from admin.mutation.known import Finding, Line, Observation
from admin.mutation.places import Place, changed, places

SECONDS = 900.0
"""For one change: asking all known answers of a net again takes minutes."""

Observations = Mapping[str, Sequence[Observation]]

# What was drawn for the nets, by shape and seed, and what their layers computed, by all that goes in: nearly
# all of the time of their judges goes into both.
_weights: dict[tuple[tuple[int, ...], ...], np.ndarray] = {}
_computed: dict[tuple[Any, ...], np.ndarray] = {}
_LATELY = 6
# Asking all known answers, again, and testing this.
_NO_UNIT_TESTS = ("test_answers", "test_mutants")
_SLOW_STEPS = {"Conv2D": ("_step_conv", "_windows"), "Dense": ("_step_dense",)}


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
    """Each change with what notices it, or with an empty text if nothing does.

    What noticed the changes before comes first: the next one stands beside them.
    """
    lately: list[str] = []

    def do(change: Change) -> str:
        return noticed_by(change, {task: seen[task] for task in tasks(change)}, imported, lately[:_LATELY])

    for change, fate in in_forks(changes, do, workers, SECONDS):
        notices = str(fate) if isinstance(fate, Ended) else fate
        lately = [notices, *(each for each in lately if each != notices)]
        yield change, notices


def soonest_first(seen: Observations) -> Observations:
    """The same, in the order of the time that their judging takes; from then on judging nets takes less."""
    compute_once()
    return {task: sorted(found, key=_time_to_judge) for task, found in seen.items()}


def _time_to_judge(known_answer: Observation) -> float:
    if known_answer.own_data:
        return known_answer.seconds
    begun = time.monotonic()
    found_now(known_answer, known.PRACTICE_SEED, False)
    return time.monotonic() - begun


def compute_once(changed_function: str = "") -> None:
    """From now on, let the checks that are imported take what was drawn and computed for nets before.

    What the function that was changed has a part in is done anew.
    """
    forward: Any = importlib.import_module("checks.forward")
    if changed_function != "_drawn":
        forward._drawn = _drawn_once(forward._drawn)
    for kind, functions in _SLOW_STEPS.items():
        if changed_function not in functions:
            forward.STEPS[kind] = _computed_once(kind, forward.STEPS[kind])


def _drawn_once(draw: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:

    def drawn(shape: Sequence[int], seed: Sequence[int]) -> np.ndarray:
        key = tuple(shape), tuple(seed)
        if key not in _weights:
            _weights[key] = draw(shape, seed)
            _weights[key].flags.writeable = False
        return _weights[key]

    return drawn


def _computed_once(kind: str, step: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    def computed(values: np.ndarray, layer: Mapping[str, Any], weights: Sequence[np.ndarray]) -> np.ndarray:
        drawn = {id(each) for each in _weights.values()}
        if not all(id(each) in drawn for each in weights):
            return step(values, layer, weights)
        content = hashlib.sha256(values.tobytes()).hexdigest()
        key = kind, values.shape, str(values.dtype), content, repr(layer), *map(id, weights)
        if key not in _computed:
            _computed[key] = step(values, layer, weights)
            _computed[key].flags.writeable = False
        return _computed[key]

    return computed


def noticed_by(
    change: Change, seen: Observations, imported: frozenset[Line], first: Sequence[str] = ()
) -> str:
    """A known answer that gets something else after a change; those `first`. Runs in a fork of its own."""
    install(REPOSITORY / change.file, change.place.number)
    try:
        known.fresh_checks()
    except Exception as error:  # whatever it is, nobody could overlook it
        return f"import: {type(error).__name__}"
    compute_once(change.place.function)
    always = runs(change, imported)
    judged = [each for found in seen.values() for each in found if always or reached(change, each)]
    judged.sort(key=lambda each: each.title not in first)
    # Where other cases may be drawn, nets have to be asked again, and unit tests are quicker.
    drawn = always or any("cases" in reached(change, each) for each in judged)
    count = 0 if drawn else sum(each.title in first for each in judged)
    asked = sorted(_to_ask_again(change, seen, always), key=lambda each: each.title not in first)
    return (
        _first_that_differs(judged[:count], again=False)
        or _failing_unit_test(change, quick=True)
        or _first_that_differs(judged[count:], again=False)
        or _first_that_differs(asked, again=True)
        or _failing_unit_test(change, quick=False)
    )


def _to_ask_again(change: Change, seen: Observations, always: bool) -> Iterator[Observation]:
    """Those to whose answers the changed lines may have a part: asking is slow, so one of each kind."""
    for observations in seen.values():
        answering = any("answer" in reached(change, each) for each in observations)
        in_answers = any(each.ran["answer"] and _in_file(change, each) for each in observations)
        if answering or (always and in_answers):
            alike = one_of_each(change, observations)
            yield from (each for each in alike if always or reached(change, each))


def _first_that_differs(observations: Sequence[Observation], again: bool) -> str:
    return next((each.title for each in observations if differs(each, again)), "")


def _failing_unit_test(change: Change, quick: bool) -> str:
    return "unit tests" if fails_a_unit_test(change, quick) else ""


def fails_a_unit_test(change: Change, quick: bool) -> bool:
    """Whether a unit test fails that imports the module. Runs in a fork that has changed it.

    Those are quick that have no net.
    """
    files = [str(path) for path in unit_tests_of(change.file) if quick == ("keras" not in path.read_text())]
    for name in [name for name in sys.modules if name.startswith(("tests.", "problem_unittests"))]:
        del sys.modules[name]  # they have the checks as they were
    return bool(files) and pytest.main(["-x", "-q", "-p", "no:cacheprovider", *files]) == 1


@functools.cache
def unit_tests_of(file: str) -> tuple[Path, ...]:
    """The files of unit tests that import from a file of the checks; those that try its changes are none."""
    module = Path(file).with_suffix("").name
    named = re.compile(
        rf"^(from checks\S* import .*\b{module}\b|from checks\S*\.{module} import)", re.MULTILINE
    )
    tests = (REPOSITORY / "tests" / "unit").glob("test_*.py")
    return tuple(
        path for path in sorted(tests) if path.stem not in _NO_UNIT_TESTS and named.search(path.read_text())
    )


def one_of_each(change: Change, observations: Sequence[Observation]) -> list[Observation]:
    """One of all known answers that are asked by the same lines of the changed file: asking is slow.

    Where it is not, all lines have to be the same, and the kinds of values, too.
    """
    path = str(REPOSITORY / change.file)

    def way(each: Observation) -> frozenset[Line]:
        slow = each.task in known.SLOW
        return frozenset(line for line in each.ran["answer"] if not slow or line[0] == path)

    return list({(way(each), _outline(each)): each for each in reversed(observations)}.values())


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
            # Of a net, the first case is asked: the others are of other shapes, and of the same net.
            same_cases = task in known.SLOW and known.hash_of(cases) == digest
            asked = cases[:1] if same_cases else cases
            answers = [asking.answer(task, names, case.ask) for case in asked] + answers[len(asked) :]
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
