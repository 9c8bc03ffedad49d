"""A session: runs a submission's cells and answers cases, over the session's socket."""

from __future__ import annotations

import contextlib
import io
import os
import random
import signal
import socket
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import numpy as np

from admin.sandbox import protocol
from admin.sandbox.guest.landlock import restrict_files
from admin.sandbox.guest.outputs import Outputs, Pipes, Stream
from admin.sandbox.guest.shell import make_shell
from admin.sandbox.guest.system_calls import filter_system_calls
from admin.sandbox.guest.walls import LINUX, set_limits


def run_session(connection: int, lifeline: int, settings: dict[str, Any]) -> NoReturn:
    """The session's whole life. What it prints on the way down goes nowhere."""
    limits = settings["limits"]
    code = 70
    try:
        os.close(lifeline)
        os.setsid()
        os.umask(0o077)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_IGN)
        os.environ.clear()
        os.environ.update(settings["environment"])
        # A bound on one frame in each direction: the folder comes in, outputs and answers go out.
        bounds = protocol.Bounds(**limits["messages"])
        inward = protocol.Bounds(
            text_bytes=bounds.text_bytes, array_bytes=limits["disk_bytes"], total_bytes=1 << 40
        )
        channel = protocol.Channel(socket.socket(fileno=connection), inward)
        unpack(channel.receive()["files"], settings["work"])
        set_limits(limits)
        if LINUX:
            with contextlib.suppress(OSError):
                Path("/proc/self/oom_score_adj").write_text("1000")
            if settings["isolated"]:
                restrict_files((settings["work"], "/tmp", "/dev/shm"))
                filter_system_calls([settings["guard"]] if settings["guard"] else ())
        random.seed()
        np.random.seed()  # noqa: NPY002  (the old global state is what students' code may draw from)
        session = Session(limits)
        channel.send({"ready": True})
        session.serve(channel, bounds)
        code = 0
    except protocol.Closed:
        code = 0
    except BaseException as error:
        # The grader reads it as the session's last words; a hostile session can say anything here, too.
        with contextlib.suppress(BaseException):
            channel.send({"failed": f"{type(error).__name__}: {error}"[:500]})
    finally:
        os._exit(code)


def unpack(archive: np.ndarray, folder: str) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive.tobytes())) as files:
        if hasattr(tarfile, "data_filter"):
            files.extractall(folder, filter="data")
        else:  # Python 3.11.2, Debian 12's own; the grader has packed nothing but regular files
            files.extractall(folder)


class Session:
    """An IPython shell without a kernel around it."""

    def __init__(self, limits: dict[str, Any]) -> None:
        self.outputs = Outputs(limits["output_bytes"])
        self.pid = os.getpid()
        self.busy = False
        sys.stdout, sys.stderr = Stream("stdout", 1, self.outputs), Stream("stderr", 2, self.outputs)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115  (/dev/null)
        self.pipes = Pipes(self.outputs)
        signal.signal(signal.SIGINT, self.interrupted)
        sys.path.insert(0, "")
        self.shell = make_shell(self.outputs)

    def interrupted(self, number: int, frame: FrameType | None) -> None:
        """The grader's interrupt, which may come a moment after the cell has ended."""
        if self.busy:
            raise KeyboardInterrupt

    def serve(self, channel: protocol.Channel, bounds: protocol.Bounds) -> None:
        while True:
            order = channel.receive()
            try:
                reply = self.run(order["run"]) if "run" in order else self.answer(order["task"], order["ask"])
            except KeyboardInterrupt:  # in the line between a cell's end and `busy = False`
                reply = {"refused": "stopped by the time limit"}
            if os.getpid() != self.pid:
                os._exit(0)  # a copy that the student's code made by os.fork(): it has nothing to say here
            reply["number"] = order["number"]
            try:
                channel.send(reply, bounds=bounds)
            except protocol.Closed:
                raise
            except protocol.WireError as error:
                channel.send({"refused": str(error), "number": order["number"]}, bounds=bounds)

    def run(self, source: str) -> dict[str, Any]:
        self.busy = True
        try:
            self.shell.run_cell(source, store_history=True)
        except KeyboardInterrupt:  # it came outside the cell's own lines, in an event handler for example
            self.shell.showtraceback()
        finally:
            self.busy = False
            self.pipes.drain()
        return {"outputs": self.outputs.take()}

    def answer(self, task: str, ask: dict[str, Any]) -> dict[str, Any]:
        import problem_unittests

        self.busy = True
        try:
            with figures_closed():
                given = problem_unittests.answer(task, self.shell.user_ns, ask)
            return {"answer": dict(given)}
        except KeyboardInterrupt:
            return {"refused": "stopped by the time limit"}
        finally:
            self.busy = False
            self.pipes.drain()
            self.outputs.clear()


@contextlib.contextmanager
def figures_closed() -> Iterator[None]:
    """Figures that a student's function draws while it is asked would show up under the next cell."""
    from matplotlib import pyplot

    before = set(pyplot.get_fignums())
    try:
        yield
    finally:
        for number in set(pyplot.get_fignums()) - before:
            pyplot.close(number)
