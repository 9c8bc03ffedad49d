"""What travels to workers and back: the same on arrival, and one sentence for whatever is damaged."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path
from typing import Any

import nbformat
import pytest

from admin.cluster.frames import BOUNDS, CourseFiles, Order, Reply, encoded, name_of, plain_files, unpacked
from admin.grading.cases import seeds_of
from admin.grading.execute import RunResult
from admin.sandbox.files import Packed, packed
from admin.sandbox.limits import Limits
from admin.sandbox.protocol import HEAD, MAGIC, ProtocolError
from checks.language import say
from checks.task import right, wrong

FILES = Packed((("a.py", 3, 7), ("ordner/caf\xe9.txt", 2, 1_700_000_000)), b"abcde")
COURSE = CourseFiles(FILES, Packed((), b""))
ORDER = Order("0123", seeds_of(b"secret", b"content"), Limits(cell_seconds=7.5), FILES)
FOUND = {"one_hot": [right("one_hot.what_shape", 4), wrong("x_train", 2, say("any.unreadable"))]}
SHOWN = nbformat.v4.new_output("stream", text="café\n")
CELL = nbformat.v4.new_code_cell("x", id="a", outputs=[SHOWN], execution_count=3)
NOTEBOOK = nbformat.v4.new_notebook(cells=[CELL])
RESULT = RunResult(NOTEBOOK, FOUND, {"check_one_hot": say("any.unreadable")}, starved=True)
GRADED = Reply(1.5, RESULT)
FAILED = Reply(failed=say("grading.could_not_run", error=say("grading.locked")), log="Traceback …")


def arrived(kind: type, frame: Any) -> Any:
    """What is read from a frame; a reply, into a notebook without outputs."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", id="a")])
    return Reply.from_bytes(frame, notebook) if kind is Reply else kind.from_bytes(frame)


@pytest.mark.parametrize("sent", [COURSE, ORDER, GRADED, FAILED], ids=lambda each: type(each).__name__)
def test_what_is_sent_arrives(sent: CourseFiles | Order | Reply):
    """Is what comes out of the bytes what went into them, and nothing but bytes sent?"""
    frame = sent.to_bytes()
    assert type(frame) is bytes
    assert arrived(type(sent), frame) == sent
    assert name_of(frame) == name_of(sent.to_bytes())


@pytest.mark.parametrize("sent", [COURSE, ORDER, GRADED, FAILED], ids=lambda each: type(each).__name__)
def test_damaged_bytes_are_said_in_a_sentence(sent: CourseFiles | Order | Reply):
    """Cut off anywhere, or with a byte changed anywhere: a ProtocolError or a value?"""
    frame, chance = sent.to_bytes(), random.Random(3)
    cut = [frame[:length] for length in (0, 3, HEAD.size, HEAD.size + 5, len(frame) - 1)]
    for damaged in [*cut, frame + b"x", b"x" * len(frame), None]:
        with pytest.raises(ProtocolError) as error:
            arrived(type(sent), damaged)
        assert str(error.value)
    for _ in range(300):
        at = chance.randrange(len(frame))
        changed = frame[:at] + bytes([chance.randrange(256)]) + frame[at + 1 :]
        with contextlib.suppress(ProtocolError):
            arrived(type(sent), changed)


def test_what_is_announced_has_a_bound():
    """Is a length beyond the bounds refused before anything is made of it?"""
    for text, arrays in ((BOUNDS.text_bytes + 1, 0), (2, BOUNDS.array_bytes + 1), (2, 2**63)):
        with pytest.raises(ProtocolError, match="too much"):
            Order.from_bytes(HEAD.pack(MAGIC, text, arrays) + b"{}")


@pytest.mark.parametrize("name", ["/etc/a", "../a", "a/../../b", "", ".", "a\0b", "\u0416"])
def test_no_file_leaves_its_folder(tmp_path: Path, name: str):
    """Is a name that leads out, or is none, refused before anything is written there?"""
    frame = encoded({"release": plain_files(Packed(((name, 1, 0),), b"x")), "source": plain_files(FILES)})
    with pytest.raises(ProtocolError):
        unpacked(CourseFiles.from_bytes(frame).release, tmp_path / "in")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("size", [-1, 0, 2, 2**40])
def test_sizes_are_those_of_the_bytes(size: int):
    """Are files whose sizes don't add up to the bytes that came refused?"""
    for names in [(("a", size, 0),), (("a", size, 0), ("b", 1 - size, 0), ("c", -1, 0), ("d", 1, 0))]:
        with pytest.raises(ProtocolError):
            CourseFiles.from_bytes(CourseFiles(Packed(names, b"x"), FILES).to_bytes())


def test_files_are_unpacked_as_they_were(tmp_path: Path):
    """Names in old encodings, bytes and times: are they the same after the journey?"""
    again = packed([unpacked(Order.from_bytes(ORDER.to_bytes()).files, tmp_path / "in")], Limits())
    assert again == FILES
