"""What was handed in: understood as far as it can be, before anything of it runs.

A file that was renamed, saved in another encoding or by an older Jupyter is a submission all the same; it is
put right in a copy. What can't be understood gets one sentence for the instructor and the student; the names
in it are printable.

`look` goes by names and sizes, and may run anywhere. `take_in` reads what students wrote, so it runs in a
process with bounds (`bounded.py`). Nobody else reads that: nbgrader and the sandbox get the copy that
it leaves.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import parse_utc

from admin.course.cells import grade_id
from admin.course.layout import ASSIGNMENT, NOTEBOOK, Course
from admin.exchange.folder import OUR_OWN, Bounds, Entry, TooMuch, content, hashed, listed
from admin.grading.repair import released_cells, repair
from admin.grading.sentences import carried_by, kept, received
from admin.pages import sanitise
from admin.sandbox.limits import Limits
from admin.text import printable
from checks.language import Sentence, say

# A finished notebook has about 1 MB with all of its figures. Beyond these, somebody saved endless output.
MAX_NOTEBOOK = 50_000_000
MAX_VALUES = 3_000_000  # of JSON: each takes some hundred bytes of memory
MAX_CELLS = 5_000
MAX_SOURCE = 4_000_000  # characters of all cells; what lies in outputs is not read
MAX_TIME_STAMP = 200
OLDEST_FORMAT = 3  # in 2, cells have no metadata, so no marks of nbgrader
FILE = f"{NOTEBOOK}.ipynb"


@dataclass(frozen=True)
class HandIn:
    """What counts of a student's folder: the `entries` below `top`. `broken` says why none can be graded."""

    top: Path
    entries: tuple[Entry, ...] = ()
    notebooks: tuple[Entry, ...] = ()
    moved: Sentence | None = None
    """where the notebook was, if that is not its place"""
    broken: Sentence | None = None
    fingerprint: str = ""


@dataclass(frozen=True)
class TakenIn:
    """What came of reading a submission: a copy of a form that can be trusted, or why there is none."""

    fingerprint: str
    repaired: tuple[Sentence, ...] = ()
    """what had to be put right"""
    broken: Sentence | None = None

    @classmethod
    def received(cls, plain: Mapping[str, Any]) -> TakenIn:
        """What the process with bounds answered to `take_in`, made printable."""
        repaired = map(received, plain["repaired"])
        return cls(str(plain["fingerprint"]), tuple(filter(None, repaired)), received(plain["broken"]))


class Broken(Exception):
    """Why a submission can't be graded: where, what is wrong with it, and the way on, as one Sentence."""


# --- A look at names and sizes --------------------------------------------------------------------


def look(
    course: Course,
    student: str,
    ignore: Sequence[str] = (),
    others: frozenset[str] = frozenset(),
    assignment: str = ASSIGNMENT,
) -> HandIn:
    """What a student has handed in. Opens regular files only, and those only when they are not too large.

    `ignore` are patterns of names that nbgrader leaves alone; `others` are the folders of other assignments,
    which count for nothing here. A notebook that was renamed or lies elsewhere is looked for in ours only.
    """
    place = course.root / "submitted" / student / assignment
    entries: list[Entry] = []
    try:
        refuse_name(student)
        for folder in (place.parent, place):
            if folder.is_symlink():
                raise Broken(a_link(shown(course, folder)))
        elsewhere = assignment == ASSIGNMENT and not ((place / FILE).is_symlink() or (place / FILE).is_file())
        top = place.parent if elsewhere else place
        entries = listed(top, Bounds(Limits().disk_bytes, Limits().files), ignore)
        if elsewhere:
            entries = [entry for entry in entries if entry.parts[0] not in others]
        notebooks, moved = find(course, student, assignment, entries, elsewhere)
        refuse_what_is_no_file(course, top, entries)
        return HandIn(top, tuple(entries), notebooks, moved, fingerprint=hashed(top, entries))
    except Broken as error:
        reason = carried_by(error)
    except TooMuch as error:
        reason = say("submission.too_much", name=shown(course, place), what=carried_by(error))
    except OSError as error:
        reason = unreadable(course, error, place)
    # Not the bytes: they may be what is wrong. With another reason, size or time it is another submission.
    facts = [json.dumps(kept(reason)), *(f"{entry.name} {entry.size} {entry.changed}" for entry in entries)]
    digest = hashlib.sha256("\n".join(facts).encode(errors="surrogateescape")).hexdigest()
    return HandIn(place.parent, tuple(entries), broken=reason, fingerprint=digest)


def refuse_name(student: str) -> None:
    """Raises Broken for a name of a folder that nbgrader takes for a pattern, or that is no text."""
    if set(student) & set("[]*?") or not Entry((student,), "folder", 0, 0).clean:
        raise Broken(say("submission.unfindable", student=printable(student)))


