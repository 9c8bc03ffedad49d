"""A class as it is known after grading: gradebook, findings, and the answer cells as data. Nothing is run."""

from __future__ import annotations

import builtins
import json
import random
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from admin.course.layout import NOTEBOOK, Course, CourseError
from admin.grading import since
from admin.grading.feedback import ENTRIES
from admin.grading.findings import read_findings
from admin.grading.marks import Mark, Recorded, recorded
from admin.grading.plan import read_state
from admin.grading.since import Before, Standing
from admin.text import printable
from checks.language import say
from checks.task import Finding

MAX_NOTEBOOK = 32 << 20  # bytes that are read for the cells; grading records no notebook that large
MAX_LINES, MAX_LINE = 80, 300  # of a cell on the page
MAX_CELL = 40_000  # signs of a cell that are compared; an essay of ten pages has fewer
MIN_NAME = 3  # letters; shorter ones stand in too many words
CODE_WORDS = frozenset(name.casefold() for name in (*dir(builtins), *dir(np)))


@dataclass(frozen=True)
class Work:
    """One of the class. `marks`, `findings`, `cells` are by task, or by the id of an instructor's own cell.

    `broken`: nothing of it could be read. `marks` are missing while it has not been graded or handed in.
    """

    student: str
    name: str
    handed_in: bool = False
    broken: bool = False
    seconds_late: float = 0.0
    penalty: float = 0.0
    timestamp: datetime | None = None
    marks: Mapping[str, Mark] | None = None
    findings: Mapping[str, Sequence[Finding]] | None = None
    cells: Mapping[str, str] | None = None

    @property
    def graded(self) -> bool:
        return bool(self.marks)

    @property
    def readable(self) -> bool:
        """True for what counts in statistics on tasks."""
        return self.graded and not self.broken

    @property
    def waiting(self) -> bool:
        return any(mark.waiting for mark in (self.marks or {}).values())

    @property
    def points(self) -> float:
        return max(0.0, sum(mark.points for mark in (self.marks or {}).values()) - self.penalty)


@dataclass(frozen=True)
class Names:
    """The names of a class and their parts. Who is called Max or Dot stands in every NumPy cell."""

    rare: re.Pattern[str]
    all: re.Pattern[str]

    def stand_in(self, code: str) -> bool:
        """Whether somebody's name does: of those that are also words of code, in a comment."""
        comments = "\n".join(re.findall(r"#.*", code.casefold()))
        return bool(self.rare.search(code.casefold()) or self.all.search(comments))


@dataclass(frozen=True)
class Class:
    """Everybody on the roster or in submitted/, the tasks in the notebook's order, and what was before."""

    works: tuple[Work, ...]
    tasks: tuple[str, ...]
    sections: Mapping[str, str]
    """the notebook's heading over each task"""
    before: Before | None = None
    """how the last grading found it"""
    now: Mapping[str, Standing] = field(default_factory=dict)
    """how it stands since, by student"""
    names: Names | None = None
    """those that no example may hold"""


def read(course: Course, anonymous: bool = False, order: random.Random | None = None) -> Class:
    """The class of a course. Raises CourseError when nobody is there.

    Anonymous students have numbers in a new order each time, since any lasting one could be worked out again;
    and no cell in which somebody's name stands.
    """
    roster = _roster(course)
    kept = recorded(course)
    folders = set(course.students())
    everybody = sorted({*roster, *folders, *kept})
    if not everybody:
        raise CourseError(say("grading.no_submissions", folder=course.shown(course.root / "submitted")))
    shown = {student: _shown(student, roster.get(student, "")) for student in everybody}
    if anonymous:
        places = list(range(1, len(everybody) + 1))
        (order or random.SystemRandom()).shuffle(places)
        shown = {student: f"Student {place}" for student, place in zip(everybody, places, strict=True)}
    names = names_in([*everybody, *roster.values()])
    works = [
        _work(course, student, shown[student], student in folders, kept.get(student), names, anonymous)
        for student in everybody
    ]
    order_of_cells = list(dict.fromkeys(task for work in works for task in work.marks or ()))
    ours = [entry.name for entry in ENTRIES.values() if entry.name in order_of_cells]
    tasks = (*ours, *(task for task in order_of_cells if task not in ours))
    by_name = sorted(works, key=lambda work: [_number(part) for part in re.split(r"(\d+)", work.name)])
    return Class(
        tuple(by_name), tasks, sections_of(course), since.before(course), since.standing(course, kept), names
    )


