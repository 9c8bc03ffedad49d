"""Files of settings in a course folder that are the instructor's: late.toml, rubric.toml, watch.toml."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

from admin.course.layout import CONFIG, Course, CourseError
from admin.text import printable
from checks.language import Sentence, say

LATE, RUBRIC, WATCH = "late.toml", "rubric.toml", "watch.toml"
MAX_BYTES = 1_000_000


def put(course: Course) -> None:
    """Give the course those that it has not: each with every line explained. From then on it is theirs."""
    for name in (LATE, RUBRIC, WATCH):
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
    content = b""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES)
        text = content.decode("utf-8")
        return text, tomllib.loads(text)
    except FileNotFoundError:
        return "", {}
    except OSError as error:
        sentence = say("settings.unreadable", file=shown(course, path), reason=error.strerror)
    except ValueError as error:  # TOML's and UTF-8's errors are ValueErrors
        reason = with_line(error, content)
        sentence = say("settings.not_toml", file=shown(course, path), reason=reason)
    raise CourseError(sentence) from None


def with_line(error: ValueError, content: bytes) -> Sentence:
    """What is wrong with a file, with the number of its line, which not every error names by itself."""
    said, no_line = str(error), " (at end of document)"
    if isinstance(error, UnicodeDecodeError):
        end = error.start
    elif said.endswith(no_line):
        end = len(content.rstrip())
    else:
        return say("settings.reason", reason=printable(said))
    line = content.count(b"\n", 0, end) + 1
    return say("settings.at_line", reason=printable(said.removesuffix(no_line)), line=line)
