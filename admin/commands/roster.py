"""`roster`: a class list, into the gradebook."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from admin.course.layout import Course, CourseError
from admin.platforms.roster import enter, read_roster
from admin.text import printable


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m admin roster",
        description="Read a class list into the gradebook: a CSV file with the columns id, "
        "first_name, last_name, email and lms_user_id (all but id may be missing), Canvas' gradebook, or "
        "Moodle's grading worksheet or list of participants.",
    )
    parser.add_argument("file", metavar="FILE", help="the class list")
    parser.add_argument("--id", metavar="COLUMN", default="", help="the column whose texts are the ids")
    parser.add_argument("--course", metavar="DIR", help="the nbgrader course folder (default: course/)")
    options = parser.parse_args(argv)
    course = Course.at(options.course)
    try:
        if not course.database.exists():
            raise CourseError(
                f"There is no course in {course.shown()} yet: python3 -m admin build{course.option()}"
            )
        people, explicit = read_roster(Path(options.file), options.id)
        read = enter(course, people, explicit)
    except CourseError as error:
        print(printable(str(error), 3000), file=sys.stderr)
        return 1
    print(f"{read.students} students in the list: {read.new} new, {read.changed} changed")
    return 0
