"""The grader's side of the sandbox: start it, hand it notebooks, bound it, end it.

    with Sandbox() as sandbox:
        with sandbox.session(folder) as session:
            outputs = session.run("1 + 1")
            values = session.answer("one_hot", {"vector": …})

One sandbox is one bubblewrap with one zygote (`guest/zygote.py`) in it; a session is a fork of that. The
other end counts as hostile: what it sends is read by `protocol.py`, and nothing here waits for it without a
deadline. What runs outside the walls is only this package without `guest`.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from admin.sandbox import protocol
from admin.sandbox.bubblewrap import NO_BUBBLEWRAP, REPOSITORY, WORK, find_bubblewrap, is_visible
from admin.sandbox.cgroup import Group
from admin.sandbox.files import Packed, packed
from admin.sandbox.lifeline import Lifeline
from admin.sandbox.limits import OWN_FAULT, BadSubmission, Limits, SandboxError, SandboxFault
from admin.sandbox.replies import Output, message_of, outputs_of, sentence_of
from admin.sandbox.running import STOPPED, Running
from admin.text import printable
from checks.language import Said, Sentence, say, text_of

CHECKS = REPOSITORY / "problem_unittests.py"
KILLED = "signal 9"  # a guard's last words about SIGKILL, which Windows has no name for


class SessionEnded(Said):
    """The session is over before its time."""


class KilledFromOutside(Said):
    """The session is over by what no submission can do: the machine ended it, or a person on it."""


class CellTimeout(Said):
    """A cell was stopped by the clock, and the session lives. `outputs` is what it had shown."""

    def __init__(self, sentence: Sentence, outputs: Sequence[Output] = ()) -> None:
        super().__init__(sentence)
        self.outputs = list(outputs)


class Sandbox:
    """A zygote behind walls, kept for many sessions, one after the other.

    `isolated=False` leaves the walls out, by the instructor's explicit wish: a submission's code then runs
    with the rights of whoever grades, and only time, memory and output are bounded.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        isolated: bool = True,
        checks: Path = CHECKS,
        nest: bool = True,
    ) -> None:
        self.limits, self.isolated, self.checks = limits or Limits(), isolated, checks
        self.nest = nest  # False: as on a machine that allows no namespaces inside namespaces
        self.nested = False
        self._running: Running | None = None
        self._second: Sandbox | None = None  # see clean_session
        self._used = False
        self._stopped = False
        self._lock = threading.Lock()

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Start the zygote now, instead of with the first session. Raises SandboxError."""
        with self._lock:  # `stop` finds it as soon as there is anything to end
            if self._stopped:
                raise SandboxError(STOPPED)
            if self._running is not None:
                return
            running = self._running = Running(self.limits, self.isolated, self.checks, nest=self.nest)
        try:
            running.start()
        except BaseException:
            self.close()
            raise
        self.nested, self._used = running.nested, False

    def session(self, *folders: Path, ignore: Sequence[str] = ()) -> Session:
        """A fork of the zygote with a private copy of the folders' files.

        Of what does not go together, the later folder's is taken; names that match `ignore` are left out.
        Raises BadSubmission when the files are too many or too large, else SandboxError.
        """
        if self.isolated and (seen := [folder for folder in folders if is_visible(folder)]):
            raise SandboxError(say("sandbox.course_in_sight", folder=str(seen[0])))
        files = packed(folders, self.limits, ignore)
        # Where the kernel allows no namespaces inside the sandbox, nothing but the sandbox itself divides one
        # session from the next: each gets its own.
        spent = self._used and self.isolated and not self.nested
        if self._running and (spent or not self._running.alive()):
            self.close()
        for last in (False, True):
            self.start()
            assert self._running is not None
            self._used = True
            try:
                return Session(self._running, self.limits, files)
            except SandboxError:
                # The zygote may have died a moment ago, of whatever: try a fresh one, once.
                self.close()
                if last:
                    raise
        raise AssertionError("not reached")

    def clean_session(self, folder: Path) -> Session:
        """A session in which no student's code runs, beside the open one. Raises as `session` does."""
        if self.isolated and self._running and not self.nested:
            # Nothing but the sandbox itself would divide it from the student's: it gets one of its own.
            self._second = self._second or Sandbox(self.limits, self.isolated, self.checks, self.nest)
            return self._second.session(folder)
        return self.session(folder)

    def close(self) -> None:
        """End the zygote and everything below it."""
        if self._second is not None:
            self._second.close()
        if self._running is not None:
            self._running.end()
            self._running = None

    def stop(self) -> None:
        """From another thread, at any time: end all that runs or is starting, and start nothing again."""
        with self._lock:
            self._stopped = True
            running, second = self._running, self._second
        if second:
            second.stop()
        if running:
            running.stop()

    @property
    def pid(self) -> int | None:
        """Of the zygote's outermost parent, as the host sees it; for measuring."""
        return self._running.first if self._running else None


