"""The executed notebook where no kernel runs: as a page and as slides, opened from the disk."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbconvert import HTMLExporter, SlidesExporter

from tests.browser import pages

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

AXE = "axe-core@4.14.1"
REVEAL = "reveal.js@4.0.2"  # nbconvert's own choice, which it would ask a server for
REQUIRE = "requirejs@2.3.8"
# Each slide in turn: what is longer than the frame scrolls inside it.
BEYOND_THE_FRAME = """async address => {
    const reveal = await new Promise(done => require([address], done));
    reveal.configure({transition: "none"});
    return [...document.querySelectorAll(".slides > section")].flatMap((stack, column) =>
        [...stack.children].filter((slide, row) => {
            reveal.slide(column, row);
            const place = slide.getBoundingClientRect();
            return place.top < -1 || place.bottom > innerHeight + 1 || place.height < 10;
        }).map(slide => slide.innerText.slice(0, 60)));
}"""
# On paper, a moving picture whose place no still one takes.
MOVES_ON_PAPER = """() => [...document.querySelectorAll('img[alt^="Moving picture"]')]
    .filter(image => !getComputedStyle(image).content.startsWith('url("data:image/webp'))
    .map(image => image.alt.slice(0, 60))"""
CUT_ON_PAPER = """() => [...document.querySelectorAll("pre")]
    .filter(text => text.scrollWidth > text.clientWidth + 1).map(text => text.innerText.slice(0, 60))"""


def test_the_page_is_whole(solved: Any, page: Page, console: Any, tmp_path: Path) -> None:
    """Are all sections and pictures there, a still one for each figure to play with, and all on paper?"""
    open_page(page, solved.file)
    assert shown_titles(page) == titles(solved.file)
    assert pages.broken_pictures(page) == []
    played = page.locator(".jp-CodeCell").filter(has_text=re.compile(r"\bplay\.\w+\("))
    assert played.count() >= 10
    assert played.filter(has_not=page.locator(".course-play")).count() == 0
    assert console.errors == []
    pages.photograph(page, "nbconvert-page", tmp_path)
    page.set_viewport_size({"width": 720, "height": 1000})
    assert len(page.evaluate(MOVES_ON_PAPER)) >= 7
    page.emulate_media(media="print")
    assert page.evaluate(MOVES_ON_PAPER) == []
    assert page.evaluate(CUT_ON_PAPER) == []


def test_the_page_has_no_serious_accessibility_fault(
    solved: Any, page: Page, npm_package: Callable[[str], Path]
) -> None:
    open_page(page, solved.file)
    page.add_script_tag(path=npm_package(AXE) / "axe.min.js")
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    faults = [
        f"{fault['id']} ({fault['impact']}, {len(fault['nodes'])} times): {fault['nodes'][0]['html'][:200]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert faults == []


def test_the_slides_are_whole(
    solved: Any, page: Page, console: Any, npm_package: Callable[[str], Path], tmp_path: Path
) -> None:
    """Does reveal.js start, has each section a slide, are all pictures there, and all within the frame?"""
    page.set_viewport_size({"width": 1280, "height": 720})
    reveal = npm_package(REVEAL).as_uri()
    exporter = SlidesExporter(
        reveal_url_prefix=reveal,
        reveal_width="1280",
        reveal_height="720",
        require_js_url=(npm_package(REQUIRE) / "require.js").as_uri(),
    )
    open_page(page, solved.file, exporter)
    page.wait_for_function("document.querySelector('.reveal.ready')")
    pages.photograph(page, "nbconvert-slides", tmp_path)
    assert shown_titles(page) == titles(solved.file)
    assert pages.broken_pictures(page) == []
    assert console.errors == []
    # From here on, nbconvert's own script asks at each slide for MathJax, which it did not get.
    assert page.evaluate(BEYOND_THE_FRAME, f"{reveal}/dist/reveal.js") == []


def open_page(page: Page, notebook: Path, exporter: HTMLExporter | None = None) -> None:
    """Open what `jupyter nbconvert` makes of a notebook, beside it, where its pictures are."""
    exporter = exporter or HTMLExporter()
    text, _ = exporter.from_filename(str(notebook))
    file = notebook.with_suffix(exporter.file_extension)
    file.write_text(text, encoding="utf-8")
    page.goto(file.as_uri())


def titles(notebook: Path) -> list[str]:
    """The notebook's sections, as Markdown has them."""
    cells = nbformat.read(notebook, as_version=4).cells
    lines = [line for c in cells if c.cell_type == "markdown" for line in c.source.splitlines()]
    return [line.removeprefix("## ").strip() for line in lines if line.startswith("## ")]


def shown_titles(page: Page) -> list[str]:
    """The sections' titles on the page, without the sign that links to each."""
    return [text.removesuffix("¶") for text in page.locator("h2").all_text_contents()]
