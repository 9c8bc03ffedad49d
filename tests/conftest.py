"""Which tests go together when they run side by side (`-n 2`), and which begin first."""

from __future__ import annotations

import os
import signal
from pathlib import PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# Their tests share what takes long to start: a browser and its servers, an environment.
WHOLE_FOLDERS = ("bootstrap", "browser", "hub")
# One measures the memory of the whole machine, the others fill it: one after the other.
NOT_SIDE_BY_SIDE = ("test_walls.py", "test_watch.py", "test_neighbours.py")
# What takes longest begins first, so that no process is left alone with it.
FIRST = (
    "grading/test_execute.py",
    "unit/test_answers.py",
    "browser",
    "hub",
    "bootstrap",
    "grading",
    "notebook",
)
# Processes side by side have a core each; threads of one would wait for those of the other.
ONE_THREAD = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class ByFolderOrFile(LoadScopeScheduling):  # type: ignore[misc]
    """Some folders stay in one process; of the others, each file does.

    pytest-xdist's own groups (`--dist loadgroup`, 3.8.0) do nothing under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = PurePosixPath(nodeid.split("::")[0])
        folder = path.parts[1]
        if path.name in NOT_SIDE_BY_SIDE:
            return NOT_SIDE_BY_SIDE[0]
        return folder if folder in WHOLE_FOLDERS else str(path)


def pytest_configure(config: pytest.Config) -> None:
    # What a script starts in the background ignores Ctrl-C, and so would all that tests start and send it to.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("numprocesses", None):
        os.environ.update(dict.fromkeys(ONE_THREAD, "1"))  # which the processes to come inherit


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolderOrFile:
    config.option.loadscopereorder = False  # it would go by the number of tests
    return ByFolderOrFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where tests run side by side, put what takes longest first."""
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    path = PurePosixPath(item.nodeid.split("::")[0])
    names = ("/".join(path.parts[1:]), path.parts[1])
    return next((turn for turn, name in enumerate(FIRST) if name in names), len(FIRST))
