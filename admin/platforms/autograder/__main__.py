"""What `run_autograder` runs, in a container of Gradescope's: grades the one submission that lies there."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from admin.course.layout import Course, CourseError
from admin.grading.run import grade
from admin.platforms.collecting import Collected, place
from admin.platforms.grades import grades_of
from admin.platforms.gradescope import NAME, not_graded, results
from admin.platforms.hand_ins import HandIn
from admin.platforms.people import Person, Sought
from admin.sandbox.host import what_is_missing

STUDENT = "student"
NO_SANDBOX = (
    "Not graded: this container does not allow the sandbox in which submissions run, and without it nothing "
    "is run. That is no fault of yours. Tell your teacher."
)
NO_FAULT = "Not graded, through no fault of yours. Hand in again; if that does not help, tell your teacher."


def main(top: Path) -> int:
    """Grade `top`/submission and write `top`/results/results.json. 0 when it was graded, or is broken."""
    begun = time.monotonic()
    try:
        made = graded(Course.at(top / "source" / "course"), top / "submission")
        code = 0
    except NotGraded as error:
        made, code = not_graded(error.said), 1
        print(error)
    made["execution_time"] = round(time.monotonic() - begun, 1)
    text = json.dumps(made, indent=1, ensure_ascii=False, allow_nan=False)
    (top / "results" / NAME).write_text(text, encoding="utf-8")
    return code


class NotGraded(Exception):
    """Why nothing could be graded: `said` to the student; the text is for the teacher."""

    def __init__(self, said: str, reason: str) -> None:
        super().__init__(reason)
        self.said = said


def graded(course: Course, submission: Path) -> dict[str, Any]:
    """What results.json says of a submission. Raises NotGraded."""
    if missing := what_is_missing():
        raise NotGraded(NO_SANDBOX, " ".join(map(str, missing)))
    collected = Collected()
    found = HandIn(Sought(ids=(STUDENT,)), submission, "submission")
    with tempfile.TemporaryDirectory(dir=course.root) as copies:
        place(course, STUDENT, found, Path(copies, "copy"), collected)
    for sentence in collected.said:
        print(sentence)
    try:
        if collected.refused or grade(course, [STUDENT], workers=1, force=True):
            raise NotGraded(NO_FAULT, "Not graded: the lines above say why.")
        (grades,) = grades_of(course, [Person(STUDENT)])
    except CourseError as error:
        raise NotGraded(NO_FAULT, str(error)) from None
    return results(grades, by_hand=False)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
