"""The policies name nbgrader's own scripts by their hashes: are they those of the installed nbgrader?"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import nbgrader

from admin.course.layout import REPOSITORY
from admin.pages import policy

FORMGRADER = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader"
MACROS = (FORMGRADER / "templates" / "formgrade" / "formgrade_macros.html.j2").read_text()


def sha(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_every_handler_of_nbgraders_pages_is_allowed_and_no_other():
    """Does each click in formgrader still work, after an update of nbgrader?"""
    found = set()
    for file in (*FORMGRADER.glob("templates/**/*"), *FORMGRADER.glob("static/js/*.js")):
        if file.is_file():
            found |= set(re.findall(r"\bon[a-z]+ ?= ?[\"']([^\"']*)[\"']", file.read_text(), re.IGNORECASE))
    assert found - {"x"} == set(policy.HANDLERS)


def test_a_graded_page_allows_the_script_of_its_bar_and_two_clicks():
    """Are the three hashes in our template those of nbgrader's macro that follows it?"""
    template = (REPOSITORY / "admin" / "pages" / "templates" / "formgrade" / "mathjax.html.j2").read_text()
    bar = MACROS[MACROS.index("macro nav") :]
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", bar, re.DOTALL)
    expected = {sha(script) for script in (*scripts, *re.findall(r'onclick="([^"]*)"', bar))}
    assert set(re.findall(r"'sha256-[^']*'", template)) == expected
    assert len(expected) == 3


def test_only_files_of_a_submission_are_sandboxed():
    """Which of formgrader's addresses serve what a student handed in?"""
    for path in ("x.html", "figures/a.svg", "nextone", "prev/x"):
        assert policy.OF_A_STUDENT.match(f"/user/a/formgrader/submissions/0f3/{path}")
    for path in ("", "next", "prev/", "next_incorrect", "prev_incorrect/"):
        assert not policy.OF_A_STUDENT.match(f"/user/a/formgrader/submissions/0f3/{path}")
    assert not policy.OF_A_STUDENT.match("/formgrader/submissions/0f3")
    assert not policy.OF_A_STUDENT.match("/formgrader/gradebook/convnet/x.html")
