"""`grade`: what is in the course's submitted/ folder."""

from __future__ import annotations

import argparse
import sys

from admin.course.layout import Course, CourseError
from admin.grading.run import grade
from checks.language import say, text_of


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m admin grade", description="Grade what is in the course's submitted/ folder."
    )
    parser.add_argument("--course", metavar="DIR", help="the nbgrader course folder (default: course/)")
    parser.add_argument("--student", metavar="ID", action="append", help="only this student; may be repeated")
    parser.add_argument(
        "--workers", metavar="N", type=int, help="how many at a time (default: one a core, up to 4)"
    )
    parser.add_argument("--force", action="store_true", help="grade unchanged submissions again, too")
    parser.add_argument(
        "--without-sandbox",
        action="store_true",
        help="run submissions with all your rights, on a machine that cannot shut them in; at your own risk",
    )
    options = parser.parse_args(argv)
    try:
        return grade(
            Course.at(options.course),
            options.student,
            options.workers,
            options.force,
            sandbox=not options.without_sandbox,
        )
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{text_of(say('grading.stopped'))}", file=sys.stderr)
        return 130
