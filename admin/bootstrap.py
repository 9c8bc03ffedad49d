"""The environment in `.venv`: made on first use, repaired when cut off, renewed with its requirements.

Standard library only, and readable by an older Python, which is then told that it is too old.

`.venv/ready` says what is in there. It is written last and taken away before anything is changed. So an
environment without it is one whose making was cut off, and is made again from the start (what pip has fetched
lies in pip's cache).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
READY = VENV / "ready"
LOG = VENV / "pip.log"
PYTHON = VENV / "Scripts" / "python.exe" if os.name == "nt" else VENV / "bin" / "python"

# TensorFlow 2.21 has wheels for 3.10 to 3.13; NumPy 2.4 and pandas 3 begin with 3.11.
PYTHONS = ((3, 11), (3, 12), (3, 13))
# Debian 12's own, on which all was tried (tests/bootstrap/debian.sh)
OLDEST = (3, 11, 2)
# Measured: 2.1 GB when all is installed; pip keeps some archives beside it while it unpacks them.
NEEDED_GB = 2.5

# Variables that would let packages from outside into the environment, or put ours elsewhere.
DISTURBING = {
    *("PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH", "PYTHONUSERBASE", "__PYVENV_LAUNCHER__"),
    *("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIREMENT", "PIP_DRY_RUN"),
}


class Missing(Exception):
    """What stands in the way of setting up, in one sentence that says what to do about it."""


def is_ready(requirements: str) -> bool:
    """True when the environment is whole and made from these requirements as they are now. Takes 1 ms."""
    if not (PYTHON.exists() and (VENV / "pyvenv.cfg").exists()):
        return False
    try:
        return fingerprint(requirements) in READY.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False


def is_inside() -> bool:
    """True when this very process runs in the environment, with nothing from outside on its path."""
    return (
        Path(sys.prefix).resolve() == VENV.resolve()
        and os.environ.get("VIRTUAL_ENV") == str(VENV)
        and not DISTURBING & set(os.environ)
    )


def leave_out_slow_imports() -> None:
    """Let jsonschema do without a package that takes a second to import, for a format that nobody here has.

    https://github.com/python-jsonschema/jsonschema/issues/1428
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def run_inside(arguments: list[str]) -> int:
    """Run the environment's Python with these arguments: in place of this process, where the system can."""
    command = [str(PYTHON), *arguments]
    if os.name != "nt":
        os.execve(command[0], command, environment())
    return subprocess.run(command, env=environment()).returncode


def set_up(requirements: str) -> None:
    """Make `.venv` or bring it up to date. Raises Missing when something stands in the way."""
    # A polite kill ends us in an orderly way, which ends pip too.
    ordinary = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with Lock():
            if is_ready(requirements):
                return  # somebody else has just done it
            if not can_be_updated():
                create()
            install(requirements)
    except OSError as error:
        if error.errno == 28:
            raise Missing(no_room()) from None
        raise Missing(f"Cannot set up {VENV}: {error}.") from None
    finally:
        signal.signal(signal.SIGTERM, ordinary)


def fingerprint(requirements: str) -> str:
    """Hash of the requirements and of all they name, and of what `place` says."""
    digest = hashlib.sha256(place().encode())
    for name in sorted(named(requirements, "-[rc]")):
        digest.update((ROOT / name).read_bytes())
    return f"{requirements} {digest.hexdigest()}"


def named(requirements: str, option: str) -> list[str]:
    """This file, and what it and they name with `-r` (more requirements) or `-c` (the lock), from ROOT."""
    names = [requirements]
    for name in names:
        text = (ROOT / name).read_text(encoding="utf-8")
        for other in re.findall(rf"^{option} +(\S+)", text, re.MULTILINE):
            path = os.path.normpath(os.path.join(os.path.dirname(name), other)).replace(os.sep, "/")
            if path not in names:
                names.append(path)
    return names


def place() -> str:
    """Where the environment is (its scripts contain that) and which Python stands behind it."""
    return f"{VENV} made with {PYTHON.resolve()}"


