"""`report`: what the class has understood, as one page."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from rich.console import Console

from admin.course.layout import Course, CourseError
from admin.report.page import Report, beginning, number, number_of, page, report_on, write_private
from admin.report.reading import read

MOST = 5  # misconceptions that the terminal names


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m admin report",
        description="Write course/report.html, what the class has understood, and print its summary.",
    )
    parser.add_argument("--course", metavar="DIR", help="the nbgrader course folder (default: course/)")
    parser.add_argument(
        "--anonymous", action="store_true", help="numbers in the place of names, for showing in class"
    )
    parser.add_argument(
        "--help-below",
        metavar="SHARE",
        type=share,
        default=0.5,
        help="who reached less than this share of the points needs help (default: 0.5)",
    )
    options = parser.parse_args(argv)

    def made(course: Course) -> tuple[list[str], Path]:
        report, file = write(course, options.anonymous, options.help_below)
        return summary(report), file

    return tell(Course.at(options.course), "Report", made)


def tell(course: Course, page: str, make: Callable[[Course], tuple[list[str], Path]]) -> int:
    """Print what `make` says of the page that it has written, and where that is; 1 after a sentence."""
    try:
        lines, file = make(course)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{page} could not be written: {error.strerror}", file=sys.stderr)
        return 1
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for line in (*lines, f"{page}: {course.shown(file)}"):
        console.print(line)
    return 0


def share(text: str) -> float:
    """A number from 0 to 1, or so many per cent. Raises ArgumentTypeError."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"a share from 0 to 1 is asked for, as 0.5 or 50%, not {text!r}")
    return value


def write(course: Course, anonymous: bool = False, help_below: float = 0.5) -> tuple[Report, Path]:
    """Write the page, for its owner alone, whole or not at all. Raises CourseError and OSError."""
    class_ = read(course, anonymous)
    report = report_on(class_, help_below)
    file = course.root / "report.html"
    write_private(file, page(class_, report, datetime.now().astimezone(), anonymous))
    return report, file


def summary(report: Report) -> list[str]:
    """The class in some lines, without a name."""
    glance, spread = report.glance, report.spread
    counts = {
        "missing": glance.missing,
        "late": glance.late,
        "broken": glance.broken,
        "not graded yet": glance.not_graded,
        "waiting for you": glance.waiting,
    }
    said = "".join(f", {count} {name}" for name, count in counts.items() if count)
    lines = [f"{glance.handed_in} of {glance.everybody} have handed in{said}"]
    if spread:
        lines.append(
            f"Points out of {number(spread.out_of)}: mean {number(spread.mean, 1)}, "
            f"median {number(spread.median, 1)}"
        )
    if report.misconceptions:
        lines.append("Misconceptions, by count")
        for each in report.misconceptions[:MOST]:
            where = ", ".join(map(number_of, each.tasks))
            lines.append(
                f"  {each.students:>4} × {where}: {beginning(f'{each.looked_at}: {each.sentence}', 110)}"
            )
    if report.unnamed:
        lines.append(f"Wrong answers without a name: {sum(len(each.names) for each in report.unnamed)}")
    lines.append(f"Who needs help: {len(report.in_need)}")
    if report.changes:
        lines.append(f"Points that have changed since the last grading: {len(report.changes)}")
    return lines
