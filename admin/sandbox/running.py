"""One started sandbox: bubblewrap with a zygote in it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
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
    inside,
)
from admin.sandbox.cgroup import group_base, shares_processors
from admin.sandbox.cores import Core, take_core
from admin.sandbox.limits import OWN_FAULT, Limits, SandboxError, SandboxFault

CHECKS = REPOSITORY / "problem_unittests.py"
WALL_BUILDERS = ("bwrap:", "setpriv:")  # whose last words are about this machine


class Running:
    """One started sandbox: the process, its control socket, and how to end it."""

    def __init__(
        self, limits: Limits, isolated: bool, checks: Path, probe: bool = False, nest: bool = True
    ) -> None:
        self.limits = limits
        self.first = 0
        self.folder = None if isolated else tempfile.TemporaryDirectory(prefix="session-")
        self.groups = group_base() if isolated else None
        shared = not isolated or probe or shares_processors(self.groups)
        self.core = Core() if shared else take_core()
        self.control, theirs = socket.socketpair()
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed by end)
        variables = inside(limits, isolated, self.folder.name if self.folder else WORK)
        settings = {
            "control": theirs.fileno(),
            "probe": probe,
            "isolated": isolated,
            "nested": isolated,
            "core": self.core.number,
            "grouped": self.groups is not None,
            "binds": [str(path) for path in environment_folders()],
            "paths": [*import_folders(), *([] if isolated else [str(checks.parent)])],
            "work": variables["HOME"],
            "environment": variables,
            "limits": asdict(limits),
        }
        python = [sys.executable, "-E", "-P"]
        info, their_info = os.pipe()
        passed = [theirs.fileno(), their_info]
        if isolated:
            command, more = bubblewrap(checks, limits, their_info, nest)
            passed += more
            zygote = f"{GRADER}/{ZYGOTE}"
        else:
            command, more = [], []
            zygote = str(REPOSITORY / ZYGOTE)
        try:
            self.process = subprocess.Popen(
                [*command, *python, zygote, json.dumps(settings)],
                stdin=subprocess.DEVNULL,
                stdout=self.errors,
                stderr=self.errors,
                env={**variables, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"},
                cwd="/",
                pass_fds=passed,
                start_new_session=True,
            )
        except OSError as error:
            raise SandboxError(f"bubblewrap can't be started: {error}") from None
        finally:
            theirs.close()
            os.close(their_info)
            for descriptor in more:
                os.close(descriptor)
        try:
            ready = self._ready(info if isolated else None)
        except BaseException:
            self.end()
            raise
        finally:
            os.close(info)
        self.nested = bool(ready["nested"])
        self.alone = isolated and not self.nested  # a session has nothing but the sandbox around it

    def _ready(self, info: int | None) -> dict[str, Any]:
        if info is None:
            self.first = self.process.pid
        else:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                self.first = int(json.loads(_read_all(info))["child-pid"])
        self.control.settimeout(self.limits.start_seconds)
        line = b""
        with contextlib.suppress(OSError):
            while not line.endswith(b"\n") and len(line) < 10_000:
                part = self.control.recv(1000)
                if not part:
                    break
                line += part
        if not line.endswith(b"\n"):
            raise self._failure()
        # The zygote has not met any student's code yet.
        ready: dict[str, Any] = json.loads(line)
        return ready

    def _failure(self) -> SandboxError:
        """Why it did not start, or has ended: this machine's doing, or ours."""
        code = self.process.poll()
        self.end_process()
        size = os.fstat(self.errors.fileno()).st_size
        text = os.pread(self.errors.fileno(), 2000, max(0, size - 2000)).decode("utf-8", "replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if code is None and not lines:
            return SandboxError(f"The sandbox said nothing within {self.limits.start_seconds:g} seconds.")
        if not lines:
            return SandboxError("The sandbox ended without a message, perhaps for lack of memory.")
        if lines[-1].startswith(WALL_BUILDERS) and ": execvp " not in lines[-1]:
            return SandboxError(f"The sandbox did not start: {lines[-1]}")
        return SandboxFault(f"{OWN_FAULT}: {lines[-1]}")

    def fork(self, session: socket.socket, lifeline: socket.socket) -> None:
        try:
            socket.send_fds(self.control, [b"s"], [session.fileno(), lifeline.fileno()])
        except OSError:
            raise self._failure() from None

    def alive(self) -> bool:
        return self.process.poll() is None

    def end_process(self) -> None:
        """End the zygote, and with the first process of its namespace all that is in it."""
        if self.process.poll() is None:
            self.control.close()  # an orderly end: it reads that we have gone
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.5)
        if self.process.poll() is None:
            self.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)

    def kill(self) -> None:
        """End it without a word to anybody."""
        for pid in {self.first, self.process.pid} - {0}:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)

    def end(self) -> None:
        self.end_process()
        self.core.free()
        self.control.close()
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
