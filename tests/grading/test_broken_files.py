"""Files that are no submission: every way in which one was ever broken, and the sentence that names it."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from rich.console import Console

from admin.course import NOTEBOOK, Course
from admin.grade import grade
from admin.submission import what_is_wrong

FILE = f"{NOTEBOOK}.ipynb"
GRADE_IDS = {"one_hot", "check_one_hot"}

# nbgrader fills its tables in an order that SQLAlchemy warns of
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

BROKEN = {
    "empty": (b"", "is empty"),
    "web page": (b"<!DOCTYPE html><html><body>Please log in</body></html>", "is a web page"),
    "utf-16": ('{"cells": []}'.encode("utf-16"), "in another encoding"),
    "byte order mark": (b"\xef\xbb\xbf{}", "in another encoding"),
    "latin-1": ('{"cells":\n "\xe9"}'.encode("latin-1"), "line 2"),
    "a zip": (b"PK\x03\x04\x14\0\0\0", "in another encoding"),
    "not json": (b"My answer is 42", "cannot be read at line 1"),
    "a list": (b"[]", "not of a notebook"),
    "null": (b"null", "not of a notebook"),
    "no format": (b'{"cells": []}', "not of a notebook"),
    "old format": (b'{"nbformat": 2, "nbformat_minor": 0, "metadata": {}, "worksheets": []}', "format 2"),
    "no cells": (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "is damaged"),
    "cells of text": (
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": ["1 + 1"]}',
        "is damaged",
    ),
    "half an emoji": (
        rb'{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells":'
        rb' [{"cell_type": "raw", "metadata": {}, "source": "\ud83d"}]}',
        "half an emoji",
    ),
    "another notebook": (
        b'{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": []}',
        "none of the assignment's cells",
    ),
    "deeply nested": (b"[" * 100_000, "nested too deeply"),
}


def hand_in(course: Course, student: str, content: bytes, name: str = FILE) -> Path:
    folder = course.submitted(student)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def is_one_clear_sentence(sentence: str) -> bool:
    return "\n" not in sentence and "Error" not in sentence and "Ask for" in sentence


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named(tmp_path, kind):
    """Is the instructor told which file, what is wrong with it, and the way on?"""
    content, words = BROKEN[kind]
    course = Course.at(tmp_path)
    hand_in(course, "p. lee", content)
    sentence = what_is_wrong(course, "p. lee", GRADE_IDS)
    assert words in sentence
    assert f"submitted/p. lee/convnet/{FILE}" in sentence
    assert is_one_clear_sentence(sentence)


@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_a_file_that_ends_in_the_middle(built, tmp_path, part):
    """An upload that broke off, wherever: is it said that the file ends, and in which line?"""
    whole = (built.release / FILE).read_text().rstrip()
    course = Course.at(tmp_path)
    hand_in(course, "p. lee", whole[: int(len(whole) * part)].encode())
    assert "ends in the middle (line " in what_is_wrong(course, "p. lee", GRADE_IDS)


def test_a_whole_file_is_not_named(built, tmp_path):
    """Is a good submission left alone, also one without cell ids, as Colab saves it?"""
    course = Course.at(tmp_path)
    text = (built.release / FILE).read_text()
    hand_in(course, "amara", text.encode())
    assert what_is_wrong(course, "amara", GRADE_IDS) == ""
    notebook = json.loads(text) | {"nbformat_minor": 0}
    for cell in notebook["cells"]:
        del cell["id"]
    hand_in(course, "amara", json.dumps(notebook).encode())
    assert what_is_wrong(course, "amara", GRADE_IDS) == ""


def test_a_missing_file_and_what_may_be_meant(tmp_path):
    """Renamed by the browser, one folder too deep, nothing at all: does the sentence say what is there?"""
    course = Course.at(tmp_path)
    hand_in(course, "renamed", b"{}", name=f"{NOTEBOOK} (1).ipynb")
    assert f"but there is {NOTEBOOK} (1).ipynb" in what_is_wrong(course, "renamed", GRADE_IDS)
    (course.root / "submitted" / "deep" / "convnet").mkdir(parents=True)
    (course.submitted("deep") / "convnet").mkdir()
    (course.submitted("deep") / "convnet" / FILE).write_text("{}")
    assert f"but there is convnet/{FILE}" in what_is_wrong(course, "deep", GRADE_IDS)
    (course.root / "submitted" / "nothing").mkdir()
    assert "has no folder convnet. Ask for it." in what_is_wrong(course, "nothing", GRADE_IDS)


def test_links_are_not_followed(tmp_path):
    """A link to the solutions, or to somebody's file: does nothing of it reach the grader?"""
    course = Course.at(tmp_path)
    course.submitted("eve").mkdir(parents=True)
    (course.submitted("eve") / FILE).symlink_to("/etc/passwd")
    sentence = what_is_wrong(course, "eve", GRADE_IDS)
    assert "points elsewhere" in sentence
    assert "root:" not in sentence


def test_a_time_that_is_none(built, tmp_path):
    """A time stamp that was edited: a sentence instead of nbgrader's AttributeError?"""
    course = Course.at(tmp_path)
    hand_in(course, "eve", (built.release / FILE).read_bytes())
    hand_in(course, "eve", b"yesterday, I swear", name="timestamp.txt")
    assert "timestamp.txt is not a date" in what_is_wrong(course, "eve", GRADE_IDS)


def test_a_name_that_nbgrader_takes_for_a_pattern(tmp_path):
    """Would 'b[1]' silently be graded as somebody else?"""
    course = Course.at(tmp_path)
    hand_in(course, "b[1]", b"{}")
    assert "rename submitted/b[1]" in what_is_wrong(course, "b[1]", GRADE_IDS)


def test_a_class_of_broken_files_is_dealt_with(course, monkeypatch):
    """Does each get a row with 0 in the gradebook and a page that says why, and the batch its good end?"""
    for kind, (content, _) in BROKEN.items():
        hand_in(course, kind, content)
    monkeypatch.chdir(course.root)
    screen = io.StringIO()
    assert grade(course, console=Console(file=screen, width=300)) == 0
    for kind, (_, words) in BROKEN.items():
        assert sum(course.points(kind).values()) == 0
        assert words in (course.autograded(kind) / FILE).read_text()
        assert words in next(line for line in screen.getvalue().splitlines() if line.startswith(f"  {kind} "))
    assert "Traceback" not in screen.getvalue()

    again = io.StringIO()
    assert grade(course, console=Console(file=again, width=300)) == 0
    assert f"{len(BROKEN)} unchanged, 0 to grade" in again.getvalue()
    assert "is a web page" in again.getvalue(), "who has to be asked again is said every time"


def test_a_file_that_may_not_be_read(tmp_path):
    """Wrong permissions: a sentence as well?"""
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    course = Course.at(tmp_path)
    hand_in(course, "p. lee", b"{}").chmod(0)
    assert "Look at its permissions" in what_is_wrong(course, "p. lee", GRADE_IDS)
