"""What a student's code prints or shows while it is checked: do the findings stay in sight?"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import matplotlib
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

import problem_unittests as tests
from checks.held_back import held_back
from checks.report import Points

matplotlib.use("agg")
import matplotlib.pyplot as plt


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """An IPython of the test's own, in which `display` shows things."""
    made = InteractiveShell()
    for place in ("IPython.get_ipython", "IPython.core.getipython.get_ipython"):
        monkeypatch.setattr(place, lambda: made)
    monkeypatch.setattr(InteractiveShell, "_instance", made)
    yield made
    plt.close("all")


def loud(images: np.ndarray) -> np.ndarray:
    """A right answer that prints, warns, shows and draws."""
    from IPython.display import display

    print("the pictures:", images)
    warnings.warn("slowly", stacklevel=1)
    display({"text/plain": "a table of theirs"}, raw=True)
    plt.figure()
    return np.asarray(images / 255)


def test_what_a_function_prints_does_not_bury_the_findings(
    shell: InteractiveShell, capfd: pytest.CaptureFixture[str]
) -> None:
    """Prints, warnings, tables and figures: are only the findings left, and a line that says so?"""
    assert tests.test_normalize_images(loud) == 8
    out, err = capfd.readouterr()
    first, *others = out.splitlines()
    assert first == "normalise_images: 8 of 8 points"
    assert [line[2] for line in others if line[2] != " "] == ["✓"] * 5 + ["→"]
    assert "left out here" in out
    assert "theirs" not in out
    assert err == ""
    assert plt.get_fignums() == []


def test_a_quiet_function_has_no_remark(capsys: pytest.CaptureFixture[str]) -> None:
    assert tests.test_normalize_images(lambda images: images / 255) == 8
    assert "→" not in capsys.readouterr().out


def test_figures_from_before_stay() -> None:
    """Is only what was drawn within closed?"""
    before = plt.figure().number
    with held_back() as was_shown:
        plt.figure()
    assert plt.get_fignums() == [before]
    assert not was_shown()
    plt.close("all")


@pytest.mark.parametrize(("points", "text"), [(8, "8"), (0, "0"), (4.5, "4.5")])
def test_points_are_a_number_that_a_notebook_does_not_show(
    points: float, text: str, shell: InteractiveShell
) -> None:
    """Does nbgrader find the number in the result, and a reader an empty line in its place?"""
    result: Any = Points(points)
    shown, _ = shell.display_formatter.format(result)  # type: ignore[union-attr]
    assert (result, shown["text/plain"]) == (points, text)
    assert "<span" in shown["text/html"]
    assert text not in shown["text/html"].replace("</", "")