def _number(part: str) -> tuple[int, str]:
    """Sorts "Student 2" before "Student 10"."""
    return (int(part), "") if part.isascii() and part.isdigit() else (0, part.casefold())


def _roster(course: Course) -> dict[str, str]:
    """Whom the gradebook knows: full names by student, empty where there is none."""
    if not course.database.exists():
        return {}
    with course.gradebook() as gradebook:
        return {
            student.id: " ".join(filter(None, (student.first_name, student.last_name)))
            for student in gradebook.students
        }


def _shown(student: str, full_name: str) -> str:
    return printable(f"{full_name} ({student})" if full_name else student, 100)


def names_in(texts: Sequence[str]) -> Names:
    """The names, and their parts of at least three letters, to be found in cells."""
    parts = {part.casefold() for text in texts for part in (text, *re.split(r"[\W_]+", text))}
    long_enough = {part for part in parts if len(part) >= MIN_NAME and not part.isdigit()}
    return Names(_any_of(long_enough - CODE_WORDS), _any_of(long_enough))


def _any_of(words: Set[str]) -> re.Pattern[str]:
    if not words:
        return re.compile(r"(?!)")
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, sorted(words)))})(?![^\W_])")


def _work(
    course: Course,
    student: str,
    name: str,
    has_folder: bool,
    record: Recorded | None,
    names: Names,
    anonymous: bool,
) -> Work:
    if record is None:
        return Work(student, name, handed_in=has_folder)
    cells = cells_of(course, student)
    if anonymous:
        cells = {task: code for task, code in cells.items() if not names.stand_in(code)}
    return Work(
        student,
        name,
        True,
        bool(read_state(course, student).get("broken")),
        record.seconds_late,
        record.penalty,
        record.timestamp,
        {ENTRIES[cell].name if cell in ENTRIES else cell: mark for cell, mark in record.marks.items()},
        _findings(course, student),
        cells,
    )


def _findings(course: Course, student: str) -> Mapping[str, Sequence[Finding]]:
    try:
        return read_findings(course.root, student)
    except (OSError, ValueError):
        return {}


def cells_of(course: Course, student: str, whole: bool = False) -> dict[str, str]:
    """The answer cells of a graded notebook by id, fit to be shown; what is no notebook has none.

    They are as long as a person reads at once, unless they are asked for `whole`.
    """
    cells = {}
    for cell in cells_in(course.autograded(student) / f"{NOTEBOOK}.ipynb"):
        marks = (cell.get("metadata") or {}).get("nbgrader") or {}
        name = marks.get("grade_id")
        if isinstance(name, str) and marks.get("solution"):
            cells[name] = shown_whole(source_of(cell)) if whole else shown_code(source_of(cell))
    return cells


def source_of(cell: Mapping[str, Any]) -> str:
    """The text of a cell, which nbformat has whole or as a list of lines."""
    source = cell.get("source")
    return "".join(map(str, source)) if isinstance(source, list) else str(source or "")


def shown_code(code: str, most: int = MAX_LINES, longest: int = MAX_LINE) -> str:
    """Code with nothing in it that acts on a screen, no longer than a person reads."""
    lines = code.expandtabs(4).rstrip().split("\n")
    shown = [printable(line.rstrip("\r"), longest) for line in lines[:most]]
    return "\n".join([*shown, "…"] if len(lines) > most else shown)


def shown_whole(code: str) -> str:
    """The same of up to MAX_CELL signs, however they stand in lines."""
    return shown_code(code[:MAX_CELL], MAX_CELL, MAX_CELL)


def sections_of(course: Course) -> dict[str, str]:
    """The notebook's headings over each of its answer cells: "2 · MNIST › Normalising"."""
    above: dict[int, str] = {}
    sections = {}
    for cell in cells_in(course.release / f"{NOTEBOOK}.ipynb"):
        source = "".join(cell.get("source") or "")
        if cell.get("cell_type") == "markdown":
            for marks, title in re.findall(r"^(##|###) (.+)$", source, re.MULTILINE):
                above = {level: said for level, said in above.items() if level < len(marks)}
                above[len(marks)] = printable(title.replace("`", ""))
        name = ((cell.get("metadata") or {}).get("nbgrader") or {}).get("grade_id")
        if isinstance(name, str):
            sections[name] = " › ".join(above.values())
    return sections


def cells_in(path: Path) -> list[dict[str, Any]]:
    """The cells of a notebook that grading or `build` wrote, as plain JSON; none of what is none."""
    try:
        if path.is_symlink() or path.stat().st_size > MAX_NOTEBOOK:
            return []
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []
