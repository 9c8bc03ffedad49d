"""What a task, its check, a case and a finding are; and the table of all tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from checks.language import (
    Said,
    Sentence,
    joined,
    say,
    sentence_as_json,
    sentence_from_json,
    text_of,
)

Answer = Mapping[str, Any]
Ask = Mapping[str, Any]
Given = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """A row of the table of tasks.

    `name` is the task's, and the nbgrader id of its answer cell. `number` is the one that the notebook gives
    it; practice and the own net have none. `gives` names what the answer cell defines, `forerunners` the
    tasks before it whose results its cell or its check takes up itself; `all_forerunners` has those behind
    them, too. `practice` is what the findings on a task without points add up to, so that an instructor can
    give it some; the own net has none.
    """

    name: str
    number: int | None
    points: int
    gives: tuple[str, ...] = ()
    forerunners: tuple[str, ...] = ()
    practice: int = 0

    @property
    def whole(self) -> int:
        """What the findings of its check add up to."""
        return self.points or self.practice

    @property
    def check_cell(self) -> str:
        """The nbgrader id of the cell that calls the check."""
        return f"check_{self.name}"

    @property
    def title(self) -> str:
        """What the task is about, in a few words."""
        return text_of(say(f"{self.name}.title"))

    @property
    def hints(self) -> tuple[str, str, str]:
        """A question, where to look, and nearly the solution."""
        first, second, third = (text_of(say(f"{self.name}.hint_{level}")) for level in (1, 2, 3))
        return first, second, third


_ENTRIES = (
    Entry("normalise_images", 1, 8, ("normalise_images",)),
    Entry("channel_axis", 2, 4, ("x_train", "x_test"), ("normalise_images",)),
    Entry("one_hot", 3, 10, ("one_hot",)),
    Entry("convolve", None, 0, ("convolve",), practice=10),
    Entry("max_pool", None, 0, ("max_pool",), practice=10),
    Entry("net_1", 4, 14, ("net_1",)),
    Entry("train_net_1", 5, 8, ("batch_size", "epochs"), ("channel_axis", "one_hot", "net_1")),
    Entry("net_2", 6, 12, ("net_2",)),
    Entry("train_net_2", 7, 8, ("batch_size", "epochs"), ("channel_axis", "one_hot", "net_2")),
    Entry("cifar_labels", 8, 4, ("cifar_y_train", "cifar_y_test"), ("one_hot",)),
    Entry("cifar_images", 9, 4, ("cifar_x_train", "cifar_x_test"), ("normalise_images",)),
    Entry("cifar_model", 10, 8, ("cifar_model",), ("net_1", "net_2", "cifar_labels", "cifar_images")),
    Entry(
        "cifar_training",
        11,
        10,
        ("cifar_history", "cifar_figure", "cifar_score"),
        ("cifar_labels", "cifar_images", "cifar_model"),
    ),
    Entry("net_3", None, 0, ("net_3",)),
)
TABLE: Mapping[str, Entry] = {entry.name: entry for entry in _ENTRIES}
"""All tasks that have a check, by name, in the order of the notebook."""


def all_forerunners(task: str) -> tuple[str, ...]:
    """The tasks that a task depends on, also through another one, in the order of the notebook."""
    direct = TABLE[task].forerunners
    found = {*direct, *(name for each in direct for name in all_forerunners(each))}
    return tuple(name for name in TABLE if name in found)


CHECK_POINTS = sum(entry.points for entry in _ENTRIES)
"""What all checks together are worth, as we release them."""

DISCUSSION = Entry("discussion", 12, 10)
"""The task that a person reads."""


@dataclass(frozen=True, eq=False)
class Case:
    """One thing to try: ``ask`` goes to the student's code, ``truth`` never leaves the judge.

    It holds arrays, so each is equal to itself alone.
    """

    ask: Ask
    truth: Ask = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what, how many of its points, and what is said of it.

    `what` is a key of the words ("one_hot.what_shape") or a name of the notebook (`x_train`), which has no
    dot.
    """

    what: str
    points: float
    out_of: float
    said: tuple[Sentence, ...] = ()

    @property
    def key(self) -> str:
        """What was found, to count by: the key of what is said first, or else of what was looked at."""
        return self.said[0].key if self.said else self.what

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all that is said."""
        return tuple(sentence.key for sentence in self.said)

    @property
    def values(self) -> Mapping[str, Any]:
        """The values of what is said first."""
        return self.said[0].values if self.said else {}

    @property
    def name(self) -> str:
        """What was looked at, as it is read."""
        return text_of(say(self.what)) if "." in self.what else self.what

    @property
    def message(self) -> str:
        """What is said, as it is read; empty if nothing is."""
        return joined(self.said)


def right(what: str, points: float, *said: Sentence) -> Finding:
    """A finding with all its points."""
    return Finding(what, points, points, said)


def wrong(what: str, out_of: float, *said: Sentence) -> Finding:
    """A finding without points."""
    return Finding(what, 0, out_of, said)


def either(what: str, out_of: float, mistake: Sentence | None, *said: Sentence) -> Finding:
    """A finding without points if there is a mistake to tell; otherwise with all, and what is said then."""
    return wrong(what, out_of, mistake) if mistake else right(what, out_of, *said)


Cases = Callable[[np.random.Generator, Given], list[Case]]
Redrawing = Callable[[np.random.Generator, Case], Case]
Answering = Callable[[Given, Ask], Answer]
Judging = Callable[[Sequence[Case], Sequence[Answer]], list[Finding]]


@dataclass(frozen=True)
class Task:
    """A task and the three parts of its check.

    1. ``cases(rng, data)`` draws what to try; raises NotReady when the notebook's data are not there.
    2. ``answer(given, ask)`` runs the student's code on one ``ask`` and returns only plain data: NumPy arrays
       and JSON values. It alone touches the student's objects; in grading it runs in the sandbox.
    3. ``judge(cases, answers)`` turns cases and answers into findings, in a process that no student's code
       runs in. It needs no Keras and no student's object. Its findings are worth `whole` together.

    Where a net is asked, ``redrawn(rng, case)`` asks the same of other pictures and weights: of the same
    shapes, and of the same rows of the notebook's pictures.
    """

    entry: Entry
    cases: Cases
    answer: Answering
    judge: Judging
    redrawn: Redrawing | None = None

    @property
    def points(self) -> int:
        return self.entry.points

    @property
    def whole(self) -> int:
        return self.entry.whole

    @property
    def hints(self) -> tuple[str, str, str]:
        return self.entry.hints


class NotReady(Said):
    """The notebook lacks something, such as the data; ``sentence`` says what to run."""


def points(findings: Sequence[Finding]) -> float:
    """Sum of the findings' points; whole numbers as int, so that they print without a decimal point."""
    return _total(finding.points for finding in findings)


