"""A page of feedback, without the files that were beside the notebook."""

from __future__ import annotations

import io
import re
import shutil

import pytest
from rich.console import Console

from admin.course import NOTEBOOK
from admin.demo import write_feedback
from admin.grade import grade


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
