"""`grade`: plan what is new → run each submission, several at a time → record.

Unchanged submissions are skipped by content, not by time stamps: of the submission, of the course's source
(notebook, checks, data) and of what grading left in autograded/. A run that is killed at any moment leaves at
most submissions that the next run does again.

Threads run the submissions: each waits for a sandbox and a judge of its own, which are other processes. What
came of it is handed to nbgrader in the main thread, which alone touches the gradebook: SQLite is made for
one writer.
"""

from __future__ import annotations

import argparse
import fcntl
import functools
import hashlib
import json
import os
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from admin import execute
from admin.course import ASSIGNMENT, CONFIG, NOTEBOOK, REPOSITORY, Course, CourseError, fingerprint
from admin.harmless import sentence_as_markdown
from admin.repair_cells import grade_id, released_cells, repair
from admin.sandbox.host import what_is_missing
from admin.sandbox.limits import Limits, SandboxError
from admin.submission import Submission, look_at

BAR_WIDTH = 22


@dataclass(frozen=True)
class Job:
    """A submission that has to be graded, and the fingerprints under which it will count as done."""

    student: str
    submission: str
    checks: str
    broken: str = ""
    mended: str = ""  # what had to be put right for nbgrader to read it


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Graded; or broken, by the sentence that says how: recorded and worth 0; or failed, through no fault of the
    student: not recorded, and tried again by the next run.
    """

    student: str
    seconds: float = 0.0
    broken: str = ""
    failed: str = ""
    log: str = ""
    ran: execute.Ran | None = None  # until nbgrader has recorded it


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m admin grade", description="Grade what is in the course's submitted/ folder."
    )
    parser.add_argument("--course", metavar="DIR", help="the nbgrader course folder (default: course/)")
    parser.add_argument("--student", metavar="ID", action="append", help="only this student; may be repeated")
    parser.add_argument(
        "--workers", metavar="N", type=int, help="how many at a time (default: one a core, up to 4)"
    )
    parser.add_argument("--force", action="store_true", help="grade unchanged submissions again, too")
    parser.add_argument(
        "--without-sandbox",
        action="store_true",
        help="run submissions with all your rights, on a machine that cannot shut them in; at your own risk",
    )
    options = parser.parse_args(argv)
    try:
        return grade(
            Course.at(options.course),
            options.student,
            options.workers,
            options.force,
            sandbox=not options.without_sandbox,
        )
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What is graded is kept; the same command goes on from here.", file=sys.stderr)
        return 130


def grade(
    course: Course,
    students: list[str] | None = None,
    workers: int | None = None,
    force: bool = False,
    console: Console | None = None,
    sandbox: bool = True,
) -> int:
    """Grade a course and say how it goes. 0 when every submission has been dealt with, else 1.

    Raises CourseError when nothing can be graded at all.
    """
    console = console or Console(highlight=False, soft_wrap=True)
    with only_one_at_a_time(course):
        out_of = course.out_of()
        everybody = choose(course, students)
        jobs = plan(course, everybody, force)
        to_run = sum(not job.broken for job in jobs)
        if sandbox and to_run and (missing := what_is_missing()):
            raise CourseError(execute.refusal(missing))
        workers = max(1, min(workers or default_workers(), to_run or 1))
        report = Report(course, console, out_of, max(map(len, everybody), default=0), sandbox)
        report.start(len(everybody), len(jobs), workers)
        with report.progress(len(jobs)):
            by_student = {job.student: job for job in jobs}
            for outcome in run_all(course, jobs, workers, sandbox, report.at_work):
                job = by_student[outcome.student]
                report.finished(job, record(course, job, outcome, sandbox))
        for student in everybody:
            if student not in by_student:
                report.remind(student, read_state(course, student).get("broken", ""))
        report.end()
    return 1 if report.failures else 0


# --- Plan -----------------------------------------------------------------------------------------


def choose(course: Course, students: list[str] | None) -> list[str]:
    """The students to look at, in order. Raises CourseError for a name without a submission."""
    there = course.students()
    if students is None:
        if not there:
            raise CourseError(
                f"Nothing to grade: {course.shown(course.root / 'submitted')} has no submissions yet"
            )
        return there
    unknown = [student for student in students if student not in there]
    if unknown:
        raise CourseError(
            f"No submission of {', '.join(unknown)} in {course.shown(course.root / 'submitted')}"
        )
    return sorted(set(students))


def plan(course: Course, students: list[str], force: bool = False) -> list[Job]:
    """One job for each submission that is new, changed, half-graded, or asked for by force."""
    judges = REPOSITORY / "problem_unittests.py"
    checks = fingerprint(course.source) + fingerprint_of_file(CONFIG) + fingerprint_of_file(judges)
    cells = released(course)
    jobs = []
    for student in students:
        found = look(course, student, cells)
        job = Job(student, fingerprint(course.submitted(student).parent), checks, found.broken, found.mended)
        if force or not is_done(course, job):
            jobs.append(job)
    return jobs


def released(course: Course) -> list[NotebookNode]:
    """The released notebook's cells that have marks of nbgrader. Raises CourseError."""
    try:
        return released_cells(course.release / f"{NOTEBOOK}.ipynb")
    except OSError:
        raise CourseError(
            f"{course.shown(course.release)} has no notebook: python3 -m admin build{course.option()}"
        ) from None


