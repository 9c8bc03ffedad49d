"""What the grading tests share: a course that is built once, copies of it to spoil, and a sandbox."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from admin.course import build
from admin.course.layout import Course
from admin.sandbox.host import Sandbox, Session
from tests.grading.sessions import LIMITS, shown


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course as `build` leaves it; read only, by agreement."""
    course = Course.at(tmp_path_factory.mktemp("built"))
    build.build(course, student_notebook=None)
    return course


@pytest.fixture
def course(built: Course, tmp_path: Path) -> Course:
    """A course of its own for one test, with the gradebook that building made and no submissions."""
    root = tmp_path / "course"
    shutil.copytree(built.root, root)
    return Course.at(root)


@pytest.fixture(scope="package")  # no longer: it holds memory and a core
def sandbox() -> Iterator[Sandbox]:
    """A sandbox for many tests. Those that end or stop theirs, or want other bounds, start their own."""
    with Sandbox(LIMITS) as running:
        yield running


@pytest.fixture
def session(sandbox: Sandbox, tmp_path: Path) -> Iterator[Session]:
    """A session of its own. Afterwards another one starts and works: no test harms the next."""
    zygote = sandbox.pid
    with sandbox.session(tmp_path) as opened:
        yield opened
    with sandbox.session(tmp_path) as another:
        assert shown(another, "6 * 7") == "42"
    assert sandbox.pid == zygote, "the zygote had to be started again"
