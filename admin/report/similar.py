"""Which cells of a class are much alike, as copydetect sees them: other names and comments hide nothing.

Texts are compared in memory, and nothing is run. Whether somebody copied is for a person to find out.
"""

from __future__ import annotations

import io
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from copydetect import CodeFingerprint, compare_files
from copydetect.utils import get_token_coverage
from markupsafe import Markup

from admin.course.layout import NOTEBOOK, Course, CourseError
from admin.course.source_notebook import read_source
from admin.report.page import rendered
from admin.report.reading import Work, cells_in, cells_of, read, shown_whole, source_of

# copydetect's own bound: what is shorter agrees by chance. Its tokens are signs of the filtered code, where
# a name or a text is one: https://copydetect.readthedocs.io
RUN = 25
# A cell has to have so many tokens of its own, without released and model code. Of the answers that we know,
# those of one or two lines (normalise_images, one_hot, cifar_labels …) have at most 80, and there is hardly
# another way to write them. Prose has no names to shorten: 200 characters are three lines.
LEAST = {"code": 100, "prose": 200}
AT_LEAST = 0.8  # cells that were copied and then changed in a line or two stay above it
MOST_PAIRS = 40  # of a task on the page, the most alike: prescribed nets would crowd out the rest


@dataclass(frozen=True)
class Side:
    """A student's cell, and where in it (from, to) it agrees with the other."""

    name: str
    text: str
    agreeing: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Pair:
    """Two cells of a task. `share`: of the shorter one's own tokens, `tokens`, how many the other has too."""

    task: str
    share: float
    tokens: int
    sides: tuple[Side, Side]


@dataclass(frozen=True)
class Compared:
    """The pairs, by task; how many cells of each task were long enough; whose are left out.

    First comes the task in which a pair is rarest, since that tells most; within a task, the most alike.
    """

    pairs: tuple[Pair, ...]
    cells: Mapping[str, int]
    students: int
    left_out: tuple[tuple[str, str], ...]
    """name and why: "could not be read" or "not graded yet"."""

    def of(self, task: str) -> tuple[Pair, ...]:
        return tuple(pair for pair in self.pairs if pair.task == task)

    @property
    def tasks(self) -> list[str]:
        """Those with cells to compare, in the order of the pairs."""
        return sorted(self.cells, key=lambda task: (rarity(len(self.of(task)), self.cells[task]), task))


def compare(course: Course, at_least: float = AT_LEAST) -> Compared:
    """Compare the graded cells of a class, each with the same one of everybody else. Raises CourseError."""
    handed_in = [work for work in read(course).works if work.handed_in]
    cells = {work.student: cells_of(course, work.student, whole=True) for work in handed_in if work.graded}
    left_out = tuple((work.name, why) for work in handed_in if (why := _why_left_out(work, cells)))
    if len(handed_in) - len(left_out) < 2:
        raise CourseError(
            "Nothing to compare: fewer than two hand-ins have been graded and could be read. "
            f"Run `python3 -m admin grade{course.option()}` first."
        )
    given = model_texts(course)
    prose = {name for name, kind, _ in given if kind == "prose"}
    known = {kind: seen_in([text for _, other, text in given if other == kind], kind) for kind in LEAST}
    by_task: dict[str, list[tuple[str, CodeFingerprint]]] = defaultdict(list)
    for work in handed_in:
        for task, text in cells.get(work.student, {}).items():
            kind = "prose" if task in prose else "code"
            found = fingerprint(text, kind, known[kind])
            if found.token_coverage >= LEAST[kind]:
                by_task[task].append((work.name, found))
    pairs = [
        pair
        for task, found in by_task.items()
        for one, other in combinations(found, 2)
        if (pair := compared(task, one, other, at_least))
    ]
    counts = Counter(pair.task for pair in pairs)
    lengths = {task: len(found) for task, found in by_task.items()}

    def order(pair: Pair) -> tuple[Any, ...]:
        return rarity(counts[pair.task], lengths[pair.task]), pair.task, -pair.share, -pair.tokens

    return Compared(
        tuple(sorted(pairs, key=order)),
        lengths,
        len(handed_in) - len(left_out),
        left_out,
    )


def rarity(pairs: int, cells: int) -> float:
    """The share of all possible pairs of so many cells; tasks without a pair come last."""
    return pairs / math.comb(cells, 2) if pairs else math.inf


