"""What travels between `grade` and the workers of a cluster: bytes, of plain values and files.

They are frames of the sandbox's own protocol (admin/sandbox/protocol.py), so nothing that a student wrote is
unpickled anywhere. Whatever comes is read with bounds, and is what was asked for or a ProtocolError.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode, v4

from admin.grading.cases import Seeds
from admin.grading.execute import RunResult, code_cells
from admin.sandbox import protocol
from admin.sandbox.files import Packed
from admin.sandbox.limits import Limits
from admin.sandbox.protocol import ProtocolError
from checks.language import Sentence, say, sentence_as_json, sentence_from_json, text_of
from checks.plain import is_whole
from checks.task import Finding, as_json, from_json
from checks.tasks import TASKS

# A submission has at most Limits.disk_bytes of files; each of its names counts as some values of the text.
BOUNDS = protocol.Bounds(text_bytes=64 << 20, array_bytes=512 << 20, arrays=8, values=2_000_000)
# Of numbers in Limits; `messages` is the same on both sides, since both have the same code.
OF_LIMITS = tuple(each.name for each in fields(Limits) if each.name != "messages")


@dataclass(frozen=True)
class CourseFiles:
    """What a worker needs of the course, once: what is released, and the source with its data."""

    release: Packed
    source: Packed

    def to_bytes(self) -> bytes:
        """Raises ProtocolError when it is too large to be sent."""
        return encoded({"release": plain_files(self.release), "source": plain_files(self.source)})

    @classmethod
    def from_bytes(cls, frame: bytes) -> CourseFiles:
        """Raises ProtocolError."""
        plain = decoded(frame, {"release", "source"})
        return cls(files_of(plain["release"]), files_of(plain["source"]))


@dataclass(frozen=True)
class Order:
    """One submission to be run and judged: its files, and what a worker can't know."""

    course: str
    """the name of the course's files, by `name_of`"""
    seeds: Seeds
    """of this submission, and of the nets of this course; the secret itself stays where it is"""
    limits: Limits
    files: Packed

    def to_bytes(self) -> bytes:
        """Raises ProtocolError when it is too large to be sent."""
        return encoded(
            {
                "course": self.course,
                "seeds": {"work": dict(self.seeds.of_work), "course": dict(self.seeds.of_course)},
                "limits": {name: getattr(self.limits, name) for name in OF_LIMITS},
                "files": plain_files(self.files),
            }
        )

    @classmethod
    def from_bytes(cls, frame: bytes) -> Order:
        """Raises ProtocolError."""
        plain = decoded(frame, {"course", "seeds", "limits", "files"})
        course, seeds, limits = plain["course"], plain["seeds"], plain["limits"]
        if not (isinstance(course, str) and isinstance(seeds, dict) and isinstance(limits, dict)):
            raise unexpected()
        if set(limits) != set(OF_LIMITS) or not all(map(is_number, limits.values())):
            raise unexpected()
        if set(seeds) != {"work", "course"} or not all(map(_are_seeds, seeds.values())):
            raise unexpected()
        drawn_from = Seeds(seeds["work"], seeds["course"])
        return cls(course, drawn_from, Limits(**limits), files_of(plain["files"]))


def _are_seeds(value: Any) -> bool:
    """Whether these are seeds by task: whole numbers of 32 bytes."""
    return (
        isinstance(value, dict)
        and set(value) == set(TASKS)
        and all(is_whole(seed) and 0 <= seed < 1 << 256 for seed in value.values())
    )


@dataclass(frozen=True)
class Reply:
    """What came of an order: a result, or the sentence that says why there is none."""

    seconds: float = 0.0
    result: RunResult | None = None
    failed: Sentence | None = None
    log: str = ""

    def to_bytes(self) -> bytes:
        """Raises ProtocolError when it is too large to be sent."""
        return encoded(
            {
                "seconds": self.seconds,
                "result": plain_result(self.result) if self.result else None,
                "failed": sentence_as_json(self.failed) if self.failed else None,
                "log": self.log,
            }
        )

    @classmethod
    def from_bytes(cls, frame: bytes, notebook: NotebookNode) -> Reply:
        """Raises ProtocolError. `notebook` is the one that was sent, into which the outputs are put."""
        plain = decoded(frame, {"seconds", "result", "failed", "log"})
        result, failed, log = plain["result"], plain["failed"], plain["log"]
        if not (is_number(plain["seconds"]) and isinstance(log, str)):
            raise unexpected()
        if (result is None) == (failed is None):
            raise unexpected()
        if failed is not None:
            return cls(plain["seconds"], failed=sentence_of(failed), log=log)
        return cls(plain["seconds"], result_of(result, notebook), log=log)


