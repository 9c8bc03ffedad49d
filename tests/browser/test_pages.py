"""Both notebooks as a learner meets them: opened, run and answered in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import pages

if TYPE_CHECKING:
    from playwright.sync_api import Page

Open = Callable[[str, str], "Page"]

WRONG = "def normalise_images(images):\n    return images / images.max()"
RIGHT = "def normalise_images(images):\n    return images / 255"


@pytest.mark.slow
def test_the_first_task_in_jupyterlab(open_notebook: Open, console, tmp_path: Path) -> None:
    """Do the first pictures come, is a wrong answer told what it did, and does the right one get its points?"""
    page = open_notebook("student.ipynb", "lab")
    for cell in ("set_up", "arrow = np.array(", "tools.load_sample("):
        shown = pages.run(page, cell)
    assert "shape: (32, 32, 3)" in pages.said(shown)
    arrow = pages.find_cell(page, "arrow = np.array(")
    assert pages.count_pictures(arrow) == 1
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
    pages.photograph(page, "lab-right-answer", tmp_path)

    assert pages.complaints(page) == []
    assert pages.broken_pictures(page) == []
    assert (console.errors, console.elsewhere) == ([], [])