def out_of(findings: Sequence[Finding]) -> float:
    """What the findings are worth together, in the same way."""
    return _total(finding.out_of for finding in findings)


def _total(numbers: Iterable[float]) -> float:
    total = round(sum(numbers), 2)
    return int(total) if total == int(total) else total


def scaled(findings: Sequence[Finding], worth: float) -> list[Finding]:
    """The findings in proportion: worth so many points together, each in ten-thousandths of a point.

    Findings that are worth nothing stay as they are.
    """
    whole = sum(finding.out_of for finding in findings)
    if worth == whole or not whole:
        return list(findings)

    def share(of: float) -> float:
        return round(of * worth / whole, 4)

    return [
        replace(finding, points=share(finding.points), out_of=share(finding.out_of)) for finding in findings
    ]


def as_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON values: `what`, `key`, `points`, `out_of`, and `said` with keys and values."""
    return {
        "what": finding.what,
        "key": finding.key,
        "points": finding.points,
        "out_of": finding.out_of,
        "said": [sentence_as_json(sentence) for sentence in finding.said],
    }


def from_json(plain: Mapping[str, Any]) -> Finding:
    """The finding of `as_json`. Raises KeyError, TypeError or ValueError for anything else."""
    said = tuple(sentence_from_json(sentence) for sentence in plain["said"])
    return Finding(str(plain["what"]), plain["points"], plain["out_of"], said)
