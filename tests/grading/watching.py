"""What the tests of `grade --watch` share: a course with an exchange, its students, and a watcher."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.exchange.default.exchange import Exchange
from nbgrader.exchange.default.fetch_feedback import ExchangeFetchFeedback
from nbgrader.exchange.default.release_assignment import ExchangeReleaseAssignment
from nbgrader.exchange.default.submit import ExchangeSubmit
from nbgrader.utils import temp_attrs

from admin.course.answers import answer
from admin.course.cells import grade_id
from admin.course.layout import ASSIGNMENT, NOTEBOOK, REPOSITORY, Course, quiet
from tests.grading.sessions import command_line, descendants

FILE = f"{NOTEBOOK}.ipynb"
SLOW = "import time; time.sleep(9)"
ADMIN = [sys.executable, str(REPOSITORY / "admin")]


@dataclass(frozen=True)
class Class:
    """A course, the exchange that it is released in, and folders of its students."""

    course: Course
    exchange: Path
    homes: Path

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "CONVNET_COURSE": str(self.course.root),
            "CONVNET_EXCHANGE": str(self.exchange),
            "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{REPOSITORY / 'notebooks'}",
        }

    def exchanged(self, what: type[Exchange], student: str = "*") -> None:
        """What one of nbgrader's commands does, for a student, without the seconds in which it starts."""
        api = self.course.api()
        config = api.config.copy()
        config.Exchange.root = str(self.exchange)
        if student != "*":
            config.Exchange.cache = str(self.homes / student / "cache")
            config.Exchange.assignment_dir = str(self.home(student))
        with temp_attrs(api.coursedir, assignment_id=ASSIGNMENT, student_id=student), quiet():
            what(coursedir=api.coursedir, authenticator=api.authenticator, config=config).start()

    def home(self, student: str) -> Path:
        """Where a student works, with the assignment fetched."""
        home = self.homes / student / "home"
        if not home.exists():
            shutil.copytree(self.course.release, home / ASSIGNMENT)
        return home

    def hand_in(self, student: str, right: bool = True, before: str = "", text: str | None = None) -> None:
        """As by `nbgrader submit`: a notebook worth 8 points or none, or a file with this text."""
        (self.home(student) / ASSIGNMENT / FILE).write_text(
            notebook(self.course, right, before) if text is None else text
        )
        self.exchanged(ExchangeSubmit, student)

    def pages(self, student: str) -> dict[str, str]:
        """What a student gets as by `nbgrader fetch_feedback`, by the time of the hand-in."""
        self.exchanged(ExchangeFetchFeedback, student)
        folder = self.home(student) / ASSIGNMENT / "feedback"
        return {page.parent.name: page.read_text() for page in sorted(folder.glob("*/*.html"))}

    def newest_page(self, student: str) -> str:
        return list(self.pages(student).values())[-1]

    def points(self, student: str) -> float | None:
        given = self.course.points(student)
        return None if given is None else sum(points or 0 for points in given.values())

    @property
    def state(self) -> dict[str, Any]:
        """What the watcher has written down last."""
        try:
            kept: dict[str, Any] = json.loads((self.course.root / "grading" / "watch.json").read_text())
        except OSError:
            return {}
        return kept

    def gradings(self, student: str) -> int:
        """How often a student has been graded within the hour."""
        return len(self.state.get("begun", {}).get(student, []))

    def grade(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*ADMIN, "grade", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=200)


@dataclass(frozen=True)
class Watcher:
    """A running `grade --watch`, and the file with what it says."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text()

    def says(self, words: str, seconds: float = 90, times: int = 1) -> None:
        wait_until(lambda: self.said.count(words) >= times, seconds, lambda: self.said)

    def end(self, how: int = signal.SIGTERM) -> int:
        """End it, and see that nothing of it is left; its exit code."""
        below = {pid: command_line(pid) for pid in descendants(self.process.pid)}
        self.process.send_signal(how)
        code = self.process.wait(30)
        gone = lambda: not any(words and command_line(pid) == words for pid, words in below.items())  # noqa: E731
        wait_until(gone, 20, lambda: str(below))
        return code


def notebook(course: Course, right: bool = True, before: str = "") -> str:
    """A notebook that is graded in no time: without the cells between the tasks."""
    made = nbformat.read(course.release / FILE, 4)
    made.cells = [made.cells[0], *filter(grade_id, made.cells)]
    for cell in made.cells:
        if grade_id(cell) == "normalise_images" and right:
            cell.source = answer("normalise_images", "the model answer").code
        if grade_id(cell) == "normalise_images" and before:
            cell.source = f"{before}\n{cell.source}"
    return nbformat.writes(made)


def make(built: Course, folder: Path) -> Class:
    """A class whose assignment is released, and in which nobody has handed in."""
    shutil.copytree(built.root, folder / "course")
    made = Class(Course.at(folder / "course"), folder / "exchange", folder / "homes")
    made.exchange.mkdir()
    made.exchange.chmod(0o777)
    made.exchanged(ExchangeReleaseAssignment)
    return made


@contextlib.contextmanager
def watching(class_: Class, *options: str, program: str = "") -> Iterator[Watcher]:
    """A watcher, as a service would start it. `program` is run in its process before it begins."""
    command = [*ADMIN, "grade", "--watch", *options]
    if program:
        start = f"{program}\nimport sys\nfrom admin.commands.grade import main\nsys.exit(main(sys.argv[1:]))"
        command = [sys.executable, "-c", start, "--watch", *options]
    log = class_.homes.parent / f"watch.{time.time()}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=class_.environment, stdout=file, stderr=file)
    watcher = Watcher(process, log)
    try:
        yield watcher
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def wait_until(holds: Callable[[], Any], seconds: float, why: Callable[[], str] = str) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not in time: {why()}"
        time.sleep(0.1)
