"""What to say of an answer that can't be judged in full: it stopped, gave nothing, or some other thing."""

from __future__ import annotations

from collections.abc import Sequence

from checks.language import Sentence, say
from checks.plain import array_of
from checks.task import TABLE, Answer, Finding, wrong


def nothing_to_judge(task: str, answers: Sequence[Answer]) -> list[Finding]:
    """One finding for the whole task if all answers are errors, or all others None; none if there is more."""
    out_of = TABLE[task].whole
    if all("error" in answer for answer in answers):
        return [wrong("any.what_answer", out_of, stopped(task, answers[0]))]
    if all(answer.get("kind") == "NoneType" for answer in answers if "error" not in answer):
        return [wrong("any.what_answer", out_of, say("any.none_came", task=task))]
    return []


def no_numbers(task: str, answers: Sequence[Answer]) -> list[Finding]:
    """One finding for the whole task if no answer holds numbers (`plain`); none if there is one that does."""
    if any(array_of(answer) is not None for answer in answers):
        return []
    kinds = [str(answer.get("kind")) for answer in answers if answer.get("kind") not in (None, "NoneType")]
    return nothing_to_judge(task, answers) or [
        wrong("any.what_answer", TABLE[task].whole, wrong_kind(next(iter(kinds), "NoneType")))
    ]


def stopped(task: str, answer: Answer) -> Sentence:
    """Why there is no value in an answer with an error."""
    if "not callable" in answer:
        error = say("any.not_callable", name=answer["not callable"])
        return say("any.not_there_yet", error=error)
    error = answer["error"]
    if error == f"KeyError: {task!r}":
        return say("any.not_there", name=task)
    if "Cannot cast ufunc 'divide'" in error:
        return say("any.divided_in_place", task=task, error=error)
    return say("any.stopped", task=task, error=error)


def unanswered(task: str, answers: Sequence[Answer]) -> Sentence | None:
    """Why some answers of a task hold no numbers, by the first of these; None if all do."""
    for answer in answers:
        if "error" in answer:
            return say("any.some_stop", error=answer["error"])
        if array_of(answer) is None:
            kind = str(answer.get("kind"))
            return say("any.some_none", task=task) if kind == "NoneType" else wrong_kind(kind)
    return None


def kind_of_all(answers: Sequence[Answer]) -> str:
    """The kind of the answers with numbers: "ndarray", or the first other one."""
    kinds = [str(answer.get("kind")) for answer in answers if array_of(answer) is not None]
    return next((kind for kind in kinds if kind != "ndarray"), "ndarray")


def halved(what: str, kind: str, findings: Sequence[Finding]) -> list[Finding]:
    """The findings on numbers, if they are in a NumPy array; else a single one, with half of their points.

    `kind` is what holds them (`plain`). Beside how to make an array of it, their worst mistake is told.
    """
    if kind == "ndarray":
        return list(findings)
    worst = max(findings, key=lambda finding: finding.out_of - finding.points)
    right = worst.points == worst.out_of
    about_numbers = (say("any.numbers_right"),) if right else (say("any.numbers_wrong"), *worst.said)
    out_of = sum(finding.out_of for finding in findings)
    half = sum(finding.points for finding in findings) // 2
    return [Finding(what, half, out_of, (wrong_kind(kind), *about_numbers))]


def wrong_kind(kind: str) -> Sentence:
    """What to say of a value that is no NumPy array of numbers."""
    if kind in ("list", "tuple"):
        return say("any.is_list", kind=kind)
    if kind == "ndarray of object":
        return say("any.is_objects")
    if "Tensor" in kind or "Variable" in kind:
        return say("any.is_tensor", kind=kind)
    if kind in ("DataFrame", "Series"):
        return say("any.is_data_frame", kind=kind)
    if kind == "NoneType":
        return say("any.is_none")
    return say("any.is_other", kind=kind)
