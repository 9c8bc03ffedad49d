"""Canvas: the gradebook that was downloaded there, with our points in the column of the assignment.

Its rules are of Canvas' own importer (lib/gradebook_importer.rb in github.com/instructure/canvas-lms) and of
https://community.canvaslms.com/t5/Instructor-Guide/How-do-I-import-grades-in-the-Gradebook/ta-p/807: people
are known by ID, then SIS User ID, SIS Login ID, and name; a row `Points Possible` and one of posting policies
come before them; a column is an assignment's by the number in brackets behind its title; a cell that is empty
takes a score away that is there.
"""

from __future__ import annotations

import re
from pathlib import Path

from admin.course.layout import CourseError
from admin.platforms.exporting import Exporter, listed, places, scaled
from admin.platforms.grades import Grades
from admin.platforms.people import Person, Sought
from admin.platforms.tables import Table, number_in, read_table, shown_number, write_table
from admin.text import printable

ASSIGNMENT = re.compile(r"(?P<title>.*\S) \((?P<id>\d+)\)", re.DOTALL)
POINTS_POSSIBLE, READ_ONLY = "Points Possible", "read only"
POSTING = re.compile(r"\s*(Muted|Manual Posting.*)?\s*", re.IGNORECASE)
IDS = ("SIS Login ID", "SIS User ID")


def is_gradebook(table: Table) -> bool:
    return table.header[0] in ("Student", "LastName") and "ID" in table.header


def sought(table: Table, row: tuple[str, ...]) -> Sought:
    """The person of a row."""
    cells = dict(zip(table.header, row, strict=True))
    name = cells.get("Student") or f"{cells.get('FirstName', '')} {cells.get('LastName', '')}".strip()
    return Sought(name, cells["ID"].strip(), tuple(cells.get(each, "").strip() for each in IDS))


def student_rows(table: Table) -> dict[int, tuple[str, ...]]:
    """The rows of people, by number; those of points and policies, and of Canvas' test student, are none."""
    return {
        number: row
        for number, row in enumerate(table.rows)
        if any(row)
        and POINTS_POSSIBLE not in row[0]
        and not all(POSTING.fullmatch(cell) for cell in row)
        and row[0].strip() != "Student, Test"
    }


class CanvasExport(Exporter):
    """The downloaded gradebook with our points in it."""

    def fill(self, grades: list[Grades], people: list[Person], target: Path) -> None:
        path = Path(self.form)
        table, shown = read_table(path), printable(path.name)
        if not is_gradebook(table):
            raise CourseError(f"{shown} is no gradebook of Canvas: it begins with the columns Student and ID")
        column = column_of(table, self.column, shown)
        possible = points_possible(table, column, shown)
        rows = {number: sought(table, row) for number, row in student_rows(table).items()}
        placed = places(grades, people, rows, shown)
        where = f"'{printable(table.header[column])}'"
        cells = {
            (row, column): shown_number(scaled(each, possible, self.scale, where), like_numbers(table))
            for row, each in placed.items()
        }
        filled = table.with_cells(cells)
        write_table(target, filled)
        untouched = [rows[row].shown for row in rows if row not in placed]
        if untouched:
            self.lines.append(f"Without points, so their rows are as they were: {listed(untouched)}")


def column_of(table: Table, title: str, shown: str) -> int:
    """The column of the assignment that is called so, or of the only one. Raises CourseError."""
    found = {
        number: match["title"]
        for number, text in enumerate(table.header)
        if (match := ASSIGNMENT.fullmatch(text))
    }
    for row in table.rows:  # totals and the like, which Canvas computes
        if row and POINTS_POSSIBLE in row[0]:
            found = {number: name for number, name in found.items() if READ_ONLY not in row[number]}
    wanted = [number for number, name in found.items() if not title or title in (name, table.header[number])]
    if len(wanted) == 1:
        return wanted[0]
    if not found:
        raise CourseError(
            f"{shown} has no column of an assignment: make one in Canvas, then download it anew"
        )
    if title and wanted:
        raise CourseError(
            f"{shown} has {len(wanted)} columns '{printable(title)}': name one with its number in brackets"
        )
    names = listed([f"'{name}'" for name in found.values()])
    raise CourseError(f"{shown} has these assignments: {names}. Say which one is ours with --column TITLE")


def points_possible(table: Table, column: int, shown: str) -> float | None:
    """What the assignment is worth there; None where the file does not say so."""
    for row in table.rows:
        if row and POINTS_POSSIBLE in row[0]:
            return number_in(row[column])
    raise CourseError(f"{shown} has no row '{POINTS_POSSIBLE}': download the gradebook anew")


def like_numbers(table: Table) -> str:
    """A number as this file writes them: with a comma where cells are separated by semicolons."""
    return "0,0" if table.delimiter == ";" else "0.0"
