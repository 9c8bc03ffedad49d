"""`collect`: hand-ins out of archives, folders and single notebooks, to their places in submitted/.

Everything is unpacked by admin/exchange/unpack.py, which follows no link and keeps to its bounds, into a
folder of our own; from there a copy within the bounds of one submission takes its place, whole or not at all.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from admin.course.layout import Course, CourseError
from admin.exchange.clean_copy import LeftOut, Rules, copy_clean, opened, shown
from admin.exchange.collect import HALF, is_student, remove_halves, time_in
from admin.exchange.folder import TooMuch, fingerprint
from admin.exchange.unpack import CleanExtractor
from admin.platforms.hand_ins import HandIn, Nobodys, found_in, put_in_order
from admin.platforms.people import NoMatch, Person, is_class_list, match, people_of
from admin.text import printable

ARCHIVES = (".zip", ".gz", ".tgz", ".tar")
FILES = (".ipynb",)


@dataclass
class Collected:
    """What became of the hand-ins: names by what was done, and a sentence for each irregularity."""

    new: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    refused: int = 0

    def refuse(self, sentence: str) -> None:
        self.refused += 1
        self.said.append(sentence)


class _Extractor(CleanExtractor):
    """The exchange's extractor, whose sentences are kept."""

    sentences: list[str]

    def say(self, name: str, left_out: LeftOut) -> None:
        if left_out:
            self.sentences.append(f"{shown(name)}: left out {left_out}")


def collect(course: Course, sources: Sequence[Path]) -> Collected:
    """Put what is in the sources into its places. Raises CourseError when nothing can be collected at all."""
    with course.gradebook() as gradebook:
        people = people_of(gradebook)
    for source in sources:
        refuse_source(source)
    collected = Collected()
    everything = course.root / "submitted"
    everything.mkdir(parents=True, exist_ok=True)
    remove_halves(everything)
    with tempfile.TemporaryDirectory(prefix=HALF, dir=everything, ignore_cleanup_errors=True) as beside:
        by_student: dict[str, list[tuple[int, HandIn]]] = {}
        for number, source in enumerate(sources):
            for found in hand_ins(source, Path(beside, str(number)), collected):
                if isinstance(found, Nobodys):
                    collected.refuse(f"{shown(found.name)}: {found.reason}")
                    continue
                try:
                    by_student.setdefault(student_of(found, people), []).append((number, found))
                except NoMatch as error:
                    collected.refuse(f"{shown(found.name)}: {error}")
        for student in sorted(by_student):
            counts = that_counts(student, by_student[student], collected)
            if counts:
                place(course, student, counts, Path(beside, "copy"), collected)
    return collected


def refuse_source(source: Path) -> None:
    """Raises CourseError for what is no archive, folder or notebook."""
    name = printable(str(source))
    if source.is_dir():
        return
    if not source.is_file():
        raise CourseError(f"There is no file or folder {name}")
    if source.suffix.lower() not in (*ARCHIVES, *FILES):
        kinds = ", ".join((*ARCHIVES, *FILES))
        raise CourseError(f"{name} is neither a folder nor a file of a kind that we can read ({kinds})")


def hand_ins(source: Path, beside: Path, collected: Collected) -> Iterator[HandIn | Nobodys]:
    """What is in a source, unpacked in a folder of our own."""
    put, unpacked, spare = beside / "in", beside / "out", beside / "spare"
    for folder in (beside, put, unpacked, spare):
        folder.mkdir()
    archive = not source.is_dir()
    if archive:
        # Its name is of whoever downloaded it, so it is left aside; the kind in it is what unpacking goes by.
        kind = (
            ".zip"
            if source.suffix.lower() == ".zip"
            else ".tar.gz"
            if source.suffix.lower() in ARCHIVES
            else ""
        )
        shutil.copyfile(source, put / (f"archive{kind}" if kind else source.name))
    extractor = _Extractor()
    extractor.sentences = []
    extractor.extract(str(put if archive else source), str(unpacked))
    collected.said += [f"{shown(source.name)}: {line}" for line in extractor.sentences]
    top = unpacked / "archive"
    yield from found_in(top if archive and top.is_dir() else unpacked, spare)


def student_of(found: HandIn, people: list[Person]) -> str:
    """The student whose it is. Raises NoMatch.

    Without a class list a folder's name is the student's; a platform's names then say nothing.
    """
    if is_class_list(people) or (found.platform not in ("Moodle", "Canvas") and people_named(found, people)):
        return match(found.sought, people).id
    if found.platform in ("Moodle", "Canvas"):
        raise NoMatch("who that is only a class list can tell: python3 -m admin roster FILE")
    name = found.sought.ids[0]
    if not is_student(name):
        raise NoMatch(f"no student can be called {shown(name)}")
    return name


def people_named(found: HandIn, people: list[Person]) -> bool:
    return any(person.id == found.sought.ids[0] for person in people)


def that_counts(student: str, hand_ins: list[tuple[int, HandIn]], collected: Collected) -> HandIn | None:
    """The latest: by time where all have one, else by the order of the sources and Canvas' numbers.

    None where nothing says which is later.
    """
    if len(hand_ins) == 1:
        return hand_ins[0][1]
    timed = all(each.time for _, each in hand_ins)

    def order(item: tuple[int, HandIn]) -> tuple[Any, int]:
        number, each = item
        return (each.time, 0) if timed and each.time else (number, each.newest)

    ordered = sorted(hand_ins, key=order)
    names = ", ".join(shown(each.name) for _, each in ordered)
    if order(ordered[-1]) == order(ordered[-2]):
        collected.refuse(
            f"{printable(student)} has {len(ordered)} hand-ins, and nothing says which is the latest: "
            f"{names}. Collect the one that counts by itself."
        )
        return None
    collected.said.append(
        f"{printable(student)} has {len(ordered)} hand-ins, of which the last one counts: {names}"
    )
    return ordered[-1][1]


def place(course: Course, student: str, hand_in: HandIn, copies: Path, collected: Collected) -> None:
    """Put a copy of a hand-in into submitted/, unless what is there is the same or newer."""
    half, target = copies / "new", course.submitted(student)
    shutil.rmtree(copies, ignore_errors=True)
    half.mkdir(parents=True)
    try:
        with opened(hand_in.folder) as folder:
            rules = Rules(ignore=course.ignored())
            left_out = copy_clean(folder, half, rules, any_owner=True)
        put_in_order(half, hand_in)
        there = os.path.lexists(target)
        old = time_in(target) if there else None
        if there and is_same(half, target):
            collected.unchanged.append(student)
        elif hand_in.time and old and old > hand_in.time:
            collected.said.append(
                f"{printable(student)}: a newer one is there already, so {shown(hand_in.name)} is not taken"
            )
            collected.unchanged.append(student)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            if there:
                target.rename(copies / "old")
            half.rename(target)
            (collected.replaced if there else collected.new).append(student)
    except OSError as error:
        collected.refuse(
            f"{printable(student)}: {shown(hand_in.name)} could not be put in its place: {error.strerror}"
        )
        return
    if left_out:
        collected.said.append(f"{printable(student)}: left out {left_out}")
    if hand_in.late:
        collected.said.append(
            f"{printable(student)} handed in late, says Canvas; its archive does not say when: write that "
            "into late.toml, below [handed_in]"
        )


def is_same(half: Path, target: Path) -> bool:
    try:
        return fingerprint(half) == fingerprint(target)
    except (OSError, TooMuch):
        return False