def find(
    course: Course, student: str, assignment: str, entries: Sequence[Entry], elsewhere: bool
) -> tuple[tuple[Entry, ...], Sentence | None]:
    """The notebooks among the entries, and where ours was if that is not its place. Raises Broken."""
    found = tuple(entry for entry in entries if entry.kind == "file" and entry.parts[-1].endswith(".ipynb"))
    if assignment != ASSIGNMENT:
        return tuple(entry for entry in found if len(entry.parts) == 1), None
    if not elsewhere:
        return tuple(entry for entry in entries if entry.parts == (FILE,)), None
    if len(found) == 1:
        return found, say("submission.moved", name=found[0].name)
    name = shown(course, course.submitted(student) / FILE)
    if not found:
        kinds = [entry.kind for entry in entries if entry.parts == (ASSIGNMENT, FILE)]
        keys = {"folder": "submission.is_folder", "other": "submission.is_device"}
        raise Broken(say(keys.get("".join(kinds), "submission.no_notebook"), name=name))
    first, second = found[0].name, found[1].name
    if len(found) == 2:
        raise Broken(say("submission.two_notebooks", name=name, first=first, second=second))
    raise Broken(say("submission.many_notebooks", name=name, count=len(found), first=first, second=second))


def refuse_what_is_no_file(course: Course, top: Path, entries: Sequence[Entry]) -> None:
    """Raises Broken for a link, and for a time stamp that is no small file."""
    for entry in entries:
        if entry.kind == "link":
            raise Broken(a_link(f"{shown(course, top)}/{entry.name}"))
        if is_time_stamp(entry) and (entry.kind != "file" or entry.size > MAX_TIME_STAMP):
            raise Broken(no_time(course.root, top, entry))


def a_link(name: str) -> Sentence:
    return say("submission.a_link", name=name)


def is_time_stamp(entry: Entry) -> bool:
    """True for the file in which the exchange writes when a submission was handed in."""
    return entry.parts in (("timestamp.txt",), (ASSIGNMENT, "timestamp.txt"))


def no_time(root: Path, top: Path, entry: Entry) -> Sentence:
    return say("submission.no_time", name=f"{printable(str(top.relative_to(root)))}/{entry.name}")


def unreadable(course: Course, error: OSError, place: Path) -> Sentence:
    where = shown(course, Path(error.filename)) if isinstance(error.filename, str) else shown(course, place)
    return say("submission.unreadable", name=where, reason=error.strerror)


def shown(course: Course, path: Path) -> str:
    """A path below the course, fit for a sentence."""
    return printable(str(path.relative_to(course.root)) if path.is_relative_to(course.root) else str(path))


# --- Reading, in a process with bounds ------------------------------------------------------------


def take_in(order: Mapping[str, Any]) -> dict[str, Any]:
    """Read a submission and leave a copy of it in the folder `target`: TakenIn, as JSON values.

    The copy has regular files with clean names only, and notebooks in today's format without outputs: the
    marks of their cells those of the release, their text sanitised. `order` has the texts `root`, `student`,
    `assignment`, `target` and `release`, and the lists `ignore` and `others`; see `look`.
    """
    course, target = Course(Path(order["root"])), Path(order["target"])
    others = frozenset(order["others"])
    found = look(course, order["student"], order["ignore"], others, order["assignment"])
    repaired: list[Sentence] = []
    broken = found.broken
    try:
        shutil.rmtree(target, ignore_errors=True)
        if not broken:
            repaired = copy(course, found, target, Path(order["release"]))
    except Broken as reason:
        broken = carried_by(reason)
    except OSError as error:
        broken = unreadable(course, error, found.top)
    if broken:
        shutil.rmtree(target, ignore_errors=True)
    return {
        "fingerprint": found.fingerprint,
        "repaired": [kept(each) for each in repaired],
        "broken": kept(broken),
    }


def copy(course: Course, found: HandIn, target: Path, release: Path) -> list[Sentence]:
    """Write the copy; what had to be put right. Raises Broken and OSError."""
    refuse_time_stamp(course, found)
    target.mkdir(parents=True)
    beside = found.notebooks[0].parts[:-1] if found.notebooks else ()
    repaired = [found.moved] if found.moved else []
    for entry in found.notebooks:
        name = FILE if found.moved else entry.parts[-1]
        if not (release / name).is_file():
            continue  # none of the assignment's; nbgrader leaves it out as well
        cells = released_cells(release / name)
        notebook, repairs = read(found.top, entry, course.root, {grade_id(cell) for cell in cells})
        repair(notebook, cells)
        sanitise.notebook_text(notebook, sanitise.texts_of(release / name))
        nbformat.write(notebook, target / name)
        repaired += repairs
    left_out = copy_files(found, beside, target, in_the_way_of(release))
    kinds = (("file", "submission.left_out_for_name"), ("other", "submission.left_out_no_file"))
    notes = [say(key, name=entry.name) for kind, key in kinds for entry in left_out if entry.kind == kind]
    return [*repaired, *notes[:3], *([say("submission.more_left_out")] if len(notes) > 3 else [])]


