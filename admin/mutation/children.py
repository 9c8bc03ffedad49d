"""Forks that each do one thing: nothing that a changed check does or leaves behind reaches the next one."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

ENDED, TOO_LONG = "the process ended", "it takes too long"

Job = TypeVar("Job")


class Ended(Exception):
    """A fork that gave nothing; why, in a few words."""


def in_forks(
    jobs: Sequence[Job], do: Callable[[Job], Any], workers: int, seconds: float, shown: bool = False
) -> Iterator[tuple[Job, Any]]:
    """Each job with what came of it, or Ended, as they finish. A fork's own output is shown or thrown away.

    Here nothing computes with TensorFlow, before or while there are forks: it would hang in them.
    """
    context = multiprocessing.get_context("fork")
    waiting = list(reversed(jobs))
    running: dict[Any, tuple[Job, Any, float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                job, (ours, theirs) = waiting.pop(), context.Pipe(duplex=False)
                process = context.Process(target=_child, args=(theirs, do, job, shown))
                process.start()
                theirs.close()
                running[ours] = job, process, time.monotonic() + seconds
            ready = wait(list(running), timeout=1)
            late = [each for each, (_, _, end) in running.items() if end < time.monotonic()]
            for connection in dict.fromkeys([*ready, *late]):
                job, process, _ = running.pop(connection)
                yield job, _result(connection, process, connection in ready)
    finally:
        for _, process, _ in running.values():
            process.kill()


def _result(connection: Any, process: Any, ready: bool) -> Any:
    try:
        return connection.recv() if ready else Ended(TOO_LONG)
    except EOFError:
        return Ended(ENDED)
    finally:
        connection.close()
        process.kill()
        process.join()


def _child(connection: Connection, do: Callable[[Job], Any], job: Job, shown: bool) -> None:
    if not shown:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
    connection.send(do(job))
    connection.close()
    os._exit(0)  # no goodbye of TensorFlow's
