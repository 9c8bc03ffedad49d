"""One started sandbox: bubblewrap with a zygote in it, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from admin.sandbox.bubblewrap import (
    GRADER,
    REPOSITORY,
    WORK,
    ZYGOTE,
    bubblewrap,
    environment_folders,
    import_folders,
    import_roots,
    inside,
)
from admin.sandbox.cgroup import group_base, shares_processors
from admin.sandbox.cores import Core, take_core
from admin.sandbox.limits import OWN_FAULT, Limits, SandboxError, SandboxFault
from admin.text import printable
from checks.language import say

STOPPED = say("sandbox.stopped")
WALL_BUILDERS = ("bwrap:", "setpriv:")  # whose last words are about this machine


class Running:
    """One sandbox: the process, its control socket, and how to end it. `start` comes first."""

    def __init__(
        self, limits: Limits, isolated: bool, checks: Path, probe: bool = False, nest: bool = True
    ) -> None:
        self.limits, self.isolated, self.checks, self.probe, self.nest = limits, isolated, checks, probe, nest
        self.first = 0
        self.nested = False
        self.alone = False  # has a session nothing but the sandbox around it?
        self.stopped = False  # by another thread
        self.process: subprocess.Popen[bytes] | None = None
        self.folder = None if isolated else tempfile.TemporaryDirectory(prefix="session-")
        self.groups = group_base() if isolated else None
        shared = not isolated or probe or shares_processors(self.groups)
        self.core = Core() if shared else take_core()
        self.control, self._theirs = socket.socketpair()
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed by end)
        self._lock = threading.Lock()
        self._lifelines: set[socket.socket] = set()

    def start(self) -> None:
        """Start it and wait until it is ready. Raises SandboxError."""
        variables = inside(self.limits, self.isolated, self.folder.name if self.folder else WORK)
        settings = {
            "control": self._theirs.fileno(),
            "probe": self.probe,
            "isolated": self.isolated,
            "nested": self.isolated,
            "core": self.core.number,
            "grouped": self.groups is not None,
            "binds": [str(path) for path in environment_folders()],
            "paths": [*import_folders(), *([] if self.isolated else import_roots())],
            "work": variables["HOME"],
            "environment": variables,
            "limits": asdict(self.limits),
        }
        python = [sys.executable, "-E", "-P"]
        info, their_info = os.pipe()
        passed = [self._theirs.fileno(), their_info]
        command: list[str] = []
        more: list[int] = []
        zygote = str(REPOSITORY / ZYGOTE)
        try:
            if self.isolated:
                command, more = bubblewrap(self.checks, self.limits, their_info, self.nest)
                zygote = f"{GRADER}/{ZYGOTE}"
            with self._lock:
                if self.stopped:
                    raise SandboxError(STOPPED)
                self.process = subprocess.Popen(
                    [*command, *python, zygote, json.dumps(settings)],
                    stdin=subprocess.DEVNULL,
                    stdout=self.errors,
                    stderr=self.errors,
                    env={
                        **variables,
                        "OPENBLAS_NUM_THREADS": "1",
                        "OMP_NUM_THREADS": "1",
                        "MPLBACKEND": "agg",
                    },
                    cwd="/",
                    pass_fds=[*passed, *more],
                    start_new_session=True,
                )
        except OSError as error:
            os.close(info)
            raise SandboxError(say("sandbox.no_start_of_bubblewrap", error=str(error))) from None
        except BaseException:
            os.close(info)
            raise
        finally:
            self._theirs.close()
            os.close(their_info)
            for descriptor in more:
                os.close(descriptor)
        try:
            ready = self._ready(info if self.isolated else None)
        except BaseException:
            self.end()
            raise
        finally:
            os.close(info)
        self.nested = bool(ready["nested"])
        self.alone = self.isolated and not self.nested

    def _ready(self, info: int | None) -> dict[str, Any]:
        assert self.process is not None
        first = self.process.pid
        if info is not None:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                first = int(json.loads(_read_all(info))["child-pid"])
        with self._lock:
            self.first = first
            stopped = self.stopped
        if stopped:
            self.kill()
        self.control.settimeout(self.limits.start_seconds)
        line = b""
        with contextlib.suppress(OSError):
            while not line.endswith(b"\n") and len(line) < 10_000:
                part = self.control.recv(1000)
                if not part:
                    break
                line += part
        if self.stopped:
            raise SandboxError(STOPPED)
        if not line.endswith(b"\n"):
            raise self._failure()
        # The zygote has not met any student's code yet.
        ready: dict[str, Any] = json.loads(line)
        return ready

    def _failure(self) -> SandboxError:
        """Why it did not start, or has ended: this machine's doing, or ours."""
        code = self.process.poll() if self.process else None
        self.end_process()
        size = os.fstat(self.errors.fileno()).st_size
        text = os.pread(self.errors.fileno(), 2000, max(0, size - 2000)).decode("utf-8", "replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if code is None and not lines:
            return SandboxError(say("sandbox.silent", seconds=self.limits.start_seconds))
        if not lines:
            return SandboxError(say("sandbox.no_message"))
        if lines[-1].startswith(WALL_BUILDERS) and ": execvp " not in lines[-1]:
            return SandboxError(say("sandbox.not_started", reason=printable(lines[-1], 1000)))
        return SandboxFault(say(OWN_FAULT, reason=printable(lines[-1], 1000)))

    def fork(self, session: socket.socket, lifeline: socket.socket, ours: socket.socket) -> None:
        """Hand the other ends of a session's sockets in, and keep our end of its lifeline for `stop`."""
        with self._lock:
            if self.stopped:
                raise SandboxError(STOPPED)
            self._lifelines.add(ours)
        try:
            socket.send_fds(self.control, [b"s"], [session.fileno(), lifeline.fileno()])
        except OSError:
            raise self._failure() from None

    def forget(self, lifeline: socket.socket) -> None:
        """That session has been closed."""
        with self._lock:
            self._lifelines.discard(lifeline)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ends_within(self, seconds: float) -> bool:
        if self.process is None:
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        return not self.alive()

    def end_process(self) -> None:
        """End the zygote, and with the first process of its namespace all that is in it."""
        if self.alive():
            self.control.close()  # an orderly end: it reads that we have gone
            self.ends_within(0.5)
        if self.alive():
            self.kill()
            self.ends_within(5)

    def kill(self) -> None:
        """End it without a word to anybody."""
        if self.process is not None and self.alive():
            for pid in {self.first, self.process.pid} - {0}:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """From another thread, at any time: who starts it or waits for it goes on at once, with an error."""
        with self._lock:
            self.stopped = True
            # Until bubblewrap has said which process is the first one inside, ending bubblewrap would leave
            # that one behind: `_ready` does it then.
            known = self.first != 0
            lifelines = list(self._lifelines)
        if known:
            self.kill()
        for ours in [self.control, *lifelines]:  # a guard ends its session when its lifeline ends
            with contextlib.suppress(OSError):
                ours.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        self.end_process()
        self.core.free()
        self.control.close()
        self._theirs.close()
        self.errors.close()
        if self.folder:
            with contextlib.suppress(OSError):
                self.folder.cleanup()


def _read_all(descriptor: int) -> bytes:
    data = b""
    while len(data) < 10_000 and (part := os.read(descriptor, 1000)):
        data += part
        if b"}" in part:
            break
    return data
