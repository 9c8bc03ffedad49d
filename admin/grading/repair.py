"""Give the graded cells of a submission back the marks and places that the released notebook gave them."""

from __future__ import annotations

import copy
from pathlib import Path

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from admin.course.cells import grade_id


class RepairCells(NbGraderPreprocessor):
    """First of the sanitising preprocessors of autograding.

    Students copy cells (two with one grade_id), delete some, change their type, or paste them from elsewhere.
    What is an answer stays an answer: the last cell with a known grade_id counts, as in nbgrader; copies lose
    their marks; missing cells come back as they were released, so an answer that is gone is an empty one.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        if nb.nbformat_minor < 5:  # Colab still saves notebooks without cell ids; ours have them
            nb = nbformat.v4.upgrade(nb, from_version=4, from_minor=nb.nbformat_minor)
        coursedir = self.parent.parent.coursedir  # exporter → converter
        names = resources["nbgrader"]
        folder = coursedir.format_path(coursedir.release_directory, ".", names["assignment"])
        repair(nb, released_cells(Path(folder) / f"{names['notebook']}.ipynb"))
        return nb, resources


def released_cells(path: Path) -> list[NotebookNode]:
    """The cells of the released notebook that nbgrader knows by a grade_id, in order."""
    notebook = nbformat.read(path, as_version=nbformat.current_nbformat)
    return [cell for cell in notebook.cells if grade_id(cell)]


def repair(notebook: NotebookNode, released: list[NotebookNode]) -> None:
    """Change `notebook` in place so that each cell in `released` is in it once, with its own marks.

    A cell that is not the student's to write gets its text back as well.
    """
    known = {grade_id(cell): cell for cell in released}
    found: dict[str, NotebookNode] = {}
    for cell in reversed(notebook.cells):
        name = grade_id(cell)
        if name in known and name not in found:
            # All metadata: a tag such as skip-execution would give full points for nothing.
            cell.metadata = copy.deepcopy(known[name].metadata)
            retype(cell, known[name].cell_type)
            if not cell.metadata["nbgrader"].get("solution"):
                cell.source = known[name].source
            found[name] = cell
        else:
            cell.metadata.pop("nbgrader", None)

    place = 0  # behind the last cell that was found or put back
    for original in released:
        name = grade_id(original)
        if name in found:
            place = next(i for i, cell in enumerate(notebook.cells) if cell is found[name]) + 1
        else:
            notebook.cells.insert(place, copy.deepcopy(original))
            place += 1


def retype(cell: NotebookNode, kind: str) -> None:
    """Make a cell a code, markdown or raw cell, whichever it was."""
    if cell.cell_type == kind:
        return
    cell.cell_type = kind
    for key in ("outputs", "execution_count", "attachments"):
        cell.pop(key, None)
    if kind == "code":
        cell.outputs, cell.execution_count = [], None
