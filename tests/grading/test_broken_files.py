"""Files that are no submission: every way in which one was ever broken, and the key of what is said of it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from admin.course.layout import NOTEBOOK, Course, CourseError
from admin.exchange.folder import fingerprint
from admin.grading.bounded import BoundedProcess
from admin.grading.findings import findings_file
from admin.grading.intake import take_in
from admin.grading.plan import read_state
from admin.grading.run import grade
from admin.grading.sentences import carried_by, kept, read_back
from admin.grading.submission import Broken, TakenIn, look, parsed
from admin.text import sentence_as_markdown
from checks.language import Sentence, say
from tests.needs import needs_sandbox

FILE = f"{NOTEBOOK}.ipynb"

# nbgrader fills its tables in an order that SQLAlchemy warns of
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

BROKEN = {
    "empty": (b"", "empty"),
    "web page": (b"<!DOCTYPE html><html><body>Please log in</body></html>", "web_page"),
    "half of utf-16": ('{"cells": []}'.encode("utf-16")[:-1], "not_text"),
    "latin-1": ('{"cells":\n "\xe9"}'.encode("latin-1"), "not_text"),
    "a zip": (b"PK\x03\x04\x14\0\0\0\xff", "not_text"),
    "not json": (b"My answer is 42", "not_json"),
    "a list": (b"[]", "other_json"),
    "null": (b"null", "other_json"),
    "no format": (b'{"cells": []}', "other_json"),
    "old format": (b'{"nbformat": 2, "nbformat_minor": 0, "metadata": {}, "worksheets": []}', "other_format"),
    "no cells": (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "damaged"),
    "cells of text": (
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": ["1 + 1"]}',
        "damaged",
    ),
    "format of tomorrow": (
        b'{"nbformat": 5, "nbformat_minor": 0, "metadata": {}, "cells": []}',
        "other_format",
    ),
    "another notebook": (
        b'{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": []}',
        "other_notebook",
    ),
    "deeply nested": (b"[" * 100_000, "nested"),
}

# Of some of them, what stands on the screen and on the student's page.
WORDS = {
    "web page": "is a web page (saved from the browser, or a log-in page). Ask for the .ipynb file itself.",
    "latin-1": f"line 2 of submitted/latin-1/convnet/{FILE} is not UTF-8 text. Ask for it again.",
    "not json": "cannot be read at line 1 (Expecting value). Ask for it again.",
    "old format": "has format 2, Jupyter writes 4. Ask for it saved by a current Jupyter.",
}


def hand_in(course: Course, student: str, content: bytes, name: str = FILE) -> Path:
    folder = course.submitted(student)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


@pytest.fixture(scope="module")
def bounded():
    with BoundedProcess() as process:
        yield process


def reason(bounded: BoundedProcess, course: Course, student: str) -> Sentence:
    """Why a submission cannot be graded."""
    broken = take_in(bounded, course, student).broken
    assert broken is not None
    return broken


def is_one_clear_sentence(sentence: str) -> bool:
    return "\n" not in sentence and "Error" not in sentence and "Ask for" in sentence


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named(course, bounded, kind):
    """Is the instructor told which file, what is wrong with it, and the way on?"""
    content, key = BROKEN[kind]
    hand_in(course, "p. lee", content)
    sentence = reason(bounded, course, "p. lee")
    assert sentence.key == f"submission.{key}"
    assert sentence.values["name"] == f"submitted/p. lee/convnet/{FILE}"
    assert is_one_clear_sentence(str(sentence))


@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_a_file_that_ends_in_the_middle(course, bounded, part):
    """An upload that broke off, wherever: is it said that the file ends, and in which line?"""
    whole = (course.release / FILE).read_text().rstrip()
    hand_in(course, "p. lee", whole[: int(len(whole) * part)].encode())
    sentence = reason(bounded, course, "p. lee")
    assert sentence.key == "submission.ends_in_the_middle"
    assert 0 < sentence.values["line"] <= whole.count("\n") + 1
    assert "ends in the middle (line " in str(sentence)


def test_a_file_may_end_anywhere():
    """In a word, a number, an escaped letter, between two values: is each cut named as such?"""
    cell = {"cell_type": "code", "metadata": {"editable": False, "deletable": True}, "execution_count": None}
    text = json.dumps(
        {"nbformat": -4.5, "cells": [{**cell, "outputs": [], "source": ["é \\ 1\n"]}]}, indent=1
    )
    for end in range(1, len(text) - 1):
        with pytest.raises(Broken) as raised:
            parsed(text[:end], "cut.ipynb")
        assert carried_by(raised.value).key == "submission.ends_in_the_middle"


def test_a_whole_file_is_not_named(course, bounded):
    """Is a good submission left alone, also one without cell ids, as Colab saves it?"""
    text = (course.release / FILE).read_text()
    hand_in(course, "amara", text.encode())
    assert take_in(bounded, course, "amara").broken is None
    notebook = json.loads(text) | {"nbformat_minor": 0}
    for cell in notebook["cells"]:
        del cell["id"]
    hand_in(course, "amara", json.dumps(notebook).encode())
    assert take_in(bounded, course, "amara").broken is None


def test_a_missing_file_and_what_may_be_meant(course, bounded):
    """Nothing at all, or two that might be meant: does the sentence say what is there?"""
    hand_in(course, "two", b"{}", name="first try.ipynb")
    hand_in(course, "two", b"{}", name="second try.ipynb")
    sentence = reason(bounded, course, "two")
    assert sentence.key == "submission.two_notebooks"
    assert (sentence.values["first"], sentence.values["second"]) == (
        "convnet/first try.ipynb",
        "convnet/second try.ipynb",
    )
    hand_in(course, "two", b"{}", name="third try.ipynb")
    assert "there are 3 others (convnet/first try.ipynb, convnet/second try.ipynb, …). Rename" in str(
        reason(bounded, course, "two")
    )
    (course.root / "submitted" / "nothing").mkdir()
    assert reason(bounded, course, "nothing").key == "submission.no_notebook"
    (course.submitted("folder") / FILE).mkdir(parents=True)
    assert reason(bounded, course, "folder").key == "submission.is_folder"


def test_too_much(course, bounded):
    """A data set handed in with the notebook, or endless output in it: a sentence, before memory is spent?"""
    hand_in(course, "p. lee", b"{}")
    with (course.submitted("p. lee") / "data.bin").open("wb") as file:
        file.truncate(300_000_000)
    sentence = reason(bounded, course, "p. lee")
    assert sentence.values["what"].key == "submission.many_bytes"
    assert "has 300 MB, more than 268. Ask for" in str(sentence)
    assert look(course, "p. lee", ["*.bin"]).broken is None
    with hand_in(course, "loud", b"").open("wb") as file:
        file.truncate(150_000_000)
    sentence = reason(bounded, course, "loud")
    assert sentence.key == "submission.too_large"
    assert "has 150 MB. Ask for it with its outputs cleared" in str(sentence)


# --- What can be understood -----------------------------------------------------------------------


def in_format_3(text: str) -> str:
    notebook = nbformat.reads(text, 4)
    for cell in notebook.cells:
        cell.pop("id")
    return nbformat.writes(nbformat.convert(notebook, 3), 3)


def without_metadata(text: str) -> str:
    content = json.loads(text)
    for cell in content["cells"]:
        if not cell["metadata"].get("nbgrader"):
            del cell["metadata"]
        cell.pop("outputs", None)
    return json.dumps(content)


MENDED = {
    "renamed": (lambda text: text.encode(), "convnet (1).ipynb", "taken from convnet/convnet (1).ipynb"),
    "deep": (lambda text: text.encode(), f"convnet/{FILE}", f"taken from convnet/convnet/{FILE}"),
    "above": (lambda text: text.encode(), f"../{FILE}", f"taken from {FILE}"),
    "byte order mark": (lambda text: text.encode("utf-8-sig"), FILE, "saved as UTF-8-SIG"),
    "utf-16 with mark": (lambda text: text.encode("utf-16"), FILE, "saved as UTF-16"),
    "utf-16 without mark": (lambda text: text.encode("utf-16-le"), FILE, "saved as UTF-16-LE"),
    "older": (lambda text: in_format_3(text).encode(), FILE, "format 3"),
    "half an emoji": (
        lambda text: text.replace("# YOUR CODE HERE", r"# YOUR CODE HERE \ud83d").encode(), FILE, "replaced"
    ),
    "no metadata": (lambda text: without_metadata(text).encode(), FILE, "missing parts of cells filled in"),
}  # fmt: skip


@pytest.mark.slow
@needs_sandbox
def test_what_can_be_understood_is_graded(course, one_right_answer):
    """Renamed, in the wrong folder, otherwise encoded, old: is the right answer worth its points?"""
    for student, (change, name, _) in MENDED.items():
        place = course.submitted(student) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(change(one_right_answer))
    before = fingerprint(course.root / "submitted")
    screen = io.StringIO()
    assert grade(course, console=Console(file=screen, width=300)) == 0, screen.getvalue()
    for student, (_, _, words) in MENDED.items():
        (line,) = [line for line in screen.getvalue().splitlines() if line.startswith(f"  {student} ")]
        assert words in line
        assert sum(course.points(student).values()) == 8, student
        graded = nbformat.read(course.autograded(student) / FILE, 4)
        assert any("YOUR CODE HERE" in cell.source for cell in graded.cells)
    assert fingerprint(course.root / "submitted") == before, "what was handed in stays as it was"
    again = io.StringIO()
    assert grade(course, console=Console(file=again, width=300)) == 0
    assert f"{len(MENDED)} unchanged, 0 to grade" in again.getvalue()


def test_links_are_not_followed(course, bounded):
    """A link to the solutions, or to somebody's file: does nothing of it reach the grader?"""
    course.submitted("eve").mkdir(parents=True)
    (course.submitted("eve") / FILE).symlink_to("/etc/passwd")
    sentence = reason(bounded, course, "eve")
    assert sentence.key == "submission.a_link"
    assert "root:" not in str(sentence)


