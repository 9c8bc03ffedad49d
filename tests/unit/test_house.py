"""The house: modules of a readable length, imports that point down, and nothing that happens on import."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 500
# The notebook's source, and the lists of right and wrong answers, are as long as they are.
AS_LONG_AS_NEED_BE = ("admin/course/source/", "admin/course/answers")

# From top to bottom: a module imports from its own package and from those that stand below it.
LAYERS = [
    "admin.__main__",
    "admin.commands",
    "admin.config",
    "admin.hub",
    "admin.watching",
    "admin.by_hand",
    "admin.report",
    "admin.mutation",
    "admin.cluster",
    "admin.platforms",
    "admin.grading",
    "admin.course",
    "admin.pages",
    "admin.exchange",
    "admin.sandbox",
    "admin.text",
    "admin.bootstrap",
    "problem_unittests",
    "play",
    "checks",
    "tools",
]
# Programs rather than modules: configuration that traitlets runs, the notebook, a student's launcher.
NOT_IMPORTED = (
    *("admin.__main__", "admin.config.", "admin.hub.config.", "admin.hub.students."),
    *("admin.course.source.", "admin.course.student.start"),
    *("admin.hub.containers.", "admin.hub.docker_spawning", "admin.hub.user_numbers"),
)


def modules() -> dict[str, Path]:
    """The house's modules: the name under which each is imported, and its file."""
    top = ROOT / "notebooks"
    files = [(path, ROOT) for path in [ROOT / "problem_unittests.py", *(ROOT / "admin").rglob("*.py")]]
    files += [(path, top) for path in top.rglob("*.py") if ".ipynb_checkpoints" not in path.parts]
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for path, root in sorted(files)
    }


MODULES = modules()


def imports(name: str) -> Iterator[str]:
    """What a module imports, at its top or later, in a function."""
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} has a relative import; the house writes whole names"
            module = node.module or ""
            whole = [f"{module}.{each.name}" for each in node.names]
            yield from (each if each in MODULES else module for each in whole)


GRAPH = {name: {each for each in imports(name) if each in MODULES} - {name} for name in MODULES}


def layer(name: str) -> int | None:
    """The place of a module in LAYERS."""
    return next((place for place, top in enumerate(LAYERS) if f"{name}.".startswith(f"{top}.")), None)


def test_no_module_is_longer_than_one_reads_in_a_sitting():
    """Has every module at most 500 lines?"""
    files = [*MODULES.values(), *(ROOT / "tests").rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files}
    too_long = {
        name: length
        for name, length in lengths.items()
        if length > MAX_LINES and not name.startswith(AS_LONG_AS_NEED_BE)
    }
    assert not too_long


def test_no_imports_run_in_a_circle():
    """Can each module be read with what it imports and nothing else, lazy imports included?"""
    try:
        TopologicalSorter(GRAPH).prepare()
    except CycleError as error:
        pytest.fail(f"in a circle, each imported by the next: {', '.join(error.args[1])}", pytrace=False)


def test_imports_point_down():
    """Does nobody import from a package above: nobody a command, the sandbox nothing of grading?"""
    assert {name for name in MODULES if name != "admin" and layer(name) is None} == set()
    up = [
        f"{name} imports {other}"
        for name, others in GRAPH.items()
        for other in others
        if name != "admin" and other != "admin" and layer(name) > layer(other)
        if not name.startswith("admin.course.source.")  # the notebook: a student's imports
    ]
    assert not up


def test_a_module_has_one_name():
    """Does nobody import `notebooks.tools`, a second copy of the module that a notebook calls `tools`?"""
    files = [*MODULES.values(), *(ROOT / "tests").rglob("*.py")]
    second_names = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "notebooks")
        or (isinstance(node, ast.Import) and any(each.name.startswith("notebooks") for each in node.names))
    ]
    assert not second_names


# Imports the libraries first, since what these do is theirs. Then looks around before and after each module
# of the house; what one that it imports has changed is not its own doing.
LOOK_AROUND = """
import ast, json, logging, os, signal, sys, threading, warnings
from importlib import import_module
from importlib.machinery import SourceFileLoader

def state():
    return {
        "os.environ": dict(os.environ), "sys.path": list(sys.path), "the working folder": os.getcwd(),
        "warnings.filters": list(map(str, warnings.filters)), "sys.excepthook": str(sys.excepthook),
        "sys.stdout and stderr": [str(sys.stdout), str(sys.stderr)],
        "signals": [str(signal.getsignal(each)) for each in (signal.SIGINT, signal.SIGTERM)],
        "threads": threading.active_count(), "logging": str(logging.getLogger().handlers),
        "matplotlib.rcParams": str(sys.modules["matplotlib"].rcParams if "matplotlib" in sys.modules else ""),
    }

modules = json.loads(sys.stdin.read())
for name, file in modules.items():
    for node in ast.parse(open(file, encoding="utf-8").read()).body:
        wanted = [node.module] if isinstance(node, ast.ImportFrom) else [
            each.name for each in getattr(node, "names", [])] if isinstance(node, ast.Import) else []
        if any(each.split(".")[0] not in ("admin", "notebooks", "__future__")
               and each.split(".")[0] not in modules for each in wanted):
            exec(ast.unparse(node), {})

def run(loader, module, plain=SourceFileLoader.exec_module):
    if module.__name__ not in modules:
        return plain(loader, module)
    before, earlier = state(), len(found)
    plain(loader, module)
    of_others = {what for _, what in found[earlier:]}
    for what, now in state().items():
        if now != before[what] and what not in of_others:
            found.append((module.__name__, what))

found = []
SourceFileLoader.exec_module = run
print("ready")
for name in modules:
    import_module(name)
for name, what in found:
    print(name, "changes", what)
"""


def test_nothing_happens_on_import():
    """Does importing a module change nothing around it, and print nothing?

    The façade alone puts the folder of its package on the path, which is there already in this test.
    """
    wanted = {name: str(MODULES[name]) for name in MODULES if not name.startswith(NOT_IMPORTED)}
    run = subprocess.run(
        [sys.executable, "-c", LOOK_AROUND],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'notebooks'}", "MPLBACKEND": "agg"},
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.partition("ready\n")[2] == ""


def test_a_command_imports_nothing_that_takes_a_second_and_is_never_used() -> None:
    """Is jsonschema there, without what it would import for a format that no schema here has?"""
    command = [sys.executable, ROOT / "admin", "report", "--help"]
    told = {**os.environ, "PYTHONPROFILEIMPORTTIME": "1"}
    imported = subprocess.run(command, env=told, capture_output=True, text=True, check=True).stderr
    assert "jsonschema._format" in imported
    assert "rfc3987_syntax.syntax_helpers" not in imported
