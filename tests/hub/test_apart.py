"""What a student of the hub can not reach, tried by HTTP with their session and from a shell of theirs."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from admin.course import source_notebook
from admin.hub.place import COURSE_ACCOUNT, EXCHANGE, PLACE, STATE
from tests.chromium import window
from tests.hub.conftest import ANNA, BEN, Hub, home, run_as, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
PYTHON = PLACE / ".venv" / "bin" / "python"


@pytest.mark.parametrize(
    ("place", "status"),
    [
        (f"/user/{COURSE_ACCOUNT}/formgrader", 403),
        (f"/user/{COURSE_ACCOUNT}/by_hand", 403),
        (f"/user/{COURSE_ACCOUNT}/grading", 403),
        (f"/user/{COURSE_ACCOUNT}/api/contents/course/gradebook.db", 403),
        (f"/user/{BEN}/lab", 403),
        (f"/user/{BEN}/api/kernels", 403),
        (f"/hub/spawn/{COURSE_ACCOUNT}", 404),
        (f"/hub/api/users/{BEN}", 404),
        ("/hub/api/services/grading", 403),
        ("/hub/admin", 403),
        (f"/user/{ANNA}/formgrader", 404),
        (f"/user/{ANNA}/by_hand", 404),
        (f"/user/{ANNA}/grading", 404),
        (f"/user/{ANNA}/api/contents/..%2f{COURSE_ACCOUNT}", 404),
    ],
)
def test_no_address_leads_a_student_to_what_is_others(
    anna: Page, ben: Page, teacher: Page, hub: Hub, place: str, status: int
) -> None:
    """With all servers running: does each of these say no?"""
    answer = anna.context.request.get(f"{hub.address}{place}")
    assert answer.status == status, answer.text()[:500]


def test_who_has_not_signed_in_is_asked_to(browser: Browser, ben: Page, hub: Hub) -> None:
    """Does a window without a session get to the page for signing in, and to nothing else?"""
    with window(browser) as (page, _):
        page.goto(f"{hub.address}/user/{BEN}/lab")
        assert "/hub/login" in page.url
        assert page.get_by_label("Password").is_visible()


def test_a_shell_of_a_student_opens_no_file_of_others(anna: Page, ben: Page, teacher: Page) -> None:
    """Solutions, secret, gradebook, the hub's database and keys, homes and hand-ins: is each closed?"""
    course = home(COURSE_ACCOUNT) / "course"
    closed = [
        *(PLACE / "admin" / "course" / name for name in ("source", "answers")),
        PLACE / "admin" / "__main__.py",
        *(
            STATE / name
            for name in ("jupyterhub.sqlite", "cookie_secret", "people.json", "hub.log", "proxy.pid")
        ),
        *(course, course / "gradebook.db", course / "source", home(COURSE_ACCOUNT)),
        *(home(BEN), home(BEN) / ".local", EXCHANGE / "convnet" / "inbound"),
    ]
    for path in closed:
        assert os.path.lexists(path), f"{path} is not there, so this tries nothing"
        opened = run_as(ANNA, PYTHON, "-c", OPEN, path)
        assert opened.stdout == "refused\n", f"{path}: {opened.stdout or opened.stderr}"
    secrets = [path for path in course.rglob("*") if "secret" in path.name]
    assert secrets, "the course has no secret"
    assert run_as(ANNA, "grep", "-rl", "BEGIN SOLUTION", PLACE, "--exclude-dir=.venv").stdout == ""


OPEN = """
import os, sys
try:
    os.listdir(sys.argv[1]) if os.path.isdir(sys.argv[1]) else open(sys.argv[1], "rb").read(1)
except PermissionError:
    print("refused")
else:
    print("opened")
"""


