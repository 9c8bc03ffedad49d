"""How many submissions a machine can run at a time, by its cores and its free memory."""

from __future__ import annotations

import os

from admin.sandbox.limits import Limits

# What a worker may come to: a session at its bound, a clean one that trains, the sandbox's zygote, and what
# reads and judges.
WORKER_BYTES = Limits().memory_bytes + (2 << 30)


def default_workers(cores: int, free_bytes: int) -> int:
    """One a core, up to four, and no more than there is memory for; but one."""
    return max(1, min(4, cores, free_bytes // WORKER_BYTES))


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory() -> int:
    """Bytes that programs can still take without swapping, by the kernel; a lot where it says nothing."""
    try:
        with open("/proc/meminfo") as lines:
            return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return 1 << 40
