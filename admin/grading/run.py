"""`grade`: plan what is new → take in and run each submission, several at a time → record.

Threads run the submissions: each waits for a sandbox, and for a process that reads and judges, of its own.
What came of it is handed to nbgrader in the main thread, which alone touches the gradebook.
"""

from __future__ import annotations

import functools
import os
import shutil
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager

import nbformat
from rich.console import Console

from admin.course.layout import NOTEBOOK, Course, CourseError
from admin.grading import cases, execute, since
from admin.grading.intake import COPIES, copy_of, take_in
from admin.grading.lateness import policy_of, said_to_instructor, settle
from admin.grading.marks import recorded
from admin.grading.plan import Job, choose, plan, read_state
from admin.grading.record import Outcome, record
from admin.grading.report import Report
from admin.grading.sentences import carried_by, read_back
from admin.grading.worker import CannotSandbox, Folders, Worker, refusal
from admin.sandbox.host import what_is_missing, what_is_missing_without_walls
from admin.sandbox.limits import Limits, SandboxError
from admin.text import printable
from checks.language import Sentence, say

# What a worker may come to: a session at its bound, a clean one that trains, the sandbox's zygote, and what
# reads and judges.
WORKER_BYTES = Limits().memory_bytes + (2 << 30)


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
        policy_of(course)  # what is wrong with its file is said before anything is run
        if missing := what_is_missing_without_walls():  # Windows: no folder is looked into there
            raise CourseError(refusal(what_is_missing() if sandbox else missing))
        jobs = plan(course, everybody, force)
        if jobs and sandbox and (missing := what_is_missing()):
            raise CourseError(refusal(missing))
        workers = max(1, min(workers or default_workers(cores(), free_memory()), len(jobs)))
        width = max((len(printable(student)) for student in everybody), default=0)
        report = Report(course, console, out_of, width, sandbox)
        report.start(len(everybody), len(jobs), workers)
        if jobs:
            since.begin(course)
        with report.progress(len(jobs)):
            by_student = {job.student: job for job in jobs}
            for outcome in run_all(course, jobs, workers, sandbox, report.at_work):
                report.finished(record(course, by_student[outcome.student], outcome, COPIES, sandbox))
                shutil.rmtree(copy_of(course, outcome.student).parent, ignore_errors=True)
        for student in everybody:
            if student not in by_student:
                report.remind(student, read_back(read_state(course, student).get("broken")))
        report.notes(said_to_instructor(settle(course)))
        report.notes(waiting(course, out_of))
        if jobs and not report.failures:
            since.end(course)
        report.end()
    return 1 if report.failures else 0


def waiting(course: Course, out_of: Mapping[str, float]) -> list[Sentence]:
    """What is said when written answers wait for points; `out_of` has the cells that a check judges."""
    count = sum(
        mark.waiting
        for submission in recorded(course).values()
        for name, mark in submission.marks.items()
        if name not in out_of
    )
    return [say("by_hand.waiting", count=count, option=course.option())] if count else []


def run_all(
    course: Course, jobs: list[Job], workers: int, sandbox: bool, at_work: Callable[[str, str], None]
) -> Iterator[Outcome]:
    """The outcome of each job, as they finish. `at_work` is told who is at which cell, from other threads."""
    if not jobs:
        return
    cases.data_of(course.source)  # once, before there are threads: each would draw them
    others = course.other_assignments()  # once, too: the threads leave the gradebook alone
    here = threading.local()
    started: list[Worker] = []

    def prepare() -> None:
        here.worker = Worker(sandbox, limits(course))
        started.append(here.worker)

    def one(job: Job) -> Outcome:
        return run(course, job, here.worker, functools.partial(at_work, job.student), others)

    pool = ThreadPoolExecutor(workers, initializer=prepare)
    starved: list[Job] = []
    by_student = {job.student: job for job in jobs}
    try:
        for future in as_completed([pool.submit(one, job) for job in jobs]):
            outcome = future.result()
            if outcome.result and outcome.result.starved and workers > 1:
                starved.append(by_student[outcome.student])
            else:
                yield outcome
        for job in starved:  # one after the other, with the machine to itself
            yield pool.submit(one, job).result()
    finally:
        # At the end, or stopped in the middle: then what runs must not go on, and is not recorded.
        for worker in started:
            worker.stop()
        pool.shutdown(cancel_futures=True)
        for worker in started:
            worker.close()


def run(
    course: Course,
    job: Job,
    worker: Worker,
    tell: Callable[[str], None],
    others: frozenset[str] | None = None,
) -> Outcome:
    """Take in one submission, run its cells in a sandbox, and judge its answers. Records nothing.

    `tell` is told the grade_id of each cell.
    """
    begun = time.monotonic()
    student = job.student
    try:
        worker.bounded.renew()
        taken = take_in(worker.bounded, course, student, others=others)
        if taken.broken:
            return Outcome(student, broken=taken.broken)
        if taken.fingerprint != job.submission:
            raise CourseError(say("grading.files_changed"))
        result = run_copy(course, student, worker, tell)
    except (SandboxError, CourseError, CannotSandbox) as error:
        return Outcome(student, failed=carried_by(error))
    except Exception as error:  # whatever it is: nobody else's submission is to suffer from it
        reason = say("grading.could_not_run", error=carried_by(error))
        return Outcome(student, failed=reason, log=traceback.format_exc())
    return Outcome(student, time.monotonic() - begun, taken.repaired, result=result)


def run_copy(course: Course, student: str, worker: Worker, tell: Callable[[str], None]) -> execute.RunResult:
    """Run a student's notebook, as its copy has it. Raises SandboxError or CannotSandbox."""
    copy = copy_of(course, student)
    notebook = nbformat.read(copy / f"{NOTEBOOK}.ipynb", as_version=nbformat.current_nbformat)
    folders = Folders(copy, course.release, course.source, trainings=execute.trainings_of(course.root))
    content = cases.content_of(notebook, copy, course.release)
    seed = functools.partial(cases.seed_of, cases.secret_of(course.root), content)
    return execute.run(notebook, worker, folders, seed, tell)


def limits(course: Course) -> Limits:
    """The bounds of our nbgrader configuration, so that nbgrader's own autograding has the same."""
    return execute.JudgedExecute(config=course.config()).limits()


def default_workers(cores: int, free_bytes: int) -> int:
    """One a core, up to four, and no more than there is memory for; but one."""
    return max(1, min(4, cores, free_bytes // WORKER_BYTES))


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory() -> int:
    """Bytes that programs can still take without swapping, by the kernel; a lot where it says nothing."""
    try:
        with open("/proc/meminfo") as lines:
            return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return 1 << 40


@contextmanager
def only_one_at_a_time(course: Course) -> Iterator[None]:
    """Raise CourseError while another `grade` works in the same folder. A killed one holds nothing."""
    if not course.database.exists():
        raise CourseError(say("grading.no_course", folder=course.shown(), option=course.option()))
    folder = course.root / "grading"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass  # Windows, where nothing is run anyway
        except OSError:
            raise CourseError(say("grading.another_at_work", folder=course.shown())) from None
        yield
