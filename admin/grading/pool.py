"""Threads that run submissions, each with a worker of its own: a sandbox, and a process that judges.

A thread that has started a sandbox has to live as long as that; so the threads last until the pool is closed.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import nbformat
from nbformat import NotebookNode

from admin.course.layout import NOTEBOOK, Course, CourseError
from admin.grading import cases, execute
from admin.grading.ahead import LookAhead
from admin.grading.intake import copy_of, take_in
from admin.grading.plan import Job
from admin.grading.record import Outcome
from admin.grading.results import Results, results_of
from admin.grading.sentences import carried_by
from admin.grading.trainer import Waiting
from admin.grading.worker import CannotSandbox, Folders, Worker
from admin.sandbox.limits import Limits, SandboxError
from checks.language import say

Running = Callable[[NotebookNode, Folders], contextlib.AbstractContextManager[Waiting]]
"""Entered while a submission is run; it gives what is done while that waits for a training."""


class Runner(Protocol):
    """What runs submissions: here in threads (Pool), or on a cluster (admin/cluster/head.py)."""

    @property
    def workers(self) -> int:
        """How many submissions it runs at a time."""

    def start(self, jobs: list[Job]) -> list[Future[Outcome]]:
        """Run these; the outcome of each, as it will be. Of the main thread, which has the gradebook."""

    def close(self) -> None:
        """At the end, or stopped in the middle: what runs ends soon, and its outcome is nobody's."""


class Pool:
    """So many workers. `at_work` is told who is at which cell, from other threads.

    With `fresh`, what was run before, of the same content, is run again.
    """

    def __init__(
        self,
        course: Course,
        workers: int,
        sandbox: bool,
        at_work: Callable[[str, str], None],
        fresh: bool = False,
    ) -> None:
        self.course, self.workers, self.sandbox, self.at_work = course, workers, sandbox, at_work
        self._results = results_of(course, sandbox, limits(course), fresh)
        self._lock = threading.Lock()
        self._open = 0  # jobs that were started, and not ended yet
        self._ahead: LookAhead | None = None
        self._starved: set[Job] = set()  # what runs again, with the machine to itself
        self._here = threading.local()
        self._started: list[Worker] = []
        self._threads = ThreadPoolExecutor(workers, initializer=self._prepare)

    def start(self, jobs: list[Job]) -> list[Future[Outcome]]:
        """Run these; the outcome of each, as it will be. Of the main thread, which has the gradebook."""
        if not jobs:
            return []
        cases.data_of(self.course.source)  # once, before there are threads: each would draw them
        others = self.course.other_assignments()  # once, too: the threads leave the gradebook alone
        with self._lock:
            self._open += len(jobs)
            ahead = self._ahead if self._open >= self.workers else None
        if ahead:
            ahead.stop()  # its worker is wanted
        return [self._threads.submit(self._run, job, others) for job in jobs]

    def warm_up(self) -> None:
        """Have the course's own answers run, once for each draw, and forget what comes of it, errors too.

        A sandbox has started then, and what right answers have in common is kept: trainings, and what nets
        are asked.
        """
        cases.data_of(self.course.source)
        for draw in range(cases.DRAWS):
            self._threads.submit(self._run_own_answers, draw)

    @property
    def is_looking_ahead(self) -> bool:
        """Whether a worker without a submission of its own is in one of another's."""
        return self._ahead is not None

    def close(self) -> None:
        """At the end, or stopped in the middle: what runs ends soon, and its outcome is nobody's."""
        for worker in self._started:
            worker.stop()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._started:
            worker.close()

    def _prepare(self) -> None:
        self._here.worker = Worker(self.sandbox, limits(self.course))
        self._started.append(self._here.worker)

    def _run(self, job: Job, others: frozenset[str]) -> Outcome:
        tell = functools.partial(self.at_work, job.student)
        running = None if job in self._starved else self._with_a_look
        try:
            outcome = run(self.course, job, self._here.worker, tell, others, self._results, running)
        finally:
            with self._lock:
                self._open -= 1
        if outcome.result and outcome.result.starved:
            self._starved.add(job)
        return outcome

    @contextlib.contextmanager
    def _with_a_look(self, notebook: NotebookNode, folders: Folders) -> Iterator[Waiting]:
        """Meanwhile, a worker that has nothing else to do looks ahead in this submission.

        That is another one without a submission, or its own while it would have to wait.
        """
        ahead, own = LookAhead(notebook, folders), LookAhead(notebook, folders)
        if self._may_look(ahead, needs_worker=True):
            self._threads.submit(self._look, ahead)

        def look_while_waiting(is_over: Callable[[], bool]) -> None:
            if self._may_look(own, needs_worker=False):
                self._look(own, is_over)

        try:
            yield look_while_waiting
        finally:
            ahead.stop()

    def _may_look(self, ahead: LookAhead, needs_worker: bool) -> bool:
        """One at a time, as a session takes memory; never without walls: what runs twice may harm twice."""
        with self._lock:
            is_busy = needs_worker and self._open >= self.workers
            if not self.sandbox or self._ahead or is_busy:
                return False
            self._ahead = ahead
            return True

    def _look(self, ahead: LookAhead, is_over: Callable[[], bool] = lambda: False) -> None:
        try:
            with contextlib.suppress(Exception):  # whatever it is: the submission itself will say it
                ahead.run(self._here.worker, is_over)
        finally:
            with self._lock:
                self._ahead = None

    def _run_own_answers(self, draw: int) -> None:
        worker: Worker = self._here.worker
        worker.bounded.renew()
        path = self.course.source / f"{NOTEBOOK}.ipynb"
        notebook = nbformat.read(path, as_version=nbformat.current_nbformat)
        of_course = cases.seeds_of(cases.secret_of(self.course.root), b"").of_course
        seeds = cases.Seeds(dict.fromkeys(of_course, draw), of_course)
        execute.run(notebook, worker, folders_of(self.course, self.course.release), seeds)


