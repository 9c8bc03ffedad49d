"""`grade --watch` without a sandbox: its settings, whose turn it is, what it remembers, what is ready."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from admin.course import settings
from admin.course.layout import ASSIGNMENT, COURSE_ID, REPOSITORY, Course, CourseError
from admin.course.settings import WATCH
from admin.grading.lock import GRADING, TURN, Watcher, is_held, lock, only_one_at_a_time, opened
from admin.watching import arrivals
from admin.watching.arrivals import Arrivals
from admin.watching.rules import Rules, rules_of
from admin.watching.state import HOUR, Queued, Result, State, file_of, load, save

GRADE = """
import sys, time
sys.path.insert(0, "notebooks")
from admin.course.layout import Course
from admin.grading.lock import only_one_at_a_time
with only_one_at_a_time(Course.at(sys.argv[1])):
    time.sleep(2)
"""
MOMENT = "2026-01-02 10:00:00.000000 UTC"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    made = Course(tmp_path / "course")
    with made.gradebook() as gradebook:
        gradebook.add_assignment(ASSIGNMENT)
    return made


def test_the_file_that_is_shipped_says_what_holds_without_one(course: Course) -> None:
    assert rules_of(course) == Rules()
    settings.put(course)
    assert (course.root / WATCH).read_bytes() == settings.shipped(WATCH).read_bytes()
    assert rules_of(course) == Rules()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('feedback = "soon"', "watch.toml: feedback is one of at once, after the due date, never"),
        ("feedback = true", "and not True"),
        ("hand_ins_an_hour = 0", "a whole number from 1 to 1000, not 0"),
        ("hand_ins_an_hour = true", "not True"),
        ("hand_ins_an_hour = 2.5", "not 2.5"),
        ("hand_ins_per_hour = 2", "no 'hand_ins_per_hour' here, only feedback, hand_ins_an_hour"),
        ("feedback = at once", "is not TOML"),
    ],
)
def test_a_setting_that_is_wrong_is_named_in_a_sentence(course: Course, text: str, words: str) -> None:
    (course.root / WATCH).write_text(text)
    with pytest.raises(CourseError) as wrong:
        rules_of(course)
    assert words in str(wrong.value)


def test_who_may_be_graded_when() -> None:
    """So many within any sixty minutes; and does a clock that was put back keep nobody waiting?"""
    state, now = State(), 1e9
    for minutes in (70, 50, 20):
        state.begins("mira", now - 60 * minutes)
    assert state.free_at("mira", 3, now) is None
    assert state.free_at("mira", 2, now) == now - 50 * 60 + HOUR
    assert state.free_at("mira", 1, now) == now - 20 * 60 + HOUR
    assert state.free_at("jonas", 1, now) is None
    assert state.free_at("mira", 3, now - 30 * 60) is None
    state.begins("mira", now)
    assert len(state.begun["mira"]) == 3


def test_what_a_watcher_leaves_the_next_one_finds(course: Course) -> None:
    """All of it; and nothing, where the file is damaged or of another kind."""
    result = Result("mira", 1.0, 8.0, 90.0, 2.5, "", "feedback released")
    state = State({"mira": "a"}, {"mira": [1.5]}, {"mira": "b"}, {"mira": "c"}, 1.0, "disk full")
    state.queue, state.at_work = [Queued("jonas", 1.0, 2.0, "waits")], [Queued("salma", 3.0)]
    state.add(result)
    save(course, state)
    assert load(course) == state
    whole = file_of(course).read_text()
    for text in (whole[:-20], "[]", '{"answered": {}}', whole.replace('"since"', '"sins"')):
        file_of(course).write_text(text)
        assert load(course) is None


def test_nothing_is_taken_that_is_still_being_written(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hand-in that grows, one without its last files, and a whole one, at rest for a while each."""
    monkeypatch.setattr(arrivals, "QUIET", 0.2)
    monkeypatch.setenv("CONVNET_EXCHANGE", str(tmp_path / "exchange"))
    inbound = tmp_path / "exchange" / COURSE_ID / "inbound"
    folder = inbound / f"mira+{ASSIGNMENT}+{MOMENT}+abc"
    folder.mkdir(parents=True)
    os.chmod(tmp_path / "exchange", 0o777)
    looking = Arrivals(course, tmp_path / "exchange")

    def is_ready() -> bool:
        time.sleep(0.3)
        return looking.look({})["mira"].ready

    assert not is_ready()
    (folder / "convolutional_networks.ipynb").write_text("{")
    assert [is_ready(), is_ready()] == [False, False]  # `submit` writes two more
    (folder / "timestamp.txt").write_text(MOMENT)
    (folder / "submission_secret.txt").write_text("secret")
    assert [is_ready(), is_ready()] == [False, True]
    (folder / "convolutional_networks.ipynb").write_text("{}")
    assert [is_ready(), is_ready()] == [False, True]
    arrival = looking.look({})["mira"]
    assert looking.collect(arrival)[0] is True
    assert (course.submitted("mira") / "convolutional_networks.ipynb").read_text() == "{}"
    newer = inbound / folder.name.replace("2026", "2027")
    folder.rename(newer)
    assert looking.collect(arrival)[0] is None
    assert looking.look({})["mira"].folder == newer.name


def test_a_watcher_gives_way_to_who_waits(course: Course) -> None:
    """It sees that somebody does, and does not take the lock again before that one has had it."""
    watcher = Watcher(course)
    assert watcher.take()
    assert is_held(course, GRADING)
    waiting = subprocess.Popen([sys.executable, "-c", GRADE, course.root], cwd=REPOSITORY)
    try:
        end = time.monotonic() + 60
        while not watcher.is_wanted():
            assert time.monotonic() < end
            time.sleep(0.02)
        watcher.release()
        assert not watcher.take()
        end = time.monotonic() + 10
        while not is_held(course, GRADING):
            assert time.monotonic() < end
            time.sleep(0.02)
        with pytest.raises(CourseError, match="Another grade is at work"), only_one_at_a_time(course):
            pass
    finally:
        assert waiting.wait(20) == 0
    with opened(course, TURN) as turn:
        assert lock(turn)
        assert not watcher.take()
    assert watcher.take()
    watcher.release()