def environment() -> dict[str, str]:
    """The user's variables, as after `source .venv/bin/activate`, without those that disturb."""
    variables = {name: value for name, value in os.environ.items() if name not in DISTURBING}
    variables["VIRTUAL_ENV"] = str(VENV)
    variables["PATH"] = str(PYTHON.parent) + os.pathsep + variables.get("PATH", os.defpath)
    # The only backend that is installed, whatever ~/.keras/keras.json says
    variables["KERAS_BACKEND"] = "tensorflow"
    return variables


class Lock:
    """One set-up at a time: a second one waits.

    The lock is on an open file, so it ends with the process that holds it, however it dies. pip inherits it:
    should we be killed while it still writes, the next set-up waits for it as well. Windows has no such lock.
    """

    def __enter__(self) -> None:
        try:
            self.file = (ROOT / ".venv.lock").open("w")
        except OSError as error:
            raise Missing(f"Cannot write to {ROOT}: {error.strerror}. Copy the folder elsewhere.") from None
        if os.name == "nt":
            return
        import fcntl

        os.set_inheritable(self.file.fileno(), True)
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up of this folder is running; waiting for it.")
            fcntl.flock(self.file, fcntl.LOCK_EX)
        except OSError:
            pass  # a network drive without locks: go on without

    def __exit__(self, *_: object) -> None:
        self.file.close()


def can_be_updated() -> bool:
    """True when there is a whole environment of ours, still at its place and with its Python behind it."""
    try:
        return PYTHON.exists() and READY.read_text(encoding="utf-8").splitlines()[0] == place()
    except (OSError, IndexError):
        return False


