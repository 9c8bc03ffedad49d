"""Taking submissions in: each is read in a process with bounds, and from then on only its copy counts.

`grade` takes each in before it runs it. For `nbgrader autograde` and formgrader's button, the exporter that
nbgrader_config.py puts into nbgrader's converter does the same before anything is converted. So nbgrader
never opens what a student handed in: no link is followed, no pipe waited for, no notebook parsed without
bounds.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory

from admin.course.layout import ASSIGNMENT, Course
from admin.grading.bounded import BoundedProcess, OutOfBounds
from admin.grading.record import record_broken
from admin.grading.sentences import carried_by
from admin.grading.submission import FILE, TakenIn
from admin.text import printable
from checks.language import say

# Where the copies are, as nbgrader names the folder of a step.
COPIES = os.path.join("grading", "copies")


def copy_of(course: Course, student: str, assignment: str = ASSIGNMENT) -> Path:
    """The folder that has a student's submission after it was taken in."""
    return course.root / COPIES / student / assignment


def take_in(
    process: BoundedProcess,
    course: Course,
    student: str,
    assignment: str = ASSIGNMENT,
    others: frozenset[str] | None = None,
) -> TakenIn:
    """Leave a copy of a submission in `copy_of`, or say why there is none. Raises SandboxError.

    `others` are the course's other assignments, for who has asked the gradebook already.
    """
    target = copy_of(course, student, assignment)
    order = {
        "root": str(course.root),
        "student": student,
        "assignment": assignment,
        "target": str(target),
        "release": str(course.root / "release" / assignment),
        "ignore": list(course.ignored()),
        "others": sorted(course.other_assignments() if others is None else others),
    }
    try:
        return TakenIn.received(process.call("take in", order))
    except OutOfBounds as error:
        shutil.rmtree(target, ignore_errors=True)
        name = f"submitted/{printable(student)}/{assignment}/{FILE if assignment == ASSIGNMENT else ''}"
        return TakenIn("", broken=say("submission.out_of_bounds", name=name, what=carried_by(error)))


class CopiesExporter(NotebookExporter):
    """What nbgrader's Autograde reads and writes notebooks with: it gives it copies in place of what came in.

    The converter makes its exporter after it has found the submissions and before it touches one
    (nbgrader 0.9.6, converters/base.py, `start`); nothing else that can be configured runs there.
    """

    def __init__(self, config: Any = None, **options: Any) -> None:
        super().__init__(config=config, **options)
        if isinstance(self.parent, Autograde):
            use_copies(self.parent)


def use_copies(converter: Autograde) -> None:
    """Take in the submissions that a converter has found; it goes on with those that could be read."""
    place = converter.coursedir
    course = Course.at(place.root)
    pattern = place.format_path(
        place.submitted_directory, "(?P<student>.*)", "(?P<assignment>.*)", escape=True
    )
    copies = {}
    with BoundedProcess() as process:
        for folder in sorted(converter.assignments):
            found = re.fullmatch(pattern, folder)
            assert found is not None
            student, assignment = found["student"], found["assignment"]
            process.renew()
            taken = take_in(process, course, student, assignment)
            if taken.broken:
                converter.log.error("%s: %s", printable(student), taken.broken)
                if assignment == ASSIGNMENT:
                    record_broken(course, student, taken.broken)
                continue
            if taken.repaired:
                converter.log.warning("%s: %s", printable(student), ", ".join(map(str, taken.repaired)))
            copy = copy_of(course, student, assignment)
            copies[str(copy)] = [str(path) for path in sorted(copy.glob("*.ipynb"))]
    converter.assignments = copies
    converter.coursedir = pointed_at_copies(place)


def pointed_at_copies(place: CourseDirectory) -> CourseDirectory:
    """The same course for one converter, with the copies as what was submitted."""
    view = CourseDirectory(parent=place.parent, config=place.config)
    for name in place.trait_names(config=True):
        setattr(view, name, getattr(place, name))
    view.submitted_directory = COPIES
    return view
