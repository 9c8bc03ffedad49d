"""The whole loop on a real hub, in a real browser: two students hand in and read feedback; one grades."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from admin.course import source_notebook
from admin.hub.place import COURSE_ACCOUNT, PLACE
from tests.browser import pages
from tests.hub.conftest import ANNA, BEN, Hub, home, run_as, wait

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SOLUTIONS = {
    cell.metadata.nbgrader.grade_id: cell.source
    for cell in source_notebook.read_source().cells
    if cell.metadata.get("nbgrader", {}).get("solution")
}
WRONG = "def normalise_images(images):\n    return images / images.max()\n"
SAID = "net_1 read more digits, as pooling keeps what is strongest."


def test_students_see_what_is_theirs_and_nothing_of_an_instructor(anna: Page, tmp_path: Path) -> None:
    """Are Assignments there, and formgrader and the making of assignments not?"""
    anna.get_by_role("menuitem", name="Nbgrader").click()
    entries = anna.locator(".lm-Menu .lm-Menu-itemLabel").all_inner_texts()
    anna.keyboard.press("Escape")
    assert [entry for entry in entries if entry] == ["Assignment List"]
    pages.photograph(anna, "hub-student", tmp_path)


def test_a_student_fetches_solves_checks_and_reads_feedback_soon(
    anna: Page, hub: Hub, tmp_path: Path
) -> None:
    """From Fetch to the page of feedback, with the points of what was solved: does all work by mouse?"""
    fetch(anna, ANNA)
    open_notebook(anna, hub, ANNA)
    for task in ("normalise_images", "one_hot"):
        pages.write(anna, task, SOLUTIONS[task])
        pages.run(anna, task)
    checked = pages.said(pages.run(anna, "check_normalise_images"))
    assert "8 of 8 points" in checked
    write_discussion(anna, SAID)
    pages.save(anna)

    validated(anna, tmp_path)
    began = time.monotonic()
    submit(anna)
    feedback = read_feedback(anna, hub, ANNA)
    waited = time.monotonic() - began
    assert "8 of 8" in feedback
    assert "10 of 10" in feedback
    # Formulas and pictures show, although the window reaches no other machine.
    assert anna.locator("math").count() > 0
    assert pages.broken_pictures(anna) == []
    print(f"from the click on Submit to the page of feedback: {waited:.0f} s")
    pages.photograph(anna, "hub-feedback", tmp_path)


def test_a_wrong_answer_is_told_its_misconception_in_the_feedback(ben: Page, hub: Hub) -> None:
    """Does the second student get the words that the check has at home?"""
    fetch(ben, BEN)
    open_notebook(ben, hub, BEN)
    pages.write(ben, "normalise_images", WRONG)
    pages.run(ben, "normalise_images")
    pages.save(ben)
    submit(ben)
    assert "divide by the brightest pixel" in read_feedback(ben, hub, BEN)


def test_an_instructor_looks_at_one_grades_by_hand_and_exports(
    teacher: Page, hub: Hub, tmp_path: Path
) -> None:
    """Do formgrader, the page for grading by hand and the queue work on the hub, and do points arrive?"""
    teacher.get_by_role("menuitem", name="Nbgrader").click()
    teacher.get_by_role("menuitem", name="Formgrader").click()
    formgrader = teacher.frame_locator("iframe").first
    formgrader.get_by_text("Manage Assignments").first.wait_for(timeout=30_000)
    pages.photograph(teacher, "hub-formgrader", tmp_path)

    course = f"{hub.address}/user/{COURSE_ACCOUNT}"
    teacher.goto(f"{course}/grading")
    for name in (ANNA, BEN):
        teacher.get_by_text(name).first.wait_for()
    button = teacher.get_by_role("button", name="Grade the class")
    button.click()
    pages.expect(button).to_have_attribute("aria-disabled", "true")
    pages.expect(button).to_have_attribute("aria-disabled", "false", timeout=120_000)
    assert "Not to the end" not in teacher.locator("body").inner_text()
    pages.photograph(teacher, "hub-grading", tmp_path)

    teacher.goto(f"{course}/by_hand")
    teacher.get_by_text(SAID).wait_for()
    teacher.locator("article", has_text=SAID).focus()
    teacher.keyboard.press("7")
    wait(lambda: exported()[ANNA, "discussion"] == "7", 60)
    pages.photograph(teacher, "hub-by-hand", tmp_path)
    assert exported()[ANNA, "normalise_images"] == "8"


# ------------------------------------------------------------------------------------- what people click


def fetch(page: Page, name: str) -> None:
    assignments(page)
    page.get_by_role("button", name="Fetch", exact=True).click()
    wait((home(name) / "convnet" / "convolutional_networks.ipynb").is_file, 30)


def assignments(page: Page) -> None:
    """The list of assignments, in front and up to date."""
    page.get_by_role("menuitem", name="Nbgrader").click()
    page.get_by_role("menuitem", name="Assignment List").click()
    page.get_by_text("Submitted assignments", exact=True).wait_for()


def open_notebook(page: Page, hub: Hub, name: str) -> None:
    pages.open_notebook(page, f"{hub.address}/user/{name}/", "convnet/convolutional_networks.ipynb", "lab")
    pages.run(page, "set_up")


def write_discussion(page: Page, text: str) -> None:
    """A double click opens a text cell; Shift + Enter closes it again."""
    pages.find_cell(page, "discussion").dblclick()
    pages.write(page, "discussion", text)
    page.keyboard.press("Shift+Enter")


def validated(page: Page, folder: Path) -> None:
    """Validate says which checks are not right yet: most are empty here."""
    assignments(page)
    page.locator(".list_item a", has_text="convnet").first.click()
    page.get_by_role("button", name="Validate", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for(timeout=180_000)
    pages.photograph(page, "hub-validate", folder)
    dialog.get_by_role("button").last.click()


def submit(page: Page) -> None:
    assignments(page)
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_role("button", name="Fetch Feedback").wait_for()


def read_feedback(page: Page, hub: Hub, name: str) -> str:
    """Press Fetch Feedback until it comes, and read the page, which asks no other machine."""
    found: list[Path] = []
    deadline = time.monotonic() + 90
    while not found:
        assert time.monotonic() < deadline, "no feedback came"
        page.get_by_role("button", name="Fetch Feedback").click()
        page.wait_for_timeout(1000)
        found = list(home(name).glob("convnet/feedback/*/*.html"))
    page.get_by_text("(view feedback)").wait_for()
    page.goto(f"{hub.address}/user/{name}/files/{quote(str(found[0].relative_to(home(name))))}")
    return page.locator("body").inner_text()


def exported() -> dict[tuple[str, str], str]:
    """The points as the course's account exports them, by student and task."""
    file = home(COURSE_ACCOUNT) / "grades.csv"
    done = run_as(
        COURSE_ACCOUNT,
        *(PLACE / ".venv/bin/python", PLACE / "admin", "export", "--to", "csv", file),
        *("--course", home(COURSE_ACCOUNT) / "course"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with file.open(encoding="utf-8-sig", newline="") as rows:
        return {(row["student"], row["task"]): row["points"] for row in csv.DictReader(rows)}
