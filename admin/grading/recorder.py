"""Keeps what came of a run in nbgrader's gradebook and in autograded/: all points in one transaction.

It leaves what nbgrader's own Autograde leaves with our steps in it, row by row and byte by byte
(tests/grading/test_recorder.py compares them). Autograde is what formgrader's button and `nbgrader autograde`
use; for a class it is slow, as it opens the gradebook ten times a submission, asks for one cell at a time,
and reads, copies and checks the notebook at each of its steps. The rows of a new student and of a new
submission, still without points, are committed before, by nbgrader's API.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import sqlalchemy
from nbformat import NotebookNode
from nbgrader.api import Gradebook, Notebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import IgnorePattern, LimitOutput
from nbgrader.utils import (
    compute_checksum,
    determine_grade,
    find_all_files,
    is_grade,
    is_locked,
    is_solution,
    is_task,
)
from sqlalchemy.exc import OperationalError

from admin.course.cells import grade_id
from admin.course.layout import ASSIGNMENT, NOTEBOOK, Course, CourseError
from admin.exchange.collect import time_in
from admin.exchange.folder import OUR_OWN, listed
from admin.grading.execute import RunResult, ask_for_a_look
from admin.grading.findings import write_findings
from admin.grading.lateness import charge, policy_of
from admin.pages import sanitise
from checks.language import say

INDEXED = {"grade": "notebook_id", "comment": "notebook_id", "submitted_notebook": "assignment_id"}
"""By table, the column by which what belongs to one submission is found; nbgrader has no index of these."""

Points = dict[str, float | None]


@dataclass(frozen=True)
class Mark:
    """What the gradebook knows of a cell of the assignment."""

    cell_type: str
    locked: bool
    checksum: str


@dataclass(frozen=True)
class Assigned:
    """What the gradebook knows of the assignment's notebook."""

    kernel: NotebookNode | None
    marks: dict[str, Mark]
    names: dict[str, str]
    """of cells with points or comments, by nbgrader's id"""


@contextmanager
def recording(course: Course) -> Iterator[Recorder]:
    """Have the gradebook open for a while. Raises CourseError when it can't be, or has no such assignment."""
    with course.gradebook() as gradebook:
        add_indices(gradebook)
        yield Recorder(course, gradebook, assigned(course.notebook_in(gradebook)))


def add_indices(gradebook: Gradebook) -> None:
    """Those of INDEXED, where they are missing."""
    try:
        for table, column in INDEXED.items():
            gradebook.db.execute(
                sqlalchemy.text(f"CREATE INDEX IF NOT EXISTS {table}_{column} ON {table} ({column})")
            )
        gradebook.db.commit()
    except OperationalError:  # somebody else is writing, or nobody may: then it is only slower
        gradebook.db.rollback()


def assigned(notebook: Notebook) -> Assigned:
    cells = [*notebook.grade_cells, *notebook.solution_cells, *notebook.task_cells]
    return Assigned(
        nbformat.from_dict(json.loads(notebook.kernelspec)) if notebook.kernelspec else None,
        {cell.name: Mark(cell.cell_type, cell.locked, cell.checksum) for cell in notebook.source_cells},
        {cell.id: cell.name for cell in cells},
    )


