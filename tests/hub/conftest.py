"""A real hub on this machine, made by `python3 -m admin hub --trial` and taken away by `--remove`."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from admin.hub.place import COURSE_ACCOUNT, PLACE
from tests.chromium import browser, chromium, window
from tests.needs import skip_or_fail

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
# Not the environment's Python, but the one behind it: what a user has.
PYTHON = getattr(sys, "_base_executable", None) or sys.executable
ANNA, BEN, TEACHER = "trial-anna", "trial-ben", "trial-teacher"

# As a user sets them: the page shows its inner parts to a test, and has all cells in it.
SERVER_SETTINGS = {"LabApp": {"expose_app_in_browser": True}}
LAB_SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "docmanager-extension/plugin": {"autosave": False},
}


# The loop comes before what looks at its traces; what needs a machine without a hub comes first.
ORDER = ("test_command", "test_spawners", "test_loop", "test_apart", "test_kills")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of this folder into that order, among themselves."""
    places = [place for place, item in enumerate(items) if item.path.parent == Path(__file__).parent]
    ours = sorted((items[place] for place in places), key=lambda item: ORDER.index(item.path.stem))
    for place, item in zip(places, ours, strict=True):
        items[place] = item


@dataclass
class Hub:
    """The hub: where it answers, its users' passwords, and what it has said so far in its terminal."""

    port: int
    said: Path
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers: the first run installs, and takes a minute or two."""
        with self.said.open("wb") as said:
            process = subprocess.Popen(
                [
                    PYTHON,
                    ROOT / "admin",
                    "hub",
                    *(() if PLACE.exists() else ("--trial",)),
                    f"--port={self.port}",
                ],
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait(lambda: "The hub answers" in self.said.read_text() or process.poll() is not None, 400)
        assert process.poll() is None, self.said.read_text()


@pytest.fixture(scope="package")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A trial's hub. When the tests are through, nothing of it may be left on the machine."""
    if os.geteuid() != 0:
        pytest.skip("a hub takes root")  # also in continuous integration, which may run as anybody
    if not (shutil.which("node") and shutil.which("npm")):
        skip_or_fail("a hub's proxy needs node and npm")
    if PLACE.exists():
        skip_or_fail(f"there is a hub on this machine already, in {PLACE}")
    before = traces()
    hub = Hub(three_ports(), tmp_path_factory.mktemp("hub") / "said")
    try:
        hub.start()
        hub.passwords = dict(re.findall(r"^  (trial-\S+) +(\S+)$", hub.said.read_text(), re.MULTILINE))
        for name in (ANNA, BEN, COURSE_ACCOUNT):
            write_settings(name)
        yield hub
    finally:
        removed = subprocess.run([PYTHON, ROOT / "admin", "hub", "--remove"], capture_output=True, text=True)
    assert removed.returncode == 0, removed.stdout + removed.stderr
    assert traces() == before


def traces() -> list[str]:
    """What a hub could leave behind: accounts, groups, homes, files, programs that run."""
    kept = [Path(f"/etc/{name}").read_text() for name in ("passwd", "group", "subuid", "subgid")]
    folders = [sorted(map(str, Path(name).iterdir())) for name in ("/home", "/opt", "/var/mail")]
    return [*kept, str(folders), *(words for _, words in programs() if str(PLACE) in words)]


def programs() -> Iterator[tuple[int, str]]:
    """Number and words of each program that runs on this machine."""
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        with suppress(OSError):
            yield int(pid), Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()


def running(owner: str, words: str) -> list[int]:
    """The programs of this user in whose command these words stand."""
    found = []
    for pid, said in programs():
        with suppress(OSError):
            if words in said and os.stat(f"/proc/{pid}").st_uid == pwd.getpwnam(owner).pw_uid:
                found.append(pid)
    return found


def three_ports() -> int:
    """The first of three free ports in a row."""
    for port in range(18000, 19000, 3):
        with suppress(OSError):
            for each in range(port, port + 3):
                with socket.socket() as tried:
                    tried.bind(("127.0.0.1", each))
            return port
    raise AssertionError("no free ports")


def write_settings(name: str) -> None:
    """Put a user's own settings for Jupyter into their home."""
    user = pwd.getpwnam(name)
    files = {".jupyter/jupyter_server_config.json": SERVER_SETTINGS} | {
        f".jupyter/lab/user-settings/@jupyterlab/{part}.jupyterlab-settings": values
        for part, values in LAB_SETTINGS.items()
    }
    for file, values in files.items():
        path = Path(user.pw_dir) / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    subprocess.run(["chown", "-R", f"{name}:", Path(user.pw_dir) / ".jupyter"], check=True)


def sign_in(browser: Browser, hub: Hub, name: str) -> Iterator[Page]:
    """A window in which this person has signed in and sees their JupyterLab: an instructor, the course's."""
    with window(browser) as (page, _):
        page.goto(f"{hub.address}/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(hub.passwords[name])
        page.get_by_role("button", name="Sign in").click()
        # The course's server isn't a teacher's own, so the hub asks them whether it may know who they are.
        asked, there = page.get_by_role("button", name="Authorize"), page.locator("#jp-top-panel")
        asked.or_(there).wait_for(timeout=120_000)
        if asked.is_visible():
            asked.click()
        page.wait_for_url(re.compile(r"/user/[\w-]+/lab"), timeout=120_000)
        page.locator("#jp-top-panel").wait_for(timeout=60_000)
        yield page


@pytest.fixture(scope="package")
def anna(browser: Browser, hub: Hub) -> Iterator[Page]:
    yield from sign_in(browser, hub, ANNA)


@pytest.fixture(scope="package")
def ben(browser: Browser, hub: Hub) -> Iterator[Page]:
    yield from sign_in(browser, hub, BEN)


@pytest.fixture(scope="package")
def teacher(browser: Browser, hub: Hub) -> Iterator[Page]:
    yield from sign_in(browser, hub, TEACHER)


def home(name: str) -> Path:
    return Path(pwd.getpwnam(name).pw_dir)


def run_as(name: str, *command: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command as this unix user, in their home, as in a terminal of the hub."""
    user = pwd.getpwnam(name)
    return subprocess.run(
        command,
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        cwd=user.pw_dir,
        env={"HOME": user.pw_dir, "USER": name, "PATH": f"{PLACE / '.venv/bin'}:/usr/bin:/bin"},
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
    )


def wait(until: Callable[[], object], seconds: float) -> None:
    """Return when this holds; fail when it doesn't in so many seconds."""
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, f"did not come true in {seconds:g} seconds"
        time.sleep(0.2)