def test_a_time_that_is_none(course, bounded):
    """A time stamp that was edited: a sentence instead of nbgrader's AttributeError?"""
    hand_in(course, "eve", (course.release / FILE).read_bytes())
    hand_in(course, "eve", b"yesterday, I swear", name="timestamp.txt")
    sentence = reason(bounded, course, "eve")
    assert sentence.key == "submission.no_time"
    assert sentence.values["name"] == "submitted/eve/convnet/timestamp.txt"


def test_a_name_that_nbgrader_takes_for_a_pattern(course, bounded):
    """Would 'b[1]' silently be graded as somebody else?"""
    hand_in(course, "b[1]", b"{}")
    sentence = reason(bounded, course, "b[1]")
    assert sentence.key == "submission.unfindable"
    assert "rename submitted/b[1]," in str(sentence)


def test_no_name_of_a_student_reaches_a_note_or_a_terminal_as_it_was(course):
    """An escape sequence in a file's name: printable in the sentence's values, in all that is kept, shown?"""
    hand_in(course, "eve", b"{}", name="one\x1b[2K.ipynb")
    hand_in(course, "eve", b"{}", name="two\x07\u202e.ipynb")
    screen = io.StringIO()
    assert grade(course, ["eve"], console=Console(file=screen, width=300)) == 0
    note = read_state(course, "eve")["broken"]
    assert note == json.loads(findings_file(course.root, "eve").read_text())["broken"]
    assert note["key"] == "submission.two_notebooks"
    assert (note["values"]["first"], note["values"]["second"]) == (
        "convnet/one.ipynb",
        "convnet/two\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}.ipynb",
    )
    kept = [path.read_text() for path in (course.root / "grading").glob("eve.*")]
    for text in (screen.getvalue(), (course.autograded("eve") / FILE).read_text(), *kept):
        assert not set("\x1b\x07\u202e") & set(text)


