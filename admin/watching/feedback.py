"""What a student gets back: the page of feedback, or until there is one a note in its place.

nbgrader finds a page by a secret that each hand-in has for itself. A note is released in the same way: the
student fetches it as feedback, and when the page takes its place, nbgrader says that there is newer feedback.
"""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from pathlib import Path

from nbgrader.api import MissingEntry
from nbgrader.utils import notebook_hash

from admin.course.layout import ASSIGNMENT, COURSE_ID, NOTEBOOK, Course, quiet
from admin.exchange.collect import SECRET, TIMESTAMP, is_student, small_text
from admin.grading.lateness import policy_of
from admin.report.page import templates_in
from admin.text import printable
from checks.language import Said, Sentence, say, text_of

TEMPLATES = Path(__file__).with_name("templates")
FOLDER_MODE, PAGE_MODE = 0o711, 0o644
"""nbgrader's own: who does not know a page's name finds none"""


class NotGiven(Said):
    """There is no feedback, through no fault of the student's."""


def give(course: Course, student: str, exchange: Path | None) -> Sentence:
    """Write a student's feedback, and release it where they reach it; what was done. Raises NotGiven."""
    if not is_student(student):
        return say("watching.no_page")  # nbgrader takes such a name for a pattern
    api = course.api()
    with quiet():
        reply = api.generate_feedback(ASSIGNMENT, student, force=True)
    if not reply["success"]:
        raise not_given(course, student, reply)
    if exchange is None:
        return say("watching.written")
    if not is_secret(small_text(course.feedback(student), SECRET)) or not small_text(
        course.feedback(student), TIMESTAMP
    ):
        return say("watching.not_of_exchange")
    reply = api.release_feedback(ASSIGNMENT, student)
    if not reply["success"]:
        raise not_given(course, student, reply)
    return say("watching.released")


def not_given(course: Course, student: str, reply: dict[str, str]) -> NotGiven:
    log = course.root / "grading" / f"{student}.feedback.log"
    log.write_text(reply.get("log", "") + reply.get("error", ""), encoding="utf-8", errors="replace")
    return NotGiven(say("watching.not_given", log=printable(course.shown(log))))


def is_secret(text: str | None) -> bool:
    return bool(text) and str(text).isascii()


def due_of(course: Course, student: str) -> datetime | None:
    """When a student's hand-in is due, in UTC and without a zone; None for never. Raises CourseError."""
    policy = policy_of(course)
    if policy.says_due:
        extension = policy.extensions.get(student)
        return policy.due + extension if policy.due and extension else policy.due
    with course.gradebook() as gradebook:
        try:
            due: datetime | None = gradebook.find_submission(ASSIGNMENT, student).duedate
        except MissingEntry:
            return None
    return due


def leave_note(exchange: Path, secret: str | None, sentence: Sentence) -> bool:
    """Put a note where the feedback on a hand-in will be; False where its student could not find it."""
    if not is_secret(secret):
        return False
    folder = exchange / COURSE_ID / "feedback"
    page = templates_in(TEMPLATES).get_template("note.html.j2")
    words = {name: text_of(say(f"watching.note_{name}")) for name in ("title", "later")}
    try:
        if not folder.is_dir():
            folder.mkdir()
            folder.chmod(FOLDER_MODE)
        descriptor, half = tempfile.mkstemp(prefix=".note.", dir=folder)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(page.render(words=words, sentence=text_of(sentence)))
        os.chmod(half, PAGE_MODE)
        os.replace(half, folder / f"{notebook_hash(secret=secret, notebook_id=NOTEBOOK)}.html")
    except OSError:
        return False
    return True
