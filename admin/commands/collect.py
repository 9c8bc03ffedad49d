"""`collect`: hand-ins, from wherever they are to submitted/."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from admin.course.layout import ASSIGNMENT, COURSE_ID, Course, CourseError, quiet
from admin.platforms.collecting import collect
from admin.text import printable

LEVEL = re.compile(r"\[[A-Z]+\] ")  # before each line of nbgrader's log


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m admin collect",
        description="Put hand-ins into the course's submitted/ folder: the archives that Moodle and "
        "Canvas give, folders, single notebooks; without any, what students have handed in through "
        "nbgrader's exchange.",
    )
    parser.add_argument("archive", metavar="ARCHIVE", nargs="*", help="an archive, a folder or a notebook")
    parser.add_argument("--course", metavar="DIR", help="the nbgrader course folder (default: course/)")
    options = parser.parse_args(argv)
    course = Course.at(options.course)
    sources = [Path(name) for name in options.archive]
    try:
        if not course.database.exists():
            raise CourseError(
                f"There is no course in {course.shown()} yet: python3 -m admin build{course.option()}"
            )
        exchanges = [source for source in sources if (source / COURSE_ID / "inbound").is_dir()]
        if not sources or exchanges:
            if len(sources) > 1:
                raise CourseError("An exchange is collected by itself: name nothing else beside it")
            return from_exchange(course, exchanges)
        return from_archives(course, sources)
    except CourseError as error:
        print(printable(str(error), 3000), file=sys.stderr)
        return 1


def from_archives(course: Course, sources: list[Path]) -> int:
    collected = collect(course, sources)
    for sentence in collected.said:
        print(printable(sentence, 1000))
    new, replaced, unchanged = (
        len(each) for each in (collected.new, collected.replaced, collected.unchanged)
    )
    print(
        f"Collected into {course.shown(course.root / 'submitted')}: {new} new, {replaced} replaced, "
        f"{unchanged} unchanged"
    )
    return 1 if collected.refused else 0


def from_exchange(course: Course, roots: list[Path]) -> int:
    """nbgrader's own collecting, with our collector in it (admin/exchange/collect.py). Raises CourseError."""
    config = course.config()
    if roots:
        config.Exchange.root = str(roots[0].resolve())
    api = course.api()
    api.config.merge(config)
    with quiet():
        reply = api.collect(ASSIGNMENT, update=True)
    lines = [LEVEL.sub("", printable(line, 1000)) for line in reply.get("log", "").splitlines()]
    last = "" if reply["success"] or not lines else lines.pop()
    for line in lines:
        print(line)
    if not reply["success"]:  # its "error" is a traceback
        raise CourseError(
            f"The exchange could not be collected: {last or 'nbgrader gives no reason'}. Another exchange is "
            "collected by its folder's name (python3 -m admin collect FOLDER); which one counts without a "
            "name stands in admin/config/nbgrader_config.py."
        )
    return 0
