"""Grading by hand in a real browser: by keyboard alone, in two tabs, and with a network that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from admin.course import settings
from admin.course.layout import ASSIGNMENT, NOTEBOOK, REPOSITORY, Course
from checks.task import DISCUSSION
from tests.browser.conftest import jupyter_server
from tests.browser.pages import expect, photograph
from tests.unit import desk

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

AXE = "axe-core@4.14.1"
RAN = "document.title='it ran'"
HOSTILE = f'</textarea></script><script>{RAN}</script><img src=x onerror="{RAN}">'
NAMES = ("ada", "ben", "chloe", "dmitri", "elif", "farid")
ANSWERS = {
    "ada": f"{HOSTILE} ${HOSTILE}$",
    "ben": "`net_1`: $97\\,\\%$, `net_2`: $95\\,\\%$.\n\n| epoch | loss |\n|---|---|\n| 8 | 0.4 |",
    "chloe": "I don't know.",
    "dmitri": "I don't know. ",
    "elif": "Adam did better.",
    "farid": "They did the same.",
}


@pytest.fixture(scope="module")
def class_() -> tuple[desk.Student, ...]:
    return tuple(desk.Student(name, HOSTILE, name.title(), read=None) for name in NAMES)


@pytest.fixture(scope="module")
def course(class_: Any, chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("by_hand") / "course"
    root.mkdir()
    made = desk.make(root, class_)
    desk.write_answers(made, ANSWERS)
    settings.put(made)
    return made


@pytest.fixture(scope="module")
def address(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page, in a server with the protection against forged requests that a person's has."""
    ours = {"JUPYTER_CONFIG_PATH": str(REPOSITORY / "admin" / "config"), "CONVNET_COURSE": str(course.root)}
    kept = {"ServerApp.disable_check_xsrf": False}
    with jupyter_server(course.root, tmp_path_factory.mktemp("home"), ours, kept) as server:
        yield f"{server}by_hand"


@pytest.fixture
def opened(page: Page, address: str, course: Course) -> Page:
    """The page, all answers not graded yet and without comments."""
    with course.gradebook() as gradebook:
        for name in NAMES:
            grade, comment = row(gradebook, name)
            grade.manual_score, grade.needs_manual_grade, comment.manual_comment = None, True, None
        gradebook.db.commit()
    return open_page(page, address)


def open_page(page: Page, address: str) -> Page:
    page.goto(address)
    expect(page.locator("#left")).to_have_text("6 of 6 left")
    return page


def row(gradebook: Any, name: str) -> tuple[Any, Any]:
    place = DISCUSSION.name, NOTEBOOK, ASSIGNMENT, name
    return gradebook.find_grade(*place), gradebook.find_comment(*place)


def given(course: Course, text: str) -> tuple[float | None, str | None]:
    """Points and comment of the student who wrote this, as the gradebook has them."""
    name = next(name for name, answer in ANSWERS.items() if text in answer)
    with course.gradebook() as gradebook:
        grade, comment = row(gradebook, name)
        return grade.manual_score, comment.manual_comment


def go_to(page: Page, text: str) -> None:
    """Press n until the answer at hand says this."""
    for _ in NAMES:
        page.keyboard.press("n")
    for _ in NAMES:
        if text in page.locator("article[aria-current]").inner_text():
            return
        page.keyboard.press("p")
    raise AssertionError(f"no answer says {text!r}")


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_text("saved")


