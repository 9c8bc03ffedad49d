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
import platform
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from admin.sandbox import protocol
from admin.sandbox.bubblewrap import NO_BUBBLEWRAP, find_bubblewrap, is_visible
from admin.sandbox.cgroup import Group
from admin.sandbox.files import packed
from admin.sandbox.guest.system_call_list import MACHINES
from admin.sandbox.lifeline import Lifeline
from admin.sandbox.limits import OWN_FAULT, Limits, SandboxError, SandboxFault
from admin.sandbox.running import CHECKS, Running

Output = dict[str, Any]
KILLED = f"signal {int(signal.SIGKILL)}"  # a guard's last words


class SessionEnded(Exception):
    """The session is over before its time. The text is one sentence for student and instructor."""


class KilledFromOutside(Exception):
    """The session is over by what no submission can do: the machine ended it, or a person on it."""


class CellTimeout(Exception):
    """A cell was stopped by the clock, and the session lives. `outputs` is what it had shown."""

    def __init__(self, message: str, outputs: Sequence[Output] = ()) -> None:
        super().__init__(message)
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
        self._used = False
        self._stopped = False

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Start the zygote now, instead of with the first session. Raises SandboxError."""
        if self._running is None:
            self._running = Running(self.limits, self.isolated, self.checks, nest=self.nest)
            self.nested, self._used = self._running.nested, False

    def session(self, *folders: Path, ignore: Sequence[str] = ()) -> Session:
        """A fork of the zygote with a private copy of the folders' files. Raises SandboxError.

        Of two files of one name, the later folder's is taken; names that match `ignore` are left out.
        """
        if self.isolated and (seen := [folder for folder in folders if is_visible(folder)]):
            raise SandboxError(f"every submission could read {seen[0]}: move the course out of /usr")
        files = packed(folders, self.limits, ignore)
        # Where the kernel allows no namespaces inside the sandbox, nothing but the sandbox itself divides one
        # session from the next: each gets its own.
        spent = self._used and self.isolated and not self.nested
        if self._running and (spent or not self._running.alive()):
            self.close()
        for last in (False, True):
            if self._stopped:
                raise SandboxError("grading is being stopped")
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

    def close(self) -> None:
        """End the zygote and everything below it."""
        if self._running is not None:
            self._running.end()
            self._running = None

    def stop(self) -> None:
        """From another thread: end all sessions, and start none again."""
        self._stopped = True
        if running := self._running:
            running.kill()

    @property
    def pid(self) -> int | None:
        """Of the zygote's outermost parent, as the host sees it; for measuring."""
        return self._running.first if self._running else None


