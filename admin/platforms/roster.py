"""Class lists: a CSV file of our own form, Canvas' gradebook, or Moodle's worksheet or list of participants.

Our own form is that of `nbgrader db student import`: id, and where known first_name, last_name, email and
lms_user_id, the platform's own number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from admin.course.layout import Course, CourseError
from admin.exchange.collect import is_student
from admin.platforms import canvas, moodle
from admin.platforms.exporting import listed
from admin.platforms.people import NoMatch, Person, Sought, match, people_of
from admin.platforms.tables import Table, read_table
from admin.text import printable

MAX_TEXT = 128  # nbgrader's columns
OWN = ("id", "first_name", "last_name", "email", "lms_user_id")
FIRST = ("First name", "Vorname", "Prénom", "Nombre", "Nome", "Voornaam")
LAST = ("Last name", "Surname", "Nachname", "Nom de famille", "Nom", "Apellido(s)", "Cognome", "Achternaam")


@dataclass(frozen=True)
class Read:
    """What came of a class list: how many students are new, how many have changed, how many it has."""

    new: int
    changed: int
    students: int


def read_roster(path: Path, id_column: str = "") -> tuple[list[Person], bool]:
    """The people of a class list, and whether it says itself what the ids are, as `id_column` makes it do.

    Raises CourseError.
    """
    table, shown = read_table(path), printable(path.name)
    if id_column and table.header.count(id_column) != 1:
        raise CourseError(
            f"{shown} has no column '{printable(id_column)}', only {listed(list(table.header))}"
        )
    people = dict(_people(table, shown))
    if id_column:
        column = table.header.index(id_column)
        people = {row: replace(each, id=table.rows[row][column]) for row, each in people.items()}
    people = {
        row: Person(*(" ".join(t.split()) for t in (each.id, each.first, each.last, each.email, each.lms_id)))
        for row, each in people.items()
    }
    if not people:
        raise CourseError(f"{shown} has a header and nobody below it")
    refuse(people, shown)
    return list(people.values()), bool(id_column) or is_own(table)


def is_own(table: Table) -> bool:
    others = canvas.is_gradebook(table) or moodle.is_worksheet(table)  # Moodle's first column may be ID, too
    return not others and "id" in [name.strip().lower() for name in table.header]


def _people(table: Table, shown: str) -> Iterator[tuple[int, Person]]:
    rows = {number: row for number, row in enumerate(table.rows) if any(row)}
    names = [name.strip().lower() for name in table.header]
    if canvas.is_gradebook(table):
        yield from _of_canvas(table)
    elif moodle.is_worksheet(table):
        yield from _with_ids({row: moodle.sought(table, cells) for row, cells in rows.items()})
    elif is_own(table):
        for row, cells in rows.items():
            known = dict(zip(names, cells, strict=True))
            yield row, Person(*(known.get(name, "") for name in OWN))
    else:
        address, first, last = moodle.column_with(table, "@"), _named(table, FIRST), _named(table, LAST)
        if first is None or last is None or first == last:
            raise CourseError(
                f"{shown} is no class list that we know: our own has a column 'id' (and "
                f"{', '.join(OWN[1:])}); Canvas' gradebook begins with Student and ID, Moodle's worksheet "
                "with identifiers; a list of Moodle's participants has First name and Last name"
            )
        sought = {
            row: Sought(ids=_ids(table, cells), email="" if address is None else cells[address])
            for row, cells in rows.items()
        }
        for row, person in _with_ids(sought):
            yield row, replace(person, first=rows[row][first], last=rows[row][last])


def _ids(table: Table, cells: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cells[table.header.index(name)] for name in moodle.IDS if name in table.header)


def _named(table: Table, names: tuple[str, ...]) -> int | None:
    found = [column for column, text in enumerate(table.header) if text.strip() in names]
    return found[0] if len(found) == 1 else None


def _of_canvas(table: Table) -> Iterator[tuple[int, Person]]:
    people = {row: canvas.sought(table, cells) for row, cells in canvas.student_rows(table).items()}
    yield from _with_ids(people)


def _with_ids(people: Mapping[int, Sought]) -> Iterator[tuple[int, Person]]:
    """Each with the first kind of id that all of them have: log-in, number, address, the platform's."""
    kinds = list(zip(*(each.ids for each in people.values()), strict=False)) if people else []
    kinds += [tuple(each.email for each in people.values()), tuple(each.lms_id for each in people.values())]
    ids = next((kind for kind in kinds if len(kind) == len(people) and all(kind)), ("",) * len(people))
    for (row, each), name in zip(people.items(), ids, strict=True):
        first, last = split(each.name)
        yield row, Person(name.strip(), first, last, each.email.strip(), each.lms_id)


