"""Recording leaves what nbgrader's own Autograde leaves with the same run in it."""

from __future__ import annotations

import copy
import shutil
import sqlite3
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from admin.course.cells import grade_id
from admin.course.layout import ASSIGNMENT, NOTEBOOK, Course
from admin.grading import read_by_hand
from admin.grading import run as grading
from admin.grading.execute import JudgedExecute, RunResult, code_cells
from admin.grading.intake import copy_of
from admin.grading.plan import plan
from admin.grading.record import Outcome, record
from admin.grading.recorder import recording
from checks.language import say
from tests.needs import needs_sandbox

FILE = f"{NOTEBOOK}.ipynb"
STUDENTS = ("early", "late", "spoilt", "empty")
LATE = """
due = 2026-06-01T12:00:00Z
policy = "percentage"
percent_a_day = 10
"""
pytestmark = [
    needs_sandbox,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]


def hand_in(course: Course, text: str) -> None:
    """Four submissions, between them all that recording has to do with."""
    (course.root / "late.toml").write_text(LATE)
    for student in STUDENTS:
        folder = course.submitted(student)
        folder.mkdir(parents=True)
        (folder / FILE).write_text(text)
    for student, day in (("early", 1), ("late", 3)):
        stamp = f"2026-06-0{day} 09:00:00 UTC"
        (course.submitted(student) / "timestamp.txt").write_text(stamp)
    beside = course.submitted("early") / "more" / "notes.txt"
    beside.parent.mkdir()
    beside.write_text("mine")
    (course.submitted("early") / "problem_unittests.py").write_text("print('not the course's')")
    (course.submitted("early") / "another.ipynb").write_text(text)
    spoilt = nbformat.reads(text, 4)
    spoilt.metadata["kernelspec"] = {"name": "julia", "display_name": "Julia", "language": "julia"}
    names = ["one_hot", "check_one_hot", "check_channel_axis", "discussion", "normalise_images"]
    by_name = {grade_id(cell): cell for cell in spoilt.cells}
    spoilt.cells = [cell for cell in spoilt.cells if grade_id(cell) not in names[:2]]
    by_name["check_channel_axis"].metadata.nbgrader["points"] = 400
    by_name["discussion"].source = "Pooling *forgets*."
    by_name["normalise_images"].source = "print('many lines\\n' * 1000)\n1 / 0"
    nbformat.write(spoilt, course.submitted("spoilt") / FILE)
    shutil.copyfile(course.release / FILE, course.submitted("empty") / FILE)


def run_all(course: Course) -> dict[str, RunResult]:
    """What came of each, with a check in one that had no fair chance."""
    jobs = plan(course, list(STUDENTS), force=True)
    outcomes = grading.run_all(course, jobs, 1, True, lambda *_: None)
    results = {each.student: each.result for each in outcomes if each.result}
    late = {"check_channel_axis": say("session.not_run", reason=say("message.stopping"))}
    return results | {"late": replace(results["late"], warnings=late)}


def record_all(course: Course, results: Mapping[str, RunResult]) -> None:
    with recording(course) as recorder:
        for job in plan(course, list(STUDENTS), force=True):
            outcome = Outcome(job.student, 1.0, result=copy.deepcopy(results[job.student]))
            done = record(recorder, job, outcome, copy_of(course, job.student))
            assert not done.failed, done.failed
            assert done.points == course.points(job.student)


def autograde_all(course: Course, results: Mapping[str, RunResult]) -> None:
    """By nbgrader, with what came of the run in place of another run."""

    class Given(JudgedExecute):
        def run_here(self, nb: nbformat.NotebookNode, resources: Any) -> RunResult:
            result = copy.deepcopy(results[resources["nbgrader"]["student"]])
            for own, cell in zip(code_cells(result.notebook), code_cells(nb), strict=True):
                assert own.source == cell.source
                cell.outputs, cell.execution_count = own.outputs, own.execution_count
            return result

    for student in STUDENTS:
        api = course.api()
        steps = api.config.Autograde.autograde_preprocessors
        api.config.Autograde.autograde_preprocessors = [Given, *steps[1:]]
        reply = api.autograde(ASSIGNMENT, student, force=True)
        assert reply["success"], reply


def give_points(course: Course) -> None:
    """A person reads two answers; one of them is then handed in with another text."""
    with course.gradebook() as gradebook:
        for student in ("spoilt", "empty"):
            grade = gradebook.find_grade("discussion", NOTEBOOK, ASSIGNMENT, student)
            grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 4, 1, False
            comment = gradebook.find_comment("discussion", NOTEBOOK, ASSIGNMENT, student)
            comment.manual_comment = "Why?"
            if student == "spoilt":
                read_by_hand.remember(course.root, {grade.id: read_by_hand.digest("Pooling *forgets*.")})
        gradebook.db.commit()


def kept(course: Course) -> dict[str, Any]:
    """Rows of the gradebook, without ids that are drawn at random, and files."""
    with sqlite3.connect(course.database) as database:
        rows = {
            name: database.execute(f"select {what} order by 1, 2, 3").fetchall()
            for name, what in (
                ("students", "* from student"),
                (
                    "submissions",
                    """student_id, timestamp, extension, flagged, late_submission_penalty, duedate, name
                       from submitted_assignment s join submitted_notebook n on n.assignment_id = s.id
                       join assignment a on a.id = s.assignment_id""",
                ),
                *(
                    (
                        table,
                        f"""student_id, name, type, {columns} from {table} t
                            join base_cell c on c.id = t.cell_id
                            join submitted_notebook n on n.id = t.notebook_id
                            join submitted_assignment s on s.id = n.assignment_id""",
                    )
                    for table, columns in (
                        ("grade", "auto_score, manual_score, extra_credit, needs_manual_grade"),
                        ("comment", "auto_comment, manual_comment"),
                    )
                ),
            )
        }
    files = {
        str(path.relative_to(course.root)): (stat.S_IMODE(path.stat().st_mode), path.read_bytes())
        for folder in ("autograded", "grading")
        for path in (course.root / folder).rglob("*")
        if path.is_file() and (folder == "autograded" or path.name.endswith(".findings.json"))
    }
    return {**rows, **files}


@pytest.mark.slow
def test_recording_leaves_what_nbgrader_leaves(course: Course, one_right_answer: str, tmp_path: Path) -> None:
    """Rows and files of good, late, spoilt and empty hand-ins, at first and after a person gave points?"""
    hand_in(course, one_right_answer)
    results = run_all(course)
    other = Course.at(tmp_path / "other")
    shutil.copytree(course.root, other.root)
    before = None
    for _ in range(2):
        record_all(course, results)
        autograde_all(other, results)
        ours, theirs = kept(course), kept(other)
        assert list(ours) == list(theirs)
        for name, found in ours.items():
            assert found == theirs[name], name
        assert ours != before
        before = ours
        assert {row[4] for row in ours["submissions"]} == {None, 1.6}
        give_points(course)
        give_points(other)
    waiting = {row[:2] for row in before["grade"] if row[-1]}
    assert ("late", "check_channel_axis") in waiting
    assert ("empty", "discussion") in waiting
    assert ("spoilt", "discussion") not in waiting
