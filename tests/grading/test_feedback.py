"""A page of feedback: complete without a file beside it, a network or a script."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from rich.console import Console

from admin.commands.demo import write_feedback
from admin.course.layout import NOTEBOOK, Course
from admin.grading.findings import write_findings
from admin.grading.run import grade
from checks.language import say
from checks.task import wrong

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_pictures_of_the_text_are_inside_the_page_and_ours(course):
    """Does a student see them who handed in the notebook alone, or a file of the same name?"""
    for student in ("alone", "beside"):
        course.submitted(student).mkdir(parents=True)
        shutil.copy(course.release / f"{NOTEBOOK}.ipynb", course.submitted(student))
    write_answer(course.submitted("beside") / f"{NOTEBOOK}.ipynb", "discussion", "Pooling loses places.")
    fake = course.submitted("beside") / "figures" / "digit.webp"
    fake.parent.mkdir()
    fake.write_bytes(b"not a picture")
    assert grade(course, console=Console(file=io.StringIO())) == 0
    said = say("any.stopped", task="one_hot", error=HOSTILE)
    write_findings(course.root, "beside", {"one_hot": [wrong("one_hot.what_binary", 10, said)]})
    write_feedback(course)
    alone, beside = (table_of(course, student) for student in ("alone", "beside"))
    assert [len(alone), len(beside)] == [12, 12]
    assert alone[3][:2] == ["Task 4: net_1, with pooling", "0 / 14"]
    assert alone[3][2] == "`net_1` gives back None."
    assert alone[11] == ["Task 12: think about it", "0 / 10", "Nothing was written here.", "answer"]
    assert beside[11] == ["Task 12: think about it", "not graded yet", "", "answer"]
    assert HOSTILE in beside[2][2]
    for student in ("alone", "beside"):
        page = (course.feedback(student) / f"{NOTEBOOK}.html").read_text()
        sources = re.findall(r'<img[^>]*\bsrc="([^"]{40})', page)
        assert len(sources) >= len(list((course.release / "figures").iterdir()))
        assert all(
            source.startswith(("data:image/webp;base64,UklGR", "data:image/png;")) for source in sources
        )
        for line in ("<script", "cdnjs", "$$p_k"):
            assert line not in page
        assert "Content-Security-Policy" in page
        assert "<math " in page
        checks = BeautifulSoup(page, "html.parser").select("[id^=check-]")
        assert len(checks) == 11
        # The points stand in the words, and not once more below them, as the number that nbgrader reads.
        assert not any(re.search(r"\n\s*[\d.]+\s*$", check.get_text()) for check in checks)


def write_answer(path: Path, grade_id: str, answer: str) -> None:
    """Put a student's answer into a cell of a notebook."""
    notebook = nbformat.read(path, 4)
    (cell,) = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id]
    cell.source = answer
    nbformat.write(notebook, path)


def table_of(course: Course, student: str) -> list[list[str]]:
    """The rows of the table as they are read; each link leads to a place of the page."""
    page = BeautifulSoup((course.feedback(student) / f"{NOTEBOOK}.html").read_text(), "html.parser")
    table = page.select_one("table.tasks")
    assert table is not None
    assert not table.find_all(["img", "script"])
    ids = {element["id"] for element in page.find_all(id=True)}
    assert {str(link["href"])[1:] for link in table.find_all("a")} <= ids
    return [
        [" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"])]
        for row in table.select("tbody tr")
    ]


def test_names_of_files_are_text_in_the_feedback_of_a_refused_submission(course):
    """Two notebooks under wrong names that are HTML and markdown: are they shown letter by letter?"""
    course.submitted("mallory").mkdir(parents=True)
    names = ("1<img src=x onerror=alert(1)>.ipynb", "2 $\\href{javascript:alert(1)}{x}$ **90 of 90**.ipynb")
    for name in names:
        shutil.copy(course.release / f"{NOTEBOOK}.ipynb", course.submitted("mallory") / name)
    assert grade(course, console=Console(file=io.StringIO())) == 0
    write_feedback(course)
    page = BeautifulSoup((course.feedback("mallory") / f"{NOTEBOOK}.html").read_text(), "html.parser")
    assert all(name in page.text for name in names)
    assert not page.find_all(["img", "script", "math", "strong", "em"])
