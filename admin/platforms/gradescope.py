"""Gradescope: a `results.json` for each submission, as its autograders write them, in a folder or an archive.

https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format says what stands in one. There is
no way to load results of many submissions at once there: a results.json is what an autograder of one's own
writes for the submission that it was started with (ours: admin/platforms/autograder).
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from admin.course.layout import CourseError
from admin.grading.feedback import total
from admin.platforms.exporting import Exporter
from admin.platforms.grades import Grades, TaskGrade
from admin.platforms.people import Person
from admin.platforms.tables import beside
from admin.text import printable
from checks.language import say, text_of
from checks.report import words
from checks.task import DISCUSSION
from checks.tasks import TASKS

NAME = "results.json"
MAX_LINES, MAX_LINE = 200, 1000


def results(each: Grades, by_hand: bool = True) -> dict[str, Any]:
    """What one results.json says: by task, with our words; the score has less where it was late.

    Without `by_hand`, what a person reads is left out: Gradescope has points of its own for that.
    """
    if not by_hand:
        each = replace(each, tasks=tuple(task for task in each.tasks if task.name != DISCUSSION.name))
    pending = sum(task.points is None for task in each.tasks)
    said = [each.broken] if each.broken else []
    said.append(total(each.score, each.out_of, pending))
    if each.late:
        said.append(f"{text_of(say('feedback.late'))}: −{each.late:g}")
    return _whole(each.score, said, [_test(task) for task in each.tasks])


def not_graded(reason: str) -> dict[str, Any]:
    """What one results.json says of a submission that nobody could grade."""
    return _whole(0.0, [reason], [])


def _whole(score: float, said: list[str], tests: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "score": score,
        "output": "\n".join(said),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def _test(task: TaskGrade) -> dict[str, Any]:
    test: dict[str, Any] = {
        "name": task.title,
        "score": task.points or 0.0,
        "max_score": task.out_of,
        "output": _output(task),
        "output_format": "text",
        "visibility": "visible",
    }
    return test if task.number is None else {**test, "number": str(task.number)}


def _output(task: TaskGrade) -> str:
    """All that the check said, as it stands in the notebook; else the reason, which may be a person's."""
    if task.points is None:
        return text_of(say("feedback.pending"))
    if task.findings and task.name in TASKS:
        worth = int(task.out_of) if task.out_of.is_integer() else task.out_of
        lines = words(task.name, task.findings, worth).split("\n")
        return "\n".join(printable(line, MAX_LINE) for line in lines[:MAX_LINES])
    return printable(task.reason, 1000)


class GradescopeExport(Exporter):
    """An archive with a folder for each student, and results.json in it."""

    def fill(self, grades: list[Grades], people: list[Person], target: Path) -> None:
        written = {f"{each.person.id}/{NAME}": results(each) for each in grades}
        with beside(target) as half:
            with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in written.items():
                    archive.writestr(name, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False))
            with zipfile.ZipFile(half) as archive:
                read = {name: json.loads(archive.read(name)) for name in archive.namelist()}
            if read != written:
                raise CourseError(
                    f"{printable(str(target))} was not written: read back, it would say something else"
                )
        self.lines.append("This form was checked against Gradescope's documentation; it was not tried there.")

    def default_name(self) -> str:
        return self.form or "gradescope.zip"
