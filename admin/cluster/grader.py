"""The workers' side: a sandbox that stays warm in each worker process, and what `grade` asks of it.

`grade` asks once whether a worker is fit, and gives it the course (`prepare`). A worker that is fit then
offers a resource by the course's name, so Dask gives submissions (`graded`) to no other, also when they have
to go elsewhere. https://distributed.dask.org/en/stable/resources.html
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from distributed import Worker as DaskWorker
from distributed import WorkerPlugin, get_worker
from distributed.core import Status

from admin.cluster.frames import CourseFiles, Order, Reply, name_of, unpacked
from admin.grading import execute
from admin.grading.pool import run_folder
from admin.grading.sentences import carried_by
from admin.grading.version import version
from admin.grading.worker import CannotSandbox, Folders, Worker
from admin.sandbox.host import what_is_missing
from admin.sandbox.limits import Limits, SandboxError
from admin.sandbox.protocol import ProtocolError
from checks.language import joined, say, sentence_as_json

NAME = "convnet"


def resource_of(course: str) -> str:
    """What a worker offers one of when it may grade this course."""
    return f"{NAME} {course}"


async def dask_setup(worker: DaskWorker) -> None:
    """Dask calls it in a worker that was started with this module as its preload.

    https://docs.dask.org/en/stable/customize-initialization.html#preload-scripts
    """
    await worker.plugin_add(Grader(await asyncio.to_thread(version)), NAME, catch_errors=False)


async def prepare(course: bytes, wanted: str, dask_worker: DaskWorker | None = None) -> dict | None:
    """Make a worker ready for a course; None, or the sentence that says why it is not fit, as JSON.

    Dask runs it in a worker. Its arguments stay as they are: a worker of another version has another copy.
    """
    assert dask_worker is not None
    try:
        found = await asyncio.to_thread(version)
        if NAME not in dask_worker.plugins:
            await dask_worker.plugin_add(Grader(found), NAME, catch_errors=False)
        grader = grader_of(dask_worker)
        if not found == grader.version == wanted:  # what lies there, and what has been running for a while
            return sentence_as_json(say("cluster.other_version"))
        if missing := await asyncio.to_thread(what_is_missing):
            return sentence_as_json(say("cluster.no_sandbox", missing=joined(missing)))
        await asyncio.to_thread(grader.take, course)
    except (OSError, ProtocolError) as error:
        return sentence_as_json(say("cluster.no_room", reason=carried_by(error)))
    await offer(dask_worker, resource_of(name_of(course)))
    return None


async def offer(worker: DaskWorker, resource: str) -> None:
    """Let the scheduler give a worker what needs this resource, also what already waits for somebody with it.

    For that, the worker has to have been away: the scheduler looks at what waits when a worker comes or goes
    on, and not when a resource does (https://github.com/dask/distributed/issues/6677).
    """
    if resource not in worker.state.total_resources:
        await worker.set_resources(**{resource: 1})
        worker.status = Status.paused
        worker.status = Status.running


def grader_of(worker: DaskWorker) -> Grader:
    """What `prepare` has put there."""
    grader = worker.plugins[NAME]
    assert isinstance(grader, Grader)
    return grader


def graded(order: bytes) -> bytes:
    """Run and judge one submission; an Order's bytes, and a Reply's. Dask runs it in a worker."""
    here = get_worker()
    return grader_of(here).graded(order, str(here.get_current_task()))


class Grader(WorkerPlugin):
    """A worker of grading, kept in a Dask worker for as long as that lives; one submission at a time.

    A sandbox belongs to the thread that has started it, and Dask may end a thread of its own at any time
    (https://distributed.dask.org/en/stable/api.html#distributed.secede): so there is one of ours.
    """

    def __init__(self, version: str) -> None:
        self.version = version  # of the code that was there when the worker began
        self._thread = ThreadPoolExecutor(1)
        self._lock = threading.Lock()  # of what follows
        self._worker: Worker | None = None
        self._at: str | None = None  # the key of what it is at
        self._spent = False  # it was stopped, so the next submission gets another
        self._ended = False

    def setup(self, worker: DaskWorker) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"{NAME}-", dir=worker.local_directory))

    def teardown(self, worker: DaskWorker) -> None:
        with self._lock:
            self._ended = True
            if self._worker:
                self._worker.stop()
        self._thread.submit(self._close)
        self._thread.shutdown()
        shutil.rmtree(self.folder, ignore_errors=True)

    def transition(self, key: object, start: str, finish: str, **_: object) -> None:
        """Stop a submission that nobody waits for any more: `grade` was stopped, or has gone.

        Dask itself lets a task run to its end, and only calls it released.
        """
        if start in ("executing", "long-running") and finish == "released":
            with self._lock:
                if self._worker and self._at == str(key):
                    self._spent = True
                    self._worker.stop()

    def take(self, frame: bytes) -> None:
        """Put a course's files where submissions find them. Raises OSError and ProtocolError."""
        place = self.folder / name_of(frame)
        if place.exists():
            return
        files = CourseFiles.from_bytes(frame)
        half = Path(tempfile.mkdtemp(prefix="half.", dir=self.folder))
        unpacked(files.release, half / "release")
        unpacked(files.source, half / "source")
        try:
            half.rename(place)
        except OSError:  # somebody else was faster
            if not place.exists():
                raise
            shutil.rmtree(half)

    def graded(self, frame: bytes, key: str) -> bytes:
        """A Reply's bytes for an Order's, whatever happens."""
        return self._thread.submit(self._graded, frame, key).result()

    def _graded(self, frame: bytes, key: str) -> bytes:
        begun = time.monotonic()
        try:
            order = Order.from_bytes(frame)
            result = self._run(order, key)
            return Reply(time.monotonic() - begun, result).to_bytes()
        except (SandboxError, CannotSandbox, ProtocolError) as error:
            return Reply(failed=carried_by(error)).to_bytes()
        except Exception as error:  # whatever it is: nobody else's submission is to suffer from it
            reason = say("grading.could_not_run", error=carried_by(error))
            return Reply(failed=reason, log=traceback.format_exc()).to_bytes()
        finally:
            with self._lock:
                self._at = None
            if self._spent:
                self._close()

    def _run(self, order: Order, key: str) -> execute.RunResult:
        course = self.folder / order.course
        if not course.is_dir() or course.parent != self.folder:
            raise SandboxError(say("cluster.not_prepared"))
        worker = self._worker_with(order.limits, key)
        worker.bounded.renew()
        place = Path(tempfile.mkdtemp(prefix="submission-", dir=self.folder))
        try:
            copy = unpacked(order.files, place / "files")
            folders = Folders(
                copy, course / "release", course / "source", trainings=self.folder / "trainings"
            )
            return run_folder(folders, worker, order.seeds)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _worker_with(self, limits: Limits, key: str) -> Worker:
        if self._worker and self._worker.limits != limits:
            self._close()
        with self._lock:
            if self._ended:
                raise SandboxError(say("sandbox.stopped"))
            self._worker = self._worker or Worker(True, limits)
            self._at = key
            return self._worker

    def _close(self) -> None:
        with self._lock:
            worker, self._worker, self._spent = self._worker, None, False
        if worker:
            worker.close()