def name_of(frame: bytes) -> str:
    """The name of a course's files: the same for the same bytes."""
    return hashlib.sha256(frame).hexdigest()[:16]


def unpacked(files: Packed, folder: Path) -> Path:
    """A new folder, for its owner alone, with these files. Raises OSError and ProtocolError."""
    folder.mkdir(mode=0o700)
    at = 0
    for name, size, changed in files.names:
        path = PurePosixPath(os.fsdecode(name.encode("latin-1")))
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise unexpected()
        whole = folder / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_bytes(files.data[at : at + size])
        os.utime(whole, (changed, changed))
        at += size
    return folder


# --- Between values and bytes ---------------------------------------------------------------------


def encoded(value: Mapping[str, Any]) -> bytes:
    return protocol.encode(value, BOUNDS)


def decoded(frame: Any, keys: set[str]) -> dict[str, Any]:
    """The mapping with these keys that a frame holds, or ProtocolError."""
    if not isinstance(frame, bytes) or len(frame) < protocol.HEAD.size:
        raise ProtocolError(say("message.no_message"))
    text, _ = protocol.decode_head(frame[: protocol.HEAD.size], BOUNDS)
    rest = memoryview(frame)[protocol.HEAD.size :]
    # That no byte is missing or over, `decode` sees.
    value = protocol.decode(bytes(rest[:text]), bytes(rest[text:]), BOUNDS)
    if not isinstance(value, dict) or set(value) != keys:
        raise unexpected()
    return value


def unexpected() -> ProtocolError:
    return ProtocolError(say("cluster.unexpected"))


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def as_array(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)


def bytes_of(value: Any) -> bytes:
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8 or value.ndim != 1:
        raise unexpected()
    return value.tobytes()


def plain_files(files: Packed) -> dict[str, Any]:
    return {"names": [list(name) for name in files.names], "data": as_array(files.data)}


def files_of(plain: Any) -> Packed:
    if not isinstance(plain, dict) or set(plain) != {"names", "data"} or not isinstance(plain["names"], list):
        raise unexpected()
    for name in plain["names"]:
        if not (isinstance(name, list) and [type(part) for part in name] == [str, int, int]):
            raise unexpected()
        if name[1] < 0 or not 0 <= name[2] <= 1 << 32 or any(ord(c) > 255 or c == "\0" for c in name[0]):
            raise unexpected()
    data = bytes_of(plain["data"])
    if sum(size for _, size, _ in plain["names"]) != len(data):
        raise unexpected()
    return Packed(tuple((name, size, changed) for name, size, changed in plain["names"]), data)


def plain_result(result: RunResult) -> dict[str, Any]:
    cells = [[cell.outputs, cell.execution_count] for cell in code_cells(result.notebook)]
    return {
        "cells": as_array(json.dumps(cells).encode()),
        "findings": {task: [as_json(each) for each in found] for task, found in result.findings.items()},
        "warnings": {name: sentence_as_json(each) for name, each in result.warnings.items()},
        "starved": result.starved,
    }


def result_of(plain: Any, notebook: NotebookNode) -> RunResult:
    if not isinstance(plain, dict) or set(plain) != {"cells", "findings", "warnings", "starved"}:
        raise unexpected()
    try:
        cells = [
            v4.new_code_cell(outputs=nbformat.from_dict(outputs), execution_count=count)
            for outputs, count in json.loads(bytes_of(plain["cells"]))
        ]
        nbformat.validate(v4.new_notebook(cells=cells))
        for own, come in zip(code_cells(notebook), cells, strict=True):
            own.outputs, own.execution_count = come.outputs, come.execution_count
        findings = {task: [finding_of(each) for each in found] for task, found in plain["findings"].items()}
        warnings = {name: sentence_of(each) for name, each in plain["warnings"].items()}
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError, nbformat.ValidationError):
        raise unexpected() from None
    return RunResult(notebook, findings, warnings, plain["starved"] is True)


def finding_of(plain: Any) -> Finding:
    finding = from_json(plain)
    if not (is_number(finding.points) and is_number(finding.out_of)):
        raise unexpected()
    _ = finding.message  # whose words have to be there
    return finding


def sentence_of(plain: Any) -> Sentence:
    try:
        sentence = sentence_from_json(plain)
        text_of(sentence)
    except (AttributeError, KeyError, LookupError, TypeError, ValueError):
        raise unexpected() from None
    return sentence
