"""The extra task: a net of the student's own. It is looked at and gives no points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from checks.language import say
from checks.model import answer_net, cases_net, redrawn_net
from checks.nets import is_model
from checks.plain import array_of
from checks.task import Answer, Case, Finding, wrong
from checks.unusable import nothing_to_judge, stopped

cases = cases_net
redrawn = redrawn_net
answer = answer_net("net_3")


def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """What the net has, and what it might try; a finding that is there has 1 of 0 points."""
    case, answer = cases[0], answers[0]
    if nothing := nothing_to_judge("net_3", answers):
        return nothing
    if not is_model(answer):
        if "error" in answer:
            return [wrong("nets.what_model", 0, stopped("net_3", answer))]
        return [wrong("nets.what_model", 0, say("any.stopped", task="net_3", error=say("net_3.no_model")))]
    kinds = [layer["kind"] for layer in answer["layers"]]
    output, classes = array_of(answer, "output"), case.ask["nb_classes"]
    shares = (
        output is not None and output.shape == (3, classes) and np.allclose(output.sum(axis=1), 1, atol=1e-3)
    )
    looked_at = (
        ("shares", "no_shares", bool(shares)),
        ("convolutions", "few_convolutions", sum("Conv" in kind for kind in kinds) > 2),
        ("dropout", "no_dropout", any("Dropout" in kind for kind in kinds)),
        ("normalisation", "no_normalisation", "BatchNormalization" in kinds),
    )
    return [
        Finding(f"net_3.what_{what}", 1 * there, 0, () if there else (say(f"net_3.{missing}"),))
        for what, missing, there in looked_at
    ]
