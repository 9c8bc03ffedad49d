"""What was handed in: understood as far as it can be, before anything of it runs.

A file that was renamed, saved in another encoding or by an older Jupyter is a submission all the same; it is
put right in a copy. What can't be understood gets one sentence for the instructor and the student.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import parse_utc

from admin.course import NOTEBOOK, Course
from admin.sandbox.limits import Limits

# A finished notebook has about 1 MB with all of its figures. Beyond this, somebody saved endless output.
LARGEST_NOTEBOOK = 50_000_000
OLDEST_FORMAT = 3  # in 2, cells have no metadata, so no marks of nbgrader
AGAIN = "Ask for it again."


@dataclass(frozen=True)
class Submission:
    """A student's folder after a look into it. Either there is a notebook, or `broken` says why not."""

    notebook: NotebookNode | None = None
    mended: str = ""
    """what had to be put right for nbgrader to read it; then nbgrader needs a copy"""
    broken: str = ""


class Broken(Exception):
    """Why a submission can't be graded: where, what is wrong with it, and the way on, in one sentence."""


def look_at(course: Course, student: str, grade_ids: set[str], ignore: Sequence[str] = ()) -> Submission:
    """Read a student's submission.

    `grade_ids` are the assignment's; a notebook with none of them is some other one. `ignore` are patterns of
    names that nbgrader leaves alone.
    """
    try:
        if set(student) & set("[]*?"):
            raise Broken(
                f"a name that nbgrader cannot find: rename submitted/{student}, without any of [ ] * ?"
            )
        path, renamed = find(course, student)
        refuse_links_and_size(course, student, ignore)
        refuse_time_stamp(course.submitted(student) / "timestamp.txt", course.root)
        try:
            notebook, repairs = read(path, course.root, grade_ids)
        except OSError as error:
            raise Broken(
                f"unreadable: {path.relative_to(course.root)} ({error.strerror}). Look at its permissions."
            ) from None
    except Broken as reason:
        return Submission(broken=str(reason))
    except OSError as error:
        where = error.filename or course.submitted(student)
        return Submission(broken=f"unreadable: {where} ({error.strerror}). Look at its permissions.")
    return Submission(notebook, ", ".join(filter(None, (renamed, repairs))))


def find(course: Course, student: str) -> tuple[Path, str]:
    """The notebook's file, and where it was if that is not its place. Raises Broken."""
    folder = course.submitted(student)
    wanted = folder / f"{NOTEBOOK}.ipynb"
    if wanted.is_file() or wanted.is_symlink():
        return wanted, ""
    everything = folder.parent
    found = [
        path.relative_to(everything)
        for path in sorted(everything.rglob("*.ipynb"))
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    ]
    if len(found) == 1:
        return everything / found[0], f"taken from {found[0]}"
    name = wanted.relative_to(course.root)
    if not found:
        what = "is a folder" if wanted.is_dir() else "is missing, and so is any other notebook"
        raise Broken(f"no notebook: {name} {what}. Ask for it.")
    raise Broken(
        f"no notebook: {name} is missing, and there are {len(found)} others ({found[0]}, {found[1]}"
        f"{', …' if len(found) > 2 else ''}). Rename the one that counts."
    )


def refuse_links_and_size(course: Course, student: str, ignore: Sequence[str]) -> None:
    """Raises Broken for a link, and for more bytes than the sandbox takes in."""
    folder = course.submitted(student).parent
    size = 0
    for path in [folder, *sorted(folder.rglob("*"))]:
        if path.is_symlink():
            raise Broken(
                f"a link: {path.relative_to(course.root)} points elsewhere, and links are not followed. "
                "Ask for the file itself."
            )
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(fnmatch.fnmatch(part, name) for part in parts for name in ignore):
            size += path.stat().st_size
    most = Limits().disk_bytes
    if size > most:
        raise Broken(
            f"too large: {folder.relative_to(course.root)} has {size / 1e6:,.0f} MB, more than "
            f"{most / 1e6:,.0f}. Ask for the notebook alone."
        )


def refuse_time_stamp(path: Path, root: Path) -> None:
    """Raises Broken when the time at which the exchange says it was handed in is none."""
    try:
        text = path.read_text().strip() if path.exists() else ""
        parse_utc(text or None)
    except (ValueError, OverflowError, AttributeError):
        raise Broken(
            f"no time: {path.relative_to(root)} is not a date. Write one into it, or remove the file."
        ) from None


# --- The notebook itself --------------------------------------------------------------------------


