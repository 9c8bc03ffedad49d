"""What the grading tests share: a course that is built once, and copies of it to spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from admin.course import build
from admin.course.layout import Course


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
