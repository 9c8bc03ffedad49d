"""Our grader as an autograder of Gradescope's: the archive that is uploaded there.

    setup.sh, run_autograder    what Gradescope starts: once, and for each submission
    admin/, notebooks/, …       this repository, as far as grading needs it
    course/                     source, release, an empty gradebook, and the course's secret

https://gradescope-autograders.readthedocs.io/en/latest/specs/ says what it makes of that. The solutions
are in it, so Gradescope has to keep the archive from students, as it does with everybody's tests. The secret
tells whoever has it no more than the solutions do. With it, a hand-in gets the same cases and so the same
points whenever it is graded, there or here by `grade`.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from admin.course.layout import ASSIGNMENT, REPOSITORY, Course, CourseError
from admin.course.student import LEFT_OUT, archive_of
from admin.grading.cases import secret_of
from admin.platforms.tables import beside

HERE = Path(__file__).resolve().parent
PROGRAMS = ("setup.sh", "run_autograder")
NEEDED = ("admin", "notebooks", "problem_unittests.py", "requirements.txt")


def pack(course: Course, target: Path) -> None:
    """Write the archive, whole or not at all. Raises CourseError."""
    if not course.database.exists():
        raise CourseError(
            f"There is no course in {course.shown()} yet: python3 -m admin build{course.option()}"
        )
    course.out_of()  # says what to do where the assignment was not built
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        empty = Course(Path(folder, "course"))
        make_empty(course, empty)
        files = [*here(), *below(empty.root, "course")]
        with beside(target) as half:
            half.write_bytes(archive_of(files, PROGRAMS))


def make_empty(course: Course, empty: Course) -> None:
    """The same assignment with nobody's work: its source as it is now, and what nbgrader makes of it."""
    shutil.copytree(course.source, empty.source, ignore=shutil.ignore_patterns(*LEFT_OUT))
    with empty.gradebook():  # makes it
        pass
    reply = empty.api().generate_assignment(ASSIGNMENT)
    if not reply["success"]:
        raise CourseError(
            f"nbgrader could not make a release of {course.shown(course.source)}: "
            f"python3 -m admin build{course.option()}"
        )
    secret = empty.root / "grading" / "secret"
    secret.parent.mkdir()
    secret.write_bytes(secret_of(course.root))


def here() -> Iterator[tuple[str, bytes]]:
    """The programs that Gradescope starts, and of this repository what they need."""
    for name in PROGRAMS:
        yield name, (HERE / name).read_bytes()
    for name in NEEDED:
        path = REPOSITORY / name
        yield from below(path, name) if path.is_dir() else [(name, path.read_bytes())]


def below(folder: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """The files of a folder, which is called `name` in the archive."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not path.is_symlink() and not LEFT_OUT & set(parts):
            yield f"{name}/{'/'.join(parts)}", path.read_bytes()