def folders_of(course: Course, submitted: Path) -> Folders:
    """Where the files of a run are: `submitted` has the student's."""
    return Folders(submitted, course.release, course.source, trainings=execute.trainings_of(course.root))


def run(
    course: Course,
    job: Job,
    worker: Worker,
    tell: Callable[[str], None],
    others: frozenset[str] | None = None,
    results: Results | None = None,
    running: Running | None = None,
) -> Outcome:
    """Take in one submission, run its cells in a sandbox, and judge its answers. Records nothing.

    `tell` is told the grade_id of each cell. What `results` has of the same content is not run again.
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
        result = run_copy(course, job, worker, tell, results, running)
    except (SandboxError, CourseError, CannotSandbox) as error:
        return Outcome(student, failed=carried_by(error))
    except Exception as error:  # whatever it is: nobody else's submission is to suffer from it
        reason = say("grading.could_not_run", error=carried_by(error))
        return Outcome(student, failed=reason, log=traceback.format_exc())
    return Outcome(student, time.monotonic() - begun, taken.repaired, result=result)


def run_copy(
    course: Course,
    job: Job,
    worker: Worker,
    tell: Callable[[str], None],
    results: Results | None,
    running: Running | None,
) -> execute.RunResult:
    """Run a student's notebook, as its copy has it. Raises SandboxError or CannotSandbox."""
    copy = copy_of(course, job.student)
    notebook, folders = notebook_of(copy), folders_of(course, copy)
    content = cases.content_of(notebook, copy, course.release)
    seeds = cases.seeds_of(cases.secret_of(course.root), content)

    def run_now() -> execute.RunResult:
        with running(notebook, folders) if running else contextlib.nullcontext() as waiting:
            return execute.run(notebook, worker, folders, seeds, tell, waiting)

    return results.result(notebook, content, job.checks, run_now) if results else run_now()


def run_folder(folders: Folders, worker: Worker, seeds: cases.Seeds) -> execute.RunResult:
    """Run the notebook of a copy. Raises SandboxError or CannotSandbox."""
    return execute.run(notebook_of(folders.submitted), worker, folders, seeds)


def notebook_of(copy: Path) -> NotebookNode:
    """The notebook of a submission that was taken in."""
    return nbformat.read(copy / f"{NOTEBOOK}.ipynb", as_version=nbformat.current_nbformat)


def limits(course: Course) -> Limits:
    """The bounds of our nbgrader configuration, so that nbgrader's own autograding has the same."""
    return execute.JudgedExecute(config=course.config()).limits()
