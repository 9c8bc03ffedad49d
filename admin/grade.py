"""`grade`: plan what is new → run each submission, several at a time → record.

Unchanged submissions are skipped by content, not by time stamps: of the submission, of the course's source
(notebook, checks, data) and of what grading left in autograded/. A run that is killed at any moment leaves at
most submissions that the next run does again.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import multiprocessing
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path

import nbformat
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from admin import execute
from admin.course import ASSIGNMENT, CONFIG, NOTEBOOK, REPOSITORY, Course, CourseError, fingerprint
from admin.sandbox import what_is_missing
from admin.submission import what_is_wrong

BAR_WIDTH = 22
WITHOUT_SANDBOX = "CONVNET_WITHOUT_SANDBOX"  # read by admin/nbgrader_config.py, here and in every worker


@dataclass(frozen=True)
class Job:
    """A submission that has to be graded, and the fingerprints under which it will count as done."""

    student: str
    submission: str
    checks: str
    broken: str = ""


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
    trouble: str = ""  # why some checks had no fair chance; it is graded all the same


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
                record(course, by_student[outcome.student], outcome)
                report.finished(outcome)
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
    with course.gradebook() as gradebook:
        notebook = gradebook.find_notebook(NOTEBOOK, ASSIGNMENT)
        grade_ids = {cell.name for cell in notebook.source_cells}
    jobs = []
    for student in students:
        folder = course.submitted(student)
        submission = fingerprint(folder if folder.is_dir() else folder.parent)
        job = Job(student, submission, checks, what_is_wrong(course, student, grade_ids))
        if force or not is_done(course, job):
            jobs.append(job)
    return jobs


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
    """The outcome of each job, as they finish. A worker that dies does not take the others' jobs with it.

    `at_work` is told, from another thread, who is being graded and at which cell.
    """
    waiting = []
    for job in jobs:
        if job.broken:
            yield Outcome(job.student, broken=job.broken)
        else:
            waiting.append(job)
    context = multiprocessing.get_context("spawn")
    while waiting:
        done: set[str] = set()
        with (
            listening(context, at_work) as say,
            ProcessPoolExecutor(
                workers, context, prepare_worker, (str(course.root / "grading"), os.getpid(), sandbox, say)
            ) as pool,
        ):
            futures = {pool.submit(run, course, job.student): job for job in waiting}
            try:
                for future in as_completed(futures):
                    try:
                        outcome = future.result()
                    except BrokenProcessPool:
                        continue
                    done.add(outcome.student)
                    yield outcome
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        waiting = [job for job in waiting if job.student not in done]
        if waiting and workers == 1:
            # Alone in its pool, the first one waiting is the one that ended it.
            yield Outcome(waiting.pop(0).student, failed="the process that graded it was killed")
        workers = 1


@contextmanager
def listening(context: BaseContext, at_work: Callable[[str, str], None]) -> Iterator[Connection]:
    """A pipe for workers to say what they do. No queue: a killed worker would keep its lock."""
    reader, writer = context.Pipe(duplex=False)

    def listen() -> None:
        with suppress(EOFError, OSError, ValueError):
            while text := reader.recv_bytes(4000).decode(errors="replace"):
                at_work(*text.split("\0", 1))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield writer
    finally:
        with suppress(OSError):
            writer.send_bytes(b"")
        writer.close()
        thread.join(1)
        reader.close()


def run(course: Course, student: str) -> Outcome:
    """Let nbgrader autograde one submission, from the start: autograded/ may hold half of an earlier run."""
    begun = time.monotonic()
    _tools.trouble, _tools.say = {}, lambda name: _say(f"{student}\0{name}")
    result = course.api().autograde(ASSIGNMENT, student, force=True)
    seconds = time.monotonic() - begun
    log = result.get("log", "") + result.get("error", "")
    if result["success"]:
        return Outcome(student, seconds, log=log, trouble=next(iter(_tools.trouble.values()), ""))
    return Outcome(student, seconds, log=log, failed="nbgrader could not grade it")


def prepare_worker(folder: str, parent: int, sandbox: bool, say: Connection) -> None:
    """Keep what is printed off the terminal, and one sandbox for all; end when the parent process ends."""
    global _tools, _say
    if sandbox:
        os.environ.pop(WITHOUT_SANDBOX, None)
    else:
        os.environ[WITHOUT_SANDBOX] = "1"
    _tools = execute.keep(lambda name: None)

    def send(text: str) -> None:
        with suppress(OSError, ValueError):
            say.send_bytes(text.encode(errors="replace")[:4000])

    _say = send
    Path(folder).mkdir(parents=True, exist_ok=True)
    output = os.open(Path(folder) / "workers.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# A worker's own, made by prepare_worker.
_tools: execute.Tools
_say: Callable[[str], None]


def default_workers() -> int:
    """One a core, but no more than four: each sandbox with TensorFlow takes most of a gigabyte."""
    return min(4, cores())


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


# --- Record ---------------------------------------------------------------------------------------


def record(course: Course, job: Job, outcome: Outcome) -> None:
    """Keep an outcome. The note that says 'done' comes last; without it the next run does it all again."""
    folder = course.root / "grading"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{job.student}.log").write_text(outcome.log)
    if outcome.failed:
        state_file(course, job.student).unlink(missing_ok=True)
        return
    if outcome.broken:
        record_broken(course, job.student, outcome.broken)
    result = fingerprint_of_file(course.autograded(job.student) / f"{NOTEBOOK}.ipynb")
    note = asdict(job) | {
        "broken": outcome.broken,
        "trouble": outcome.trouble,
        "result": result,
        "seconds": round(outcome.seconds, 1),
    }
    half = folder / f"{job.student}.half"
    half.write_text(json.dumps(note, indent=1))
    half.replace(state_file(course, job.student))


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
                f"## This submission could not be graded\n\n{sentence[:1].upper()}{sentence[1:]}", id="broken"
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
            now = " · ".join(f"{student} {cell}" for student, cell in self._cells.items())
            self._progress.update(self._task, description=now)

    def finished(self, outcome: Outcome) -> None:
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
            trouble = f"   {outcome.trouble}" if outcome.trouble else ""
            self.line(outcome.student, text.append(trouble, style="red"))
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
