"""Judges answers, in a process with bounds on time and memory.

An answer is plain data from a hostile place. It can't do anything, but it can be such that judging it would
take hours or all the memory (a net of a thousand paddings), or make a judge stumble (a word where a number
should be). Here that costs the student this task's points, and nobody else anything.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from admin.grading.bounded import BoundedProcess, OutOfBounds
from admin.sandbox import protocol
from checks.language import Sentence, say
from checks.task import Case, Finding, as_json, from_json, wrong
from checks.tasks import TASKS

MAX_TEXT = 300
MAX_LISTED = 1500  # characters of all items of a list in a sentence
MAX_WORDS = 2000  # of one finding
# A row of numbers is six or more, one after the other. Each pattern here reads a text once: one pattern for a
# whole row tries every way to split it, and took 12 s for the texts that fit into one answer.
ROW_OF_NUMBERS = 6
NUMBERS = re.compile(r"[\d.e+\-\s,;()\[\]]{11,}")
BETWEEN_NUMBERS = re.compile(r"([\s,;()\[\]]+)")
NUMBER = re.compile(r"[-+]?\d[\d.e+-]*\Z")


def findings(
    process: BoundedProcess, task: str, cases: Sequence[Case], answers: Sequence[Any]
) -> list[Finding]:
    """What the task's judge finds; a finding without points when it finds no way through the answers."""
    out_of = TASKS[task].whole
    question = {
        "task": task,
        "cases": [{"ask": dict(case.ask), "truth": dict(case.truth)} for case in cases],
        "answers": [answer if isinstance(answer, dict) else {} for answer in answers],
    }
    found: list[Finding] = []
    with contextlib.suppress(OutOfBounds, protocol.ProtocolError, AttributeError, KeyError, TypeError):
        found = [from_json(finding) for finding in process.call("judge", question)["findings"]]
    return checked(found, out_of) or [wrong("any.what_answer", out_of, say("any.unreadable"))]


def shortened(value: Any) -> Any:
    """An answer whose texts are no longer than a sentence, and hold no rows of numbers: words may quote them.

    An error's own text often shows the array at fault, which is a secret case here. A shape may stay.
    """
    if isinstance(value, str):
        return NUMBERS.sub(_without_rows, value[:MAX_TEXT])
    if isinstance(value, list):
        return [shortened(item) for item in value]
    if isinstance(value, dict):
        return {key[:MAX_TEXT]: shortened(item) for key, item in value.items()}
    return value


def _without_rows(match: re.Match[str]) -> str:
    """A stretch of numbers and what stands between them, each row of six or more of them as one ellipsis."""
    parts = BETWEEN_NUMBERS.split(match[0])  # a number, what follows it, the next number, …
    kept: list[str] = []
    row: list[str] = []  # from its first number to its last

    def end_row() -> None:
        kept.extend(["…"] if len(row) >= 2 * ROW_OF_NUMBERS - 1 else row)
        row.clear()

    for index in range(0, len(parts), 2):
        number = NUMBER.search(parts[index])
        if (
            number is None or number.start()
        ):  # no number, or one that begins within a word: no row goes on here
            separator = row.pop() if row else ""
            end_row()
            kept += [separator, parts[index][: number.start() if number else None]]
        if number:
            row.append(number[0])
        (row if number else kept).extend(parts[index + 1 : index + 2])
    separator = row.pop() if len(row) % 2 == 0 and row else ""
    end_row()
    return "".join([*kept, separator])


def checked(findings: Sequence[Finding], out_of: float) -> list[Finding]:
    """Findings of bounded length; none if one has no words, or points that are no numbers of the task's."""
    findings = [replace(finding, said=tuple(map(cut, finding.said))) for finding in findings]
    for finding in findings:
        numbers = (finding.points, finding.out_of)
        if not all(isinstance(n, int | float) and math.isfinite(n) for n in numbers):
            return []
        if not has_words(finding):
            return []
    total = sum(finding.points for finding in findings)
    if (out_of and total > out_of + 1e-9) or any(finding.points < 0 for finding in findings):
        return []
    return [replace(finding, said=fitting(finding.said)) for finding in findings]


def has_words(finding: Finding) -> bool:
    """Whether all keys of a finding are known."""
    try:
        return len(finding.name) <= MAX_TEXT and finding.message is not None
    except (ArithmeticError, LookupError, ValueError):
        return False


def fitting(said: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """The first sentences that are no longer than MAX_WORDS together."""
    lengths = itertools.accumulate(len(str(sentence)) + 1 for sentence in said)
    return tuple(sentence for sentence, length in zip(said, lengths, strict=True) if length <= MAX_WORDS)


def cut(value: Any) -> Any:
    """A sentence whose values are no longer than people read; also such a value."""
    if isinstance(value, Sentence):
        return Sentence(value.key, {name: cut(part) for name, part in value.values.items()})
    if isinstance(value, list):
        items = [cut(item) for item in value[:MAX_LISTED]]
        lengths = itertools.accumulate(len(str(item)) + 2 for item in items)
        return [item for item, length in zip(items, lengths, strict=True) if length <= MAX_LISTED]
    return value[:MAX_TEXT] if isinstance(value, str) else value


def judged(question: dict[str, Any]) -> dict[str, Any]:
    """In the child: the findings of one task, or nothing when the judge stumbled."""
    cases = [Case(case["ask"], case["truth"]) for case in question["cases"]]
    answers = [shortened(answer) for answer in question["answers"]]
    try:
        found = TASKS[question["task"]].judge(cases, answers)
        return {"findings": [as_json(finding) for finding in found]}
    except Exception as error:  # whatever it is: the answer was not what an honest session sends
        return {"stumbled": type(error).__name__}
