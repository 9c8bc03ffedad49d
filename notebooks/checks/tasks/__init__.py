"""A module a task, each with the three parts of its check: `cases`, `answer` and `judge`."""

from collections.abc import Mapping
from types import ModuleType

from checks.task import TABLE, Task
from checks.tasks import (
    channel_axis,
    cifar_images,
    cifar_labels,
    cifar_model,
    cifar_training,
    net_1,
    net_2,
    net_3,
    normalise_images,
    one_hot,
    train_net_1,
    train_net_2,
)

_MODULES: Mapping[str, ModuleType] = {
    "normalise_images": normalise_images,
    "channel_axis": channel_axis,
    "one_hot": one_hot,
    "net_1": net_1,
    "train_net_1": train_net_1,
    "net_2": net_2,
    "train_net_2": train_net_2,
    "cifar_labels": cifar_labels,
    "cifar_images": cifar_images,
    "cifar_model": cifar_model,
    "cifar_training": cifar_training,
    "net_3": net_3,
}

TASKS: Mapping[str, Task] = {
    name: Task(entry, _MODULES[name].cases, _MODULES[name].answer, _MODULES[name].judge)
    for name, entry in TABLE.items()
}
"""All tasks that have a check, by name, in the order of the notebook."""
