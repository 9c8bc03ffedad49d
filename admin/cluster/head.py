"""The side of `grade`: takes submissions in, sends them to the workers of a cluster, reads what comes back.

No more are on their way than there are workers. So one that ends workers is blamed by Dask for what it did,
and not those that wait behind it (https://distributed.dask.org/en/stable/killed.html).
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import dask
from distributed import Client, KilledWorker
from distributed.comm import CommClosedError, connect
from distributed.security import Security
from nbformat import NotebookNode

from admin.cluster.frames import CourseFiles, Order, Reply, name_of
from admin.cluster.grader import graded, prepare, resource_of
from admin.course.layout import Course, CourseError
from admin.grading import cases, execute, pool
from admin.grading.bounded import BoundedProcess
from admin.grading.intake import copy_of, take_in
from admin.grading.machine import cores
from admin.grading.plan import Job
from admin.grading.record import Outcome
from admin.grading.sentences import carried_by, read_back
from admin.grading.version import version
from admin.sandbox.files import Packed, packed
from admin.sandbox.limits import BadSubmission, Limits, SandboxError
from admin.sandbox.protocol import ProtocolError
from checks.language import Sentence, say

CONNECT = 10.0  # seconds for the scheduler to answer
LOOK_AGAIN = 1.0  # seconds between two looks at who is there
BRIEFLY = 10.0  # seconds in which Dask replaces a worker, or a busy scheduler answers
PATIENCE = 60.0  # seconds without any worker that is fit, until the rest is left for another run
UNREACHABLE = (OSError, TimeoutError, CommClosedError, CancelledError, RuntimeError)


@dataclass(frozen=True)
class _TakenIn:
    """A submission on its way."""

    order: bytes
    notebook: NotebookNode
    before: Outcome
    """what is known so far"""


class ClusterPool:
    """The workers of one cluster. `tell` is told, from other threads, who is refused and why.

    Raises CourseError when there is no scheduler at the address, or no worker that is fit.
    """

    def __init__(
        self,
        address: str,
        course: Course,
        at_work: Callable[[str, str], None],
        tell: Callable[[Sentence], None],
        patience: float = PATIENCE,
    ) -> None:
        self.address, self.course, self.at_work, self.tell = address, course, at_work, tell
        self.patience = patience
        self._limits = pool.limits(course)
        self._files = files_of(course)
        self._name = name_of(self._files)
        self._version = version()
        self._change = threading.Condition()  # of what follows
        self._fit: set[str] = set()
        self._refused: dict[str, Sentence] = {}
        self._sent: set[Future[bytes]] = set()
        self._places = 0  # taken, of as many as there are fit workers
        self._given_up: Sentence | None = None
        self._closing = threading.Event()
        self._here = threading.local()
        self._bounded: list[BoundedProcess] = []
        self._client = connected(address)
        try:
            self._await_workers()
        except BaseException:
            self._client.close()
            raise
        self._executor = self._client.get_executor(resources={resource_of(self._name): 1}, pure=False)
        # Each has a process that takes in; most of the rest is Python's, in one thread at a time.
        self._intake = ThreadPoolExecutor(max(2, cores()), initializer=self._prepare)
        self._reading = ThreadPoolExecutor(2)
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    @property
    def workers(self) -> int:
        return len(self._fit)

    def start(self, jobs: list[Job]) -> list[Future[Outcome]]:
        """Have these run; the outcome of each, as it will be. Of the main thread, which has the gradebook."""
        others = self.course.other_assignments()
        outcomes: list[Future[Outcome]] = [Future() for _ in jobs]
        for job, outcome in zip(jobs, outcomes, strict=True):
            self._intake.submit(self._send, job, others, outcome)
        return outcomes

    def close(self) -> None:
        """At the end, or stopped in the middle: what runs is ended, and its outcome is nobody's."""
        with self._change:
            self._closing.set()
            self._change.notify_all()
        for process in self._bounded:
            process.stop()
        self._intake.shutdown(cancel_futures=True)
        for process in self._bounded:
            process.close()
        for sent in list(self._sent):
            sent.cancel()
        self._watching.join()
        with contextlib.suppress(*UNREACHABLE):
            self._client.close()
        self._reading.shutdown()

    # --- Who is there -------------------------------------------------------------------------------

    def _await_workers(self) -> None:
        until = time.monotonic() + self.patience
        self._look()
        if not (self._fit or self._refused):
            self.tell(say("cluster.waiting", address=self.address))
        while not (self._fit or self._refused):
            if time.monotonic() > until:
                raise CourseError(say("cluster.no_worker", address=self.address))
            time.sleep(LOOK_AGAIN)
            self._look()
        if not self._fit:
            raise CourseError(say("cluster.none_fit", address=self.address))

    def _look(self) -> None:
        """Make workers that have come ready, and forget those that have gone."""
        there = set(self._client.scheduler_info()["workers"])
        new = there - self._fit - set(self._refused)
        answers = (
            self._client.run(prepare, self._files, self._version, workers=sorted(new), on_error="return")
            if new
            else {}
        )
        fit = {worker for worker, answer in answers.items() if answer is None}
        refused = {
            worker: refusal(answer)
            for worker, answer in answers.items()
            if answer is not None and not isinstance(answer, UNREACHABLE)  # else it has gone meanwhile
        }
        with self._change:
            self._fit = (self._fit & there) | fit
            self._refused = {w: why for w, why in self._refused.items() if w in there} | refused
            self._change.notify_all()
        for worker, why in sorted(refused.items()):
            self.tell(say("cluster.refused", worker=worker, why=why))

    def _watch(self) -> None:
        """Until closed: look who is there, and give up when nobody has been for too long."""
        seen, told = time.monotonic(), False  # when a fit worker was there for the last time
        while not self._closing.wait(LOOK_AGAIN):
            # Whatever Dask raises of a scheduler that does not answer: nobody knows then who is there.
            with contextlib.suppress(Exception):
                self._look()
                if self._fit:
                    seen, told = time.monotonic(), False
            alone = time.monotonic() - seen
            if alone > self.patience:
                self._give_up()
                return
            if alone > BRIEFLY and not told:
                self.tell(say("cluster.waiting", address=self.address))
                told = True

    def _give_up(self) -> None:
        with self._change:
            self._given_up = say("cluster.gone", address=self.address)
            self._change.notify_all()
        for sent in list(self._sent):
            sent.cancel()

    # --- One submission -----------------------------------------------------------------------------

    def _prepare(self) -> None:
        self._here.bounded = BoundedProcess()
        self._bounded.append(self._here.bounded)

    def _send(self, job: Job, others: frozenset[str], outcome: Future[Outcome]) -> None:
        """Take one submission in, and send it as soon as a worker is free for it."""
        try:
            done = self._taken_in(job, others)
            if isinstance(done, Outcome):
                outcome.set_result(done)
                return
            if self._has_place():
                self.at_work(job.student, self.address)
                self._hand_over(done, outcome)
            elif self._given_up:
                outcome.set_result(Outcome(job.student, failed=self._given_up))
        except Exception as error:  # whatever it is: nobody else's submission is to suffer from it
            outcome.set_result(failed(job.student, error))

    def _has_place(self) -> bool:
        """Wait until a worker is free, and take it; False when there is none any more, or nobody waits."""
        with self._change:
            self._change.wait_for(
                lambda: self._closing.is_set() or self._given_up or self._places < len(self._fit)
            )
            if self._closing.is_set() or self._given_up:
                return False
            self._places += 1
            return True

    def _hand_over(self, taken: _TakenIn, outcome: Future[Outcome]) -> None:
        try:
            sent = self._executor.submit(graded, taken.order)
        except BaseException:
            self._free_place()
            raise
        self._sent.add(sent)
        if self._given_up or self._closing.is_set():  # meanwhile: nobody else would end it
            sent.cancel()
        sent.add_done_callback(lambda sent: self._came_back(sent, taken, outcome))

    def _free_place(self) -> None:
        with self._change:
            self._places -= 1
            self._change.notify_all()

    def _taken_in(self, job: Job, others: frozenset[str]) -> Outcome | _TakenIn:
        """What is sent; or all that is to be said of the submission."""
        begun = time.monotonic()
        course, student = self.course, job.student
        self._here.bounded.renew()
        taken = take_in(self._here.bounded, course, student, others=others)
        if taken.broken:
            return Outcome(student, broken=taken.broken)
        if taken.fingerprint != job.submission:
            raise CourseError(say("grading.files_changed"))
        copy = copy_of(course, student)
        notebook = pool.notebook_of(copy)
        content = cases.content_of(notebook, copy, course.release)
        seeds = cases.seeds_of(cases.secret_of(course.root), content)
        try:
            files = packed([copy], self._limits)
        except BadSubmission as error:
            result = execute.without_session(notebook, error.sentence)
            return Outcome(student, time.monotonic() - begun, taken.repaired, result=result)
        order = Order(self._name, seeds, self._limits, files).to_bytes()
        return _TakenIn(order, notebook, Outcome(student, time.monotonic() - begun, taken.repaired))

    def _came_back(self, sent: Future[bytes], taken: _TakenIn, outcome: Future[Outcome]) -> None:
        """In the client's own thread, which has to be free again soon."""
        self._sent.discard(sent)
        self._free_place()
        if not self._closing.is_set():
            self._reading.submit(self._read, sent, taken, outcome)

    def _read(self, sent: Future[bytes], taken: _TakenIn, outcome: Future[Outcome]) -> None:
        before, student = taken.before, taken.before.student
        try:
            reply = Reply.from_bytes(sent.result(), taken.notebook)
        except CancelledError:
            lost = self._given_up or say("cluster.gone", address=self.address)
            outcome.set_result(Outcome(student, failed=lost))
        except KilledWorker:
            outcome.set_result(Outcome(student, failed=say("cluster.ends_workers")))
        except ProtocolError as error:
            outcome.set_result(Outcome(student, failed=say("cluster.unreadable", reason=error.sentence)))
        except Exception as error:  # of Dask's own
            outcome.set_result(failed(student, error))
        else:
            seconds = before.seconds + reply.seconds
            outcome.set_result(
                Outcome(
                    student, seconds, before.repaired, failed=reply.failed, log=reply.log, result=reply.result
                )
            )


