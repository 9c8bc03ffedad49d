"""The order of admin/: importing does nothing, nobody imports in a circle, and imports point down."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

from admin.course.layout import REPOSITORY

ADMIN = REPOSITORY / "admin"
# Started by their paths, loaded by nbgrader and Jupyter, or not programs of ours.
NOT_IMPORTED = ("admin/config/", "admin/course/source/", "admin/course/student/start.py")
# What each part may import from; `course` is where things are, and what the course is made of.
BELOW = {
    "commands": {"bootstrap", "course", "grading", "sandbox"},
    "grading": {"course", "exchange", "pages", "sandbox", "text"},
    "course": {"text"},
    "exchange": {"sandbox", "text"},
    "sandbox": {"text"},
    "pages": {"text"},
}
# Imports everything, lets go of what is ours, and imports that again, when other packages have had their say.
IMPORT_TWICE = """
import importlib, os, sys, threading, warnings
for name in sys.argv[1:]:
    importlib.import_module(name)
for name in [name for name in sys.modules if name.split(".")[0] == "admin"]:
    del sys.modules[name]
os.environ["PATH"] = "/usr/bin"
def state():
    return dict(os.environ), list(sys.path), list(warnings.filters), os.getcwd(), threading.active_count()
before = state()
for name in sys.argv[1:]:
    importlib.import_module(name)
print(state() == before)
"""


def modules() -> dict[str, Path]:
    """Our modules by name, but for those that are not imported."""
    paths = (
        path
        for path in ADMIN.rglob("*.py")
        if not path.relative_to(REPOSITORY).as_posix().startswith(NOT_IMPORTED)
    )
    names = {".".join(path.relative_to(REPOSITORY).with_suffix("").parts): path for path in paths}
    return {name.removesuffix(".__init__"): path for name, path in names.items()}


def imports(known: dict[str, Path]) -> dict[str, set[str]]:
    """Which of our modules each one imports, also within its functions."""
    found: dict[str, set[str]] = {name: set() for name in known}
    for name, path in known.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                found[name] |= {each if each in known else str(node.module) for each in inner}
        found[name] &= known.keys() - {name}
    return found


def part(name: str) -> str:
    """`grading` of admin.grading.run, `text` of admin.text."""
    return name.split(".")[1] if "." in name else ""


def test_importing_does_nothing():
    """Are environment, path, warnings, folder and threads the same after importing all of admin/?"""
    said = subprocess.run(
        [sys.executable, "-c", IMPORT_TWICE, *modules()], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert said.stdout.strip().endswith("True"), said.stdout + said.stderr


def test_nobody_imports_in_a_circle():
    """Can the modules be read one after the other, each after what it imports?"""
    names = modules()
    assert len(list(TopologicalSorter(imports(names)).static_order())) == len(names)  # raises CycleError


def test_imports_point_down():
    """Does each part import from those below it alone, so that the sandbox can be read by itself?"""
    upwards = {
        f"{name} imports {other}"
        for name, others in imports(modules()).items()
        for other in others
        if part(name) != part(other) and part(other) not in BELOW.get(part(name), {"bootstrap"})
    }
    assert upwards == set()
