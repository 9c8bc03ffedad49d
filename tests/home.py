"""An answer judged as at home: the notebook's cells in this process, and its own check."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import matplotlib
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode

import tools
from admin.course.cells import grade_id
from checks import stopped_cells
from checks.asking import grade_answer
from checks.task import Finding
from tools import fitting


def findings_at_home(notebook: NotebookNode, task: str) -> list[Finding]:
    """What the check finds that a notebook ends with, by the public cases.

    The data are the shipped ones, and training is bounded as in grading, but done here.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBGRADER_EXECUTION", "home")
        patch.chdir(Path(tools.__file__).parents[1])
        matplotlib.use("agg")
        shell = InteractiveShell.instance()
        shell.reset(new_session=False)
        stopped_cells.watch()
        try:
            for cell in notebook.cells[:-1]:
                if cell.cell_type == "code":
                    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                        shell.run_cell(cell.source, cell_id=grade_id(cell))
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                findings = grade_answer(task, shell.user_ns)
        finally:
            fitting.unbound_training()
            matplotlib.pyplot.close("all")
        return stopped_cells.with_the_error(task, findings, stopped_cells.stopped_cell(task))
