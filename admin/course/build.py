"""The one source → the student notebook in notebooks/, its pictures and the nbgrader course."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import MissingEntry

from admin.course import figures, on_paper, points, settings, student
from admin.course.layout import ASSIGNMENT, CONFIG, DEFAULT_COURSE, NOTEBOOK, REPOSITORY, Course, CourseError
from admin.course.source_notebook import read_source
from checks.language import Sentence

STUDENT_NOTEBOOK = REPOSITORY / "notebooks" / f"{NOTEBOOK}.ipynb"

# What the notebook needs beside it, so that a released folder is complete in itself.
RELEASED_FILES = {
    "custom.css": REPOSITORY / "notebooks" / "custom.css",
    "data": REPOSITORY / "notebooks" / "data",
    "figures": REPOSITORY / "notebooks" / "figures",
    "on_paper.css": REPOSITORY / "notebooks" / "on_paper.css",
    "play": REPOSITORY / "notebooks" / "play",
    "checks": REPOSITORY / "notebooks" / "checks",
    "problem_unittests.py": REPOSITORY / "problem_unittests.py",
    "tools": REPOSITORY / "notebooks" / "tools",
}
NOT_RELEASED = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints", ".DS_Store")


class GradesInTheWay(CourseError):
    """The gradebook has grades for cells that the notebook no longer has, or lacks new ones."""


def build(course: Course, student_notebook: Path | None = STUDENT_NOTEBOOK) -> list[Sentence]:
    """Write source/, release/ and student.zip of `course`, and the release's notebook to `student_notebook`.

    Returns what is to be said of points that an instructor has changed, and of their own questions.

    With a `student_notebook`, pictures in notebooks/figures that are missing or stale are made first.
    The course folder is closed to other users of the machine, also one that was open before.
    Raises GradesInTheWay, before anything is written, when graded cells have come or gone.
    """
    notebook = read_source()
    refuse_to_orphan_grades(course, notebook)
    if student_notebook and (figures.make_stale() or not on_paper.SHEET.is_file()):
        on_paper.SHEET.write_text(on_paper.css(), encoding="utf-8")
    course.make_private()
    changes = list(points.changes(notebook, made_before(course)))
    write_source(course, notebook)
    write_link_to_config(course)
    settings.put(course)
    with course.gradebook():  # makes it
        pass
    result = course.api().generate_assignment(ASSIGNMENT)
    if not result["success"]:
        log = course.root / "build.log"
        log.write_text(result.get("log", "") + result.get("error", ""))
        raise CourseError(f"nbgrader could not make the release; its own words are in {course.shown(log)}")
    replace(course.student_zip, student.pack(course.release))
    if student_notebook:
        replace(student_notebook, (course.release / f"{NOTEBOOK}.ipynb").read_bytes())
    return changes


def made_before(course: Course) -> NotebookNode | None:
    """The notebook in source/, by an earlier build and perhaps changed since; None where there is none."""
    with contextlib.suppress(OSError, ValueError, nbformat.ValidationError):
        return nbformat.read(course.source / f"{NOTEBOOK}.ipynb", as_version=nbformat.current_nbformat)
    return None


def find_stale(course: Course | None = None) -> str:
    """One sentence that names what is no longer what the source makes, empty when all is well.

    Looks at the student notebook and the pictures that are committed, and at a course's source, release and
    student.zip if one is named. No picture is drawn for it.
    """
    with tempfile.TemporaryDirectory(prefix="convnet-check-") as folder:
        fresh = Course.at(folder)
        build(fresh, student_notebook=None)
        pairs = [(fresh.release / f"{NOTEBOOK}.ipynb", STUDENT_NOTEBOOK)]
        if course:
            pairs.append((fresh.student_zip, course.student_zip))
            for made, kept in ((fresh.source, course.source), (fresh.release, course.release)):
                pairs += [(path, kept / path.relative_to(made)) for path in files(made)]
        stale = [kept for made, kept in pairs if not kept.is_file() or kept.read_bytes() != made.read_bytes()]
    stale += [figures.FOLDER / picture.name for picture in figures.find_stale()]
    shown, option = (course.shown, course.option()) if course else (fresh.shown, "")
    sentences = []
    if stale:
        names = ", ".join(map(shown, stale))
        sentences.append(f"{names} is not what the source makes now: python3 -m admin build{option}")
    if left_over := figures.find_left_over():
        sentences.append(
            f"{', '.join(map(shown, left_over))} is made by no script of admin/course/figures: delete it"
        )
    return "; ".join(sentences)


def refuse_to_orphan_grades(course: Course, notebook: NotebookNode) -> None:
    """Raise GradesInTheWay if cells come or go under graded submissions: nbgrader cannot keep their grades.

    It would notice by itself, but only after it has removed the release, and with a traceback.
    """
    if not course.database.exists():
        return
    with course.gradebook() as gradebook:
        try:
            known = gradebook.find_notebook(NOTEBOOK, ASSIGNMENT)
        except MissingEntry:
            return
        before = {cell.name for cell in known.source_cells}
        graded = len(known.submissions)
    now = {
        cell.metadata.nbgrader.grade_id
        for cell in notebook.cells
        if utils.is_grade(cell) or utils.is_solution(cell) or utils.is_locked(cell) or utils.is_task(cell)
    }
    if not graded or now == before:
        return
    changes = [f"new: {', '.join(sorted(now - before))}"] if now - before else []
    changes += [f"gone: {', '.join(sorted(before - now))}"] if before - now else []
    raise GradesInTheWay(
        f"{course.shown(course.database)} has grades of {graded} submissions, which nbgrader cannot keep "
        f"when graded cells come or go ({'; '.join(changes)}), so nothing was changed: "
        "python3 -m admin build --course DIR makes a new course for the new notebook"
    )


def write_source(course: Course, notebook: NotebookNode) -> None:
    """source/convnet anew: the notebook with its solutions, and what it needs beside it."""
    shutil.rmtree(course.source, ignore_errors=True)
    course.source.mkdir(parents=True)
    nbformat.write(notebook, course.source / f"{NOTEBOOK}.ipynb")
    for name, origin in RELEASED_FILES.items():
        if origin.is_dir():
            shutil.copytree(origin, course.source / name, ignore=NOT_RELEASED)
        elif origin.is_file():
            shutil.copyfile(origin, course.source / name)
        else:
            raise CourseError(f"{origin} is missing; every released folder needs it")


def write_link_to_config(course: Course) -> None:
    """nbgrader_config.py in the course folder, so that nbgrader run from there finds our settings too."""
    path = os.path.relpath(CONFIG, course.root) if course.root == DEFAULT_COURSE else str(CONFIG)
    replace(
        course.root / "nbgrader_config.py",
        (
            "# Made by `python3 -m admin build`: what a plain nbgrader in this folder reads. "
            "The settings are in the file named here.\n"
            "import os\n"
            f"load_subconfig({path!r}, path=os.path.dirname(os.path.abspath(__file__)))\n"
            "get_config().CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))\n"
        ).encode(),
    )


def replace(path: Path, content: bytes) -> None:
    """Write a file in one step, and leave it alone if it says that already (Jupyter watches for changes)."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.half")
    half.write_bytes(content)
    half.replace(path)


def files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
