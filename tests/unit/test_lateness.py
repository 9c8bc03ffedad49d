"""Being late: what late.toml says, and what that makes of points that are in the gradebook already."""

from __future__ import annotations

import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from bs4 import BeautifulSoup
from traitlets.config import Configurable

from admin.course.layout import ASSIGNMENT, NOTEBOOK, REPOSITORY, Course, CourseError
from admin.grading import lateness
from admin.grading.lateness import Policy, policy_of, said_to_instructor, settle
from admin.grading.record import record_broken
from checks.language import say, text_of
from tests.unit import desk
from tests.unit.desk import Student

DUE = "due = 2026-06-01T20:00:00\n"
CHARGED = DUE + 'policy = "percentage"\npercent_a_day = 10\nfloor_percent = 60\ngrace_minutes = 30\n'
STUDENTS = (
    Student("in_time", handed_in="2026-06-01 20:00:00 UTC"),
    Student("grace", handed_in="2026-06-01 20:30:00 UTC"),
    Student("a_day", handed_in="2026-06-01 20:30:01 UTC"),
    Student("three", handed_in="2026-06-03 20:00:01 UTC", lost={"check_one_hot": 10}),
    Student("weeks", handed_in="2026-07-03 20:00:01 UTC"),
    Student("nothing", handed_in="2026-07-03 20:00:01 UTC", lost=desk.CHECKS, read=None),
)
LATE = {"in_time": 0, "grace": 0, "a_day": 9.8, "three": 26.4, "weeks": 39.2, "nothing": 0}
"""What is taken off by CHARGED: tenths of 98, 88 and 0 points for each day begun, down to 60 %."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return desk.make(tmp_path_factory.mktemp("late"), STUDENTS)


@pytest.fixture
def course(made: Course, tmp_path: Path) -> Course:
    return Course(Path(shutil.copytree(made.root, tmp_path / "course")))


def write(course: Course, text: str) -> Course:
    (course.root / "late.toml").write_text(text, encoding="utf-8")
    return course


def test_each_day_that_has_begun_costs_its_part_down_to_the_floor(course: Course) -> None:
    """In time to the second, within the grace time, one day, three, weeks, nothing to take from."""
    settled = settle(write(course, CHARGED))
    assert desk.penalties(course) == LATE
    assert (settled.late, settled.taken, settled.changed) == (5, 3, ("a_day", "three", "weeks"))


def test_a_changed_policy_changes_points_at_once_and_no_policy_gives_them_back(course: Course) -> None:
    """Is the gradebook what the file says after each change, and does the second time change nothing?"""
    settle(write(course, CHARGED))
    assert settle(course).changed == ()
    settle(write(course, CHARGED.replace("10", "1")))
    assert desk.penalties(course)["three"] == pytest.approx(2.64)
    assert settle(write(course, DUE)).changed == ("a_day", "three", "weeks")
    assert set(desk.penalties(course).values()) == {0}
    settle(write(course, CHARGED))
    (course.root / "late.toml").unlink()
    settle(course)
    assert set(desk.penalties(course).values()) == {0}


def test_points_that_a_person_gives_later_change_what_a_percentage_is_of(course: Course) -> None:
    settle(write(course, CHARGED))
    with course.gradebook() as gradebook:
        gradebook.find_grade("discussion", NOTEBOOK, ASSIGNMENT, "a_day").manual_score = 0
        gradebook.db.commit()
    assert settle(course).changed == ("a_day",)
    assert desk.penalties(course)["a_day"] == 9.0


def test_extensions_are_nbgraders_and_go_when_they_are_struck_out(course: Course) -> None:
    """In days and as a time in a zone of its own; is one who has it in time, or later by less?"""
    extended = '[extensions]\nthree = 3\nweeks = 2026-07-03T12:00:00-04:00\n"mria" = 1\n'
    settled = settle(write(course, CHARGED + extended))
    assert desk.penalties(course) == {**LATE, "three": 0, "weeks": 9.8}
    assert dict(desk.extensions(course))["weeks"] == timedelta(days=31, hours=20)
    assert settled.unknown == ("mria",)
    assert "mria" in text_of(said_to_instructor(settled)[-1])
    settle(write(course, CHARGED))
    assert desk.penalties(course) == LATE
    settle(write(course, CHARGED + extended))
    settle(write(course, 'due = "never"'))
    assert {extension for _, extension in desk.extensions(course)} == {None}


def test_a_due_date_that_formgrader_has_counts_while_the_file_names_none(course: Course) -> None:
    """And extensions that were granted by nbgrader's own means."""
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-06-01 20:00:00 UTC")
        gradebook.grant_extension(ASSIGNMENT, "three", days=3)
    settle(write(course, CHARGED.replace(DUE, "")))
    assert desk.penalties(course) == {**LATE, "three": 0}


