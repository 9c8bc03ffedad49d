"""Grading by hand: the rubric's file, what is written into the gradebook and when not, answers made HTML."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nbconvert.exporters import NotebookExporter
from nbformat import v4
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveAutoGrades

from admin.by_hand import grades
from admin.by_hand.answers import answer_in
from admin.by_hand.grades import NotWritten, Question, Standing
from admin.by_hand.rubric import rubric_of
from admin.course import settings
from admin.course.layout import COURSE_ID, Course, CourseError, quiet
from admin.course.settings import RUBRIC
from admin.grading import read_by_hand
from admin.grading.execute import RunResult, SaveFindings
from admin.grading.read_by_hand import digest
from admin.grading.run import waiting
from checks.task import DISCUSSION
from tests.unit import desk

QUESTIONS = [DISCUSSION.name]
QUESTION = Question(DISCUSSION.name, 10.0, is_task=False)
GOOD = '[[discussion]]\npoints = 2\ntext = "numbers"\n'

# ------------------------------------------------------------------------------------------------ the rubric

WRONG = {
    "no TOML": ("[[discussion]]\npoints = = 2", 2, "is not TOML"),
    "open text": ('[[discussion]]\n\ntext = "and so on', 3, "is not TOML"),
    "a table": ("\n[discussion]\npoints = 2", 2, "a list of items"),
    "a number": ("discussion = 3", 1, "a list of items"),
    "a list of numbers": ("\ndiscussion = [\n1,\n2]", 4, "an item is a table"),
    "no text": (GOOD + "[[discussion]]\npoints = 1\n", 4, "no line with its text"),
    "no points": (GOOD + '[[discussion]]\ntext = "a"\n', 4, "no line with its points"),
    "points as text": ('[[discussion]]\ntext = "a"\npoints = "1"', 3, "not '1'"),
    "truth": ('[[discussion]]\npoints = true\ntext = "a"', 2, "not True"),
    "infinite": ('# ours\n[[discussion]]\npoints = inf\ntext = "a"', 3, "not inf"),
    "empty": ('[[discussion]]\npoints = 1\ntext = " "', 3, "text is one line"),
    "two lines": ('[[discussion]]\npoints = 1\ntext = """a\nb"""', 4, "text is one line"),
    "hostile": ('[[discussion]]\npoints = 1\ntext = "\\u001b[31m"', 3, "text is one line"),
    "a slip": ('[[discussion]]\npoints = 1\ntextt = "a"', 3, "no 'textt' in an item"),
    "twice": (GOOD + GOOD, 6, "same points and text"),
    "no such question": (GOOD + GOOD.replace("cuss", "cus"), 4, "'discusion'; there is discussion"),
    "no UTF-8": (GOOD + "# \udcff", 4, "is not TOML"),
    "too many": ("".join(GOOD.replace("numbers", str(n)) for n in range(41)), 121, "40 items at most"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_in_the_rubric_is_one_sentence_with_file_and_line(case: str, tmp_path: Path) -> None:
    text, line, words = WRONG[case]
    (tmp_path / RUBRIC).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(CourseError) as caught:
        rubric_of(Course(tmp_path), DISCUSSION.name, QUESTIONS)
    said = str(caught.value)
    assert words in said
    assert RUBRIC in said
    assert re.search(rf"\bline {line}\b", said)
    assert not re.search(r"[\n\x1b]", said)


def test_a_course_without_a_rubric_of_its_own_has_the_one_that_is_shipped(tmp_path: Path) -> None:
    """Do its items make all points of the question, and is it what `build` puts into a course?"""
    course = Course(tmp_path)
    items = rubric_of(course, DISCUSSION.name, ["another"])
    assert sum(item.points for item in items) == DISCUSSION.points
    settings.put(course)
    assert (tmp_path / RUBRIC).read_bytes() == settings.shipped(RUBRIC).read_bytes()
    assert rubric_of(course, DISCUSSION.name, QUESTIONS) == items
    (tmp_path / RUBRIC).write_text("", encoding="utf-8")
    settings.put(course)
    assert rubric_of(course, DISCUSSION.name, QUESTIONS) == ()


# --------------------------------------------------------------------------------------------- the gradebook


@pytest.fixture
def gradebook(tmp_path: Path) -> Iterator[Gradebook]:
    """Two of one question are still to be graded; a third has points. It does not wait long for others."""
    students = [replace(student, read=None) for student in desk.CLASS[:2]]
    course = desk.make(tmp_path, (*students, desk.CLASS[3]))
    with Gradebook(f"sqlite:///{course.database}?timeout=0.1", COURSE_ID) as opened:
        yield opened


def version(standing: Standing) -> str:
    return standing.version("the text")


def now(gradebook: Gradebook) -> dict[str, Standing]:
    return {each.student: each for each in grades.standings(gradebook, QUESTION.name)}


def write(gradebook: Gradebook, seen: list[Standing], change: Mapping[str, Any]) -> list[Standing]:
    return grades.write(gradebook, QUESTION, {each.id: version(each) for each in seen}, version, change)


def test_points_and_comments_are_written_each_by_itself_and_taken_back(gradebook):
    """Do points end the waiting, a comment alone not, and does taking them back begin it again?"""
    assert grades.questions_of(gradebook) == {QUESTION.name: QUESTION}
    mira = now(gradebook)["mira"]
    (commented,) = write(gradebook, [mira], {"comment": "Good."})
    assert (commented.points, commented.comment, commented.waiting) == (None, "Good.", True)
    (graded,) = write(gradebook, [commented], {"points": 7.5})
    assert (graded.points, graded.comment, graded.waiting) == (7.5, "Good.", False)
    (open_again,) = write(gradebook, [graded], {"points": None, "comment": ""})
    assert (open_again.points, open_again.comment, open_again.waiting) == (None, "", True)
    grade = gradebook.find_grade(DISCUSSION.name, *place_of("mira"))
    assert (grade.manual_score, grade.needs_manual_grade) == (None, True)


def test_grade_says_how_many_wait_for_points(gradebook):
    """Are written answers counted that nobody has given points for, and is it said where to give them?"""
    course = Course.at(Path(gradebook.engine.url.database).parent)
    gradebook.find_grade("check_one_hot", *place_of("mira")).needs_manual_grade = True  # no written answer
    gradebook.db.commit()
    (said,) = waiting(course, course.out_of())
    assert ": 2." in str(said)
    assert f"python3 -m admin lab{course.option()}, page /by_hand" in str(said)
    for student in ("mira", "jonas"):
        write(gradebook, [now(gradebook)[student]], {"points": 0})
    assert waiting(course, course.out_of()) == []


def test_a_task_without_an_answer_cell_of_its_own_is_a_question_too(gradebook):
    """nbgrader's third kind: is it found with its points, beside the others, and are its points written?"""
    essay = Question("essay", 3.0, is_task=True)
    place = grades.NOTEBOOK, grades.ASSIGNMENT
    gradebook.add_task_cell(essay.name, *place, max_score=essay.out_of, cell_type="markdown")
    assert grades.questions_of(gradebook) == {QUESTION.name: QUESTION, essay.name: essay}
    gradebook.remove_submission(grades.ASSIGNMENT, "mira")
    with quiet():
        gradebook.add_submission(grades.ASSIGNMENT, "mira")
    (mira,) = grades.standings(gradebook, essay.name)
    order = {"points": 2, "comment": "Good."}
    (graded,) = grades.write(gradebook, essay, {mira.id: version(mira)}, version, order)
    assert (graded.student, graded.points, graded.comment, graded.waiting) == ("mira", 2, "Good.", False)
    assert now(gradebook)["mira"].points is None