def connected(address: str) -> Client:
    """A client of the scheduler there. Raises CourseError."""
    # A submission is one large argument of one task, which Dask takes for a mistake from 10 MB on.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})
    try:
        asyncio.run(reach(address))
        return Client(address, timeout=CONNECT, set_as_default=False)
    except (*UNREACHABLE, TypeError, ValueError) as error:  # the latter for what is no address
        reason = str(error) or type(error).__name__
        raise CourseError(say("cluster.no_scheduler", address=address, reason=reason)) from None


async def reach(address: str) -> None:
    """Connect, and no more: a Client that could not prints a traceback when it is collected."""
    arguments = Security().get_connection_args("client")
    comm = await connect(address, timeout=CONNECT, **arguments)
    await comm.close()


def files_of(course: Course) -> bytes:
    """What workers get of a course. Raises CourseError."""

    def all_of(folder: Path) -> Packed:
        return packed([folder], Limits())

    try:
        return CourseFiles(all_of(course.release), all_of(course.source)).to_bytes()
    except (BadSubmission, ProtocolError) as error:
        raise CourseError(say("cluster.course_too_large", reason=error.sentence)) from None


def refusal(answer: object) -> Sentence:
    """Why a worker can't be used: its own sentence, or that it is none of ours."""
    return read_back(answer) or say("cluster.no_course")


def failed(student: str, error: Exception) -> Outcome:
    """The outcome of a submission that could not be sent, or of whose run nothing came back."""
    if isinstance(error, SandboxError | CourseError | ProtocolError):
        return Outcome(student, failed=carried_by(error))
    log = "".join(traceback.format_exception(error))
    return Outcome(student, failed=say("grading.could_not_run", error=carried_by(error)), log=log)
