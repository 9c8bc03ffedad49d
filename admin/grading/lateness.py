"""When the hand-in is due, for whom later, and what being late costs: what late.toml in the course says.

nbgrader keeps due date, extension and penalty in its gradebook, and asks a plugin for the penalty; here is
that plugin. `settle` brings the whole gradebook in line with the file: nothing is run again when it changes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from nbgrader.api import Assignment, Grade, Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import func
from sqlalchemy.orm import joinedload, selectinload

from admin.course import settings
from admin.course.layout import ASSIGNMENT, Course, CourseError
from admin.course.settings import LATE
from admin.text import printable
from checks.language import Sentence, say

NEVER, NONE, PERCENTAGE = "never", "none", "percentage"
NUMBERS = {"percent_a_day": 100.0, "floor_percent": 100.0, "grace_minutes": 7 * 24 * 60.0}
"""The greatest value of each; the least is 0."""
KEYS = ("due", "time_zone", "policy", *NUMBERS, "extensions", "handed_in")
MAX_EXTENSION = 366.0  # days
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Policy:
    """What the file says. Times are in UTC and without a zone, as nbgrader's gradebook has them."""

    due: datetime | None = None
    says_due: bool = False
    """False where the gradebook's own due date and extensions count"""
    zone: tzinfo = UTC
    percent_a_day: float = 0.0
    floor_percent: float = 0.0
    grace: timedelta = timedelta()
    extensions: Mapping[str, timedelta] = field(default_factory=dict)
    handed_in: Mapping[str, datetime] = field(default_factory=dict)

    def percent(self, seconds_late: float) -> float:
        """How much of the points is taken off. A day counts when it has begun, from the due date on.

        Grace is for clocks and slow uploads, and no second due date: who is later than that is as late as
        the due date says. With 15 minutes of it, 20 minutes late are one day, and so are 24 hours.
        """
        late = timedelta(seconds=seconds_late)
        if late <= max(timedelta(), self.grace):
            return 0.0
        return min(self.percent_a_day * math.ceil(late / DAY), 100 - self.floor_percent)

    def taken_off(self, score: float, seconds_late: float) -> float | None:
        """Points to take off, in hundredths; None for nothing."""
        return round(score * self.percent(seconds_late) / 100, 2) or None


@dataclass(frozen=True)
class Settled:
    """What came of `settle`: how many were late, who has other points now, and names that nobody bears."""

    late: int = 0
    taken: int = 0
    changed: tuple[str, ...] = ()
    without_time: int = 0
    """submissions of which nobody knows when they were handed in, where there is a due date"""
    unknown: tuple[str, ...] = ()


# --- The file ---------------------------------------------------------------------------------------


def policy_of(course: Course) -> Policy:
    """What the course's late.toml says; without one nothing is taken off. Raises CourseError."""
    path = course.root / LATE
    _, plain = settings.read(course, path)
    try:
        return policy_from(plain)
    except _Wrong as wrong:
        raise CourseError(
            say("lateness.wrong", file=settings.shown(course, path), what=wrong.sentence)
        ) from None


class _Wrong(Exception):
    """What is wrong with the file, as a clause."""

    def __init__(self, key: str, /, **values: Any) -> None:
        self.sentence = say(key, **values)


def policy_from(plain: Mapping[str, Any]) -> Policy:
    """The policy of what TOML gave. Raises _Wrong."""
    if unknown := [printable(key) for key in plain if key not in KEYS]:
        raise _Wrong("lateness.unknown_key", key=unknown[0], known=list(KEYS))
    zone = zone_of(plain.get("time_zone", "UTC"))
    policy = plain.get("policy", NONE)
    if policy not in (NONE, PERCENTAGE):
        raise _Wrong("lateness.no_policy", value=printable(repr(policy)))
    numbers = {key: number(plain, key, most) for key, most in NUMBERS.items()}
    if policy == PERCENTAGE and not numbers["percent_a_day"]:
        raise _Wrong("lateness.needs_percent")
    due = plain.get("due")
    has_due = due is not None and due != NEVER
    moment = utc(due, zone, "due") if has_due else None
    extensions = table(plain, "extensions")
    if extensions and moment is None:
        raise _Wrong("lateness.needs_due")
    charged = policy == PERCENTAGE
    return Policy(
        due=moment,
        says_due=due is not None,
        zone=zone,
        percent_a_day=numbers["percent_a_day"] if charged else 0.0,
        floor_percent=numbers["floor_percent"],
        grace=timedelta(minutes=numbers["grace_minutes"]),
        extensions={name: extension(name, value, moment, zone) for name, value in extensions.items()},
        handed_in={name: utc(value, zone, name) for name, value in table(plain, "handed_in").items()},
    )


