"""The page for grading by hand, over HTTP, in a real Jupyter server beside the real formgrader."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from admin.course import settings
from admin.course.layout import REPOSITORY
from checks.task import DISCUSSION
from tests.grading.test_formgrader import Server, serving
from tests.unit import desk

HOSTILE = "<script>document.title='it ran'</script><img src=x onerror=\"document.title='it ran'\">"
ANSWERS = {
    "mira": "`net_1` read $97\\,\\%$ of the digits.",
    "jonas": "I don't know.",
    "p. lee": f"{HOSTILE}\n\n[here](javascript:alert(1)) ![there](http://evil.example/x.png)",
    "salma": "  I don't\nknow.",
}
PAGE = f"by_hand/{DISCUSSION.name}"
TITLE = "<title>Grading by hand: Task 12: think about it</title>"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Four have handed in and wait for points; names, answers and a comment are hostile, too."""
    folder = tmp_path_factory.mktemp("by_hand")
    root = folder / "course"
    root.mkdir()
    course = desk.make(root, tuple(replace(student, read=None) for student in desk.CLASS))
    desk.write_answers(course, ANSWERS)
    settings.put(course)
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student("p. lee", first_name=HOSTILE, last_name=HOSTILE)
        comment = gradebook.find_comment(DISCUSSION.name, *place("p. lee"))
        comment.manual_comment = HOSTILE
        gradebook.db.commit()
    command: list[str | Path] = ["-m", "jupyter_server", f"--ServerApp.root_dir={root}"]
    with serving(command, course, folder, REPOSITORY) as running:
        yield running


def place(student: str) -> tuple[str, str, str]:
    return "convolutional_networks", "convnet", student


def asked(server: Server, path: str, method: str = "GET", **order: Any) -> tuple[int, dict[str, Any]]:
    """Status and JSON of a reply to whoever has the server's token."""
    request = urllib.request.Request(server.address + path, method=method)
    request.add_header("Authorization", f"token {server.token}")
    request.data = json.dumps(order).encode() if order else None
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def standing(server: Server, student: str) -> dict[str, Any]:
    """How a student's answer stands, as the page hears it."""
    _, names = asked(server, f"{PAGE}/names")
    (one,) = (one for one, name in names["names"].items() if name == student or name.endswith(f"({student})"))
    _, said = asked(server, f"{PAGE}/answers")
    return next(answer for answer in said["answers"] if answer["id"] == one)


def put(server: Server, *seen: dict[str, Any], **change: Any) -> tuple[int, dict[str, Any]]:
    versions = {answer["id"]: answer["version"] for answer in seen}
    return asked(server, f"{PAGE}/answers", "PUT", versions=versions, **change)


def test_what_the_page_writes_formgrader_shows_and_the_reverse(server):
    """Also where formgrader has looked before, and remembers; and does neither write over the other?"""
    seen = standing(server, "mira")
    comments = submission_of(server, seen["id"])
    grade = f"formgrader/api/grade/{seen['id']}"
    assert asked(server, grade)[1]["needs_manual_grade"]
    assert asked(server, comments)[1][0]["manual_comment"] is None
    assert put(server, seen, points=7, comment="Good.")[0] == 200
    now = asked(server, grade)[1]
    assert (now["manual_score"], now["needs_manual_grade"]) == (7, False)
    assert asked(server, comments)[1][0]["manual_comment"] == "Good."

    before = standing(server, "mira")
    asked(server, grade, "PUT", manual_score=5, extra_credit=1)
    status, refused = put(server, before, points=9)
    assert status == 409
    assert "somebody has written other points" in refused["message"]
    (newer,) = refused["answers"]
    assert (newer["points"], newer["extra"], newer["comment"]) == (5, 1, "Good.")
    assert asked(server, grade)[1]["manual_score"] == 5
    assert put(server, newer, points=9)[0] == 200
    asked(server, grade, "PUT", manual_score=5)
    assert standing(server, "mira")["points"] == 5


def submission_of(server: Server, grade: str) -> str:
    """Where formgrader has the comments on the notebook of a grade."""
    with server.course.gradebook() as gradebook:
        return f"formgrader/api/comments?submission_id={gradebook.find_grade_by_id(grade).notebook.id}"


def test_identical_answers_are_written_together_or_not_at_all(server):
    """Whose version is older keeps the others from being written, too; and is white space no difference?"""
    page, _ = server.request(PAGE)
    groups = re.findall(r'data-id="(\w+)"[^>]*data-group="(\d+)"', page)
    group_of = dict(groups)
    jonas, salma = standing(server, "jonas"), standing(server, "salma")
    assert group_of[jonas["id"]] == group_of[salma["id"]]
    assert len(set(group_of.values())) == len(ANSWERS) - 1
    assert put(server, salma, points=1)[0] == 200
    status, refused = put(server, jonas, salma, points=2, comment="See section 9.")
    assert (status, [answer["points"] for answer in refused["answers"]]) == (409, [1])
    assert standing(server, "jonas")["points"] is None
    assert put(server, jonas, standing(server, "salma"), points=2, comment="See section 9.")[0] == 200
    for student in ("jonas", "salma"):
        now = standing(server, student)
        assert (now["points"], now["comment"], now["waiting"]) == (2, "See section 9.", False)


