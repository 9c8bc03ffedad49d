"""A CSV file of our own: one row a student and task, for whatever counts or plots."""

from __future__ import annotations

from pathlib import Path

from admin.platforms.exporting import Exporter
from admin.platforms.grades import Grades
from admin.platforms.people import Person
from admin.platforms.tables import Table, guarded, shown_number, write_table

HEADER = (
    *("student", "last_name", "first_name", "email", "lms_user_id"),
    *("task", "number", "points", "out_of", "keys", "reason"),
)
LATE = "late"


class RowsExport(Exporter):
    """One row a student and task, and one for what being late has cost, so that points add up to the score.

    Points that a person is still to give are an empty cell.
    """

    def fill(self, grades: list[Grades], people: list[Person], target: Path) -> None:
        rows = []
        for each in grades:
            who = each.person
            about = (who.id, who.last, who.first, who.email, who.lms_id)
            for task in each.tasks:
                points = "" if task.points is None else shown_number(task.points)
                number = "" if task.number is None else str(task.number)
                what = (
                    task.name,
                    number,
                    points,
                    shown_number(task.out_of),
                    " ".join(task.keys),
                    task.reason,
                )
                rows.append(tuple(map(guarded, (*about, *what))))
            if each.late:
                rows.append(tuple(map(guarded, (*about, LATE, "", shown_number(-each.late), "0", "", ""))))
        write_table(target, Table(HEADER, tuple(rows)))

    def default_name(self) -> str:
        return self.form or "grades.csv"
