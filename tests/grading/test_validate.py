"""`nbgrader validate` with our configuration: at home as ever, and not on what was handed in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from admin.course.layout import REPOSITORY, Course


def validate(course: Course, notebook: Path, *how: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "admin", "nbgrader", "--course", str(course.root), "validate"]
    return subprocess.run(
        [*command, *how, str(notebook)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def notebook_in(folder: Path) -> Path:
    """A notebook whose cell, and a file beside it whose import, leave a trace."""
    folder.mkdir(parents=True, exist_ok=True)
    code = "import pathlib; pathlib.Path('ran').touch()"
    (folder / "ipykernel_launcher.py").write_text(code)  # what Python would run on the way to a kernel there
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(code)]), folder / "a.ipynb")
    return folder / "a.ipynb"


@pytest.mark.parametrize(
    "place", ["submitted/mira/convnet", "autograded/mira/convnet", "submitted/mira/convnet/x"]
)
def test_what_was_handed_in_is_not_run(course, place):
    """Is it refused in a sentence that names the way to do it, before anything of the student's runs?"""
    notebook = notebook_in(course.root / place)
    done = validate(course, notebook)
    assert done.returncode == 1
    assert "To run it safely: python3 -m admin grade --student mira" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (notebook.parent / "ran").exists()


def test_a_notebook_elsewhere_is_validated(course, tmp_path):
    """A student's own folder, even one called submitted: does validating run it?"""
    notebook = notebook_in(tmp_path / "submitted")
    (notebook.parent / "ipykernel_launcher.py").unlink()
    done = validate(course, notebook)
    assert "Success!" in done.stdout
    assert (notebook.parent / "ran").exists()
