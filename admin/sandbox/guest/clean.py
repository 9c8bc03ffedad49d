"""What a clean session does for the grader: train a net, and let a net answer a case.

No student's code ever ran in it. A net comes as plain data (`checks/portable.py`), from a list of Keras' own
classes; pictures and labels as arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from checks import carried, portable

MEASURED = 256
"""Pictures whose loss is measured before and after a training."""


def fit(argument: Mapping[str, Any]) -> dict[str, Any]:
    """The training of a request: weights, the optimiser's state, and the history."""
    from tools import fitting

    model, call = portable.rebuilt(argument["net"]), call_of(argument["call"])
    callbacks = [portable.callback_rebuilt(each) for each in argument["callbacks"]]
    before = loss_of(model, call)
    history = fitting.train(model, call, callbacks)
    return {
        **portable.weights_of(model),
        "before": before,
        "after": loss_of(model, call),
        "history": {str(key): [float(value) for value in values] for key, values in history.items()},
    }


def measure(argument: Mapping[str, Any]) -> dict[str, Any]:
    """What Keras' `evaluate` returns for a net and arrays, as it is and by name, and what metrics counted."""
    from tools.measuring import original_of

    model, evaluate = portable.rebuilt(argument["net"]), original_of("evaluate")  # which asks nobody else
    values = evaluate(model, argument["x"], argument["y"], batch_size=argument["batch"], verbose=0)
    return {
        "values": [float(each) for each in values] if isinstance(values, list) else float(values),
        "logs": {str(key): float(value) for key, value in model.get_metrics_result().items()},
        "counted": [np.asarray(variable) for variable in model.metrics_variables],
    }


def loss(argument: Mapping[str, Any]) -> dict[str, Any]:
    """The loss of a net on the pictures of a training."""
    return {"loss": loss_of(portable.rebuilt(argument["net"]), call_of(argument["call"]))}


def call_of(told: Mapping[str, Any]) -> Any:
    """The `tools.fitting.Call` of a request."""
    from tools import fitting

    validation = told["validation"]
    return fitting.Call(**{**told, "validation": None if validation is None else tuple(validation)})


def loss_of(model: Any, call: Any) -> float:
    """The loss on some of the pictures that a training learns from."""
    x, y = call.x[:MEASURED], call.y[:MEASURED]
    return float(np.asarray(model.compute_loss(x, y, model(x, training=False), training=False)))


def answer(argument: Mapping[str, Any]) -> dict[str, Any]:
    """What a net answers to one case of a task."""
    return dict(carried.answered(argument["task"], argument["carried"], argument["ask"]))


FUNCTIONS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "fit": fit,
    "measure": measure,
    "loss": loss,
    "answer": answer,
}


def done(name: str, argument: Mapping[str, Any]) -> dict[str, Any]:
    """What one of FUNCTIONS gives, or a word on why it could not."""
    import keras

    keras.utils.set_random_seed(0)  # of dropout: the same training comes to the same
    with np.errstate(all="ignore"):
        try:
            return {"value": FUNCTIONS[name](argument)}
        except Exception as error:  # a net that Keras can't train: in the student's session it is said better
            return {"not done": f"{type(error).__name__}: {error}"[:300]}
