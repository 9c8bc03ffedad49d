"""`demo`: the course from end to end on a sample class."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from admin.commands import report
from admin.course import build, large_class, sample_class
from admin.course.layout import ASSIGNMENT, NOTEBOOK, Course, CourseError
from admin.course.sample_class import CLASS, Student
from admin.grading.run import grade
from checks.task import TABLE


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m admin demo",
        description="Build the course, grade a sample class of eight, write feedback, show the points.",
    )
    parser.add_argument(
        "--class",
        dest="size",
        metavar="N",
        type=int,
        help="in place of the eight, N students drawn from the known answers, up to 240, and no feedback",
    )
    parser.add_argument("--course", metavar="DIR", help="the nbgrader course folder (default: course/)")
    parser.add_argument("--workers", metavar="N", type=int, help="how many submissions at a time")
    options = parser.parse_args(argv)
    try:
        course = Course.at(options.course)
        if options.size is not None:
            return demo_of_many(course, options.size, options.workers)
        return demo(course, options.workers)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130


def demo(course: Course, workers: int | None = None, console: Console | None = None) -> int:
    """The whole loop. 0 when everybody in the sample class got exactly the points their answers are worth.

    Raises CourseError when the folder holds a real course.
    """
    console = console or Console(highlight=False, soft_wrap=True)
    begun = time.monotonic()
    sample_class.refuse_real_submissions(course)
    console.print(f"Building the course in {course.shown()}")
    prepare(course)
    sample_class.write(course)
    width = max(len(student.name) for student in CLASS)
    console.print("The sample class", *(f"  {s.name:<{width}}  {s.story}" for s in CLASS), sep="\n")
    exit_code = grade(course, workers=workers, console=console)
    console.print("Writing feedback")
    write_feedback(course)
    report.write(course)
    console.print(table_of_points(course))
    surprises = list(differences(course))
    for surprise in surprises:
        console.print(surprise, style="red")
    if not surprises:
        console.print(f"All points are what the answers are worth. ({time.monotonic() - begun:.0f} s)")
    console.print(where_to_look_next(course))
    return 1 if surprises else exit_code


def demo_of_many(
    course: Course, size: int, workers: int | None = None, console: Console | None = None
) -> int:
    """The same with a class of this size, and a report on it in place of tables and feedback."""
    console = console or Console(highlight=False, soft_wrap=True)
    if not 1 <= size <= large_class.LARGEST:
        raise CourseError(f"a class of 1 to {large_class.LARGEST} is asked for, not of {size}")
    members = large_class.class_of(size)
    students = [member.student for member in members]
    sample_class.refuse_real_submissions(course, students)
    console.print(f"Building the course in {course.shown()}")
    prepare(course)
    large_class.write(course, members)
    exit_code = grade(course, workers=workers, console=console)
    handed_in = [member.student for member in members if member.hours is not None]
    surprises = differences(course, handed_in)
    for surprise in surprises:
        console.print(surprise, style="red")
    made, file = report.write(course)
    for line in report.summary(made):
        console.print(line, markup=False)
    console.print(f"Report: {course.shown(file)}")
    return 1 if surprises else exit_code


def prepare(course: Course) -> None:
    """Build; where the sample class has grades for cells that are no more, start its gradebook anew."""
    try:
        build.build(course)
    except build.GradesInTheWay:
        for folder in ("autograded", "feedback", "grading"):
            shutil.rmtree(course.root / folder, ignore_errors=True)
        course.database.unlink()
        build.build(course)


def write_feedback(course: Course) -> None:
    """A page for each student, by nbgrader."""
    result = course.api().generate_feedback(ASSIGNMENT, force=True)
    if not result["success"]:
        log = course.root / "grading" / "feedback.log"
        log.write_text(result.get("log", "") + result.get("error", ""))
        raise CourseError(f"nbgrader could not write the feedback; its own words are in {course.shown(log)}")


def points(course: Course, student: Student) -> dict[str, float]:
    """Points by task, as the gradebook has them; a missing row counts as -1, which nobody expects."""
    given = course.points(student.name) or {}
    return {
        task: -1.0 if (value := given.get(f"check_{task}")) is None else value
        for task in sample_class.tasks()
    }


def expected(course: Course, student: Student) -> dict[str, float]:
    """Points by task that the student's answers are worth in this course, where cells may be worth others."""
    best = worth(course)
    return {
        task: round(wanted * best[task] / sample_class.out_of(task), 2)
        for task, wanted in sample_class.expected(student).items()
    }


def worth(course: Course) -> dict[str, float]:
    """What each task is worth in this course."""
    out_of = course.out_of()
    return {task: out_of[f"check_{task}"] for task in sample_class.tasks()}


def table_of_points(course: Course) -> Table:
    """Students × tasks, by the tasks' numbers: their names do not fit into 80 columns."""
    tasks = sample_class.tasks()
    best = worth(course)
    names = [f"{TABLE[task].number} {task}" for task in tasks]
    table = Table(
        title="Points of the sample class",
        caption=" · ".join(names),
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
    )
    table.add_column("student", no_wrap=True)
    for task in tasks:
        table.add_column(str(TABLE[task].number), justify="right", no_wrap=True)
    table.add_column("sum", justify="right", no_wrap=True)
    table.add_row("out of", *(f"{best[task]:g}" for task in tasks), f"{sum(best.values()):g}", style="dim")
    for student in CLASS:
        got = points(course, student)
        cells = [
            f"{got[task]:g}" if got[task] == best[task] else f"[yellow]{got[task]:g}[/]" for task in tasks
        ]
        table.add_row(student.name, *cells, f"[bold]{sum(got.values()):g}[/]")
    return table


def differences(course: Course, students: Sequence[Student] = CLASS) -> list[str]:
    """A sentence for each task whose points are not what its answer is worth."""
    sentences = []
    for student in students:
        got, wanted = points(course, student), expected(course, student)
        for task in wanted:
            if got[task] != wanted[task]:
                sentences.append(f"{student.name}, {task}: {got[task]:g} points instead of {wanted[task]:g}")
    return sentences


def where_to_look_next(course: Course) -> str:
    option = course.option()
    page = course.feedback(CLASS[2].name) / f"{NOTEBOOK}.html"
    return "\n".join(
        (
            "Where to look next",
            f"  what a student gets back    {course.shown(page)}",
            f"  what the class understood   {course.shown(course.root / 'report.html')}",
            "  the student notebook        python3 -m admin lab",
            f"  grade the discussions       python3 -m admin lab{option}, its page /by_hand",
            f"  a table for elsewhere       python3 -m admin export{option} --to csv grades.csv",
        )
    )
