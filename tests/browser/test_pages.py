"""Pages of feedback and formgrader in a real browser: nothing of a student's acts, or covers what is ours."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode, v4
from PIL import Image

from admin.commands.demo import write_feedback
from admin.course import build
from admin.course.layout import ASSIGNMENT, NOTEBOOK, REPOSITORY, Course
from admin.grading.findings import write_findings
from admin.grading.record import record_broken
from admin.grading.sentences import as_sentence
from admin.pages import sanitise
from checks.task import TABLE, wrong
from tests.browser.conftest import jupyter_server
from tests.browser.pages import expect, photograph

if TYPE_CHECKING:
    from playwright.sync_api import Page

RAN = "document.title = 'it ran'"
NAME = f'1<img src=x onerror="{RAN}">.ipynb'
SENTENCE = f"convnet has two notebooks, and none has the released name: {NAME}, 2.ipynb"
# As if nothing had been cleaned: what stops this is the page's own policy.
HOSTILE = (
    f'<img src="x" onerror="{RAN}"> <script>{RAN}</script> <svg onload="{RAN}"></svg>\n'
    f'<img src="https://evil.example/seen.png"> <link rel="stylesheet" href="https://evil.example/x">\n'
    f'<a id="link" href="javascript:{RAN}">a link</a> <iframe src="https://evil.example/"></iframe>\n'
    f'<iframe srcdoc="<script>parent.{RAN}</script>"></iframe>\n'
    f'<form action="https://evil.example/"><input id="send" type="submit" value="send"></form>\n'
    f'<p id="click" onclick="{RAN}">click here</p> <base href="https://evil.example/">\n'
)
HANDLERS = f'<img src="x" onerror="{RAN}"> <svg onload="{RAN}"></svg> <video src="x" onerror="{RAN}"></video>'
ZALGO = "z" + "\u0338\u0332\u0305\u030d\u0321\u0345" * 200
COVERING = "".join(
    f'<p style="color: red; {style}">{"█" * 40}{ZALGO}</p>'
    for style in (
        "font-size: 900px; line-height: 0", "font-size: 100em; line-height: 0",
        "padding: 0; text-indent: -900em", "margin-top: -900px",
        "position: fixed; top: 0; left: 0; width: 100vw; height: 100vh",
    )
)  # fmt: skip
SETTLED = 500  # milliseconds; a page whose frames are refused never counts as idle
# A reason as long as they come, in each row of the table.
REASON, LONG = "one_hot.what_shape", as_sentence("the labels came back with two columns, " * 6)
STUDENTS = ("broken", "hostile", "covering", "plain")


@dataclass(frozen=True)
class Graded:
    """A course with one graded notebook for each of STUDENTS, their feedback, and formgrader on it."""

    course: Course
    formgrader: str

    def feedback(self, student: str) -> str:
        return (self.course.feedback(student) / f"{NOTEBOOK}.html").as_uri()

    def submission(self, student: str) -> str:
        with self.course.gradebook() as gradebook:
            found = gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, student)
            return f"{self.formgrader}/submissions/{found.id}/"

    def page(self, which: str, student: str) -> str:
        return self.feedback(student) if which == "feedback" else self.submission(student)


def graded_notebook(course: Course, student: str) -> NotebookNode:
    """The released notebook with what a hostile student's cells show: uncleaned, or as it is recorded."""
    notebook = nbformat.read(course.release / f"{NOTEBOOK}.ipynb", 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    discussion = next(
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "discussion"
    )
    if student == "hostile":
        discussion.source = HOSTILE
        code[0].outputs = [v4.new_output("display_data", data={"text/html": HOSTILE})]
    if student == "covering":
        shown = {"output_type": "display_data", "data": {"text/html": COVERING}}
        for cell in code:
            cell.outputs = sanitise.outputs([shown], 1)
    return notebook


@pytest.fixture(scope="package")
def graded(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graded]:
    course = Course.at(tmp_path_factory.mktemp("pages") / "course")
    build.build(course, student_notebook=None)
    for student in STUDENTS:
        record_broken(course, student, as_sentence(SENTENCE))
        if student != "broken":
            write_findings(course.root, student, {name: [wrong(REASON, 1, LONG)] for name in TABLE})
            path = course.autograded(student) / f"{NOTEBOOK}.ipynb"
            nbformat.write(graded_notebook(course, student), path)
            shutil.copytree(course.release / "figures", path.parent / "figures", dirs_exist_ok=True)
            (path.parent / "page.html").write_text(f"<script>{RAN}</script><p>a page</p>")
    write_feedback(course)
    environment = {
        "CONVNET_COURSE": str(course.root),
        "JUPYTER_CONFIG_PATH": str(REPOSITORY / "admin" / "config"),
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]),
    }
    options: dict[str, object] = {"ServerApp.jpserver_extensions": "{'admin.pages.policy': True}"}
    home = tmp_path_factory.mktemp("formgrader")
    with jupyter_server(course.root.parent, home, environment, options) as address:
        yield Graded(course, f"{address}formgrader")


