"""What an instructor has changed in the notebook's source: points of cells, and questions of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nbformat import NotebookNode
from nbgrader import utils

from admin.course.cells import grade_id
from checks.language import Sentence, say
from checks.task import DISCUSSION, TABLE

# The table's points, by the cell that they are given in.
OURS: Mapping[str, int] = {
    **{entry.check_cell: entry.points for entry in TABLE.values()},
    DISCUSSION.name: DISCUSSION.points,
}
# What is there cannot be told in parts of points.
GIVES_NONE = {entry.check_cell for entry in TABLE.values() if not entry.whole}


def changes(notebook: NotebookNode, before: NotebookNode | None = None) -> Iterator[Sentence]:
    """A sentence for each cell that is worth something else than in the table, and for each own question.

    `before` is the notebook that the new one takes the place of: points that were changed in it alone, and
    not in the source, are lost, and that is said as well.
    """
    now = points(notebook)
    for cell, worth in now.items():
        if cell not in OURS:
            continue
        if cell in GIVES_NONE:
            yield say("build.gives_none", cell=cell)
        elif worth != OURS[cell]:
            yield say("build.other_points", cell=cell, ours=OURS[cell], theirs=worth)
    for cell, worth in points(before).items() if before else ():
        if cell in now and worth not in (now[cell], OURS.get(cell)):
            yield say("build.lost_points", cell=cell, theirs=worth, now=now[cell])
    for cell in own_tests(notebook):
        yield say("build.own_test", cell=cell)


def points(notebook: NotebookNode) -> dict[str, float]:
    """What each graded cell is worth, by its name; whole numbers as int."""
    found = {}
    for cell in notebook.cells:
        if utils.is_grade(cell):
            worth = float(cell.metadata.nbgrader.points)
            found[grade_id(cell)] = int(worth) if worth.is_integer() else worth
    return found


def own_tests(notebook: NotebookNode) -> list[str]:
    """The cells with tests that nbgrader grades by running them, since no check of ours judges them."""
    return [
        grade_id(cell)
        for cell in notebook.cells
        if cell.cell_type == "code"
        and utils.is_grade(cell)
        and not utils.is_solution(cell)
        and grade_id(cell) not in OURS
    ]
