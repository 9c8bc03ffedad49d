"""Runs a submission in the sandbox and judges it by value: nbgrader's Execute, for the checks of this course.

`admin/config/nbgrader_config.py` puts it in the place of the stock one, so `grade`, `nbgrader autograde` and
formgrader's button do the same. The student's cells run in a session that nothing here trusts. A check cell
is not run: this process draws secret cases, asks the session for plain values, has them judged, and writes
points and words into the cell. What a session prints, patches or pretends has no say in that.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode, v4
from nbgrader.api import Grade, Gradebook
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution
from traitlets import Bool, Float

from admin.course.cells import grade_id
from admin.grading import alone, cases, read_by_hand
from admin.grading.asking import asked
from admin.grading.bounded import BoundedProcess, OutOfBounds
from admin.grading.findings import Findings, write_findings
from admin.grading.judge import findings as judge
from admin.grading.judge import shortened
from admin.grading.kept import Kept
from admin.grading.trainer import CleanSession, Waiting, WatchedSession
from admin.grading.worker import FAIR_SHARE, CannotSandbox, Folders, Worker, shared_worker
from admin.grading.worth import score, worth_of
from admin.pages import sanitise
from admin.sandbox.host import CellTimeout, KilledFromOutside, Output, Session, SessionEnded
from admin.sandbox.limits import BadSubmission, Limits, SandboxError
from checks.errors import in_one_line, line_told
from checks.language import Sentence, say, text_of
from checks.report import words
from checks.stopped_cells import News, StoppedCell, after_cell, line_in, with_the_error
from checks.task import Case, Finding, scaled, wrong
from checks.tasks import TASKS

CHECK = "check_"
UNREAD = ("SyntaxError", "IndentationError", "TabError")
NOT_ISOLATED = "WITHOUT SANDBOX"


class JudgedExecute(Execute):
    """The first of autograding's preprocessors: outputs by a sandboxed session, points by our judges."""

    isolated = Bool(
        True, help="Run submissions in the sandbox. Without it they have all your rights: at your own risk."
    ).tag(config=True)
    cell_seconds = Float(Limits().cell_seconds, help="Seconds that a cell may take.").tag(config=True)
    session_seconds = Float(Limits().session_seconds, help="Seconds for a whole notebook.").tag(config=True)
    idle_seconds = Float(120, help="Seconds for which a sandbox waits for another notebook.").tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict, km: Any = None
    ) -> tuple[NotebookNode, ResourcesDict]:
        student = resources["nbgrader"]["student"]
        if not self.isolated:
            self.log.warning("%s: %s runs with all the rights of this user", NOT_ISOLATED, student)
        result = self.run_here(nb, resources)
        sanitise.bound(nb)
        sanitise.plain_metadata(nb)
        resources["result"] = result
        for sentence in dict.fromkeys(map(str, result.warnings.values())):
            self.log.warning("%s: %s", student, sentence)
        return nb, resources

    def run_here(self, nb: NotebookNode, resources: ResourcesDict) -> RunResult:
        """Run a notebook that nbgrader grades by itself. Raises CannotSandbox and SandboxError."""
        names = resources["nbgrader"]
        place = self.parent.parent.coursedir  # exporter → converter
        submitted = Path(place.format_path(place.submitted_directory, names["student"], names["assignment"]))
        release, source = (
            Path(place.format_path(directory, ".", names["assignment"]))
            for directory in (place.release_directory, place.source_directory)
        )
        secret, content = cases.secret_of(Path(place.root)), cases.content_of(nb, submitted, release)
        seeds = cases.seeds_of(secret, content)
        try:
            with shared_worker().borrowed(self.isolated, self.limits(), self.idle_seconds) as worker:
                folders = Folders(
                    submitted, release, source, tuple(place.ignore), trainings_of(Path(place.root))
                )
                return run(nb, worker, folders, seeds)
        except CannotSandbox as reason:
            self.log.error("%s", reason)
            # nbgrader would take what lies there, sanitised and not run, for graded.
            shutil.rmtree(resources["metadata"]["path"], ignore_errors=True)
            raise

    def limits(self) -> Limits:
        return Limits(
            cell_seconds=self.cell_seconds,
            answer_seconds=self.cell_seconds,
            session_seconds=self.session_seconds,
        )


def trainings_of(course: Path) -> Path:
    """Where the trainings of a course's submissions are kept; may be deleted at any time."""
    return course / "grading" / "trainings"


