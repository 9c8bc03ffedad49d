"""What the known answers give: their plain data, once, and what the checks find, again and again.

A judge needs no Keras and no student's object. So the answers of a list are asked for once and kept, and only
what a change can reach is run again. Which lines run in which part of a check is watched for that.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import importlib
import io
import json
import os
import pickle
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from admin.course.layout import REPOSITORY
from admin.mutation.children import Ended, in_forks
from checks.task import TABLE, all_forerunners

CHECKS = REPOSITORY / "notebooks" / "checks"
KEPT = REPOSITORY / ".mutants"
RECORD = Path(__file__).with_name("recorded.json")
# What a task, a finding and a sentence are has tests of its own, and so has the way to a judge.
LEFT_OUT = frozenset({"checks", "checks.task", "checks.language", "checks.asking", "checks.report"})
SLOW = ("net_1", "net_2", "cifar_model", "cifar_training", "train_net_1", "train_net_2")
PRACTICE_SEED = 20
SECONDS = 1800.0  # for all known answers of a task

Line = tuple[str, int]
Finding = list[Any]


@dataclass(frozen=True)
class Observation:
    """A known answer, and all that a check of unchanged code sees of it."""

    task: str
    name: str
    code: str
    by_chance: bool
    """Its findings, beside the points, depend on the course of a training."""
    seeds: dict[int, tuple[str, list[Any]]]
    """By seed: a hash of the cases, and the plain answers."""
    found: dict[int, list[Finding]]
    own_data: bool
    """It changes the notebook's data, so its cases are its own."""
    ran: dict[str, frozenset[Line]]
    """The lines of the checks that ran in "cases", "answer" and "judge"."""
    seconds: float
    cases: tuple[Any, ...] = ()
    """Those of an answer that was made by hand: no notebook can be asked again."""

    @property
    def title(self) -> str:
        """Its task and name, as it is recorded."""
        return f"{self.task}: {self.name}"


# --- Which code -----------------------------------------------------------------------------------


def file_of(module: str) -> Path:
    """The file of a module of the checks."""
    path = CHECKS.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@functools.cache
