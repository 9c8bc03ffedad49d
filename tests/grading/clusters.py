"""Clusters for tests: a scheduler and workers of Dask's, as real processes of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from distributed import Client

from admin.course.layout import REPOSITORY

ADMIN = [sys.executable, str(REPOSITORY / "admin")]
PLAIN_WORKER = [sys.executable, "-m", "distributed.cli.dask_worker", "--nthreads", "1", "--no-dashboard"]


class Cluster:
    """A scheduler, at `address`, and processes that belong to it; all end with `close`."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        command = [*ADMIN, "scheduler", "--port", "0", "--scheduler-file", str(file)]
        self.scheduler = self.begin("scheduler", command, **settings)
        try:
            self.address = wait_for(lambda: file.exists() and json.loads(file.read_text())["address"], 300)
            self.client = Client(self.address, set_as_default=False)
        except BaseException:
            self.end_processes()
            raise

    def begin(
        self, name: str, command: Sequence[str], cwd: Path | None = None, **settings: str
    ) -> subprocess.Popen[bytes]:
        """Start a process; what it says is in a file of that name."""
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=cwd or self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "OMP_NUM_THREADS": "1", **settings},
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def add_workers(self, count: int) -> None:
        """Workers as an instructor starts them; their nanny replaces those that are lost."""
        before = len(self.workers())
        command = [*ADMIN, "worker", self.address, "--workers", str(count)]
        self.begin(f"workers-{len(self._processes)}", command)
        wait_for(lambda: len(self.workers()) == before + count, 300)

    def workers(self) -> dict[str, Any]:
        return dict(self.client.scheduler_info()["workers"])

    def at_work(self) -> list[str]:
        """Which workers have a submission."""
        return [worker for worker, keys in self.client.processing().items() if keys]

    def running(self) -> int:
        """How many submissions run, by the workers' own word."""
        return sum(self.client.run(lambda dask_worker: dask_worker.state.executing_count).values())

    def kill(self, worker: str) -> None:
        pids = self.client.run(os.getpid, workers=[worker])
        os.kill(pids[worker], signal.SIGKILL)

    def close(self) -> None:
        self.client.close()
        self.end_processes()

    def end_processes(self) -> None:
        for process in reversed(self._processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def opened(folder: Path, workers: int, **settings: str) -> Iterator[Cluster]:
    """A cluster with so many workers; `settings` are Dask's, as variables of its scheduler's environment."""
    cluster = Cluster(folder, **settings)
    try:
        if workers:
            cluster.add_workers(workers)
        yield cluster
    finally:
        cluster.close()


def wait_for(found: Callable[[], Any], seconds: float = 60) -> Any:
    """What `found` gives as soon as that is something. Fails after so many seconds."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)
    return value
