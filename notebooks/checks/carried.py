"""A net of a task, carried out of the student's session and asked in a clean one.

In grading, a net that can be told in plain data does not answer for itself: `told` tells it, and a process
that never ran a student's code makes it again and asks it (`answered`). So right values can't be computed by
anything but the net. What can't be told answers in the student's session, by the task's own `answer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from checks.model import is_lazy
from checks.plain import rows_of
from checks.portable import NotPortable, as_data, rebuilt
from checks.task import Answer, Ask, Given
from checks.tasks import TASKS


@dataclass(frozen=True)
class Net:
    """Which net a task asks, and what of the task's answer comes from the net alone.

    `name` is what the notebook calls the net, or with `made` the function that makes it. `weights` says
    whether the student's weights matter, or the check draws its own. `prepared` names the student's pictures
    from which is seen how they prepare them. Without `keys`, the whole answer comes from the net.
    """

    name: str
    made: bool = False
    weights: bool = False
    prepared: str = ""
    keys: tuple[str, ...] = ()


_TRAINED = ("model", "predictions")
NETS: Mapping[str, Net] = {
    "net_1": Net("net_1", made=True),
    "train_net_1": Net("model_1", weights=True, prepared="x_test", keys=_TRAINED),
    "net_2": Net("net_2", made=True),
    "train_net_2": Net("model_2", weights=True, prepared="x_test", keys=_TRAINED),
    "cifar_model": Net("cifar_model"),
    "cifar_training": Net(
        "cifar_model",
        weights=True,
        prepared="cifar_x_test",
        keys=("model", "predictions", "unseen", "loss", "test loss"),
    ),
    "net_3": Net("net_3", made=True),
}


def told(task: str, given: Given, ask: Ask) -> Answer:
    """In the student's session: the net as plain data, and prepared pictures; nothing if it can't be told."""
    which = NETS[task]
    try:
        net = given[which.name]
        if which.made:
            net = net(tuple(ask["sample_shape"]), ask["nb_classes"])
        lazy = is_lazy(net)
        if not getattr(net, "built", False) and callable(net):
            net(ask["images"])  # without an Input it has no weights before its first pictures
        data = as_data(net)
        if not which.weights:
            if not _is_as_told(net, data, ask["images"]):
                return {}
            data = {**data, "weights": None}
        carried: dict[str, Any] = {"net": data, "lazy": lazy}
    except (NotPortable, Exception, SystemExit):  # its own session then says what is wrong with it
        return {}
    if which.prepared:
        carried["prepared"] = rows_of(given.get(which.prepared), ask["rows"])
    return carried


def _is_as_told(net: Any, data: Mapping[str, Any], images: np.ndarray) -> bool:
    """Whether the net computes what its own description computes: a layer may have been changed since."""
    again = rebuilt(data)
    return bool(np.allclose(net(images), again(images), atol=1e-4, equal_nan=True))


def answered(task: str, carried: Mapping[str, Any], ask: Ask) -> Answer:
    """In a clean session: what the net answers. Raises NotPortable for data that are no net."""
    which = NETS[task]
    net = rebuilt(carried["net"])
    given = {which.name: (lambda shape, classes: net) if which.made else net}
    answer = TASKS[task].answer(given, {**ask, "prepared": carried.get("prepared")})
    return {key: answer[key] for key in which.keys if key in answer} if which.keys else answer