def read(path: Path, root: Path, grade_ids: set[str]) -> tuple[NotebookNode, str]:
    """The notebook in a file, in today's format, and what was put right on the way. Raises Broken."""
    name = path.relative_to(root)
    size = path.stat().st_size
    if size == 0:
        raise Broken(f"not a notebook: {name} is empty. {AGAIN}")
    if size > LARGEST_NOTEBOOK:
        raise Broken(
            f"too large: {name} has {size / 1e6:,.0f} MB. "
            "Ask for it with its outputs cleared (Kernel, Restart kernel and clear outputs)."
        )
    text, encoding = decoded(path.read_bytes(), str(name))
    if text.lstrip()[:1] == "<":
        raise Broken(
            f"not a notebook: {name} is a web page (saved from the browser, or a log-in page). "
            "Ask for the .ipynb file itself."
        )
    try:
        content, letters = without_half_letters(json.loads(text))
    except RecursionError:
        raise Broken(f"not a notebook: {name} is nested too deeply. {AGAIN}") from None
    except json.JSONDecodeError as error:
        where = f"(line {text.count(chr(10)) + 1})"
        rest = text[error.pos :].strip()
        # What is left unread of a file that was cut off is nothing, or the beginning of a word or number.
        cut = re.fullmatch(r"[-+.\w]{0,5}", rest) and not error.msg.startswith("Extra data")
        cut_escape = "escape" in error.msg and len(rest) < len(r"\u00e9")
        if cut or cut_escape or error.msg.startswith("Unterminated"):
            raise Broken(f"not a notebook: {name} ends in the middle {where}. {AGAIN}") from None
        raise Broken(
            f"not a notebook: {name} cannot be read at line {error.lineno} ({error.msg}). {AGAIN}"
        ) from None
    notebook, structure = structured(content, str(name), grade_ids)
    return notebook, ", ".join(filter(None, (encoding, letters, structure)))


def decoded(content: bytes, name: str) -> tuple[str, str]:
    """The text of a file, and its encoding where that is not Jupyter's. Raises Broken."""
    encoding = "utf-8"
    if content.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8-sig"
    elif content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in content[:2]:
        encoding = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    try:
        return content.decode(encoding), "" if encoding == "utf-8" else f"saved as {encoding.upper()}"
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Broken(
            f"not a notebook: line {line} of {name} is not {encoding.upper()} text. {AGAIN}"
        ) from None


def without_half_letters(content: Any) -> tuple[Any, str]:
    """JSON can name half of a surrogate pair (half an emoji), which no file can hold: � stands for it."""
    text = json.dumps(content, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return json.loads(whole), "characters that cannot be saved replaced"
    return content, ""


def structured(content: Any, name: str, grade_ids: set[str]) -> tuple[NotebookNode, str]:
    """JSON as a notebook of today's format, and what was put right for that. Raises Broken."""
    if not isinstance(content, dict) or not isinstance(content.get("nbformat"), int):
        raise Broken(f"not a notebook: {name} is JSON, but not of a notebook. {AGAIN}")
    form = content["nbformat"]
    if not OLDEST_FORMAT <= form <= nbformat.current_nbformat:
        raise Broken(
            f"not a notebook of today: {name} has format {form}, Jupyter writes {nbformat.current_nbformat}. "
            "Ask for it saved by a current Jupyter."
        )
    repairs = [f"format {form}"] if form < nbformat.current_nbformat else []
    try:
        if form == nbformat.current_nbformat:
            if filled_in(content):
                repairs.append("missing parts of cells filled in")
            number_cells(content)
        notebook = nbformat.reads(json.dumps(content), as_version=nbformat.current_nbformat)
        nbformat.validate(notebook, relax_add_props=True)
    except (
        nbformat.ValidationError,
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        RecursionError,
    ) as error:
        where = "/".join(str(step) for step in getattr(error, "absolute_path", []))
        raise Broken(
            f"not a whole notebook: {name} is damaged{f' at {where}' if where else ''}. {AGAIN}"
        ) from None
    marks = [cell.metadata.get("nbgrader") for cell in notebook.cells]
    if not grade_ids & {str(mark.get("grade_id")) for mark in marks if isinstance(mark, dict)}:
        raise Broken(f"another notebook: none of the assignment's cells is in {name}. Ask for the right one.")
    return notebook, ", ".join(repairs)


def number_cells(notebook: dict[str, Any]) -> None:
    """Give each cell an id of its own. Missing and repeated ones are common (Colab) and harmless."""
    notebook["nbformat_minor"] = nbformat.current_nbformat_minor
    taken: set[str] = set()
    for cell in notebook["cells"]:
        if not isinstance(cell.get("id"), str) or cell["id"] in taken:
            cell["id"] = uuid4().hex[:8]
        taken.add(cell["id"])


def filled_in(notebook: dict[str, Any]) -> bool:
    """Give notebook and cells the empty parts that some programs leave out; was anything missing?"""
    missing = "metadata" not in notebook
    notebook.setdefault("metadata", {})
    for cell in notebook.get("cells", []):
        parts: dict[str, Any] = {"metadata": {}, "source": ""}
        if cell.get("cell_type") == "code":
            parts |= {"outputs": [], "execution_count": None}
        for key, empty in parts.items():
            missing |= key not in cell
            cell.setdefault(key, empty)
    return missing
