"""Looks ahead in a submission, with a worker that has nothing else to do.

Of a notebook's trainings, each is asked for when the one before is done, though hardly ever one needs the
other. So another worker, or the submission's own while it waits for a training that another one is at, runs
the same cells but for the checks, passes over what is being trained at the time, and has the later ones done,
and what is measured of their nets. They are kept, and found when the submission itself comes to them. Nothing
else is kept: it makes a difference to the time alone.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from admin.grading.execute import code_cells, is_check
from admin.grading.kept import Kept
from admin.grading.trainer import CleanSession, WatchedSession, hash_of, is_being_done, key_of
from admin.grading.worker import Folders, Worker
from admin.sandbox.host import CellTimeout, Session


@dataclass
class SessionAhead(WatchedSession):
    """A session in which the first training that is not kept is passed over, and what others are at.

    All other trainings are done.
    """

    passed_over: set[str] = field(default_factory=set)
    """hashes of the weights of nets that were to be trained"""

    def once(
        self, name: str, request: Mapping[str, Any], told: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """As `WatchedSession.once`; what was passed over comes to nothing that has a value."""
        if name == "fit" and self._is_passed_over(key_of(name, request)):
            self.passed_over.add(hash_of(request["net"]["weights"]))
            untrained = {"weights": request["net"]["weights"], "optimiser": []}
            return {**untrained, "history": {}, "before": 0.0, "after": 0.0}
        if name == "measure" and hash_of(request["net"]["weights"]) in self.passed_over:
            return {"values": [], "logs": {}, "counted": []}
        return super().once(name, request, told)

    def _is_passed_over(self, key: str) -> bool:
        is_first = not self.passed_over and not (self.kept and self.kept.has(key))
        return is_first or is_being_done(key)


class LookAhead:
    """One look ahead in a notebook. It runs in one thread, and may be stopped from others."""

    def __init__(self, notebook: NotebookNode, folders: Folders) -> None:
        self.cells = [cell.source for cell in code_cells(notebook) if not is_check(cell)]
        self.folders = folders
        self._stopped = threading.Event()
        self._session: Session | None = None

    def run(self, worker: Worker, is_over: Callable[[], bool] = lambda: False) -> None:
        """Keep what can be had until it is over. Raises whatever becomes of a session that is stopped."""
        if not self.folders.trainings or self._stopped.is_set():
            return
        kept = Kept(self.folders.trainings)
        self._session = worker.session(self.folders)
        with (
            CleanSession(worker, self.folders) as clean,
            SessionAhead(self._session, clean, kept) as ahead,
        ):
            for code in self.cells:
                if self._stopped.is_set() or is_over():
                    return
                with contextlib.suppress(CellTimeout):
                    ahead.session.run(code)

    def stop(self) -> None:
        """From another thread: the session ends; a training that is being done is done to its end."""
        self._stopped.set()
        if self._session:
            self._session.close()
