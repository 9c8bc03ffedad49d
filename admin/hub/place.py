"""Where a hub's programs lie: a copy of this project that students may run, and read in part.

A clone lies in somebody's home, and its history shows the solutions to whoever can read it. So a hub has a
copy of its own, without history: the environment, the packages that every released notebook has, and the
settings of students' servers are open to all; `admin/`, with the solutions, to the course's account alone;
`state/`, with the hub's secrets and database, to root alone.

Standard library only: this runs before there is an environment.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from admin.bootstrap import OLDEST, PYTHONS, ROOT, Missing

PLACE = Path("/opt/convnet-hub")
STUDENTS = "students"
"""Settings of students' servers: what stands in admin/hub/students, where students may read it."""

COPIED = (
    "admin",
    "notebooks",
    "problem_unittests.py",
    "requirements.txt",
    "LICENSE",
    "README.md",
)
NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints", ".DS_Store", ".mutants")

STATE, EXCHANGE, PROXY = PLACE / "state", PLACE / "exchange", PLACE / "proxy"
COURSE_ACCOUNT = "convnet-course"
"""The unix account that owns course, gradebook and exchange. Nobody signs in as it."""


def is_here() -> bool:
    """True when this very code is a hub's copy."""
    return ROOT == PLACE


def copy() -> None:
    """Bring the copy up to date with this clone. `admin/` is root's alone until `give_admin_to`."""
    PLACE.mkdir(mode=0o755, exist_ok=True)
    PLACE.chmod(0o755)  # whatever the umask
    for name in COPIED:
        new, old = PLACE / f".{name}.new", PLACE / name
        _remove(new)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, new, ignore=NOT_COPIED)
        else:
            shutil.copyfile(ROOT / name, new)
        _own(new, 0, private=name == "admin")
        _remove(old)
        new.rename(old)
    _remove(PLACE / STUDENTS)
    shutil.copytree(ROOT / "admin" / "hub" / "students", PLACE / STUDENTS, ignore=NOT_COPIED)
    _own(PLACE / STUDENTS, 0, private=False)


def give_admin_to(group: int) -> None:
    """Let the members of this group, and nobody else, read `admin/` and run it."""
    _own(PLACE / "admin", group, private=True)


def remove() -> None:
    """Delete all of it. Files go side by side: some disks take milliseconds for each of 50,000."""
    files = [path for path in PLACE.rglob("*") if path.is_symlink() or not path.is_dir()]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(os.unlink, files))
    shutil.rmtree(PLACE)


@contextmanager
def the_only_one() -> Iterator[None]:
    """Refuse a second hub; the lock goes with this process, however that ends. Raises Missing."""
    with (STATE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Missing("This hub runs already.") from None
        yield


def end_hub(at_once: bool = False) -> None:
    """End hub, proxy and services, whoever started them, and wait until they have gone.

    Asked to end, a hub ends its users' servers as well. At once, those live on.
    """
    ways = ((signal.SIGTERM, 40), (signal.SIGKILL, 10))
    for how, seconds in ways[1:] if at_once else ways:
        running = [pid for pid in processes() if _is_ours(pid)]
        for pid in running:
            with suppress(ProcessLookupError):
                os.kill(pid, how)
        until = time.monotonic() + seconds
        while any(map(_is_ours, running)) and time.monotonic() < until:
            time.sleep(0.1)


def processes() -> list[int]:
    """The numbers of all processes of this machine."""
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _is_ours(pid: int) -> bool:
    """True for a program of the hub's copy that serves all: of root, or the watcher. Not for this process."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        owner = os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return False
    here = os.fsencode(f"{PLACE}/")
    if pid in (os.getpid(), os.getppid()) or not any(word.startswith(here) for word in words[:2]):
        return False
    return owner == 0 or b"--watch" in words


def python_for_all() -> str | None:
    """A Python that students may run, too; None where there is none.

    The Python of this process, unless it lies where others can't go, such as in root's home.
    """
    own = getattr(sys, "_base_executable", None) or sys.executable
    for name in (own, *(f"python3.{minor}" for _, minor in reversed(PYTHONS))):
        path = shutil.which(name, path=os.pathsep.join(["/usr/local/bin", "/usr/bin"]))
        if path and open_to_all(Path(path).resolve()) and _fits(path):
            return path
    return None


def open_to_all(path: Path) -> bool:
    """True when everybody may run this file: it, and each folder above it."""
    return all(each.stat().st_mode & stat.S_IXOTH for each in (path, *path.parents))


def _fits(python: str) -> bool:
    """True when this is a Python of ours that can make environments, and its own library is open to all."""
    asked = "import ensurepip, venv, os, sys; print(*sys.version_info[:3], os.__file__)"
    tried = subprocess.run([python, "-I", "-c", asked], capture_output=True, text=True)
    if tried.returncode != 0:
        return False
    *version, library = tried.stdout.split(maxsplit=3)
    numbers = tuple(map(int, version))
    return numbers[:2] in PYTHONS and numbers >= OLDEST and open_to_all(Path(library.strip()).parent)


def _own(top: Path, group: int, private: bool) -> None:
    """Root's, all of it: to read for everybody, or for this group alone."""
    for path in _all_of(top):
        folder = path.is_dir()
        os.chown(path, 0, group)
        runs = folder or path.stat().st_mode & 0o100
        path.chmod((0o750 if runs else 0o640) if private else (0o755 if runs else 0o644))


def _all_of(top: Path) -> Iterator[Path]:
    yield top
    if top.is_dir():
        yield from (path for path in top.rglob("*") if not path.is_symlink())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
