"""Where things are in a course folder, and how nbgrader is opened on it."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry, Notebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import DatabaseError, SAWarning
from traitlets.config import Config, PyFileConfigLoader

from checks.language import say

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_COURSE = REPOSITORY / "course"
COURSE_ID = "convnet"
ASSIGNMENT = "convnet"
NOTEBOOK = "convolutional_networks"
CHECKS = REPOSITORY / "notebooks" / "checks"
CONFIG = REPOSITORY / "admin" / "config" / "nbgrader_config.py"


class CourseError(Exception):
    """Something that the instructor has to know, in one sentence that says what to do."""


@dataclass(frozen=True)
class Course:
    """One nbgrader course folder; the names of its folders are nbgrader's."""

    root: Path

    @classmethod
    def at(cls, folder: str | Path | None = None) -> Course:
        """The course in `folder`; else the one that CONVNET_COURSE names; else that of the repository."""
        folder = folder or os.environ.get("CONVNET_COURSE") or DEFAULT_COURSE
        return cls(Path(folder).expanduser().resolve())

    @property
    def source(self) -> Path:
        return self.root / "source" / ASSIGNMENT

    @property
    def release(self) -> Path:
        return self.root / "release" / ASSIGNMENT

    @property
    def student_zip(self) -> Path:
        return self.root / "student.zip"

    @property
    def database(self) -> Path:
        return self.root / "gradebook.db"

    def submitted(self, student: str) -> Path:
        return self.root / "submitted" / student / ASSIGNMENT

    def autograded(self, student: str) -> Path:
        return self.root / "autograded" / student / ASSIGNMENT

    def feedback(self, student: str) -> Path:
        return self.root / "feedback" / student / ASSIGNMENT

    def students(self) -> list[str]:
        """Who has a folder in submitted/, in order.

        One in which the assignment is missing counts, as broken; one with other assignments only does not.
        """
        folder = self.root / "submitted"
        if not folder.is_dir():
            return []
        others = self.other_assignments()
        return sorted(
            entry.name
            for entry in folder.iterdir()
            if entry.is_dir() and not entry.name.startswith(".") and not holds_only(entry, others)
        )

    def other_assignments(self) -> frozenset[str]:
        """The assignments that this course has beside ours."""
        source = self.root / "source"
        names = {entry.name for entry in source.iterdir()} if source.is_dir() else set()
        if self.database.exists():
            with self.gradebook() as gradebook:
                names |= {assignment.name for assignment in gradebook.assignments}
        return frozenset(names - {ASSIGNMENT})

    def make_private(self) -> None:
        """Make the folder if need be, for its owner alone: solutions and everybody's work are in it."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.is_open():
            with suppress(PermissionError):  # it is somebody else's; `doctor` names it
                self.root.chmod(0o700)

    def is_open(self) -> bool:
        """True when other users of this machine may look in. On Windows a mode says nothing of that."""
        return os.name != "nt" and bool(self.root.stat().st_mode & 0o077)

    def shown(self, path: Path | None = None) -> str:
        """A path as a person would write it: relative to where they are, if it is below."""
        path = path or self.root
        try:
            return str(path.relative_to(Path.cwd()))
        except ValueError:
            return str(path)

    def option(self) -> str:
        """What has to be typed to name this course: nothing for the default one."""
        return "" if self.root == DEFAULT_COURSE else f" --course '{self.shown()}'"

    def config(self) -> Config:
        """Our nbgrader configuration, for this folder. Settings of the user's home do not mix in."""
        config = PyFileConfigLoader(CONFIG.name, path=str(CONFIG.parent)).load_config()
        config.CourseDirectory.root = str(self.root)
        return config

    def ignored(self) -> tuple[str, ...]:
        """Patterns of names that nbgrader leaves alone."""
        return tuple(self.config().CourseDirectory.ignore)

    def api(self) -> NbGraderAPI:
        """nbgrader's API on this folder. It takes the gradebook as it is: `gradebook` makes one."""
        config = self.config()
        return NbGraderAPI(coursedir=CourseDirectory(config=config), config=config)

    @contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """nbgrader's gradebook of this course, made when there is none. Raises CourseError."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            with programs_on_path():
                opened = Gradebook(f"sqlite:///{self.database}", COURSE_ID)
            with opened as gradebook, quiet():
                yield gradebook
        except DatabaseError as error:
            shown = self.shown(self.database)
            raise CourseError(say("grading.database_in_use", database=shown, error=str(error.orig))) from None

    def points(self, student: str) -> dict[str, float | None] | None:
        """Points of a student by grade_id: the person's where one has graded, else the machine's, else None.

        None instead of a dictionary when the gradebook has no submission of that student.
        """
        if not self.database.exists():
            return None
        with self.gradebook() as gradebook:
            try:
                notebook = gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, student)
            except MissingEntry:
                return None
            return {
                grade.name: grade.auto_score if grade.manual_score is None else grade.manual_score
                for grade in notebook.grades
            }

    def out_of(self) -> dict[str, float]:
        """Points that each graded cell is worth, by grade_id, without those that a person gives."""
        with self.gradebook() as gradebook:
            notebook = self.notebook_in(gradebook)
            by_hand = {cell.name for cell in notebook.solution_cells}
            return {cell.name: cell.max_score for cell in notebook.grade_cells if cell.name not in by_hand}

    def notebook_in(self, gradebook: Gradebook) -> Notebook:
        """What the gradebook knows of the assignment's notebook. Raises CourseError when it has none."""
        try:
            return gradebook.find_notebook(NOTEBOOK, ASSIGNMENT)
        except MissingEntry:
            raise CourseError(
                say("grading.no_assignment", course=self.shown(), option=self.option())
            ) from None


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings of SQLAlchemy's for a while.

    nbgrader 0.9.6 adds submissions in an order that SQLAlchemy 2 warns of; nobody here can act on it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield


@contextmanager
def programs_on_path() -> Iterator[None]:
    """Programs of this Python's environment are found by their bare names for a while.

    nbgrader starts `alembic` so to make a gradebook, and the environment need not be activated.
    """
    before = os.environ.get("PATH")
    os.environ["PATH"] = os.pathsep.join(filter(None, [str(Path(sys.executable).parent), before]))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = before


def holds_only(folder: Path, names: frozenset[str]) -> bool:
    """True when all that a folder holds is called so, and there is something that can be read."""
    try:
        inside = set(os.listdir(folder))
    except OSError:
        return False
    return bool(inside) and inside <= names
