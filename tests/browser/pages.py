"""What a learner does with a notebook in the browser, as functions of Playwright's page.

A cell is named by its nbgrader id ("set_up") or by a piece of its text ("play.draw_digit(").
Each waits for what it does to have happened on the page.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from playwright.sync_api import Locator, LocatorAssertions, Page

# Both applications say so when asked to: --expose_app_in_browser
NOTEBOOK = "window.jupyterapp?.shell.currentWidget?.content"
STATUS = "window.jupyterapp?.shell.currentWidget?.context?.sessionContext?.session?.kernel?.status"

FIND_CELL = f"""wanted => {{
    const cells = {NOTEBOOK}.widgets.map(cell => cell.model.sharedModel);
    const byId = cells.findIndex(cell => cell.getMetadata("nbgrader")?.grade_id === wanted);
    return byId >= 0 ? byId : cells.findIndex(cell => cell.getSource().includes(wanted));
}}"""
# A cell that waits or runs has a star for its number. One with nothing in it never gets a number.
UNFINISHED = f"""() => {NOTEBOOK}.widgets.filter(cell => cell.model.type === "code"
    && cell.model.sharedModel.getSource().trim()
    && !/\\d/.test(cell.node.querySelector(".jp-InputPrompt").textContent)
    ).map(cell => cell.model.sharedModel.getSource())"""
HAS_NEW_NUMBER = """([cell, before]) => {
    const prompt = cell.querySelector(".jp-InputPrompt").textContent;
    return /\\d/.test(prompt) && prompt !== before;
}"""
# In Jupyter, the notebook's alone: logos are not ours. A figure by a learner's own plt.show() has no text.
PICTURES = """() => [...(document.querySelector(".jp-Notebook") ?? document).querySelectorAll("img")]
    .map(image => ({
        address: image.src.slice(0, 80), width: image.naturalWidth, alt: image.alt.trim(),
        own: image.closest('[data-mime-type="image/png"], .jp-RenderedImage') !== null}))"""
# Where an alt text is missing, JupyterLab and nbconvert put these in, and no checker notices.
NO_ALT = ("", "Image", "No description has been provided for this image")

OUTPUT = ".jp-OutputArea-output"
ERROR = f'{OUTPUT}[data-mime-type="application/vnd.jupyter.error"]'
STDERR = f'{OUTPUT}[data-mime-type="application/vnd.jupyter.stderr"]'


# ------------------------------------------------------------------------------------------- the notebook


def open_notebook(page: Page, server: str, name: str, application: str) -> None:
    """Open the server's notebook `name` in `application`, "lab" or "notebook", and wait for its kernel.

    Where the page never hears of its kernel, it is loaded once more, as a person would do
    (https://github.com/jupyterlab/jupyterlab/issues/8939).
    """
    from playwright.sync_api import TimeoutError as NotInTime

    way = {"lab": "lab/tree", "notebook": "notebooks"}[application]
    for last in (False, True):
        page.goto(f"{server}{way}/{quote(name)}{'?reset' if application == 'lab' else ''}")
        try:
            page.wait_for_function(f"{STATUS} === 'idle'", timeout=60_000)
            break
        except NotInTime:
            if last:
                raise
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
    deadline = time.monotonic() + seconds
    while (unfinished := page.evaluate(UNFINISHED)) and not page.locator(ERROR).count():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds:g} s, this cell has not run to its end: {unfinished[0]}")
        page.wait_for_timeout(200)


def save(page: Page) -> None:
    """Save with Ctrl + S, and wait until the server has it."""
    page.locator(".jp-Notebook").focus()
    page.keyboard.press("Control+s")
    page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")


# ------------------------------------------------------------------------------------------ what one sees


def said(cell: Locator) -> str:
    """All that a cell shows below its code, as text; empty if there is nothing."""
    return "\n".join(cell.locator(f"{OUTPUT}:visible").all_inner_texts())


def complaints(page: Page) -> list[str]:
    """Errors, and what was printed to stderr, on the whole page."""
    return page.locator(f"{ERROR}, {STDERR}").all_inner_texts()


def broken_pictures(page: Page) -> list[str]:
    """Pictures that did not load, or that have no text for those who do not see them: a line for each.

    Waits until each has loaded or failed.
    """
    page.wait_for_function("() => [...document.images].every(image => image.complete)")
    return [
        f"{'no alt text' if picture['width'] else 'did not load'}: {picture['address']}"
        for picture in page.evaluate(PICTURES)
        if not picture["width"] or (picture["alt"] in NO_ALT and not picture["own"])
    ]


def photograph(where: Page | Locator, name: str, folder: Path) -> Path:
    """A screenshot of a page or a cell, as NAME.png; returns the file."""
    file = screenshots(folder) / f"{name}.png"
    where.screenshot(path=file)
    return file


def screenshots(folder: Path) -> Path:
    """Where screenshots go: $SCREENSHOTS, or else `folder`."""
    folder = Path(os.environ.get("SCREENSHOTS") or folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def photograph_all(page: Page, name: str, folder: Path, height: int = 1800) -> list[Path]:
    """Screenshots of the open notebook from top to bottom, as NAME-01.png, NAME-02.png, …"""
    page.set_viewport_size({"width": 1280, "height": height})
    panel = page.locator(".jp-WindowedPanel-outer").first
    whole, seen = panel.evaluate("panel => [panel.scrollHeight, panel.clientHeight]")
    taken = []
    for number in range(-(-whole // seen)):
        panel.evaluate("(panel, top) => panel.scrollTo(0, top)", number * seen)
        taken.append(photograph(page, f"{name}-{number + 1:02}", folder))
    return taken


def live(cell: Locator) -> Locator:
    """The widgets of a cell's interactive figure, without the still picture that they stand in for."""
    widgets = cell.locator(f"{OUTPUT} .widget-vbox").first
    widgets.wait_for()
    return widgets


def slide(cell: Locator, name: str, key: str) -> None:
    """Press a key ("ArrowRight", "Home", …) on the slider with this name, as one does by keyboard."""
    cell.get_by_role("slider", name=name, exact=True).press(key)


def click_cell(cell: Locator, names: str, row: int, column: int) -> None:
    """Click a place of the part of a picture that sets these widgets, as by mouse."""
    part = cell.locator(f'[data-pick="{names}"]:visible').first
    rows, columns = map(int, str(part.get_attribute("data-cells")).split())
    box = part.bounding_box()
    assert box is not None
    part.click(
        position={"x": (column + 0.5) * box["width"] / columns, "y": (row + 0.5) * box["height"] / rows}
    )


def expect(what: Locator) -> LocatorAssertions:
    """Playwright's assertions, which wait for what they say to come true."""
    from playwright.sync_api import expect

    return expect(what)
