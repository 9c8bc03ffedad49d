"""`student.zip`: what a student needs to begin at home, and nothing else.

    convnet/                    the released folder
    start.py .sh .command .bat  set up and open the notebook: one for each system, all lead to start.py
    README.html                 how to begin
    setup/                      our own bootstrap, and the packages with their versions

The same content gives the same bytes: fixed times, fixed order, and no compression, which differs from one
zlib to the next (most of it is packed pictures and arrays anyway).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ADMIN = HERE.parents[1]
TOP = "convolutional-networks"
STARTED = ("start.sh", "start.command")  # what a system runs as a program
# In requirements.txt: what stands above is what the notebook needs
MARK = "# --- For instructors only"
LEFT_OUT = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}


def pack(release: Path) -> bytes:
    """The archive for this released folder."""
    return archive_of(((f"{TOP}/{name}", content) for name, content in contents(release)), STARTED)


def archive_of(files: Iterable[tuple[str, bytes]], programs: Sequence[str]) -> bytes:
    """An archive of these files, of which some, by the last part of their names, can be started."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, also when it is made on Windows: the next line has modes of that
            mode = 0o100755 if name.rpartition("/")[2] in programs else 0o100644
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return target.getvalue()


def contents(release: Path) -> Iterator[tuple[str, bytes]]:
    """Names below the top folder, and what is in the files."""
    for path in release.rglob("*"):
        parts = path.relative_to(release).parts
        if path.is_file() and not LEFT_OUT & set(parts):
            yield f"{release.name}/{'/'.join(parts)}", path.read_bytes()
    for name in ("README.html", "start.py", *STARTED):
        yield name, (HERE / name).read_bytes()
    # Windows finds a label in a batch file for sure only when its lines end in its own way.
    yield "start.bat", (HERE / "start.bat").read_bytes().replace(b"\n", b"\r\n")
    yield "setup/bootstrap.py", (ADMIN / "bootstrap.py").read_bytes()
    yield "setup/requirements.txt", requirements().encode()
    yield "setup/constraints.txt", without_comments((ADMIN / "constraints.txt").read_text()).encode()


def requirements() -> str:
    """Of the course's direct dependencies, those of the notebook, in the same versions."""
    ours = (ADMIN.parent / "requirements.txt").read_text().partition(MARK)[0]
    return f"-c constraints.txt\n{without_comments(ours)}"


def without_comments(text: str) -> str:
    """The lines that name a package: what the others say is for who changes the course."""
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "-"))]
    return "\n".join([*lines, ""])
