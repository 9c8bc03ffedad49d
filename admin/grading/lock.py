"""Who may grade in a course folder: one program at a time. The lock ends with the process that holds it.

`grade` and formgrader's button take it for as long as they work. `grade --watch` takes it while something is
to do, and gives way to whoever waits: these queue at a second lock, the turn, so that the watcher sees them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from admin.course.layout import Course, CourseError
from checks.language import Sentence, say

GRADING, TURN, WATCHING = "lock", "turn.lock", "watch.lock"
GRADE, BUTTON, WATCHER = "grade", "button", "watch"
"""who holds the first of them: `grade`, formgrader's button or a watcher"""
# `is_held` takes a lock for a moment; who finds it taken looks again before it believes that.
LOOKS, PAUSE = 5, 0.05


@contextmanager
def only_one_at_a_time(
    course: Course, tell: Callable[[Sentence], None] | None = None, holder: str = GRADE
) -> Iterator[None]:
    """Raise CourseError while another `grade` works in the same folder. A killed one holds nothing.

    A watcher at work is waited for, which `tell` is told; it finishes what it is grading, and nothing else.
    """
    with opened(course, GRADING) as grading:
        if not taken(grading):
            if holder_in(grading) != WATCHER:
                raise at_work(course)
            with opened(course, TURN) as turn:
                if not taken(turn):
                    raise at_work(course)
                if tell:
                    tell(say("watching.giving_way"))
                wait_for(grading)
        write(grading, holder)
        yield


class Watcher:
    """The watcher's side of the lock: it never waits, and sees who does."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._grading: IO[str] | None = None

    @property
    def holds(self) -> bool:
        return self._grading is not None

    def take(self) -> bool:
        """Take the lock, unless somebody has it or waits for it; whether it is ours now."""
        if self._grading is None and not is_held(self.course, TURN):
            grading = open_file(self.course, GRADING)
            if lock(grading):
                write(grading, WATCHER)
                self._grading = grading
            else:
                grading.close()
        return self.holds

    def is_wanted(self) -> bool:
        """Whether somebody waits for us to finish."""
        return is_held(self.course, TURN)

    def release(self) -> None:
        if self._grading:
            self._grading.close()
        self._grading = None


@contextmanager
def only_one_watcher(course: Course) -> Iterator[None]:
    """Raise CourseError while another watcher has this course."""
    with opened(course, WATCHING) as watching:
        if not taken(watching):
            raise CourseError(say("watching.another", folder=course.shown()))
        yield


def is_held(course: Course, name: str) -> bool:
    """Whether somebody holds one of the locks at this moment."""
    try:
        with (course.root / "grading" / name).open() as file:
            return not lock(file, shared=True)
    except OSError:
        return False


def at_work_now(course: Course) -> bool:
    """Whether `grade` works in the course at this moment."""
    if not is_held(course, GRADING):
        return False
    try:
        with (course.root / "grading" / GRADING).open() as file:
            return holder_in(file) == GRADE
    except OSError:
        return False


# --- Files ------------------------------------------------------------------------------------------


def open_file(course: Course, name: str) -> IO[str]:
    """A lock's file. Raises CourseError where there is no course."""
    if not course.database.exists():
        raise CourseError(say("grading.no_course", folder=course.shown(), option=course.option()))
    folder = course.root / "grading"
    folder.mkdir(parents=True, exist_ok=True)
    return Path(folder, name).open("a+")  # its content is of whoever holds the lock


@contextmanager
def opened(course: Course, name: str) -> Iterator[IO[str]]:
    with open_file(course, name) as file:
        yield file


def taken(file: IO[str]) -> bool:
    """Take a lock; False while somebody else keeps it."""
    for look in range(LOOKS):
        if look:
            time.sleep(PAUSE)
        if lock(file):
            return True
    return False


def lock(file: IO[str], shared: bool = False) -> bool:
    try:
        import fcntl

        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except ImportError:
        pass  # Windows, where nothing is run anyway
    except OSError:
        return False
    return True


def wait_for(file: IO[str]) -> None:
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX)


def holder_in(file: IO[str]) -> str:
    file.seek(0)
    return file.read(20)


def write(file: IO[str], holder: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(holder)
    file.flush()


def at_work(course: Course) -> CourseError:
    return CourseError(say("grading.another_at_work", folder=course.shown()))