@pytest.mark.parametrize("which", ["feedback", "formgrader"])
@pytest.mark.parametrize("student", ["broken", "hostile"])
def test_nothing_of_a_student_runs_or_reaches_another_machine(page_and_console, graded, which, student):
    """A name, a handler, a script, a link, a form, a frame: even uncleaned, does none act?"""
    page, console = page_and_console
    page.goto(graded.page(which, student))
    page.wait_for_timeout(SETTLED)
    for name in ("link", "click", "send"):
        if page.locator(f"#{name}").count():
            page.locator(f"#{name}").first.evaluate("element => element.click()")
            page.wait_for_timeout(100)
            assert page.title() != "it ran"
    assert page.title() != "it ran"
    assert page.url.startswith(("file:", graded.formgrader))
    assert not console.elsewhere
    if student == "broken":
        assert SENTENCE[1:] in page.inner_text("body")


@pytest.mark.parametrize("which", ["feedback", "formgrader"])
def test_what_a_cell_shows_covers_nothing_beside_it(page, graded, which):
    """Giant signs, fixed places, marks piled on a letter, all in red: is no red on the points beside them?"""
    page.goto(graded.page(which, "covering"))
    unfold(page)
    page.wait_for_timeout(SETTLED)
    assert page.get_by_text("█" * 40).count() > 20
    headings = page.locator(".panel-heading, .input_area, .prompt")
    pictures = [heading.screenshot() for heading in headings.all() if heading.is_visible()]
    assert len(pictures) > 60
    assert not [picture for picture in pictures if reds(picture)]


def reds(picture: bytes) -> int:
    """How many pixels of a picture are as red as nothing of nbgrader's is."""
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), int)
    red, green, blue = pixels[2:-2, 2:-2].transpose(2, 0, 1)  # its edges hold a row of what comes next
    return int(((red > 200) & (green < 60) & (blue < 60)).sum())


@pytest.mark.parametrize("which", ["feedback", "formgrader"])
def test_formulas_are_drawn_without_a_network(page_and_console, graded, which):
    """Is the course's softmax a fraction on the page, with no script and no other machine asked?"""
    page, console = page_and_console
    page.goto(graded.page(which, "plain"))
    unfold(page)
    page.wait_for_timeout(SETTLED)
    fraction = page.locator("math[display=block] mfrac").first.bounding_box()
    assert fraction is not None
    assert fraction["height"] > 20
    assert "$$" not in page.inner_text("#notebook")
    assert not console.elsewhere
    if which == "feedback":
        assert page.locator("script").count() == 0


def unfold(page: Page) -> None:
    """Open what is folded."""
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


