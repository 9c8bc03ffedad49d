"""The notebooks as a learner meets them: opened, run and answered in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from tests.browser import pages

if TYPE_CHECKING:
    from playwright.sync_api import Page

WRONG = "def normalise_images(images):\n    return images / images.max()"
RIGHT = "def normalise_images(images):\n    return images / 255"


@pytest.mark.slow
def test_the_first_task_in_jupyterlab(
    open_notebook: Callable[[str, str], Page], console: Any, tmp_path: Path
) -> None:
    """Do pictures come, is a wrong answer told what it did, and does the right one get its points?"""
    page = open_notebook("student.ipynb", "lab")
    for cell in ("set_up", "arrow = np.array(", "tools.load_sample("):
        shown = pages.run(page, cell)
    assert "shape: (32, 32, 3)" in pages.said(shown)
    assert pages.find_cell(page, "arrow = np.array(").locator("img").count() == 1
    pages.photograph(page, "lab-first-pictures", tmp_path)

    pages.run(page, "normalise_images")
    empty = pages.run(page, "check_normalise_images")
    assert "0 of 8 points" in pages.said(empty)

    pages.write(page, "normalise_images", WRONG)
    pages.run(page, "normalise_images")
    told = pages.run(page, "check_normalise_images")
    assert "divide by the brightest pixel" in pages.said(told)
    pages.photograph(told, "lab-wrong-answer", tmp_path)

    pages.write(page, "normalise_images", RIGHT)
    pages.run(page, "normalise_images")
    right = pages.run(page, "check_normalise_images")
    assert "8 of 8 points" in pages.said(right)
    # The points are said, and are no number of their own below.
    assert right.locator(".jp-OutputArea-child").count() == 2
    assert right.locator(".jp-OutputArea-child:visible").count() == 1
    pages.photograph(page, "lab-right-answer", tmp_path)

    assert pages.complaints(page) == []
    assert pages.broken_pictures(page) == []
    assert (console.errors, console.elsewhere) == ([], [])


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_the_solution_runs_through_in_notebook_7(solved: Any, tmp_path: Path) -> None:
    """From top to bottom: no error, all points, all pictures, a quiet console, no other machine asked?"""
    page, console = solved.page, solved.console
    pages.photograph_all(page, "notebook-solution", tmp_path)
    assert pages.complaints(page) == []
    assert pages.broken_pictures(page) == []
    assert (console.errors, console.elsewhere) == ([], [])
    points = {
        cell.metadata.nbgrader.grade_id: (cell.outputs[-1].data["text/plain"], cell.metadata.nbgrader.points)
        for cell in nbformat.read(solved.file, as_version=4).cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
    }
    lost = {name: got for name, (got, worth) in points.items() if float(got) != worth}
    # The notebook trains for fewer epochs here than the last task asks for, and the check notices.
    assert lost == {"check_cifar_training": "8"}
