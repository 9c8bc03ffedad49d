"""`grade --watch`: takes what comes in, grades it as `grade` does, gives feedback, until it is stopped.

One thread looks, collects, records and writes feedback; those of the pool run submissions. What is to be
done follows from files alone, so that a watcher that was killed at any moment is taken up by the next one:
from the exchange and submitted/, from `grade`'s notes, and from the one of whose hand-in has been answered.
"""

from __future__ import annotations

import copy
import shutil
import signal
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from admin.course.layout import ASSIGNMENT, Course, CourseError
from admin.exchange.collect import SECRET, small_text
from admin.grading.intake import copy_of
from admin.grading.lateness import policy_of, shown_time
from admin.grading.lock import Watcher, only_one_watcher
from admin.grading.machine import cores, default_workers, free_memory
from admin.grading.marks import with_points
from admin.grading.plan import Job, is_done, plan, read_state, released
from admin.grading.pool import Pool
from admin.grading.record import Outcome, record
from admin.grading.recorder import recording
from admin.grading.report import Report, counted, red
from admin.grading.run import is_starved
from admin.grading.sentences import carried_by
from admin.grading.stamps import Stamp, stamps
from admin.grading.worker import refusal
from admin.sandbox.host import what_is_missing, what_is_missing_without_walls
from admin.text import printable
from admin.watching import feedback
from admin.watching.arrivals import Arrival, Arrivals, exchange_of
from admin.watching.rules import AFTER_DUE, NEVER, rules_of
from admin.watching.state import Queued, Result, State, load, save
from checks.language import Sentence, say, text_of

POLL = 1.0  # seconds between two looks at what has come in
AGAIN = 60.0  # seconds until what has failed is tried again
LOOK_AGAIN = 10.0  # between two looks at due dates, and at what the watcher itself is made of
WARM_UP = 30.0  # seconds without work, after which the course's own answers are run once
IDLE = 600.0  # seconds after which the sandboxes of a watcher with nothing to do end

WATCHED, CHANGED = 0, -1


