"""One core of this machine for each sandbox, so that a busy session slows no other."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass

SHARED = 64  # sandboxes on one core, at most
TAKEN = "convnet-core"  # begins the name of what says that a core is taken


@dataclass
class Core:
    """A core that is taken until `free` is called, or this process ends. `number` None: any of them."""

    number: int | None = None
    held: socket.socket | None = None

    def free(self) -> None:
        if self.held is not None:
            self.held.close()
            self.held = None


def take_core() -> Core:
    """The core that the fewest sandboxes of this user have.

    That a core is taken is said by a socket with a name and without a file, which ends with its owner. With
    one core, or where cores can't be chosen, there is nothing to take.
    """
    if sys.platform != "linux":
        return Core()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) == 1:
        return Core()
    for turn in range(SHARED):
        for number in cores:
            held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                held.bind(f"\0{TAKEN}-{os.getuid()}-{number}-{turn}")
            except OSError:
                held.close()
                continue
            return Core(number, held)
    return Core()
