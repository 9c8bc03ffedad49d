"""An answer judged as at home: the notebook's cells in this process, and its own check."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest
from IPython.core.interactiveshell import InteractiveShell

import tools
from checks import stopped_cells
from checks.asking import grade_answer
from checks.task import Finding
from tools import fitting


def findings_at_home(
    before: Sequence[str], answers: Sequence[Sequence[tuple[str, str]]], task: str
) -> list[list[Finding]]:
    """What a task's check finds of each answer, by the public cases.

    `before` are the cells that come first; an answer is some cells, each with its name. The data are the
    shipped ones, and training is bounded as in grading, but done here.
    """
    with pytest.MonkeyPatch.context() as patch, redirect_stderr(io.StringIO()):
        patch.setenv("NBGRADER_EXECUTION", "home")
        patch.chdir(Path(tools.__file__).parents[1])
        matplotlib.use("agg")
        shell = InteractiveShell.instance()
        shell.reset(new_session=False)
        stopped_cells.watch()
        try:
            run(shell, [("", source) for source in before])
            return [found(shell, cells, task) for cells in answers]
        finally:
            fitting.unbound_training()


def run(shell: InteractiveShell, cells: Sequence[tuple[str, str]]) -> None:
    for name, source in cells:
        with redirect_stdout(io.StringIO()):
            shell.run_cell(source, cell_id=name)


def found(shell: InteractiveShell, cells: Sequence[tuple[str, str]], task: str) -> list[Finding]:
    run(shell, cells)
    with redirect_stdout(io.StringIO()):
        findings = grade_answer(task, shell.user_ns)
    plt.close("all")
    return stopped_cells.with_the_error(task, findings, stopped_cells.stopped_cell(task))
