"""Style and types, as ruff and mypy see them, in the versions that the lock names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("command", ["ruff check", "ruff format --check", "mypy"])
def test_nothing_is_found_by(command: str):
    """Does the tool have nothing to say about any file? If it has, its own words are shown."""
    run = subprocess.run(
        [sys.executable, "-m", *command.split()],
        cwd=ROOT,
        env=os.environ | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    if run.returncode:
        pytest.fail(f"{command}:\n{run.stdout}{run.stderr}", pytrace=False)
