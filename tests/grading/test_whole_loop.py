"""The demo's whole loop, once, with real nbgrader and real kernels; then what comes after a first grading."""

from __future__ import annotations

import csv
import html
import io
import signal
import subprocess
import sys
import time

import pytest
from rich.console import Console

from admin.commands import demo
from admin.course import sample_class
from admin.course.layout import NOTEBOOK, REPOSITORY, Course, CourseError
from admin.course.sample_class import CLASS
from admin.grading.findings import read_findings
from admin.grading.plan import plan, read_state, state_file
from admin.grading.run import grade
from checks.task import CHECK_POINTS, TABLE

# nbgrader fills its tables in an order that SQLAlchemy warns of
QUIET = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), QUIET]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The course after a demo, and what the demo said."""
    course = Course.at(tmp_path_factory.mktemp("demo") / "course")
    screen = io.StringIO()
    exit_code = demo.demo(course, console=Console(file=screen, width=200))
    assert exit_code == 0, screen.getvalue()
    return course, screen.getvalue()


@pytest.fixture
def course(shown):
    return shown[0]


@pytest.mark.parametrize("student", CLASS, ids=lambda student: student.name)
def test_points_are_what_the_answers_are_worth(course, student):
    """Does each student get, task by task, exactly what the list of answers says?"""
    assert demo.points(course, student) == sample_class.expected(student)


def test_the_class_is_spread_as_it_should_be(course):
    """All for both right ways, 0 for the empty and the broken one, something between for the others?"""
    sums = [sum(demo.points(course, student).values()) for student in CLASS]
    assert sums[:2] == [CHECK_POINTS, CHECK_POINTS]
    assert all(0 < got < CHECK_POINTS for got in sums[2:5])
    assert sums[5:] == [0, CHECK_POINTS - TABLE["train_net_2"].points, 0]


def test_the_broken_file_is_named_in_one_sentence(shown):
    """Does the person at the terminal learn which file to ask for, without a traceback?"""
    _, screen = shown
    (line,) = [line for line in screen.splitlines() if "ends in the middle (line" in line]
    assert f"submitted/h. lindqvist/convnet/{NOTEBOOK}.ipynb" in line
    assert "Traceback" not in screen


@pytest.mark.parametrize("student", [each for each in CLASS if not each.broken], ids=lambda each: each.name)
def test_feedback_names_the_misconceptions(course, student):
    """Do the findings hold the keys that the list of answers promises, and does the page say their words?"""
    page = " ".join(html.unescape((course.feedback(student.name) / f"{NOTEBOOK}.html").read_text()).split())
    kept = read_findings(course.root, student.name)
    for task, key in sample_class.expected_keys(student).items():
        found = [finding for finding in kept[task] if key in finding.keys]
        assert found
        assert all(finding.message in page for finding in found)


def test_the_broken_one_gets_feedback_too(course):
    """Does the student whose file was broken learn it?"""
    page = (course.feedback("h. lindqvist") / f"{NOTEBOOK}.html").read_text()
    assert "ends in the middle" in page


def test_the_loop_costs_its_own_cell_only(course):
    """Are the points before and after an endless loop kept?"""
    looping = next(student for student in CLASS if student.cells)
    lost = [task for task, got in demo.points(course, looping).items() if got < sample_class.out_of(task)]
    assert lost == ["train_net_2"]


def test_export(course, tmp_path):
    """Does nbgrader's own export, run with our configuration, have everybody's points?"""
    table = tmp_path / "grades.csv"
    run_admin("nbgrader", "--course", str(course.root), "export", f"--to={table}")
    scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(table.open())}
    assert scores == {each.name: sum(sample_class.expected(each).values()) for each in CLASS}


def test_what_is_written_by_hand_waits_for_a_person(shown):
    """Is a written discussion marked for a person and counted, and an empty one worth 0 without one?"""
    course, screen = shown
    with course.gradebook() as gradebook:
        waiting = {
            student.name
            for student in CLASS
            if gradebook.find_grade("discussion", NOTEBOOK, "convnet", student.name).needs_manual_grade
        }
    assert waiting == {student.name for student in CLASS if not student.empty and not student.broken}
    assert f"wait for your points: {len(waiting)}." in screen


def test_unchanged_submissions_are_not_run_again(course):
    """Is a second demo quick, and does a changed byte bring a submission back?"""
    screen = io.StringIO()
    begun = time.monotonic()
    assert demo.demo(course, console=Console(file=screen, width=200)) == 0
    assert f"{len(CLASS)} unchanged, 0 to grade" in screen.getvalue()
    assert time.monotonic() - begun < 60
    notes = course.submitted("fatima") / "notes.txt"
    notes.write_text("handed in late")
    assert [job.student for job in plan(course, course.students())] == ["fatima"]
    notes.unlink()
    assert plan(course, course.students()) == []


@pytest.mark.parametrize("place", ["execute.run", "recorder.Recorder._save", "record.write_note"])
def test_a_killed_run_is_taken_up(course, place):
    """Killed before it runs, between its files and its rows, or before its note: is it graded again?"""
    (course.submitted("fatima") / "notes.txt").write_text(place)
    kill = f"from admin.grading import execute, record, recorder; {place} = lambda *_: os.kill(0, 9)"
    command = f"import os; {kill}; {run_command('grade')}"
    arguments = ["--course", str(course.root), "--force", "--student", "fatima"]
    process = subprocess.Popen(
        [sys.executable, "-c", command, *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # 0 is that session
    )
    assert process.wait() == -signal.SIGKILL
    recorded = course.autograded("fatima") / "notes.txt"
    assert (recorded.exists() and recorded.read_text() == place) == (place != "execute.run")
    assert [job.student for job in plan(course, course.students())] == ["fatima"]
    assert grade(course, console=Console(file=io.StringIO())) == 0
    assert plan(course, course.students()) == []
    assert recorded.read_text() == place
    assert sum(demo.points(course, next(each for each in CLASS if each.empty)).values()) == 0


def test_a_lost_note_or_gradebook_row_is_made_again(course):
    """Is nothing taken for done whose points are gone?"""
    note = state_file(course, "h. lindqvist")
    kept = note.read_text()
    note.write_text("{")
    assert read_state(course, "h. lindqvist") == {}
    assert [job.student for job in plan(course, ["h. lindqvist"])] == ["h. lindqvist"]
    note.write_text(kept)
    with course.gradebook() as gradebook:
        gradebook.remove_submission("convnet", "h. lindqvist")
    assert [job.student for job in plan(course, ["h. lindqvist"])] == ["h. lindqvist"]
    assert grade(course, ["h. lindqvist"], console=Console(file=io.StringIO())) == 0


def test_the_demo_stays_out_of_a_real_course(course):
    """One submission of somebody else: does the demo leave the folder alone, and say how to go on?"""
    stranger = course.submitted("somebody real")
    stranger.mkdir(parents=True)
    try:
        with pytest.raises(CourseError, match=r"somebody real.*demo --course DIR"):
            demo.demo(course, console=Console(file=io.StringIO()))
    finally:
        stranger.rmdir()
        stranger.parent.rmdir()


def run_admin(command: str, *arguments: str) -> str:
    """What a command prints, run as its own process in the environment of the tests."""
    script = [sys.executable, "-c", run_command(command), *arguments]
    return subprocess.run(script, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout


def run_command(command: str) -> str:
    return f"import sys; from admin.commands.{command} import main; sys.exit(main(sys.argv[1:]))"
