"""A module for each task of the table, named like it, with the three parts of its check."""

from collections.abc import Mapping
from importlib import import_module

from checks.task import TABLE, Entry, Task


def _with_its_check(entry: Entry) -> Task:
    module = import_module(f"checks.tasks.{entry.name}")
    return Task(entry, module.cases, module.answer, module.judge, getattr(module, "redrawn", None))


TASKS: Mapping[str, Task] = {name: _with_its_check(entry) for name, entry in TABLE.items()}
"""All tasks that have a check, by name, in the order of the notebook."""