class Session:
    """One submission's fork. Use it from one thread, and close it."""

    def __init__(self, running: Running, limits: Limits, files: Packed) -> None:
        self._running, self.limits = running, limits
        self._number = 0
        self._ended: Sentence | None = None
        self._closed = False
        self.killed = False  # by a signal that may have come from outside: worth another try
        self.again = False  # the second try: whoever is killed without a cause is not tried a third time
        # Who answers what the session asks for while its code runs; nobody, if None.
        self.served: Callable[[Any], dict[str, Any] | None] | None = None
        self.served_seconds = 0.0
        self._killed_by_system = oom_kills()
        connection, theirs = socket.socketpair()
        ours, their_lifeline = socket.socketpair()
        self._lifeline = Lifeline(ours)
        self._group: Group | None = None
        self._channel = protocol.Channel(connection, limits.messages)
        self._folder = tempfile.mkdtemp(dir=running.folder.name) if running.folder else ""
        try:
            with theirs, their_lifeline:
                running.fork(theirs, their_lifeline, ours)
        except BaseException:
            self.close()
            raise
        self._deadline = time.monotonic() + limits.session_seconds + limits.grace_seconds
        deadline = time.monotonic() + limits.fork_seconds
        handed = {
            "names": files.names,
            "files": np.frombuffer(files.data, np.uint8),
            "folder": self._folder or WORK,
        }
        try:
            if running.groups is not None:
                self._group = Group(running.groups, limits)
                self._lifeline.admit(self._group.add, limits.fork_seconds)
        except OSError as error:
            reason = self._lifeline.last_words() or str(error)
            self.close()
            raise SandboxError(say("sandbox.no_session", reason=printable(reason))) from None
        try:
            self._channel.send(handed, deadline, inward(limits))
            ready = self._channel.receive(deadline)
        except protocol.ProtocolError as error:
            reason = self._lifeline.last_words()
            self.close()
            # Words are of our own code, which failed; without them it may have been anything.
            if reason and not running.stopped:
                raise own_fault(printable(reason)) from None
            raise SandboxError(say("sandbox.no_session", reason=error.sentence)) from None
        if isinstance(ready, dict) and "not unpacked" in ready:
            self.close()
            reason = printable(str(ready["not unpacked"]))
            raise BadSubmission(say("sandbox.not_unpacked", reason=reason))
        if ready != {"ready": True}:
            self.close()
            failed = ready.get("failed", ready) if isinstance(ready, dict) else ready
            raise own_fault(printable(str(failed)))

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None) -> None:
        self.close()

    def carry(self, task: str, ask: Mapping[str, Any]) -> dict[str, Any]:
        """The student's net of a task as plain data, for a clean session to ask; see `checks/carried.py`.

        Raises what `run` raises.
        """
        seconds = self.limits.answer_seconds
        reply, late = self._ask({"carry": task, "ask": dict(ask)}, seconds)
        if late:
            raise CellTimeout(say("session.no_answer", seconds=seconds))
        told = reply.get("answer")
        return told if isinstance(told, dict) else {}

    def do(self, name: str, argument: Mapping[str, Any]) -> dict[str, Any] | None:
        """In a clean session: what one of the functions of `guest/clean.py` gives; None where it can't.

        Raises what `run` raises.
        """
        reply, late = self._ask({"do": name, "argument": dict(argument)}, self.limits.answer_seconds)
        value = reply.get("value")
        return value if isinstance(value, dict) and not late else None

    def run(self, source: str) -> list[Output]:
        """One cell's outputs, in nbformat's shape. Raises CellTimeout, SessionEnded or KilledFromOutside.

        Text, HTML and pictures are the student's: make them harmless before anybody's browser sees them.
        """
        seconds = self.limits.cell_seconds
        reply, late = self._ask({"run": source}, seconds)
        if "refused" in reply:
            text = text_of(say("message.cell_left_out", what=message_of(reply["refused"])))
            shown: list[Output] | None = [{"output_type": "stream", "name": "stdout", "text": f"[{text}]\n"}]
        else:
            shown = outputs_of(reply.get("outputs"), self.limits.output_bytes)
        if shown is None:
            raise self._ended_by(say("message.no_output"))
        if late:
            raise CellTimeout(say("session.cell_stopped", seconds=seconds), shown)
        return shown

    def prepare(self, source: str) -> None:
        """Run code of the course's own. Nothing of it is shown, and no history in the session keeps its text.

        Whether it ran to its end is not said. Raises what `run` raises.
        """
        _, late = self._ask({"prepare": source}, self.limits.cell_seconds)
        if late:
            raise CellTimeout(say("session.cell_stopped", seconds=self.limits.cell_seconds))

    def answer(self, task: str, ask: Mapping[str, Any]) -> dict[str, Any]:
        """What the student's objects of a task give for one `ask`: plain values, arrays as NumPy arrays.

        `{"error": sentence}` when what they give is not plain or too large. Any value may be a lie, and any
        float NaN or infinite. Arrays are read-only. Raises what `run` raises.
        """
        seconds = self.limits.answer_seconds
        reply, late = self._ask({"task": task, "ask": dict(ask)}, seconds)
        if late:
            raise CellTimeout(say("session.no_answer", seconds=seconds))
        if "refused" in reply:
            return {"error": text_of(say("message.answer_holds", what=message_of(reply["refused"])))}
        answer = reply.get("answer")
        if not isinstance(answer, dict):
            raise self._ended_by(say("message.no_answer"))
        if isinstance(answer.get("error"), str):
            return {**answer, "error": printable(answer["error"], 1000)}
        return answer

    def cpu_seconds(self) -> float:
        """Processor time that all processes of the session have got so far; after its end, until then."""
        return max(self._lifeline.cpu_seconds(), self._group.cpu_seconds() if self._group else 0.0)

    def close(self) -> None:
        """End everything that the session started. Never raises; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        self._running.forget(self._lifeline.connection)
        with contextlib.suppress(OSError):
            self._channel.close()
        # The guard holds the other end alone: its end is the end of all. Where no namespace hides it from the
        # session, it may have ended before that, so the sandbox ends as a whole.
        if not self._lifeline.is_gone(2.0) or self._running.alone:
            self._running.end()
        self._lifeline.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._group:
            self._group.remove()
        self._ended = self._ended or say("session.closed")

    def _ask(self, order: dict[str, Any], seconds: float) -> tuple[dict[str, Any], bool]:
        """Send an order and return the reply, and whether the clock had to interrupt it."""
        if self._ended:
            raise SessionEnded(self._ended)
        self._number += 1
        late = False
        deadline = min(time.monotonic() + seconds, self._deadline)
        try:
            self._channel.send({**order, "number": self._number}, deadline, inward(self.limits))
            try:
                reply = self._received(deadline)
            except protocol.Late:
                late = True
                # It may arrive after the order has ended by itself: its number keeps it from the next one.
                self._lifeline.interrupt(self._number)
                reply = self._channel.receive(time.monotonic() + self.limits.grace_seconds)
        except protocol.Late:
            raise self._ended_late() from None
        except protocol.Closed:
            raise self._ended_by_guard() from None
        except protocol.ProtocolError as error:
            raise self._ended_by(say("message.sent", what=error.sentence)) from None
        if isinstance(reply, dict) and isinstance(reply.get("failed"), str):
            raise self._ended_by(say("message.failed", error=printable(reply["failed"])))
        if not isinstance(reply, dict) or reply.get("number") != self._number:
            raise self._ended_by(say("message.no_reply"))
        if "refused" in reply and message_of(reply["refused"]) is None:
            raise self._ended_by(say("message.no_reply"))
        return reply, late

    def _received(self, deadline: float) -> Any:
        """The reply to an order, after all that is asked for meanwhile; its clock stands still then."""
        while True:
            reply = self._channel.receive(deadline)
            if not isinstance(reply, dict) or "request" not in reply:
                return reply
            begun = time.monotonic()
            value = self.served(reply["request"]) if self.served else None
            took = time.monotonic() - begun
            self.served_seconds += took
            deadline += took
            answer = {"reply": value, "number": self._number}
            self._channel.send(answer, deadline, inward(self.limits))

    def _ended_by_guard(self) -> SessionEnded | KilledFromOutside:
        """Close a session that has gone, for the reason that its guard gives."""
        words = self._lifeline.last_words()
        if words == KILLED and self._group and self._group.ran_out_of_memory():
            words = "memory"
        self.killed = words == KILLED
        # The first process of a namespace does not die of what is in it, as far as we know. So the first
        # time it is taken for bad luck, and the second time only if there is a cause that can be seen.
        if not words and self._running.nested:
            if self.again and not self._machine_at_fault():
                return self._end(SessionEnded, say("session.killed_twice"))
            return self._end(KilledFromOutside, sentence_of(words, self.limits))
        return self._end(SessionEnded, sentence_of(words, self.limits))

    def _ended_late(self) -> SessionEnded | KilledFromOutside:
        """Close a session in which a cell did not stop."""
        words = self._lifeline.last_words(0.2)
        late = say("session.not_stopped", seconds=self.limits.cell_seconds)
        return self._end(SessionEnded, sentence_of(words, self.limits) if words else late)

    def _ended_by(self, what: Sentence) -> SessionEnded | KilledFromOutside:
        """Close a session for what it has done."""
        return self._end(SessionEnded, say("session.ended", what=what))

    def _end(
        self, kind: type[SessionEnded | KilledFromOutside], sentence: Sentence
    ) -> SessionEnded | KilledFromOutside:
        if self._running.stopped:
            kind, sentence = KilledFromOutside, STOPPED
        self._ended = sentence
        self.close()
        return kind(sentence)

    def _machine_at_fault(self) -> bool:
        """True when the sandbox died, which no session sees, or the system ended somebody for memory."""
        return self._running.ends_within(0.5) or oom_kills() != self._killed_by_system


def inward(limits: Limits) -> protocol.Bounds:
    """Of messages to a session, which are the grader's own; `guest/session.py` expects the same."""
    return protocol.Bounds(text_bytes=1 << 30, array_bytes=limits.disk_bytes, values=1 << 30)