def place_of(student: str) -> tuple[str, str, str]:
    return grades.NOTEBOOK, grades.ASSIGNMENT, student


@pytest.mark.parametrize(
    "change", ["manual_score = 3", "needs_manual_grade = 0", "extra_credit = 1", "auto_score = 0"]
)
def test_what_another_program_has_written_meanwhile_stays(gradebook, change: str):
    """Is nothing of two written where one has changed, and is it said what stands there now?"""
    seen = now(gradebook)
    with sqlite3.connect(gradebook.engine.url.database) as other:
        other.execute(f"update grade set {change} where id = ?", [seen["mira"].id])
    with pytest.raises(NotWritten) as refused:
        write(gradebook, [seen["jonas"], seen["mira"]], {"points": 9, "comment": "mine"})
    assert refused.value.status == 409
    after = now(gradebook)
    assert list(refused.value.now) == [after["mira"]]
    assert after["mira"] != seen["mira"]
    assert after["jonas"] == seen["jonas"]
    assert "mine" not in {each.comment for each in after.values()}
    with sqlite3.connect(gradebook.engine.url.database) as other:
        other.execute("update grade set manual_score = 4 where id = ?", [seen["mira"].id])
    assert now(gradebook)["mira"].points == 4, "what was read before is remembered"


def test_between_comparing_and_setting_nobody_else_can_write(gradebook):
    """Formgrader in another server, say, just after we have looked."""
    seen = now(gradebook)["mira"]
    other = sqlite3.connect(gradebook.engine.url.database, timeout=0)

    def meddled_with(standing: Standing) -> str:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("update grade set manual_score = 1")
        return version(standing)

    grades.write(gradebook, QUESTION, {seen.id: version(seen)}, meddled_with, {"points": 9})
    other.close()
    assert now(gradebook)["mira"].points == 9


def test_a_gradebook_that_another_program_holds_is_a_sentence(gradebook):
    """Is nothing half written, and does the next try work?"""
    seen = now(gradebook)["mira"]
    other = sqlite3.connect(gradebook.engine.url.database)
    other.execute("begin immediate")
    with pytest.raises(NotWritten, match="another program holds the gradebook") as refused:
        write(gradebook, [seen], {"points": 9})
    assert refused.value.status == 503
    other.rollback()
    other.close()
    assert write(gradebook, [seen], {"points": 9})[0].points == 9


def test_what_the_gradebook_has_no_more_is_a_sentence(gradebook):
    seen = now(gradebook)
    gradebook.remove_submission(grades.ASSIGNMENT, "mira")
    with pytest.raises(NotWritten, match="no longer in the gradebook"):
        write(gradebook, [seen["jonas"], seen["mira"]], {"points": 9})
    assert now(gradebook)["jonas"].points is None
    another = next(each for each in gradebook.find_submission(grades.ASSIGNMENT, "jonas").notebooks[0].grades)
    assert another.name != QUESTION.name
    with pytest.raises(NotWritten, match="no longer in the gradebook"):
        write(gradebook, [replace(seen["jonas"], id=another.id)], {"points": 9})


def test_grading_the_same_answer_again_asks_for_no_second_look(gradebook):
    """nbgrader asks whenever a submission is graded again; here only where the text is not the one read?"""
    course = Course.at(Path(gradebook.engine.url.database).parent)
    (graded,) = write(gradebook, [now(gradebook)["mira"]], {"points": 7})
    read_by_hand.remember(course.root, {graded.id: digest("What I saw.")})
    for text, looks_again in (("What I saw.\n", False), ("Something else.", True), ("What I saw.", False)):
        grade_again(course, "mira", text)
        again = now(gradebook)["mira"]
        assert (again.points, again.waiting) == (7, looks_again), text
    (course.root / "grading" / "read_by_hand.json").write_text("[", encoding="utf-8")
    grade_again(course, "mira", "What I saw.")
    assert now(gradebook)["mira"].waiting


def grade_again(course: Course, student: str, text: str) -> None:
    """The two steps of grading that write a run's results, after a run that found nothing."""
    marks = {"grade": True, "solution": True, "grade_id": QUESTION.name, "points": 10, "schema_version": 3}
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(text, metadata={"nbgrader": marks})])
    config = course.config()
    converter = Autograde(coursedir=CourseDirectory(config=config), config=config)
    names = dict(zip(("notebook", "assignment", "student"), place_of(student), strict=True))
    resources = {
        "nbgrader": {**names, "db_url": f"sqlite:///{course.database}"},
        "result": RunResult(notebook, {}, {}),
    }
    exporter = NotebookExporter(parent=converter)
    for step in (SaveAutoGrades, SaveFindings):
        step(parent=exporter).preprocess(notebook, resources)


# ----------------------------------------------------------------------------------------------- the answers


def cell(kind: str, source: str, grade_id: str = "") -> dict[str, Any]:
    marks = {"nbgrader": {"grade_id": grade_id}} if grade_id else {}
    return {"cell_type": kind, "source": source, "metadata": marks}


def test_an_answer_is_drawn_and_does_nothing():
    """Are formulas and tables drawn, and is HTML shown as text, in markdown, code and a picture's place?"""
    hostile = "<img src=x onerror=alert(1)><script>alert(1)</script>"
    drawn = answer_in([cell("markdown", "# Yes\n\n$x^2$ and `code`", QUESTION.name)], QUESTION).html()
    assert "<math" in drawn
    assert "<code>code</code>" in drawn
    assert " id=" not in drawn, "a student's heading could take the place of a part of the page"
    for kind in ("markdown", "code", "raw"):
        markup = answer_in([cell(kind, hostile, QUESTION.name)], QUESTION).html()
        assert "&lt;script" in markup
        assert "<img" not in markup
        assert "<script" not in markup
    given = cell("markdown", "![x](attachment:x.svg) [y](javascript:alert(1))", QUESTION.name)
    given["attachments"] = {"x.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"}}
    assert "<img" not in answer_in([given], QUESTION).html()


def test_the_answer_to_a_task_is_what_stands_after_it():
    """nbgrader's third kind: a task of the instructor's, and cells of the student's below it."""
    cells = [
        cell("markdown", "the task", "essay"),
        cell("markdown", "mine"),
        cell("code", "1 + 1"),
        cell("code", "", "next"),
        cell("markdown", "not mine"),
    ]
    assert answer_in(cells, Question("essay", 3, is_task=True)).text == "mine\n\n1 + 1"
    assert answer_in(cells, Question("essay", 3, is_task=False)).text == "the task"
    assert not answer_in(cells, Question("gone", 3, is_task=False)).there
