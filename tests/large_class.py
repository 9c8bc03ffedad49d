"""A class of 120 as grading leaves it, in seconds: what the known answers are told is recorded already.

Gradebook, notes, findings and notebooks are written by nbgrader's and our own functions; nothing is run.
"""

from __future__ import annotations

import json
import string
from datetime import timedelta
from pathlib import Path
from typing import Any

import nbformat
from sqlalchemy import text

from admin.course.answers import answer
from admin.course.cells import grade_id
from admin.course.large_class import DUE, Member
from admin.course.layout import ASSIGNMENT, NOTEBOOK, REPOSITORY, Course, quiet
from admin.course.points import points as points_of
from admin.course.sample_class import chosen, expected, tasks
from admin.grading.findings import write_findings
from admin.grading.plan import Job
from admin.grading.record import Outcome, record_broken, write_note
from admin.mutation import known
from checks.language import Sentence, say, words
from checks.task import Finding

BROKEN = say("submission.empty", name=f"{NOTEBOOK}.ipynb")


def grade(course: Course, members: tuple[Member, ...]) -> None:
    """Make the course, and record everybody, as grading would."""
    released = nbformat.read(REPOSITORY / "notebooks" / f"{NOTEBOOK}.ipynb", 4)
    course.release.mkdir(parents=True)
    nbformat.write(released, course.release / f"{NOTEBOOK}.ipynb")
    told = known.recorded()
    with course.gradebook() as gradebook, quiet():
        gradebook.db.execute(text("PRAGMA synchronous = off"))  # each of 120 would wait for the disk
        gradebook.add_assignment(ASSIGNMENT, duedate=DUE)
        gradebook.add_notebook(NOTEBOOK, ASSIGNMENT)
        for name, worth in points_of(released).items():
            kind = "markdown" if name == "discussion" else "code"
            gradebook.add_grade_cell(name, NOTEBOOK, ASSIGNMENT, max_score=worth, cell_type=kind)
        gradebook.add_solution_cell("discussion", NOTEBOOK, ASSIGNMENT)
        for member in members:
            gradebook.add_student(member.name)
            if member.hours is not None:
                when = DUE + timedelta(hours=member.hours)
                worth_of = expected(member.student)
                made = gradebook.add_submission(ASSIGNMENT, member.name, timestamp=when)
                for grade in made.notebooks[0].grades:
                    name = grade.cell.name.removeprefix("check_")
                    grade.auto_score = worth_of.get(name, 0.0)
                    grade.needs_manual_grade = name == "discussion" and not member.student.empty
        gradebook.db.commit()
    cells = [cell for cell in released.cells if grade_id(cell)]
    for member in members:
        if member.hours is not None:
            hand_in(course, member, cells, told)


def hand_in(course: Course, member: Member, cells: list[Any], told: dict[str, Any]) -> None:
    """The notebook, the note and the findings of one."""
    student = member.student
    course.submitted(student.name).mkdir(parents=True)
    job = Job(student.name, f"hand-in of {student.name}", "checks")
    if student.broken:
        record_broken(course, student.name, BROKEN)
        write_note(course, job, Outcome(student.name, broken=BROKEN))
        return
    folder = course.autograded(student.name)
    folder.mkdir(parents=True)
    given = {task: answer(task, "empty") if student.empty else chosen(student, task) for task in tasks()}
    sources = {task: each.code for task, each in given.items()} | {"discussion": student.discussion}
    made = [{**cell, "source": sources.get(grade_id(cell), cell.source)} for cell in cells]
    (folder / f"{NOTEBOOK}.ipynb").write_text(json.dumps({"cells": made, "nbformat": 4}), encoding="utf-8")
    found = {
        task: [finding(task, found) for found in told[f"{task}: {each.name}"]] for task, each in given.items()
    }
    write_findings(course.root, student.name, found)
    write_note(course, job, Outcome(student.name, 1.0))


def finding(task: str, recorded: list[Any]) -> Finding:
    """A finding as it is recorded, with an ellipsis for each value, which the record leaves out."""
    what, points, out_of = recorded[:3]
    keys = recorded[3] if len(recorded) > 3 else []
    said = keys[:1] if braces(keys) else keys
    return Finding(what, points, out_of, tuple(sentence(task, key) for key in said))


def sentence(task: str, key: str) -> Sentence:
    return Sentence(key, {field: task if field == "task" else "…" for field in fields(key)})


def braces(keys: list[str]) -> bool:
    """Whether what is said first has values, so that the keys after it may be of these."""
    return bool(keys and fields(keys[0]))


def fields(key: str) -> list[str]:
    group, _, name = key.partition(".")
    return [field for _, field, _, _ in string.Formatter().parse(words()[group][name]) if field]


def at(folder: Path) -> Course:
    return Course.at(folder / "course")
