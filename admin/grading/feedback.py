"""What stands at the top of a page of feedback, and which of its cells are the course's own and folded.

A submission that could not be graded has a sentence there, which says why, and no cells.

A preprocessor of nbgrader's `generate_feedback`, after its GetGrades; the template
(admin/pages/templates/feedback) shows what it finds. Every text is given as text: the template escapes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution

from admin.course.layout import Course
from admin.grading.findings import Findings, read_broken, read_findings
from admin.grading.lateness import policy_of, said_of
from admin.text import printable
from checks.consequences import is_consequence, lost
from checks.language import say, text_of
from checks.task import DISCUSSION, TABLE, Entry, Finding

MAX_REASON, MAX_BROKEN = 200, 1000
WORDS = {
    "heading": "feedback.heading",
    "task": "feedback.head_task",
    "points": "feedback.head_points",
    "reason": "feedback.head_reason",
    "see": "feedback.head_see",
    "pending": "feedback.pending",
    "answer": "feedback.answer",
    "check": "feedback.check",
    "comment": "feedback.comment",
    "comment_head": "feedback.comment_head",
    "late": "feedback.late",
    "top": "feedback.top",
    "not_graded": "grading.page_title",
}
# The task of a check cell, or of the answer that a person reads.
ENTRIES = {entry.check_cell: entry for entry in TABLE.values()} | {DISCUSSION.name: DISCUSSION}
SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z`])")
TASK_BOX = re.compile(r"^> \*\*", re.MULTILINE)
TITLES = tuple(re.compile(rf"^{level} (.+)$", re.MULTILINE) for level in ("##?", "###"))


@dataclass(frozen=True)
class Row:
    """A task in the table: `points` is None while a person is still to read, each link the id of a cell."""

    task: str
    points: str | None
    out_of: str
    reason: str
    answer: str | None
    check: str | None
    commented: bool


class FeedbackTable(NbGraderPreprocessor):
    """Puts the table and its words into `resources["feedback"]`, and marks where the page folds and shows."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        names = resources["nbgrader"]
        course = Course.at(self.parent.parent.coursedir.root)
        findings = findings_of(course, names["student"])
        cells = {grade_id: cell for cell in nb.cells if (grade_id := grade_id_of(cell))}
        with Gradebook(names["db_url"]) as gradebook:
            place = names["notebook"], names["assignment"], names["student"]
            for name in filter(lambda name: is_solution(cells[name]), cells):
                if gradebook.find_comment(name, *place).manual_comment is None:
                    cells[name].metadata.nbgrader["comment"] = None  # nbgrader's own, "No response."

            rows = [
                row(cell, gradebook.find_grade(name, *place), findings, cells)
                for name, cell in cells.items()
                if is_grade(cell)
            ]
            submission = gradebook.find_submission(names["assignment"], names["student"])
            penalty = names["late_penalty"]
            late_reason = said_of(submission, policy_of(course), names["score"] + penalty, penalty)
        for cell in nb.cells:
            cell.metadata["feedback_label"] = label_of(cell)
            if grade_id_of(cell) in ENTRIES and cell.cell_type == "code":
                cell.outputs = shown_outputs(cell)
        fold(nb.cells, released_cells(course, names["assignment"], names["notebook"]))
        broken = read_broken(course.root, names["student"])
        if broken and not rows:
            nb.cells = []  # they say the same: admin.grading.record
        resources["feedback"] = {
            "rows": rows,
            "broken": broken and capital(text_of(broken)),
            "total": total(names["score"], names["max_score"], sum(row.points is None for row in rows)),
            "late": number(penalty) if penalty else None,
            "late_reason": text_of(late_reason) if late_reason else "",
            "words": {name: text_of(say(key)) for name, key in WORDS.items()},
        }
        return nb, resources


def findings_of(course: Course, student: str) -> Findings:
    """What was found in the last grading; nothing if that is not known."""
    try:
        return read_findings(course.root, student)
    except (OSError, ValueError):
        return {}


