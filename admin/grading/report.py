"""What the person at the terminal sees of a grading."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from admin.course.layout import ASSIGNMENT, Course
from admin.grading import execute
from admin.grading.record import Outcome, warning_of
from admin.text import printable

BAR_WIDTH = 22


class Report:
    """What the person sees: a line a submission as it finishes, and on a terminal how far it is."""

    def __init__(
        self, course: Course, console: Console, out_of: dict[str, float], width: int, sandbox: bool = True
    ) -> None:
        self.course, self.console, self.out_of, self.width = course, console, out_of, width
        self.mark = "" if sandbox else f"{execute.NOT_ISOLATED} "  # on every line: nobody overlooks it
        self.failures = 0
        self._cells: dict[str, str] = {}
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def start(self, submissions: int, to_grade: int, workers: int) -> None:
        counted = f"{submissions} submission{'' if submissions == 1 else 's'}"
        at_work = f" with {workers} worker{'' if workers == 1 else 's'}" if to_grade else ""
        self.console.print(
            f"{self.mark}Grading {ASSIGNMENT}: {counted}, "
            f"{submissions - to_grade} unchanged, {to_grade} to grade{at_work}"
        )

    @contextmanager
    def progress(self, jobs: int) -> Iterator[None]:
        if not jobs or not self.console.is_terminal:
            yield
            return
        columns = (
            TextColumn(f"  {self.mark}grading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            self._progress, self._task = progress, progress.add_task("", total=jobs)
            yield
        self._progress = None

    def at_work(self, student: str, cell: str) -> None:
        """Show who is being graded, and the last named cell that was begun."""
        if cell:
            self._cells[student] = cell
        if self._progress and self._task is not None:
            now = " · ".join(f"{printable(student)} {cell}" for student, cell in list(self._cells.items()))
            self._progress.update(self._task, description=now)

    def finished(self, outcome: Outcome) -> None:
        self._cells.pop(outcome.student, None)
        if outcome.failed:
            self.failures += 1
            log = self.course.shown(self.course.root / "grading" / f"{outcome.student}.log")
            self.line(outcome.student, red(f"{outcome.failed}; what happened is in {printable(log)}"))
        elif outcome.broken:
            self.line(outcome.student, red(outcome.broken))
        else:
            points = self.course.points(outcome.student) or {}
            text = self.points(points, outcome.seconds)
            text.append(f"   {outcome.repaired}" if outcome.repaired else "", style="yellow")
            warnings = warning_of(outcome)
            text.append(f"   {printable(warnings, 1000)}" if warnings else "", style="red")
            self.line(outcome.student, text)
        if self._progress and self._task is not None:
            self._progress.advance(self._task)

    def remind(self, student: str, broken: str) -> None:
        if broken:
            self.line(student, red(broken))

    def points(self, points: dict[str, float | None], seconds: float) -> Text:
        lost = [
            name.removeprefix("check_") for name in self.out_of if (points.get(name) or 0) < self.out_of[name]
        ]
        got, best = sum(points.get(name) or 0 for name in self.out_of), sum(self.out_of.values())
        bar = "█" * round(BAR_WIDTH * got / best) if best else ""
        text = Text(f"{bar:<{BAR_WIDTH}} {got:>4g}/{best:g} {seconds:>5.1f} s")
        named = "every task" if len(lost) == len(self.out_of) else ", ".join(lost)
        return text.append(f"   {named}" if named else "", style="yellow")

    def line(self, student: str, text: Text) -> None:
        self.console.print(Text(f"  {self.mark}{printable(student):<{self.width}}  ").append_text(text))

    def end(self) -> None:
        course, option = self.course, self.course.option()
        self.console.print(
            f"{self.mark}Grades in {course.shown(course.database)} · "
            f"feedback: python3 -m admin nbgrader{option} generate_feedback {ASSIGNMENT}"
        )


def red(sentence: str) -> Text:
    return Text(printable(sentence, 1000), style="red")
