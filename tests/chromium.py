"""A real Chromium for tests of pages: the system's, driven by Playwright, and kept to this machine."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.needs import skip_or_fail

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Route

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# --no-sandbox: Chromium's own sandbox refuses to start as root, as in a container. It opens our pages only.
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")

# What Jupyter itself writes to the console as an error: pattern, and why it is none of ours.
NOISE = {
    r"reading 'schema'\)[\s\S]*notebook_core": "Notebook 7.6: settings come before shortcuts",
    r"'filebrowser:open-path' not registered": "Notebook 7.6: its page has no file browser",
    r"403 \(Forbidden\).*/static/(lab|notebook)/\w+\.woff": "the server mixes up Lab's and Notebook's fonts "
    "of one name when both are open (FileFindHandler keeps them by name alone)",
    r"ERR_FAILED \(https://": "nbconvert's pages ask other machines for MathJax and fonts; refused here",
}


@dataclass
class Console:
    """What a page wrote to its console as an error, and what it asked of other machines; noise left out."""

    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the system's Chromium, which every test here needs."""
    names = [os.environ["CHROMIUM"]] if "CHROMIUM" in os.environ else CHROMIUM
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        skip_or_fail("no browser: apt install chromium, or name one in CHROMIUM")
    return found


@pytest.fixture(scope="package")  # no longer: while Playwright runs, other tests can't start an event loop
def browser(chromium: str) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def window(browser: Browser) -> Iterator[tuple[Page, Console]]:
    """A new window with nothing remembered, which reaches this machine only, and what its console says."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, console = context.new_page(), Console()

    def note(message: str) -> None:
        if not any(re.search(pattern, message) for pattern in NOISE):
            console.errors.append(message)

    def note_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            note(f"{message.text} ({message.location.get('url', '')})")

    def refuse(route: Route) -> None:
        console.elsewhere.append(route.request.url)
        route.abort()

    page.on("console", note_console)
    page.on("pageerror", lambda error: note(error.stack or str(error)))
    context.route(re.compile(r"^https?://(?!(localhost|127\.0\.0\.1)[:/])"), refuse)
    yield page, console
    context.close()
