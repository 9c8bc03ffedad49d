"""Each answer on its own: where an earlier answer is wrong or missing, a later one is asked once more.

After the first pass, an answer that lost points and stands on a wrong or missing one is also run on top of
the model answers before it, in a session of its own, and the better result counts. So is one that was never
asked, because an earlier cell had ended the notebook's session. Such a session runs only what the answer
needs: cells of the course's own source, with the solutions of earlier tasks, then what the student's cell
needs of their own, and that cell. What it shows goes nowhere, and its findings are told in `plain_words`.

No session holds the model answer of a task that is judged in it, or of a later one that makes use of it: what
a student's code finds there can't be worth points for the task that it belongs to.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from admin.course.cells import grade_id
from admin.course.layout import NOTEBOOK
from admin.grading.bounded import BoundedProcess, OutOfBounds
from admin.grading.names import Names, names_of
from admin.grading.plain_words import plain_words
from admin.grading.trainer import WatchedSession
from admin.grading.worker import FAIR_SHARE, Folders, Worker
from admin.sandbox.host import CellTimeout, KilledFromOutside, Session, SessionEnded
from admin.sandbox.limits import SandboxError
from checks.language import say
from checks.task import TABLE, Finding, all_forerunners, points

Opened = Callable[[], WatchedSession]
"""Opens a session with the submission's files."""

Asking = Callable[[WatchedSession, str], tuple[list[Finding], bool]]
"""Asks a session about a task: what the judge finds, and whether the clock stopped an answer.

Raises SessionEnded and KilledFromOutside.
"""

_STOPPED = {"any.stopped", "any.cell_stopped", "any.cell_stopped_somewhere"}
_NOT_ASKED = "session.nothing_to_ask"


@dataclass(frozen=True)
class Cell:
    """A code cell: the name by which nbgrader knows it, its code, the names in that, and its statements."""

    name: str
    code: str
    names: Names
    statements: Sequence[tuple[str, Names]] = ()


@dataclass(frozen=True)
class Plan:
    """How to run the answer of one task: cells of the course by their places, then cells of the student."""

    task: str
    course: frozenset[int]
    student: tuple[str, ...]
    stands_on: str
    """the first of the wrong or missing tasks whose model answers are among the course's cells, if any"""


@dataclass(frozen=True)
class Asked:
    """What came of sessions: findings by task, and whether the clock stopped one that had too little time."""

    findings: Mapping[str, list[Finding]]
    starved: bool = False
    rest: Sequence[Plan] = ()
    """plans that a session did not live to see"""


def second_opinions(
    nb: NotebookNode,
    worker: Worker,
    folders: Folders,
    findings: Mapping[str, Sequence[Finding]],
    opened: Opened,
    ask: Asking,
) -> Asked:
    """Findings that are better than those of the first pass, by task; they say on which task it stands.

    Raises SandboxError when the machine, and not the submission, is to blame.
    """
    wrong = {task for task in TABLE if share(findings.get(task, ())) < 1}
    lost = [
        task
        for task in TABLE
        if task in findings and task in wrong
        if wrong & set(all_forerunners(task)) or not_asked(findings[task])
    ]
    course = course_cells(folders.source)
    if not lost or not course:
        return Asked({})
    handed_out = {cell.name: cell.code for cell in course_cells(folders.release)}
    student = cells_of(nb, worker.bounded)
    made = [planned(task, course, student, handed_out, wrong) for task in lost]
    plans = [plan for plan in made if plan and (plan.stands_on or not_asked(findings[plan.task]))]
    better: dict[str, list[Finding]] = {}
    deadline = time.monotonic() + worker.limits.session_seconds
    starved = False
    waiting: list[Sequence[Plan]] = [*in_sessions(plans)]
    while waiting and time.monotonic() < deadline:
        group = waiting.pop(0)
        asked = asked_together(opened, course, group, ask)
        starved = starved or asked.starved
        waiting = [asked.rest, *waiting] if asked.rest else waiting
        for plan in group:
            alone = asked.findings.get(plan.task, [])
            if share(alone) > share(findings[plan.task]):
                better[plan.task] = told(plan, findings[plan.task], alone)
    return Asked(better, starved)


def share(findings: Sequence[Finding]) -> float:
    """The part of its points that a task has got; 0 for one that has not been looked at."""
    out_of = sum(finding.out_of for finding in findings)
    return sum(finding.points for finding in findings) / out_of if out_of else 0.0


def not_asked(findings: Sequence[Finding]) -> bool:
    """Whether the session had ended before the task's check."""
    return any(finding.key == _NOT_ASKED for finding in findings)


def told(plan: Plan, own: Sequence[Finding], alone: Sequence[Finding]) -> list[Finding]:
    """The findings on the answer by itself, and what becomes of it on top of the student's own."""
    number = TABLE[plan.stands_on].number if plan.stands_on else None
    whole = share(alone) >= 1
    if not_asked(own):
        remark = say("alone.right_after_the_end" if whole else "alone.better_after_the_end")
    elif any(key in _STOPPED for finding in own for key in finding.keys):
        remark = say("alone.right_and_stops" if whole else "alone.better_and_stops", number=number)
    else:
        got, out_of = points(own), round(sum(finding.out_of for finding in own), 2)
        key = "alone.right_and_loses" if whole else "alone.better_and_loses"
        remark = say(key, number=number, points=got, out_of=out_of)
    return [Finding("alone.what_alone", 0, 0, (remark,)), *plain_words(alone)]


# --- What an answer needs -----------------------------------------------------------------------------


