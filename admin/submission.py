"""What is wrong with a submission before anything of it runs, in one sentence for the instructor."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import nbformat
from nbformat.validator import normalize
from nbgrader.utils import parse_utc

from admin.course import NOTEBOOK, Course

# A finished notebook has about 1 MB with all of its figures. Beyond this, somebody saved endless output.
LARGEST_NOTEBOOK = 50_000_000
AGAIN = "Ask for it again."


def what_is_wrong(course: Course, student: str, grade_ids: set[str]) -> str:
    """Why a student's submission cannot be graded, or an empty string.

    `grade_ids` are the assignment's; a notebook with none of them is some other one. Every sentence names
    the file as it stands in the course folder, what is wrong with it, and the way on.
    """
    folder = course.submitted(student)
    notebook = folder / f"{NOTEBOOK}.ipynb"
    if set(student) & set("[]*?"):
        return f"a name that nbgrader cannot find: rename submitted/{student}, without any of [ ] * ?"
    if not folder.is_dir():
        return f"no submission: submitted/{student} has no folder {folder.name}{look_nearby(folder.parent)}"
    for path in [folder, *sorted(folder.rglob("*"))]:
        if path.is_symlink():
            name = path.relative_to(course.root)
            return f"a link: {name} points elsewhere, and links are not followed. Ask for the file itself."
    if not notebook.is_file():
        return f"no notebook: there is no {notebook.relative_to(course.root)}{look_nearby(folder)}"
    try:
        return problem_of_time_stamp(folder / "timestamp.txt", course.root) or problem_of_notebook(
            notebook, course.root, grade_ids
        )
    except OSError as error:
        return f"unreadable: {notebook.relative_to(course.root)} ({error.strerror}). Look at its permissions."


def problem_of_notebook(path: Path, root: Path, grade_ids: set[str]) -> str:
    """What keeps a file from being read as this assignment's notebook, or an empty string."""
    name = path.relative_to(root)
    size = path.stat().st_size
    if size == 0:
        return f"not a notebook: {name} is empty. {AGAIN}"
    if size > LARGEST_NOTEBOOK:
        return (
            f"too large: {name} has {size / 1e6:,.0f} MB. "
            "Ask for it with its outputs cleared (Kernel, Restart kernel and clear outputs)."
        )
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")) or b"\0" in content[:200]:
        return f"not a notebook: {name} was saved by an editor in another encoding than Jupyter's. {AGAIN}"
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return f"not a notebook: line {line} of {name} is not UTF-8 text. {AGAIN}"
    if text.lstrip()[:1] == "<":
        return (
            f"not a notebook: {name} is a web page (saved from the browser, or a log-in page). "
            "Ask for the .ipynb file itself."
        )
    try:
        notebook = json.loads(text)
    except RecursionError:
        return f"not a notebook: {name} is nested too deeply. {AGAIN}"
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
            return f"not a notebook: {name} ends in the middle (line {text.count(chr(10)) + 1}). {AGAIN}"
        return f"not a notebook: {name} cannot be read at line {error.lineno} ({error.msg}). {AGAIN}"
    return problem_of_structure(str(name), notebook, grade_ids)


def problem_of_structure(name: str, notebook: Any, grade_ids: set[str]) -> str:
    """What is wrong with the parsed JSON of a notebook, or an empty string."""
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        return f"not a notebook: {name} is JSON, but not of a notebook. {AGAIN}"
    if notebook["nbformat"] != nbformat.current_nbformat:
        return (
            f"not a notebook of today: {name} has format {notebook['nbformat']}, Jupyter writes "
            f"{nbformat.current_nbformat}. Ask for it saved by a current Jupyter."
        )
    try:
        # Missing and repeated cell ids are common and harmless: normalize repairs them in its copy.
        with warnings.catch_warnings(action="ignore", category=nbformat.warnings.MissingIDFieldWarning):
            _, notebook = normalize(nbformat.from_dict(notebook))
        nbformat.validate(notebook, relax_add_props=True)
    except (nbformat.ValidationError, AttributeError, KeyError, TypeError) as error:
        where = "/".join(str(step) for step in getattr(error, "absolute_path", []))
        return f"not a whole notebook: {name} is damaged{f' at {where}' if where else ''}. {AGAIN}"
    try:
        json.dumps(notebook, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return f"not a whole notebook: {name} has characters that cannot be saved (half an emoji). {AGAIN}"
    marks = [cell.metadata.get("nbgrader") for cell in notebook.cells]
    if not grade_ids & {str(mark.get("grade_id")) for mark in marks if isinstance(mark, dict)}:
        return f"another notebook: none of the assignment's cells is in {name}. Ask for the right one."
    return ""


def problem_of_time_stamp(path: Path, root: Path) -> str:
    """What is wrong with the time at which the exchange says it was handed in, or an empty string."""
    try:
        text = path.read_text().strip() if path.exists() else ""
        parse_utc(text or None)
    except (ValueError, OverflowError, AttributeError, UnicodeDecodeError):
        return f"no time: {path.relative_to(root)} is not a date. Write one into it, or remove the file."
    return ""


def look_nearby(folder: Path) -> str:
    """The end of a sentence about a missing file: what may be meant instead."""
    found = sorted(folder.rglob("*.ipynb")) if folder.is_dir() else []
    if not found:
        return ". Ask for it."
    return (
        f", but there is {found[0].relative_to(folder)}. Move it where it belongs if that is what was meant."
    )
