"""What the grading tests share: a course that is built once, copies of it to spoil, and a sandbox."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from admin.course import build
from admin.course.answers import answer
from admin.course.cells import grade_id
from admin.course.layout import NOTEBOOK, Course
from admin.sandbox.host import Sandbox, Session, what_is_missing
from checks.language import joined
from tests.grading.sessions import LIMITS, shown
from tests.needs import skip_or_fail


@pytest.fixture(scope="session")
def a_sandbox_can_start() -> None:
    """What the mark `needs_sandbox` asks for: this machine lacks nothing that the sandbox needs."""
    if missing := what_is_missing():
        skip_or_fail(f"no sandbox: {joined(missing)}")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course as `build` leaves it; read only, by agreement."""
    course = Course.at(tmp_path_factory.mktemp("built"))
    build.build(course, student_notebook=None)
    return course


@pytest.fixture(scope="session")
def one_right_answer(built: Course) -> str:
    """The text of a notebook that is worth 8 points."""
    notebook = nbformat.read(built.release / f"{NOTEBOOK}.ipynb", 4)
    for cell in notebook.cells:
        if grade_id(cell) == "normalise_images":
            cell.source = answer("normalise_images", "the model answer").code
    return nbformat.writes(notebook)


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
