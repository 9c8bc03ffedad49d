"""What all processes of a session use together, as /proc tells: memory now, processor time so far."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
# The most that one socket's buffers hold. A local socket of the usual size takes 208 KiB and the last piece
# that went over it; that a session can't have larger ones is seen to by the filter of system calls.
SOCKET_BYTES = 256 << 10
TCP_BYTES = 10 << 20  # the kernel's own bounds on a connection's buffers, 6 MB to read and 4 MB to write


class Meter:
    """Looks at a session again and again."""

    def __init__(self, init: int = 0) -> None:
        self.init = init  # first of the session's own process namespace: its memory is not the session's
        self.memory = 0
        self.seconds = 0.0
        self._own: dict[tuple[int, int], int] = {}  # ticks of processes that were there at the last look
        self._gone = 0  # and of those that were there once

    def look(self, enough: int) -> None:
        """Read anew what is used. Memory above `enough` bytes is counted exactly, which takes longer."""
        below = dict(self._below())
        self.seconds = max(self.seconds, self._ticks(below) / TICK)
        self.memory = self._memory([pid for pid in below if pid != self.init], enough)

    def processes(self) -> list[int]:
        """All that are below the guard."""
        return [pid for pid, _ in self._below()]

    def ended(self) -> None:
        """All is over, and waited for: what the system knows of the guard's children is the truth."""
        times = os.times()
        self.seconds = max(self.seconds, times.children_user + times.children_system)

    def _below(self) -> Iterator[tuple[int, list[str]]]:
        """Each process below this one, with the fields of its `stat` after the name."""
        me = os.getpid()
        found: dict[int, list[str]] = {}
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError):
                    stat = Path(f"/proc/{name}/stat").read_text(errors="replace")
                    found[int(name)] = stat.rpartition(")")[2].split()
        found.pop(me, None)
        if me == 1:  # of a namespace of its own: nobody else is in it
            yield from found.items()
            return
        frontier = {me}  # else its descendants, among them who left a parent: the guard adopts them
        while frontier:
            frontier = {pid for pid, fields in found.items() if int(fields[1]) in frontier}
            for pid in frontier:
                yield pid, found.pop(pid)

    def _ticks(self, below: dict[int, list[str]]) -> int:
        """Processor time of the living and the dead.

        A process knows that of the children that it waited for, but not of those it ignored; of these, what
        the last look saw of each is kept.
        """
        times = os.times()
        known = int((times.children_user + times.children_system) * TICK)
        known += sum(int(field) for fields in below.values() for field in fields[11:15])
        own = {(pid, int(fields[19])): int(fields[11]) + int(fields[12]) for pid, fields in below.items()}
        self._gone += sum(ticks for process, ticks in self._own.items() if process not in own)
        self._own = own
        return max(known, self._gone + sum(own.values()))

    @staticmethod
    def _memory(pids: list[int], enough: int) -> int:
        """Bytes of all these processes, of their page tables, and of the sockets' buffers.

        What `status` tells is cheap, but counts pages that a fork still shares with the zygote. Only when
        that sum is above `enough` are the pages counted with their shares: milliseconds a process.
        """
        tables = {pid: from_proc(f"/proc/{pid}/status", ("VmPTE:",)) for pid in pids}
        rough = {pid: from_proc(f"/proc/{pid}/status", ("RssAnon:", "RssShmem:")) for pid in pids}
        kernel = sum(tables.values()) + socket_bytes()
        if kernel + sum(rough.values()) <= enough:
            return kernel + sum(rough.values())
        # A process that forbids the look is counted roughly, which can only be more.
        return kernel + sum(
            from_proc(f"/proc/{pid}/smaps_rollup", ("Pss_Anon:", "Pss_Shmem:")) or rough[pid] for pid in pids
        )


def socket_bytes() -> int:
    """The most that the buffers of all sockets of this network namespace hold.

    No file tells what local sockets hold: it is their number, times the most. TCP's sum is the machine's.
    """
    used = tcp = pages = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/net/sockstat").read_text().splitlines():
            words = line.split()
            if words[0] == "sockets:":
                used = int(words[2])
            elif words[0] == "TCP:":
                tcp, pages = int(words[2]), int(words[-1])
    return used * SOCKET_BYTES + min(tcp * TCP_BYTES, pages * os.sysconf("SC_PAGE_SIZE"))


def from_proc(path: str, names: tuple[str, ...]) -> int:
    """Sum of the named lines of a file in /proc, in bytes; 0 when there is nothing to read."""
    try:
        with open(path, errors="replace") as lines:
            return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(names))
    except (OSError, ValueError, IndexError):
        return 0
