"""The page /grading, over HTTP, in a real Jupyter server below /user/NAME/, as a hub has it."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from admin.course.layout import REPOSITORY, Course
from admin.grading.lock import only_one_at_a_time, only_one_watcher
from admin.watching.state import Queued, Result, State, save
from tests.grading.test_formgrader import Server, serving, wait_until
from tests.grading.watching import FILE, notebook
from tests.needs import needs_sandbox

pytestmark = [needs_sandbox, pytest.mark.slow]
HOSTILE = "<script>document.title='it ran'</script>"
STUDENTS = ("mira", "jonas", "salma")


@pytest.fixture(scope="module")
def server(built: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Three have handed in, and nobody is graded; the last one will take some seconds."""
    folder = tmp_path_factory.mktemp("grading_page")
    course = Course.at(folder / "course")
    shutil.copytree(built.root, course.root)
    for student in STUDENTS:
        course.submitted(student).mkdir(parents=True)
        slowly = "import time; time.sleep(5)" if student == STUDENTS[-1] else ""
        (course.submitted(student) / FILE).write_text(notebook(course, before=slowly))
    command: list[str | Path] = ["-m", "jupyter_server", f"--ServerApp.root_dir={course.root}"]
    with serving(command, course, folder, REPOSITORY, "/user/ada/") as running:
        yield running


def state(server: Server) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(server.request("grading/state")[0])
    return shown


def post(server: Server) -> int:
    """A click on the button; the status of the reply."""
    try:
        server.request("grading/class", "POST")
    except urllib.error.HTTPError as error:
        said = json.loads(error.read())["message"]
        return error.code if "being graded already" in said else 0
    return 202


def test_the_class_is_one_click_and_the_server_answers_meanwhile(server):
    """With progress; a second click at the same time is refused in a sentence, and harms nothing?"""
    assert state(server)["class"]["of"] == 0
    clicks: list[int] = []
    threads = [threading.Thread(target=lambda: clicks.append(post(server))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(clicks) == [202, 409]
    seen, took = set(), []
    while (now := state(server)["class"])["running"]:
        seen.add((now["done"], now["of"]))
        begun = time.monotonic()
        server.request("formgrader/api/assignments")
        took.append(time.monotonic() - begun)
        assert sum(took) < 120
        time.sleep(0.2)
    assert (0, 3) in seen
    assert seen & {(1, 3), (2, 3)}
    took.sort()
    print(f"{len(took)} requests, median {took[len(took) // 2]:.3f} s, slowest {took[-1]:.2f} s")
    assert took[len(took) * 19 // 20] < 1
    assert (now["done"], now["of"], now["failures"], now["said"]) == (3, 3, 0, "")
    for student in STUDENTS:
        assert (server.course.points(student) or {})["check_normalise_images"] == 8


def test_a_grade_of_somebody_else_is_shown_and_not_begun_twice(server):
    """`grade` in a terminal: is the button refused, and does the page say that it is going on?"""
    with only_one_at_a_time(server.course):
        assert state(server)["class"]["running"]
        assert post(server) == 409
    assert not state(server)["class"]["running"]


def test_why_the_class_could_not_be_graded_is_said(server):
    """A settings file that is wrong: is `grade`'s own sentence on the page, and none when it is mended?"""
    late = server.course.root / "late.toml"
    kept = late.read_text()
    late.write_text("due = tomorrow\n")
    try:
        assert post(server) == 202
        wait_until(lambda: state(server)["class"]["said"], 30)
        assert "late.toml is not TOML" in state(server)["class"]["said"]
    finally:
        late.write_text(kept)
    assert post(server) == 202
    wait_until(lambda: not state(server)["class"]["running"], 30)
    assert state(server)["class"]["said"] == ""


def test_what_the_watcher_does_is_shown_with_links(server):
    """Its queue and results, whether it runs; and does a result lead to formgrader's page of that student?"""
    results = [
        Result(HOSTILE, 2e9, None, 90, 1, "broken", ""),
        Result("mira", 1e9, 8, 90, 2.5, "", "released"),
    ]
    waits = [Queued("jonas", 1e9, 2e9, "waits until noon")]
    save(server.course, State(since=1e9, queue=waits, at_work=[Queued("salma", 1e9)], last=results))
    assert not state(server)["watching"]
    with only_one_watcher(server.course):
        shown = state(server)
    assert shown["watching"]
    assert [each["student"] for each in shown["at_work"] + shown["queue"]] == ["salma", "jonas"]
    assert [each["points"] for each in shown["last"]] == [None, 8]
    page, _ = server.request("grading/submission/mira")
    assert "normalise_images" in page
    assert "/user/ada/formgrader" in page
    with pytest.raises(urllib.error.HTTPError) as missing:
        server.request("grading/submission/nobody")
    assert missing.value.code == 404
    assert "nobody is not in the gradebook" in json.loads(missing.value.read())["message"]


def test_the_page_is_our_own_and_leads_everywhere(server):
    """Links below the server's address, no other script than ours, and does formgrader lead to it?"""
    page, headers = server.request("grading")
    assert 'data-place="/user/ada/grading"' in page
    assert 'href="/user/ada/by_hand"' in page
    assert page.count("<script") == 1
    assert re.search(r"script-src 'sha256-[\w+/=]+'(;|$)", headers["Content-Security-Policy"])
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert '<a href="/user/ada/grading"' in server.request("formgrader/manage_assignments")[0]


def test_the_report_is_there_when_it_has_been_made(server):
    report = server.course.root / "report.html"
    assert state(server)["report"] is None
    with pytest.raises(urllib.error.HTTPError) as missing:
        server.request("grading/report")
    assert "python3 -m admin report" in json.loads(missing.value.read())["message"]
    report.write_text("<p>The class</p>")
    assert state(server)["report"]
    page, headers = server.request("grading/report")
    assert page == "<p>The class</p>"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["grading", "grading/state", "grading/class", "grading/report"])
def test_nobody_gets_in_who_is_not_signed_in(server, path):
    """Not to the page, nor its data; and an order needs the page's own mark beside the cookie?"""
    method = "POST" if path == "grading/class" else "GET"
    stranger = urllib.request.build_opener()
    request = urllib.request.Request(server.address + path, method=method)
    try:
        with stranger.open(request) as reply:
            led_to = reply.url
    except urllib.error.HTTPError as error:
        led_to = str(error.code)
    assert "/login" in led_to or led_to == "403"
    if method == "POST":
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        browser.open(f"{server.address}grading?token={server.token}").close()
        with pytest.raises(urllib.error.HTTPError) as refused:
            browser.open(request)
        assert refused.value.code == 403