class Recorder:
    """Records submissions, for one thread."""

    def __init__(self, course: Course, gradebook: Gradebook, assignment: Assigned) -> None:
        self.course, self._gradebook, self._assigned = course, gradebook, assignment
        config = course.config()
        self._steps = [IgnorePattern(config=config), LimitOutput(config=config)]
        self._converter = Autograde(coursedir=course.api().coursedir, config=config)
        # Once: nbgrader's search takes longer than copying what it finds.
        own = find_all_files(str(course.source), [*course.ignored(), "*.ipynb"])
        self._own_files = [os.path.relpath(file, course.source) for file in own]

    def record(self, student: str, result: RunResult, copy: Path) -> Points:
        """Keep what came of a student's submission; their points by grade_id, a person's where one gave some.

        `copy` is the folder that it was run from. Raises CourseError, OSError, and whatever SQLAlchemy and
        nbgrader raise; no file of it and no new points are kept then.
        """
        folder = self.course.autograded(student)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            notebook = self._as_autograded(result.notebook)
            self._copy_files(copy, folder)
            (folder / f"{NOTEBOOK}.ipynb").write_text(nbformat.v4.writes(notebook) + "\n", encoding="utf-8")
            self._converter.set_permissions(ASSIGNMENT, student)
            write_findings(self.course.root, student, result.findings)
            return self._save(student, notebook, result, copy)
        except BaseException:
            self._gradebook.db.rollback()
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _as_autograded(self, notebook: NotebookNode) -> NotebookNode:
        """The notebook that was run as Autograde would write it. Raises CourseError for another one."""
        marks = self._assigned.marks
        marked = {name: cell for cell in notebook.cells if (name := grade_id(cell))}
        if set(marked) != set(marks) or not all(fits(marked[name], marks[name]) for name in marks):
            raise CourseError(say("grading.run_again", reason=say("session.other_notebook")))
        for name, cell in marked.items():
            cell.metadata.nbgrader["checksum"] = marks[name].checksum
        if self._assigned.kernel:
            notebook.metadata["kernelspec"] = self._assigned.kernel
        sanitise.bound(notebook)
        for step in self._steps:
            notebook, _ = step(notebook, {})
        return notebook

    def _copy_files(self, copy: Path, folder: Path) -> None:
        """What was handed in beside the notebook; the course's own files take the place of others."""
        handed_in = [
            os.path.join(*entry.parts)
            for entry in listed(copy, OUR_OWN)
            if entry.kind == "file" and not entry.name.endswith(".ipynb")
        ]
        for inner in {os.path.dirname(file) for file in [*handed_in, *self._own_files]} | {""}:
            (folder / inner).mkdir(parents=True, exist_ok=True)
        for place, files in ((copy, handed_in), (self.course.source, self._own_files)):
            for file in files:
                shutil.copyfile(f"{place}/{file}", f"{folder}/{file}")

    def _save(self, student: str, notebook: NotebookNode, result: RunResult, copy: Path) -> Points:
        """The rows of the gradebook."""
        gradebook, names = self._gradebook, self._assigned.names
        gradebook.update_or_create_student(student)
        handed_in = time_in(copy)
        when = {"timestamp": handed_in} if handed_in else {}
        submission = gradebook.update_or_create_submission(ASSIGNMENT, student, **when)
        recorded = gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, student)
        grades = {names[grade.cell_id]: grade for grade in recorded.grades}
        comments = {names[comment.cell_id]: comment for comment in recorded.comments}
        for cell in notebook.cells:
            if is_grade(cell):
                grade = grades[grade_id(cell)]
                grade.auto_score, _ = determine_grade(cell)
                grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
            if is_solution(cell) or is_task(cell):
                untouched = compute_checksum(cell) == cell.metadata.nbgrader["checksum"]
                said = str(say("grading.untouched")) if untouched and not is_task(cell) else None
                comments[grade_id(cell)].auto_comment = said
        ask_for_a_look(self.course.root, notebook, grades, result.warnings)
        charge(gradebook, submission, recorded, policy_of(self.course))
        points = {
            name: grade.auto_score if grade.manual_score is None else grade.manual_score
            for name, grade in grades.items()
        }
        gradebook.db.commit()
        return points


def fits(cell: NotebookNode, mark: Mark) -> bool:
    """Whether a cell is the one that the gradebook knows; what a student may write is no part of that."""
    same = cell.cell_type == mark.cell_type and is_locked(cell) == mark.locked
    return same and (not mark.locked or compute_checksum(cell) == mark.checksum)
