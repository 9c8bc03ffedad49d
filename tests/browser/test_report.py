"""The report on a class in a real browser: harmless, whole, sorted by keyboard, and readable by everybody."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from admin.commands.report import write
from admin.course.large_class import Member, class_of
from admin.course.layout import NOTEBOOK, Course
from admin.course.sample_class import Student
from admin.grading.findings import write_findings
from checks.language import say
from checks.task import wrong
from tests import large_class
from tests.browser.pages import expect, photograph

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = "axe-core@4.14.1"
RAN = "document.title='it ran'"
HOSTILE = f'</pre></script><script>{RAN}</script><img src=x onerror="{RAN}"><svg onload="{RAN}">'
NAME = f'<img src=x onerror="{RAN}">'


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page on a small class, two of whom are hostile by name, cell and what was found."""
    course = large_class.at(tmp_path_factory.mktemp("report"))
    hostile = [Member(Student(f"{NAME}{n}", "hostile", {"one_hot": "shares"}), -1.0) for n in range(2)]
    large_class.grade(course, (*class_of(24), *hostile))
    for member in hostile:
        spoil(course, member.name)
    return write(course)[1]


def spoil(course: Course, student: str) -> None:
    """As if nothing had been cleaned on its way."""
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student(student, first_name=HOSTILE, last_name=NAME)
    path = course.autograded(student) / f"{NOTEBOOK}.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        cell["source"] = HOSTILE
    path.write_text(json.dumps(notebook))
    found = [wrong("one_hot.what_places", 10, say("any.is_other", kind=HOSTILE))]
    write_findings(course.root, student, {"one_hot": found})


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


def test_nothing_of_a_student_runs_and_no_other_machine_is_asked(
    report: Path, page: Page, console: Any
) -> None:
    """From a file, everything opened: is the title ours, the console empty, and each hostile text shown?"""
    page.goto(report.as_uri())
    unfold(page)
    assert page.title() == "Report on the class"
    assert (console.errors, console.elsewhere) == ([], [])
    assert HOSTILE in page.locator("#unnamed pre").all_inner_texts()
    assert page.locator("img, iframe, svg[onload]").count() == 0


def test_the_policy_stops_what_would_get_in(report: Path, page: Page, console: Any, tmp_path: Path) -> None:
    """Were the page's escaping to fail: would its policy still run no script but ours?"""
    text = report.read_text(encoding="utf-8")
    spoilt = tmp_path / "spoilt.html"
    spoilt.write_text(text.replace("<nav ", f'<script>{RAN}</script><img src=x onerror="{RAN}"><nav ', 1))
    page.goto(spoilt.as_uri())
    assert page.title() == "Report on the class"
    assert len(console.errors) >= 2
    assert page.locator("thead button").count() > 10


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (820, "dark")])
def test_the_page_has_no_serious_accessibility_fault(
    report: Path,
    page: Page,
    npm_package: Callable[[str], Path],
    width: int,
    scheme: Any,
    tmp_path: Path,
) -> None:
    """On a screen and a narrow one, light and dark: nothing wider than the page, and axe content?"""
    page.set_viewport_size({"width": width, "height": 1000})
    page.emulate_media(color_scheme=scheme)
    page.goto(report.as_uri())
    photograph(page, f"report-{width}-{scheme}", tmp_path)
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # The page's policy refuses a script tag of Playwright's, and an evaluation is the browser's own.
    page.evaluate((npm_package(AXE) / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    faults = [
        f"{fault['id']} ({fault['impact']}): {fault['nodes'][0]['html'][:200]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert faults == []


def test_a_table_sorts_by_keyboard(report: Path, page: Page) -> None:
    """Do Enter on a column's head and Enter again sort its numbers up and down, and is that said?"""
    page.goto(report.as_uri())
    table = page.locator("#tasks table")
    head = table.locator("thead th").nth(2)
    column = "rows => rows.map(row => parseInt(row.children[2].textContent))"
    for state in ("ascending", "descending"):
        head.locator("button").press("Enter")
        expect(head).to_have_attribute("aria-sort", state)
        numbers = table.locator("tbody tr").evaluate_all(column)
        assert numbers == sorted(numbers, reverse=state == "descending")


def test_on_paper_nothing_is_cut_off(report: Path, page: Page) -> None:
    """At the width of a page: do long lines wrap, and do tables fit?"""
    page.set_viewport_size({"width": 700, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(report.as_uri())
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
