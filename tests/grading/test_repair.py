"""What students do to the cells of their notebook, and what grading makes of it."""

from __future__ import annotations

import copy

import nbformat
import pytest

from admin.course.cells import grade_id
from admin.course.layout import NOTEBOOK
from admin.grading.repair import repair


@pytest.fixture
def released(built):
    return nbformat.read(built.release / f"{NOTEBOOK}.ipynb", 4)


@pytest.fixture
def handed_in(released):
    return copy.deepcopy(released)


def graded(notebook):
    return [cell for cell in notebook.cells if grade_id(cell)]


def place(notebook, name):
    return next(i for i, cell in enumerate(notebook.cells) if grade_id(cell) == name)


def test_an_untouched_notebook_stays_as_it_is(released, handed_in):
    """Is nothing changed where nothing is wrong?"""
    repair(handed_in, graded(released))
    assert handed_in == released


def test_a_copied_cell_counts_once(released, handed_in):
    """A cell that was copied to keep an earlier try: does the last one count, and stock nbgrader not stop?"""
    at = place(handed_in, "one_hot")
    early = copy.deepcopy(handed_in.cells[at])
    early.source = "# my first try"
    handed_in.cells.insert(at, early)
    repair(handed_in, graded(released))
    assert [grade_id(cell) for cell in graded(handed_in)] == [grade_id(cell) for cell in graded(released)]
    assert handed_in.cells[at].source == "# my first try"
    assert not grade_id(handed_in.cells[at])


def test_deleted_cells_come_back_empty_and_in_their_place(released, handed_in):
    """An answer cell and its check cell, both deleted: is the task empty, and the rest graded?"""
    handed_in.cells = [cell for cell in handed_in.cells if grade_id(cell) not in ("net_1", "check_net_1")]
    repair(handed_in, graded(released))
    assert [grade_id(cell) for cell in graded(handed_in)] == [grade_id(cell) for cell in graded(released)]
    assert handed_in.cells[place(handed_in, "net_1")] == released.cells[place(released, "net_1")]


@pytest.mark.parametrize(
    "marks", [None, [], {"grade_id": "check_one_hot", "schema_version": 99}, {"grade_id": ["check_one_hot"]}]
)
def test_damaged_marks_are_replaced(released, handed_in, marks):
    """Marks of another nbgrader, or of none: do they get the released ones instead of ending the batch?"""
    handed_in.cells[place(handed_in, "check_one_hot")].metadata.nbgrader = nbformat.from_dict(marks)
    repair(handed_in, graded(released))
    assert graded(handed_in)[place_in(graded(released), "check_one_hot")].metadata == (
        released.cells[place(released, "check_one_hot")].metadata
    )


def test_a_tag_does_not_skip_a_check(released, handed_in):
    """Is the tag gone that lets Jupyter skip a cell? A check without output would be worth all its points."""
    handed_in.cells[place(handed_in, "check_net_1")].metadata["tags"] = ["skip-execution"]
    repair(handed_in, graded(released))
    assert "skip-execution" not in handed_in.cells[place(handed_in, "check_net_1")].metadata.get("tags", [])


def test_a_cell_of_another_type_is_what_it_was(released, handed_in):
    """An answer turned to markdown by a slip of the keyboard: is it code again, with its text?"""
    cell = handed_in.cells[place(handed_in, "one_hot")]
    cell.cell_type, cell.source = "markdown", "x = 1"
    del cell["outputs"], cell["execution_count"]
    repair(handed_in, graded(released))
    assert (cell.cell_type, cell.source, cell.outputs) == ("code", "x = 1", [])


def test_what_is_not_the_students_is_as_it_was_released(released, handed_in):
    """A check cell and a training cell that were edited: do they get their own text back, and answers not?"""
    for name in ("check_one_hot", "fit_net_1", "one_hot"):
        handed_in.cells[place(handed_in, name)].source = "mine"
    repair(handed_in, graded(released))
    texts = [handed_in.cells[place(handed_in, name)].source for name in ("check_one_hot", "fit_net_1")]
    assert "mine" not in texts
    assert handed_in.cells[place(handed_in, "one_hot")].source == "mine"


def place_in(cells, name):
    return [grade_id(cell) for cell in cells].index(name)
