"""What students wrote as the answer to one question: read from their graded notebooks, and made HTML.

Nothing is run. Markdown is cleaned as grading cleans it, though it came out of a graded notebook, and then
drawn as in feedback and formgrader, formulas as MathML; code stands as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from admin.by_hand.grades import Question
from admin.course.layout import NOTEBOOK, Course
from admin.grading.read_by_hand import digest
from admin.pages import sanitise
from admin.pages.filters import drawn
from admin.report.reading import cells_in, source_of

Stamp = tuple[int, int]
MAX_CODE = 40_000  # characters of a cell that are shown


@dataclass(frozen=True)
class Answer:
    """An answer as it was written. `text` is compared, `cells` are shown."""

    text: str
    cells: tuple[Mapping[str, Any], ...]
    there: bool = True
    """False where the graded notebook has no such cell, or there is none"""

    @property
    def digest(self) -> str:
        return digest(self.text)

    def html(self) -> str:
        """Markup for the page; what the student wrote can do nothing in it."""
        return "\n".join(map(_html, self.cells))


class Answers:
    """The answers of a course; a file is read again only when it has changed."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Path, Question], tuple[Stamp, Answer]] = {}

    def of(self, course: Course, question: Question, student: str) -> Answer:
        """A student's answer, as grading left it."""
        return self._in(course.autograded(student) / f"{NOTEBOOK}.ipynb", question)

    def untouched(self, course: Course, question: Question) -> str:
        """The text of the cell that students are given."""
        return self._in(course.release / f"{NOTEBOOK}.ipynb", question).text

    def _in(self, path: Path, question: Question) -> Answer:
        try:
            status = path.stat()
        except OSError:
            return Answer("", (), there=False)
        stamp = (status.st_mtime_ns, status.st_size)
        kept = self._kept.get((path, question))
        if kept is None or kept[0] != stamp:
            kept = (stamp, answer_in(cells_in(path), question))
            self._kept[path, question] = kept
        return kept[1]


def answer_in(cells: Sequence[Mapping[str, Any]], question: Question) -> Answer:
    """The answer in the cells of a notebook: the question's own, or those between a task and the next."""
    place = next((place for place, cell in enumerate(cells) if _grade_id(cell) == question.name), None)
    if place is None:
        return Answer("", (), there=False)
    found = [cells[place]]
    if question.is_task:
        after = cells[place + 1 :]
        end = next((end for end, cell in enumerate(after) if _grade_id(cell)), len(after))
        found = list(after[:end])
    return Answer("\n\n".join(source_of(cell).strip() for cell in found).strip(), tuple(found))


def same(text: str) -> str:
    """A text by which identical answers are found: white space does not count."""
    return " ".join(text.split())


def _grade_id(cell: Mapping[str, Any]) -> str | None:
    marks = (cell.get("metadata") or {}).get("nbgrader") or {}
    name = marks.get("grade_id")
    return name if isinstance(name, str) else None


def _html(cell: Mapping[str, Any]) -> str:
    source = source_of(cell)
    if cell.get("cell_type") != "markdown":
        return f"<pre>{escape(sanitise.cut(source, MAX_CODE))}</pre>"
    pictures = sanitise.attachments(cell.get("attachments"))
    return drawn(sanitise.markdown(source, pictures), pictures)
