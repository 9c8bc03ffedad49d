"""`grade`: what is in the course's submitted/ folder."""

from __future__ import annotations

import argparse
import functools
import os
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

from admin.course.layout import REPOSITORY, Course, CourseError
from admin.grading.run import Elsewhere, grade
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
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="have submissions run by the workers of the Dask scheduler there (admin/docs/cluster.md)",
    )
    options = parser.parse_args(arguments)
    if options.watch and (options.student or options.force):
        parser.error(text_of(say("watching.takes_all")))
    if options.cluster and (options.watch or options.workers or options.without_sandbox):
        parser.error(text_of(say("cluster.not_with")))
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
            elsewhere=at_cluster(options.cluster) if options.cluster else None,
        )
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{text_of(say('grading.stopped'))}", file=sys.stderr)
        return 130


def at_cluster(address: str) -> Elsewhere:
    """What leads to the workers of a cluster. Raises CourseError where Dask is not installed."""
    if find_spec("distributed") is None:
        python, requirements = Path(sys.executable), REPOSITORY / "admin" / "cluster" / "requirements.txt"
        raise CourseError(say("cluster.not_installed", python=shown(python), file=shown(requirements)))
    from admin.cluster.head import ClusterPool  # which needs Dask

    return functools.partial(ClusterPool, address)


def shown(path: Path) -> str:
    """A path as it can be typed, as short as that goes."""
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))
