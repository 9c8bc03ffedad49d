"""`build`: the student notebook, its pictures, and the nbgrader course."""

from __future__ import annotations

import argparse
import sys

from admin.course import build
from admin.course.layout import Course, CourseError


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m admin build",
        description="Make the student notebook and the course's source and release from the one source.",
    )
    parser.add_argument("--course", metavar="DIR", help="the nbgrader course folder (default: course/)")
    parser.add_argument(
        "--check", action="store_true", help="only say whether what is committed is up to date"
    )
    options = parser.parse_args(argv)
    try:
        if options.check:
            stale = build.find_stale(Course.at(options.course) if options.course else None)
            print(stale or "The student notebook is up to date.")
            return 1 if stale else 0
        course = Course.at(options.course)
        changes = build.build(course)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"Student notebook: {course.shown(build.STUDENT_NOTEBOOK)}\n"
        f"Course: {course.shown()} (source/ with the solutions, release/ without)\n"
        f"For students: {course.shown(course.student_zip)} (they unpack it and open README.html)"
    )
    for change in changes:
        print(change)
    return 0
