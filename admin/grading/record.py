"""Has what came of each submission recorded, and notes which submissions are done.

In one process, in order: SQLite is made for one writer. A grading that is killed at any moment leaves at most
submissions that the next one does again.
"""

from __future__ import annotations

import json
import shutil
import time
import traceback
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import nbformat

from admin.course.layout import ASSIGNMENT, NOTEBOOK, Course, CourseError
from admin.exchange.collect import SECRET, TIMESTAMP, small_text, time_in
from admin.exchange.folder import fingerprint_of_file
from admin.grading.execute import RunResult
from admin.grading.findings import write_findings
from admin.grading.plan import Job, state_file
from admin.grading.recorder import Points, Recorder
from admin.grading.sentences import carried_by, kept, printable_values
from admin.text import printable, sentence_as_markdown
from checks.language import Sentence, say, text_of


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Graded; or broken, by the sentence that says how: recorded and worth 0; or failed, through no fault of the
    student: not recorded, and tried again by the next run.
    """

    student: str
    seconds: float = 0.0
    repaired: tuple[Sentence, ...] = ()  # what had to be put right for the submission to be understood
    broken: Sentence | None = None
    failed: Sentence | None = None
    log: str = ""
    result: RunResult | None = None  # until it is recorded
    points: Points | None = None  # by grade_id, when it is recorded; a person's where one has given some


def record(recorder: Recorder, job: Job, outcome: Outcome, copy: Path) -> Outcome:
    """Have an outcome recorded; what became of that. `copy` is the folder that the submission was run from.

    The note that says 'done' comes last; without it the next run does it all again.
    """
    begun, course = time.monotonic(), recorder.course
    try:
        if outcome.broken and not is_text(job.student):
            outcome = replace(outcome, broken=None, failed=outcome.broken)  # no gradebook has such a name
        elif outcome.broken:
            record_broken(course, job.student, outcome.broken)
        elif outcome.result:
            outcome = graded(recorder, job, outcome, copy)
        took = time.monotonic() - begun
        outcome = replace(outcome, seconds=outcome.seconds + took if outcome.seconds else 0)
        write_note(course, job, outcome)
    except OSError as error:
        return replace(outcome, failed=say("grading.could_not_write", reason=error.strerror))
    except CourseError as error:
        return replace(outcome, failed=carried_by(error))
    return outcome


def is_text(name: str) -> bool:
    """True when a folder's name is UTF-8 throughout, so that it can be saved."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def graded(recorder: Recorder, job: Job, outcome: Outcome, copy: Path) -> Outcome:
    """The same outcome with its points, or with the reason why they could not be recorded."""
    assert outcome.result
    try:
        return replace(outcome, points=recorder.record(job.student, outcome.result, copy))
    except (OSError, CourseError):
        raise
    except Exception as error:  # whatever it is: nobody else's submission is to suffer from it
        return replace(outcome, failed=reason_of(str(error)), log=outcome.log + traceback.format_exc())


def reason_of(log: str) -> Sentence:
    """Why a submission could not be recorded, where what SQLite said has one of the known reasons."""
    reasons = {
        "database is locked": say("grading.locked"),
        "disk is full": say("grading.disk_full"),
        "No space left": say("grading.disk_full"),
        "readonly database": say("grading.gradebook_read_only"),
    }
    found = [reason for words, reason in reasons.items() if words in log]
    return say("grading.run_again", reason=found[0]) if found else say("grading.unknown_failure")


def write_note(course: Course, job: Job, outcome: Outcome) -> None:
    """What was said, and, if all went well, that this submission is done."""
    folder = course.root / "grading"
    folder.mkdir(parents=True, exist_ok=True)
    log = outcome.log or f"{outcome.failed or outcome.broken or ''}\n"
    (folder / f"{job.student}.log").write_text(log, errors="replace")
    if outcome.failed:
        state_file(course, job.student).unlink(missing_ok=True)
        return
    note = asdict(job) | {
        "broken": kept(outcome.broken),
        "repaired": [kept(each) for each in outcome.repaired],
        "warnings": kept(warning_of(outcome)),
        "result": fingerprint_of_file(course.autograded(job.student) / f"{NOTEBOOK}.ipynb"),
        "seconds": round(outcome.seconds, 1),
    }
    half = folder / f"{job.student}.half"
    half.write_text(json.dumps(note, indent=1))
    half.replace(state_file(course, job.student))


def warning_of(outcome: Outcome) -> Sentence | None:
    """Why some checks had no fair chance; the submission is graded all the same."""
    warnings = list(outcome.result.warnings.values()) if outcome.result else []
    return warnings[0] if warnings else None


def record_broken(course: Course, student: str, sentence: Sentence) -> None:
    """A gradebook row with 0 for every check, and a page that says why, for formgrader and the feedback.

    Points that a person gave earlier stay, marked for another look, as with every new submission.
    """
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student(student)
        handed_in = time_in(course.submitted(student))
        gradebook.update_or_create_submission(ASSIGNMENT, student, timestamp=handed_in)
        for given in gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, student).grades:
            given.auto_score = 0
            given.needs_manual_grade = given.manual_score is not None
        gradebook.db.commit()
    folder = course.autograded(student)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sentence = printable_values(sentence)
    text = text_of(sentence)
    said = sentence_as_markdown(printable(text[:1].upper() + text[1:], 1000))
    page = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(f"## {say('grading.page_title')}", id="broken"),
            nbformat.v4.new_markdown_cell(said, id="reason"),
        ]
    )
    nbformat.write(page, folder / f"{NOTEBOOK}.ipynb")
    keep_address(course, student)
    write_findings(course.root, student, {}, broken=sentence)


def keep_address(course: Course, student: str) -> None:
    """What nbgrader releases a page of feedback by has to lie beside the graded notebook."""
    handed_in = course.submitted(student)
    if handed_in.is_symlink() or handed_in.parent.is_symlink():
        return  # to another student's, perhaps
    for name in (TIMESTAMP, SECRET):
        if (text := small_text(handed_in, name)) is not None:
            (course.autograded(student) / name).write_text(text, encoding="utf-8")