def test_a_class_is_graded_by_keyboard_alone(opened: Page, course: Course) -> None:
    """Points, the rubric, a comment, one that is reused, identical answers, and the count of what is left."""
    page = opened
    keyboard = page.keyboard
    go_to(page, "Adam")
    keyboard.press("7")
    saved(page)
    assert given(course, "Adam") == (7, None)
    keyboard.press("c")
    keyboard.type("Which numbers?")
    keyboard.press("Escape")
    saved(page)
    assert given(course, "Adam") == (7, "Which numbers?")

    go_to(page, "the same")
    keyboard.press("r")
    keyboard.press("Enter")
    keyboard.press("a")
    keyboard.press("b")
    saved(page)
    points, comment = given(course, "the same")
    assert points == 3
    assert comment == (
        "- +2 · Which net did better, with the numbers of your own runs\n"
        "- +1 · Is the difference larger than chance explains?\n\nWhich numbers?"
    )
    keyboard.press("b")
    expect(page.locator("article[aria-current] .state")).to_have_text("✓ 2 of 10")

    go_to(page, "epoch")
    keyboard.press("f")
    expect(page.locator("article[aria-current] .state")).to_have_text("✓ 10 of 10")
    keyboard.press("8")
    keyboard.press("9")  # before the first has been written: the last one counts
    saved(page)
    assert given(course, "epoch")[0] == 9
    keyboard.press("o")
    keyboard.type("8.5")
    keyboard.press("Enter")
    expect(page.locator("article[aria-current] .state")).to_have_text("✓ 8.5 of 10")

    go_to(page, "I don't know")
    held: list[Route] = []
    page.route("**/answers", lambda route: held.append(route))
    with page.expect_request("**/answers"):
        keyboard.press("0")
    keyboard.press("s")  # before that is written
    page.wait_for_timeout(300)
    assert len(held) == 1
    held[0].continue_()
    page.unroute("**/answers")
    expect(page.locator("#left")).to_have_text("1 of 6 left")
    assert [given(course, text)[0] for text in ("know.", "know. ")] == [0, 0]
    page.get_by_label("Only those not graded").press("Space")
    expect(page.locator("article:visible")).to_have_count(1)
    keyboard.press("Escape")
    keyboard.press("1")
    keyboard.press("Delete")
    expect(page.locator("#left")).to_have_text("1 of 6 left")
    keyboard.press("1")
    expect(page.locator("#left")).to_have_text("All 6 graded")


def test_of_two_tabs_the_second_to_write_is_told_and_decides(
    opened: Page, course: Course, address: str, tmp_path: Path
) -> None:
    """Is the newer value shown, is nothing written over it unasked, and is what was typed not lost?"""
    second = open_page(opened.context.new_page(), address)
    for page in (opened, second):
        go_to(page, "Adam")
    opened.keyboard.press("6")
    saved(opened)
    second.keyboard.press("8")
    trouble = second.locator("#trouble")
    expect(trouble).to_contain_text("somebody has written other points")
    expect(trouble).to_contain_text("Now there: 6 points")
    expect(trouble).to_contain_text("Yours: 8 points")
    photograph(second, "by-hand-two-tabs", tmp_path)
    assert given(course, "Adam")[0] == 6
    second.get_by_role("button", name="Put mine").press("Enter")
    saved(second)
    assert given(course, "Adam")[0] == 8


def test_what_could_not_be_saved_says_so_and_is_tried_again(opened: Page, course: Course) -> None:
    """No network for a while: is it seen, is it kept, and does it get there later?"""
    page = opened
    go_to(page, "Adam")
    page.route("**/answers", lambda route: route.abort())
    page.keyboard.press("4")
    expect(page.locator("#saved")).to_have_text("not saved")
    expect(page.locator("#trouble")).to_contain_text("the server does not answer")
    assert given(course, "Adam")[0] is None
    page.unroute("**/answers")
    page.get_by_role("button", name="Try again").click()
    saved(page)
    assert given(course, "Adam")[0] == 4


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (700, "dark")])
def test_the_page_is_harmless_and_has_no_serious_accessibility_fault(
    opened: Page,
    console: Any,
    course: Course,
    npm_package: Callable[[str], Path],
    width: int,
    scheme: Any,
    tmp_path: Path,
) -> None:
    """Hostile names, answers and comments, all shown: does nothing run, does all fit, and is axe content?"""
    page = opened
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    go_to(page, "Adam")
    page.keyboard.press("c")
    page.keyboard.insert_text(HOSTILE)
    page.keyboard.press("Escape")
    page.keyboard.press("5")
    saved(page)
    page.keyboard.press("r")
    page.get_by_label("Names").click()
    expect(page.locator("article .name").first).to_contain_text("</textarea>")
    photograph(page, f"by-hand-{width}-{scheme}", tmp_path)
    page.reload()
    expect(page.locator("article .given").filter(has_text=HOSTILE)).to_have_count(1)
    page.locator("#before").evaluate("before => { before.open = true; }")
    assert page.title() == "Grading by hand: Task 12: think about it"
    assert (console.errors, console.elsewhere) == ([], [])
    assert page.locator("img, iframe").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # The page's policy refuses a script tag of Playwright's, and an evaluation is the browser's own.
    page.evaluate((npm_package(AXE) / "axe.min.js").read_text(encoding="utf-8"))
    for dialog in (False, True):
        if dialog:
            page.keyboard.press("?")
        found = page.evaluate("async () => (await axe.run()).violations")
        serious = [fault for fault in found if fault["impact"] in ("serious", "critical")]
        assert [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in serious] == []
