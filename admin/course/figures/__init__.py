"""The notebook's drawn and moving pictures: which there are, which are stale, and how they are made anew.

Each script here draws one picture or a few of a kind; the files are committed in notebooks/figures/.
made.json keeps for each a fingerprint of what it was made from and the hash of its bytes. So a stale picture
is noticed without drawing it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypedDict

from admin.course.figures import (
    digit,
    drawing,
    nets,
    one_hot,
    padding_stride,
    photographs,
    pooling,
    sliding_window,
    worked_convolution,
)
from admin.course.figures.drawing import Picture

PICTURES: tuple[Picture, ...] = (
    digit.DIGIT,
    photographs.CHANNELS_PICTURE,
    one_hot.ONE_HOT,
    sliding_window.SLIDING_WINDOW,
    worked_convolution.WORKED_CONVOLUTION,
    padding_stride.PADDING_STRIDE,
    padding_stride.SAME_OR_PADDING_1,
    pooling.POOLING,
    nets.NET_1,
    nets.NET_2,
    photographs.CLASSES_PICTURE,
)
"""All pictures, in the order in which the notebook shows them."""

FOLDER = drawing.NOTEBOOKS / "figures"
RECORD = Path(__file__).with_name("made.json")


class Made(TypedDict):
    """What made.json says of a picture: what it was made from, and the SHA-256 of its file."""

    made_from: str
    sha256: str


def find_stale(
    pictures: Sequence[Picture] = PICTURES, folder: Path | None = None, record: Path | None = None
) -> list[Picture]:
    """Pictures that are missing, were changed by hand, or whose script or data say something else now."""
    made = _read(record or RECORD)
    return [picture for picture in pictures if made.get(picture.name) != _state(picture, folder or FOLDER)]


def find_left_over(pictures: Sequence[Picture] = PICTURES, folder: Path | None = None) -> list[Path]:
    """Files in the folder that no script makes. They are somebody's, so nothing here deletes them."""
    names = {picture.name for picture in pictures}
    return [path for path in _files(folder or FOLDER) if path.name not in names]


def make_stale(
    pictures: Sequence[Picture] = PICTURES, folder: Path | None = None, record: Path | None = None
) -> list[Picture]:
    """Draw the stale pictures, and only those; write down what they were made from. Returns them."""
    folder, record = folder or FOLDER, record or RECORD
    stale = find_stale(pictures, folder, record)
    folder.mkdir(exist_ok=True)
    for picture in stale:
        (folder / picture.name).write_bytes(picture.make())
    made = {picture.name: _state(picture, folder) for picture in pictures}
    if made != _read(record):
        record.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return stale


def fingerprint(picture: Picture) -> str:
    """Hash of all that decides how a picture looks: its script, what scripts share, colours, data."""
    digest = hashlib.sha256()
    scripts = [path.read_text(encoding="utf-8") for path in (picture.script, Path(drawing.__file__))]
    for part in (*(text.encode() for text in (*scripts, repr(drawing.STYLE))), *picture.made_from()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _state(picture: Picture, folder: Path) -> Made:
    file = folder / picture.name
    content = file.read_bytes() if file.is_file() else b""
    return {"made_from": fingerprint(picture), "sha256": hashlib.sha256(content).hexdigest()}


def _read(record: Path) -> dict[str, Made]:
    return json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}


def _files(folder: Path) -> Iterator[Path]:
    """All but what systems and Jupyter put anywhere; build does not release those either."""
    return (path for path in sorted(folder.glob("*")) if not path.name.startswith("."))
