"""`export`: the grades, as the file that a learning platform takes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from traitlets.config import Config

from admin.course.layout import Course, CourseError
from admin.platforms import autograder
from admin.platforms.canvas import CanvasExport
from admin.platforms.exporting import Exporter
from admin.platforms.gradescope import GradescopeExport
from admin.platforms.moodle import MoodleExport
from admin.platforms.rows import RowsExport
from admin.text import printable

EXPORTERS: dict[str, type[Exporter]] = {
    "canvas": CanvasExport,
    "moodle": MoodleExport,
    "gradescope": GradescopeExport,
    "csv": RowsExport,
}
AUTOGRADER = "gradescope-autograder"
EPILOG = """FILE is, for canvas and moodle, what you have downloaded there: the gradebook, or the grading
worksheet of the assignment. It is filled in, and the result lies beside it. For csv and gradescope (a .zip)
it is the file to write. gradescope-autograder (a .zip) has no grades in it: it is our grader, to be uploaded
as the autograder of an assignment there; the solutions are in it.
The same by nbgrader's own command: nbgrader export --exporter=admin.platforms.canvas.CanvasExport …"""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m admin export",
        description="Write the grades as the file that a learning platform takes.",
        epilog=EPILOG,
    )
    parser.add_argument("file", metavar="FILE", help="the downloaded file, or the file to write")
    parser.add_argument("--to", choices=(*EXPORTERS, AUTOGRADER), required=True, help="for whom")
    parser.add_argument("--output", metavar="FILE", default="", help="where the result goes")
    parser.add_argument("--student", metavar="ID", action="append", help="only this student; may be repeated")
    parser.add_argument("--column", metavar="TITLE", default="", help="the column for the points")
    parser.add_argument("--comments", metavar="TITLE", default="", help="moodle: the column for the comments")
    parser.add_argument("--scale", action="store_true", help="convert to what the platform's column is worth")
    parser.add_argument("--course", metavar="DIR", help="the nbgrader course folder (default: course/)")
    options = parser.parse_args(argv)
    try:
        for line in export(Course.at(options.course), options):
            print(printable(line, 1000))
    except CourseError as error:
        print(printable(str(error), 3000), file=sys.stderr)
        return 1
    return 0


def export(course: Course, options: argparse.Namespace) -> list[str]:
    """Write the file; what is to be said of it. Raises CourseError."""
    if options.to == AUTOGRADER:
        if options.output or options.student or options.column or options.comments or options.scale:
            raise CourseError(
                f"There are no grades in the grader, so --to {AUTOGRADER} takes only FILE and --course"
            )
        return export_grader(course, Path(options.file))
    if not course.database.exists():
        raise CourseError(
            f"There is no gradebook in {course.shown()} yet: python3 -m admin grade{course.option()}"
        )
    exporter = EXPORTERS[options.to](
        config=Config({"CourseDirectory": {"root": str(course.root)}}),
        form=options.file,
        to=options.output,
        student=options.student or [],
        column=options.column,
        comments=options.comments,
        scale=options.scale,
    )
    with course.gradebook() as gradebook:
        exporter.write(gradebook)
    return exporter.lines


def export_grader(course: Course, file: Path) -> list[str]:
    """Write the grader as an archive for Gradescope; what is to be said of it. Raises CourseError."""
    autograder.pack(course, file)
    return [
        f"The grader was written to {file}. The solutions are in it: give it to nobody but Gradescope.",
        "It grades only where the container allows our sandbox, else it says so and gives no points. It was "
        "tried in a folder laid out like Gradescope's containers, not there: hand in the solution first.",
    ]
