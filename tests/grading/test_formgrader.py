"""Formgrader's Autograde button, in a real Jupyter server that loads our configuration as a hub's would."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from admin.course import sample_class
from admin.course.build import NOT_RELEASED
from admin.course.cells import grade_id
from admin.course.layout import ASSIGNMENT, NOTEBOOK, REPOSITORY, Course
from admin.grading.lock import only_one_at_a_time
from checks.task import CHECK_POINTS
from tests.grading.sessions import command_line, descendants, parents
from tests.needs import needs_sandbox

pytestmark = [
    needs_sandbox,
    pytest.mark.slow,
]
FILE = f"{NOTEBOOK}.ipynb"
IDLE = 5.0


@dataclass(frozen=True)
class Server:
    """A running Jupyter server, on a copy of the repository that has a course in it."""

    address: str
    token: str
    process: subprocess.Popen[bytes]
    house: Path
    course: Course
    log: Path

    def request(self, path: str, method: str = "GET", seconds: float = 120) -> tuple[str, dict[str, str]]:
        """Body and headers of a reply."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(self.address + path, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=seconds) as reply:
            return reply.read().decode(), dict(reply.headers)

    def autograde(self, student: str) -> dict[str, Any]:
        """What the button does, and what it gets."""
        path = f"formgrader/api/submission/{ASSIGNMENT}/{student}/autograde"
        reply: dict[str, Any] = json.loads(self.request(path, "POST")[0])
        return reply

    def page(self, student: str) -> nbformat.NotebookNode:
        return nbformat.read(self.course.autograded(student) / FILE, 4)

    def started(self) -> dict[int, str]:
        """All processes below the server, and their command lines."""
        return below(self.process.pid)


def below(process: int) -> dict[int, str]:
    """All processes below one, and their command lines."""
    return {child: command_line(child) for child in descendants(process)}


def zygotes(processes: dict[int, str]) -> list[int]:
    """Python with TensorFlow in it, without bubblewrap's two processes before it and its own forks."""
    python = {pid for pid, words in processes.items() if "zygote.py" in words and "bwrap" not in words}
    parent_of = parents()
    return [pid for pid in python if parent_of.get(pid) not in python]


def resident(processes: dict[int, str]) -> float:
    """Megabytes of memory that processes have for themselves, shared pages divided among them (PSS)."""
    total = 0
    for pid in processes:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1000


def click_in_vain(server: Server, student: str) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        server.autograde(student)


