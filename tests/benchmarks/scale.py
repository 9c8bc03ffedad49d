"""What a large class costs besides running notebooks: `python tests/benchmarks/scale.py [--submissions N]`.

Really graded is one submission of the sample class. The class is made of it: its files and its rows in the
gradebook, N times, through nbgrader's own API. What students compute is left out, so what is timed is what
one machine does for all, however many work for it: planning, recording, and what `grade` and the commands
after it read of everybody. Recording is timed on the first few.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.pop(0)  # this folder, whose notebook.py would stand for the library of that name
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from nbgrader.api import Gradebook
from rich.console import Console

from admin.commands import report
from admin.course import build, sample_class
from admin.course.layout import ASSIGNMENT, NOTEBOOK, Course
from admin.exchange.folder import fingerprint_of_file
from admin.grading import pool, since
from admin.grading.findings import findings_file
from admin.grading.intake import COPIES
from admin.grading.lateness import settle
from admin.grading.plan import plan, state_file
from admin.grading.record import record
from admin.grading.run import grade
from admin.grading.worker import Worker

ONE = "chiara"
RECORDED = 10


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--submissions", type=int, default=1000, help="in the class (1000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = Course.at(Path(folder) / "course")
        students = make(course, options.submissions)
        print(f"{len(students)} submissions\n\n| what | seconds |\n|---|---|", flush=True)
        timed("plan, all unchanged", lambda: expect(plan(course, students), 0))
        timed("plan, all anew", lambda: expect(plan(course, students, force=True), len(students)))
        timed("how everybody stands, before a grading", lambda: since.begin(course))
        timed("lateness, after it", lambda: settle(course))
        timed("`grade` with nothing new", lambda: grade(course, console=Console(file=io.StringIO())))
        timed("the report", lambda: report.write(course, False, 0.5))
        print(f"| recording, a submission | {recording(course, students[:RECORDED]):.2f} |")


def timed(what: str, do: Callable[[], object]) -> None:
    begun = time.monotonic()
    do()
    print(f"| {what} | {time.monotonic() - begun:.2f} |", flush=True)


def expect(found: list[Any], count: int) -> None:
    if len(found) != count:
        raise SystemExit(f"{len(found)} in place of {count}")


def make(course: Course, count: int) -> list[str]:
    """A course in which so many have been graded."""
    build.build(course, student_notebook=None)
    (one,) = (each for each in sample_class.CLASS if each.name == ONE)
    sample_class.hand_in(course, [one])
    if grade(course, console=Console(file=io.StringIO())):
        raise SystemExit(f"{ONE} could not be graded")
    students = [f"s{number:05}" for number in range(count)]
    for student in students:
        shutil.copytree(course.submitted(ONE), course.submitted(student))
        shutil.copytree(course.autograded(ONE), course.autograded(student))
        shutil.copyfile(findings_file(course.root, ONE), findings_file(course.root, student))
    with course.gradebook() as gradebook:
        points = {
            grade.name: grade.auto_score
            for grade in gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, ONE).grades
        }
        for student in students:
            add(gradebook, student, points)
    note = json.loads(state_file(course, ONE).read_text())
    for job in plan(course, students, force=True):
        result = fingerprint_of_file(course.autograded(job.student) / f"{NOTEBOOK}.ipynb")
        state_file(course, job.student).write_text(json.dumps(note | asdict(job) | {"result": result}))
    return students


def add(gradebook: Gradebook, student: str, points: dict[str, float | None]) -> None:
    gradebook.add_student(student)
    gradebook.add_submission(ASSIGNMENT, student)
    for grade_ in gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, student).grades:
        grade_.auto_score = points[grade_.name]
    gradebook.db.commit()


def recording(course: Course, students: list[str]) -> float:
    """Seconds of nbgrader's recording, a submission."""
    jobs = plan(course, students, force=True)
    worker = Worker(True, pool.limits(course))
    outcomes = [pool.run(course, job, worker, lambda name: None) for job in jobs[:1]]
    worker.close()
    begun = time.monotonic()
    for job in jobs[:1] * len(jobs):
        done = record(course, job, outcomes[0], COPIES)
        if done.failed:
            raise SystemExit(str(done.failed))
    return (time.monotonic() - begun) / len(jobs)


if __name__ == "__main__":
    main()
