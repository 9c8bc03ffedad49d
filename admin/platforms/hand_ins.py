"""Whose is what, in an archive of hand-ins or a folder: read off the names that each platform gives.

Moodle: `Name_12345_assignsubmission_file_/…`, in folders or, flat, as the beginning of a file's name; the
number is that of the worksheet's `Participant 12345`.
Canvas: `lastfirst_[LATE_]101_5555_name.ipynb`, with the numbers of the person and of the file, which grows.
nbgrader's exchange: `student+convnet+time+…/`. Else a folder `student/…` or `student/convnet/…`, or a
notebook `student.ipynb`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from admin.course.layout import ASSIGNMENT, NOTEBOOK
from admin.exchange.collect import TIMESTAMP, parsed
from admin.platforms.people import Sought

MOODLE = re.compile(
    r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)_?(?P<rest>.*)", re.DOTALL
)
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<person>\d+)_(?P<file>\d+)_(?P<rest>.+)", re.DOTALL)
EXCHANGE = re.compile(rf"(?P<student>.+)\+{ASSIGNMENT}\+(?P<time>[^+]+)(\+[^+]*)?", re.DOTALL)
AGAIN = re.compile(r"-\d{1,3}(?=\.[^.]+$)")  # what Canvas puts behind the name of a file handed in once more
SUFFIX = ".ipynb"


@dataclass(frozen=True)
class HandIn:
    """One hand-in: who is meant, the folder that has it, and what says how new it is."""

    sought: Sought
    folder: Path
    name: str
    """of the folder or file that it came from"""
    platform: str = ""
    newest: int = 0
    """Canvas' number of the file"""
    time: datetime | None = None
    late: bool = False
    """Canvas says so"""


@dataclass(frozen=True)
class Nobodys:
    """What belongs to nobody, and why."""

    name: str
    reason: str


def found_in(top: Path, spare: Path) -> Iterator[HandIn | Nobodys]:
    """The hand-ins in an unpacked folder of ours. What lies there flat is moved into folders in `spare`."""
    flat: dict[tuple[str, str], list[tuple[re.Match[str], Path]]] = {}
    for entry in sorted(unwrapped(top).iterdir()):
        moodle, canvas = MOODLE.fullmatch(entry.name), CANVAS.fullmatch(entry.name)
        if moodle and moodle["kind"] != "file":
            yield Nobodys(entry.name, "a text written into Moodle, and no file")
        elif moodle and entry.is_dir():
            yield HandIn(Sought(moodle["name"], moodle["number"]), entry, entry.name, "Moodle")
        elif moodle:
            flat.setdefault(("Moodle", moodle["number"]), []).append((moodle, entry))
        elif canvas:
            flat.setdefault(("Canvas", canvas["person"]), []).append((canvas, entry))
        elif entry.is_dir():
            yield in_folder(entry)
        elif entry.suffix == SUFFIX:
            yield alone(entry, spare)
        else:
            yield Nobodys(entry.name, "not a notebook, and its name says nobody's")
    for (platform, number), files in flat.items():
        yield gathered(platform, number, files, spare)


def unwrapped(top: Path) -> Path:
    """The folder itself, or the one in it in which everything lies."""
    for _ in range(3):
        inside = list(top.iterdir())
        if len(inside) != 1 or not inside[0].is_dir() or is_hand_in(inside[0]):
            break
        top = inside[0]
    return top


def is_hand_in(folder: Path) -> bool:
    """True for a folder that is one student's, by its name or by what lies in it."""
    named = any(pattern.fullmatch(folder.name) for pattern in (MOODLE, CANVAS, EXCHANGE))
    inside = list(folder.iterdir())
    if named or (folder / ASSIGNMENT).is_dir() or (folder / f"{NOTEBOOK}{SUFFIX}").exists():
        return True
    return not any(
        entry.is_dir()
        or entry.suffix == SUFFIX
        or CANVAS.fullmatch(entry.name)
        or MOODLE.fullmatch(entry.name)
        for entry in inside
    )


def in_folder(folder: Path) -> HandIn | Nobodys:
    """A folder that nbgrader's exchange named, or one called by its student."""
    exchange = EXCHANGE.fullmatch(folder.name)
    if exchange:
        if (moment := parsed(exchange["time"])) is None:
            return Nobodys(folder.name, "it has no time in its name")
        student = exchange["student"]
        return HandIn(Sought(ids=(student,)), folder, folder.name, "exchange", time=moment)
    if (folder / ASSIGNMENT).is_dir():
        return HandIn(Sought(folder.name, ids=(folder.name,)), folder / ASSIGNMENT, folder.name, "nbgrader")
    return HandIn(Sought(folder.name, ids=(folder.name,)), folder, folder.name)


def alone(notebook: Path, spare: Path) -> HandIn | Nobodys:
    """A notebook by itself, whose name says whose it is."""
    name = notebook.stem.replace(NOTEBOOK, "").replace(ASSIGNMENT, "").strip(" _-.")
    if not name:
        return Nobodys(notebook.name, "its name does not say whose it is: call it STUDENT.ipynb")
    folder = Path(spare, f"alone-{len(list(spare.iterdir()))}")
    folder.mkdir()
    notebook.rename(folder / f"{NOTEBOOK}{SUFFIX}")
    return HandIn(Sought(name, ids=(name,)), folder, notebook.name)


def gathered(platform: str, number: str, files: list[tuple[re.Match[str], Path]], spare: Path) -> HandIn:
    """The flat files of one person, in a folder; of those that were handed in twice the newest."""
    folder = Path(spare, f"flat-{len(list(spare.iterdir()))}")
    folder.mkdir()
    newest: dict[str, tuple[int, Path]] = {}
    for found, path in files:
        file = int(found["file"]) if platform == "Canvas" else 0
        rest = AGAIN.sub("", found["rest"]) if platform == "Canvas" else found["rest"] or path.name
        if rest not in newest or newest[rest][0] < file:
            newest[rest] = file, path
    notebooks = [rest for rest in newest if rest.endswith(SUFFIX)]
    if platform == "Canvas" and len(notebooks) > 1 and f"{NOTEBOOK}{SUFFIX}" not in notebooks:
        for rest in sorted(notebooks, key=lambda rest: newest[rest][0])[:-1]:
            del newest[rest]
    for rest, (_, path) in newest.items():
        path.rename(folder / rest)
    first, name = files[0]
    return HandIn(
        Sought(first["name"], number),
        folder,
        max(newest.values())[1].name if platform == "Canvas" else name.name,
        platform,
        newest=max(file for file, _ in newest.values()),
        late=any(found.groupdict().get("late") for found, _ in files),
    )


def put_in_order(half: Path, hand_in: HandIn) -> None:
    """What a copy of a hand-in has to be: no time but one that can be trusted, and the notebook by its name.

    Moodle and Canvas write no time beside the files, so one that is there is the student's own.
    """
    place = half / TIMESTAMP
    if hand_in.platform != "nbgrader" and place.exists():
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    if hand_in.time:
        place.write_text(f"{hand_in.time.isoformat(' ')} UTC")
    notebooks = list(half.rglob(f"*{SUFFIX}"))
    if len(notebooks) == 1 and notebooks[0].parent == half and not (half / f"{NOTEBOOK}{SUFFIX}").exists():
        notebooks[0].rename(half / f"{NOTEBOOK}{SUFFIX}")