def in_the_way_of(release: Path) -> Callable[[tuple[str, ...]], bool]:
    """Tells where no file may stand: at names of released folders, and below those of released files."""
    found = listed(release, OUR_OWN) if release.is_dir() else []
    kinds = {entry.parts: entry.kind for entry in found}

    def in_the_way(parts: tuple[str, ...]) -> bool:
        above = (parts[:length] for length in range(1, len(parts)))
        return kinds.get(parts) == "folder" or any(kinds.get(folder) == "file" for folder in above)

    return in_the_way


def copy_files(
    found: HandIn, beside: tuple[str, ...], target: Path, in_the_way: Callable[[tuple[str, ...]], bool]
) -> list[Entry]:
    """Copy the files beside the notebook, but no other notebook; what was left out."""
    left_out = []
    for entry in found.entries:
        if is_time_stamp(entry):
            parts: tuple[str, ...] = entry.parts[-1:]
        elif entry.parts[: len(beside)] != beside or entry.parts[-1].endswith(".ipynb"):
            continue
        else:
            parts = entry.parts[len(beside) :]
        if entry.kind == "other" or not entry.clean or (entry.kind == "file" and in_the_way(parts)):
            left_out.append(entry)
        elif entry.kind == "file":
            path = target.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                for part in content(found.top, entry):
                    file.write(part)
    return left_out


def refuse_time_stamp(course: Course, found: HandIn) -> None:
    """Raises Broken when the time at which the exchange says it was handed in is none."""
    for entry in filter(is_time_stamp, found.entries):
        try:
            text = b"".join(content(found.top, entry)).decode().strip()
            parse_utc(text or None)
        except (ValueError, OverflowError, AttributeError):
            raise Broken(no_time(course.root, found.top, entry)) from None


# --- The notebook itself --------------------------------------------------------------------------


def read(top: Path, entry: Entry, root: Path, grade_ids: set[str]) -> tuple[NotebookNode, list[Sentence]]:
    """The notebook in a file, in today's format and without outputs, and what was put right on the way.

    `grade_ids` are the assignment's; a notebook with none of them is some other one. Raises Broken, OSError.
    """
    name = printable(f"{top.relative_to(root)}/{entry.name}")
    if entry.size == 0:
        raise Broken(say("submission.empty", name=name))
    if entry.size > MAX_NOTEBOOK:
        raise Broken(say("submission.too_large", name=name, megabytes=entry.size / 1e6))
    text, encoding = decoded(b"".join(content(top, entry)), name)
    if text.lstrip()[:1] == "<":
        raise Broken(say("submission.web_page", name=name))
    values, letters = without_half_letters(parsed(text, name), text)
    notebook, structure = structured(values, name, grade_ids)
    return notebook, [*encoding, *letters, *structure]


def parsed(text: str, name: str) -> Any:
    """The values of a JSON text. Raises Broken."""
    if text.count(",") + text.count("[") + text.count("{") > MAX_VALUES:
        raise Broken(say("submission.many_values", name=name, bound=MAX_VALUES))
    try:
        return json.loads(text, parse_int=whole)
    except RecursionError:
        raise Broken(say("submission.nested", name=name)) from None
    except json.JSONDecodeError as error:
        rest = text[error.pos : error.pos + 100].strip()
        # What is left unread of a file that was cut off is nothing, or the beginning of a word or number.
        cut = re.fullmatch(r"[-+.\w]{0,5}", rest) and not error.msg.startswith("Extra data")
        cut_escape = "escape" in error.msg and len(rest) < len(r"\u00e9")
        if cut or cut_escape or error.msg.startswith("Unterminated"):
            line = text.count("\n") + 1
            raise Broken(say("submission.ends_in_the_middle", name=name, line=line)) from None
        raise Broken(say("submission.not_json", name=name, line=error.lineno, reason=error.msg)) from None


def whole(digits: str) -> int | float:
    """A whole number of JSON; Python refuses one of more than 4,300 digits, and nothing here needs it."""
    return int(digits) if len(digits) <= 20 else float("inf")


def decoded(content: bytes, name: str) -> tuple[str, list[Sentence]]:
    """The text of a file, and a note of its encoding where that is not Jupyter's. Raises Broken."""
    encoding = "utf-8"
    if content.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8-sig"
    elif content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in content[:2]:
        encoding = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Broken(say("submission.not_text", name=name, line=line, encoding=encoding.upper())) from None
    return text, [] if encoding == "utf-8" else [say("submission.saved_as", encoding=encoding.upper())]


