"""Which tests go together when they run side by side (`-n 2`)."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# These start sandboxes, browsers or environments, take cores and memory, and watch the clock.
ONE_AT_A_TIME = ("bootstrap", "browser", "grading")


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes the machine stays in one process, one after the other; of the rest, each file does."""
    for item in items:
        folder, *_ = item.path.relative_to(TESTS).parts
        item.add_marker(pytest.mark.xdist_group("machine" if folder in ONE_AT_A_TIME else str(item.path)))