def watch(
    course: Course, workers: int | None = None, console: Console | None = None, sandbox: bool = True
) -> int:
    """Grade what comes in until somebody ends it: WATCHED; or CHANGED, when it has to be started anew.

    Raises CourseError when nothing can be graded at all, or another watcher has this course.
    """
    console = console or Console(highlight=False, soft_wrap=True)
    missing = what_is_missing() if sandbox else what_is_missing_without_walls()
    if missing:
        raise CourseError(refusal(missing))
    with only_one_watcher(course), stopped_by_signals() as stop:
        return Watch(course, workers, console, sandbox, stop).run()


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that a polite kill and Ctrl-C set, in the place of what they do otherwise."""
    stop = threading.Event()

    def end(*_: Any) -> None:
        stop.set()

    before = {each: signal.signal(each, end) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class Watch:
    """One watcher, from its start to its end."""

    def __init__(
        self, course: Course, workers: int | None, console: Console, sandbox: bool, stop: threading.Event
    ) -> None:
        self.course, self.console, self.sandbox, self.stop = course, console, sandbox, stop
        self.workers = max(1, workers or default_workers(cores(), free_memory()))
        self.exchange = exchange_of(course)
        self.rules = rules_of(course)
        self.policy = policy_of(course)
        self.out_of = course.out_of()
        self.report = Report(course, console, self.out_of, 0, sandbox)
        self.arrivals = Arrivals(course, self.exchange)
        self.lock = Watcher(course)
        self.running: dict[Future[Outcome], Job] = {}
        self.alone: list[Job] = []
        """runs that had too little of the processor, to be done once more with the machine to themselves"""
        self.by_itself: Job | None = None
        """the one of them that is being done"""
        self.owed: dict[str, float] = {}
        """graded, and not answered: when to try next, as all such times by the monotonic clock"""
        self.later: dict[str, float] = {}
        self._pool: Pool | None = None
        self._worked = time.monotonic()
        self._warm = False
        self._made_of: frozenset[Stamp] = stamps(course.root)
        self._changed: frozenset[Stamp] | None = None
        self._looked = time.monotonic()
        self._state = load(course)
        self._saved = State()
        self.state = self._state or State()

    def run(self) -> int:
        self.state.since, self.state.trouble = time.time(), ""
        self.begin()
        try:
            while not self.stop.is_set():
                if self.tick():
                    self.say_line(say("watching.changed"))
                    return CHANGED
                if self.running:
                    wait(self.running, timeout=POLL, return_when=FIRST_COMPLETED)
                else:
                    self.stop.wait(POLL)
            self.say_line(say("watching.stopped"))
            return WATCHED
        finally:
            for job in (*self.running.values(), *self.alone):
                self.does_not_count(job)
            self.close_pool()
            self.lock.release()
            self.state.queue, self.state.at_work = [], []
            with suppress(OSError):
                save(self.course, self.state)

    def begin(self) -> None:
        """Say what is watched, and find out what was left to do."""
        there = self.course.students()
        notes = {student: read_state(self.course, student) for student in there}
        graded = {student: str(note["submission"]) for student, note in notes.items() if "submission" in note}
        if self._state is None:
            self.state.answered = dict(graded)  # of an earlier time: theirs is the instructor's to release
        save(self.course, self.state)
        where = self.course.shown(self.course.root / "submitted")
        self.console.print(
            Text(
                str(
                    say(
                        "watching.begin_exchange" if self.exchange else "watching.begin",
                        assignment=ASSIGNMENT,
                        folder=where,
                        exchange=printable(str(self.exchange)),
                        workers=counted("grading.worker", "grading.workers", self.workers),
                        most=self.rules.hand_ins_an_hour,
                    )
                )
            )
        )
        before = {student: self.arrivals.stamp(student) for student in there}
        jobs = plan(self.course, there) if there else []
        recorded = with_points(self.course)
        new = {job.student for job in jobs if is_new(self.course, job, recorded)}
        for student in there:
            if student not in new:
                self.arrivals.dealt_with(student, before[student])
                if graded.get(student) != self.state.answered.get(student):
                    self.owed[student] = 0.0

    # --- One round ----------------------------------------------------------------------------------

    def tick(self) -> bool:
        """Do what can be done now, without waiting. True when the watcher has to be started anew."""
        changed = False
        try:
            self.rules, self.policy = rules_of(self.course), policy_of(self.course)
            released(self.course)
            changed = self.has_changed()
            self.finish()
            queue = self.in_order(self.arrivals.look(self.state.collected))
            self.give_owed()
            if not changed:
                self.start(queue)
            self.trouble("")
        except CourseError as error:
            changed = False  # a new start would be refused for the same reason
            self.trouble(printable(str(error), 1000))
        except OSError as error:  # a full disk, say
            changed = False
            self.trouble(str(say("watching.no_room", reason=error.strerror or str(error))))
        if self.running or self.alone:
            return False
        self.lock.release()
        idle = time.monotonic() - self._worked
        if idle > IDLE:
            self.close_pool()
        elif idle > WARM_UP and not self._warm:
            self.warm_up()
        return changed

    def has_changed(self) -> bool:
        """Whether the course or our own code is no longer what this process has loaded, and at rest."""
        now = time.monotonic()
        if self._changed is None and now - self._looked < LOOK_AGAIN:
            return False
        self._looked = now
        found = stamps(self.course.root)
        at_rest = found == self._changed
        self._changed = found if found != self._made_of else None
        return self._changed is not None and at_rest

    def in_order(self, arrivals: dict[str, Arrival]) -> list[Arrival]:
        """Who is next: whoever was graded least within the hour, then whoever has waited longest.

        Those whose turn cannot come yet are told so, and shown, but not among them.
        """
        now, moment = time.time(), time.monotonic()
        at_work = {job.student for job in (*self.running.values(), *self.alone)}
        free, queue = [], []
        for student, arrival in arrivals.items():
            until = self.state.free_at(student, self.rules.hand_ins_an_hour, now)
            if until is not None:
                queue.append(Queued(student, arrival.since, until, self.tell_bound(arrival, until)))
            else:
                queue.append(Queued(student, arrival.since))
                if arrival.ready and student not in at_work and self.later.get(student, 0.0) <= moment:
                    free.append(arrival)

        def turn(one: Queued | Arrival) -> tuple[int, float]:
            return len(self.state.within_an_hour(one.student, now)), one.since

        self.state.queue = sorted(queue, key=turn)
        return sorted(free, key=turn)

    def start(self, queue: list[Arrival]) -> None:
        """Give work to free workers, unless somebody else wants to grade."""
        if self.alone:
            if not self.running and self.lock.take():
                self.by_itself = self.alone.pop(0)
                with self.apart(self.by_itself.student):
                    self.run_job(self.by_itself)
            return
        if self.by_itself and self.running:
            return
        for arrival in queue:
            if len(self.running) >= self.workers or self.lock.is_wanted() or not self.lock.take():
                return
            with self.apart(arrival.student):
                if job := self.prepared(arrival):
                    self.state.begins(job.student, time.time())
                    try:
                        self.run_job(job)
                    except Exception:
                        self.does_not_count(job)
                        raise

    def prepared(self, arrival: Arrival) -> Job | None:
        """Collect a hand-in; the job that it is, or None when there is nothing to grade, or not now."""
        student = arrival.student
        if arrival.folder and not self.collected(arrival):
            return None
        stamp = self.arrivals.stamp(student)
        if student not in self.course.students():
            self.arrivals.dealt_with(student, stamp)  # other assignments, or gone
            return None
        jobs = plan(self.course, [student])
        self.arrivals.dealt_with(student, stamp)
        if jobs and is_new(self.course, jobs[0], with_points(self.course)):
            return jobs[0]
        if read_state(self.course, student).get("submission") != self.state.answered.get(student):
            self.owed.setdefault(student, 0.0)  # somebody else has graded it
        return None

    def collected(self, arrival: Arrival) -> bool:
        """Put a hand-in of the exchange into submitted/; False when that has to be tried again."""
        succeeded, warnings = self.arrivals.collect(arrival)
        for line in warnings:
            self.line(arrival.student, Text(printable(line, 1000), style="yellow"))
        if succeeded:
            self.state.collected[arrival.student] = arrival.folder
        elif succeeded is False:
            self.later[arrival.student] = time.monotonic() + AGAIN
        return bool(succeeded)

    def run_job(self, job: Job) -> None:
        """Have a submission run. That it was begun is on the disk before."""
        self.show_work(job)
        save(self.course, self.state)
        (future,) = self.pool().start([job])
        self.running[future] = job
        self._worked = time.monotonic()

    def pool(self) -> Pool:
        if self._pool is None:
            self._pool = Pool(self.course, self.workers, self.sandbox, lambda *_: None)
        return self._pool

    def warm_up(self) -> None:
        """Whoever hands in first need not wait for what is the same for everybody."""
        self._warm = True
        self.pool().warm_up()

    def finish(self) -> None:
        """Record what has been run, and answer it."""
        for future in [future for future in self.running if future.done()]:
            if self.stop.is_set():
                return  # it may have been ended with us
            job = self.running.pop(future)
            outcome = future.result()
            if is_starved(outcome) and self.workers > 1 and job != self.by_itself:
                self.alone.append(job)
                continue
            self.by_itself = None
            self._worked = time.monotonic()
            self.show_work()
            with self.apart(job.student):
                copy = copy_of(self.course, job.student)
                with recording(self.course) as recorder:
                    done = record(recorder, job, outcome, copy)
                shutil.rmtree(copy.parent, ignore_errors=True)
                if done.failed:
                    self.does_not_count(job)
                    self.try_again(job.student)
                self.tell(done, None if done.failed else self.answer(job.student))

    @contextmanager
    def apart(self, student: str) -> Iterator[None]:
        """Whatever goes wrong with one hand-in, nobody else's is to suffer from it."""
        try:
            yield
        except CourseError:
            self.try_again(student)
            raise  # it is about the course
        except Exception as error:
            self.try_again(student)
            log = self.course.root / "grading" / f"{student}.watch.log"
            with suppress(OSError):
                log.write_text(traceback.format_exc(), encoding="utf-8", errors="replace")
            where = printable(self.course.shown(log))
            failed = say("grading.failed", reason=carried_by(error), log=where)
            self.line(student, red(say("watching.failed", reason=failed, seconds=AGAIN)))

    def does_not_count(self, job: Job) -> None:
        """It was begun in vain, through no fault of the student's."""
        self.state.begun[job.student] = self.state.begun.get(job.student, [])[:-1]

    def try_again(self, student: str) -> None:
        """In a while, whatever is left to do for this one."""
        self.later[student] = time.monotonic() + AGAIN
        self.arrivals.forget(student)

    def give_owed(self) -> None:
        """Answer those who are graded and could not be answered before."""
        now = time.monotonic()
        for student in [student for student, when in self.owed.items() if when <= now]:
            if self.lock.is_wanted() or not self.lock.take():
                return
            with self.apart(student):
                answered = self.answer(student)
                if answered and student not in self.owed:
                    self.line(student, Text(str(answered)))

    def answer(self, student: str) -> Sentence | None:
        """Give the feedback on a graded hand-in, once, when it is time; what is to be said of it."""
        submission = str(read_state(self.course, student).get("submission", ""))
        if not submission or submission == self.state.answered.get(student):
            self.owed.pop(student, None)
            return None
        self.owed[student] = time.monotonic() + LOOK_AGAIN
        if self.rules.feedback == NEVER:
            return say("watching.never")
        due = feedback.due_of(self.course, student) if self.rules.feedback == AFTER_DUE else None
        if due and datetime.now(UTC).replace(tzinfo=None) < due:
            when = shown_time(due, self.policy.zone)
            self.note(student, submission, say("watching.note_after_due", due=when))
            return say("watching.after_due", due=when)
        try:
            given = feedback.give(self.course, student, self.exchange)
        except feedback.NotGiven as error:
            self.owed[student] = time.monotonic() + AGAIN
            return error.sentence
        del self.owed[student]
        self.state.answered[student] = submission
        save(self.course, self.state)
        return given

    # --- What is said -------------------------------------------------------------------------------

    def tell_bound(self, arrival: Arrival, until: float) -> str:
        """Tell a student who has handed in too often how long it takes, once for each hand-in; in words."""
        most, when = self.rules.hand_ins_an_hour, shown_time(utc(until), self.policy.zone)
        why = say("watching.bound", most=most, when=when)
        name = arrival.folder or f"since {arrival.since}"
        if arrival.ready and self.state.told.get(arrival.student) != name:
            self.state.told[arrival.student] = name
            if arrival.folder and self.exchange:
                secret = self.arrivals.secret(arrival.folder)
                feedback.leave_note(self.exchange, secret, say("watching.note_bound", most=most, when=when))
            self.line(arrival.student, Text(str(why), style="yellow"))
        return text_of(why)

    def note(self, student: str, submission: str, sentence: Sentence) -> None:
        """Leave a note in the place of the feedback on a graded hand-in, once."""
        told = f"{submission} {sentence}"
        if self.exchange and self.state.told.get(student) != told:
            self.state.told[student] = told
            secret = small_text(self.course.autograded(student), SECRET)
            feedback.leave_note(self.exchange, secret, sentence)

    def tell(self, outcome: Outcome, answered: Sentence | None) -> None:
        """A line on what came of a hand-in, for the screen and for the page."""
        given = outcome.points or {}
        points = None
        if outcome.failed:
            text = red(say("watching.failed", reason=outcome.failed, seconds=AGAIN))
        elif outcome.broken:
            text = red(outcome.broken)
        else:
            points = sum(given.get(name) or 0 for name in self.out_of)
            text = self.report.points(given, outcome.seconds)
        said = str(answered) if answered else ""
        self.line(outcome.student, Text.assemble(text, f"   {said}" if said else ""))
        self.state.add(
            Result(
                outcome.student,
                time.time(),
                points,
                sum(self.out_of.values()),
                round(outcome.seconds, 1),
                "" if points is not None else text.plain,
                said,
            )
        )

    def line(self, student: str, text: Text) -> None:
        clock = datetime.now().strftime("%H:%M:%S")
        self.console.print(Text(f"{clock}  {self.report.mark}{printable(student):<12}  ").append_text(text))

    def say_line(self, sentence: Sentence) -> None:
        self.console.print(Text(f"{datetime.now():%H:%M:%S}  {self.report.mark}{sentence}"))

    def trouble(self, said: str) -> None:
        """What keeps everything from being graded, said once; nothing when it is gone."""
        if said and said != self.state.trouble:
            self.console.print(Text(f"{datetime.now():%H:%M:%S}  {self.report.mark}{said}", style="red"))
        self.state.trouble = said
        if self.state != self._saved:
            with suppress(OSError):
                save(self.course, self.state)
                self._saved = copy.deepcopy(self.state)

    def show_work(self, begun: Job | None = None) -> None:
        """Who is being graded, for the page."""
        now = {each.student: each for each in self.state.at_work}
        jobs = [*self.running.values(), *([begun] if begun else [])]
        self.state.at_work = [now.get(job.student, Queued(job.student, time.time())) for job in jobs]
        self.state.queue = [
            each for each in self.state.queue if begun is None or each.student != begun.student
        ]

    def close_pool(self) -> None:
        if self._pool:
            self._pool.close()
        self._pool = None


def is_new(course: Course, job: Job, recorded: frozenset[str]) -> bool:
    """Whether a hand-in has not been graded, or not to the end.

    One that was graded by other checks is none: to grade the class anew is the instructor's to decide.
    """
    checks = str(read_state(course, job.student).get("checks", ""))
    return not is_done(course, replace(job, checks=checks), recorded)


def utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