def _why_left_out(work: Work, cells: Mapping[str, Mapping[str, str]]) -> str:
    if not work.graded and not work.broken:
        return "not graded yet"
    return "could not be read" if work.broken or not cells.get(work.student) else ""


def model_texts(course: Course) -> list[tuple[str, str, str]]:
    """What everybody was given and the model answers, as (id of the cell, "code" or "prose", text)."""
    notebooks = [
        cells_in(course.release / f"{NOTEBOOK}.ipynb"),
        cells_in(course.source / f"{NOTEBOOK}.ipynb"),
        read_source().cells,
    ]
    found = []
    for cell in (cell for cells in notebooks for cell in cells):
        marks = (cell.get("metadata") or {}).get("nbgrader") or {}
        name, text = str(marks.get("grade_id", "")), shown_whole(source_of(cell))
        prose = cell.get("cell_type") == "markdown"
        found.append((name, "prose" if prose else "code", text))
        if prose:
            found += [("", "code", block) for block in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)]
    return found


def seen_in(texts: Sequence[str], kind: str) -> frozenset[int]:
    """The hashes of all runs in these texts, for the same process only."""
    return frozenset().union(*(fingerprint(text, kind).hashes for text in texts))


def fingerprint(text: str, kind: str, known: frozenset[int] = frozenset()) -> CodeFingerprint:
    """copydetect's view of a text, every run of it (a window of 1: cells are short), without known runs.

    copydetect's own `boilerplate` would also drop a run that a text has twice: it calls NumPy's intersect1d
    with assume_unique (`get_document_fingerprints` in
    https://github.com/blingenf/copydetect/blob/v0.5.0/copydetect/utils.py).
    """
    text = text.strip("\n")  # Pygments leaves out empty lines at both ends
    if kind == "prose":
        # Where lines break says nothing about who wrote them.
        text = "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text)).strip()
    found = CodeFingerprint("", RUN, 1, filter=kind == "code", language="python", fp=io.StringIO(text))
    found.hash_idx = {run: places for run, places in found.hash_idx.items() if run not in known}
    found.hashes = set(found.hash_idx)
    found.token_coverage = int(get_token_coverage(found.hash_idx, RUN, len(found.filtered_code)))
    return found


def compared(
    task: str, one: tuple[str, CodeFingerprint], other: tuple[str, CodeFingerprint], at_least: float
) -> Pair | None:
    """The pair, if the shorter cell agrees with the other in this share of its own tokens."""
    one, other = sorted((one, other), key=lambda each: each[1].token_coverage)
    shorter, longer = one[1], other[1]
    common = shorter.hashes & longer.hashes
    wanted = at_least * shorter.token_coverage
    if not common or RUN * sum(len(shorter.hash_idx[run]) for run in common) < wanted:
        return None  # for most pairs, and much quicker
    tokens, _, slices = compare_files(shorter, longer)
    if tokens < wanted:
        return None
    sides = tuple(
        Side(name, found.raw_code, ranges(places, len(found.raw_code)))
        for (name, found), places in zip((one, other), slices, strict=True)
    )
    return Pair(task, tokens / shorter.token_coverage, shorter.token_coverage, (sides[0], sides[1]))


def ranges(slices: Sequence[Sequence[float]], length: int) -> tuple[tuple[int, int], ...]:
    """copydetect's places, in order, apart, and within the text; in code with classes some lie beyond."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(zip(*slices, strict=True)):
        first, last = max(0, int(start)), min(length, int(end))
        if found and first <= found[-1][1]:
            first, last = found[-1][0], max(last, found.pop()[1])
        if first < last:
            found.append((first, last))
    return tuple(found)


def marked(side: Side) -> Markup:
    """A cell as HTML: everything escaped, what agrees in <mark>."""
    parts, at = [], 0
    for start, end in side.agreeing:
        parts.append(Markup("{}<mark>{}</mark>").format(side.text[at:start], side.text[start:end]))
        at = end
    return Markup("").join([*parts, Markup("{}").format(side.text[at:])])


def page(compared: Compared, at_least: float, made: datetime) -> str:
    """The whole page, as HTML that needs nothing beside it."""
    return rendered(
        "similar.html.j2",
        compared=compared,
        pairs=[pair for task in compared.tasks for pair in compared.of(task)[:MOST_PAIRS]],
        most=MOST_PAIRS,
        at_least=at_least,
        least=LEAST,
        made=f"{made:%d %B %Y, %H:%M}",
        marked=marked,
    )
