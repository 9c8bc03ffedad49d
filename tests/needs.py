"""What some tests need of a machine, and what becomes of them where it is missing.

At home such a test is skipped, with the reason. Continuous integration sets CI, and there it fails: nobody
reads the list of skipped tests of a run that is green.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the test that is running; in continuous integration, fail it."""
    if os.environ.get("CI", "").lower() in ("", "0", "false"):
        pytest.skip(reason)
    pytest.fail(f"{reason} (skipped where CI is not set)", pytrace=False)


# A test, class or module with this mark runs only where submissions can be run in the sandbox.
needs_sandbox = pytest.mark.usefixtures("a_sandbox_can_start")
