"""`grade`: plan what is new → take in and run each submission, several at a time → record.

Threads run the submissions: each waits for a sandbox, and for a process that reads and judges, of its own.
What came of it is recorded in the main thread, which alone touches the gradebook.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import as_completed
from contextlib import ExitStack, closing

from rich.console import Console

from admin.course.layout import Course, CourseError
from admin.grading import since
from admin.grading.intake import copy_of
from admin.grading.lateness import policy_of, said_to_instructor, settle
from admin.grading.lock import only_one_at_a_time
from admin.grading.machine import cores, default_workers, free_memory
from admin.grading.marks import recorded
from admin.grading.plan import Job, choose, plan, read_state
from admin.grading.pool import Pool, Runner
from admin.grading.record import Outcome, record
from admin.grading.recorder import recording
from admin.grading.report import Report
from admin.grading.sentences import read_back
from admin.grading.worker import refusal
from admin.sandbox.host import what_is_missing, what_is_missing_without_walls
from admin.text import printable
from checks.language import Sentence, say

Elsewhere = Callable[[Course, Callable[[str, str], None], Callable[[Sentence], None]], Runner]
"""Opens what runs submissions elsewhere; it tells who is at work, and what the instructor should know."""


def grade(
    course: Course,
    students: list[str] | None = None,
    workers: int | None = None,
    force: bool = False,
    console: Console | None = None,
    sandbox: bool = True,
    elsewhere: Elsewhere | None = None,
) -> int:
    """Grade a course and say how it goes. 0 when every submission has been dealt with, else 1.

    They run in threads of this process, or with `elsewhere` where that leads, in sandboxes always.
    Raises CourseError when nothing can be graded at all.
    """
    console = console or Console(highlight=False, soft_wrap=True)
    with only_one_at_a_time(course, lambda said: console.print(str(said))):
        out_of = course.out_of()
        everybody = choose(course, students)
        policy_of(course)  # what is wrong with its file is said before anything is run
        if missing := what_is_missing_without_walls():  # Windows: no folder is looked into there
            raise CourseError(refusal(what_is_missing() if sandbox else missing))
        jobs = plan(course, everybody, force)
        if jobs and sandbox and not elsewhere and (missing := what_is_missing()):
            raise CourseError(refusal(missing))
        width = max((len(printable(student)) for student in everybody), default=0)
        report = Report(course, console, out_of, width, sandbox)
        by_student = {job.student: job for job in jobs}
        with ExitStack() as stack:
            if jobs and elsewhere:
                runner = elsewhere(course, report.at_work, report.note)
            else:
                workers = max(1, min(workers or default_workers(cores(), free_memory()), len(jobs)))
                runner = Pool(course, workers, sandbox, report.at_work, force)
            stack.enter_context(closing(runner))
            report.start(len(everybody), len(jobs), runner.workers)
            if jobs:
                since.begin(course)
            stack.enter_context(report.progress(len(jobs)))
            recorder = stack.enter_context(recording(course))
            for outcome in outcomes(runner, jobs):
                copy = copy_of(course, outcome.student)
                report.finished(record(recorder, by_student[outcome.student], outcome, copy))
                shutil.rmtree(copy.parent, ignore_errors=True)
        for student in everybody:
            if student not in by_student:
                report.remind(student, read_back(read_state(course, student).get("broken")))
        report.notes(said_to_instructor(settle(course)))
        report.notes(waiting(course, out_of))
        if jobs and not report.failures:
            since.end(course)
        report.end()
    return 1 if report.failures else 0


def waiting(course: Course, out_of: Mapping[str, float]) -> list[Sentence]:
    """What is said when written answers wait for points; `out_of` has the cells that a check judges."""
    count = sum(
        mark.waiting
        for submission in recorded(course).values()
        for name, mark in submission.marks.items()
        if name not in out_of
    )
    return [say("by_hand.waiting", count=count, option=course.option())] if count else []


def run_all(
    course: Course,
    jobs: list[Job],
    workers: int,
    sandbox: bool,
    at_work: Callable[[str, str], None],
    fresh: bool = False,
) -> Iterator[Outcome]:
    """The outcome of each job, as they finish, by threads of this process.

    `at_work` is told who is at which cell, from other threads. With `fresh`, what was run before, of the same
    content, is run again. Stopped in the middle, what runs does not go on, and is not recorded.
    """
    with closing(Pool(course, workers, sandbox, at_work, fresh)) as pool:
        yield from outcomes(pool, jobs)


def outcomes(runner: Runner, jobs: list[Job]) -> Iterator[Outcome]:
    """The outcome of each job, as they finish; those that had too little of a processor again, at the end."""
    starved: list[Job] = []
    by_student = {job.student: job for job in jobs}
    for future in as_completed(runner.start(jobs)):
        outcome = future.result()
        if is_starved(outcome) and runner.workers > 1:
            starved.append(by_student[outcome.student])
        else:
            yield outcome
    for job in starved:  # one after the other, with the machine to itself
        (future,) = runner.start([job])
        yield future.result()


def is_starved(outcome: Outcome) -> bool:
    """Whether a run had too little of the processor for its time-out to count."""
    return bool(outcome.result and outcome.result.starved)
