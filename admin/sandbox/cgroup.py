"""Control groups, where this machine lets us make them: the kernel itself then holds a session's bounds.

They count what no sum over processes sees (buffers of pipes and sockets, page tables, what the kernel keeps
for each mapping and lock), and share the processors fairly. That takes cgroup v2, and either root or a group
that was handed to us: `systemd-run --user --scope -p Delegate=yes python3 -m admin grade`. See
https://docs.kernel.org/admin-guide/cgroup-v2.html.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from pathlib import Path

from admin.sandbox.limits import Limits

NEEDED, WANTED = frozenset({"memory", "pids"}), frozenset({"memory", "pids", "cpu"})
NAME = "convnet-session"


class Group:
    """One session's group. Make it, put a process in, and all that this starts is in it, too."""

    def __init__(self, base: Path, limits: Limits) -> None:
        self.path = base / f"{NAME}-{os.getpid()}-{time.monotonic_ns()}"
        self.path.mkdir()
        # The guard ends a session at `memory_bytes`, with a sentence. Files in memory are on top of that.
        self._write("memory.max", limits.memory_bytes + limits.disk_bytes)
        self._write("memory.swap.max", 0)
        self._write("pids.max", limits.processes)
        self._write("cpu.weight", 100)

    def add(self, pid: int) -> None:
        """Raises OSError when the process is not there."""
        (self.path / "cgroup.procs").write_text(str(pid))

    def ran_out_of_memory(self) -> bool:
        return self._number("memory.events", "oom_kill") > 0

    def cpu_seconds(self) -> float:
        return self._number("cpu.stat", "usage_usec") / 1e6

    def remove(self) -> None:
        """End what may still be in it, and it."""
        with contextlib.suppress(OSError):  # kernels before 5.14 have no such file
            (self.path / "cgroup.kill").write_text("1")
        for _ in range(200):
            try:
                self.path.rmdir()
            except FileNotFoundError:
                return
            except OSError:
                time.sleep(0.01)  # the last of them is not quite gone
            else:
                return

    def _write(self, name: str, value: int) -> None:
        # Without swap, or without the cpu controller, there is no such file.
        with contextlib.suppress(FileNotFoundError):
            (self.path / name).write_text(str(value))

    def _number(self, name: str, key: str) -> int:
        with contextlib.suppress(OSError, ValueError, IndexError):
            for line in (self.path / name).read_text().splitlines():
                if line.split()[0] == key:
                    return int(line.split()[1])
        return 0


@functools.cache
def group_base() -> Path | None:
    """The group below which we may make one for each session; None where there is none."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        mount = _mount()
        if mount is not None:
            own = _own(mount)
            for base in dict.fromkeys((own, mount)):
                if _usable(base):
                    _remove_left_over(base)
                    return base
    return None


def shares_processors(base: Path | None) -> bool:
    """True when each group there gets its share of the processors."""
    return base is not None and "cpu" in _words(base / "cgroup.subtree_control")


def _mount() -> Path | None:
    """Where cgroup v2 is mounted. (With a v1 beside it, that has the controllers.)"""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.split()[0] == "cgroup2":
            return Path(before.split()[4])
    return None


def _own(mount: Path) -> Path:
    [line] = [line for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::")]
    return mount / line[3:].lstrip("/")


def _usable(base: Path) -> bool:
    """Try it: switch the controllers on for groups below, make one, and set a bound."""
    if NEEDED - _words(base / "cgroup.controllers") or not os.access(base, os.W_OK):
        return False
    try:
        if NEEDED - _words(base / "cgroup.subtree_control"):
            _switch_on(base)
        group = Group(base, Limits())
        group.remove()
    except OSError:
        return False
    return True


def _switch_on(base: Path) -> None:
    """Raises OSError when this is not ours to do."""
    wanted = " ".join(f"+{name}" for name in sorted(WANTED & _words(base / "cgroup.controllers")))
    control = base / "cgroup.subtree_control"
    try:
        control.write_text(wanted)
    except OSError:
        # A group with groups of its own may hold no process: ours move into one below. Only when all are
        # ours, as in a scope that was made for us; a shell and its other jobs are left where they are.
        pids = [int(word) for word in _words(base / "cgroup.procs")]
        if any(os.getpgid(pid) != os.getpgrp() for pid in pids):
            raise
        below = base / "grader"
        below.mkdir(exist_ok=True)
        for pid in pids:
            (below / "cgroup.procs").write_text(str(pid))
        control.write_text(wanted)


def _remove_left_over(base: Path) -> None:
    """Groups of a grader that was killed; those that hold a process stay."""
    for path in base.glob(f"{NAME}-*"):
        if not Path("/proc", path.name.split("-")[2]).exists():
            with contextlib.suppress(OSError):
                path.rmdir()


def _words(path: Path) -> set[str]:
    return set(path.read_text().split())
