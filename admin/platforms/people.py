"""Who is who: the gradebook's students, and the person that a platform's file means.

Platforms know people by numbers of their own, log-ins, addresses and names. A match is the one student whom
these lead to. Names alone count only where nothing else is known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from admin.text import printable


@dataclass(frozen=True)
class Person:
    """A student: `id` is the name in submitted/, `lms_id` the platform's own number for them."""

    id: str
    first: str = ""
    last: str = ""
    email: str = ""
    lms_id: str = ""

    @property
    def shown(self) -> str:
        name = " ".join(filter(None, (self.first, self.last)))
        return printable(f"{self.id} ({name})" if name else self.id)


@dataclass(frozen=True)
class Sought:
    """What a file says of a person; whatever it does not say is empty."""

    name: str = ""
    lms_id: str = ""
    ids: tuple[str, ...] = ()
    """log-in, number of the university, …"""
    email: str = ""

    @property
    def shown(self) -> str:
        parts = [self.name, self.lms_id, *self.ids, self.email]
        return "'" + printable(next(filter(None, parts), "nobody")) + "'"


class NoMatch(Exception):
    """Nobody or several: the sentence says which."""


def people_of(gradebook: Any) -> list[Person]:
    """All students of a gradebook."""
    return [
        Person(
            student.id,
            student.first_name or "",
            student.last_name or "",
            student.email or "",
            student.lms_user_id or "",
        )
        for student in gradebook.students
    ]


def is_class_list(people: Iterable[Person]) -> bool:
    """True when more is known than folders' names: a class list was read."""
    return any(person.email or person.lms_id or person.last for person in people)


def match(sought: Sought, people: Sequence[Person], by_name: bool = True) -> Person:
    """The one student who is meant. Raises NoMatch.

    Whoever the numbers, log-ins and addresses lead to counts; a name that is exactly somebody else's then
    contradicts them, and that is no match either.
    """
    strong = [person for person in people if _is_sure(sought, person)]
    named = [person for person in people if by_name and sought.name and _is_called(sought.name, person)]
    found = strong or named
    if strong and named and not any(person in named for person in strong):
        found = [*strong, *named]
    if not found and by_name:
        found = [person for person in people if _has_local_part(sought, person)]
    if not found:
        raise NoMatch(f"{sought.shown} is nobody in the gradebook")
    if len(found) > 1:
        names = ", ".join(person.shown for person in found[:3])
        raise NoMatch(f"{sought.shown} may be any of {len(found)} in the gradebook: {names}")
    return found[0]


def _is_sure(sought: Sought, person: Person) -> bool:
    ids = {same(each) for each in (*sought.ids, sought.email) if each}
    own = {same(each) for each in (person.id, person.email) if each}
    return bool(ids & own) or (sought.lms_id != "" and sought.lms_id == person.lms_id)


def _has_local_part(sought: Sought, person: Person) -> bool:
    """mira@uni.example is mira, where nothing contradicts that."""
    local = sought.email.partition("@")[0]
    return local != "" and same(local) == same(person.id) and not person.email


def _is_called(name: str, person: Person) -> bool:
    """In either order, with a comma or without; as Canvas' archives write it, in one; or by the id."""
    full = f"{person.first} {person.last}"
    if not full.strip():
        return words(name) == words(person.id)
    return words(name) == words(full) or in_one(name) in (in_one(full), in_one(person.last + person.first))


def same(text: str) -> str:
    """What two spellings of the same text share: letters as such, in whatever case and composition."""
    normal = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in normal if unicodedata.category(letter) not in ("Cf", "Cc")).strip()


def words(name: str) -> tuple[str, ...]:
    """The words of a name, in an order of their own."""
    return tuple(sorted(re.findall(r"\w+", same(name.replace("\n", " ")))))


def in_one(name: str) -> str:
    """A name's letters and digits without anything between."""
    return "".join(re.findall(r"[^\W_]", same(name)))
