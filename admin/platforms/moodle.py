"""Moodle: the grading worksheet of the assignment, downloaded there, with our points and comments in it.

Its rules are of Moodle's own importer (mod/assign/feedback/offline/importgradeslib.php in
github.com/moodle/moodle): UTF-8 with commas; columns by their names, which are in the language of whoever
downloads and uploads; a person is the number at the end of the identifier, `Participant 123`; a row is passed
over when its 'Last modified (grade)' is older than the grade that is there, so that cell stays. A comment is
HTML there.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from pathlib import Path

from admin.course.layout import CourseError
from admin.grading.feedback import number as shown_points
from admin.grading.feedback import total
from admin.platforms.exporting import Exporter, listed, places, scaled
from admin.platforms.grades import Grades
from admin.platforms.people import Person, Sought
from admin.platforms.tables import Table, number_in, read_table, shown_number, write_table
from admin.text import printable
from checks.language import say, text_of

IDENTIFIER = re.compile(r"[^\d\s][^\d]*?(\d+)")
OURS = '<div class="convnet-points">'
# Names of columns that can't be told by what stands in them, in the languages that we know of.
GRADE = ("Grade", "Bewertung", "Note", "Calificación", "Valutazione", "Cijfer", "Nota", "Ocena", "Betyg")
COMMENT = (
    *("Feedback comments", "Feedback als Kommentar", "Feedback par commentaires"),
    *("Comentarios de retroalimentación", "Commenti di feedback"),
)
NAME = (
    "Full name",
    "Vollständiger Name",
    "Nom complet",
    "Nombre completo",
    "Nome completo",
    "Volledige naam",
)
IDS = (
    "Username",
    "ID number",
    "Anmeldename",
    "ID-Nummer",
    "Matrikelnummer",
    "Nom d'utilisateur",
    "Numéro d'identification",
)


def is_worksheet(table: Table) -> bool:
    """True when the first cell of every row is an identifier."""
    rows = [row for row in table.rows if any(row)]
    return len(table.header) > 2 and bool(rows) and all(IDENTIFIER.fullmatch(row[0]) for row in rows)


def sought(table: Table, row: tuple[str, ...]) -> Sought:
    """The person of a row."""
    number = IDENTIFIER.fullmatch(row[0])
    address = column_with(table, "@")
    return Sought(
        _cell(table, row, NAME) or ("" if len(row) < 2 or "@" in row[1] else row[1]),
        number[1] if number else "",
        tuple(filter(None, (_cell(table, row, (name,)) for name in IDS))),
        "" if address is None else row[address],
    )


def _cell(table: Table, row: tuple[str, ...], names: Iterable[str]) -> str:
    return next((row[table.header.index(name)] for name in names if name in table.header), "")


def column_with(table: Table, sign: str) -> int | None:
    """The column in which each row has this sign, which is the one of e-mail addresses for `@`."""
    rows = [row for row in table.rows if any(row)]
    found = [
        column for column in range(1, len(table.header)) if rows and all(sign in row[column] for row in rows)
    ]
    return found[0] if found else None


class MoodleExport(Exporter):
    """The downloaded worksheet with our points and comments in it."""

    def fill(self, grades: list[Grades], people: list[Person], target: Path) -> None:
        path = Path(self.form)
        table, shown = read_table(path), printable(path.name)
        if not is_worksheet(table):
            raise CourseError(
                f"{shown} is no grading worksheet of Moodle: each row of one begins with an identifier, as "
                "in 'Participant 123' (Assignment, Grading action: Download grading worksheet)"
            )
        if table.delimiter != ",":
            raise CourseError(
                f"{shown} has no commas between its cells, as Moodle wants them: download it anew"
            )
        points = grade_column(table, self.column, shown)
        comments = comment_column(table, self.comments, shown)
        rows = {number: sought(table, row) for number, row in enumerate(table.rows) if any(row)}
        placed = places(grades, people, rows, shown)
        cells, kept = {}, []
        for row, each in placed.items():
            maximum = table.rows[row][points + 1]
            score = scaled(each, number_in(maximum), self.scale, f"'{printable(table.header[points])}'")
            cells[row, points] = shown_number(score, maximum)
            if comments is not None:
                there = table.rows[row][comments].strip()
                if there and not there.startswith(OURS):
                    kept.append(each.person.id)
                else:
                    cells[row, comments] = comment(each)
        write_table(target, table.with_cells(cells))
        if comments is None:
            self.lines.append("No comments: name their column with --comments TITLE")
        if kept:
            self.lines.append(f"A comment of somebody else's is there and stays: {listed(kept)}")
        if untouched := [rows[row].shown for row in rows if row not in placed]:
            self.lines.append(f"Without points, so their rows are as they were: {listed(untouched)}")


def grade_column(table: Table, title: str, shown: str) -> int:
    """The column of the points. In every language, the one behind it has the same number in each row.

    Raises CourseError.
    """
    rows = [row for row in table.rows if any(row)]
    like_points = [
        column
        for column in range(1, len(table.header) - 1)
        if all(not row[column].strip() or number_in(row[column]) is not None for row in rows)
        and len({row[column + 1] for row in rows}) == 1
        and (number_in(rows[0][column + 1]) or 0) > 0
    ]
    named = [
        column for column, name in enumerate(table.header) if (name == title if title else name in GRADE)
    ]
    found = [column for column in like_points if column in named] or ([] if title else like_points)
    if len(found) != 1:
        raise CourseError(
            f"{shown}: which column is for the points can't be told: name it with --column TITLE; behind it "
            "stands what the assignment is worth (it must be graded in points, not by a scale)"
        )
    return found[0]


def comment_column(table: Table, title: str, shown: str) -> int | None:
    """The column of the comments; None where there is none that we know. Raises CourseError."""
    found = [
        column for column, name in enumerate(table.header) if (name == title if title else name in COMMENT)
    ]
    if title and len(found) != 1:
        raise CourseError(f"{shown} has {len(found) or 'no'} columns '{printable(title)}'")
    return found[0] if len(found) == 1 else None


def comment(each: Grades) -> str:
    """What the student reads there: the points of each task, and the first reason for lost ones."""
    pending = sum(task.points is None for task in each.tasks)
    lines = []
    for task in each.tasks:
        got = f"{shown_points(task.points or 0)} / {shown_points(task.out_of)}"
        if task.points is None:
            got = text_of(say("feedback.pending"))
        lines.append(f"{task.title}: {got}" + (f". {task.reason}" if task.reason else ""))
    if each.late:
        lines.append(f"{text_of(say('feedback.late'))}: −{shown_points(each.late)}")
    items = "".join(f"<li>{html.escape(printable(line, 500))}</li>" for line in lines)
    said = [*([each.broken] if each.broken else []), total(each.score, each.out_of, pending)]
    head = "".join(f"<p>{html.escape(printable(line, 1000))}</p>" for line in said)
    return f"{OURS}{head}<ul>{items}</ul></div>"
