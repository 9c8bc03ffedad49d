"""The table over a page of feedback, and what of the page is folded."""

from __future__ import annotations

import base64
import io
from types import SimpleNamespace
from typing import Any

import numpy as np
from bs4 import BeautifulSoup
from nbformat import NotebookNode, v4
from PIL import Image

from admin.course import figures
from admin.grading import feedback
from admin.pages import filters
from checks.language import say
from checks.task import right, wrong

LOST = wrong("one_hot.what_binary", 4, say("any.none_came", task="one_hot"))


def graded(name: str, points: float, *, answer: bool = False, comment: str | None = None) -> NotebookNode:
    """A cell as nbgrader's GetGrades leaves it: a check worth `points`, or an answer."""
    marks = {
        "grade_id": name,
        "grade": bool(points),
        "solution": answer,
        "points": points,
        "comment": comment,
    }
    return v4.new_code_cell("…", metadata={"nbgrader": marks})


def grade(score: float, out_of: float, *, pending: bool = False, manual: float | None = None) -> Any:
    return SimpleNamespace(
        score=score, max_score=out_of, needs_manual_grade=pending, manual_score=manual, auto_score=score
    )


def row(name: str, given: Any, *cells: NotebookNode, findings: Any = None) -> feedback.Row:
    by_id = {cell.metadata.nbgrader.grade_id: cell for cell in cells}
    return feedback.row(by_id[name], given, findings or {}, by_id)


def test_a_check_has_its_points_and_the_first_fault_in_a_line() -> None:
    """Is what has all its points, or only follows, left out, and of the fault one sentence told?"""
    cells = graded("one_hot", 0, answer=True), graded("check_one_hot", 10)
    kept = right("one_hot.what_shape", 4, say("any.none_came", task="one_hot"))
    follows = wrong("one_hot.what_places", 2, say("one_hot.where_shape_right"))
    found = {"one_hot": [kept, follows, LOST]}
    got = row("check_one_hot", grade(6, 10), *cells, findings=found)
    assert (got.task, got.points, got.out_of) == ("Task 3: one-hot labels", "6", "10")
    assert (got.answer, got.check, got.commented) == ("one_hot", "check_one_hot", False)
    assert got.reason == f"{LOST.name}: `one_hot` gives back None."


def test_all_points_need_no_reason() -> None:
    cells = graded("one_hot", 0, answer=True), graded("check_one_hot", 10)
    assert row("check_one_hot", grade(10, 10), *cells, findings={"one_hot": [LOST]}).reason == ""


def test_what_a_person_is_still_to_read_has_no_points_yet() -> None:
    got = row("discussion", grade(0, 10, pending=True), graded("discussion", 10, answer=True))
    assert (got.points, got.reason, got.answer, got.check) == (None, "", "discussion", None)


def test_an_answer_that_was_not_written_is_told_apart_from_one_that_got_nothing() -> None:
    """nbgrader gives 0 to a cell that nobody touched, and a person gives 0 with a comment: is each said?"""
    empty = graded("discussion", 10, answer=True, comment="No response.")
    read = graded("discussion", 10, answer=True, comment="Why is that so?\nSay more.")
    assert row("discussion", grade(0, 10), empty).reason == "Nothing was written here."
    assert row("discussion", grade(0, 10, manual=0), read).reason == "Why is that so?"


def test_a_question_of_an_instructors_own_stands_in_the_table_by_its_name() -> None:
    """Has it a row, with no link to an answer that the table does not know of?"""
    got = row("my_question", grade(1, 2), graded("my_question", 2))
    assert (got.task, got.answer, got.check, got.reason) == ("my_question", None, "my_question", "")


def test_a_check_s_points_are_no_number_of_their_own() -> None:
    """Is what nbgrader reads left out of the page, and what the check said or drew kept?"""
    said = v4.new_output("stream", text="one_hot: 4 of 10 points\n")
    drawn = v4.new_output("display_data", data={"text/plain": "a figure"})
    check = v4.new_code_cell(outputs=[said, drawn, v4.new_output("execute_result", data={"text/plain": "4"})])
    assert feedback.shown_outputs(check) == [said, drawn]


def test_only_the_courses_own_cells_are_folded() -> None:
    """Do an answer, a changed cell and a task's box stay open, and does each fold name its headings?"""
    cells = [
        v4.new_markdown_cell("## One\n\n### Part of it\n\nText."),
        v4.new_code_cell("x = 1"),
        v4.new_markdown_cell("> **Task 1 (8 points).** Write it."),
        graded("one_hot", 0, answer=True),
        v4.new_markdown_cell("No heading."),
        v4.new_code_cell("changed()"),
        v4.new_markdown_cell("### Two & three"),
    ]
    for cell in cells:
        cell.metadata["feedback_fold"] = "a student's own mark"
    feedback.fold(cells, lambda cell: cell.source != "changed()")
    assert [cell.metadata["feedback_fold"] for cell in cells] == [
        "From the course: One", None, None, None, "From the course", None, "From the course: Two & three",
    ]  # fmt: skip
    assert [bool(cell.metadata["feedback_end"]) for cell in cells] == [
        False, True, False, False, True, False, True,
    ]  # fmt: skip


def test_the_sum_says_how_many_tasks_are_open() -> None:
    assert feedback.total(46.5, 100, 0) == "46.5 of 100 points"
    assert feedback.total(46, 100, 1) == "46 of 100 points so far; not graded yet: 1"


def pictures_of(markdown: str) -> dict[str, str]:
    """The pictures that a page makes of markdown beside the course's figures: class and address."""
    context: Any = {"resources": {"metadata": {"path": str(figures.FOLDER.parent)}}}
    page = BeautifulSoup(filters.markdown2html(context, markdown), "html.parser")
    assert {image["alt"] for image in page.find_all("img")} == {"A & B"}
    return {" ".join(image.parent.get("class", [])): str(image["src"]) for image in page.find_all("img")}


def test_a_moving_picture_stands_on_its_result_on_paper() -> None:
    """Is the picture for paper the last frame, described alike, and the other the whole?"""
    shown = pictures_of("![A & B](figures/pooling.webp)")
    assert set(shown) == {"on-screen", "on-paper"}
    moving, still = (
        Image.open(io.BytesIO(base64.b64decode(shown[name].split(",")[1])))
        for name in ("on-screen", "on-paper")
    )
    assert getattr(still, "n_frames", 1) == 1
    moving.seek(moving.n_frames - 1)  # type: ignore[attr-defined]
    assert np.array_equal(np.asarray(moving.convert("RGB")), np.asarray(still.convert("RGB")))


def test_a_picture_that_stands_still_is_there_once() -> None:
    assert len(pictures_of("![A & B](figures/net_1.webp)")) == 1
