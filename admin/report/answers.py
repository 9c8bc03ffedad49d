"""What students thought: misconceptions by key, wrong answers without a name, answers that behave alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from admin.report.reading import Class, Work
from checks.consequences import is_consequence, lost
from checks.language import Sentence, text_of, words
from checks.task import Finding, out_of, points

# That something is wrong, but not by which thought: what a person has to look at, and may give a name.
UNNAMED = frozenset(
    {
        "any.is_other",
        "any.unreadable",
        "pixels.other_line",
        "pixels.moved",
        "channel_axis.expected",
        "channel_axis.other_pixels",
        "one_hot.not_binary",
        "one_hot.not_one_each",
        "one_hot.other_numbers",
        "one_hot.other_places",
        "one_hot.other_shape",
        "convolve.other_padding",
        "convolve.other_size",
        "convolve.other_stride",
        "convolve.other_sums",
        "max_pool.other_blocks",
        "max_pool.other_edges",
        "max_pool.other_largest",
        "nets.joined_otherwise",
        "nets.not_as_told",
        "nets.not_followed",
        "nets.other_shapes",
        "cifar_labels.expected",
        "cifar_model.neither_net",
    }
)
# That there was nothing to judge, or nothing came of it: no thought about the matter.
NO_ANSWER = frozenset(
    {
        "any.none_came",
        "any.is_none",
        "any.not_there",
        "any.not_there_yet",
        "any.no_data",
        "any.stopped",
        "any.cell_stopped",
        "any.cell_stopped_somewhere",
        "any.cell_unread",
        "training.no_batch",
        "training.no_epochs",
        "training.choose_first",
        "training.no_model",
        "cifar_model.is_none",
        "cifar_training.history_none",
        "cifar_training.figure_none",
        "cifar_training.score_none",
    }
)
OF_THE_MACHINE = ("message", "session", "sandbox", "bounds", "submission", "grading")


@dataclass(frozen=True)
class Misconception:
    """A key that took points from `students`, by task; `example` is a cell in which no name stands."""

    key: str
    looked_at: str
    sentence: str
    students: int
    tasks: Mapping[str, int]
    section: str
    example: str | None


@dataclass(frozen=True)
class Nothing:
    """How many left a task empty, or had a cell that stopped, by the key that says so."""

    task: str
    key: str
    sentence: str
    students: int


@dataclass(frozen=True)
class Text:
    """A cell, and who wrote it to the letter."""

    code: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Alike:
    """Students of whom a task's check found the same: the faults, points, and their cells."""

    task: str
    faults: tuple[str, ...]
    keys: tuple[str, ...]
    points: float
    out_of: float
    names: tuple[str, ...]
    texts: tuple[Text, ...]


def kind(key: str) -> str:
    """ "named", "unnamed" or "no answer": what the key of a fault says of a thought."""
    if key in NO_ANSWER or key.partition(".")[0] in OF_THE_MACHINE:
        return "no answer"
    return "unnamed" if key in UNNAMED else "named"


def faults(findings: Sequence[Finding]) -> list[Finding]:
    """Those that took points by themselves."""
    return [each for each in findings if lost(each) and each.said and not is_consequence(each, findings)]


def words_of(sentence: Sentence) -> str:
    """A sentence as it is read; of another version of the course, as far as it can be."""
    try:
        return text_of(sentence)
    except (KeyError, IndexError, AttributeError, ValueError):
        group, _, key = sentence.key.partition(".")
        return words().get(group, {}).get(key, sentence.key)


def misconceptions(class_: Class) -> list[Misconception]:
    """Those with a name, the most frequent first; of the same number, in the notebook's order."""
    having: dict[str, dict[str, dict[str, tuple[Work, Finding]]]] = defaultdict(lambda: defaultdict(dict))
    for work, task, findings in _judged(class_):
        for fault in faults(findings):
            if kind(fault.key) == "named":
                having[fault.key][task].setdefault(work.student, (work, fault))
    found = []
    for key, by_task in having.items():
        in_order = sorted(by_task, key=class_.tasks.index)
        first = in_order[0]
        shortest, fault = _example(class_, first, list(by_task[first].values()))
        found.append(
            Misconception(
                key,
                _looked_at(fault),
                words_of(fault.said[0]),
                len({student for students in by_task.values() for student in students}),
                {task: len(by_task[task]) for task in in_order},
                class_.sections.get(first, ""),
                shortest,
            )
        )
    return sorted(found, key=lambda each: (-each.students, class_.tasks.index(next(iter(each.tasks)))))