def test_points_for_an_answer_that_was_handed_in_anew_are_refused(server):
    """The gradebook is as it was, and the text is another one: is nothing written?"""
    seen = standing(server, "salma")
    desk.write_answers(server.course, {"salma": "Now I know."})
    status, refused = put(server, seen, points=2)
    assert status == 409
    assert refused["answers"][0]["text"] != seen["text"]


def test_the_page_shows_what_students_wrote_and_nothing_of_it_acts(server):
    """Hostile names, answers and comments: is there no tag and no link of theirs, and no name unasked?"""
    page, headers = server.request(PAGE)
    assert TITLE in page
    assert "<math" in page
    assert page.count("<script") == 1
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert 'href="javascript' not in page
    for name in ("mira", "Öztürk", "salma", "p. lee"):
        assert name not in page
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[\w+/=]+'(;|$)", policy)
    assert "frame-ancestors 'self'" in policy
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "same-origin")
    formgrader, _ = server.request("formgrader/gradebook")
    assert '<a href="/by_hand"' in formgrader


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"points": 11}, "from 0 to 10"),
        ({"points": -1}, "from 0 to 10"),
        ({"points": "7"}, "from 0 to 10"),
        ({"points": float("nan")}, "from 0 to 10"),
        ({"points": True}, "from 0 to 10"),
        ({"comment": "\ud800"}, "a comment is text"),
        ({"comment": "a" * 10_001}, "a comment is text"),
        ({"comment": None}, "a comment is text"),
        ({"needs_manual_grade": False}, "no order to save"),
        ({}, "no order to save"),
    ],
)
def test_an_order_that_is_none_is_refused_in_a_sentence(server, order, words):
    seen = standing(server, "p. lee")
    status, said = put(server, seen, **order)
    assert (status, words in said["message"]) == (400, True)
    assert standing(server, "p. lee") == seen


def test_a_broken_rubric_is_named_on_the_page_which_works(server):
    """File and line, above answers that can still be graded; and is the next page whole when it is mended?"""
    file = server.course.root / "rubric.toml"
    kept = file.read_text(encoding="utf-8")
    file.write_text(kept + '\n[[discussion]]\npoints = "<b>"\ntext = "a"\n', encoding="utf-8")
    try:
        page, _ = server.request(PAGE)
    finally:
        file.write_text(kept, encoding="utf-8")
    line = kept.count("\n") + 3
    assert f"rubric.toml, line {line}: points is a number" in page
    assert "&#39;&lt;b&gt;&#39;" in page
    assert page.count("<article") == len(ANSWERS)
    assert 'id="rubric"' not in page
    assert 'id="rubric"' in server.request(PAGE)[0]


def test_nobody_writes_or_reads_who_is_not_signed_in_or_comes_from_another_page(server):
    """Without the token there is the sign-in; with its cookie, an order still needs the page's own mark."""
    stranger = urllib.request.build_opener()
    with stranger.open(server.address + PAGE) as reply:
        assert "/login" in reply.url
        assert "Answer 1" not in reply.read().decode()
    cookies = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    with browser.open(f"{server.address}{PAGE}?token={server.token}") as reply:
        xsrf = re.search(r'data-xsrf="([^"]+)"', reply.read().decode())
    seen = standing(server, "p. lee")
    order = json.dumps({"versions": {seen["id"]: seen["version"]}, "points": 3}).encode()
    address = f"{server.address}{PAGE}/answers"
    for opener, status in ((stranger, 403), (browser, 403)):
        with pytest.raises(urllib.error.HTTPError) as refused:
            opener.open(urllib.request.Request(address, order, method="PUT"))
        assert refused.value.code == status
    assert standing(server, "p. lee") == seen
    assert xsrf is not None
    with browser.open(
        urllib.request.Request(address, order, {"X-XSRFToken": xsrf[1]}, method="PUT")
    ) as reply:
        assert json.load(reply)["answers"][0]["points"] == 3


def test_without_a_course_or_with_another_question_there_is_a_sentence(server):
    """What has to be done first, in place of an error page."""
    for path, words in ((f"{PAGE}s", "there is discussion"), ("by_hand/", TITLE)):
        try:
            page, _ = server.request(path)
        except urllib.error.HTTPError as error:
            page = error.read().decode()
        assert words in page
    database = server.course.database
    away = database.rename(database.with_suffix(".away"))
    try:
        with pytest.raises(urllib.error.HTTPError) as missing:
            server.request(PAGE)
    finally:
        away.rename(database)
    assert "python3 -m admin build" in missing.value.read().decode()
