"""The findings of each submission as JSON beside the gradebook, for all that counts or compares them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from checks.language import Sentence, sentence_as_json, sentence_from_json
from checks.task import Finding, as_json, from_json, out_of, points

Findings = Mapping[str, Sequence[Finding]]
"""By task; a task is missing when the notebook has no check cell for it."""


def findings_file(course: Path, student: str) -> Path:
    """Where the findings of a student's submission are; `course` is the course's folder."""
    return course / "grading" / f"{student}.findings.json"


def write_findings(course: Path, student: str, findings: Findings, broken: Sentence | None = None) -> None:
    """Write them whole or not at all. `broken` says why a submission could not be graded."""
    tasks = {
        task: {
            "points": points(found),
            "out_of": out_of(found),
            "findings": [as_json(finding) for finding in found],
        }
        for task, found in findings.items()
    }
    path = findings_file(course, student)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.half")
    reason = sentence_as_json(broken) if broken else None
    text = json.dumps({"student": student, "broken": reason, "tasks": tasks}, indent=1, allow_nan=False)
    half.write_text(text, encoding="utf-8")
    half.replace(path)


def read_findings(course: Path, student: str) -> dict[str, list[Finding]]:
    """Those of the last grading, by task. Raises OSError if there are none, ValueError for another file."""
    try:
        kept: Any = json.loads(findings_file(course, student).read_text(encoding="utf-8"))
        return {
            task: [from_json(finding) for finding in found["findings"]]
            for task, found in kept["tasks"].items()
        }
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{findings_file(course, student)} holds no findings ({error})") from None


def read_broken(course: Path, student: str) -> Sentence | None:
    """Why a submission could not be graded; None if it could, or if that is not known."""
    try:
        kept: Any = json.loads(findings_file(course, student).read_text(encoding="utf-8"))
        return sentence_from_json(kept["broken"])
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return None
