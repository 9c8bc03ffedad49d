"""What a student's session asks of the grader while its code runs: that a clean session computes for it.

All of this lies beside the student's code, and may be patched: it is a convenience of the session's, and what
it sends counts as hostile. What the grader then judges is its own record of what the clean session did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from checks import portable
from checks.portable import NotPortable

Ask = Callable[[dict[str, Any]], dict[str, Any] | None]


def trained_elsewhere(ask: Ask) -> Callable[[Any, Any, Sequence[Any]], dict[str, list[float]] | None]:
    """For `tools.fitting.bound_training`: a training as a request, where it can be told in plain data."""

    def elsewhere(model: Any, call: Any, callbacks: Sequence[Any]) -> dict[str, list[float]] | None:
        try:
            net = portable.as_data(model, optimiser=True)
        except NotPortable:
            return None
        try:
            told = [portable.callback_as_data(each) for each in callbacks if not watches_only(each)]
            with_effects = False
        except NotPortable:  # what they do can only be done here; the grader then compares
            told, with_effects = [], True
        request = {"net": net, "call": call_as_data(call), "callbacks": told, "compared only": with_effects}
        reply = ask(request)
        if not reply or "weights" not in reply:
            return None
        portable.take_over(model, reply["weights"], reply["optimiser"])
        return {key: list(values) for key, values in reply["history"].items()}

    return elsewhere


def measured_elsewhere(
    ask: Ask,
) -> Callable[[Any, np.ndarray, np.ndarray, int], tuple[Any, dict[str, float]] | None]:
    """For `tools.fitting.bound_training`: an `evaluate` as a request, where the net is told in plain data."""

    def elsewhere(
        model: Any, x: np.ndarray, y: np.ndarray, batch: int
    ) -> tuple[Any, dict[str, float]] | None:
        try:
            net = portable.as_data(model)
        except NotPortable:
            return None
        reply = ask({"net": net, "x": x, "y": y, "batch": batch})
        if not reply or "values" not in reply:
            return None
        # What the metrics have counted is to be asked of them afterwards, as at home.
        variables = model.metrics_variables
        if len(variables) == len(reply["counted"]):
            for variable, value in zip(variables, reply["counted"], strict=True):
                variable.assign(value)
        return reply["values"], dict(reply["logs"])

    return elsewhere


def watches_only(callback: Any) -> bool:
    """Whether a callback is one of the notebook's own, which show a training and change nothing."""
    return type(callback).__module__.split(".")[0] in ("tools", "play")


def call_as_data(call: Any) -> dict[str, Any]:
    """A `tools.fitting.Call` as plain values."""
    data = {field.name: getattr(call, field.name) for field in fields(call)}  # `asdict` would copy arrays
    if call.validation is not None:
        data["validation"] = [np.asarray(part) for part in call.validation]
    return data
