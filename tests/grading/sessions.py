"""What the tests of the sandbox share: bounds, what cells show, what attackers use, the host's processes."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from admin.grading.cases import Seeds, seeds_of
from admin.sandbox.host import Session
from admin.sandbox.limits import Limits

LIMITS = Limits(cell_seconds=20, answer_seconds=20, grace_seconds=3, session_seconds=90, memory_bytes=1 << 30)


def seeds(number: int = 5) -> Seeds:
    """Of one of many submissions to the same course."""
    return seeds_of(b"secret", str(number).encode())


# `call` makes a system call by its number and gives its result, or minus its error.
HELP = """
import ctypes, mmap, os, resource, signal, socket, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def call(*numbers):
    result = libc.syscall(*(ctypes.c_long(number) for number in numbers))
    return -ctypes.get_errno() if result == -1 else result
"""
# Run after HELP: prints what a session can do to other processes, then sends the guard signals.
AT_OTHERS = """
harmed = []
for pid in [*range(1, 50), -1]:
    if pid in (os.getpid(), threading.get_native_id()):
        continue
    for name, attack in {
        "sched_setscheduler": lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
        "sched_setparam": lambda: os.sched_setparam(pid, os.sched_param(0)),
        "sched_setaffinity": lambda: os.sched_setaffinity(pid, {0}),
        "setpriority": lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
        "setpriority of a user": lambda: os.setpriority(os.PRIO_USER, 0, 19),
        "prlimit": lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1)),
    }.items():
        try:
            attack()
            harmed.append((name, pid))
        except OSError:
            pass
print(harmed)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
    try: os.kill(1, number)
    except OSError: pass
print(sorted(filter(str.isdigit, os.listdir("/proc"))))
"""


def at_its_socket(*lines: str) -> str:
    """Code of a session that talks past ours: the lines are run with each of its sockets as `s`."""
    before = (
        "import os, socket, time",
        "from admin.sandbox import protocol",
        "for name in os.listdir('/proc/self/fd'):",
        "    try: s = socket.socket(fileno=os.dup(int(name)))",
        "    except OSError: continue",
    )
    return "\n".join([*before, *(f"    {line}" for line in lines)])


def text(outputs: list[dict[str, Any]]) -> str:
    """All that a cell shows, as text."""
    said = []
    for output in outputs:
        if output["output_type"] == "stream":
            said.append(output["text"])
        elif output["output_type"] == "error":
            said.append(f"{output['ename']}: {output['evalue']}")
        else:
            said.append(output["data"].get("text/plain", ""))
    return "".join(said).strip()


def shown(session: Session, source: str) -> str:
    """All that a cell of a session shows, as text."""
    return text(session.run(source))


# --- Processes of the host ------------------------------------------------------------------------


def processes() -> list[int]:
    """All that this machine runs."""
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def command_line(pid: int) -> str:
    """Program and arguments of a process; nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def with_words(words: str) -> list[int]:
    """The processes that have these words in their command lines."""
    return [pid for pid in processes() if words in command_line(pid)]


def status_of(pid: int) -> tuple[str, int]:
    """A process's state, as one letter, and its parent. Raises OSError when it is gone."""
    state, parent, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return state, int(parent)


def is_running(pid: int) -> bool:
    try:
        return status_of(pid)[0] != "Z"
    except OSError:
        return False


def parents() -> dict[int, int]:
    """The parent of each process of this machine."""
    found = {}
    for pid in processes():
        with contextlib.suppress(OSError, ValueError):
            found[pid] = status_of(pid)[1]
    return found


def descendants(pid: int) -> set[int]:
    """Children of a process, their children, and so on."""
    parent_of, found, newest = parents(), set[int](), {pid}
    while newest:
        newest = {child for child, parent in parent_of.items() if parent in newest} - found
        found |= newest
    return found
