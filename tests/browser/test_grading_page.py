"""The page /grading in a real Chromium: what it shows, by button and by ear, in light and dark."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from admin.course.layout import REPOSITORY, Course
from admin.grading.lock import only_one_watcher
from admin.watching.state import Queued, Result, State, save
from tests.browser.conftest import jupyter_server
from tests.browser.pages import expect, photograph
from tests.unit import desk

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = "axe-core@4.14.1"
HOSTILE = "<img src=x onerror=\"document.title='it ran'\">"
NOW = time.time()
STATE = State(
    since=NOW - 3600,
    at_work=[Queued("mira", NOW - 4)],
    queue=[
        Queued("jonas", NOW - 2),
        Queued(HOSTILE, NOW - 900, NOW + 900, "waits until 12:00: 6 hand-ins within an hour"),
    ],
    last=[
        Result("salma", NOW - 30, 82.5, 90, 4.1, "", "feedback released"),
        Result(HOSTILE, NOW - 60, None, 90, 0.2, f"{HOSTILE} is no notebook", "feedback released"),
    ],
)


@pytest.fixture(scope="module")
def course(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("grading_page") / "course"
    root.mkdir()
    return desk.make(root, (desk.Student("salma", "", "Salma", read=None),))


@pytest.fixture(scope="module")
def address(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page, in a server with the protection against forged requests that a person's has."""
    ours = {"JUPYTER_CONFIG_PATH": str(REPOSITORY / "admin" / "config"), "CONVNET_COURSE": str(course.root)}
    kept = {"ServerApp.disable_check_xsrf": False}
    with jupyter_server(course.root, tmp_path_factory.mktemp("home"), ours, kept) as server:
        yield f"{server}grading"


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (500, "dark")])
def test_the_page_is_harmless_and_has_no_serious_accessibility_fault(
    page: Page,
    console: Any,
    course: Course,
    address: str,
    npm_package: Callable[[str], Path],
    width: int,
    scheme: Any,
    tmp_path: Path,
) -> None:
    """Hostile names in queue and results: does nothing run, does all fit, and is axe content?"""
    save(course, STATE)
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    with only_one_watcher(course):
        page.goto(address)
        expect(page.locator("#watching")).to_contain_text("A watcher grades what comes in")
        expect(page.locator("#now tbody tr")).to_have_count(3)
        expect(page.locator("#last tbody tr")).to_have_count(2)
        expect(page.locator("#last tbody tr").first).to_contain_text("82.5 / 90")
        photograph(page, f"grading-{width}-{scheme}", tmp_path)
        page.evaluate((npm_package(AXE) / "axe.min.js").read_text(encoding="utf-8"))
        found = page.evaluate("async () => (await axe.run()).violations")
    serious = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    assert [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in serious] == []
    assert page.title() == "Grading"
    assert (console.errors, console.elsewhere) == ([], [])
    assert page.locator("img, iframe").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_changes_is_shown_and_said(page: Page, course: Course, address: str) -> None:
    """The watcher ends, a result comes: without loading the page anew, and for who does not see it?"""
    save(course, STATE)
    with only_one_watcher(course):
        page.goto(address)
        expect(page.locator("#now tbody tr")).to_have_count(3)
    expect(page.locator("#watching")).to_contain_text("Nobody watches for hand-ins")
    expect(page.locator("#now")).to_be_hidden()
    newer = Result("jonas", NOW, 90, 90, 3.9, "", "feedback released")
    save(course, replace(STATE, last=[newer, *STATE.last]))
    expect(page.get_by_role("status")).to_have_text("jonas: 90 / 90, feedback released")
    expect(page.locator("#last tbody tr")).to_have_count(3)


def test_the_button_grades_the_class_by_keyboard_and_says_how_it_went(
    page: Page, course: Course, address: str
) -> None:
    """There is nothing to grade here: does `grade`'s own sentence come, and is the button free again?"""
    page.goto(address)
    button = page.get_by_role("button", name="Grade the class")
    expect(button).to_have_attribute("aria-disabled", "false")
    button.press("Enter")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#how-far")).to_contain_text("Nothing to grade", timeout=60_000)
    expect(page.get_by_role("status")).to_contain_text("Nothing to grade")
    expect(button).to_have_attribute("aria-disabled", "false")
    expect(button).to_be_focused()