def test_what_a_taken_over_process_answers_is_made_printable():
    """Were the process that reads taken over: are texts made printable, unknown keys refused?"""
    inner = {
        "key": "submission.deep_folders",
        "values": {"bound": ["\x07", {"key": "no.words", "values": {}}]},
    }
    sentence = {"key": "submission.too_much", "values": {"name": "a\x1b[2Kb", "what": inner}}
    reply = {"fingerprint": "", "repaired": [sentence], "broken": sentence}
    with pytest.raises(KeyError):
        TakenIn.received(reply)
    inner["values"]["bound"].pop()
    taken = TakenIn.received(reply)
    for each in (taken.broken, *taken.repaired):
        assert each.values["name"] == "ab"
        assert each.values["what"].values["bound"] == ["\N{REPLACEMENT CHARACTER}"]


def test_a_note_that_holds_no_sentence_reminds_of_nothing():
    """A note of an older version, or one that was edited: is it passed over instead of stumbled on?"""
    sentence = say("submission.too_much", name="a", what=say("submission.many_entries", bound=3))
    assert read_back(json.loads(json.dumps(kept(sentence)))) == sentence
    for other in (
        "not a notebook",
        None,
        3,
        [],
        {},
        {"key": "no.words", "values": {}},
        {"key": "x", "values": 1},
    ):
        assert read_back(other) is None


def test_a_class_of_broken_files_is_dealt_with(course, monkeypatch):
    """Does each get a row with 0 in the gradebook and a page that says why, and the batch its good end?"""
    for kind, (content, _) in BROKEN.items():
        hand_in(course, kind, content)
    monkeypatch.chdir(course.root)
    screen = io.StringIO()
    assert grade(course, console=Console(file=screen, width=300)) == 0
    for kind, (_, key) in BROKEN.items():
        assert sum(course.points(kind).values()) == 0
        assert read_state(course, kind)["broken"]["key"] == f"submission.{key}"
        words = str(read_back(read_state(course, kind)["broken"]))
        assert WORDS.get(kind, "Ask for") in words
        page = nbformat.read(course.autograded(kind) / FILE, 4)
        assert sentence_as_markdown(words[:1].upper() + words[1:]) == page.cells[1].source
        assert f"  {kind:<{max(map(len, BROKEN))}}  {words}" in screen.getvalue().splitlines()
    assert "Traceback" not in screen.getvalue()

    again = io.StringIO()
    assert grade(course, console=Console(file=again, width=300)) == 0
    assert f"{len(BROKEN)} unchanged, 0 to grade" in again.getvalue()
    assert "is a web page" in again.getvalue(), "who has to be asked again is said every time"


def test_a_gradebook_that_something_else_works_on(course):
    """Locked by another program: one sentence that says so, and what to do?"""
    hand_in(course, "amara", b"{}")
    with contextlib.closing(sqlite3.connect(course.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CourseError, match=r"locked.*run the same command again"):
            grade(course, console=Console(file=io.StringIO()))
    assert grade(course, console=Console(file=io.StringIO())) == 0
    assert sum(course.points("amara").values()) == 0


def test_a_file_that_may_not_be_read(course, bounded):
    """Wrong permissions: a sentence as well?"""
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    hand_in(course, "p. lee", b"{}").chmod(0)
    assert "Look at its permissions" in reason(bounded, course, "p. lee")
