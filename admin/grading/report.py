"""What the person at the terminal sees of a grading."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from admin.course.layout import ASSIGNMENT, Course
from admin.grading import execute, how_far
from admin.grading.record import Outcome, warning_of
from admin.text import printable
from checks.language import Sentence, say

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
        self._told = how_far.HowFar()

    def start(self, submissions: int, to_grade: int, workers: int) -> None:
        plan = say(
            "grading.plan",
            assignment=ASSIGNMENT,
            submissions=counted("grading.submission", "grading.submissions", submissions),
            unchanged=submissions - to_grade,
            to_grade=to_grade,
        )
        if to_grade:
            at_work = counted("grading.worker", "grading.workers", workers)
            plan = say("grading.plan_at_work", plan=plan, workers=at_work)
        self.console.print(f"{self.mark}{plan}")
        self._tell(how_far.HowFar(to_grade, begun=time.time()))

    @contextmanager
    def progress(self, jobs: int) -> Iterator[None]:
        if not jobs or not self.console.is_terminal:
            yield
            return
        columns = (
            TextColumn(f"  {self.mark}{say('grading.bar')}"),
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
            log = printable(self.course.shown(self.course.root / "grading" / f"{outcome.student}.log"))
            self.line(outcome.student, red(say("grading.failed", reason=outcome.failed, log=log)))
        elif outcome.broken:
            self.line(outcome.student, red(outcome.broken))
        else:
            text = self.points(outcome.points or {}, outcome.seconds)
            repaired = ", ".join(map(str, outcome.repaired))
            text.append(f"   {repaired}" if repaired else "", style="yellow")
            if warning := warning_of(outcome):
                text.append("   ").append_text(red(warning))
            self.line(outcome.student, text)
        if self._progress and self._task is not None:
            self._progress.advance(self._task)
        self._tell(replace(self._told, done=self._told.done + 1, failures=self.failures))

    def remind(self, student: str, broken: Sentence | None) -> None:
        if broken:
            self.line(student, red(broken))

    def points(self, points: dict[str, float | None], seconds: float) -> Text:
        lost = [
            name.removeprefix("check_") for name in self.out_of if (points.get(name) or 0) < self.out_of[name]
        ]
        got, best = sum(points.get(name) or 0 for name in self.out_of), sum(self.out_of.values())
        bar = "█" * round(BAR_WIDTH * got / best) if best else ""
        text = Text(f"{bar:<{BAR_WIDTH}} {got:>4g}/{best:g} {seconds:>5.1f} s")
        named = str(say("grading.every_task")) if len(lost) == len(self.out_of) else ", ".join(lost)
        return text.append(f"   {named}" if named else "", style="yellow")

    def line(self, student: str, text: Text) -> None:
        self.console.print(Text(f"  {self.mark}{printable(student):<{self.width}}  ").append_text(text))

    def notes(self, sentences: Sequence[Sentence]) -> None:
        """What is to be said of the class as a whole."""
        for sentence in sentences:
            self.console.print(Text(f"{self.mark}{printable(str(sentence), 1000)}"))

    def note(self, sentence: Sentence) -> None:
        """The same of one sentence; also from other threads."""
        self.notes([sentence])

    def end(self) -> None:
        database, option = self.course.shown(self.course.database), self.course.option()
        end = say("grading.end", database=database, option=option, assignment=ASSIGNMENT)
        self.console.print(f"{self.mark}{end}")
        self._tell(replace(self._told, ended=time.time()))

    def _tell(self, now: how_far.HowFar) -> None:
        self._told = now
        how_far.tell(self.course, now)


def counted(one: str, many: str, count: int) -> Sentence:
    """So many of something; the keys are of the word for one and of that for any other number."""
    return Sentence(one) if count == 1 else Sentence(many, {"count": count})


def red(sentence: Sentence) -> Text:
    return Text(printable(str(sentence), 1000), style="red")