def look(course: Course, student: str, cells: list[NotebookNode]) -> Submission:
    """What a student has handed in, as far as it can be understood. `cells` are the released ones."""
    return look_at(course, student, {grade_id(cell) for cell in cells}, course.ignored())


def is_done(course: Course, job: Job) -> bool:
    """Does the last grading hold: same submission, same checks, its result untouched, points recorded?"""
    state = read_state(course, job.student)
    return (
        state.get("submission") == job.submission
        and state.get("checks") == job.checks
        and state.get("result") == fingerprint_of_file(course.autograded(job.student) / f"{NOTEBOOK}.ipynb")
        and course.points(job.student) is not None
    )


def read_state(course: Course, student: str) -> dict[str, str]:
    """What the last recorded grading left as its note; empty when there is none or it cannot be read."""
    try:
        state = json.loads(state_file(course, student).read_text())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def state_file(course: Course, student: str) -> Path:
    return course.root / "grading" / f"{student}.json"


def fingerprint_of_file(path: Path) -> str:
    """Hash of a file, empty when there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


# --- Run ------------------------------------------------------------------------------------------


def run_all(
    course: Course, jobs: list[Job], workers: int, sandbox: bool, at_work: Callable[[str, str], None]
) -> Iterator[Outcome]:
    """The outcome of each job, as they finish. `at_work` is told who is at which cell, from other threads."""
    yield from (Outcome(job.student, broken=job.broken) for job in jobs if job.broken)
    waiting = [job.student for job in jobs if not job.broken]
    if not waiting:
        return
    cells = released(course)
    execute.data_of(course.source)  # once, before there are threads: it sets variables of the process
    here = threading.local()
    everything: list[execute.Tools] = []

    def prepare() -> None:
        here.tools = execute.Tools(sandbox, limits(course))
        everything.append(here.tools)

    def one(student: str) -> Outcome:
        return run(course, student, cells, here.tools, functools.partial(at_work, student))

    pool = ThreadPoolExecutor(workers, initializer=prepare)
    try:
        for future in as_completed([pool.submit(one, student) for student in waiting]):
            yield future.result()
    finally:
        # At the end, or stopped in the middle: then what runs must not go on, and is not recorded.
        for tools in everything:
            tools.stop()
        pool.shutdown(cancel_futures=True)
        for tools in everything:
            tools.close()


def run(
    course: Course,
    student: str,
    cells: list[NotebookNode],
    tools: execute.Tools,
    say: Callable[[str], None],
) -> Outcome:
    """Run one submission's cells in a sandbox, and judge its answers. Touches nothing in the course."""
    begun = time.monotonic()
    try:
        ran = ran_by(course, student, cells, tools, say)
    except (SandboxError, CourseError, execute.CannotSandbox) as error:
        return Outcome(student, failed=str(error))
    except Exception as error:  # whatever it is: nobody else's submission is to suffer from it
        return Outcome(student, failed=f"it could not be run ({error})", log=traceback.format_exc())
    return Outcome(student, time.monotonic() - begun, ran=ran)


def ran_by(
    course: Course,
    student: str,
    cells: list[NotebookNode],
    tools: execute.Tools,
    say: Callable[[str], None],
) -> execute.Ran:
    """A student's notebook with outputs and points. Raises SandboxError, CannotSandbox or CourseError."""
    submitted = course.submitted(student)
    notebook = look(course, student, cells).notebook
    if notebook is None:
        raise CourseError("its file has changed a moment ago: run the same command again")
    repair(notebook, cells)
    folders = execute.Folders(submitted, course.release, course.source, course.ignored())
    seed = functools.partial(
        execute.seed_of, execute.secret_of(course.root), student, execute.content_of(submitted)
    )
    return execute.Ran(notebook, execute.run(notebook, tools, folders, seed, say))