@contextlib.contextmanager
def serving(
    command: list[str | Path], course: Course, folder: Path, house: Path, base: str = "/"
) -> Iterator[Server]:
    """A server started by a command, on a free port, with nothing of the user's settings.

    Its pages are below `base`, as a hub has them below /user/NAME/.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token, log = secrets.token_hex(16), folder / "log"
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_CONFIG_PATH": str(house / "admin" / "config"),
        "CONVNET_COURSE": str(course.root),
    }
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.base_url": base,
        "ServerApp.allow_root": True,
        "ServerApp.open_browser": False,
        "IdentityProvider.token": token,
        "Autograding.idle_seconds": IDLE,
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, *command, *arguments], cwd=house, env=environment, stdout=file, stderr=file
        )
    server = Server(f"http://127.0.0.1:{port}{base}", token, process, house, course, log)
    try:
        wait_until(lambda: answers(server), 60)
        yield server
    finally:
        left = server.started()
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pid in left:
            if left[pid] and command_line(pid) == left[pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def on_a_copy(folder: Path, built: Course) -> Iterator[Server]:
    """The server of an instructor on a hub: found by JUPYTER_CONFIG_PATH, in a copy of the repository."""
    house = folder / "house"
    for name in ("admin", "notebooks"):
        shutil.copytree(REPOSITORY / name, house / name, ignore=NOT_RELEASED)
    shutil.copyfile(REPOSITORY / "problem_unittests.py", house / "problem_unittests.py")
    course = Course.at(house / "course")
    shutil.copytree(built.root, course.root)
    sample_class.write(course)
    write_quick(course)
    command: list[str | Path] = ["-m", "jupyterlab", f"--ServerApp.root_dir={house}"]
    with serving(command, course, folder, house) as server:
        yield server


def write_quick(course: Course) -> None:
    """A submission that is graded in no time: the empty notebook, without the cells between the tasks."""
    notebook = nbformat.read(course.release / FILE, 4)
    notebook.cells = [notebook.cells[0], *filter(grade_id, notebook.cells)]
    course.submitted("quick").mkdir(parents=True)
    nbformat.write(notebook, course.submitted("quick") / FILE)


def answers(server: Server) -> bool:
    assert server.process.poll() is None, server.log.read_text()[-2000:]
    try:
        server.request("api/status", seconds=5)
    except OSError:
        return False
    return True


def wait_until(holds: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def server(built: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with on_a_copy(tmp_path_factory.mktemp("server"), built) as running:
        yield running


def test_six_clicks_leave_one_sandbox_which_ends_when_nobody_clicks(server):
    """One zygote after six gradings, and nothing at all after the idle time?"""
    wait_until(lambda: not server.started(), IDLE + 15)
    for _ in range(6):
        reply = server.autograde("quick")
        assert reply["success"], reply
    running = server.started()
    print(f"after six clicks: {len(running)} processes, {resident(running):,.0f} MB")
    assert len(zygotes(running)) == 1
    wait_until(lambda: not server.started(), IDLE + 15)


def test_the_server_answers_while_it_grades(server):
    """Are other requests answered within a second while it grades, and is what it grades right?"""
    replies: list[dict[str, Any]] = []
    grading = threading.Thread(target=lambda: replies.append(server.autograde("amara")))
    grading.start()
    took = []
    while grading.is_alive():
        begun = time.monotonic()
        server.request("api/status")
        took.append(time.monotonic() - begun)
        time.sleep(0.1)
    took.sort()
    print(f"{len(took)} requests, median {took[len(took) // 2]:.3f} s, slowest {took[-1]:.2f} s")
    assert replies[0]["success"], replies
    assert sum(score or 0 for score in (server.course.points("amara") or {}).values()) == CHECK_POINTS
    # But for one in twenty: a machine that does much else may be slow on its own.
    assert len(took) > 20
    assert took[len(took) * 19 // 20] < 1


def test_a_click_while_another_is_graded_waits_its_turn(server):
    """Two clicks at a time: are both graded, one after the other, by one sandbox?"""
    replies: list[tuple[bool, float]] = []

    def click() -> None:
        replies.append((server.autograde("quick")["success"], time.monotonic()))

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (first, at), (second, then) = replies
    assert first
    assert second
    assert then > at
    assert len(zygotes(server.started())) == 1


def test_a_click_while_grade_is_at_work_gets_a_sentence(server):
    """The lock of `python3 -m admin grade` counts here, too?"""
    with only_one_at_a_time(server.course):
        reply = server.autograde("quick")
    assert not reply["success"]
    assert "Another grade is at work" in reply["log"]
    assert "Traceback" not in json.dumps(reply)
    assert server.autograde("quick")["success"]


def test_after_a_rebuild_the_new_text_and_the_new_checks_count(server):
    """Words of a check and HTML of a text change on the disk: are both in the next graded page?"""
    assert server.autograde("quick")["success"]
    checks = server.house / "notebooks" / "checks" / "report.py"
    text = checks.read_text()
    checks.write_text(
        f"{text}\n_words = words\n\ndef words(*given):\n    return 'Rebuilt. ' + _words(*given)\n"
    )
    for place in (server.course.source, server.course.release, server.course.submitted("quick")):
        notebook = nbformat.read(place / FILE, 4)
        notebook.cells[0].source += "\n\n<div style='color: teal'>Rebuilt.</div>"
        nbformat.write(notebook, place / FILE)
    try:
        assert server.autograde("quick")["success"]
    finally:
        checks.write_text(text)
    page = server.page("quick")
    assert "<div style='color: teal'>Rebuilt.</div>" in page.cells[0].source
    check = next(cell for cell in page.cells if grade_id(cell) == "check_one_hot")
    assert check.outputs[0].text.startswith("Rebuilt. one_hot: 0 of 10")


def test_pages_carry_a_content_security_policy(server):
    """May only our own pages show formgrader in a frame, does it load from here alone, and still answer?"""
    for path in ("formgrader/", f"formgrader/manage_submissions/{ASSIGNMENT}"):
        _, headers = server.request(path)
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'self'" in policy
        assert "default-src 'none'" in policy
        assert "base-uri 'none'" in policy
    _, headers = server.request("lab")
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert "default-src" not in headers["Content-Security-Policy"], "JupyterLab needs more"
    _, headers = server.request(f"files/course/source/{ASSIGNMENT}/custom.css")
    assert "sandbox allow-scripts" in headers["Content-Security-Policy"]


def test_nothing_runs_on_when_the_server_is_killed(built, tmp_path):
    """SIGKILL in the middle of a grading: do the process, the sandbox and the judge end, too?"""
    with on_a_copy(tmp_path, built) as server:
        grading = threading.Thread(target=click_in_vain, args=[server, "ali"])
        grading.start()
        wait_until(lambda: zygotes(server.started()), 60)
        time.sleep(8)  # ali's loop runs for 40 seconds
        running = server.started()
        os.kill(server.process.pid, signal.SIGKILL)
        grading.join(20)
        wait_until(lambda: not any(command_line(pid) == words for pid, words in running.items()), 15)


def test_lab_on_a_course_elsewhere_serves_nothing_above_it(course, tmp_path):
    """Is the course itself the server's folder, opened at its released notebook, and does formgrader work?"""
    command: list[str | Path] = [REPOSITORY / "admin", "lab", "--course", course.root]
    with serving(command, course, tmp_path, REPOSITORY) as server:
        there = {entry["name"] for entry in json.loads(server.request("api/contents/")[0])["content"]}
        assert {"source", "release"} <= there
        assert there <= set(os.listdir(course.root))
        assert f"/lab/tree/release/{ASSIGNMENT}/{FILE}?token=" in server.log.read_text()
        (assignment,) = json.loads(server.request("formgrader/api/assignments")[0])
        assert (assignment["name"], assignment["source_path"]) == (ASSIGNMENT, f"source/{ASSIGNMENT}")


def test_lab_on_a_folder_without_a_course_says_what_to_do(tmp_path):
    """A sentence, and no server?"""
    command = [sys.executable, REPOSITORY / "admin", "lab", "--course", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert (
        done.stdout == f"There is no notebook yet: python3 -m admin build --course '{tmp_path}' makes it.\n"
    )
