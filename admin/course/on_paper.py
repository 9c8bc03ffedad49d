"""A style sheet with which the notebook's moving pictures stand still on paper.

Chromium prints a moving picture's first frame. On paper, `notebooks/on_paper.css` puts the last one in its
place, which shows the result. The frames are in the sheet itself, because Chromium does not
load for printing what it did not need before. A picture is known by its text: its address changes where
nbconvert puts it into the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from admin.course import figures
from admin.course.figures.drawing import NOTEBOOKS, Picture

SHEET = NOTEBOOKS / "on_paper.css"
HEAD = "/* Made by `python3 -m admin build` from figures/: on paper, a moving picture is its last frame. */"
RULE = '@media print {{ img[alt^="{begin}"] {{ content: url("{still}"); }} }}'
TOLD_APART = 60
"""By so many of its first letters each picture's text is told from the others'."""


def css(pictures: Sequence[Picture] = figures.PICTURES, folder: Path | None = None) -> str:
    """The sheet: a rule for each picture that moves."""
    from admin.pages.filters import last_frame

    rules = [HEAD]
    for picture in pictures:
        if still := last_frame((folder or figures.FOLDER) / picture.name):
            rules.append(RULE.format(begin=picture.alt[:TOLD_APART], still=still))
    return "\n".join([*rules, ""])