def test_times_are_of_the_files_zone(course: Course) -> None:
    """Is 22:00 in Berlin 20:00 UTC in June, and is a hand-in's time that the file gives read so?"""
    text = 'time_zone = "Europe/Berlin"\n' + CHARGED.replace("T20", "T22")
    settled = settle(write(course, text + "[handed_in]\nin_time = 2026-06-02T22:00:01\n"))
    assert desk.penalties(course) == {**LATE, "in_time": pytest.approx(19.6)}
    assert settled.late == 6


def test_what_is_no_notebook_is_handed_in_at_its_time_as_well(course: Course) -> None:
    folder = course.submitted("broken")
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text("2026-06-02 20:00:00 UTC")
    record_broken(course, "broken", say("submission.empty", name="x"))
    settled = settle(write(course, CHARGED))
    assert (settled.late, settled.without_time) == (6, 0)


def test_nbgraders_own_step_takes_off_the_same(course: Course) -> None:
    """`nbgrader autograde`, formgrader's button and feedback go through LatePenalties: the same points?"""
    write(course, CHARGED + "[extensions]\nthree = 3\n")
    converter = Configurable(config=course.config())
    converter.coursedir = SimpleNamespace(root=str(course.root))
    step = lateness.LatePenalties(parent=Configurable(parent=converter))
    for student in STUDENTS:
        names = {"notebook": NOTEBOOK, "assignment": ASSIGNMENT, "student": student.id}
        step.preprocess(
            SimpleNamespace(cells=[]), {"nbgrader": {**names, "db_url": f"sqlite:///{course.database}"}}
        )
    assert desk.penalties(course) == {**LATE, "three": 0}
    assert settle(course).changed == ()


def test_a_class_of_120_takes_no_time(tmp_path: Path) -> None:
    students = tuple(Student(f"s{number:03}", handed_in="2026-06-02 10:00:00 UTC") for number in range(120))
    course = write(desk.make(tmp_path, students), CHARGED)
    begun = time.process_time()
    assert len(settle(course).changed) == 120
    assert time.process_time() - begun < 20  # 0.5 s on a machine with nothing else to do


