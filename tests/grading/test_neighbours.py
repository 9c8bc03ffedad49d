"""One submission beside another: who takes the processor takes no points."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import nbformat
import pytest
from rich.console import Console

from admin.course import sample_class
from admin.course.answers import answer
from admin.course.cells import grade_id
from admin.course.layout import NOTEBOOK, Course
from admin.grading import pool
from admin.grading import run as grading
from admin.grading.plan import plan
from admin.sandbox.limits import Limits
from checks.task import CHECK_POINTS
from tests.needs import needs_sandbox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    needs_sandbox,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
FILE = f"{NOTEBOOK}.ipynb"
BUSY = """
import os, time
for _ in range(230):
    try:
        if os.fork() == 0:
            while True:
                pass
    except OSError:
        break
end = time.time() + 200
while time.time() < end:
    pass
"""
HOG = "import time\nend = time.time() + 100\nwhile time.time() < end: pass"


def hand_in(course: Course, student: str, cells: dict[str, str]) -> None:
    notebook = nbformat.read(course.release / FILE, 4)
    for cell in notebook.cells:
        cell.source = cells.get(grade_id(cell), cell.source)
    course.submitted(student).mkdir(parents=True)
    nbformat.write(notebook, course.submitted(student) / FILE)


def test_a_neighbour_with_hundreds_of_processes_costs_no_points(course, monkeypatch):
    """A right notebook beside one that starts 230 busy processes: are all points there?"""
    monkeypatch.setattr(pool, "limits", lambda course: Limits(cell_seconds=20, answer_seconds=20))
    amara = sample_class.CLASS[0]
    course.submitted(amara.name).mkdir(parents=True)
    (course.submitted(amara.name) / FILE).write_text(sample_class.submission(course, amara))
    hand_in(course, "a busy one", {"normalise_images": BUSY})
    screen = io.StringIO()
    assert grading.grade(course, workers=2, console=Console(file=screen, width=300)) == 0, screen.getvalue()
    points = course.points(amara.name)
    assert sum(points[f"check_{task}"] for task in sample_class.tasks()) == CHECK_POINTS, screen.getvalue()


def test_who_was_stopped_for_want_of_the_processor_runs_again_alone(course, monkeypatch):
    """Timed out while ten programs held each core: is it run once more, alone, and gets its points?

    Alone means that nobody looks ahead in it, either.
    """
    work = "import time\nbegun = time.process_time()\nwhile time.process_time() - begun < 2.5: pass\n"
    code = answer("normalise_images", "the model answer").code
    hand_in(course, "a starved one", {"normalise_images": work + code})
    sleepy = dict.fromkeys(("normalise_images", "one_hot", "net_1", "net_2"), "import time\ntime.sleep(1)")
    hand_in(course, "beside", sleepy)
    monkeypatch.setattr(pool, "limits", lambda course: Limits(cell_seconds=8, answer_seconds=8))
    looks: list[pool.LookAhead] = []
    monkeypatch.setattr(pool.Pool, "_look", lambda self, ahead: looks.append(ahead))
    hogs: list[subprocess.Popen[bytes]] = []
    runs: list[str] = []

    def at_work(student: str, cell: str) -> None:
        if student != "a starved one" or cell != "normalise_images":
            return
        runs.append(cell)
        if len(runs) == 1:
            ten = 10 * len(os.sched_getaffinity(0))
            # Each in a session of its own: Linux shares the processor among sessions first (autogroups).
            hogs.extend(
                subprocess.Popen([sys.executable, "-c", HOG], start_new_session=True) for _ in range(ten)
            )
        else:  # when all others are done, as `grade` waits for
            for hog in hogs:
                hog.kill()

    jobs = plan(course, course.students())
    try:
        outcomes = {outcome.student: outcome for outcome in grading.run_all(course, jobs, 2, True, at_work)}
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    assert len(runs) == 2, "it was not stopped the first time, or not run again"
    assert looks == []
    result = outcomes["a starved one"].result
    assert result is not None
    check = next(cell for cell in result.notebook.cells if grade_id(cell) == "check_normalise_images")
    assert check.outputs[1].data["text/plain"] == "8"
    assert "check_normalise_images" not in result.warnings


def test_workers_fit_into_cores_and_memory():
    """A machine with 16 cores and 4 GB of free memory: one worker?"""
    assert grading.default_workers(16, 4 << 30) == 1
    assert grading.default_workers(16, 64 << 30) == 4
    assert grading.default_workers(2, 64 << 30) == 2
    assert grading.default_workers(2, 1 << 30) == 1
