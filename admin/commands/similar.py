"""`similar`: pairs of cells that are much alike, as one page, for a person to look at."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

from rich.console import Console

from admin.commands.report import share
from admin.course.layout import Course, CourseError
from admin.report.page import number_of, write_private
from admin.report.similar import AT_LEAST, Compared, compare, page


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m admin similar",
        description="Compare the graded cells of the class and write course/similar.html, with pairs side by "
        "side. Prescribed nets look alike whoever writes them: a pair is a reason to look, and no proof.",
    )
    parser.add_argument("--course", metavar="DIR", help="the nbgrader course folder (default: course/)")
    parser.add_argument(
        "--at-least",
        metavar="SHARE",
        type=share,
        default=AT_LEAST,
        help=f"how much of the shorter cell the other one has, too (default: {AT_LEAST})",
    )
    options = parser.parse_args(argv)
    course = Course.at(options.course)
    try:
        compared, file = write(course, options.at_least)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The page could not be written: {error.strerror}", file=sys.stderr)
        return 1
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for line in summary(compared):
        console.print(line)
    console.print(f"Page: {course.shown(file)}")
    return 0


def write(course: Course, at_least: float = AT_LEAST) -> tuple[Compared, Path]:
    """Write the page, for its owner alone, whole or not at all. Raises CourseError and OSError."""
    compared = compare(course, at_least)
    file = course.root / "similar.html"
    write_private(file, page(compared, at_least, datetime.now().astimezone()))
    return compared, file


def summary(compared: Compared) -> list[str]:
    """How many pairs there are, by task, and whose cells could not be compared."""
    counts = Counter(pair.task for pair in compared.pairs)
    by_task = ", ".join(f"{number_of(task)}: {count}" for task, count in counts.most_common())
    lines = [
        f"Pairs that are much alike, among {compared.students} students: "
        f"{len(compared.pairs)}{f' ({by_task})' if by_task else ''}"
    ]
    lines += [f"Left out: {name} ({why})" for name, why in compared.left_out]
    if compared.pairs:
        lines.append("Prescribed nets look alike whoever writes them: look, and ask, before you judge.")
    return lines
