"""On macOS and Windows: a sentence in place of grading, as README promises, and grading only when told so.

Neither system is here. What Python lacks on them is taken away in a process of its own, before anything of
ours is imported there; the libraries are imported before, as they have their own ways for each system.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from admin.course import sample_class
from admin.course.layout import REPOSITORY, Course
from admin.course.sample_class import CLASS

PRETENCE = '''
import ctypes, os, platform, runpy, select, shutil, signal, socket, sys, types
system, program, *arguments = sys.argv[1:]
for library in {libraries!r}:
    __import__(library)

class Nowhere:
    """Finds that what does not exist on this system does not exist."""
    def find_spec(self, name, path=None, target=None):
        if name in ABSENT:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

class CDLL(ctypes.CDLL):
    """macOS' own library has no prctl and its like; Windows has no library without a name."""
    def __init__(self, name, *options, **more):
        if name is None and system == "Windows":
            raise TypeError("bad argument type for built-in operation")
        super().__init__(name, *options, **more)
    def __getattr__(self, name):
        if name in ("prctl", "unshare", "capset", "umount2", "syscall"):
            raise AttributeError(f"dlsym(RTLD_DEFAULT, {{name}}): symbol not found")
        return super().__getattr__(name)

LINUX_ONLY = {{"sched_getaffinity", "sched_setaffinity", "memfd_create", "pidfd_open", "prlimit", "eventfd"}}
ABSENT = set()
if system == "Windows":
    ABSENT = {{"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty"}}
    LINUX_ONLY |= {{"fork", "getuid", "geteuid", "setsid", "sysconf", "nice", "pread", "mkfifo", "chown"}}
    LINUX_ONLY |= {{"O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY", "killpg", "register_at_fork"}}
    # shutil chose its ways when it was imported, on Linux; from Python 3.12 on it asks the system anew.
    shutil._use_fd_functions = False
    shutil._winapi = types.SimpleNamespace(NeedCurrentDirectoryForExePath=lambda name: True)
    del socket.AF_UNIX, socket.send_fds, socket.recv_fds, select.poll, signal.SIGKILL
for name in LINUX_ONLY & set(dir(os)):
    delattr(os, name)
for name in ABSENT:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Nowhere())
ctypes.CDLL = CDLL
sys.platform = {{"macOS": "darwin", "Windows": "win32"}}[system]
platform.system = lambda: {{"macOS": "Darwin", "Windows": "Windows"}}[system]
# Where ours start themselves again, it is on the same pretended system.
sys.executable = {start!r}
sys.argv = [program, *arguments]
sys.path[:0] = [{repository!r}, {repository!r} + "/notebooks"]
if program.endswith(".py"):
    runpy.run_path(program, run_name="__main__")
else:
    import importlib
    sys.exit(importlib.import_module(f"admin.commands.{{program}}").main(arguments))
'''
# By whom: the commands; the process in which a notebook runs
GRADER = (
    "nbgrader.api",
    "nbgrader.apps.api",
    "nbgrader.apps.nbgraderapp",
    "jupytext",
    "numpy",
    "rich.progress",
)
GUEST = ("tensorflow", "keras", "pandas", "matplotlib.pyplot", "IPython.core.interactiveshell")


@pytest.fixture
def pretend(tmp_path: Path):
    """Runs a command of ours on a pretended system."""
    start = tmp_path / "python"
    guest, grader = tmp_path / "guest.py", tmp_path / "grader.py"

    def run(system: str, command: str, *arguments: str) -> subprocess.CompletedProcess:
        start.write_text(
            "#!/bin/sh\n"
            f'[ "$1" = -c ] && exec "{sys.executable}" "$@"\n'  # a look whether TensorFlow starts
            'while [ "${1#-}" != "$1" ]; do options="$options $1"; shift; done\n'
            f'exec "{sys.executable}" $options "{guest}" {system} "$@"\n'
        )
        start.chmod(0o755)
        for script, libraries in ((guest, GUEST), (grader, GRADER)):
            facts = {"libraries": libraries, "start": str(start), "repository": str(REPOSITORY)}
            script.write_text(PRETENCE.format(**facts))
        return subprocess.run(
            [sys.executable, str(grader), system, command, *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=200,
        )

    return run


def assert_sentence(done: subprocess.CompletedProcess, *words: str) -> None:
    """It ended with 1, in words of ours."""
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    assert done.returncode == 1, said
    assert all(word in said for word in words), said


@pytest.mark.parametrize("system", ["macOS", "Windows"])
def test_grading_is_refused_in_a_sentence(pretend, course: Course, system: str):
    """Does `grade` say that it needs Linux, and does no submission run?"""
    sample_class.write(course)
    done = pretend(system, "grade", "--course", str(course.root))
    assert_sentence(done, f"The sandbox needs Linux; this is {system}.")
    assert len(done.stderr.splitlines()) == 1
    assert not (course.root / "autograded").exists()
    assert ("--without-sandbox" in done.stderr) == (system == "macOS"), "advice that cannot be followed"


@pytest.mark.parametrize("system", ["macOS", "Windows"])
def test_the_demo_says_why_it_stops(pretend, tmp_path: Path, system: str):
    """Does `demo` build the course, and then say the same as `grade`?"""
    done = pretend(system, "demo", "--course", str(tmp_path / "course"))
    assert_sentence(done, f"The sandbox needs Linux; this is {system}.")
    assert (tmp_path / "course" / "release").is_dir()


@pytest.mark.slow
@pytest.mark.parametrize("system", ["macOS", "Windows"])
def test_the_doctor_says_what_is_missing(pretend, system: str):
    """Does `doctor` go through all its parts, and end with advice that can be followed?"""
    done = pretend(system, "doctor")
    assert_sentence(done, "✗ sandbox", f"The sandbox needs Linux; this is {system}.")
    assert ("--without-sandbox" in done.stdout) == (system == "macOS")


@pytest.mark.slow
def test_without_a_sandbox_macos_grades(pretend, course: Course):
    """Told to do without, does a Mac give everybody the points that they have on Linux?"""
    sample_class.write(course)
    done = pretend("macOS", "grade", "--course", str(course.root), "--without-sandbox", "--student", "amara")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WITHOUT SANDBOX" in done.stdout
    points = course.points("amara") or {}
    assert {name.removeprefix("check_"): points[name] for name in points if "check_" in name} == (
        sample_class.expected(CLASS[0])
    )


def test_without_a_sandbox_windows_refuses(pretend, course: Course):
    """Windows cannot fork: is that said, with the way out, instead of a traceback for each student?"""
    sample_class.write(course)
    done = pretend("Windows", "grade", "--course", str(course.root), "--without-sandbox")
    assert_sentence(done, "Windows", "WSL")
    assert len(done.stderr.splitlines()) == 1
