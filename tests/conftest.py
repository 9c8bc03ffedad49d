"""Which tests go together when they run side by side (`-n 2`)."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# These start sandboxes, browsers or environments, take cores and memory, and watch the clock.
ONE_AFTER_THE_OTHER = ("bootstrap", "browser", "grading")


def pytest_itemcollected(item: pytest.Item) -> None:
    """A folder that takes the machine stays in one process; of the others, each file does."""
    folder, *_ = item.path.relative_to(TESTS).parts
    item.add_marker(pytest.mark.xdist_group(folder if folder in ONE_AFTER_THE_OTHER else item.path.stem))
