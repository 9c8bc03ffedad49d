"""Asks a submission's session for one case: the net of a task answers in a clean session wherever it can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from admin.grading.cases import Seeds
from admin.grading.trainer import WatchedSession, hash_of, is_told
from checks.carried import NETS
from checks.task import Case


def asked(watched: WatchedSession, task: str, case: Case, seeds: Seeds) -> tuple[Case, dict[str, Any]]:
    """What was asked, and the plain values that a task's objects give for it.

    What was asked is the case, or where a net answered in a clean session, the same of other numbers. Where
    a net takes part, "seen" says what the grader saw itself: whether the net was `told` in plain data, and so
    trained and answered outside the student's session, and the `training` that it came out of. Raises what
    `Session.answer` raises.
    """
    session, ask = watched.session, case.ask
    if task not in NETS:
        return case, session.answer(task, ask)
    which = NETS[task]
    carried = session.carry(task, ask)
    from_net = None
    if is_told(carried):
        net = hash_of(carried["net"])
        of_net = seeds.of_net(task, case, net)
        from_net = watched.answered(task, carried, of_net.ask, net)
    if from_net is None:
        # It can't be told, or not be made again: it answers for itself.
        of_session = seeds.of_session(task, case)
        answer = session.answer(task, of_session.ask)
        if not which.keys:
            return of_session, without_seen(answer)
        seen = {"told": False, "training": watched.last_of(ask["raw"].shape[1:])}
        return of_session, {**answer, "seen": seen}
    if not which.keys:
        # Made again from plain data, a net has its weights; whether it had them before, the session says.
        return of_net, {**without_seen(from_net), "lazy": carried.get("lazy") is True}
    own = session.answer(task, {**ask, "net elsewhere": True})
    training = watched.training_of(carried["net"])
    seen = {"told": training is not None or not watched.exhausted, "training": training}
    return of_net, {**without_seen(own), **from_net, "seen": seen}


def without_seen(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer without what only the grader may say."""
    return {key: value for key, value in answer.items() if key != "seen"}