def without_half_letters(content: Any, text: str) -> tuple[Any, list[Sentence]]:
    """JSON can name half of a surrogate pair (half an emoji), which no file can hold: � stands for it."""
    if not re.search(r"\\u[dD][89a-fA-F]", text):
        return content, []
    whole_text = json.dumps(content, ensure_ascii=False)
    try:
        whole_text.encode()
    except UnicodeEncodeError:
        repaired = whole_text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return json.loads(repaired), [say("submission.half_letters")]
    return content, []


def structured(content: Any, name: str, grade_ids: set[str]) -> tuple[NotebookNode, list[Sentence]]:
    """JSON as a notebook of today's format, and what was put right for that. Raises Broken."""
    if not isinstance(content, dict) or type(content.get("nbformat")) is not int:
        raise Broken(say("submission.other_json", name=name))
    form, current = content["nbformat"], nbformat.current_nbformat
    if not OLDEST_FORMAT <= form <= current:
        raise Broken(say("submission.other_format", name=name, format=form, current=current))
    repairs = [say("submission.older_format", format=form)] if form < current else []
    try:
        if form == current and parts_are_missing(content):
            repairs.append(say("submission.filled_in"))
        notebook = upgraded(content) if form < current else nbformat.from_dict(content)
        notebook = without_outputs(notebook)
        nbformat.validate(notebook, relax_add_props=True)
    except (
        nbformat.ValidationError,
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        OverflowError,
        RecursionError,
    ) as error:
        raise Broken(damaged(name, "/".join(map(str, getattr(error, "absolute_path", []))))) from None
    cells, characters = len(notebook.cells), sum(len(cell.source) for cell in notebook.cells)
    if cells > MAX_CELLS or characters > MAX_SOURCE:
        raise Broken(say("submission.many_cells", name=name, cells=cells, characters=characters))
    if not grade_ids & {grade_id(cell) for cell in notebook.cells}:
        raise Broken(say("submission.other_notebook", name=name))
    return notebook, repairs


def damaged(name: str, place: str) -> Sentence:
    if place:
        return say("submission.damaged_at", name=name, place=printable(place))
    return say("submission.damaged", name=name)


def parts_are_missing(content: Mapping[str, Any]) -> bool:
    """True when a part is missing that some programs leave out, and that can be filled in."""
    if "metadata" not in content:
        return True
    of_code = {"metadata", "source", "outputs", "execution_count"}
    return any(
        not (of_code if cell.get("cell_type") == "code" else {"metadata", "source"}) <= set(cell)
        for cell in content["cells"]
    )


def upgraded(content: dict[str, Any]) -> NotebookNode:
    """A notebook of format 3 in today's, by nbformat; what it trusts without a look is looked at before."""
    content["nbformat_minor"] = 0
    for sheet in content["worksheets"]:
        for cell in sheet["cells"]:
            cell["outputs"] = []  # nbformat would turn each over
            if cell.get("cell_type") == "heading" and cell.get("level") not in range(1, 7):
                cell["level"] = 1  # nbformat writes so many #
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbformat's, on what is put right here anyway
        return nbformat.convert(nbformat.from_dict(content), nbformat.current_nbformat)


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """A notebook of today's format with the parts that grading needs, each cell with an id of its own.

    Ids follow from the cells' order where they are missing or repeated (Colab does that), so the same
    submission gives the same notebook.
    """
    cells, taken = [], set()
    for number, given in enumerate(notebook["cells"]):
        kind, source = given["cell_type"], given.get("source", "")
        wish = given.get("id")
        if not (isinstance(wish, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", wish)) or wish in taken:
            wish = f"cell-{number}"
            while wish in taken:
                wish += "-"
        taken.add(wish)
        cell = {
            "cell_type": kind,
            "id": wish,
            "metadata": marks_of(given.get("metadata", {})),
            "source": "".join(source) if isinstance(source, list) else source,
        }
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        elif "attachments" in given:
            cell["attachments"] = given["attachments"]
        cells.append(cell)
    metadata = notebook.get("metadata", {})
    return nbformat.from_dict(
        {
            "nbformat": nbformat.current_nbformat,
            "nbformat_minor": nbformat.current_nbformat_minor,
            "metadata": {key: metadata[key] for key in ("kernelspec", "language_info") if key in metadata},
            "cells": cells,
        }
    )


def marks_of(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Of a cell's metadata, the name by which nbgrader knows it; the rest comes from the release."""
    marks = metadata.get("nbgrader")
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return {"nbgrader": {"grade_id": name}} if isinstance(name, str) else {}
