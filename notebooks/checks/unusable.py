"""What to say of an answer that can't be judged: the code stopped, or gave nothing, or some other thing."""

from __future__ import annotations

from collections.abc import Sequence

from checks.language import Sentence, say
from checks.task import TABLE, Answer, Finding, wrong


def nothing_to_judge(task: str, answers: Sequence[Answer]) -> list[Finding]:
    """One finding for the whole task if all answers are errors, or all others None; none if there is more."""
    out_of = TABLE[task].points
    if all("error" in answer for answer in answers):
        return [wrong("any.what_answer", out_of, stopped(task, answers[0]))]
    if all(answer.get("kind") == "NoneType" for answer in answers if "error" not in answer):
        return [wrong("any.what_answer", out_of, say("any.none_came", task=task))]
    return []


def stopped(task: str, answer: Answer) -> Sentence:
    """Why there is no value in an answer with an error."""
    if "not callable" in answer:
        error = say("any.not_callable", name=answer["not callable"])
        return say("any.not_there_yet", error=error)
    error = answer["error"]
    if "Cannot cast ufunc 'divide'" in error or "Cannot cast ufunc 'true_divide'" in error:
        return say("any.divided_in_place", task=task, error=error)
    return say("any.stopped", task=task, error=error)


def wrong_kind(kind: str) -> Sentence:
    """What to say of a value that is no NumPy array of numbers."""
    if kind == "list":
        return say("any.is_list")
    if "Tensor" in kind or "Variable" in kind:
        return say("any.is_tensor", kind=kind)
    if kind == "DataFrame":
        return say("any.is_data_frame")
    if kind == "NoneType":
        return say("any.is_none")
    return say("any.is_other", kind=kind)