class SaveFindings(NbGraderPreprocessor):
    """After SaveAutoGrades: findings are kept, and what a person has to look at is marked."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        names, result = resources["nbgrader"], resources["result"]
        course = Path(self.parent.parent.coursedir.root)
        write_findings(course, names["student"], result.findings)
        with Gradebook(names["db_url"]) as gradebook:
            place = names["notebook"], names["assignment"], names["student"]
            grades = {grade.name: grade for grade in gradebook.find_submission_notebook(*place).grades}
            ask_for_a_look(course, nb, grades, result.warnings)
            gradebook.db.commit()
        return nb, resources


def ask_for_a_look(
    course: Path, nb: NotebookNode, grades: Mapping[str, Grade], warnings: Iterable[str]
) -> None:
    """Mark what a person has to look at, of a submission's grades by grade_id.

    That are checks that had no fair chance, and not what a person has read just so and given points for.
    """
    given = {name for name, grade in grades.items() if grade.manual_score is not None}
    was_read = read_by_hand.read(course) if given else {}
    for cell in filter(is_grade, filter(is_solution, nb.cells)):
        grade = grades[grade_id(cell)]
        if grade_id(cell) in given and was_read.get(grade.id) == read_by_hand.digest(cell.source):
            grade.needs_manual_grade = False
    for name in warnings:
        grades[name].needs_manual_grade = True


# --- One submission -------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunResult:
    """What came of running a notebook."""

    notebook: NotebookNode
    findings: Findings
    warnings: dict[str, Sentence]
    """the checks that had no fair chance, each with the reason"""
    starved: bool = False
    """It was stopped by the clock while others had the processor, and deserves another run, alone."""


def code_cells(nb: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def is_check(cell: NotebookNode) -> bool:
    """Whether a cell is the check of one of our tasks, and so is not run."""
    name = grade_id(cell)
    return name.startswith(CHECK) and name.removeprefix(CHECK) in TASKS


def run(
    nb: NotebookNode,
    worker: Worker,
    folders: Folders,
    seeds: cases.Seeds,
    tell: Callable[[str], None] = lambda name: None,
    waiting: Waiting | None = None,
) -> RunResult:
    """Fill in the outputs of all code cells.

    `seeds` are the numbers that cases are drawn from; `tell` is told the grade_id of each cell; `waiting` is
    done while another thread is at a training that this one needs.
    Raises SandboxError when the machine, and not the submission, is to blame.
    """
    kept = Kept(folders.trainings) if folders.trainings else None
    with CleanSession(worker, folders) as clean:

        def opened() -> WatchedSession:
            return WatchedSession(worker.session(folders), clean, kept, waiting=waiting)

        def ask(other: WatchedSession, task: str) -> tuple[list[Finding], bool]:
            answered, stopped, ended = judged(worker.bounded, other, task, folders.source, seeds)
            if ended:
                raise SessionEnded(ended)
            return answered, stopped is not None

        try:
            found, warnings, starved = first_pass(nb, worker, folders, opened, seeds, tell)
        except BadSubmission as error:
            return without_session(nb, error.sentence)
        second = alone.second_opinions(nb, worker, folders, found, opened, ask)
    better = second.findings
    for cell in code_cells(nb):
        name = grade_id(cell)
        if (task := name.removeprefix(CHECK)) in better and name != task:
            found[task] = write_points(cell, task, better[task], cell.execution_count)
            if alone.share(better[task]) == 1:
                warnings.pop(name, None)
    return RunResult(nb, found, warnings, starved or second.starved)


def first_pass(
    nb: NotebookNode,
    worker: Worker,
    folders: Folders,
    opened: Callable[[], WatchedSession],
    seeds: cases.Seeds,
    tell: Callable[[str], None],
) -> tuple[dict[str, list[Finding]], dict[str, Sentence], bool]:
    """Findings by task, warnings by check cell, and whether others had the processor when time ran out.

    Raises BadSubmission when its files allow no session, SandboxError when the machine is to blame.
    """
    for last in (False, True):
        begun = time.monotonic()
        with opened() as watched:
            session = watched.session
            session.again = last
            try:
                found, warnings = run_cells(nb, worker.bounded, watched, folders.source, seeds, tell)
            except KilledFromOutside as error:
                if last:
                    raise SandboxError(say("session.tried_twice", reason=error.sentence)) from None
                continue
        # Perhaps it was the system, short of memory: once more, with everything new.
        if not session.killed:
            break
    computed = session.cpu_seconds() / (time.monotonic() - begun - session.served_seconds)
    return found, warnings, bool(warnings) and computed < FAIR_SHARE


def without_session(nb: NotebookNode, reason: Sentence) -> RunResult:
    """A notebook for which there was no session: no points, and the reason at every check."""
    findings: dict[str, list[Finding]] = {}
    warnings: dict[str, Sentence] = {}
    for count, cell in enumerate(code_cells(nb), 1):
        name = grade_id(cell)
        task = name.removeprefix(CHECK)
        cell.outputs, cell.execution_count = [], None
        if is_check(cell):
            warnings[name] = say("session.not_run", reason=reason)
            findings[task] = write_points(cell, task, nothing_to_ask(task, warnings[name]), count)
    return RunResult(nb, findings, warnings)


def nothing_to_ask(task: str, reason: Sentence) -> list[Finding]:
    return [wrong("any.what_answer", TASKS[task].whole, say("session.nothing_to_ask", reason=reason))]


def run_cells(
    nb: NotebookNode,
    bounded: BoundedProcess,
    watched: WatchedSession,
    source: Path,
    seeds: cases.Seeds,
    tell: Callable[[str], None],
) -> tuple[dict[str, list[Finding]], dict[str, Sentence]]:
    """One pass over the cells: findings by task, warnings by check cell; see `run`."""
    findings: dict[str, list[Finding]] = {}
    warnings: dict[str, Sentence] = {}
    late: Sentence | None = None
    ended: Sentence | None = None
    news: dict[str, News] = {}
    cells = code_cells(nb)
    close = close_names(bounded, [cell.source for cell in cells])
    for count, (cell, close_in_cell) in enumerate(zip(cells, close, strict=True), 1):
        name = grade_id(cell)
        task = name.removeprefix(CHECK)
        tell(name)
        if is_check(cell):
            if ended:
                found = nothing_to_ask(task, ended)
            else:
                found, stopped, ended = judged(bounded, watched, task, source, seeds)
                late = late or stopped
            if reason := ended or late:
                warnings[name] = reason
            late = None
            found = with_the_error(task, found, news.get(task))
            findings[task] = write_points(cell, task, found, count)
        elif ended or not cell.source.strip():
            cell.outputs, cell.execution_count = [], None
        else:
            cell.outputs, stopped, ended = shown(bounded, watched.session, cell.source, count)
            cell.execution_count = count
            late = late or stopped
            error = None if ended else error_in(cell.outputs)
            after_cell(news, {name}, close_in_cell, error)
    return findings, warnings


def shown(
    bounded: BoundedProcess, session: Session, code: str, count: int
) -> tuple[list[NotebookNode], Sentence | None, Sentence | None]:
    """What a cell shows; the reason if it ran out of time; the reason if the session ended in it."""
    try:
        return sanitised(bounded, session.run(code), count), None, None
    except CellTimeout as error:
        note = v4.new_output("error", ename="CellTimeoutError", evalue=str(error), traceback=[str(error)])
        return [*sanitised(bounded, error.outputs, count), note], error.sentence, None
    except SessionEnded as error:
        sentence = text_of(say("session.no_cell_after", reason=error.sentence))
        note = v4.new_output("error", ename="SessionEnded", evalue=str(error), traceback=[sentence])
        return [note], None, error.sentence


def error_in(outputs: list[NotebookNode]) -> StoppedCell | None:
    """The error that a cell ended with, as far as its outputs say."""
    error = next((output for output in reversed(outputs) if output.output_type == "error"), None)
    if error is None:
        return None
    # Python reads a cell before it runs it: a mistake in its grammar has no traceback then.
    begun = error.ename not in UNREAD or any("Traceback" in line for line in error.traceback)
    told = shortened(in_one_line(error.ename, error.evalue))
    return StoppedCell(told, line_in(error.traceback) if begun else line_told(error.evalue), begun)


def close_names(bounded: BoundedProcess, codes: list[str]) -> list[dict[str, list[str]]]:
    """By cell, names that are close to those that tasks ask for; none of what can't be read in time."""
    try:
        return list(bounded.call("close names", codes))
    except OutOfBounds:
        if len(codes) == 1:
            return [{}]
        return [found for code in codes for found in close_names(bounded, [code])]


