"""Asks a submission's session for one case: the net of a task answers in a clean session wherever it can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from admin.grading.trainer import WatchedSession
from checks.carried import NETS


def asked(watched: WatchedSession, task: str, ask: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values that a task's objects give for one `ask`. Raises what `Session.answer` raises.

    Where a net takes part, "seen" says what the grader saw itself: whether the net was `told` in plain data,
    and so trained and answered outside the student's session, and the `training` that it came out of.
    """
    session = watched.session
    if task not in NETS:
        return session.answer(task, ask)
    which = NETS[task]
    carried = session.carry(task, ask)
    from_net = watched.answered(task, carried, ask) if carried.get("net") else None
    if from_net is None:
        # It can't be told, or not be made again: it answers for itself.
        answer = session.answer(task, ask)
        if not which.keys:
            return without_seen(answer)
        return {**answer, "seen": {"told": False, "training": watched.last_of(ask["raw"].shape[1:])}}
    if not which.keys:
        # Made again from plain data, a net has its weights; whether it had them before, the session says.
        return {**without_seen(from_net), "lazy": carried.get("lazy") is True}
    own = session.answer(task, {**ask, "net elsewhere": True})
    training = watched.training_of(carried["net"])
    seen = {"told": training is not None or not watched.exhausted, "training": training}
    return {**without_seen(own), **from_net, "seen": seen}


def without_seen(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer without what only the grader may say."""
    return {key: value for key, value in answer.items() if key != "seen"}
