"""The one source of the notebook, read: a text with its solutions → a notebook."""

from __future__ import annotations

import hashlib
import re

import jupytext
import nbformat
from nbformat import NotebookNode

from admin.course.cells import grade_id
from admin.course.layout import NOTEBOOK, REPOSITORY, CourseError

SOURCE = REPOSITORY / "admin" / "course" / "source" / f"{NOTEBOOK}.py"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
BOX = re.compile(r'^<div class="course-task">\n+(.*?)\n+</div>$', re.DOTALL | re.MULTILINE)
SLIDE = re.compile(r'(?P<section>##? )|### |<div class="course-task">|\*\*In short\*\*')
GENERATED = (
    f"Made by `python3 -m admin build` from admin/course/source/{NOTEBOOK}.py; changes made here are lost."
)


def read_source() -> NotebookNode:
    """The source as a notebook with its solutions: fixed ids, no outputs, the same bytes every time."""
    if not SOURCE.is_file():
        raise CourseError(f"{SOURCE} is missing; it is the one source of the notebook")
    notebook = jupytext.read(SOURCE, fmt="py:percent")
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(
        {"generated": GENERATED, "kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    taken: set[str] = set()
    for cell in notebook.cells:
        cell.id = fixed_id(cell, taken)
        if cell.cell_type == "markdown" and (begin := SLIDE.match(cell.source)):
            # Where a new slide begins, for `nbconvert --to slides`
            cell.metadata["slideshow"] = {"slide_type": "slide" if begin["section"] else "subslide"}
        taken.add(cell.id)
        cell.source = boxed(cell.source) if cell.cell_type == "markdown" else cell.source
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.validate(notebook)
    return notebook


def boxed(text: str) -> str:
    """Markdown with each `<div class="course-task">` as a quotation, which custom.css draws as a box.

    Where pictures are put into a page (`nbconvert --embed-images`, feedback), nbconvert closes each
    open piece of HTML at once, so the box would be empty and the task below it: `_html_embed_images` in
    https://github.com/jupyter/nbconvert/blob/v7.17.2/nbconvert/filters/markdown_mistune.py
    """
    return BOX.sub(
        lambda box: re.sub(r"^", "> ", box.group(1), flags=re.MULTILINE).replace("> \n", ">\n"), text
    )


def read_code(name: str) -> str:
    """The code of the source's cell that nbgrader knows by this name, with its solution."""
    return next(cell.source for cell in read_source().cells if grade_id(cell) == name)


def fixed_id(cell: NotebookNode, taken: set[str]) -> str:
    """An id that stays when other cells move: the grade_id, or else a hash of what the cell says.

    jupytext draws a new id at random every time, and Git would show each as a change.
    """
    wish = grade_id(cell) or hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
    wish = re.sub(r"[^a-zA-Z0-9_-]", "-", wish)[:60]
    numbered = (f"{wish}-{number}" for number in range(2, 1000))
    return wish if wish not in taken else next(name for name in numbered if name not in taken)
