"""What a learner does with a notebook in the browser, as functions of Playwright's page.

A cell is named by its nbgrader id ("set_up") or by a piece of its text ("play.draw_digit("). All waiting is for
something to happen on the page, none for a number of seconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Locator, Page

# Both applications say so when asked to: --expose_app_in_browser
NOTEBOOK = "window.jupyterapp?.shell.currentWidget?.content"
STATUS = "window.jupyterapp?.shell.currentWidget?.context?.sessionContext?.session?.kernel?.status"

FIND_CELL = f"""wanted => {{
    const cells = {NOTEBOOK}.widgets.map(cell => cell.model.sharedModel);
    const byId = cells.findIndex(cell => cell.getMetadata("nbgrader")?.grade_id === wanted);
    return byId >= 0 ? byId : cells.findIndex(cell => cell.getSource().includes(wanted));
}}"""
# A cell that waits or runs has a star for its number. One with nothing in it never gets a number.
COUNT_UNFINISHED = f"""() => {NOTEBOOK}.widgets.filter(cell => cell.model.type === "code"
    && cell.model.sharedModel.getSource().trim()
    && !/\\d/.test(cell.node.querySelector(".jp-InputPrompt").textContent)).length"""
HAS_NEW_NUMBER = """([cell, before]) => {
    const prompt = cell.querySelector(".jp-InputPrompt").textContent;
    return /\\d/.test(prompt) && prompt !== before;
}"""
PICTURES = """root => [...root.querySelectorAll("img")].map(image => ({
    address: image.src.slice(0, 80), width: image.naturalWidth, alt: image.alt.trim(), done: image.complete}))"""

OUTPUT = ".jp-OutputArea-output"
ERROR = f'{OUTPUT}[data-mime-type="application/vnd.jupyter.error"]'
STDERR = f'{OUTPUT}[data-mime-type="application/vnd.jupyter.stderr"]'


# ------------------------------------------------------------------------------------------- the notebook


def open_notebook(page: Page, server: str, name: str, application: str) -> None:
    """Open the server's notebook `name` in `application`, "lab" or "notebook"; returns when it can run cells."""
    way = {"lab": "lab/tree", "notebook": "notebooks"}[application]
    page.goto(f"{server}{way}/{quote(name)}{'?reset' if application == 'lab' else ''}")
    page.wait_for_function(f"{STATUS} === 'idle'", timeout=60_000)
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()


def find_cell(page: Page, cell: str) -> Locator:
    """The cell with this nbgrader id, or the first one whose text holds these words. Raises ValueError."""
    place = page.evaluate(FIND_CELL, cell)
    if place < 0:
        raise ValueError(f"the notebook has no cell {cell!r}")
    return page.locator(".jp-Notebook .jp-Cell").nth(place)


def write(page: Page, cell: str, source: str) -> None:
    """Replace what a cell says, as one does who selects all and types. Its nbgrader id stays."""
    find_cell(page, cell).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)


def run(page: Page, cell: str, seconds: float = 60) -> Locator:
    """Run a cell with Shift + Enter and wait until it is done. Returns the cell."""
    found = find_cell(page, cell)
    prompt = found.locator(".jp-InputPrompt").first
    before = prompt.inner_text()
    found.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(HAS_NEW_NUMBER, arg=[found.element_handle(), before], timeout=1000 * seconds)
    return found


def run_all(page: Page, seconds: float) -> None:
    """Run > Run All Cells, and wait until every cell has run or one shows an error."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    error = f"document.querySelector('{ERROR}')"
    page.wait_for_function(f"{error} || ({COUNT_UNFINISHED})() === 0", timeout=1000 * seconds)


def save(page: Page) -> None:
    """Save with Ctrl + S, and wait until the server has it."""
    page.locator(".jp-Notebook").focus()
    page.keyboard.press("Control+s")
    page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")


# ------------------------------------------------------------------------------------------ what one sees


def said(cell: Locator) -> str:
    """All that a cell shows below its code, as text; empty if there is nothing."""
    return "\n".join(cell.locator(OUTPUT).all_inner_texts())


def complaints(page: Page) -> list[str]:
    """Errors, and what was printed to stderr, on the whole page."""
    return page.locator(f"{ERROR}, {STDERR}").all_inner_texts()


def broken_pictures(where: Page | Locator) -> list[str]:
    """Pictures that did not load, or that have no text for those who do not see them.

    Waits until each has loaded or failed. Returns a line for each.
    """
    root = where.locator("body") if isinstance(where, Page) else where
    page = where if isinstance(where, Page) else where.page
    page.wait_for_function("() => [...document.images].every(image => image.complete)")
    return [
        f"{'no alt text' if picture['width'] else 'did not load'}: {picture['address']}"
        for picture in root.evaluate(PICTURES)
        if not (picture["width"] and picture["alt"])
    ]


def count_pictures(where: Page | Locator) -> int:
    """How many <img> there are."""
    return where.locator("img").count()


def photograph(where: Page | Locator, name: str, folder: Path) -> Path:
    """A screenshot of a page or a cell, as NAME.png in $SCREENSHOTS, or else in `folder`."""
    folder = Path(os.environ.get("SCREENSHOTS") or folder)
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(where, Locator):
        where.scroll_into_view_if_needed()
    where.screenshot(path=folder / f"{name}.png")
    return folder / f"{name}.png"


@contextmanager
def unfolded(page: Page, width: int = 1280) -> Iterator[None]:
    """For a picture of a whole notebook: a window as high as what it shows. Jupyter scrolls inside the page."""
    before = page.viewport_size
    height = page.locator(".jp-WindowedPanel-outer").first.evaluate("panel => panel.scrollHeight")
    page.set_viewport_size({"width": width, "height": min(height + 200, 16_000)})
    yield
    page.set_viewport_size(before)
