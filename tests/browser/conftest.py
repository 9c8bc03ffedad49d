"""A real Chromium on real JupyterLab and Notebook 7, or one line that says what is missing."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions
from traitlets.config import Config

from admin.course import build, source_notebook
from tests.browser import pages
from tests.chromium import Console, browser, chromium, window

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SETTINGS = {
    # No question about news in the corner, and no request for them.
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    # All cells are in the page, also those out of sight.
    "notebook-extension/tracker": {"windowingMode": "none"},
    # Nothing is saved unasked: on a slow machine Jupyter may ask then whether to overwrite the file.
    "docmanager-extension/plugin": {"autosave": False},
}
FEWER_EPOCHS = 2


@dataclass(frozen=True)
class Solved:
    """The solution notebook after a run: its open page, that page's console, and the saved file."""

    page: Page
    console: Console
    file: Path


# ------------------------------------------------------------------------------------------- the browser


@pytest.fixture
def page_and_console(browser: Browser) -> Iterator[tuple[Page, Console]]:
    with window(browser) as both:
        yield both


@pytest.fixture
def page(page_and_console: tuple[Page, Console]) -> Page:
    """A new window for one test."""
    return page_and_console[0]


@pytest.fixture
def console(page_and_console: tuple[Page, Console]) -> Console:
    """What `page` has written to its console so far."""
    return page_and_console[1]


# -------------------------------------------------------------------------------------------- the server


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the server shows: what is released, and the notebook with and without its solutions."""
    folder = tmp_path_factory.mktemp("released")
    for name, origin in build.RELEASED_FILES.items():
        if origin.is_dir():
            shutil.copytree(origin, folder / name, ignore=build.NOT_RELEASED)
        else:
            shutil.copyfile(origin, folder / name)
    solution = source_notebook.read_source()
    config = Config()
    config.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
    student, _ = ClearSolutions(config=config).preprocess(nbformat.from_dict(solution), {})
    nbformat.write(student, folder / "student.ipynb")
    nbformat.write(quick(solution), folder / "solution.ipynb")
    return folder


def quick(solution: NotebookNode, epochs: int = FEWER_EPOCHS) -> NotebookNode:
    """The solution with fewer epochs, so that nobody waits for minutes; all else is real."""
    notebook = nbformat.from_dict(solution)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = re.sub(r"\bepochs( ?= ?)\d+", rf"epochs\g<1>{epochs}", cell.source)
    return notebook


@pytest.fixture(scope="package")
def server(chromium: str, released: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Jupyter server on `released`, with JupyterLab and Notebook 7 and nothing of the user's."""
    home = tmp_path_factory.mktemp("jupyter")
    with jupyter_server(released, home, {}, {}) as address:
        yield address


@contextmanager
def jupyter_server(
    root: Path, home: Path, more_environment: dict[str, str], more_options: dict[str, object]
) -> Iterator[str]:
    """Address of a Jupyter server on `root` that keeps its own files in `home`, until the block ends."""
    write_settings(home / "settings")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if key != "NBGRADER_EXECUTION"} | {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "IPYTHONDIR": str(home / "ipython"),
        # An empty cache and no way out: the same pictures on every machine, with or without a network.
        "KERAS_HOME": str(home / "keras"),
        # Fonts as they are now: with a list made while an environment was deleted, each picture says so.
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "https_proxy": "http://localhost:9",
        **more_environment,
    }
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": root,
        "ServerApp.allow_root": True,
        "ServerApp.open_browser": False,
        "ServerApp.disable_check_xsrf": True,  # so that `end_kernels` may ask for it
        "IdentityProvider.token": "",
        "LabApp.expose_app_in_browser": True,
        "JupyterNotebookApp.expose_app_in_browser": True,
        **more_options,
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    # On a slow machine Matplotlib says that it is making that list, and a cell would show it.
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], env=environment, check=True)
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *arguments],
            cwd=root,
            env=environment,
            stdout=log,
            stderr=log,
        )
        address = f"http://127.0.0.1:{port}/"
        try:
            wait_for(address, process, home / "log")
            yield address
        finally:
            process.terminate()  # it ends its kernels, too
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def write_settings(folder: Path) -> None:
    """JupyterLab's settings, as its settings editor would write them."""
    for name, values in SETTINGS.items():
        file = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    """Return when the server answers; fail with the end of its log when it ended or takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}api/status", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"Jupyter did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def npm_package(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """Unpacks a package of npm, such as "axe-core@4.14.1", into pytest's cache; skips where there is none."""

    def unpacked(name: str) -> Path:
        folder = Path(request.config.cache.mkdir("npm")) / name
        if not (folder / "package").is_dir():
            if not shutil.which("npm"):
                pytest.skip(f"no npm to get {name} with: apt install npm")
            folder.mkdir(exist_ok=True)
            packed = subprocess.run(["npm", "pack", name], cwd=folder, capture_output=True, text=True)
            if packed.returncode:
                pytest.skip(f"npm could not get {name}: {packed.stderr.strip()[-200:]}")
            with tarfile.open(next(folder.glob("*.tgz"))) as archive:
                # Python 3.11.2 has no filters yet
                archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
        return folder / "package"

    return unpacked


def end_kernels(server: str, names: Collection[str]) -> None:
    """End those of these notebooks, and no other's: TensorFlow takes half a gigabyte in each."""
    with urllib.request.urlopen(f"{server}api/sessions") as answer:
        sessions = json.load(answer)
    for session in (session for session in sessions if session["name"] in names):
        request = urllib.request.Request(f"{server}api/sessions/{session['id']}", method="DELETE")
        urllib.request.urlopen(request).close()


@pytest.fixture
def open_notebook(page: Page, server: str) -> Iterator[Callable[[str, str], Page]]:
    """Opens a notebook of `released` in "lab" or "notebook", ready to run; returns the page."""

    def opened(name: str, application: str) -> Page:
        names.append(name)
        pages.open_notebook(page, server, name, application)
        return page

    names: list[str] = []
    yield opened
    end_kernels(server, names)


@pytest.fixture(scope="package")
def solved(browser: Browser, server: str, released: Path) -> Iterator[Solved]:
    """The solution, run from top to bottom in Notebook 7 and saved. It takes a minute, so tests share it."""
    with window(browser) as (page, console):
        pages.open_notebook(page, server, "solution.ipynb", "notebook")
        pages.run_all(page, seconds=300)
        pages.save(page)
        yield Solved(page, console, released / "solution.ipynb")
    end_kernels(server, ["solution.ipynb"])
