"""Secret cases: who gets the same ones, who others, and that every way of grading draws them alike."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from rich.console import Console

from admin.course.answers import answer
from admin.course.cells import grade_id
from admin.course.layout import ASSIGNMENT, NOTEBOOK, Course
from admin.grading import cases, execute
from admin.grading import run as grading
from admin.grading.trainer import hash_of
from admin.grading.worker import Worker
from checks.carried import NETS
from tests.grading.sessions import LIMITS, shown
from tests.needs import needs_sandbox

OF_A_DRAW = ("sample_shape", "nb_classes", "rows", "raw", "labels")
FILE = f"{NOTEBOOK}.ipynb"


def notebook(course: Course, code: str) -> str:
    """The text of a released notebook with this answer to task 1."""
    made = nbformat.read(course.release / FILE, 4)
    for cell in made.cells:
        if grade_id(cell) == "normalise_images":
            cell.source = code
    return nbformat.writes(made)


def hand_in(course: Course, student: str, folder: str, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = course.root / "submitted" / student / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_the_secret_is_the_course_s_own_and_stays(tmp_path: Path) -> None:
    """Is it made once, for its owner alone, and another one in another course?"""
    secret = cases.secret_of(tmp_path)
    assert cases.secret_of(tmp_path) == secret
    assert (tmp_path / "grading" / "secret").stat().st_mode & 0o077 == 0
    assert cases.secret_of(tmp_path / "other") != secret


def test_a_seed_follows_from_secret_work_and_task() -> None:
    """Another secret, other work, another task: other cases. The same again: the same?"""
    base = (b"s" * 32, b"content", "one_hot")
    changed = [(b"x" * 32, *base[1:]), (base[0], b"other", base[2]), (*base[:2], "net_1")]
    assert len({cases.seed_of(*each) for each in [base, base, *changed]}) == 4


@pytest.mark.parametrize("task", NETS)
def test_the_same_net_is_asked_the_same_and_no_session_knows_what(built: Course, task: str) -> None:
    """Twelve works: other pictures and weights for each session and each net, but few shapes and rows?"""
    told_in, asked, of_nets, of_others, shapes = [], [], [], [], set()
    for number in range(12):
        seeds = cases.seeds_of(b"s" * 32, str(number).encode())
        for case in seeds.cases(task, built.source):
            shape = hashed({key: value for key, value in case.ask.items() if key in OF_A_DRAW})
            shapes.add(shape)
            told_in.append(hashed(case.ask))
            asked.append(hashed(seeds.of_session(task, case).ask))
            of_net = seeds.of_net(task, case, "a net")
            assert hashed({key: of_net.ask[key] for key in case.ask if key in OF_A_DRAW}) == shape
            of_nets.append((shape, hashed(of_net.ask)))
            of_others.append(hashed(seeds.of_net(task, case, "another").ask))
    assert len(set(asked)) == len(asked)
    assert len(set(of_nets)) == len(shapes) < len(asked)
    seen = {*told_in, *asked}
    assert not seen & {ask for _, ask in of_nets}
    assert not seen & set(of_others)
    assert len(set(of_others)) == len(shapes)
    other_secret = cases.seeds_of(b"t" * 32, b"0")
    assert hashed(other_secret.cases(task, built.source)[-1].ask) not in seen
    assert other_secret.of_course != seeds.of_course


def hashed(ask: Mapping[str, Any]) -> str:
    return hash_of(dict(ask))


@pytest.fixture
def seeds(course: Course, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The seed of task 3 by student, from the moment at which a session would start; none is started."""
    drawn: dict[str, int] = {}

    def no_session(nb: NotebookNode, worker: object, folders: execute.Folders, seeds, *more: object):
        drawn[folders.submitted.parent.name] = seeds.of_work["one_hot"]
        return execute.RunResult(nb, {}, {})

    monkeypatch.setattr(execute, "run", no_session)
    return drawn


@needs_sandbox
def test_the_same_work_is_asked_the_same_wherever_it_lay(course: Course, seeds: dict[str, int]) -> None:
    """In its place, nested too deep, renamed by a browser, days later, through the exchange: the same cases?

    And one character more, or another file beside it: others?
    """
    code = answer("normalise_images", "the model answer").code
    right, other = notebook(course, code), notebook(course, code + " ")
    own, stamp = "x = 1", "2026-03-01 10:00:00 UTC"
    hand_in(course, "amara", ASSIGNMENT, {FILE: right, "own.py": own})
    hand_in(course, "nested", "my/work", {FILE: right, "own.py": own})
    hand_in(course, "renamed", ASSIGNMENT, {"p1 (1).ipynb": right, "own.py": own})
    hand_in(course, "late", ASSIGNMENT, {FILE: right, "own.py": own, "timestamp.txt": stamp})
    of_exchange = {"timestamp.txt": stamp, "submission_secret.txt": "6b1f"}
    hand_in(course, "exchange", ASSIGNMENT, {FILE: right, "own.py": own, **of_exchange})
    hand_in(course, "all of it", ASSIGNMENT, {FILE: right, "own.py": own, "tools/data.py": "mine"})
    hand_in(course, "one character", "my/work", {FILE: other, "own.py": own})
    hand_in(course, "another file", "my/work", {FILE: right, "own.py": "x = 2"})
    assert grading.grade(course, force=True, console=Console(file=io.StringIO())) == 0
    same = [seeds[student] for student in ("amara", "nested", "renamed", "late", "exchange", "all of it")]
    assert len(set(same)) == 1
    assert len({seeds[student] for student in ("amara", "one character", "another file")}) == 3


@needs_sandbox
def test_what_is_no_part_of_the_work_is_out_of_its_reach(tmp_path: Path) -> None:
    """Code in a file that the exchange writes could change while the cases stay: is such a file there?"""
    for name in ("own.py", "submission_secret.txt", "timestamp.txt"):
        (tmp_path / name).write_text("x = 1")
    folders = execute.Folders(tmp_path, tmp_path / "release", tmp_path / "source")
    with closing(Worker(True, LIMITS)) as worker, worker.session(folders) as session:
        assert shown(session, "import os; sorted(os.listdir())") == "['own.py']"


@needs_sandbox
def test_every_way_of_grading_asks_the_same(course: Course, seeds: dict[str, int]) -> None:
    """`grade`, and nbgrader's own autograde (which formgrader's button calls): the same cases?"""
    text = notebook(course, "# nothing\n")
    hand_in(course, "amara", ASSIGNMENT, {FILE: text})
    hand_in(course, "bjarne", ASSIGNMENT, {"p1 (1).ipynb": text})
    assert grading.grade(course, force=True, console=Console(file=io.StringIO())) == 0
    by_grade = dict(seeds)
    seeds.clear()
    for student in by_grade:
        assert course.api().autograde(ASSIGNMENT, student, force=True)["success"]
    assert seeds == by_grade
    assert len(set(seeds.values())) == 1