def create() -> None:
    """Make an empty environment in place of whatever is there. Raises Missing."""
    if sys.version_info[:2] not in PYTHONS or sys.version_info[:3] < OLDEST:
        raise Missing(wrong_python())
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Missing(
            f"{sys.executable} has no venv module. On Debian and Ubuntu: sudo apt install python3-venv; "
            "then run the same command again."
        ) from None
    if VENV.is_symlink():
        raise Missing(
            f"{VENV} is a link to {os.path.realpath(VENV)}, and what lies there would be emptied. "
            "Remove the link; then run the same command again."
        )
    # A half-made environment takes up some of the room itself; whether the rest will do, pip finds out.
    if not (VENV / "lib").exists() and free_gb() < NEEDED_GB:
        raise Missing(no_room())

    if READY.exists():
        READY.unlink()
    say("Making .venv with Python {}.{} …".format(*sys.version_info))
    # The Python behind, should this be an environment itself: perhaps the very one that is made anew
    python = getattr(sys, "_base_executable", None) or sys.executable
    made = subprocess.run(
        [python, "-I", "-m", "venv", "--clear", str(VENV)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=environment(),
    )
    if made.returncode != 0:
        if says_no_room(made.stdout):
            raise Missing(no_room())
        lines = made.stdout.strip().splitlines() or ["no reason given"]
        raise Missing(f"Cannot make {VENV}: {lines[-1]}")


def install(requirements: str) -> None:
    """Let pip install the requirements, say how far it is, write down that all is there. Raises Missing."""
    before = READY.read_bytes() if READY.exists() else b""
    if before:
        READY.unlink()

    pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off", "-r"]
    with LOG.open("wb") as log:
        process = subprocess.Popen(
            [str(PYTHON), *pip, str(ROOT / requirements)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            close_fds=False,  # pip holds our lock as well
            env=environment(),
        )
    progress = Progress()
    try:
        while process.poll() is None:
            progress.show()
            time.sleep(0.2)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        progress.end()
        if process.returncode != 0 and before and "Installing collected packages" not in read_log():
            write_ready(before)  # nothing was changed yet: what was usable still is
    if process.returncode != 0:
        raise Missing(what_pip_lacks(read_log()))

    # What has the tests' requirements has the course's, too: they name them.
    write_ready("\n".join([place(), *map(fingerprint, named(requirements, "-r")), ""]).encode())
    say(f"Installed in {progress.seconds():.0f} s.")


def write_ready(content: bytes) -> None:
    """All of it or nothing."""
    new = VENV / "ready.new"
    new.write_bytes(content)
    new.replace(READY)


class Progress:
    """What pip is doing, from its log and from the packages that are there already.

    One living line in a terminal; elsewhere a line now and then.
    """

    def __init__(self) -> None:
        self.start = time.time()
        self.before = self.packages()
        self.live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self.next_line = 0.0

    def show(self) -> None:
        """Bring the line up to date."""
        line = f"{self.seconds():4.0f} s  {self.what(read_log())}"
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\x1b[K{line[:width]}", end="", file=sys.stderr, flush=True)
        elif self.seconds() >= self.next_line:
            self.next_line = self.seconds() + 10
            say(line)

    def end(self) -> None:
        """Leave an empty line in the terminal."""
        if self.live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def what(self, log: str) -> str:
        """`fetching 57: keras-3.15.1-py3-none-any.whl (1.6 MB)` or `installing 45 of 135: keras`."""
        installing = re.findall(r"^Installing collected packages: (.*)$", log, re.MULTILINE)
        if installing:
            names = installing[0].split(", ")
            done = min(max(0, self.packages() - self.before), len(names) - 1)
            return f"installing {done + 1} of {len(names)}: {names[done]}"
        files = re.findall(r"^ *Downloading (?:\S*/)?(\S+ \(.*\))", log, re.MULTILINE)
        found = re.findall(r"^Collecting ([\w.-]+)|^Processing (?:\S*/)?(\S+)", log, re.MULTILINE)
        latest = files[-1:] or ["".join(names) for names in found[-1:]]
        return f"fetching {len(found)}: {latest[0]}" if latest else "looking for packages"

    def seconds(self) -> float:
        return time.time() - self.start

    @staticmethod
    def packages() -> int:
        library = "Lib" if os.name == "nt" else "lib/python*"
        return sum(1 for _ in VENV.glob(f"{library}/site-packages/*.dist-info"))


def what_pip_lacks(log: str) -> str:
    """The reason for which pip gave up, as one sentence."""
    if says_no_room(log):
        return no_room()
    # pip's and urllib3's words for a network that is not there, or not for long
    lost = r"NewConnection|NameResolution|ProxyError|ConnectTimeout|timed out|Connection (broken|abort)"
    if re.search(lost, log):
        return f"The package index is out of reach: no network? Then run the same command again. Log: {LOG}"
    # What pip cannot reconcile, it puts down to whatever it looked at last; the cause stands below.
    conflict = re.search(
        r"^ +(\S+ \S+) depends on .*\n +The user requested \(constraint\) (\S+)$", log, re.MULTILINE
    )
    if conflict:
        user, locked = conflict.groups()
        return (
            f"pip could not install the packages: {locked}, which the lock names and {user} needs, "
            "does not fit Python {}.{}.{} or another package. Log: {}".format(*sys.version_info[:3], LOG)
        )
    errors = re.findall(r"^ERROR: (?!ResolutionImpossible)(.*)$", log, re.MULTILINE) or log.splitlines()
    return f"pip could not install the packages: {' '.join(errors[-1:])} Log: {LOG}"


def read_log() -> str:
    return LOG.read_text(encoding="utf-8", errors="replace")


def wrong_python() -> str:
    """Which Python is needed, and which of this machine's would do."""
    here = "{}.{}.{}".format(*sys.version_info)
    # Of the same name as this one: the same one, most likely
    fitting = [f"python{major}.{minor}" for major, minor in PYTHONS if (major, minor) != sys.version_info[:2]]
    found = [name for name in fitting if shutil.which(name)]
    advice = f"Try {found[-1]} in place of python3." if found else "Install one of them."
    return (
        "The course needs Python 3.11 ({}.{}.{} or newer), 3.12 or 3.13; ".format(*OLDEST)
        + f"this is {here} ({sys.executable}). {advice}"
    )


def free_gb() -> float:
    return shutil.disk_usage(str(VENV if VENV.is_dir() else ROOT)).free / 1e9


def no_room() -> str:
    # The temporary folder counts as well: pip unpacks there, and it may be a disk of its own.
    return (
        f"Not enough disk space: the set-up takes {NEEDED_GB} GB, and {free_gb():.1f} GB are free in {ROOT}. "
        "Make room (also for temporary files), then run the same command again."
    )


def says_no_room(text: str) -> bool:
    """True when a program failed on a full disk; venv swallows the reason, so an almost full one will do."""
    return "No space left on device" in text or "Errno 28" in text or free_gb() < 0.05


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
