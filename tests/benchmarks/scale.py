"""What a large class costs besides running notebooks.

`python tests/benchmarks/scale.py [--submissions N] [--workers N]… [--seconds S]`

Really graded is one submission of the sample class. The class is made of it: its files and its rows in the
gradebook, N times, through nbgrader's own API. What students compute is left out, so what is timed is what
one machine does for all, however many work for it: planning, recording, and what `grade` and the commands
after it read of everybody.

Then the first of them go through a real cluster, a scheduler and processes on this machine, in which each
worker sleeps S seconds in place of a student's and sends what came of the one submission. So many a second
come through taking in, sending and reading back; recording is timed apart, on a few.
"""

from __future__ import annotations

import argparse
import functools
import io
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import as_completed
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.pop(0)  # this folder, whose notebook.py would stand for the library of that name
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from nbgrader.api import Gradebook
from rich.console import Console

from admin.cluster.frames import Reply
from admin.cluster.head import ClusterPool
from admin.commands import report
from admin.course import build, sample_class
from admin.course.layout import ASSIGNMENT, NOTEBOOK, Course
from admin.exchange.folder import fingerprint_of_file
from admin.grading import pool, recorder, since
from admin.grading.execute import RunResult
from admin.grading.findings import findings_file
from admin.grading.intake import copy_of
from admin.grading.lateness import settle
from admin.grading.plan import plan, state_file
from admin.grading.record import Outcome, record
from admin.grading.run import grade
from admin.grading.worker import Worker
from tests.grading.clusters import opened

ONE = "chiara"
RECORDED = 10
SENT = 20  # through the cluster, for each of its workers


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--submissions", type=int, default=1000, help="in the class (1000)")
    parser.add_argument("--workers", type=int, action="append", help="of a cluster (2, 4 and 8)")
    parser.add_argument("--seconds", type=float, default=1.0, help="that a stand-in takes (1)")
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
        result = really_run(course, students[0])
        print(f"| recording, a submission | {recording(course, students[:RECORDED], result):.2f} |")
        print(
            "\n| workers of a cluster | what they could do a second | came through a second |\n|---|---|---|"
        )
        for workers in options.workers or (2, 4, 8):
            rate = through_a_cluster(course, students[: SENT * workers], workers, options.seconds, result)
            print(f"| {workers} | {workers / options.seconds:.1f} | {rate:.1f} |", flush=True)


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


def really_run(course: Course, student: str) -> RunResult:
    """What comes of one submission, in the sandbox."""
    (job,) = plan(course, [student], force=True)
    with closing(Worker(True, pool.limits(course))) as worker:
        outcome = pool.run(course, job, worker, lambda name: None)
    assert outcome.result, outcome.failed or outcome.broken
    return outcome.result


def recording(course: Course, students: list[str], result: RunResult) -> float:
    """Seconds of recording, a submission."""
    jobs = plan(course, students[:1], force=True) * len(students)
    with recorder.recording(course) as opened:
        begun = time.monotonic()
        for job in jobs:
            outcome = Outcome(job.student, 1.0, result=result)
            if failed := record(opened, job, outcome, copy_of(course, job.student)).failed:
                raise SystemExit(str(failed))
        return (time.monotonic() - begun) / len(jobs)


def through_a_cluster(
    course: Course, students: list[str], workers: int, seconds: float, result: RunResult
) -> float:
    """How many submissions a second come back, when each takes a worker so many seconds."""
    jobs = plan(course, students, force=True)
    reply = Reply(seconds, result).to_bytes()
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder), workers) as cluster:
        cluster.client.run(stand_in, reply, seconds)
        tell = functools.partial(print, file=sys.stderr)
        with closing(ClusterPool(cluster.address, course, lambda student, cell: None, tell)) as runner:
            begun = time.monotonic()
            for future in as_completed(runner.start(jobs)):
                if failed := future.result().failed:
                    raise SystemExit(str(failed))
            return len(jobs) / (time.monotonic() - begun)


def stand_in(reply: bytes, seconds: float) -> None:
    """In a worker: from now on it runs nothing, takes so long for that, and always answers the same."""
    from admin.cluster.grader import Grader

    def graded(self: Grader, frame: bytes, key: str) -> bytes:
        time.sleep(seconds)
        return reply

    Grader.graded = graded  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
