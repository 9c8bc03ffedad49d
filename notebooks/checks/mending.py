"""What stands in the way of an answer at home: an earlier task that is not right yet."""

from __future__ import annotations

import dis
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from checks.asking import grade_answer
from checks.held_back import held_back
from checks.language import say
from checks.task import TABLE, Entry, Finding, Given, all_forerunners

# Asking these takes milliseconds. Of the nets it is only looked whether they are there.
_ASKED = ("normalise_images", "channel_axis", "one_hot", "cifar_labels", "cifar_images")


def with_what_comes_first(task: str, given: Given, findings: Sequence[Finding]) -> list[Finding]:
    """The findings; where points are lost and an earlier task is not right, a remark says which to mend."""
    if all(finding.points >= finding.out_of for finding in findings):
        return list(findings)
    first = first_to_mend(task, given)
    if first is None:
        return list(findings)
    sentence = say("any.first_mend", number=first.number, title=say(f"{first.name}.title"))
    return [Finding("any.what_before", 0, 0, (sentence,)), *findings]


def first_to_mend(task: str, given: Given) -> Entry | None:
    """The first of a task's forerunners that is missing or wrong, as far as a quick look tells."""
    return next((TABLE[name] for name in all_forerunners(task) if _is_in_the_way(name, given)), None)


def _is_in_the_way(task: str, given: Given) -> bool:
    if any(is_untouched(given.get(name)) for name in TABLE[task].gives):
        return True
    if task not in _ASKED:
        return False
    try:
        with held_back():
            findings = grade_answer(task, given)
    except Exception:  # of the check's own, which says nothing about the answer
        return False
    return any(finding.points < finding.out_of and finding.what != "any.what_ready" for finding in findings)


def is_untouched(answer: Any) -> bool:
    """Whether it is None, or a function with nothing in it but a docstring.

    A function that works and forgets its `return` is touched, though it gives back None as well.
    """

    def empty() -> None:
        """Nothing but a docstring."""

    return answer is None or (isinstance(answer, FunctionType) and _steps(answer) == _steps(empty))


def _steps(function: Callable[..., Any]) -> list[tuple[str, Any]]:
    """What Python does in a function, its constants by value: `return 5` is not `return None`."""
    return [(step.opname, step.argval) for step in dis.get_instructions(function) if step.opname != "NOP"]
