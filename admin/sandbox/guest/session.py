"""A session: runs a submission's cells and answers cases, over the session's socket."""

from __future__ import annotations

import contextlib
import mmap
import os
import random
import signal
import socket
import struct
import sys
import threading
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
from checks.held_back import figures_closed
from checks.language import say, sentence_as_json

# The page that the guard shares with a session begins with it: the order that an interrupt is meant for.
NUMBER = struct.Struct("@q")
STOPPED = say("message.stopped")


def run_session(connection: int, lifeline: int, settings: dict[str, Any], meant: mmap.mmap) -> NoReturn:
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
            text_bytes=1 << 30, array_bytes=limits["disk_bytes"], total_bytes=1 << 40, values=1 << 30
        )
        channel = protocol.Channel(socket.socket(fileno=connection), inward)
        handed = channel.receive()
        try:
            os.chdir(handed["folder"])
            unpack(handed["names"], handed["files"], handed["folder"])
        except (OSError, ValueError) as error:
            # No line of the submission's has run yet: what its files do not allow is true.
            channel.send({"not unpacked": str(getattr(error, "strerror", None) or error)})
            os._exit(0)
        del handed  # as large as all the files
        set_limits(limits)
        if LINUX:
            with contextlib.suppress(OSError):
                Path("/proc/self/oom_score_adj").write_text("1000")
            if settings["isolated"]:
                restrict_files((settings["work"], "/tmp", "/dev/shm"))
                filter_system_calls([settings["guard"]] if settings["guard"] else ())
        random.seed()
        np.random.seed()  # noqa: NPY002  (the old global state is what students' code may draw from)
        session = Session(limits, meant, channel, bounds)
        bound_training(session)
        hand_over_pictures()
        channel.send({"ready": True})
        session.serve()
        code = 0
    except protocol.Closed:
        code = 0
    except BaseException as error:
        # The grader reads it as the session's last words; a hostile session can say anything here, too.
        with contextlib.suppress(BaseException):
            channel.send({"failed": f"{type(error).__name__}: {error}"[:500]})
    finally:
        os._exit(code)


def unpack(names: list[list[Any]], files: np.ndarray, folder: str) -> None:
    """Write the submission's files, as `admin/sandbox/files.py` packed them, into an empty folder.

    Only new regular files and folders are made, and nothing outside it: OSError or ValueError otherwise.
    """
    data, at = files.data, 0
    for name, size, modified in names:
        # A file name is bytes, of no certain encoding: each came as the character of its number.
        parts = name.encode("latin-1").split(b"/")
        if any(part in (b"", b".", b"..") or b"\0" in part for part in parts):
            raise ValueError(repr(name))
        path = b"/".join([os.fsencode(folder), *parts])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(path, flags, 0o600), "wb") as file:
            file.write(data[at : at + size])
        os.utime(path, (modified, modified))
        at += size


def bound_training(session: Session) -> None:
    """Cut each `fit` of Keras short from now on, by the course's own tools, which lie in the folder.

    What can be told in plain data is asked of the grader. The notebook's set-up bounds training as well;
    here, whatever became of that cell. A folder without the tools is none of the course's.
    """
    with contextlib.suppress(Exception):
        from admin.sandbox.guest.requests import measured_elsewhere, trained_elsewhere
        from tools import fitting

        fitting.bound_training(
            elsewhere=trained_elsewhere(session.ask), measured=measured_elsewhere(session.ask)
        )


def hand_over_pictures() -> None:
    """Let the course's `tools.load` take the pictures that were drawn before the fork."""
    with contextlib.suppress(Exception):
        from admin.sandbox.guest import drawn
        from tools import data, stand_ins

        if Path(stand_ins.__file__).read_bytes() == drawn.CODE.read_bytes():  # else it draws others
            data.draw_stand_ins = drawn.instead_of(data.draw_stand_ins)  # type: ignore[assignment]