@pytest.mark.parametrize("width", [1280, 820])
def test_the_table_of_tasks_is_seen_at_once(page, graded, width, tmp_path):
    """Whole on a first screen, with reasons, and no wider than a phone; does a link bring up its check?"""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(graded.feedback("plain"))
    photograph(page, f"feedback-{width}", tmp_path)
    assert page.locator(".reason div").count() >= 11
    table = page.locator("table.tasks").bounding_box()
    assert table is not None
    assert table["y"] + table["height"] <= 800
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("table.tasks a[href='#check-check_net_2']").click()
    box = page.locator("#check-check_net_2").bounding_box()
    assert box is not None
    assert -1 < box["y"] < 800
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_submission_that_could_not_be_graded_is_told_why_where_the_table_would_be(page, graded, tmp_path):
    """Does the sentence stand on the first screen, once?"""
    page.set_viewport_size({"width": 820, "height": 400})
    page.goto(graded.feedback("broken"))
    photograph(page, "feedback-broken", tmp_path)
    told = page.locator(".overview .broken")
    assert SENTENCE[1:] in told.inner_text()
    box = told.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 400
    assert page.inner_text("body").count(SENTENCE[1:]) == 1
    assert page.locator("table.tasks").count() == 0


def test_on_paper_long_lines_wrap_and_pictures_stand(page, graded):
    """Is no line cut off at the edge of a printed page, and is each moving picture's last frame there?"""
    page.set_viewport_size({"width": 700, "height": 1000})
    page.goto(graded.feedback("plain"))
    unfold(page)
    wide = "[...document.querySelectorAll('pre')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    moving, still = page.locator(".on-screen img").first, page.locator(".on-paper img").first
    expect(moving).to_be_visible()
    expect(still).to_be_hidden()
    assert page.evaluate(wide) > 0
    page.emulate_media(media="print")
    assert page.evaluate(wide) == 0
    expect(moving).to_be_hidden()
    expect(still).to_be_visible()


def test_formgrader_works_under_its_policy(page_and_console, graded):
    """Names shown and hidden, points and a comment given and kept, lists of students: do they work?"""
    page, console = page_and_console
    answer = page.goto(graded.submission("plain"))
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page.locator(".name-hidden.glyphicon").click()
    page.locator("a.name-shown", has_text="plain").wait_for()
    page.locator("#discussion").fill("7")
    page.locator("#discussion-comment").fill("A good thought.")
    page.locator("#discussion-comment").blur()
    page.wait_for_timeout(SETTLED)
    page.reload()
    page.wait_for_timeout(SETTLED)
    assert page.locator("#discussion").input_value() == "7"
    assert page.locator("#discussion-comment").input_value() == "A good thought."
    for path, word in {
        "manage_assignments": "convnet",
        "manage_students": "hostile",
        f"gradebook/{ASSIGNMENT}/{NOTEBOOK}": "Submission #1",
        f"manage_submissions/{ASSIGNMENT}": "covering",
    }.items():
        page.goto(f"{graded.formgrader}/{path}")
        page.locator("td").get_by_text(word).first.wait_for()
        assert not [error for error in console.errors if "Content Security Policy" in error]
        page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", HANDLERS)
        page.wait_for_timeout(100)
        assert page.title() != "it ran"
        page.goto("about:blank")  # so that what was refused late does not count for the next page
        console.errors.clear()
    assert not console.elsewhere


def test_a_students_file_is_shown_as_if_from_elsewhere(page, graded):
    """An HTML file beside the notebook: does formgrader serve it without its scripts and its own rights?"""
    answer = page.goto(graded.submission("plain") + "page.html")
    assert answer.headers["content-security-policy"].startswith("sandbox;")
    page.get_by_text("a page").wait_for()
    assert page.title() != "it ran"


def test_jupyterlab_keeps_its_own_policy(page, graded):
    """Is only formgrader's policy set, and not JupyterLab's, which needs more?"""
    answer = page.goto(graded.formgrader.replace("/formgrader", "/lab"))
    assert "default-src" not in answer.headers.get("content-security-policy", "")