def _example(class_: Class, task: str, having: Sequence[tuple[Work, Finding]]) -> tuple[str | None, Finding]:
    """The shortest cell in which nobody's name stands, with what was said of it."""
    cells = [
        (code, fault)
        for work, fault in having
        if (code := (work.cells or {}).get(task)) and not (class_.names and class_.names.stand_in(code))
    ]
    return min(cells, key=lambda cell: (len(cell[0]), cell[0])) if cells else (None, having[0][1])


def without_an_answer(class_: Class) -> list[Nothing]:
    """Tasks that were left empty, or whose cell stopped, in the notebook's order."""
    counted: dict[tuple[str, str], list[Sentence]] = defaultdict(list)
    for _, task, findings in _judged(class_):
        nothing = {fault.key: fault.said[0] for fault in faults(findings) if kind(fault.key) == "no answer"}
        for key, sentence in nothing.items():
            counted[task, key].append(sentence)
    found = [Nothing(task, key, words_of(said[0]), len(said)) for (task, key), said in counted.items()]
    return sorted(found, key=lambda each: (class_.tasks.index(each.task), -each.students))


def unnamed(class_: Class) -> list[Alike]:
    """Wrong answers that no key explains, by what they computed; the largest groups first."""
    groups = _alike(class_, lambda found: any(kind(each.key) == "unnamed" for each in faults(found)), True, 1)
    return sorted(groups, key=lambda each: -len(each.names))


def alike(class_: Class, least: int = 2) -> list[Alike]:
    """Groups of at least `least` students whose findings on a task agree and lost points."""
    return _alike(class_, lambda found: bool(faults(found)), False, least)


def _alike(
    class_: Class, wanted: Callable[[Sequence[Finding]], bool], with_values: bool, least: int
) -> list[Alike]:
    groups: dict[Any, list[tuple[Work, str, Sequence[Finding]]]] = defaultdict(list)
    for work, task, findings in _judged(class_):
        if wanted(findings):
            groups[task, _signature(findings, with_values)].append((work, task, findings))
    made = [_group(members) for members in groups.values() if len(members) >= least]
    place = {task: number for number, task in enumerate(class_.tasks)}
    return sorted(made, key=lambda each: (place.get(each.task, 99), -len(each.names)))


def _signature(findings: Sequence[Finding], with_values: bool) -> tuple[Any, ...]:
    return tuple(
        (each.what, each.points, each.keys, repr(_rounded(each.said)) if with_values else "")
        for each in findings
        if lost(each)
    )


def _rounded(value: Any) -> Any:
    """Values as they are read: numbers that differ in the fourth digit are the same thought."""
    if isinstance(value, Sentence):
        return value.key, [(name, _rounded(part)) for name, part in sorted(value.values.items())]
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    return f"{value:.3g}" if isinstance(value, float) else value


def _group(members: Sequence[tuple[Work, str, Sequence[Finding]]]) -> Alike:
    _, task, findings = members[0]
    texts: dict[str, list[str]] = defaultdict(list)
    for work, _, _ in members:
        texts[(work.cells or {}).get(task, "")].append(work.name)
    told = faults(findings)
    return Alike(
        task,
        tuple(dict.fromkeys(f"{_looked_at(each)}: {words_of(each.said[0])}" for each in told)),
        tuple(dict.fromkeys(each.key for each in told)),
        points(findings),
        out_of(findings),
        tuple(work.name for work, _, _ in members),
        tuple(Text(code, tuple(names)) for code, names in texts.items()),
    )


def _looked_at(finding: Finding) -> str:
    return words_of(Sentence(finding.what)) if "." in finding.what else finding.what


def _judged(class_: Class) -> Iterator[tuple[Work, str, Sequence[Finding]]]:
    """Of everybody whose notebook could be read: each task with its findings, in the notebook's order."""
    for work in class_.works:
        if work.readable:
            for task, findings in (work.findings or {}).items():
                if task in class_.tasks:
                    yield work, task, findings
