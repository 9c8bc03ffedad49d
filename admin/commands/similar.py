"""`similar`: pairs of cells that are much alike, as one page, for a person to look at."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

from admin.commands.report import share, tell
from admin.course.layout import Course
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

    def made(course: Course) -> tuple[list[str], Path]:
        compared, file = write(course, options.at_least)
        return summary(compared), file

    return tell(Course.at(options.course), "Cells that are alike", made)


def write(course: Course, at_least: float = AT_LEAST) -> tuple[Compared, Path]:
    """Write the page, for its owner alone, whole or not at all. Raises CourseError and OSError."""
    compared = compare(course, at_least)
    file = course.root / "similar.html"
    write_private(file, page(compared, at_least, datetime.now().astimezone()))
    return compared, file


def summary(compared: Compared) -> list[str]:
    """How many pairs there are, by task, and whose cells could not be compared."""
    lines = [f"Students compared: {compared.students}, pairs that are much alike: {len(compared.pairs)}"]
    lines += [
        f"  {len(compared.of(task)):>4} × {number_of(task)}, with {count} cells that are long enough to tell"
        for task in compared.tasks
        if (count := compared.cells[task]) > 1
    ]
    lines += [f"Left out: {name} ({why})" for name, why in compared.left_out]
    if compared.pairs:
        lines.append("Prescribed nets look alike whoever writes them: look, and ask, before you judge.")
    return lines
