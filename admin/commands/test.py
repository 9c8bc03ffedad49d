"""`python3 -m admin test`: pytest over everything, or over what its arguments name."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HELP = """usage: python3 -m admin test [PYTEST ARGS]

Runs all tests, two at a time where there are two cores. What stands behind `test` goes to pytest instead:
  python3 -m admin test tests/unit            one folder
  python3 -m admin test -k one_hot -x         by name; stop at the first failure
  python3 -m admin test -m "not slow" -n 2    without the slow ones; two at a time
  python3 -m admin test --markers             and so on: .venv/bin/pytest --help"""


def main(argv: list[str]) -> int:
    """Run pytest in the top folder, on paths seen from where the user is; the exit code is pytest's."""
    if argv in (["-h"], ["--help"]):
        print(HELP)
        return 0
    arguments = [as_absolute(argument) for argument in argv] or side_by_side()
    os.chdir(ROOT)
    sys.stderr.flush()
    return int(pytest.main(["--rootdir", str(ROOT), "-c", str(ROOT / "setup.cfg"), *arguments]))


def side_by_side() -> list[str]:
    """Two processes for all tests; `tests/conftest.py` says which of them stay in one."""
    return ["-n", "2"] if (os.cpu_count() or 1) > 1 else []


def as_absolute(argument: str) -> str:
    """`unit/test_checks.py::test_one` with its whole path, if the user has such a file before them."""
    path, separator, name = argument.partition("::")
    if path and not path.startswith("-") and Path(path).exists():
        return f"{Path(path).resolve()}{separator}{name}"
    return argument
