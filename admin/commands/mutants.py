"""`mutants`: changes checks and model answers in one place at a time, and says what nothing notices."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from collections.abc import Sequence

from admin.mutation import accepted, known, model_answers, trials
from admin.mutation.accepted import Sorted
from admin.mutation.children import in_forks

NOT_RECORDED = (
    "The known answers are not told what is recorded. So first: python3 -m admin test "
    "tests/unit/test_answers.py. If it is meant to be so: python3 -m admin mutants --record"
)


def main(argv: list[str] | None = None) -> int:
    """0 when each survivor is accepted, and no acceptance is stale."""
    parser = argparse.ArgumentParser(
        prog="python3 -m admin mutants",
        description="Change the checks, and then the model answers, in one place at a time, and say which "
        "changes no known answer notices, and which changed answers keep all points.",
    )
    parser.add_argument("tasks", metavar="TASK", nargs="*", help="a task (default: all that have points)")
    parser.add_argument("--workers", metavar="N", type=int, default=os.cpu_count(), help="how many at a time")
    parser.add_argument(
        "--record",
        action="store_true",
        help="write down what the known answers are told now, and try nothing",
    )
    parser.add_argument("--model-answers", action="store_true", help="change the model answers alone")
    options = parser.parse_args(argv)
    every_task = known.tasks_with_points()
    if unknown := [task for task in options.tasks if task not in every_task]:
        parser.error(f"there is no task {unknown[0]}; the tasks are {', '.join(every_task)}")
    tasks = [task for task in every_task if task in options.tasks] or every_task
    known.prepare(every_task)
    if options.record:
        record(tasks)
        return 0
    try:
        found = [] if options.model_answers else checks(tasks, options.workers)
        found += [answers_of(task, options.workers) for task in tasks]
    except KnownAnswersDiffer as difference:
        print(f"{difference}\n{NOT_RECORDED}", file=sys.stderr)
        return 1
    return 1 if any(each.new or each.stale for each in found) else 0


class KnownAnswersDiffer(Exception):
    """A known answer that is told something else than is recorded, before anything was changed."""


def record(tasks: Sequence[str]) -> None:
    """Write down what the known answers of these tasks are told now, in the order of the notebook."""
    every_task = known.tasks_with_points()
    found = {name: told for name, told in known.recorded().items() if name.split(": ")[0] not in tasks}
    for task in tasks:
        found |= {each.title: known.lasting(each) for each in known.observations(task)}
    known.record(dict(sorted(found.items(), key=lambda item: every_task.index(item[0].split(": ")[0]))))


def checks(tasks: Sequence[str], workers: int) -> list[Sorted]:
    """Try all changes of the modules of these tasks on their known answers; say how it went, by module.

    What several tasks share is changed, in a run of some tasks, only where their known answers come by.
    """
    modules = list(dict.fromkeys(module for task in tasks for module in known.modules_of(task)))
    seen: trials.Observations = {task: known.observations(task) for task in tasks}
    is_as_recorded(seen)
    seen = trials.soonest_first(seen)
    ((_, imported),) = in_forks([0], lambda _: trials.at_import(), 1, trials.SECONDS)
    found = []
    for module in modules:
        begun = time.monotonic()
        changes = trials.changes_of(module)
        having = [task for task in tasks if module in known.modules_of(task)]
        users = {change: trials.used_by(change, having, seen, imported) for change in changes}
        whole = {change.file for change in changes}
        if set(known.using(module)) - set(tasks):
            whole, changes = set(), [change for change in changes if users[change]]
        fates = dict(trials.fates(changes, users.__getitem__, seen, imported, workers))
        survivors = [change.mark for change in changes if not fates[change]]
        found.append(accepted.sort_out(whole, survivors, accepted.read_accepted()))
        title, what = f"{module}: {len(fates)} changes", "no known answer of these tasks notices"
        said(title, found[-1], what, time.monotonic() - begun)
    return found


def is_as_recorded(seen: trials.Observations) -> None:
    """Raise KnownAnswersDiffer for the first known answer that is told something else."""
    kept = known.recorded()
    for task, found in seen.items():
        for each in found:
            if kept.get(each.title) != known.lasting(each):
                raise KnownAnswersDiffer(f"{task}, {each.name}")


def answers_of(task: str, workers: int) -> Sorted:
    """Try all changes of a task's model answer; say how it went."""
    begun = time.monotonic()
    file = f"{task}: the model answer"
    came = sorted(model_answers.fates(task, workers), key=lambda pair: pair[0].number)
    survivors = [accepted.mark(file, place) for place, fate in came if fate == model_answers.KEEPS]
    same = sum(fate == model_answers.SAME for _, fate in came)
    found = accepted.sort_out({file}, survivors, accepted.read_accepted())
    title = f"{file}: {len(came)} changes, {same} compute the same"
    said(title, found, "computes something else, and keeps all points", time.monotonic() - begun)
    return found


def said(title: str, found: Sorted, what: str, seconds: float) -> None:
    """Print how many changes survive, and each; and which acceptances are stale."""
    print(f"{title}, {len(found.new)} survive, {len(found.known)} are accepted ({seconds:.0f} s)")
    for (file, line), marks in itertools.groupby(found.new, key=lambda mark: mark[:2]):
        print(f"  {what}: {file}\n    {line}", *(f"      {mark.change}" for mark in marks), sep="\n")
    for entry in found.stale:
        where = entry.line or f"all of {entry.function}"
        print(f"  accepted, but noticed or gone: {entry.file}\n    {where}\n    {entry.change or entry.kind}")
    sys.stdout.flush()
