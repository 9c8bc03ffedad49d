"""The page: a Jinja template that escapes every value, with one script of ours, known by its hash."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from admin.grading.feedback import title_of
from admin.report import answers, figures, numbers, people
from admin.report.reading import Class
from checks.task import DISCUSSION, TABLE

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Report:
    """All that the page shows, and the summary in the terminal."""

    glance: numbers.Glance
    spread: numbers.Spread | None
    tasks: Sequence[numbers.TaskNumbers]
    misconceptions: Sequence[answers.Misconception]
    without_an_answer: Sequence[answers.Nothing]
    unnamed: Sequence[answers.Alike]
    alike: Sequence[answers.Alike]
    in_need: Sequence[people.InNeed]
    changes: Sequence[people.Change]
    first_grading: bool
    help_below: float


def report_on(class_: Class, help_below: float) -> Report:
    """The numbers of a class; `help_below` is the share of points under which somebody needs help."""
    return Report(
        numbers.glance(class_.works),
        numbers.spread(class_.works),
        numbers.tasks(class_),
        answers.misconceptions(class_),
        answers.without_an_answer(class_),
        answers.unnamed(class_),
        answers.alike(class_),
        people.in_need(class_, help_below),
        people.changes(class_),
        class_.before is None or not class_.before.class_,
        help_below,
    )


def page(class_: Class, report: Report, made: datetime, anonymous: bool = False) -> str:
    """The whole page, as HTML that needs nothing beside it."""
    days = numbers.by_day(class_.works)
    tried = [task for task in report.tasks if task.n]
    return rendered(
        "report.html.j2",
        report=report,
        class_=class_,
        anonymous=anonymous,
        made=f"{made:%d %B %Y, %H:%M}",
        distribution=figures.distribution(report.spread) if report.spread else None,
        shares=figures.shares([(title(task.task), task) for task in tried]) if tried else None,
        hand_ins=figures.hand_ins(days) if days else None,
        least=numbers.MIN_CORRELATED,
        groups=by_task(report.alike),
    )


def rendered(template: str, **values: Any) -> str:
    """A template with these values, each escaped, and with our style and script, which every page has."""
    environment = templates_in(TEMPLATES)
    environment.filters |= {
        "title": title,
        "number": number,
        "percent": lambda share: "" if share is None else f"{100 * share:.0f}\N{NO-BREAK SPACE}%",
        "short": beginning,
    }
    script = (TEMPLATES / "sort.js").read_text(encoding="utf-8")
    return environment.get_template(template).render(
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        **values,
    )


def templates_in(folder: Path) -> Environment:
    """Templates that escape every value and refuse one that is missing; `words` makes a sentence HTML."""
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = with_code
    return environment


def write_private(file: Path, text: str) -> None:
    """Write a page for its owner alone, whole or not at all. Raises OSError."""
    half = file.with_suffix(".half")
    half.touch(mode=0o600)
    half.write_text(text, encoding="utf-8")
    half.replace(file)


def title(task: str) -> str:
    """A task as the notebook calls it."""
    return title_of(DISCUSSION.name if task == DISCUSSION.name else task)


def number_of(task: str) -> str:
    """ "task 3" where a task has a number, else its name."""
    entry = DISCUSSION if task == DISCUSSION.name else TABLE.get(task)
    return f"task {entry.number}" if entry and entry.number else task


def by_task(groups: Sequence[answers.Alike]) -> dict[str, list[answers.Alike]]:
    found: dict[str, list[answers.Alike]] = {}
    for group in groups:
        found.setdefault(group.task, []).append(group)
    return found


def with_code(text: str) -> Markup:
    """A sentence as HTML: what stands in backticks is code, and everything is escaped."""
    parts = re.split(r"`([^`]+)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


def beginning(text: str, limit: int = 170) -> str:
    """As many whole sentences of a text as there is room for; of a long first one, a part."""
    first, *others = re.split(r"(?<=[.?!])\s+(?=[A-Z`])", " ".join(text.split()))
    if len(first) > limit:
        return f"{first[: limit - 1].rstrip()}…"
    for other in others:
        if len(first) + len(other) >= limit:
            break
        first = f"{first} {other}"
    return first


def number(value: float | None, digits: int = 2) -> str:
    return "" if value is None else f"{round(value, digits):g}"
