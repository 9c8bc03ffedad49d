"""`grade --watch`: real hand-ins in a real exchange, graded in the sandbox, and their feedback fetched."""

from __future__ import annotations

import json
import shutil
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from admin.course.layout import ASSIGNMENT, Course
from admin.course.settings import LATE, WATCH
from admin.grading.lock import only_one_at_a_time
from checks.task import DISCUSSION
from tests.grading.watching import FILE, SLOW, Class, make, notebook, wait_until, watching
from tests.needs import needs_sandbox

pytestmark = [
    needs_sandbox,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
BROKEN = '{"cells": ['


@pytest.fixture(scope="module")
def released(built: Course, tmp_path_factory: pytest.TempPathFactory) -> Class:
    """Read only, by agreement."""
    return make(built, tmp_path_factory.mktemp("released"))


@pytest.fixture(scope="module")
def in_the_middle(released: Class, tmp_path_factory: pytest.TempPathFactory) -> Class:
    """One hand-in has been answered, worth nothing, and a second one of that student lies in the exchange."""
    class_ = copy(released, tmp_path_factory.mktemp("in_the_middle"))
    class_.hand_in("mira", right=False)
    with watching(class_) as watcher:
        watcher.says("feedback released")
        watcher.end()
    class_.hand_in("mira")
    return class_


@pytest.fixture
def class_(released: Class, tmp_path: Path) -> Class:
    """One of its own for a test."""
    return copy(released, tmp_path)


def copy(class_: Class, folder: Path) -> Class:
    shutil.copytree(class_.homes.parent, folder, dirs_exist_ok=True)
    return Class(Course.at(folder / "course"), folder / "exchange", folder / "homes")


def test_who_hands_in_reads_the_feedback_half_a_minute_later(class_):
    """Through the exchange: points, and for a broken file the reason? And does that one stop nobody?"""
    with watching(class_) as watcher:
        watcher.says("Watching")
        class_.hand_in("mira")
        begun = time.monotonic()
        watcher.says("feedback released")
        print(f"{time.monotonic() - begun:.1f} s from the first hand-in to released feedback")
        assert "8 of 100 points" in class_.newest_page("mira")
        class_.hand_in("jonas", text=BROKEN)
        watcher.says("feedback released", times=2)
        assert "ends in the middle" in class_.newest_page("jonas")
        assert class_.points("jonas") == 0
        class_.hand_in("mira", right=False)
        begun = time.monotonic()
        watcher.says("feedback released", times=3)
        took = time.monotonic() - begun
        print(f"{took:.1f} s from a later one")
        assert took < 30
        first, second = class_.pages("mira").values()
        assert "8 of 100 points" in first
        assert "0 of 100 points" in second
        last = class_.state["last"]
        assert [each["student"] for each in last] == ["mira", "jonas", "mira"]
        assert [each["points"] for each in last] == [0, None, 8]
        assert watcher.end() == 0
    assert "Traceback" not in watcher.said


def test_a_watcher_without_work_does_what_is_the_same_for_everybody(class_):
    """Are the trainings of right answers kept before anybody hands in, and is nobody graded by that?"""
    trainings = class_.course.root / "grading" / "trainings"
    with watching(class_) as watcher:
        wait_until(lambda: len([*trainings.glob("*.kept")]) >= 6, 200, lambda: watcher.said)
        assert "points" not in watcher.said
    assert class_.course.students() == []


def test_a_folder_needs_no_exchange(class_):
    """What is put into submitted/ is graded once, and again when it changes, with a page in feedback/?"""
    shutil.rmtree(class_.exchange)
    folder = class_.course.submitted("p. lee")
    with watching(class_) as watcher:
        watcher.says("Watching")
        folder.mkdir(parents=True)
        (folder / FILE).write_text(notebook(class_.course))
        watcher.says("feedback written")
        assert class_.points("p. lee") == 8
        assert "8 of 100 points" in (class_.course.feedback("p. lee") / FILE).with_suffix(".html").read_text()
        (folder / FILE).write_text(notebook(class_.course, right=False))
        watcher.says("feedback written", times=2)
        assert class_.points("p. lee") == 0
        time.sleep(6)
        assert class_.gradings("p. lee") == 2
        assert watcher.end(signal.SIGINT) == 0


def test_only_the_newest_hand_in_is_graded(class_):
    """Two hand-ins of a student wait: is one graded, and is its feedback where that one's is looked for?"""
    class_.hand_in("mira", right=False)
    class_.hand_in("mira")
    with watching(class_) as watcher:
        watcher.says("feedback released")
        assert class_.gradings("mira") == 1
        (page,) = class_.pages("mira").values()
        assert "8 of 100 points" in page


def test_a_student_has_one_turn_at_a_time(class_):
    """A newer hand-in during a run: is it graded after that, though another worker is free?"""
    with watching(class_, "--workers", "2") as watcher:
        watcher.says("Watching")
        class_.hand_in("mira", right=False, before=SLOW)
        wait_until(lambda: class_.state["at_work"], 30)
        class_.hand_in("mira")
        most = 0
        while watcher.said.count("feedback released") < 2:
            assert watcher.process.poll() is None, watcher.said
            most = max(most, len(class_.state["at_work"]))
            time.sleep(0.1)
        assert most == 1
        assert class_.points("mira") == 8


def test_who_hands_in_too_often_waits_and_is_told_until_when(class_):
    """Is there a note in the place of the feedback, and is the hand-in graded when the hour is over?"""
    (class_.course.root / WATCH).write_text("hand_ins_an_hour = 1\n")
    with watching(class_) as watcher:
        class_.hand_in("mira", right=False)
        watcher.says("feedback released")
        class_.hand_in("mira")
        watcher.says("hand-ins within an hour")
        note = class_.newest_page("mira")
        assert "This one is graded at about" in note
        assert class_.state["queue"][0]["until"] > time.time() + 3000
        class_.hand_in("jonas")  # others are not kept waiting
        watcher.says("feedback released", times=2)
        assert class_.gradings("mira") == 1
        watcher.end()
    an_hour_later(class_, "mira")
    with watching(class_) as watcher:
        watcher.says("feedback released")
        assert "8 of 100 points" in class_.newest_page("mira")


def an_hour_later(class_: Class, student: str) -> None:
    file = class_.course.root / "grading" / "watch.json"
    state = json.loads(file.read_text())
    state["begun"][student] = [begun - 3600 for begun in state["begun"][student]]
    file.write_text(json.dumps(state))


def test_feedback_may_wait_for_the_due_date(class_):
    """Graded, and a note in its place; then the feedback by itself when it is due, and nothing runs again?"""
    (class_.course.root / WATCH).write_text('feedback = "after the due date"\n')
    set_due(class_, datetime.now(UTC) + timedelta(days=2))
    with watching(class_) as watcher:
        class_.hand_in("mira")
        watcher.says("as watch.toml says")
        assert class_.points("mira") == 8
        assert "The feedback comes when the assignment is due" in class_.newest_page("mira")
        watcher.end()
    with watching(class_) as watcher:
        watcher.says("Watching")
        set_due(class_, datetime.now(UTC) - timedelta(minutes=1))
        watcher.says("feedback released")
        assert "8 of 100 points" in class_.newest_page("mira")
        assert class_.gradings("mira") == 1
        (class_.course.root / WATCH).write_text('feedback = "never"\n')
        class_.hand_in("mira", right=False)
        watcher.says("no feedback, as watch.toml says")
        assert class_.points("mira") == 0
        assert len(class_.pages("mira")) == 1


def set_due(class_: Class, when: datetime) -> None:
    (class_.course.root / LATE).write_text(f"due = {when.replace(microsecond=0, tzinfo=None).isoformat()}\n")


# A watcher that is killed just before one of its steps.
KILL = "import os, signal\ndie = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
MOMENTS = {
    "half collected": "from admin.exchange import collect\ncollect.share = collect.os.path.lexists\n"
    "plain = collect.Path.rename\n"
    "def rename(path, to):\n    die() if path.name == 'new' else plain(path, to)\n"
    "collect.Path.rename = rename",
    # `plan` is also asked at the start, when nothing has been collected.
    "collected": "from admin.watching import watch\nat_first = watch.plan\n"
    "def plan(*given):\n    watch.plan = die\n    return at_first(*given)\n"
    "watch.plan = plan",
    "run": "from admin.watching import watch\nwatch.record = die",
    "recorded by nbgrader": "from admin.grading import record\nrecord.write_note = die",
    "graded": "from admin.watching import feedback\nfeedback.give = die",
    "released": "from admin.watching import feedback, watch\nplain = feedback.give\n"
    "feedback.give = lambda *given: (plain(*given), die())",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_watcher_is_taken_up_where_it_was(in_the_middle, tmp_path, moment):
    """A second hand-in, and `kill -9` in the middle of it: does the next watcher grade and answer it?"""
    class_ = copy(in_the_middle, tmp_path)
    with watching(class_, program=KILL + MOMENTS[moment]) as watcher:
        assert watcher.process.wait(90) == -signal.SIGKILL, watcher.said
    with watching(class_) as watcher:
        wait_until(lambda: "8 of 100 points" in class_.newest_page("mira"), 90, lambda: watcher.said)
        assert class_.points("mira") == 8
        assert len(class_.pages("mira")) == 2
        assert class_.course.students() == ["mira"]


def test_a_run_that_is_killed_leaves_nothing_and_is_done_again(class_):
    """`kill -9` while a cell runs: do the sandbox and the judge end, too?"""
    class_.hand_in("mira", before=SLOW)
    with watching(class_) as watcher:
        wait_until(lambda: class_.state.get("at_work"), 60)
        time.sleep(5)
        assert watcher.end(signal.SIGKILL) == -signal.SIGKILL
    assert class_.points("mira") is None
    with watching(class_) as watcher:
        watcher.says("feedback released")
        assert class_.points("mira") == 8


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_an_orderly_way_in_the_middle_of_a_run(class_, how):
    """Within seconds, with its sandboxes, and without counting the run against the student?"""
    class_.hand_in("mira", before=SLOW)
    with watching(class_) as watcher:
        wait_until(lambda: class_.state.get("at_work"), 60)
        time.sleep(4)
        begun = time.monotonic()
        assert watcher.end(how) == 0
        assert time.monotonic() - begun < 8
    assert "Stopped." in watcher.said
    assert "Traceback" not in watcher.said
    assert class_.gradings("mira") == 0
    assert class_.state["at_work"] == []


def test_a_second_watcher_is_refused_and_grade_waits_for_the_first(class_):
    """One sentence for the watcher; and does `grade` begin when what runs is done, and grade the rest?"""
    with watching(class_, "--workers", "1") as watcher:
        watcher.says("Watching")
        second = class_.grade("--watch")
        assert (second.returncode, second.stderr.count("\n")) == (1, 1)
        assert "Another watcher has" in second.stderr
        class_.hand_in("mira", before=SLOW)
        wait_until(lambda: class_.state["at_work"], 30)
        put(class_, "jonas")
        put(class_, "salma")
        graded = class_.grade()
        assert graded.returncode == 0, graded.stderr
        assert graded.stdout.startswith("A watcher is at work: this begins as soon as")
        assert "3 submissions, 1 unchanged, 2 to grade" in graded.stdout
        watcher.says("feedback written", times=2)  # for whom `grade` has graded, too
        assert [class_.points(each) for each in ("mira", "jonas", "salma")] == [8, 8, 8]
        assert class_.gradings("jonas") == 0


def put(class_: Class, student: str) -> None:
    folder = class_.course.submitted(student)
    folder.mkdir(parents=True)
    (folder / FILE).write_text(notebook(class_.course))


# What comes of a fault of our own that only one hand-in meets.
STUMBLE = """\
from admin.watching import watch
plain = watch.plan
watch.plan = lambda course, students: 1 / 0 if students == ["jonas"] else plain(course, students)"""


def test_a_stumble_over_one_hand_in_stops_nobody(class_):
    """Is it one line, with the traceback in a log, and are the others graded?"""
    with watching(class_, program=STUMBLE) as watcher:
        watcher.says("Watching")
        put(class_, "jonas")
        watcher.says("division by zero")
        class_.hand_in("mira")
        watcher.says("feedback released")
        assert watcher.end() == 0
    assert watcher.said.count("jonas") == 2
    assert "ZeroDivisionError" in (class_.course.root / "grading" / "jonas.watch.log").read_text()


def test_while_grade_is_at_work_nothing_is_touched(class_):
    """A hand-in during `grade`: does it stay in the exchange until that has finished?"""
    with watching(class_) as watcher:
        watcher.says("Watching")
        with only_one_at_a_time(class_.course):
            class_.hand_in("mira")
            wait_until(lambda: class_.state["queue"], 20)
            time.sleep(5)
            assert not class_.course.submitted("mira").exists()
        watcher.says("feedback released")


def test_points_by_hand_and_lateness_are_as_grade_leaves_them(class_):
    """Handed in anew and late: do points of a person stay, marked for another look, and is the delay said?"""
    (class_.course.root / LATE).write_text(
        'due = 2026-01-01T12:00:00\npolicy = "percentage"\npercent_a_day = 10\nfloor_percent = 50\n'
    )
    place = (FILE.removesuffix(".ipynb"), ASSIGNMENT, "mira")
    with watching(class_) as watcher:
        class_.hand_in("mira", right=False)
        watcher.says("feedback released")
        with class_.course.gradebook() as gradebook:
            grade = gradebook.find_grade(DISCUSSION.name, *place)
            grade.manual_score, grade.needs_manual_grade = 7, False
            gradebook.db.commit()
        class_.hand_in("mira")
        watcher.says("feedback released", times=2)
    with class_.course.gradebook() as gradebook:
        grade = gradebook.find_grade(DISCUSSION.name, *place)
        assert (grade.manual_score, grade.needs_manual_grade) == (7, True)
        assert gradebook.find_submission_notebook(*place).late_submission_penalty == 7.5
    assert "50 % of 15 points are taken off" in class_.newest_page("mira")


def test_what_was_graded_before_is_not_released_unasked(class_):
    """The first watcher of a course that `grade` has graded: does it leave those alone, and take the next?"""
    put(class_, "jonas")
    assert class_.grade().returncode == 0
    with watching(class_) as watcher:
        watcher.says("Watching")
        class_.hand_in("mira")
        watcher.says("feedback released")
        watcher.end()
    assert not class_.course.feedback("jonas").exists()
    assert class_.gradings("jonas") == 0


def test_new_checks_start_it_anew_and_grade_nobody_again(class_):
    """After a change of the course: does the process go on with that, and leave the class to `grade`?"""
    with watching(class_) as watcher:
        class_.hand_in("mira")
        watcher.says("feedback released")
        source = class_.course.source / FILE
        source.write_text(source.read_text() + "\n")
        watcher.says("starting anew")
        watcher.says("Watching", times=2)
        class_.hand_in("jonas")
        watcher.says("feedback released", times=2)
        assert class_.gradings("mira") == 1
        assert watcher.end() == 0


def test_a_setting_that_is_wrong_is_one_line_and_no_end(class_):
    """At the start it is refused in a sentence; later, said once, and hand-ins wait until it is mended?"""
    wrong = 'feedback = "soon"\n'
    (class_.course.root / WATCH).write_text(wrong)
    refused = class_.grade("--watch")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "watch.toml: feedback is one of" in refused.stderr
    (class_.course.root / WATCH).write_text("")
    with watching(class_) as watcher:
        watcher.says("Watching")
        (class_.course.root / WATCH).write_text(wrong)
        watcher.says("watch.toml: feedback is one of")
        class_.hand_in("mira")
        time.sleep(6)
        assert class_.points("mira") is None
        assert class_.state["trouble"]
        (class_.course.root / WATCH).write_text("")
        watcher.says("feedback released")
        assert watcher.said.count("watch.toml") == 1
