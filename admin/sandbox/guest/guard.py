"""The guard: first process of a session's own namespaces, which watches it and ends it."""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import signal
import time
from pathlib import Path
from typing import Any, NoReturn

from admin.sandbox.guest.session import NUMBER, run_session
from admin.sandbox.guest.walls import (
    LINUX,
    PR_SET_CHILD_SUBREAPER,
    PR_SET_DUMPABLE,
    build_root,
    drop_capabilities,
    prctl,
)


def guard(session: int, lifeline: int, settings: dict[str, Any]) -> NoReturn:
    """Wall in, start the session, and watch it until it or the grader ends."""
    reason = "failed"
    pid = 0
    try:
        os.setsid()
        keep_only({session, lifeline})
        if settings["nested"]:
            build_root(settings)
        else:
            os.chdir(settings["work"])
            if LINUX:
                prctl(PR_SET_CHILD_SUBREAPER, 1)  # who leaves its parent becomes a child of the guard
        if LINUX:
            drop_capabilities()
        # A page that guard and session share: the number of the order that an interrupt is meant for. The
        # session may write there, too, and would only spoil its own interrupts.
        meant = mmap.mmap(-1, mmap.PAGESIZE)
        pid = os.fork()
        if pid == 0:
            run_session(session, lifeline, settings, meant)
        os.close(session)
        if LINUX:
            prctl(PR_SET_DUMPABLE, 0)  # the session has the same uid, and may not trace its guard
        reason = watch(pid, lifeline, settings["limits"], meant)
    except BaseException as error:
        reason = f"failed {type(error).__name__}: {error}"
    finally:
        with contextlib.suppress(OSError):
            os.write(lifeline, reason.encode(errors="replace")[:500])
        if pid and not settings["nested"]:
            sweep()
        os._exit(0)


def watch(pid: int, lifeline: int, limits: dict[str, Any], meant: mmap.mmap) -> str:
    """Wait for the first thing that ends a session and return its name."""
    deadline = time.monotonic() + limits["session_seconds"]
    poll = select.poll()
    poll.register(lifeline, select.POLLIN)
    with contextlib.suppress(OSError):
        os.nice(-1)
    rest = limits["watch_seconds"]
    orders = b""
    while True:
        if poll.poll(rest * 1000):
            part = os.read(lifeline, 4096)
            if not part:
                return "grader"
            *lines, orders = (orders + part).split(b"\n")
            for line in lines:
                obey(line, pid, meant)
        while True:
            try:
                ended, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return "exit 0"
            if ended == 0:
                break
            if ended == pid:
                code = os.waitstatus_to_exitcode(status)
                return f"exit {code}" if code >= 0 else f"signal {-code}"
        if time.monotonic() > deadline:
            return "time"
        began = time.monotonic()
        if LINUX and memory_of_all(limits["memory_bytes"]) > limits["memory_bytes"]:
            return "memory"
        # A long look, at a hundred processes, is not to take the processor from all else.
        rest = max(limits["watch_seconds"], time.monotonic() - began)


def obey(line: bytes, pid: int, meant: mmap.mmap) -> None:
    """An order of the grader. `i NUMBER`: interrupt the session if it is still at that order of its own."""
    name, _, rest = line.partition(b" ")
    if name == b"i":
        NUMBER.pack_into(meant, 0, int(rest))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)


def memory_of_all(enough: int) -> int:
    """Bytes of memory of all processes below the guard.

    What `status` tells is cheap, but counts pages that a fork still shares with the zygote. Only when
    that sum is above `enough` are the pages counted with their shares, which takes milliseconds a process.
    """
    below = processes_below()
    rough = {pid: from_proc(f"/proc/{pid}/status", ("RssAnon:", "RssShmem:")) for pid in below}
    if sum(rough.values()) <= enough:
        return sum(rough.values())
    # A process that forbids the look is counted roughly, which can only be more.
    return sum(
        from_proc(f"/proc/{pid}/smaps_rollup", ("Pss_Anon:", "Pss_Shmem:")) or rough[pid] for pid in below
    )


def processes_below() -> list[int]:
    """In a namespace of its own: all but the guard. Else its descendants, among them who left a parent."""
    me = os.getpid()
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                stat = Path(f"/proc/{name}/stat").read_text(errors="replace")
                parents[int(name)] = int(stat.rpartition(")")[2].split()[1])
    if me == 1:
        return [pid for pid in parents if pid != 1]
    found: set[int] = set()
    frontier = {me}
    while frontier:
        frontier = {pid for pid, parent in parents.items() if parent in frontier} - found
        found |= frontier
    return list(found)


def from_proc(path: str, names: tuple[str, ...]) -> int:
    """Sum of the named lines of a file in /proc, in bytes; 0 when there is nothing to read."""
    try:
        with open(path, errors="replace") as lines:
            return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(names))
    except (OSError, ValueError, IndexError):
        return 0


def sweep() -> None:
    """Without a process namespace: end what the session left behind, as far as it can be found."""
    for _ in range(50):
        below = processes_below() if LINUX else []
        if not below:
            return
        for pid in below:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.02)


def keep_only(descriptors: set[int]) -> None:
    """Close all but these; standard input, output and error lead nowhere."""
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    folder = "/proc/self/fd" if LINUX else "/dev/fd"
    for descriptor in [int(name) for name in os.listdir(folder)]:
        if descriptor > 2 and descriptor not in descriptors:
            with contextlib.suppress(OSError):
                os.close(descriptor)