def course_cells(folder: Path) -> Sequence[Cell]:
    """The code cells of a notebook of the course's own, source or release; none if there is no such file."""
    path = folder / f"{NOTEBOOK}.ipynb"
    try:
        return _course_cells(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, nbformat.ValidationError):
        return ()


@functools.lru_cache(maxsize=4)
def _course_cells(path: Path, changed: int) -> Sequence[Cell]:
    cells = nbformat.read(path, 4).cells
    return [
        Cell(grade_id(cell), cell.source, names_of(cell.source)) for cell in cells if cell.cell_type == "code"
    ]


def cells_of(nb: NotebookNode, bounded: BoundedProcess) -> Sequence[Cell]:
    """The code cells of a student's notebook; none when their code is such that it can't be read in time."""
    cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    try:
        read = bounded.call("names", [cell.source for cell in cells])
    except OutOfBounds:
        return ()
    return [_cell_of(cell, parts) for cell, parts in zip(cells, read, strict=True)]


def _cell_of(cell: NotebookNode, parts: Sequence[dict[str, Any]]) -> Cell:
    statements = [(part["code"], Names(frozenset(part["reads"]), frozenset(part["makes"]))) for part in parts]
    reads, makes = set[str](), set[str]()
    for _, names in statements:
        reads |= names.reads
        makes |= names.makes
    return Cell(grade_id(cell), cell.source, Names(frozenset(reads), frozenset(makes)), statements)


def planned(
    task: str,
    course: Sequence[Cell],
    student: Sequence[Cell],
    handed_out: Mapping[str, str],
    wrong: set[str],
) -> Plan | None:
    """How to run a task's answer by itself; None if it is missing, or still as it was handed out."""
    at = place(task, student)
    end = place(task, course)
    if at is None or end is None or student[at].code.strip() in ("", handed_out.get(task, "").strip()):
        return None
    check = place(TABLE[task].check_cell, student) or at
    after = [cell for cell in student[at + 1 : check] if cell.name not in (*TABLE, *_checks())]
    answer = [student[at], *after]
    reads = set().union(*(cell.names.reads for cell in answer))
    before = [number for number in range(end) if serves(task, course[number].name)]
    made = set().union(*(course[number].names.makes for number in before))
    own = needed([cell for cell in student[:at] if cell.name not in _checks()], reads, made)
    chosen: set[int] = set()
    for number in reversed(before):
        if course[number].names.makes & reads:
            chosen.add(number)
            reads |= course[number].names.reads
    below = wrong & {course[number].name for number in chosen}
    stands_on = next((name for name in all_forerunners(task) if name in below), "")
    return Plan(task, frozenset(chosen), (*own, *(cell.code for cell in answer)), stands_on)


def place(name: str, cells: Sequence[Cell]) -> int | None:
    """Where the cell of this name is."""
    return next((number for number, cell in enumerate(cells) if cell.name == name), None)


@functools.cache
def _checks() -> frozenset[str]:
    return frozenset(entry.check_cell for entry in TABLE.values())


def serves(task: str, name: str) -> bool:
    """Whether a cell of the course may be run for a task: no check, and no answer but of its forerunners."""
    return name not in _checks() and (name not in TABLE or name in all_forerunners(task))


def needed(cells: Sequence[Cell], reads: set[str], made: set[str]) -> list[str]:
    """The student's statements that make names which are read, and which no cell of the course makes.

    Their imports and functions beside an earlier answer are among these, but not that answer. `reads` grows
    by what the statements read themselves.
    """
    found: list[str] = []
    for code, names in reversed([statement for cell in cells for statement in cell.statements]):
        if names.makes & reads and not names.makes & made:
            found.insert(0, code)
            reads |= names.reads
    return found


def in_sessions(plans: Sequence[Plan]) -> list[list[Plan]]:
    """The plans, together in one session where none of their tasks is a forerunner of another one."""
    sessions: list[list[Plan]] = []
    for plan in plans:
        forerunners = set(all_forerunners(plan.task))
        for together in sessions:
            if not forerunners & {other.task for other in together}:
                together.append(plan)
                break
        else:
            sessions.append([plan])
    return sessions


# --- Asking ---------------------------------------------------------------------------------------------


def asked_together(opened: Opened, course: Sequence[Cell], group: Sequence[Plan], ask: Asking) -> Asked:
    """What one session says of the tasks of a group, or two, if the first one was killed from outside."""
    for last in (False, True):
        begun = time.monotonic()
        found: dict[str, list[Finding]] = {}
        late = False
        with opened() as watched:
            session = watched.session
            session.again = last
            try:
                for number in sorted(set().union(*(plan.course for plan in group))):
                    session.prepare(course[number].code)
                for plan in group:
                    stopped = run_student_cells(session, plan)
                    found[plan.task], too_late = ask(watched, plan.task)
                    late = late or stopped or too_late
            except CellTimeout:  # in a cell of the course's own
                late = True
            except KilledFromOutside as error:
                if last:
                    raise SandboxError(say("session.tried_twice", reason=error.sentence)) from None
                continue
            except SessionEnded:
                if not session.killed or last:
                    return Asked(found, rest=group[len(found) + 1 :])
                continue
        computed = session.cpu_seconds() / (time.monotonic() - begun - session.served_seconds)
        return Asked(found, late and computed < FAIR_SHARE)
    raise AssertionError("not reached")


def run_student_cells(session: Session, plan: Plan) -> bool:
    """Run the cells of the student's in a plan, and say whether the clock stopped one; it is left at that."""
    stopped = False
    for code in plan.student:
        try:
            session.run(code)
        except CellTimeout:
            stopped = True
    return stopped