def zone_of(name: Any) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, TypeError, OSError, LookupError):  # ZoneInfoNotFoundError is a KeyError
        raise _Wrong("lateness.no_zone", value=printable(repr(name))) from None


def number(plain: Mapping[str, Any], key: str, most: float) -> float:
    value = plain.get(key, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise _Wrong("lateness.no_number", key=key, value=printable(repr(value)), most=most)
    return float(value)


def table(plain: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = plain.get(key, {})
    if not isinstance(value, dict):
        raise _Wrong("lateness.no_table", key=key)
    return value


def utc(value: Any, zone: tzinfo, key: str) -> datetime:
    """A time of the file in UTC; one without a zone is of the file's own."""
    if not isinstance(value, datetime):
        raise _Wrong("lateness.no_time", key=printable(key), value=printable(str(value)))
    try:
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC).replace(tzinfo=None)
    except (OverflowError, ValueError):  # in the year 1 or 9999
        raise _Wrong("lateness.no_time", key=printable(key), value=printable(str(value))) from None


def extension(name: str, value: Any, due: datetime | None, zone: tzinfo) -> timedelta:
    """How much later than everybody else somebody is due."""
    assert due is not None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_EXTENSION:
        return timedelta(days=value)
    if not isinstance(value, datetime):
        raise _Wrong("lateness.no_extension", key=printable(name), value=printable(str(value)))
    later = utc(value, zone, name) - due
    if later < timedelta():
        raise _Wrong("lateness.too_early", key=printable(name))
    return later


# --- The gradebook ----------------------------------------------------------------------------------


def settle(course: Course) -> Settled:
    """Bring due date, extensions and penalties of all submissions in line with the file. Raises CourseError.

    Takes a second for a large class; nothing is run.
    """
    policy = policy_of(course)
    if not course.database.exists():
        return Settled()
    with course.gradebook() as gradebook:
        try:
            assignment = gradebook.find_assignment(ASSIGNMENT)
        except MissingEntry:
            return Settled()
        set_due(assignment, policy)
        late, taken, changed, without_time = 0, 0, [], 0
        points = gradebook.db.query(Grade.notebook_id, func.sum(Grade.score)).group_by(Grade.notebook_id)
        scores = dict(map(tuple, points))
        for submission in submissions_with_notebooks(gradebook, assignment):
            set_times(submission, policy)
            late += submission.total_seconds_late > 0
            without_time += submission.timestamp is None and assignment.duedate is not None
            for notebook in submission.notebooks:
                before = notebook.late_submission_penalty
                penalty = policy.taken_off(scores.get(notebook.id) or 0.0, submission.total_seconds_late)
                taken += penalty is not None
                if (before or 0.0) != (penalty or 0.0):
                    changed.append(submission.student.id)
                    notebook.late_submission_penalty = penalty
        known = {student.id for student in gradebook.students}
        gradebook.db.commit()
    unknown = {*policy.extensions, *policy.handed_in} - known
    return Settled(late, taken, tuple(sorted(changed)), without_time, tuple(sorted(unknown)))


def submissions_with_notebooks(gradebook: Gradebook, assignment: Assignment) -> list[SubmittedAssignment]:
    """All of an assignment, with their students and notebooks, in few queries.

    nbgrader's tables have no index by which to find what belongs to one submission: asked for one after the
    other, notebooks and points took 80 seconds of a class of 10,000.
    """
    return list(
        gradebook.db.query(SubmittedAssignment)
        .filter(SubmittedAssignment.assignment_id == assignment.id)
        .options(joinedload(SubmittedAssignment.student), selectinload(SubmittedAssignment.notebooks))
    )


def set_due(assignment: Any, policy: Policy) -> None:
    if policy.says_due and assignment.duedate != policy.due:
        assignment.duedate = policy.due


def charge(gradebook: Gradebook, submission: Any, notebook: Any, policy: Policy) -> None:
    """Bring one submission in line with the policy, and its notebook's penalty with its points."""
    set_due(submission.assignment, policy)
    set_times(submission, policy)
    gradebook.db.flush()
    gradebook.db.refresh(notebook, ["score"])
    notebook.late_submission_penalty = policy.taken_off(notebook.score, submission.total_seconds_late)


def set_times(submission: Any, policy: Policy) -> None:
    """A student's extension, and when they handed in, as far as the file says so."""
    student = submission.student.id
    if policy.says_due and submission.extension != policy.extensions.get(student):
        submission.extension = policy.extensions.get(student)
    if submission.assignment.duedate is None and submission.extension is not None:
        submission.extension = None  # nbgrader adds it to the due date, whether there is one or not
    if student in policy.handed_in:
        submission.timestamp = policy.handed_in[student]


class LatePolicy(LateSubmissionPlugin):
    """nbgrader's plugin: what is taken off a submission of ours. Other assignments have nbgrader's own."""

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        converting = self.parent
        if converting.assignment_id != ASSIGNMENT:
            own: float | None = super().late_submission_penalty(student_id, score, total_seconds_late)
            return own
        return policy_of(course_of(converting)).taken_off(score, total_seconds_late)


class LatePenalties(AssignLatePenalties):
    """nbgrader's step that asks the plugin, after the file's times have got into the gradebook.

    It runs before feedback, too: points that a person has given since have changed what a percentage is of.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        names = resources["nbgrader"]
        if names["assignment"] == ASSIGNMENT:
            policy = policy_of(course_of(self))
            with Gradebook(names["db_url"]) as gradebook:
                submission = gradebook.find_submission(ASSIGNMENT, names["student"])
                set_due(submission.assignment, policy)
                set_times(submission, policy)
                gradebook.db.commit()
        done: tuple[Any, Any] = super().preprocess(nb, resources)
        return done


def course_of(preprocessor: Any) -> Course:
    """The course that a preprocessor works on: its parent is an exporter, whose parent is the converter."""
    return Course.at(preprocessor.parent.parent.coursedir.root)


# --- What is said -----------------------------------------------------------------------------------


def said_of(submission: Any, policy: Policy, score: float, taken: float) -> Sentence | None:
    """Of a late submission: how late, and what that costs; None for one in time."""
    late = submission.total_seconds_late
    if late <= 0:
        return None
    key = "lateness.extended" if submission.extension else "lateness.how_late"
    how_late = say(
        key,
        late=span(late),
        due=shown_time(submission.duedate, policy.zone),
        handed_in=shown_time(submission.timestamp, policy.zone),
    )
    if not taken:
        return say("lateness.costs_nothing", how_late=how_late)
    return say("lateness.costs", how_late=how_late, percent=100 * taken / score if score else 0, score=score)


def span(seconds: float) -> Sentence:
    """So much time, in its largest unit, begun ones counted."""
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds > size or name == "minute":
            count = math.ceil(seconds / size)
            return say(f"lateness.{name}" if count == 1 else f"lateness.{name}s", count=count)
    raise AssertionError


def shown_time(moment: datetime, zone: tzinfo) -> str:
    """`1 June 2026, 23:59 CEST`"""
    local = moment.replace(tzinfo=UTC).astimezone(zone)
    return f"{local.day} {local:%B %Y, %H:%M} {local.tzname() or ''}".strip()


def said_to_instructor(settled: Settled) -> list[Sentence]:
    """What `settle` did, where there is anything to say."""
    said = []
    if settled.late:
        said.append(say("lateness.settled", late=settled.late, taken=settled.taken))
    if settled.changed:
        said.append(say("lateness.changed", students=[printable(name) for name in settled.changed]))
    if settled.without_time:
        said.append(say("lateness.without_time", count=settled.without_time))
    if settled.unknown:
        said.append(say("lateness.unknown", students=[printable(name) for name in settled.unknown]))
    return said
