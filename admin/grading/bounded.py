"""Runs functions of ours on hostile data in a process of its own, with bounds on time and memory.

Reading a notebook, judging an answer and sanitising an output run no code of a student. But data can be such
that a parser takes hours, all memory, or stumbles. Here that costs the submission it came from, and nobody
else anything: each submission gets a fork of a small process that has everything imported, and what takes too
long or too much ends with that fork.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # the child: started by its path, so that no other setting of Python has a say
    # In place of this folder: the import root.
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from admin import bootstrap
from admin.sandbox import protocol
from admin.sandbox.limits import SandboxError
from admin.text import printable
from checks.language import Said, say, sentence_as_json, sentence_from_json

# All that may be asked for, by name.
FUNCTIONS = {
    "take in": "admin.grading.submission:take_in",
    "outputs": "admin.pages.sanitise:outputs_of",
    "judge": "admin.grading.judge:judged",
    "names": "admin.grading.names:parts_of_all",
    "close names": "checks.close_names:close_names_of_all",
}
SECONDS = 20.0
MEMORY = 3 << 30
START_SECONDS = 120.0
READY = b"r"
# Both ends are ours, so these only have to be large enough.
BOUNDS = protocol.Bounds(64 << 20, 1 << 30, 1024, 8, 64, 1 << 62)


class OutOfBounds(Said):
    """A call that took too long or too much memory, or that stumbled. The sentence is a clause."""


class BoundedProcess:
    """A process that forks one for each submission. For one thread, but for `stop`."""

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.seconds, self.memory = seconds, memory
        self._zygote: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._channel: protocol.Channel | None = None
        self._stopped = False

    def __enter__(self) -> BoundedProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, function: str, argument: Any) -> Any:
        """What one of FUNCTIONS gives for an argument; both are plain values.

        Raises OutOfBounds, and SandboxError when the process does not start at all.
        """
        try:
            reply = self._asked(function, argument)
        except protocol.Closed:  # perhaps for want of memory of the machine's: once more, in a new fork
            try:
                reply = self._asked(function, argument)
            except protocol.ProtocolError:
                self.renew()
                raise OutOfBounds(say("bounds.exceeded")) from None
        except protocol.ProtocolError as error:
            self.renew()
            raise OutOfBounds(error.sentence) from None
        if "value" not in reply:
            self.renew()
            raise OutOfBounds(sentence_from_json(reply["raised"]))
        return reply["value"]

    def renew(self) -> None:
        """End the fork: the next call gets a new one, which has seen nothing."""
        if self._channel:
            self._channel.close()
            self._channel = None

    def stop(self) -> None:
        """From another thread: what runs ends, and nothing starts any more."""
        self._stopped = True
        if zygote := self._zygote:
            zygote.kill()

    def close(self) -> None:
        """End the process and its fork."""
        self.renew()
        if self._control:
            self._control.close()
        if self._zygote:
            self._zygote.kill()
            self._zygote.wait()
        self._zygote = self._control = None

    @property
    def pid(self) -> int | None:
        """Of the process that forks, while there is one."""
        return self._zygote.pid if self._zygote else None

    def _asked(self, function: str, argument: Any) -> dict[str, Any]:
        try:
            channel = self._channel or self._forked()
            order = {"function": function, "argument": argument, "seconds": self.seconds}
            # The fork ends itself at its time; the rest is for a machine that is busy.
            channel.send(order, time.monotonic() + self.seconds + 10)
            reply: dict[str, Any] = channel.receive(time.monotonic() + self.seconds + 10)
            return reply
        except protocol.ProtocolError:
            self.renew()
            raise

    def _forked(self) -> protocol.Channel:
        """A channel to a new fork."""
        for last in (False, True):
            if self._stopped:
                raise protocol.Late(say("message.stopping"))
            if self._zygote is None or self._zygote.poll() is not None:
                self.close()
                self._start()
            ours, theirs = socket.socketpair()
            assert self._control is not None
            try:
                with theirs:
                    socket.send_fds(self._control, [b"f"], [theirs.fileno()])
            except OSError:  # it has been killed a moment ago
                ours.close()
                self.close()
                if last:
                    raise protocol.Closed(say("bounds.ends_at_once")) from None
                continue
            self._channel = protocol.Channel(ours, BOUNDS)
            return self._channel
        raise AssertionError("not reached")

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        command = [sys.executable, "-E", "-s", str(Path(__file__).resolve())]
        with theirs, tempfile.TemporaryFile() as errors:
            self._zygote = subprocess.Popen(
                [*command, str(theirs.fileno()), str(self.memory)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )
            theirs.close()
            self._control.settimeout(START_SECONDS)
            with contextlib.suppress(OSError):
                if self._control.recv(1) == READY:
                    return
            errors.seek(0)
            lines = errors.read().decode(errors="replace").split("\n")
        self.close()
        said = [printable(line) for line in lines if line.strip()]
        raise SandboxError(
            say("sandbox.no_reader", reason=said[-1] if said else say("sandbox.reader_silent"))
        )


# --- In the child ---------------------------------------------------------------------------------


def main() -> None:
    """Prepare, then fork whenever the grader asks; end when it has gone."""
    control, memory = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    prepare()
    gc.collect()
    gc.freeze()  # a collection in a fork would write to, and so copy, every page with an object on it
    control.sendall(READY)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a fork
    zygote = os.getpid()
    while True:
        byte, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not byte:
            return
        if os.fork() == 0:
            control.close()
            try:
                serve(protocol.Channel(socket.socket(fileno=descriptors[0]), BOUNDS), memory, zygote)
            finally:
                os._exit(0)
        os.close(descriptors[0])


def prepare() -> None:
    """Import everything, and do what reading and judging do once, so that no fork has to."""
    bootstrap.leave_out_slow_imports()
    for place in FUNCTIONS.values():
        importlib.import_module(place.partition(":")[0])
    import nbformat
    import numpy.ma  # noqa: F401  (np.unique wants it)

    from admin.pages import sanitise

    for relaxed in (False, True):  # nbformat compiles a schema for each
        nbformat.validate(nbformat.v4.new_notebook(), relax_add_props=relaxed)
    sanitise.markdown("*read*")  # mistune imports its plugins when it first reads


def serve(channel: protocol.Channel, memory: int, zygote: int) -> None:
    """Answer one submission's calls until the grader closes the channel."""
    import numpy as np

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    end_with(zygote)
    np.seterr(all="ignore")
    while True:
        try:
            order = channel.receive()
        except protocol.ProtocolError:
            return
        # Its ordinary action ends the process, whatever a parser in C is at.
        signal.setitimer(signal.ITIMER_REAL, order["seconds"])
        module, _, name = FUNCTIONS[order["function"]].partition(":")
        try:
            reply = {"value": getattr(importlib.import_module(module), name)(order["argument"])}
        except MemoryError:
            reply = {"raised": sentence_as_json(say("bounds.memory"))}
        except Exception as error:  # whatever it is: the data were not what an honest notebook has
            why = say("bounds.not_understood", error=type(error).__name__)
            reply = {"raised": sentence_as_json(why)}
        signal.setitimer(signal.ITIMER_REAL, 0)
        channel.send(reply)


def end_with(parent: int) -> None:
    """On Linux, be killed when the parent ends, as it does when the grader was killed."""
    if sys.platform != "linux":
        return
    import ctypes

    set_death_signal = 1  # PR_SET_PDEATHSIG, see man 2 prctl
    ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


if __name__ == "__main__":
    main()