class Session:
    """One submission's fork. Use it from one thread, and close it."""

    def __init__(self, running: Running, limits: Limits, files: bytes) -> None:
        self._running, self.limits = running, limits
        self._number = 0
        self._ended = ""
        self._closed = False
        self.killed = False  # by a signal that may have come from outside: worth another try
        connection, theirs = socket.socketpair()
        lifeline, their_lifeline = socket.socketpair()
        self._lifeline = Lifeline(lifeline)
        self._group: Group | None = None
        try:
            running.fork(theirs, their_lifeline)
        finally:
            theirs.close()
            their_lifeline.close()
        self._channel = protocol.Channel(connection, limits.messages)
        self._deadline = time.monotonic() + limits.session_seconds + limits.grace_seconds
        deadline = time.monotonic() + limits.fork_seconds
        own = protocol.Bounds(array_bytes=limits.disk_bytes)
        try:
            if running.groups is not None:
                self._group = Group(running.groups, limits)
                self._lifeline.admit(self._group.add, limits.fork_seconds)
        except OSError as error:
            reason = self._lifeline.last_words() or str(error)
            self.close()
            raise SandboxError(f"a session did not start: {reason}") from None
        try:
            self._channel.send({"files": np.frombuffer(files, np.uint8)}, deadline, own)
            ready = self._channel.receive(deadline)
        except protocol.WireError as error:
            reason = self._lifeline.last_words()
            self.close()
            # Words are of our own code, which failed; without them it may have been anything.
            if reason:
                raise SandboxFault(f"{OWN_FAULT}: a session did not start: {reason}") from None
            raise SandboxError(f"a session did not start: {error}") from None
        if ready != {"ready": True}:
            self.close()
            failed = ready.get("failed", ready) if isinstance(ready, dict) else ready
            raise SandboxFault(f"{OWN_FAULT}: a session did not start: {failed}"[:500])

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None) -> None:
        self.close()

    def run(self, source: str) -> list[Output]:
        """One cell's outputs, in nbformat's shape. Raises CellTimeout, SessionEnded or KilledFromOutside.

        Text, HTML and pictures are the student's: make them harmless before anybody's browser sees them.
        """
        seconds = self.limits.cell_seconds
        reply, late = self._ask({"run": source}, seconds)
        outputs = [_output(item) for item in _list(reply.get("outputs"))] if "refused" not in reply else []
        if None in outputs:
            raise self._end("sent an output that is none")
        shown = [item for item in outputs if item is not None]
        if late:
            raise CellTimeout(f"The cell was stopped after {seconds:g} seconds.", shown)
        if "refused" in reply:
            text = f"[The output of this cell is left out: {reply['refused']}]\n"
            return [{"output_type": "stream", "name": "stdout", "text": text}]
        return shown

    def answer(self, task: str, ask: Mapping[str, Any]) -> dict[str, Any]:
        """What the student's objects of a task give for one `ask`: plain values, arrays as NumPy arrays.

        `{"error": sentence}` when what they give is not plain or too large. Any value may be a lie, and any
        float NaN or infinite. Arrays are read-only. Raises what `run` raises.
        """
        seconds = self.limits.answer_seconds
        reply, late = self._ask({"task": task, "ask": dict(ask)}, seconds)
        if late:
            raise CellTimeout(f"The check got no answer within {seconds:g} seconds.")
        if "refused" in reply:
            return {"error": f"the answer holds {reply['refused']}"}
        answer = reply.get("answer")
        if not isinstance(answer, dict):
            raise self._end("sent an answer that is none")
        return answer

    def cpu_seconds(self) -> float:
        """Processor time that all processes of the session have got so far; after its end, until then."""
        return max(self._lifeline.cpu_seconds(), self._group.cpu_seconds() if self._group else 0.0)

    def close(self) -> None:
        """End everything that the session started. Never raises; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError):
            self._channel.close()
        # The guard holds the other end alone: its end is the end of all. Where no namespace hides it from the
        # session, it may have ended before that, so the sandbox ends as a whole.
        if not self._lifeline.is_gone(2.0) or self._running.alone:
            self._running.end()
        self._lifeline.close()
        if self._group:
            self._group.remove()
        self._ended = self._ended or "The session was closed."

    def _ask(self, order: dict[str, Any], seconds: float) -> tuple[dict[str, Any], bool]:
        """Send an order and return the reply, and whether the clock had to interrupt it."""
        if self._ended:
            raise SessionEnded(self._ended)
        self._number += 1
        late = False
        deadline = min(time.monotonic() + seconds, self._deadline)
        own = protocol.Bounds(array_bytes=self.limits.disk_bytes)
        try:
            self._channel.send({**order, "number": self._number}, deadline, own)
            try:
                reply = self._channel.receive(deadline)
            except protocol.Late:
                late = True
                self._lifeline.interrupt()
                reply = self._channel.receive(time.monotonic() + self.limits.grace_seconds)
        except protocol.Late:
            raise self._end("") from None
        except protocol.Closed:
            raise self._end(None) from None
        except protocol.WireError as error:
            raise self._end(f"sent {error}") from None
        if isinstance(reply, dict) and isinstance(reply.get("failed"), str):
            raise self._end(f"could not go on ({reply['failed'][:200]})")
        refused = reply.get("refused", "") if isinstance(reply, dict) else None
        if not isinstance(reply, dict) or reply.get("number") != self._number or not isinstance(refused, str):
            raise self._end("sent a message that is no reply")
        return reply, late

    def _end(self, what: str | None) -> SessionEnded | KilledFromOutside:
        """Close, and say why in one sentence. None: whatever the guard says; "": it did not stop in time."""
        kind: type[SessionEnded | KilledFromOutside] = SessionEnded
        if what is None:
            words = self._lifeline.last_words()
            if words == KILLED and self._group and self._group.ran_out_of_memory():
                words = "memory"
            self._ended = _sentence(words, self.limits)
            self.killed = words == KILLED
            if not words and self._running.nested:
                kind = KilledFromOutside  # the first process of a namespace does not die of what is in it
        elif what == "":
            words = self._lifeline.last_words(0.2)
            seconds = f"{self.limits.cell_seconds:g} seconds"
            self._ended = f"A cell did not stop after {seconds}, so the notebook's session was ended."
            if words:
                self._ended = _sentence(words, self.limits)
        else:
            self._ended = f"The notebook's session was ended: it {what}."
        self.close()
        return kind(self._ended)


def what_is_missing() -> list[str]:
    """Sentences on what keeps this machine from grading in the sandbox, found by trying; none is all well.

    One that begins with OWN_FAULT is about our own code, and not about the machine.
    """
    if sys.platform != "linux":
        return [f"The sandbox needs Linux; this is {platform.system()}."]
    missing = []
    if platform.machine() not in MACHINES:
        missing.append(f"There is no list of system calls for {platform.machine()} processors.")
    if find_bubblewrap() is None:
        missing.append(NO_BUBBLEWRAP)
    if not missing:
        try:
            Running(Limits(start_seconds=20), isolated=True, checks=CHECKS, probe=True).end()
        except SandboxError as error:
            missing.append(str(error))
    return missing


# --- What comes out -----------------------------------------------------------------


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [None]


def _output(item: Any) -> Output | None:
    """An output with nbformat's keys of nbformat's types, and none else; None for anything different."""
    if not isinstance(item, dict):
        return None
    kind = item.get("output_type")
    if kind == "stream":
        name, text = item.get("name"), item.get("text")
        if name in ("stdout", "stderr") and isinstance(text, str):
            return {"output_type": kind, "name": name, "text": text}
    elif kind == "error":
        words = [item.get("ename"), item.get("evalue")]
        trace = item.get("traceback")
        if isinstance(trace, list) and all(isinstance(text, str) for text in [*words, *trace]):
            return {"output_type": kind, "ename": words[0], "evalue": words[1], "traceback": trace}
    elif kind in ("display_data", "execute_result"):
        data, metadata = item.get("data"), item.get("metadata")
        if not isinstance(data, dict) or not isinstance(metadata, dict) or _has_array([data, metadata]):
            return None
        output = {"output_type": kind, "data": data, "metadata": metadata}
        for mime, value in data.items():
            if not isinstance(value, str) and not mime.endswith("json"):
                return None
        if kind == "execute_result":
            count = item.get("execution_count")
            if count is not None and type(count) is not int:
                return None
            output["execution_count"] = count
        return output
    return None


def _has_array(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_array, value.values()))
    return any(map(_has_array, value)) if isinstance(value, list) else isinstance(value, np.ndarray)


def _sentence(words: str, limits: Limits) -> str:
    """The guard's last words as a sentence for student and instructor."""
    kind, _, rest = words.partition(" ")
    gigabytes = f"{limits.memory_bytes / (1 << 30):.3g} GB"
    if kind == "memory":
        return f"The notebook used more than {gigabytes} of memory, so its session was ended."
    if kind == "time":
        seconds = f"{limits.session_seconds:g} seconds"
        return f"The notebook took more than {seconds} in all, so its session was ended."
    if kind == "exit":
        return f"The notebook ended its own session (exit status {rest})."
    if kind == "cpu" or words == f"signal {int(signal.SIGXCPU)}":
        return f"The notebook computed for more than {limits.cpu_seconds} seconds, so its session was ended."
    if kind == "signal":
        name = signal.Signals(int(rest)).name if rest.isdigit() and int(rest) in set(signal.Signals) else rest
        return f"The notebook's session crashed or was killed ({name}), perhaps for lack of memory."
    if kind == "failed":
        return f"The notebook's session failed: {rest[:200]}."
    return "The notebook's session ended without a word, perhaps for lack of memory on this machine."
