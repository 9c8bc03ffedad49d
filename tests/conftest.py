"""Which tests go together when they run side by side (`-n 2`)."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# These start sandboxes, browsers or environments, take cores and memory, and watch the clock.
ONE_AFTER_THE_OTHER = ("bootstrap", "browser", "grading")


class ByFolderOrFile(LoadScopeScheduling):  # type: ignore[misc]
    """A folder that takes the machine stays in one process; of the others, each file does.

    pytest-xdist's own groups (`--dist loadgroup`, 3.8.0) do nothing under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = PurePosixPath(nodeid.split("::")[0])
        folder = path.parts[1]
        return folder if folder in ONE_AFTER_THE_OTHER else str(path)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolderOrFile:
    return ByFolderOrFile(config, log)
