"""What all exporters share: nbgrader's plugin, whose grades go out, and whose row is whose.

Nothing is written unless everybody who has points was found in the file exactly once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nbgrader.plugins import ExportPlugin
from traitlets import Bool, Unicode

from admin.course.layout import Course, CourseError
from admin.grading.lateness import said_to_instructor, settle
from admin.platforms.grades import Grades, grades_of
from admin.platforms.people import NoMatch, Person, Sought, match, people_of
from admin.text import printable

NAMED = 5


class Exporter(ExportPlugin):
    """Writes the grades of our assignment to the file `to`. `lines` says what was done."""

    form = Unicode("", help="The file that was downloaded from the platform, to be filled in.").tag(
        config=True
    )
    column = Unicode("", help="The title of the column for the points.").tag(config=True)
    comments = Unicode("", help="The title of the column for the comments (Moodle).").tag(config=True)
    scale = Bool(False, help="Convert the points to the platform's own maximum.").tag(config=True)

    lines: list[str]

    def export(self, gradebook: Any) -> None:
        """nbgrader's way in (`nbgrader export --exporter=…`): an error ends the program with a sentence."""
        try:
            self.write(gradebook)
        except CourseError as error:
            self.log.error("%s", error)
            raise SystemExit(1) from None
        for line in self.lines:
            self.log.info("%s", line)

    def write(self, gradebook: Any) -> None:
        """Write the file. Raises CourseError, and has then written nothing."""
        course = Course.at(self.config.CourseDirectory.root)
        self.lines = [str(sentence) for sentence in said_to_instructor(settle(course))]
        gradebook.db.expire_all()  # what was settled went in by another door
        people = people_of(gradebook)
        grades = grades_of(course, people, [str(each) for each in self.student])
        target = Path(self.to or self.default_name())
        self.fill(grades, people, target)
        self.lines.insert(0, f"{len(grades)} written to {printable(str(target))}")
        if pending := [each.person.id for each in grades if each.pending]:
            self.lines.append(f"Not read by a person yet, and so without these points: {listed(pending)}")

    def default_name(self) -> str:
        """Where the file goes when nobody says so: beside the downloaded one."""
        if not self.form:
            raise CourseError("Name the file to write with --to")
        form = Path(self.form)
        return str(form.with_name(f"{form.stem}-filled{form.suffix}"))

    def fill(self, grades: list[Grades], people: list[Person], target: Path) -> None:
        raise NotImplementedError


def places(
    grades: Iterable[Grades], people: list[Person], rows: Mapping[int, Sought], file: str
) -> dict[int, Grades]:
    """The row of each student with points. Raises CourseError for one in no row, in two, or unclear."""
    by_student: dict[str, list[int]] = {}
    unclear: dict[int, str] = {}
    for row, sought in rows.items():
        try:
            by_student.setdefault(match(sought, people).id, []).append(row)
        except NoMatch as error:
            unclear[row] = str(error)
    placed, wrong = {}, []
    for each in grades:
        found = by_student.get(each.person.id, [])
        if len(found) == 1:
            placed[found[0]] = each
        elif found:
            numbers = " and ".join(str(row + 2) for row in found)
            wrong.append(f"{each.person.shown} stands in {file} more than once, in rows {numbers}")
        else:
            hint = next(
                (
                    said
                    for said in unclear.values()
                    if " may be any of " in said and each.person.shown in said
                ),
                "",
            )
            wrong.append(hint or f"{each.person.shown} has points and is not in {file}")
    if wrong:
        raise CourseError(
            f"Nothing was written. {listed(wrong, '; ')}. A class list (python3 -m admin roster FILE) tells "
            "who is who; --student ID exports only some."
        )
    return placed


def scaled(each: Grades, possible: float | None, scale: bool, where: str) -> float:
    """The score in the platform's points. Raises CourseError when its maximum is another one than ours."""
    if possible is None or possible == each.out_of:
        return each.score
    if not scale or possible <= 0:
        raise CourseError(
            f"Nothing was written. {where} is worth {possible:g} points, our assignment {each.out_of:g}: "
            "change that on the platform, or convert with --scale."
        )
    return round(each.score * possible / each.out_of, 2)


def listed(texts: list[str], between: str = ", ") -> str:
    """The first few, and how many more there are."""
    more = f"{between}and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
    return between.join(printable(text, 300) for text in texts[:NAMED]) + more
