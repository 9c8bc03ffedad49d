"""`nbgrader validate` runs a notebook with all the rights of whoever types it: not one that was handed in.

nbgrader's Validator takes neither another list of preprocessors nor another manager of kernels from the
configuration. But it makes its Execute in the notebook's folder, before a kernel starts there, and reads the
configuration then; so a value that is looked up at that moment can refuse.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from traitlets.config.loader import DeferredConfig

from admin.text import printable
from checks.language import say

OF_STUDENTS = ("submitted", "autograded")
MARKS_OF_A_COURSE = ("gradebook.db", "nbgrader_config.py", "source")


class Seconds(int, DeferredConfig):
    """A number for `c.Execute.timeout`, with a look at what is about to run.

    An int, too, since formgrader shows its configuration as JSON.
    """

    def get_value(self, trait: Any) -> int:
        """Called by traitlets when an Execute is made. Raises SystemExit with a sentence."""
        if os.environ.get("NBGRADER_VALIDATING") == "1" and (student := submission_of(Path.cwd())):
            raise SystemExit(say("grading.not_validated", student=student))
        return int(self)


def submission_of(folder: Path) -> str:
    """Whose submission lies in a folder of a course, or "" if it is none."""
    folder = folder.resolve()
    for place in (folder, *folder.parents):
        if place.name in OF_STUDENTS and any((place.parent / mark).exists() for mark in MARKS_OF_A_COURSE):
            below = folder.relative_to(place).parts
            return printable(below[0]) if below else place.name
    return ""
