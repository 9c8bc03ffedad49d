"""`doctor`: what this machine has of what grading needs, found by trying each part."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console
from rich.text import Text

from admin.course.layout import Course
from admin.sandbox.bubblewrap import find_bubblewrap
from admin.sandbox.cgroup import group_base, shares_processors
from admin.sandbox.host import Sandbox, what_is_missing, what_is_missing_without_walls
from admin.sandbox.limits import OWN_FAULT, Limits, SandboxError, SandboxFault
from checks.language import joined

PACKAGES = ("tensorflow-cpu", "tensorflow", "keras", "numpy", "nbgrader", "jupyterlab", "ipython", "nh3")
SETS = ("mnist.npz", "cifar-10-batches-py-target", "cifar-10-batches-py")
# What a session must not do, and what it must be able to do. Each prints True when all is as it should be.
WALLS = {
    "no network": """
import socket
probe = socket.socket()
probe.settimeout(1)
print(probe.connect_ex(("127.0.0.1", {port})) != 0)""",
    "no sight of your files": "import os; print(not os.path.exists({secret!r}))",
    "nothing of the system can be written": """
import os
print(not any(os.access(path, os.W_OK) for path in ("/", "/usr", "/etc")))""",
    "no other processes in sight": "import os; print(not os.path.exists('/proc/{pid}/cwd'))",
    "no new namespaces": "import ctypes; print(ctypes.CDLL(None).unshare(0x10000000) != 0)",
    "no harm to its guard": """
import os
refused = 0
for attack in (lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)),
               lambda: os.setpriority(os.PRIO_PROCESS, 1, 19)):
    try: attack()
    except OSError: refused += 1
print(refused == 2)""",
    "a private folder to write in": "open('x', 'w').write('x'); print(open('x').read() == 'x')",
}


@dataclass(frozen=True)
class Part:
    """One thing that was tried. `ok` is None for what is good to know and not needed."""

    name: str
    ok: bool | None
    words: str
    ours: bool = False  # it failed by a fault in our own code, which this machine can't help


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m admin doctor",
        description="Try what grading needs on this machine, part by part. 0 when all that is needed works.",
    )
    parser.add_argument("--course", metavar="DIR", help="the nbgrader course folder (default: course/)")
    options = parser.parse_args(argv)
    return doctor(Console(highlight=False, soft_wrap=True), Course.at(options.course))


def doctor(console: Console, course: Course) -> int:
    """Try each part and say what came of it."""
    failed = ours = 0
    for look in LOOKS:
        for part in look():
            failed += part.ok is False
            ours += part.ours
            show(console, part)
    folder = privacy(course)
    show(console, folder)
    if ours:
        console.print(
            "What failed is a fault of this course's own code, not of this machine. Please report it, with "
            "the sentence above. Nothing is graded until it is repaired."
        )
    elif failed and what_is_missing_without_walls():
        console.print("Submissions can't be graded here.")
    elif failed:
        console.print(
            "Submissions can't be graded safely here. `python3 -m admin grade --without-sandbox` grades all "
            "the same, with submissions that have all your rights."
        )
    else:
        console.print("This machine can grade.")
    return 1 if failed or folder.ok is False else 0


def show(console: Console, part: Part) -> None:
    mark, style = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "dim")}[part.ok]
    console.print(Text.assemble((f"  {mark} ", style), f"{part.name:<38}", part.words))


def privacy(course: Course) -> Part:
    """Tells whether what is in the course folder is for its owner alone."""
    name = "course folder"
    if not course.root.is_dir():
        return Part(name, None, f"{course.shown()} is not there yet")
    if course.is_open():
        words = f"other users of this machine can look into {course.shown()}: chmod 700, or "
        return Part(name, False, f"{words}python3 -m admin build{course.option()}")
    return Part(name, True, f"{course.shown()} is closed to other users of this machine")


def system() -> Iterator[Part]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Part("system", None, f"{platform.platform()}, {cores} cores, {memory()}")
    yield Part("Python", None, f"{platform.python_version()} in {sys.prefix}")


def memory() -> str:
    try:
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return "memory unknown"
    return f"{pages / (1 << 30):.1f} GB of memory"


def packages() -> Iterator[Part]:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    yield Part("packages", None, ", ".join(found))


def graphics() -> Iterator[Part]:
    """In a process of its own: TensorFlow takes seconds to import, and all of the graphics memory."""
    code = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment
        )
        count = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else "?"
    except (OSError, subprocess.TimeoutExpired):
        count = "?"
    words = {"0": "none (none is needed)", "?": "TensorFlow did not start"}.get(
        count, f"{count} for TensorFlow"
    )
    yield Part("graphics processor", False if count == "?" else None, words)


def data() -> Iterator[Part]:
    folder = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "datasets"
    there = [name for name in SETS if (folder / name).exists()]
    yield Part("data cache of Keras", None, f"{folder}: {', '.join(there) or 'empty'} (grading needs none)")


def sandbox() -> Iterator[Part]:
    yield Part("bubblewrap", find_bubblewrap() is not None, find_bubblewrap() or "missing")
    try:
        if missing := what_is_missing():
            ours = any(sentence.key == OWN_FAULT for sentence in missing)
            yield Part("sandbox", False, joined(missing), ours)
            return
        yield from started()
    except SandboxFault as error:
        yield Part("sandbox", False, str(error), ours=True)
    except SandboxError as error:
        yield Part("sandbox", False, str(error))


def started() -> Iterator[Part]:
    begun = time.monotonic()
    with Sandbox(Limits(cell_seconds=20)) as running, tempfile.TemporaryDirectory() as folder:
        seconds = time.monotonic() - begun
        yield Part("sandbox, everything imported", True, f"after {seconds:.1f} s")
        yield Part("walls between submissions", True, between(running, seconds))
        yield Part("a second wall around files", None, landlock())
        yield Part("bounds of memory and processor", None, bounds())
        yield from walls(running, Path(folder))


def between(running: Sandbox, seconds: float) -> str:
    if running.nested:
        return "each submission in namespaces of its own, its guard out of sight"
    return (
        "none can be made inside the sandbox (a system may forbid it, as Ubuntu's AppArmor does): each "
        f"submission gets a sandbox of its own, which takes {seconds:.1f} s; its guard is in its sight, and "
        "only the filter of system calls and Landlock keep it from harm"
    )


def landlock() -> str:
    from admin.sandbox.guest.landlock import SCOPES, landlock_version

    version = landlock_version()
    if not version:
        return "this kernel has no Landlock: the mounts alone say what can be written"
    return f"Landlock {version}" + ("" if version >= SCOPES else ", which knows of files, not of signals")


def bounds() -> str:
    base = group_base()
    if base is None:
        return (
            "no control groups of version 2 can be made here (as root they can, or with `systemd-run --user "
            "--scope -p Delegate=yes`): each session has one core, and its guard sums what its processes use"
        )
    share = "shares the processors evenly" if shares_processors(base) else "each session has one core"
    return f"the kernel bounds each session in a control group below {base}, and {share}"


def walls(running: Sandbox, folder: Path) -> Iterator[Part]:
    """What a session can and can't do, tried from inside."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server, running.session(folder) as session:
        facts = {"port": server.getsockname()[1], "secret": str(Path(__file__)), "pid": os.getpid()}
        for name, code in WALLS.items():
            said = "".join(out.get("text", "") for out in session.run(code.format(**facts)))
            yield Part(name, said.strip() == "True", "" if said.strip() == "True" else said.strip()[-200:])


LOOKS: tuple[Callable[[], Iterator[Part]], ...] = (system, packages, graphics, data, sandbox)
