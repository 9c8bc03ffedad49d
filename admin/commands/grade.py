"""`grade`: what is in the course's submitted/ folder."""

from __future__ import annotations

import argparse
import os
import sys

from admin.course.layout import REPOSITORY, Course, CourseError
from admin.grading.run import grade
from admin.watching.watch import CHANGED, watch
from checks.language import say, text_of


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(
        prog="python3 -m admin grade",
        description="Grade what is in the course's submitted/ folder. With --watch: grade what comes in, "
        "through nbgrader's exchange or that folder, and give feedback on it, until Ctrl-C.",
        epilog="watch.toml in the course folder says when --watch releases feedback, and how many hand-ins "
        "of a student it grades within an hour.",
    )
    parser.add_argument("--course", metavar="DIR", help="the nbgrader course folder (default: course/)")
    parser.add_argument("--student", metavar="ID", action="append", help="only this student; may be repeated")
    parser.add_argument(
        "--workers", metavar="N", type=int, help="how many at a time (default: one a core, up to 4)"
    )
    parser.add_argument("--force", action="store_true", help="run unchanged submissions again, too")
    parser.add_argument(
        "--without-sandbox",
        action="store_true",
        help="run submissions with all your rights, on a machine that cannot shut them in; at your own risk",
    )
    parser.add_argument(
        "--watch", action="store_true", help="go on with what comes in, and release the feedback"
    )
    options = parser.parse_args(arguments)
    if options.watch and (options.student or options.force):
        parser.error(text_of(say("watching.takes_all")))
    course = Course.at(options.course)
    try:
        if options.watch:
            ended = watch(course, options.workers, sandbox=not options.without_sandbox)
            if ended == CHANGED:
                os.execv(sys.executable, [sys.executable, str(REPOSITORY / "admin"), "grade", *arguments])
            return ended
        return grade(
            course,
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
