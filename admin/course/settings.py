"""Files of settings that lie in a course folder and are the instructor's: late.toml, rubric.toml."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

from admin.course.layout import CONFIG, Course, CourseError
from admin.text import printable
from checks.language import say

LATE, RUBRIC = "late.toml", "rubric.toml"
MAX_BYTES = 1_000_000


def put(course: Course) -> None:
    """Give the course those that it has not: each with every line explained. From then on it is theirs."""
    for name in (LATE, RUBRIC):
        if not (course.root / name).exists():
            shutil.copyfile(shipped(name), course.root / name)


def shipped(name: str) -> Path:
    """The file that `put` copies."""
    return CONFIG.with_name(name)


def shown(course: Course, path: Path) -> str:
    """A file as a sentence names it."""
    return printable(course.shown(path))


def read(course: Course, path: Path) -> tuple[str, dict[str, Any]]:
    """The text of a file and the values in it, both empty where there is no file. Raises CourseError."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES).decode("utf-8")
        return text, tomllib.loads(text)
    except FileNotFoundError:
        return "", {}
    except OSError as error:
        sentence = say("settings.unreadable", file=shown(course, path), reason=error.strerror)
    except ValueError as error:  # TOML's and UTF-8's errors are ValueErrors
        sentence = say("settings.not_toml", file=shown(course, path), reason=printable(str(error)))
    raise CourseError(sentence) from None