def grade_id_of(cell: NotebookNode) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def row(cell: NotebookNode, grade: Any, findings: Findings, cells: dict[str, NotebookNode]) -> Row:
    """The row of a graded cell."""
    name = str(grade_id_of(cell))
    entry = ENTRIES.get(name)
    answer = name if is_solution(cell) else entry.name if entry and entry.name in cells else None
    comment = cells[answer].metadata.nbgrader.get("comment") if answer else None
    reason = ""
    if grade.needs_manual_grade or grade.score < grade.max_score:
        reason = reason_of(findings.get(entry.name, ()) if entry else ())
        if not reason and is_solution(cell) and not grade.needs_manual_grade and grade.manual_score is None:
            reason = text_of(say("feedback.nothing_written"))
        elif not reason and comment:
            reason = in_a_line(comment)
    return Row(
        task=title_of(name),
        points=None if grade.needs_manual_grade else number(grade.score),
        out_of=number(grade.max_score),
        reason=reason,
        answer=answer,
        check=None if is_solution(cell) else name,
        commented=bool(comment),
    )


def title_of(grade_id: str) -> str:
    """A task as the notebook calls it; a cell that is no task of ours by its id."""
    entry: Entry | None = ENTRIES.get(grade_id) or TABLE.get(grade_id)
    if entry is None:
        return printable(grade_id)
    if entry.number is None:
        return entry.title
    return text_of(say("feedback.task", number=entry.number, title=entry.title))


def label_of(cell: NotebookNode) -> str | None:
    """What stands over an answer or a check; None over every other cell."""
    if not is_solution(cell) and not is_grade(cell):
        return None
    title = title_of(str(grade_id_of(cell)))
    return text_of(say("feedback.answer_to" if is_solution(cell) else "feedback.check_of", task=title))


def shown_outputs(check: NotebookNode) -> list[NotebookNode]:
    """A check's outputs without its result, the bare number that nbgrader reads: its words say the points."""
    return [output for output in check.outputs if output.output_type != "execute_result"]


def reason_of(findings: Sequence[Finding]) -> str:
    """The first fault that took points, in a line; empty if none did."""
    faults = [finding for finding in findings if lost(finding) and finding.said]
    own = [finding for finding in faults if not is_consequence(finding, findings)] or faults
    if not own:
        return ""
    said = text_of(own[0].said[0])
    return in_a_line(said if own[0].what == "any.what_answer" else f"{own[0].name}: {said}")


def in_a_line(text: str) -> str:
    """The first sentence of a text."""
    return printable(SENTENCE_END.split(" ".join(text.split()), maxsplit=1)[0], MAX_REASON)


def capital(text: str) -> str:
    """A text that begins a line, as one that the page can show."""
    return printable(text[:1].upper() + text[1:], MAX_BROKEN)


def number(points: float) -> str:
    return f"{round(points, 2):g}"


def total(score: float, out_of: float, pending: int) -> str:
    """The points of all tasks, and how many tasks nobody has graded yet."""
    key = "feedback.so_far" if pending else "feedback.total"
    values = {"pending": pending} if pending else {}
    return text_of(say(key, points=number(score), out_of=number(out_of), **values))


def released_cells(course: Course, assignment: str, notebook: str) -> Callable[[NotebookNode], bool]:
    """Whether a cell stands in the released notebook as it is. Without a release none does."""
    path = Path(course.root) / "release" / assignment / f"{notebook}.ipynb"
    try:
        released = {(cell.cell_type, cell.source) for cell in nbformat.read(path, 4).cells}
    except (OSError, ValueError):
        released = set()
    return lambda cell: (cell.cell_type, cell.source) in released


def fold(cells: Sequence[NotebookNode], released: Callable[[NotebookNode], bool]) -> None:
    """Mark where a run of the course's own cells begins, by a line on what is in it, and where it ends.

    Answers, checks, what a student changed or added, and the boxes of tasks stay open.
    """
    folded = [
        released(cell) and label_of(cell) is None and not TASK_BOX.search(cell.source) for cell in cells
    ]
    begin = 0
    for index, cell in enumerate(cells):
        cell.metadata["feedback_fold"] = cell.metadata["feedback_end"] = None
        if not folded[index]:
            continue
        if not index or not folded[index - 1]:
            begin = index
        if index + 1 == len(cells) or not folded[index + 1]:
            cell.metadata["feedback_end"] = True
            cells[begin].metadata["feedback_fold"] = fold_line(cells[begin : index + 1])


def fold_line(cells: Sequence[NotebookNode]) -> str:
    """What is said in the place of cells of the course: their sections, or else what is below one."""
    sources = [cell.source for cell in cells if cell.cell_type == "markdown"]
    for level in TITLES:
        if titles := [title.replace("`", "") for source in sources for title in level.findall(source)]:
            return text_of(say("feedback.folded_titles", titles=titles))
    return text_of(say("feedback.folded"))