WRONG = {
    "due": ("due = 2026-06-01", "'due' is no time: 2026-06-01. Write it as 2026-06-01T23:59:00"),
    "quoted": ('due = "2026-06-01T20:00:00"', "'due' is no time"),
    "first year": ("due = 0001-01-01T00:00:00+14:00", "'due' is no time"),
    "toml": ("due = tomorrow", "is not TOML"),
    "binary": ("due = '\udc80'", "is not TOML"),
    "key": ("percent = 10", "there is no 'percent' here"),
    "policy": ('policy = "harsh"', """the policy is "none" or "percentage", not 'harsh'"""),
    "percent": ('policy = "percentage"', "needs percent_a_day"),
    "text": ('percent_a_day = "10"', "percent_a_day is a number from 0 to 100"),
    "above": ("floor_percent = 101", "floor_percent is a number from 0 to 100"),
    "below": ("grace_minutes = -1", "grace_minutes is a number"),
    "nan": ("percent_a_day = nan", "percent_a_day is a number"),
    "truth": ("percent_a_day = true", "percent_a_day is a number"),
    "zone": ('time_zone = "Berlin"', "'Berlin' is no time zone"),
    "path": ('time_zone = "../../etc/passwd"', "is no time zone"),
    "list": (DUE + "extensions = [1]", "extensions is a table"),
    "no due": ("[extensions]\nmira = 3", "extensions need a line with the due date"),
    "earlier": (DUE + "[extensions]\nmira = 2026-05-01T10:00:00", "ends before the due date"),
    "negative": (DUE + "[extensions]\nmira = -3", "no time and no number of days"),
    "hostile": (DUE + '[extensions]\n"\\u001b[31mmira" = "soon"', "of 'mira' is no time"),
    "handed in": ("[handed_in]\nmira = 3", "'mira' is no time"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_in_the_file_is_one_sentence(case: str, tmp_path: Path) -> None:
    text, words = WRONG[case]
    (tmp_path / "late.toml").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(CourseError) as caught:
        policy_of(Course(tmp_path))
    said = str(caught.value)
    assert words in said
    assert "late.toml" in said
    assert "\n" not in said
    assert "\x1b" not in said


def test_the_file_that_a_course_begins_with_takes_nothing_off_and_all_its_lines_work(tmp_path: Path) -> None:
    """Is it a policy as it is, and with every line switched on?"""
    text = (REPOSITORY / "admin" / "config" / "late.toml").read_text(encoding="utf-8")
    assert policy_of(write(Course(tmp_path), text)).percent(10**7) == 0
    on = [line.removeprefix("# ") if " = " in line else line for line in text.splitlines()]
    on = [line for line in on if not line.startswith('policy = "none"')] + []
    full = policy_of(write(Course(tmp_path), 'policy = "percentage"\n' + "\n".join(on)))
    assert (full.percent_a_day, full.floor_percent, full.grace) == (10, 50, timedelta(minutes=15))
    assert full.due == datetime(2026, 6, 1, 21, 59)
    assert set(full.extensions) == {"mira", "h. lindqvist"}
    assert set(full.handed_in) == {"jonas"}


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_a_page_of_feedback_has_a_row_for_it(course: Course) -> None:
    """nbgrader writes the page of a student whose points nobody has settled: what does its last row say?"""
    write(course, CHARGED)
    marks = {"grade_id": "check_one_hot", "grade": True, "solution": False, "points": 10, "locked": True}
    cell = nbformat.v4.new_code_cell("…", metadata={"nbgrader": {**marks, "schema_version": 3}})
    folder = course.autograded("a_day")
    folder.mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / f"{NOTEBOOK}.ipynb")
    reply = course.api().generate_feedback(ASSIGNMENT, "a_day")
    assert reply["success"], reply
    page = BeautifulSoup((course.feedback("a_day") / f"{NOTEBOOK}.html").read_text("utf-8"), "html.parser")
    row = page.select_one("tr.late")
    assert row is not None
    assert [cell.text for cell in row.find_all(["th", "td"])][:3] == [
        "Handed in late",
        "−9.8",
        "31 minutes late (due 1 June 2026, 20:00 UTC; handed in 1 June 2026, 20:30 UTC): "
        "10 % of 98 points are taken off.",
    ]
    assert page.select_one("p.total").text == "88.2 of 100 points"  # type: ignore[union-attr]


def test_the_page_says_how_late_and_what_it_cost() -> None:
    """With an extension, with none, within the grace time; nothing of one in time."""
    policy = Policy(zone=lateness.zone_of("Europe/Berlin"))
    moment = datetime(2026, 6, 1, 20)
    late = SimpleNamespace(
        total_seconds_late=90_000, extension=None, duedate=moment, timestamp=moment + timedelta(hours=25)
    )
    assert str(lateness.said_of(late, policy, 80, 16)) == (
        "2 days late (due 1 June 2026, 22:00 CEST; handed in 2 June 2026, 23:00 CEST): "
        "20 % of 80 points are taken off."
    )
    late.extension, late.total_seconds_late = timedelta(days=1), 60
    assert str(lateness.said_of(late, policy, 80, 0)).startswith(
        "1 minute late (due 1 June 2026, 22:00 CEST, with your"
    )
    late.total_seconds_late = 0
    assert lateness.said_of(late, policy, 80, 0) is None
