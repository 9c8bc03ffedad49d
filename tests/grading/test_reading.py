"""What stands on the screen while `nbgrader autograde` reads what students copied."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from admin.course.layout import NOTEBOOK, REPOSITORY


@pytest.mark.slow
def test_copied_cells_make_no_noise(course):
    """A copied cell, and one without an id: are they graded without a warning of nbformat's?"""
    notebook = json.loads((course.release / f"{NOTEBOOK}.ipynb").read_text())
    notebook["cells"] = [*notebook["cells"][:4], notebook["cells"][2]]
    del notebook["cells"][0]["id"]
    course.submitted("copy").mkdir(parents=True)
    (course.submitted("copy") / f"{NOTEBOOK}.ipynb").write_text(json.dumps(notebook))
    command = [
        sys.executable,
        "-m",
        "admin",
        "nbgrader",
        "--course",
        str(course.root),
        "autograde",
        "convnet",
    ]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if "CellId" in line or "MissingID" in line]
