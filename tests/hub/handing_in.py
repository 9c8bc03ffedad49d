"""A hand-in from a terminal of the hub, and the pages of feedback that follow."""

from __future__ import annotations

import pwd
import subprocess
from pathlib import Path

from admin.course.layout import ASSIGNMENT, COURSE_ID
from admin.hub.place import EXCHANGE, PLACE

FEEDBACK = EXCHANGE / COURSE_ID / "feedback"


def submit(name: str) -> subprocess.Popen[str]:
    """nbgrader's own command, begun as this unix user, with what the hub tells their servers."""
    user = pwd.getpwnam(name)
    return subprocess.Popen(
        [PLACE / ".venv" / "bin" / "nbgrader", "submit", ASSIGNMENT],
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        cwd=user.pw_dir,
        env={
            "HOME": user.pw_dir,
            "USER": name,
            "PATH": "/usr/bin:/bin",
            "JUPYTER_CONFIG_PATH": str(PLACE / "students"),
            "CONVNET_EXCHANGE": str(EXCHANGE),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def feedback() -> set[Path]:
    """The pages that were released: one for each version of each hand-in."""
    return set(FEEDBACK.glob("*.html"))