def split(name: str) -> tuple[str, str]:
    """First and last name: around a comma, as Canvas writes them, or at the last gap."""
    if "," in name:
        last, _, first = name.partition(",")
        return first.strip(), last.strip()
    first, _, last = name.strip().rpartition(" ")
    return first, last


def refuse(people: Mapping[int, Person], shown: str) -> None:
    """Raises CourseError for an id that nobody can have or that two have, and for texts that are too long."""
    wrong = []
    for row, each in people.items():
        if not is_student(each.id):
            wrong.append(f"row {row + 2} has no id that a folder can be called by: '{each.id}'")
        elif max(map(len, (each.id, each.first, each.last, each.email, each.lms_id))) > MAX_TEXT:
            wrong.append(f"row {row + 2} has a name of more than {MAX_TEXT} characters")
    for kind, texts in (
        ("id", [p.id.casefold() for p in people.values()]),
        ("number", [p.lms_id for p in people.values()]),
    ):
        for text, count in Counter(filter(None, texts)).items():
            if count > 1:
                wrong.append(f"{count} people have the {kind} '{text}'")
    if wrong:
        raise CourseError(f"Nobody was entered from {shown}. {listed(wrong, '; ')}")


def enter(course: Course, people: list[Person], explicit: bool = False) -> Read:
    """Put a class list into the gradebook, whole or not at all; whom it knows keeps the id.

    Raises CourseError. With `explicit` ids only the ids and numbers say who is there already, no names.
    """
    with course.gradebook() as gradebook:
        there = people_of(gradebook)
        merged: dict[str, Person] = {}
        wrong = []
        for each in people:
            try:
                known = _known(each, there, explicit)
            except NoMatch as error:
                wrong.append(str(error))
                continue
            person = each if known is None else _merged(known, each)
            if person.id in merged:
                wrong.append(
                    f"{each.shown} and {merged[person.id].shown} would both be {printable(person.id)}"
                )
            merged[person.id] = person
        if wrong:
            raise CourseError(f"Nobody was entered. {listed(wrong, '; ')}")
        before = {person.id: person for person in there}
        for person in merged.values():
            if before.get(person.id) != person:
                gradebook.update_or_create_student(person.id, **_columns(person))
    new = [person for person in merged.values() if person.id not in before]
    changed = [person for person in merged.values() if before.get(person.id, person) != person]
    return Read(len(new), len(changed), len(merged))


def _known(each: Person, there: list[Person], explicit: bool) -> Person | None:
    """The student in the gradebook who is meant; None for a new one. Raises NoMatch for several."""
    name = f"{each.first} {each.last}".strip()
    try:
        return match(Sought(name, each.lms_id, (each.id,), each.email), there, by_name=not explicit)
    except NoMatch as error:
        if " may be any of " in str(error):
            raise
        return None


def _merged(known: Person, each: Person) -> Person:
    """What is known already, and what the list says better; nothing is made empty."""
    return Person(
        known.id,
        each.first or known.first,
        each.last or known.last,
        each.email or known.email,
        each.lms_id or known.lms_id,
    )


def _columns(person: Person) -> dict[str, Any]:
    texts = {"first_name": person.first, "last_name": person.last, "email": person.email}
    texts["lms_user_id"] = person.lms_id
    return {name: text for name, text in texts.items() if text}
