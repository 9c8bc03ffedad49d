"""The guard: first process of a session's outer namespaces, which watches it and ends it.

Below it is a process namespace of the session's own, whose first process, here called init, only reaps. So a
session can't see the guard, nor reach it by a number: guard (1 | -) → init (2 | 1) → session (3 | 2).
"""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import signal
import time
from typing import Any, NoReturn

from admin.sandbox.guest.session import NUMBER, run_session
from admin.sandbox.guest.usage import Meter
from admin.sandbox.guest.walls import (
    LINUX,
    PR_SET_CHILD_SUBREAPER,
    PR_SET_DUMPABLE,
    build_root,
    drop_capabilities,
    enter_process_namespace,
    prctl,
    see_own_processes,
)


def guard(session: int, lifeline: int, settings: dict[str, Any]) -> NoReturn:
    """Wall in, start the session, and watch it until it or the grader ends.

    Over the lifeline it takes orders, and answers, in lines: see `watch`.
    """
    nested = settings["nested"]
    reason = "failed"
    pid = 0
    meter = Meter()
    try:
        os.setsid()
        keep_only({session, lifeline})
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)  # the first of a namespace is deaf to these
        if nested:
            build_root(settings)
        else:
            os.chdir(settings["work"])
            if LINUX:
                prctl(PR_SET_CHILD_SUBREAPER, 1)  # who leaves its parent becomes a child of the guard
        ended, report = os.pipe()
        waiting, go = os.pipe()
        settings = {**settings, "guard": None if nested else os.getpid()}
        if nested:
            enter_process_namespace()
        if LINUX and not nested:
            drop_capabilities()
        # A page that guard and session share: the number of the order that an interrupt is meant for. The
        # session may write there, too, and would only spoil its own interrupts.
        meant = mmap.mmap(-1, mmap.PAGESIZE)
        pid = os.fork()
        if pid == 0:
            os.close(ended)
            os.close(go)
            if settings["grouped"]:
                os.write(lifeline, b"?")  # by whom, says the kernel; the grader then puts it into its group
                os.read(waiting, 1)
            os.close(waiting)
            if nested:
                init(report, session, lifeline, settings, meant)
            os.close(report)
            keep_to_core(settings)
            run_session(session, lifeline, settings, meant)
        for descriptor in (session, report, waiting):
            os.close(descriptor)
        if settings["grouped"]:
            os.read(lifeline, 1)
        os.close(go)
        if LINUX:
            if nested:
                drop_capabilities()
            prctl(PR_SET_DUMPABLE, 0)  # the session has the same uid, and may not trace its guard
        meter = Meter(pid if nested else 0)
        reason = watch(pid, ended, lifeline, meter, settings, meant)
    except BaseException as error:
        reason = f"failed {type(error).__name__}: {error}"
    finally:
        with contextlib.suppress(OSError):
            os.write(lifeline, f"cpu {meter.seconds:.2f}\n{reason}".encode(errors="replace")[:500])
        if pid and not nested:
            sweep()
        os._exit(0)


def init(report: int, session: int, lifeline: int, settings: dict[str, Any], meant: mmap.mmap) -> NoReturn:
    """First process of the session's own process namespace: reaps, and reports how the session ended.

    When it ends, all that is below it ends. What the session sends it, the kernel ignores.
    """
    words = ""
    try:
        see_own_processes()
        drop_capabilities()
        keep_to_core(settings)
        pid = os.fork()
        if pid == 0:
            os.close(report)
            run_session(session, lifeline, settings, meant)
        os.close(session)
        os.close(lifeline)
        prctl(PR_SET_DUMPABLE, 0)
        ended = 0
        while ended != pid:
            ended, status = os.waitpid(-1, 0)
        words = how_it_ended(status)
    except BaseException as error:
        words = f"failed {type(error).__name__}: {error}"
    finally:
        with contextlib.suppress(OSError):
            os.write(report, words.encode(errors="replace")[:500])
        os._exit(0)


def watch(
    pid: int, ended: int, lifeline: int, meter: Meter, settings: dict[str, Any], meant: mmap.mmap
) -> str:
    """Wait for the first thing that ends a session and return its name.

    Orders are lines: `i NUMBER` interrupts the session if it is still at that order of its own; `c` asks for
    the processor time of all its processes so far, which is said in a line: `cpu SECONDS`.
    """
    limits = settings["limits"]
    deadline = time.monotonic() + limits["session_seconds"]
    poll = select.poll()
    poll.register(lifeline, select.POLLIN)
    if settings["nested"]:
        poll.register(ended, select.POLLIN)
    with contextlib.suppress(OSError):
        os.nice(-1)
    rest = limits["watch_seconds"]
    orders = b""
    while True:
        ready = dict(poll.poll(rest * 1000))
        if lifeline in ready:
            part = os.read(lifeline, 4096)
            if not part:
                return "grader"
            *lines, orders = (orders + part).split(b"\n")
            for line in lines:
                name, _, number = line.partition(b" ")
                if name == b"i":
                    NUMBER.pack_into(meant, 0, int(number))
                    interrupt(pid, settings)
                elif name == b"c":
                    if LINUX:
                        meter.look(limits["memory_bytes"])
                    os.write(lifeline, f"cpu {meter.seconds:.2f}\n".encode())
        reason = first_end(pid, ended if settings["nested"] else None)
        if reason:
            meter.ended()
            return reason
        if time.monotonic() > deadline:
            return "time"
        began = time.monotonic()
        if LINUX:
            meter.look(limits["memory_bytes"])
            if meter.memory > limits["memory_bytes"]:
                return "memory"
            if meter.seconds > limits["cpu_seconds"]:
                return "cpu"
        # A long look, at a hundred processes, is not to take the processor from all else.
        rest = max(limits["watch_seconds"], time.monotonic() - began)


def first_end(pid: int, report: int | None) -> str:
    """How the session ended, when it has; with init's `report`, after all of it has ended."""
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return "exit 0"
        if ended == 0:
            return ""
        if ended == pid:
            # Without a report it was init that was ended, by whatever can reach it.
            words = os.read(report, 500).decode(errors="replace") if report is not None else ""
            return words or how_it_ended(status)


def how_it_ended(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"exit {code}" if code >= 0 else f"signal {-code}"


def interrupt(pid: int, settings: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        if settings["nested"]:
            pid = second_of_the_innermost()
        os.kill(pid, signal.SIGINT)


def second_of_the_innermost() -> int:
    """The session, which init forked first: in its own process namespace it is number 2."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/status", errors="replace") as lines:
            if any(line.startswith("NSpid:") and line.split()[2:] == ["2"] for line in lines):
                return int(name)
    raise ProcessLookupError("there is no session")


def keep_to_core(settings: dict[str, Any]) -> None:
    """This process and all that it starts compute on one core, so that no session slows another."""
    if settings.get("core") is not None:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {settings["core"]})


def sweep() -> None:
    """Without a process namespace: end what the session left behind, as far as it can be found."""
    for _ in range(50):
        below = Meter().processes() if LINUX else []
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