def test_what_a_student_can_read_has_no_solution_in_it(anna: Page) -> None:
    """Is no line of a model answer in the files that are open to all?"""
    [net] = [
        cell.source
        for cell in source_notebook.read_source().cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "one_hot"
    ]
    telling = max(re.findall(r"^    (?!###)(.+)$", net, re.MULTILINE), key=len)
    found = run_as(
        ANNA, "grep", "-rlF", telling, PLACE, EXCHANGE, "--exclude-dir=.venv", "--exclude-dir=proxy"
    )
    assert found.stdout == ""
    assert subprocess.run(["grep", "-rlF", telling, PLACE / "admin"], capture_output=True).stdout != b""


def test_a_student_touches_no_process_of_others(anna: Page, ben: Page, hub: Hub) -> None:
    """No signal, no look into the environment, in which a server's keys are; no kernel's port."""
    for name in (BEN, COURSE_ACCOUNT, "root"):
        pids = running(name, str(PLACE))
        assert pids, f"nothing of {name} runs"
        for pid in pids:
            killed = run_as(ANNA, PYTHON, "-c", f"import os; os.kill({pid}, 9)")
            assert "Operation not permitted" in killed.stderr
            assert "Permission denied" in run_as(ANNA, "cat", f"/proc/{pid}/environ").stderr
    # Whoever connects to a kernel's port reads what it prints; so kernels have sockets in their owner's home.
    files = (home(BEN) / ".local/share/jupyter/runtime").glob("kernel-*.json")
    newest = max(files, key=lambda file: file.stat().st_mtime)
    assert json.loads(newest.read_text())["transport"] == "ipc"


def test_the_token_of_a_students_server_opens_nothing_else(anna: Page, ben: Page, hub: Hub) -> None:
    """A student can read the token of their own server: what does the hub, or its proxy, give for it?"""
    [pid, *_] = running(ANNA, "singleuser")
    environment = run_as(ANNA, "cat", f"/proc/{pid}/environ").stdout.split("\0")
    variables = dict(line.partition("=")[::2] for line in environment)
    token = variables["JUPYTERHUB_API_TOKEN"]
    for place, answer in {
        f"{hub.address}/hub/api/user": "200",
        f"{hub.address}/hub/api/users": "403",
        f"{hub.address}/hub/api/users/{BEN}": "404",
        f"{hub.address}/hub/api/users/{BEN}/server": "403",
        f"{hub.address}/user/{BEN}/api/contents": "403",
        f"http://127.0.0.1:{hub.port + 1}/api/routes": "403",
    }.items():
        said = run_as(ANNA, PYTHON, "-c", ASK, place, token)
        assert said.stdout == f"{answer}\n", f"{place}: {said.stdout}"


ASK = """
import sys, requests
headers = {"Authorization": f"token {sys.argv[2]}"}
print(requests.get(sys.argv[1], headers=headers, allow_redirects=False).status_code)
"""


def test_a_student_can_neither_remove_nor_replace_what_is_in_the_exchange(anna: Page) -> None:
    """nbgrader wants an exchange that all can write to; is what others put there still theirs?"""
    course = EXCHANGE / "convnet"
    for folder in (course, course / "outbound", course / "outbound" / "convnet", course / "inbound"):
        assert run_as(ANNA, "mv", folder, EXCHANGE / "moved").returncode != 0
    # The name of a hand-in has a random part, which only its owner and the course see; here it is given away.
    entry = course / "inbound" / f"{BEN}+convnet+2026-01-02 10:00:00.000000 UTC+secret"
    assert run_as(BEN, "mkdir", entry).returncode == 0
    assert run_as(ANNA, "mv", entry, course / "inbound" / "mine").returncode != 0
    assert run_as(ANNA, "rmdir", entry).returncode != 0
    assert run_as(BEN, "rmdir", entry).returncode == 0


def test_bounds_hold_for_what_a_student_starts(anna: Page) -> None:
    """Is a server's memory bounded, for all that it starts, and can its owner not raise the bound?"""
    [pid, *_] = running(ANNA, "singleuser")
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert re.search(rf"Max data size +{6 * 2**30} +{6 * 2**30}", limits)
    assert re.search(r"Max processes +1000 +1000", limits)
