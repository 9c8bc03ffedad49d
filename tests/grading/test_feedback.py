"""A page of feedback: complete without a file beside it, a network or a script."""

from __future__ import annotations

import io
import re
import shutil

import pytest
from bs4 import BeautifulSoup
from rich.console import Console

from admin.commands.demo import write_feedback
from admin.course.layout import NOTEBOOK
from admin.grading.run import grade


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_pictures_of_the_text_are_inside_the_page_and_ours(course):
    """Does a student see them who handed in the notebook alone, or a file of the same name?"""
    for student in ("alone", "beside"):
        course.submitted(student).mkdir(parents=True)
        shutil.copy(course.release / f"{NOTEBOOK}.ipynb", course.submitted(student))
    fake = course.submitted("beside") / "figures" / "digit.webp"
    fake.parent.mkdir()
    fake.write_bytes(b"not a picture")
    assert grade(course, console=Console(file=io.StringIO())) == 0
    write_feedback(course)
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