def own_fault(reason: str) -> SandboxFault:
    return SandboxFault(say(OWN_FAULT, reason=say("sandbox.no_session", reason=reason)))


def what_is_missing() -> list[Sentence]:
    """What keeps this machine from grading in the sandbox, found by trying; none is all well.

    A sentence with the key OWN_FAULT is about our own code, and not about the machine.
    """
    if sys.platform != "linux":
        system = {"Darwin": "macOS"}.get(platform.system(), platform.system())
        return [say("sandbox.needs_linux", system=system), *what_is_missing_without_walls()]
    from admin.sandbox.guest.system_call_list import MACHINES

    missing = []
    if platform.machine() not in MACHINES:
        missing.append(say("sandbox.no_list", machine=platform.machine()))
    if find_bubblewrap() is None:
        missing.append(NO_BUBBLEWRAP)
    if not missing:
        probe = Running(Limits(start_seconds=20), isolated=True, checks=CHECKS, probe=True)
        try:
            probe.start()
        except SandboxError as error:
            missing.append(error.sentence)
        finally:
            probe.end()
    return missing


def what_is_missing_without_walls() -> list[Sentence]:
    """The same for grading with `isolated=False`."""
    if hasattr(os, "fork"):
        return []
    return [say("sandbox.no_fork")]


def oom_kills() -> int:
    """How many processes this system has ended for want of memory; 0 where it does not say."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0