def limits(course: Course) -> Limits:
    """The bounds of our nbgrader configuration, so that nbgrader's own autograding has the same."""
    return execute.JudgedExecute(config=course.config()).limits()


def default_workers() -> int:
    """One a core, but no more than four: each sandbox with TensorFlow takes most of a gigabyte."""
    return min(4, cores())


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


# --- Record ---------------------------------------------------------------------------------------


def record(course: Course, job: Job, outcome: Outcome, sandbox: bool = True) -> Outcome:
    """Let nbgrader keep an outcome; what became of that.

    The note that says 'done' comes last; without it the next run does it all again.
    """
    begun = time.monotonic()
    try:
        if outcome.broken:
            record_broken(course, job.student, outcome.broken)
        elif outcome.ran:
            outcome = autograde(course, job, outcome, sandbox)
        took = time.monotonic() - begun
        outcome = replace(outcome, seconds=outcome.seconds + took if outcome.seconds else 0)
        write_note(course, job, outcome)
    except OSError as error:
        return replace(outcome, failed=f"its grade could not be written ({error.strerror})")
    except CourseError as error:
        return replace(outcome, failed=str(error))
    return outcome


def autograde(course: Course, job: Job, outcome: Outcome, sandbox: bool) -> Outcome:
    """nbgrader's own autograding, from the start: autograded/ may hold half of an earlier one."""
    api = course.api()
    api.ran = outcome.ran  # for JudgedExecute, which then need not run anything
    api.config.JudgedExecute.isolated = sandbox
    if job.mended and outcome.ran:
        api.coursedir.submitted_directory = str(write_mended(course, job.student, outcome.ran.notebook))
    result = api.autograde(ASSIGNMENT, job.student, force=True)
    log = result.get("log", "") + result.get("error", "")
    failed = "" if result["success"] else reason_of(log)
    return replace(outcome, log=log, failed=failed)


def reason_of(log: str) -> str:
    """Why nbgrader could not record a submission, where its log has one of the known reasons."""
    reasons = {
        "database is locked": "the gradebook is locked by another program; close it",
        "disk is full": "the disk is full; make room",
        "No space left": "the disk is full; make room",
        "readonly database": "the gradebook may not be written; look at its permissions",
    }
    found = [reason for words, reason in reasons.items() if words in log]
    return f"{found[0]}, and run the same command again" if found else "nbgrader could not grade it"


def write_mended(course: Course, student: str, notebook: NotebookNode) -> Path:
    """Put a copy that nbgrader can read where it looks for submissions; that place."""
    place = course.root / "grading" / "mended"
    folder = place / student / ASSIGNMENT
    shutil.rmtree(folder, ignore_errors=True)
    submitted = course.submitted(student)
    if submitted.is_dir():
        leave_out = shutil.ignore_patterns("*.ipynb", *course.ignored())
        shutil.copytree(submitted, folder, ignore=leave_out, symlinks=True)
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{NOTEBOOK}.ipynb")
    return place


def write_note(course: Course, job: Job, outcome: Outcome) -> None:
    """What nbgrader said, and, if all went well, that this submission is done."""
    folder = course.root / "grading"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{job.student}.log").write_text(outcome.log)
    if outcome.failed:
        state_file(course, job.student).unlink(missing_ok=True)
        return
    note = asdict(job) | {
        "trouble": trouble_of(outcome),
        "result": fingerprint_of_file(course.autograded(job.student) / f"{NOTEBOOK}.ipynb"),
        "seconds": round(outcome.seconds, 1),
    }
    half = folder / f"{job.student}.half"
    half.write_text(json.dumps(note, indent=1))
    half.replace(state_file(course, job.student))


def trouble_of(outcome: Outcome) -> str:
    """Why some checks had no fair chance; the submission is graded all the same."""
    return next(iter(outcome.ran.trouble.values()), "") if outcome.ran else ""


def record_broken(course: Course, student: str, sentence: str) -> None:
    """A gradebook row with 0 for every check, and a page that says why, for formgrader and the feedback.

    Points that a person gave earlier stay, marked for another look, as with every new submission.
    """
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student(student)
        gradebook.update_or_create_submission(ASSIGNMENT, student)
        for given in gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, student).grades:
            given.auto_score = 0
            given.needs_manual_grade = given.manual_score is not None
        gradebook.db.commit()
    folder = course.autograded(student)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    page = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(
                "## This submission could not be graded\n\n"
                + sentence_as_markdown(f"{sentence[:1].upper()}{sentence[1:]}"),
                id="broken",
            )
        ]
    )
    nbformat.write(page, folder / f"{NOTEBOOK}.ipynb")


