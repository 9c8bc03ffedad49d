"""What a worker of grading has: a sandbox, and a process that reads, judges and sanitises.

`grade` has a worker for each of its threads. What nbgrader grades by itself, one submission after the other,
shares one.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from admin.exchange.collect import OF_THE_EXCHANGE
from admin.grading.bounded import BoundedProcess
from admin.sandbox.host import Sandbox, Session, what_is_missing, what_is_missing_without_walls
from admin.sandbox.limits import OWN_FAULT, Limits
from checks.language import Sentence, joined, say

# Of a core, that a session has to get before a time-out counts for good. On a free machine a notebook that
# computes gets nearly all of its core; with half of it, the longest honest cell still ends in time.
FAIR_SHARE = 0.5


class CannotSandbox(SystemExit):
    """This machine can't grade safely. No fault of a submission: it ends the command, not one student.

    nbgrader takes every Exception for the fault of one submission, and goes on with the next one.
    """


@dataclass(frozen=True)
class Folders:
    """Where a submission's files are. A session gets the student's, and over them the released ones."""

    submitted: Path
    release: Path
    source: Path  # for the judges alone
    ignore: tuple[str, ...] = ()
    trainings: Path | None = None  # where those that were done are kept


class Worker:
    """A sandbox, and a process that reads, judges and sanitises; each starts when first needed.

    For one thread, but for `stop`.
    """

    def __init__(self, isolated: bool, limits: Limits) -> None:
        self.isolated, self.limits = isolated, limits
        self.bounded = BoundedProcess()
        self.sandbox = Sandbox(limits, isolated)
        self._tried = False

    def session(self, folders: Folders) -> Session:
        """A session for one submission, without what the exchange has put beside it.

        Raises CannotSandbox when the machine is to blame.
        """
        if not self._tried:
            if missing := what_is_missing() if self.isolated else what_is_missing_without_walls():
                raise CannotSandbox(refusal(missing))
            self._tried = True
        ignore = (*folders.ignore, *OF_THE_EXCHANGE)
        return self.sandbox.session(folders.submitted, folders.release, ignore=ignore)

    def clean_session(self, folders: Folders) -> Session:
        """A session with the released files alone, in which no student's code runs."""
        return self.sandbox.clean_session(folders.release)

    def stop(self) -> None:
        """From another thread: what runs ends soon, and nothing starts any more."""
        self.sandbox.stop()
        self.bounded.stop()

    def close(self) -> None:
        self.bounded.close()
        self.sandbox.close()


class SharedWorker:
    """The worker of all that nbgrader grades in this process; it ends when not used for a while.

    One submission at a time. That nobody uses it any more is not to be seen from nbgrader's converter: in a
    Jupyter server it is never collected, and each click of Autograde left a sandbox behind.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._worker: Worker | None = None
        self._end: threading.Timer | None = None
        atexit.register(self.close)

    @contextlib.contextmanager
    def borrowed(self, isolated: bool, limits: Limits, idle_seconds: float) -> Iterator[Worker]:
        """The worker, for one submission; it stays for `idle_seconds` after that."""
        with self._lock:
            if self._end:
                self._end.cancel()
            if self._worker and (self._worker.isolated, self._worker.limits) != (isolated, limits):
                self._close()
            self._worker = worker = self._worker or Worker(isolated, limits)
            worker.bounded.renew()
            try:
                yield worker
            finally:
                self._end = threading.Timer(idle_seconds, self._end_idle)
                self._end.daemon = True
                self._end.start()

    def stop(self) -> None:
        """From another thread, for good: what runs ends soon, and nothing starts any more."""
        if worker := self._worker:
            worker.stop()

    def close(self) -> None:
        with self._lock:
            self._close()

    def _end_idle(self) -> None:
        with self._lock:
            if threading.current_thread() is self._end:  # else it has been borrowed since
                self._close()

    def _close(self) -> None:
        if self._worker:
            self._worker.close()
        self._worker = None


@functools.cache
def shared_worker() -> SharedWorker:
    """The one of this process."""
    return SharedWorker()


def refusal(missing: Sequence[Sentence]) -> Sentence:
    """Why nothing is graded, and what to do."""
    reasons = joined(missing)
    if any(reason.key == OWN_FAULT for reason in missing):
        return say("grading.own_fault", missing=reasons)
    refused = say("grading.cannot_shut_in", missing=reasons)
    if what_is_missing_without_walls():
        return refused
    return say("grading.or_without_sandbox", refusal=refused)
