"""Looking ahead in a submission: what it keeps, that nothing else changes, and that it gives way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from admin.course.answers import answer
from admin.course.cells import grade_id
from admin.course.layout import NOTEBOOK, Course
from admin.grading import execute, pool
from admin.grading.ahead import LookAhead
from admin.grading.plan import plan
from admin.grading.trainer import one_at_a_time
from admin.grading.worker import Folders, Worker
from admin.sandbox.limits import Limits
from checks.task import TABLE
from tests.grading.sessions import seeds
from tests.needs import needs_sandbox


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with closing(Worker(True, Limits())) as own:
        yield own


def solved(course: Course, first: str = "pass") -> NotebookNode:
    """The released notebook up to the second training, with model answers and no figures, after this cell."""
    made = nbformat.read(course.release / f"{NOTEBOOK}.ipynb", 4)
    cells = [cell for cell in made.cells if grade_id(cell) or cell.source.startswith("QUICK = ")]
    end = next(i for i, cell in enumerate(cells) if grade_id(cell) == "check_train_net_2")
    made.cells = [nbformat.v4.new_code_cell(first), *cells[: end + 1]]
    for cell in made.cells:
        if grade_id(cell) in TABLE:
            cell.source = answer(grade_id(cell), "the model answer").code
    return made


@needs_sandbox
@pytest.mark.slow
def test_later_trainings_are_there_already_and_are_the_same(
    built: Course, worker: Worker, tmp_path: Path
) -> None:
    """Is the second training kept, and not the first; and does the submission come to the same with it?

    And is it passed over, too, while somebody else is at it, and nothing done when the look is over?
    """

    def folders(store: str) -> Folders:
        return Folders(built.release, built.release, built.source, trainings=tmp_path / store)

    look = LookAhead(solved(built), folders("ahead"))
    assert not any("tests.test_" in code for code in look.cells), "it runs a check"
    look.run(worker)
    ahead = {file.name: file.read_bytes() for file in (tmp_path / "ahead").iterdir()}
    alone, after = (
        execute.run(solved(built), worker, folders(store), seeds()).findings for store in ("alone", "ahead")
    )
    assert alone == after
    kept = {file.name: file.read_bytes() for file in (tmp_path / "alone").iterdir()}
    assert ahead.items() < kept.items()
    trainings = [[name for name, content in each.items() if len(content) > 1e6] for each in (ahead, kept)]
    assert [len(each) for each in trainings] == [1, 2]
    assert {file.name for file in (tmp_path / "ahead").iterdir()} == set(kept)
    (second,) = trainings[0]
    with one_at_a_time(second.removesuffix(".kept")):
        LookAhead(solved(built), folders("of others")).run(worker)
    LookAhead(solved(built), folders("over")).run(worker, lambda: True)
    assert not [file for name in ("of others", "over") for file in tmp_path.glob(f"{name}/*")]


def test_who_waits_for_another_s_training_does_something_else() -> None:
    """Until that one is done, and only where there is one?"""
    at_work, done = threading.Event(), threading.Event()
    told: list[bool] = []

    def train() -> None:
        with one_at_a_time("a training"):
            at_work.set()
            assert done.wait(60)

    def something_else(is_over: Callable[[], bool]) -> None:
        told.append(is_over())
        done.set()
        while not is_over():
            time.sleep(0.01)
        told.append(is_over())

    other = threading.Thread(target=train)
    other.start()
    assert at_work.wait(60)
    with one_at_a_time("another training", something_else):
        assert told == []
    with one_at_a_time("a training", something_else):
        assert told == [False, True]
    other.join()


@needs_sandbox
@pytest.mark.slow
def test_its_worker_is_free_for_the_next_submission(course: Course) -> None:
    """A cell that takes long, in one of two workers: is the other one free at once for another hand-in?"""
    for student, cell in (("slow", "import time; time.sleep(45)"), ("quick", "raise SystemExit")):
        folder = course.submitted(student)
        folder.mkdir(parents=True)
        notebook = nbformat.v4.new_notebook(cells=solved(course, cell).cells[:2])
        nbformat.write(notebook, folder / f"{NOTEBOOK}.ipynb")
    slow, quick = plan(course, ["slow", "quick"])
    with closing(pool.Pool(course, 2, True, lambda *_: None)) as two:
        first = two.start([slow])[0]
        while not two.is_looking_ahead:
            time.sleep(0.1)
        time.sleep(5)
        assert two.is_looking_ahead
        second = two.start([quick])[0]
        assert second.result().failed is None
        assert not first.done()
        assert first.result().failed is None