@contextmanager
def only_one_at_a_time(course: Course) -> Iterator[None]:
    """Raise CourseError while another `grade` works in the same folder. A killed one holds nothing."""
    if not course.database.exists():
        raise CourseError(
            f"There is no course in {course.shown()} yet: python3 -m admin build{course.option()}"
        )
    folder = course.root / "grading"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CourseError(
                f"Another grade is at work in {course.shown()}; wait for it or stop it"
            ) from None
        yield


# --- Say ------------------------------------------------------------------------------------------


class Report:
    """What the person sees: a line a submission as it finishes, and on a terminal how far it is."""

    def __init__(
        self, course: Course, console: Console, out_of: dict[str, float], width: int, sandbox: bool = True
    ) -> None:
        self.course, self.console, self.out_of, self.width = course, console, out_of, width
        self.mark = "" if sandbox else f"{execute.NOT_ISOLATED} "  # on every line: nobody overlooks it
        self.failures = 0
        self._cells: dict[str, str] = {}
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def start(self, submissions: int, to_grade: int, workers: int) -> None:
        counted = f"{submissions} submission{'' if submissions == 1 else 's'}"
        at_work = f" with {workers} worker{'' if workers == 1 else 's'}" if to_grade else ""
        self.console.print(
            f"{self.mark}Grading {ASSIGNMENT}: {counted}, "
            f"{submissions - to_grade} unchanged, {to_grade} to grade{at_work}"
        )

    @contextmanager
    def progress(self, jobs: int) -> Iterator[None]:
        if not jobs or not self.console.is_terminal:
            yield
            return
        columns = (
            TextColumn(f"  {self.mark}grading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            self._progress, self._task = progress, progress.add_task("", total=jobs)
            yield
        self._progress = None

    def at_work(self, student: str, cell: str) -> None:
        """Show who is being graded, and the last named cell that was begun."""
        if cell:
            self._cells[student] = cell
        if self._progress and self._task is not None:
            now = " · ".join(f"{student} {cell}" for student, cell in list(self._cells.items()))
            self._progress.update(self._task, description=now)

    def finished(self, job: Job, outcome: Outcome) -> None:
        self._cells.pop(outcome.student, None)
        if outcome.failed:
            self.failures += 1
            log = self.course.shown(self.course.root / "grading" / f"{outcome.student}.log")
            self.line(outcome.student, Text(f"{outcome.failed}; what happened is in {log}", style="red"))
        elif outcome.broken:
            self.line(outcome.student, self.broken(outcome.broken))
        else:
            points = self.course.points(outcome.student) or {}
            text = self.points(points, outcome.seconds)
            text.append(f"   {job.mended}" if job.mended else "", style="yellow")
            trouble = trouble_of(outcome)
            self.line(outcome.student, text.append(f"   {trouble}" if trouble else "", style="red"))
        if self._progress and self._task is not None:
            self._progress.advance(self._task)

    def remind(self, student: str, broken: str) -> None:
        if broken:
            self.line(student, self.broken(broken))

    def points(self, points: dict[str, float | None], seconds: float) -> Text:
        lost = [
            name.removeprefix("check_") for name in self.out_of if (points.get(name) or 0) < self.out_of[name]
        ]
        got, best = sum(points.get(name) or 0 for name in self.out_of), sum(self.out_of.values())
        bar = "█" * round(BAR_WIDTH * got / best) if best else ""
        text = Text(f"{bar:<{BAR_WIDTH}} {got:>4g}/{best:g} {seconds:>5.1f} s")
        named = "every task" if len(lost) == len(self.out_of) else ", ".join(lost)
        return text.append(f"   {named}" if named else "", style="yellow")

    def broken(self, sentence: str) -> Text:
        return Text(sentence, style="red")

    def line(self, student: str, text: Text) -> None:
        self.console.print(Text(f"  {self.mark}{student:<{self.width}}  ").append_text(text))

    def end(self) -> None:
        course, option = self.course, self.course.option()
        self.console.print(
            f"{self.mark}Grades in {course.shown(course.database)} · "
            f"feedback: python3 -m admin nbgrader{option} generate_feedback {ASSIGNMENT}"
        )
