"""A class of up to 240, drawn with a fixed seed from the known answers: what 120 notebooks look like.

Students differ in how much they know, and tasks in how hard they are. Some stop half-way, or hand in late, an
empty notebook, a broken file, or nothing. What each should get follows from the list of answers.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from admin.course import discussions, sample_class
from admin.course.layout import ASSIGNMENT, Course
from admin.course.sample_class import Student, tasks

SEED = 20
DUE = datetime(2026, 5, 8, 22)
FIRST = (
    "ada", "ben", "chloe", "dmitri", "elif", "farid", "grace", "hugo", "ines", "jonas", "kofi", "lea",
    "mira", "noah", "olga", "pedro", "quinn", "rosa", "samir", "tara", "umar", "vera", "wei", "yuki",
)  # fmt: skip
LAST = ("abebe", "berg", "costa", "diaz", "evans", "fischer", "gupta", "haddad", "ito", "jensen")
# How often the wrong answers of a task are given, in proportion, and how hard the task is.
WRONG: Mapping[str, tuple[float, Mapping[str, int]]] = {
    "normalise_images": (
        -1.2,
        {
            "divides by the maximum": 6,
            "divides by 256": 4,
            "min–max over the batch": 2,
            "integer division, made floats": 2,
            "logarithm": 1,
            "brightened by a tenth": 1,
        },
    ),
    "channel_axis": (-1.5, {"in front": 3, "channels first": 2, "flattened": 1, "from the images": 2}),
    "one_hot": (
        -0.2,
        {
            "maximum plus one": 8,
            "ignores number_classes": 4,
            "drops absent classes": 2,
            "labels modulo ten": 1,
            "the first label for all": 1,
        },
    ),
    "net_1": (
        -0.5,
        {"first with 'same' padding": 4, "linear output": 2, "64 hidden units": 2, "sigmoid output": 3},
    ),
    "train_net_1": (-1.0, {"one epoch": 3, "everything at once": 2, "one picture a step": 2}),
    "net_2": (-0.4, {"first with 'same' padding": 2, "hidden without activation": 2, "sigmoid output": 2}),
    "train_net_2": (-1.2, {"one epoch": 2, "a thousand epochs": 1}),
    "cifar_labels": (-0.3, {"not flattened": 6, "not encoded": 2, "transposed": 1}),
    "cifar_images": (-1.0, {"normalised twice": 2, "divides by 256": 3, "not normalised": 1}),
    "cifar_model": (-0.6, {"SGD": 4, "mean squared error": 2, "not compiled": 1}),
    "cifar_training": (
        0.0,
        {"test pictures as validation": 5, "ten epochs": 3, "one pair of axes": 3, "no labels": 2},
    ),
}
LARGEST = len(FIRST) * len(LAST)
EMPTY = "empty"
FEWEST_BROKEN = 1


@dataclass(frozen=True)
class Member:
    """One of the class. `hours`: from deadline to hand-in, below 0 before it; None if there is none."""

    student: Student
    hours: float | None

    @property
    def name(self) -> str:
        return self.student.name


def class_of(size: int, seed: int = SEED) -> tuple[Member, ...]:
    """So many students, the same for the same seed. At most as many as there are names."""
    names = [f"{first}.{last}" for last in LAST for first in FIRST]
    if size > len(names):
        raise ValueError(f"there are names for {len(names)} students, not for {size}")
    rng = random.Random(seed)
    members = [_member(name, rng) for name in rng.sample(names, size)]
    members = [_with_discussion(each, random.Random(f"{seed} {each.name}")) for each in members]
    broken = max(FEWEST_BROKEN, size // 60)
    for place in rng.sample(range(size), broken):
        one = members[place]
        student = Student(one.name, "a file that ends in the middle", broken=True)
        members[place] = Member(student, one.hours if one.hours is not None else -1.0)
    return tuple(members)


def write(course: Course, members: Sequence[Member]) -> None:
    """Put the class into a course that is built: roster, due date, and what was handed in when.

    Raises CourseError, and writes nothing, where other submissions are.
    """
    students = [member.student for member in members]
    sample_class.refuse_real_submissions(course, students)
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=DUE)
        for member in members:
            gradebook.update_or_create_student(member.name)
    sample_class.hand_in(course, [member.student for member in members if member.hours is not None])
    for member in members:
        if member.hours is not None:
            when = DUE + timedelta(hours=member.hours)
            (course.submitted(member.name) / "timestamp.txt").write_text(f"{when:%Y-%m-%d %H:%M:%S} UTC\n")


def _member(name: str, rng: random.Random) -> Member:
    chance = rng.random()
    hours = None if chance < 0.03 else rng.uniform(1, 40) if chance < 0.1 else -rng.expovariate(1 / 30)
    knows = rng.gauss(0.8, 1.1)
    answers = {
        task: _drawn(wrong, rng)
        for task, (hard, wrong) in WRONG.items()
        if rng.random() > 1 / (1 + math.exp(hard - knows))
    }
    if rng.random() < 0.04:
        return Member(Student(name, "handed in the empty notebook", empty=True), hours)
    if rng.random() < 0.1 - 0.05 * knows:
        stop = rng.randrange(3, len(tasks()) - 2)
        answers |= dict.fromkeys(tasks()[stop:], EMPTY)
    return Member(Student(name, "from the known answers", answers), hours)


def _with_discussion(member: Member, rng: random.Random) -> Member:
    return replace(member, student=replace(member.student, discussion=discussions.drawn(rng)))


def _drawn(wrong: Mapping[str, int], rng: random.Random) -> str:
    names: Sequence[str] = list(wrong)
    return rng.choices(names, list(wrong.values()))[0]