def sanitised(bounded: BoundedProcess, outputs: list[Output], count: int) -> list[NotebookNode]:
    """A cell's outputs, fit for a page."""
    if not outputs:
        return []
    try:
        clean = bounded.call("outputs", {"outputs": outputs, "count": count})
        return [nbformat.from_dict(output) for output in clean]
    except OutOfBounds as error:
        text = text_of(say("session.output_left_out", reason=error.sentence))
        return [v4.new_output("stream", name="stdout", text=f"[{text}]\n")]


def judged(
    bounded: BoundedProcess, watched: WatchedSession, task: str, source: Path, seeds: cases.Seeds
) -> tuple[list[Finding], Sentence | None, Sentence | None]:
    """Findings for a task; the reason if an answer ran out of time; the reason if the session ended."""
    tried: list[Case] = []
    answers: list[Mapping[str, Any]] = []
    stopped: Sentence | None = None
    for case in seeds.cases(task, source):
        try:
            if not stopped:
                case_tried, answer = asked(watched, task, case, seeds)
                tried.append(case_tried)
                answers.append(answer)
                continue
        except CellTimeout as error:
            stopped = error.sentence
        except SessionEnded as error:
            found = [wrong("any.what_answer", TASKS[task].whole, error.sentence)]
            return found, None, error.sentence
        tried.append(case)
        answers.append({"error": f"CellTimeoutError: {stopped}"})
    return judge(bounded, task, tried, answers), stopped, None


def write_points(cell: NotebookNode, task: str, found: list[Finding], count: int) -> list[Finding]:
    """Words and points in the two outputs that nbgrader reads as a partial grade; the findings so scaled."""
    worth = worth_of(cell, task)
    got = score(found, worth)
    cell.execution_count = count
    cell.outputs = [
        v4.new_output("stream", name="stdout", text=words(task, found, worth) + "\n"),
        v4.new_output("execute_result", data={"text/plain": f"{got:g}"}, execution_count=count),
    ]
    return scaled(found, worth)
