"""Lets nbgrader keep what came of a submission, and notes which submissions are done.

In one process, in order: SQLite is made for one writer. A grading that is killed at any moment leaves at most
submissions that the next one does again.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict, dataclass, replace

import nbformat

from admin.course.layout import ASSIGNMENT, NOTEBOOK, Course, CourseError, quiet
from admin.exchange.folder import fingerprint_of_file
from admin.grading.execute import OTHER_NOTEBOOK, RunResult
from admin.grading.findings import write_findings
from admin.grading.plan import Job, state_file
from admin.text import printable, sentence_as_markdown


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Graded; or broken, by the sentence that says how: recorded and worth 0; or failed, through no fault of the
    student: not recorded, and tried again by the next run.
    """

    student: str
    seconds: float = 0.0
    repaired: str = ""  # what had to be put right for the submission to be understood
    broken: str = ""
    failed: str = ""
    log: str = ""
    result: RunResult | None = None  # until nbgrader has recorded it


def record(course: Course, job: Job, outcome: Outcome, copies: str, sandbox: bool = True) -> Outcome:
    """Let nbgrader keep an outcome; what became of that. `copies` is where it finds the submission's copy.

    The note that says 'done' comes last; without it the next run does it all again.
    """
    begun = time.monotonic()
    try:
        if outcome.broken and not is_text(job.student):
            outcome = replace(outcome, broken="", failed=outcome.broken)  # no gradebook has such a name
        elif outcome.broken:
            record_broken(course, job.student, outcome.broken)
        elif outcome.result:
            outcome = autograde(course, job, outcome, copies, sandbox)
        took = time.monotonic() - begun
        outcome = replace(outcome, seconds=outcome.seconds + took if outcome.seconds else 0)
        write_note(course, job, outcome)
    except OSError as error:
        return replace(outcome, failed=f"its grade could not be written ({error.strerror})")
    except CourseError as error:
        return replace(outcome, failed=str(error))
    return outcome


def is_text(name: str) -> bool:
    """True when a folder's name is UTF-8 throughout, so that it can be saved."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def autograde(course: Course, job: Job, outcome: Outcome, copies: str, sandbox: bool) -> Outcome:
    """nbgrader's own autograding, from the start: autograded/ may hold half of an earlier one."""
    api = course.api()
    api.config.JudgedExecute.result = outcome.result  # so nothing is run
    api.config.JudgedExecute.isolated = sandbox
    api.coursedir.submitted_directory = copies
    with quiet():
        reply = api.autograde(ASSIGNMENT, job.student, force=True)
    log = reply.get("log", "") + reply.get("error", "")
    failed = "" if reply["success"] else reason_of(log)
    return replace(outcome, log=outcome.log + log, failed=failed)


def reason_of(log: str) -> str:
    """Why nbgrader could not record a submission, where its log has one of the known reasons."""
    reasons = {
        str(OTHER_NOTEBOOK): str(OTHER_NOTEBOOK),
        "database is locked": "the gradebook is locked by another program; close it",
        "disk is full": "the disk is full; make room",
        "No space left": "the disk is full; make room",
        "readonly database": "the gradebook may not be written; look at its permissions",
    }
    found = [reason for words, reason in reasons.items() if words in log]
    return f"{found[0]}, and run the same command again" if found else "nbgrader could not grade it"


def write_note(course: Course, job: Job, outcome: Outcome) -> None:
    """What nbgrader said, and, if all went well, that this submission is done."""
    folder = course.root / "grading"
    folder.mkdir(parents=True, exist_ok=True)
    log = outcome.log or f"{outcome.failed or outcome.broken}\n"
    (folder / f"{job.student}.log").write_text(log, errors="replace")
    if outcome.failed:
        state_file(course, job.student).unlink(missing_ok=True)
        return
    note = asdict(job) | {
        "broken": outcome.broken,
        "repaired": outcome.repaired,
        "warnings": warning_of(outcome),
        "result": fingerprint_of_file(course.autograded(job.student) / f"{NOTEBOOK}.ipynb"),
        "seconds": round(outcome.seconds, 1),
    }
    half = folder / f"{job.student}.half"
    half.write_text(json.dumps(note, indent=1))
    half.replace(state_file(course, job.student))


def warning_of(outcome: Outcome) -> str:
    """Why some checks had no fair chance; the submission is graded all the same."""
    return str(next(iter(outcome.result.warnings.values()), "")) if outcome.result else ""


def record_broken(course: Course, student: str, sentence: str) -> None:
    """A gradebook row with 0 for every check, and a page that says why, for formgrader and the feedback.

    Points that a person gave earlier stay, marked for another look, as with every new submission.
    """
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student(student)
        gradebook.update_or_create_submission(ASSIGNMENT, student)
        for given in gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, student).grades:
            given.auto_score = 0
            given.needs_manual_grade = given.manual_score is not None
        gradebook.db.commit()
    folder = course.autograded(student)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    said = sentence_as_markdown(printable(sentence[:1].upper() + sentence[1:], 1000))
    page = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("## This submission could not be graded", id="broken"),
            nbformat.v4.new_markdown_cell(said, id="reason"),
        ]
    )
    nbformat.write(page, folder / f"{NOTEBOOK}.ipynb")
    write_findings(course.root, student, {}, broken=printable(sentence, 1000))