class Session:
    """An IPython shell without a kernel around it."""

    def __init__(
        self, limits: dict[str, Any], meant: mmap.mmap, channel: protocol.Channel, bounds: protocol.Bounds
    ) -> None:
        self.channel, self.bounds = channel, bounds
        self.asked = 0  # bytes of all requests so far
        self.asking = self.put_off = False  # at a request; interrupted meanwhile
        self.outputs = Outputs(limits["output_bytes"], protocol.Bounds(**limits["messages"]))
        self.pid = os.getpid()
        self.meant = meant
        self.current = 0  # the order at work; 0 is none
        self.seen = 0  # the last number that an interrupt was meant for
        sys.stdout, sys.stderr = Stream("stdout", 1, self.outputs), Stream("stderr", 2, self.outputs)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115  (/dev/null)
        self.pipes = Pipes(self.outputs)
        signal.signal(signal.SIGINT, self.interrupted)
        sys.path.insert(0, "")
        self.shell = make_shell(self.outputs)

    def interrupted(self, number: int, frame: FrameType | None) -> None:
        """An interrupt of the guard's, which may come when its order has ended; or of the notebook's own."""
        if self.asking:  # half a frame would be taken for the next order
            self.put_off = True
            return
        [meant] = NUMBER.unpack_from(self.meant)
        if meant != self.seen:
            self.seen = meant
            if meant == self.current:
                raise KeyboardInterrupt
        elif self.current not in (0, self.seen):  # a number is obeyed once; the guard has sent no new one
            raise KeyboardInterrupt

    def serve(self) -> None:
        channel, bounds = self.channel, self.bounds
        while True:
            order = channel.receive()
            reply: dict[str, Any] = {}
            try:
                try:
                    self.current = order["number"]
                    reply = self.obey(order)
                finally:
                    self.current = 0
            except KeyboardInterrupt:  # in one of the lines around the student's own
                self.current = 0
                reply = {} if "run" in order else {"refused": sentence_as_json(STOPPED)}
            if os.getpid() != self.pid:
                os._exit(0)  # a copy that the student's code made by os.fork(): it has nothing to say here
            self.pipes.drain()
            outputs = self.outputs.take()  # what an answer prints belongs to no cell
            if "run" in order:
                reply["outputs"] = outputs
            reply["number"] = order["number"]
            try:
                channel.send(reply, bounds=bounds)
            except protocol.Closed:
                raise
            except protocol.ProtocolError as error:
                refused = sentence_as_json(error.sentence)
                channel.send({"refused": refused, "number": order["number"]}, bounds=bounds)

    def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        if "run" in order:
            return self.run(order["run"])
        if "prepare" in order:
            return self.prepare(order["prepare"])
        return self.do(order) if "do" in order else self.answer(order)

    def do(self, order: dict[str, Any]) -> dict[str, Any]:
        """In a clean session: one of its functions."""
        from admin.sandbox.guest.clean import done

        return done(order["do"], order["argument"])

    def ask(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """The grader's reply to a request of the code at work; None where there is none to be had."""
        if os.getpid() != self.pid or threading.current_thread() is not threading.main_thread():
            return None
        self.asking = True
        try:
            frame = protocol.encode({"request": request, "number": self.current}, self.bounds)
            # The rest of what a session may send is kept for outputs and answers.
            if not self.current or self.asked + len(frame) > self.bounds.total_bytes // 2:
                return None
            self.asked += len(frame)
            self.channel.send_frame(frame)
            reply = self.channel.receive().get("reply")
        except protocol.Closed:
            raise
        except protocol.ProtocolError:
            return None
        finally:
            self.asking = False
        if self.put_off:
            self.put_off = False
            self.interrupted(signal.SIGINT, None)
        return reply if isinstance(reply, dict) else None

    def prepare(self, source: str) -> dict[str, Any]:
        """Run code of the course's own, model answers among it, past all that would keep its text.

        What stops is missed by the student's cells, which say so.
        """
        with contextlib.suppress(Exception):
            code = compile(self.shell.transform_cell(source), "<course>", "exec", dont_inherit=True)
            exec(code, self.shell.user_ns)
        return {}

    def run(self, source: str) -> dict[str, Any]:
        try:
            self.shell.run_cell(source, store_history=True)
        except KeyboardInterrupt:  # it came outside the cell's own lines, in an event handler for example
            self.shell.showtraceback()
        return {}

    def answer(self, order: dict[str, Any]) -> dict[str, Any]:
        import problem_unittests
        from checks import carried

        try:
            with figures_closed():
                if "carry" in order:
                    given = carried.told(order["carry"], self.shell.user_ns, order["ask"])
                else:
                    given = problem_unittests.answer(order["task"], self.shell.user_ns, order["ask"])
            return {"answer": dict(given)}
        except KeyboardInterrupt:
            # Of the clock, or the student's own: the grader knows.
            return {"answer": {"error": "KeyboardInterrupt"}}
