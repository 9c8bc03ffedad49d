"""Task 10: net_1 or net_2 for CIFAR-10, compiled with an optimiser that adapts its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from checks.language import say
from checks.losses import is_cross_entropy, loss_example, loss_value
from checks.model import described, in_shape, redrawn_net
from checks.nets import computes, convolves, is_model, no_model
from checks.plain import array_of, number_of
from checks.task import TABLE, Answer, Ask, Case, Finding, Given, either, right, wrong
from checks.unusable import stopped

TASK = "cifar_model"
_OPTIMISERS = ("Adadelta", "Adagrad", "Adam")


def cases(rng: np.random.Generator, data: Given) -> list[Case]:
    """Two pictures, a seed for the weights, and labels and shares for the loss."""
    return [redrawn(rng, Case({"sample_shape": [32, 32, 3], "nb_classes": 10}))]


def redrawn(rng: np.random.Generator, case: Case) -> Case:
    """A case of this shape, with pictures, a seed for the weights, and a loss to be told."""
    asked = redrawn_net(rng, case, pictures=2)
    return replace(asked, ask={**asked.ask, **loss_example(rng)})


def answer(given: Given, ask: Ask) -> Answer:
    """The model's layers and output, its optimiser, and what its loss and metrics give."""
    model = given.get(TASK)
    if isinstance(model, type) or not hasattr(model, "get_compile_config"):
        return described(model, ask)
    optimiser = getattr(model, "optimizer", None)
    # With half precision, compile() wraps an optimiser into one that scales the loss.
    optimiser = getattr(optimiser, "inner_optimizer", optimiser)
    compiled: dict[str, Any] = {"optimiser": type(optimiser).__name__ if optimiser is not None else None}
    if optimiser is not None:
        example = ask["loss labels"], ask["loss predictions"]
        compiled["learning rate"] = float(np.asarray(optimiser.learning_rate))
        compiled["metrics"] = _metric_values(model, *example)
        compiled["loss"] = loss_value(getattr(model, "loss", None), *example)
    try:
        return {**described(model, ask), **compiled}
    except Exception:  # a net that can't take these pictures may still be compiled as asked
        return {**_of_other_pictures(model, ask), **compiled, "net error": True}


def _of_other_pictures(model: Any, ask: Ask) -> Answer:
    """A description of the model on pictures of the shape that it was made for, as far as there is one."""
    try:
        shape = [int(side) for side in model.input_shape[1:]]
        return {**described(model, in_shape(ask, shape)), "shape": shape}
    except Exception:
        return {"kind": "Model", "layers": None}


def _metric_values(model: Any, labels: np.ndarray, predictions: np.ndarray) -> dict[str, float]:
    """What the model's own metrics give for these labels and predictions, by name; they are reset."""
    try:
        model.reset_metrics()
        values = model.compute_metrics(None, labels, predictions)
        return {
            str(key): float(np.asarray(value)) for key, value in list(values.items())[:20] if key != "loss"
        }
    except Exception:
        return {}
    finally:
        model.reset_metrics()


def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    """Findings on the net, the optimiser, the loss and the metric."""
    (case,), (answer,) = cases, answers
    what, out_of, kind = "cifar_model.what_model", TABLE[TASK].points, answer.get("kind")
    if "error" in answer:
        return [wrong(what, out_of, stopped(TASK, answer))]
    if kind == "NoneType":
        return [wrong(what, out_of, say("cifar_model.is_none"))]
    if kind in ("type", "outputs"):
        return [wrong(what, out_of, no_model(TASK, answer))]
    if kind != "Model":
        other = say("cifar_model.other_kind", kind=kind)
        is_function = kind == "function"
        return [
            wrong(what, out_of, say("cifar_model.is_function", other_kind=other) if is_function else other)
        ]
    net = _net(case, answer)
    if answer.get("optimiser") is None:
        return [net, wrong("cifar_model.what_compiled", 4, say("cifar_model.not_compiled"))]
    loss = None if is_cross_entropy(case, answer) else say("cifar_model.loss_wrong")
    compiled = [
        _optimiser(answer),
        either("cifar_model.what_loss", 1, loss, say("cifar_model.loss_right")),
        _metric(case, answer),
    ]
    if not net.points and not convolves(case.ask, answer):
        compiled = [_for_no_net(finding) for finding in compiled]
    return [net, *compiled]


def _for_no_net(finding: Finding) -> Finding:
    """A finding on what compile() was given, for a net that has nothing of what was to be compiled."""
    if not finding.points:
        return finding
    return wrong(finding.what, finding.out_of, say("cifar_model.nothing_to_compile"))


def _net(case: Case, answer: Answer) -> Finding:
    what = "cifar_model.what_net"
    for net in _likelier_first(answer):
        if computes(net, case.ask, answer):
            return right(what, 4, say("cifar_model.net_right", net=net))
    if answer.get("net error"):
        return wrong(what, 4, say("cifar_model.no_cifar_pictures"))
    output = array_of(answer, "output")
    if output is not None and output.shape[-1] != 10:
        return wrong(what, 4, say("cifar_model.other_outputs", outputs=output.shape[-1]))
    return wrong(what, 4, say("cifar_model.neither_net"))


def _likelier_first(answer: Answer) -> tuple[str, str]:
    """Both nets: drawing the weights for the wrong one takes as long as all the rest of a check."""
    pools = is_model(answer) and "MaxPooling2D" in [layer.get("kind") for layer in answer["layers"]]
    return ("net_1", "net_2") if pools else ("net_2", "net_1")


def _optimiser(answer: Answer) -> Finding:
    what = "cifar_model.what_optimiser"
    name, rate = answer.get("optimiser"), number_of(answer, "learning rate")
    if name not in _OPTIMISERS:
        return wrong(what, 2, say("cifar_model.other_optimiser", name=name, optimisers=list(_OPTIMISERS)))
    if rate is None or not 0 < rate <= 10:
        shown = rate if rate is None else format(rate, "g")
        return wrong(what, 2, say("cifar_model.rate_unusable", name=name, rate=shown))
    if name == "Adadelta" and rate < 0.1:
        return right(what, 2, say("cifar_model.slow_rate", name=name, rate=rate))
    return right(what, 2, say("cifar_model.optimiser_right", name=name))


def _metric(case: Case, answer: Answer) -> Finding:
    what = "cifar_model.what_metric"
    metrics = answer.get("metrics")
    metrics = metrics if isinstance(metrics, dict) else {}
    labels, predictions = case.ask["loss labels"], case.ask["loss predictions"]
    expected = float((labels.argmax(axis=1) == predictions.argmax(axis=1)).mean())
    if any(
        abs(value - expected) < 1e-3 for name in metrics if (value := number_of(metrics, name)) is not None
    ):
        return right(what, 1, say("cifar_model.metric_right"))
    if metrics:
        return wrong(what, 1, say("cifar_model.metric_wrong", metrics=", ".join(metrics)[:80]))
    return wrong(what, 1, say("cifar_model.no_metric"))