def modules_of(task: str) -> tuple[str, ...]:
    """The modules of a task's check: its own first, then those of the checks that these import."""
    found, waiting = [], [f"checks.tasks.{task}"]
    while waiting:
        module = waiting.pop(0)
        if module in found or module in LEFT_OUT or module.split(".")[0] != "checks":
            continue
        found.append(module)
        for node in ast.walk(ast.parse(file_of(module).read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                named = [f"{node.module}.{each.name}" for each in node.names]
                waiting += [name if file_of(name).is_file() else node.module for name in named]
    return tuple(found)


def using(module: str) -> list[str]:
    """The tasks in whose check a module has a part."""
    return [task for task in tasks_with_points() if module in modules_of(task)]


def tasks_with_points() -> list[str]:
    """Those that have some, and practice, which may be given some."""
    return [entry.name for entry in TABLE.values() if entry.whole]


# --- Observing ------------------------------------------------------------------------------------


def observations(task: str) -> list[Observation]:
    """Those of a task, from the store of an earlier run where nothing has changed. Runs students' code."""
    store = KEPT / f"{task}.{_content(task)}.pickle"
    if not store.is_file():
        ((_, made),) = in_forks([task], _observe, 1, SECONDS, shown=True)
        if isinstance(made, Ended):
            raise RuntimeError(f"the known answers of {task} could not be run: {made}")
        KEPT.mkdir(exist_ok=True)
        for old in KEPT.glob(f"{task}.*"):
            old.unlink()
        half = store.with_suffix(".half")
        half.write_bytes(pickle.dumps(made))
        half.replace(store)
    kept: list[Observation] = pickle.loads(store.read_bytes())
    return kept


def _content(task: str) -> str:
    """A hash of all that a task's observations depend on."""
    answers = REPOSITORY / "admin" / "course" / "answers"
    own = {task, *all_forerunners(task)}
    paths = [file_of(module) for module in (*modules_of(task), *sorted(LEFT_OUT))]
    paths += [path for path in answers.glob("*.py") if path.stem not in TABLE or path.stem in own]
    paths += [*(CHECKS.parent / "tools").rglob("*.py"), REPOSITORY / "tests" / "unit" / "test_answers.py"]
    paths += [Path(__file__), Path(__file__).with_name("by_hand.py"), *(CHECKS.parent / "data").glob("*.npz")]
    place = str(REPOSITORY).encode()  # which the lines that ran are noted with
    return hashlib.sha256(b"\0".join([place, *(p.read_bytes() for p in sorted(paths))])).hexdigest()[:16]


def _observe(task: str) -> list[Observation]:
    from admin.course.answers import ANSWERS

    fresh_checks()
    from admin.mutation.by_hand import by_hand

    given = [each for each in ANSWERS if each.task == task]
    return [*map(_observed, given), *map(_observed_by_hand, by_hand(task))]


def _observed_by_hand(given: Any) -> Observation:
    ran: set[Line] = set()
    begun = time.monotonic()
    with watched(ran):
        found = judged(given.task, [given.case], [given.answer])
    return Observation(
        given.task,
        given.name,
        "",
        False,
        {PRACTICE_SEED: (hash_of([given.case]), [given.answer])},
        {PRACTICE_SEED: found},
        False,
        {"cases": frozenset(), "answer": frozenset(), "judge": frozenset(ran)},
        time.monotonic() - begun,
        (given.case,),
    )


def _observed(given: Any) -> Observation:
    asking = importlib.import_module("checks.asking")
    begun = time.monotonic()
    before = copied(notebook_before(given.task))
    names = notebook_after(given.task, given.code, before)
    ran: dict[str, set[Line]] = {"cases": set(), "answer": set(), "judge": set()}
    seeds: dict[int, tuple[str, list[Any]]] = {}
    found = {}
    for seed in seeds_of(given.task):
        cases, findings = cases_or_findings(given.task, names, seed, ran["cases"])
        with watched(ran["answer"]), quiet():
            answers = [asking.answer(given.task, names, case.ask) for case in cases]
        with watched(ran["judge"]):
            findings = findings or judged(given.task, cases, answers)
        seeds[seed], found[seed] = (hash_of(cases), answers), findings
    base, _ = cases_or_findings(given.task, base_data(), PRACTICE_SEED, set())
    untouched = all(
        np.array_equal(before[name], value)
        for name, value in notebook_before(given.task).items()
        if isinstance(value, np.ndarray)
    )
    return Observation(
        given.task,
        given.name,
        given.code,
        bool(given.or_key),
        seeds,
        found,
        hash_of(base) != seeds[PRACTICE_SEED][0] or not untouched,
        {part: frozenset(lines) for part, lines in ran.items()},
        time.monotonic() - begun,
    )


def seeds_of(task: str) -> tuple[int, ...]:
    """Where asking is quick, also cases that nobody sees at home."""
    return (PRACTICE_SEED,) if task in SLOW else (PRACTICE_SEED, 1, 2)


def cases_or_findings(
    task: str, data: Mapping[str, Any], seed: int, ran: set[Line]
) -> tuple[list[Any], list[Finding]]:
    """The cases; or, where the notebook lacks something for them, the one finding that says so."""
    tasks, table = importlib.import_module("checks.tasks"), importlib.import_module("checks.task")
    try:
        with watched(ran):
            return tasks.TASKS[task].cases(np.random.default_rng(seed), data), []
    except table.NotReady as reason:
        return [], plain([table.wrong("any.what_ready", TABLE[task].whole, reason.sentence)])


def judged(task: str, cases: Sequence[Any], answers: Sequence[Any]) -> list[Finding]:
    """The findings as plain data."""
    with np.errstate(all="ignore"):
        return plain(importlib.import_module("checks.tasks").TASKS[task].judge(cases, answers))


def plain(findings: Sequence[Any]) -> list[Finding]:
    """What was looked at, points, of how many, all keys, and all whole numbers that are said."""
    made = []
    for finding in findings:
        keys: list[str] = []
        numbers: list[int] = []
        for sentence in finding.said:
            _read(sentence, keys, numbers)
        made.append([finding.what, finding.points, finding.out_of, keys, numbers])
    return made


def _read(value: Any, keys: list[str], numbers: list[int]) -> None:
    if hasattr(value, "key"):
        keys.append(value.key)
        for _, part in sorted(value.values.items()):
            _read(part, keys, numbers)
    elif isinstance(value, list | tuple):
        for part in value:
            _read(part, keys, numbers)
    elif isinstance(value, int) and not isinstance(value, bool):
        numbers.append(value)


def hash_of(cases: Sequence[Any]) -> str:
    return hashlib.sha256(pickle.dumps([(dict(case.ask), dict(case.truth)) for case in cases])).hexdigest()


# --- Notebooks ------------------------------------------------------------------------------------


@functools.cache
def notebooks() -> Any:
    """The module of the tests that makes them: what counts is what the tests notice."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    importlib.import_module("pandas")  # some answers do, and each fork would take a second for it
    module: Any = importlib.import_module("tests.unit.test_answers")
    module.trained = functools.cache(functools.partial(_trained, module.trained))
    return module


def _trained(train: Callable[[str], Any], net: str) -> Any:
    """The trained net of the tests, its weights kept in the store: forks can't share a net."""
    store = KEPT / f"weights of {net}.{_content(f'train_{net}')}.pickle"
    if not store.is_file():
        model = train(net)
        KEPT.mkdir(exist_ok=True)
        half = store.with_suffix(f".{os.getpid()}")
        half.write_bytes(pickle.dumps(model.get_weights()))
        half.replace(store)
        return model
    from admin.course.answers import answer

    names: dict[str, Any] = {"keras": importlib.import_module("keras")}
    exec(answer(net, "the model answer").code, names)
    model = names[net]((28, 28, 1), 10)
    model.set_weights(pickle.loads(store.read_bytes()))
    return model


def notebook_before(task: str) -> dict[str, Any]:
    """The names of a notebook just before a task's answer cell; where that trains, with a net of its own."""
    return _new_notebook(task) if task == "cifar_training" else _shared_notebook(task)


def _new_notebook(task: str) -> dict[str, Any]:
    names: dict[str, Any] = notebooks().new_notebook(task)
    return names


_shared_notebook = functools.cache(_new_notebook)


def notebook_after(task: str, code: str, before: Mapping[str, Any]) -> dict[str, Any]:
    """The names of a notebook after a task's answer cell with this code."""
    names = dict(before)
    if task == "cifar_training":
        importlib.import_module("tools.fitting").bound_training(notebooks().SHORT)
    with quiet():
        exec(code, names)
    return names


@functools.cache
def base_data() -> dict[str, Any]:
    return {**notebooks().mnist(), **notebooks().cifar()}


def copied(names: Mapping[str, Any]) -> dict[str, Any]:
    """The same names for arrays of their own."""
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in names.items()}


def prepare(tasks: Sequence[str]) -> None:
    """Before there are forks: import and make what all of them share, without a computation of Keras'."""
    base_data()
    for task in tasks:
        if task not in SLOW:
            notebook_before(task)


def fresh_checks() -> None:
    """Import the checks anew."""
    for name in [name for name in sys.modules if name == "checks" or name.startswith("checks.")]:
        del sys.modules[name]
    importlib.import_module("checks.asking")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


@contextlib.contextmanager
def watched(ran: set[Line]) -> Iterator[None]:
    """Note the lines of the checks that run in here."""
    place = str(CHECKS)

    def look(frame: FrameType, event: str, argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(place):
            return None
        ran.add((frame.f_code.co_filename, frame.f_lineno))
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)


# --- What is recorded -----------------------------------------------------------------------------


def lasting(observation: Observation) -> list[Finding]:
    """What of an observation's findings at home is the same on every machine."""
    return told(observation.found[PRACTICE_SEED], observation.by_chance)


def told(found: Sequence[Finding], by_chance: bool) -> list[Finding]:
    """All of the findings; or the points alone, where keys depend on the course of a training."""
    return [finding[:3] for finding in found] if by_chance else list(found)


def recorded() -> dict[str, list[Finding]]:
    """What each known answer is to be told, by its task and name."""
    kept: dict[str, list[Finding]] = json.loads(RECORD.read_text(encoding="utf-8"))
    return kept


def record(found: Mapping[str, list[Finding]]) -> None:
    """Write that down, a line an answer, for `git diff` to show."""
    lines = [f"{json.dumps(name)}: {json.dumps(findings)}" for name, findings in found.items()]
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
