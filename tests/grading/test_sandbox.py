"""The sandbox bounds what a session takes, and ends it; nothing of either stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbgrader.utils import determine_grade

from admin.course.answers import answer
from admin.course.cells import grade_id
from admin.course.layout import NOTEBOOK, REPOSITORY, Course
from admin.grading import execute
from admin.grading.worker import Folders, Worker
from admin.sandbox.host import KilledFromOutside, Sandbox, Session, SessionEnded
from admin.sandbox.limits import Limits, SandboxError
from admin.sandbox.protocol import Bounds
from tests.grading.sessions import (
    LIMITS,
    at_its_socket,
    command_line,
    descendants,
    is_running,
    parents,
    seeds,
    shown,
    status_of,
    with_words,
)
from tests.needs import needs_sandbox

pytestmark = needs_sandbox
TIGHT = Limits(
    cell_seconds=8,  # of a machine that may be busy
    answer_seconds=8,
    grace_seconds=3,
    session_seconds=60,
    memory_bytes=1 << 30,
    disk_bytes=32 << 20,
    files=2000,
    processes=100,
    descriptors=128,
    output_bytes=100_000,
    messages=Bounds(text_bytes=1 << 20, array_bytes=8 << 20, total_bytes=32 << 20),
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(TIGHT) as running:
        yield running


# --- Bounds ---------------------------------------------------------------------------------------


FORKS = """
import os, time
for _ in range(20):
    if os.fork() == 0:
        kept = b"x" * 200_000_000
        time.sleep(100)
        os._exit(0)
time.sleep(100)
"""
SHARED = """
import mmap
kept = []
while True:
    kept.append(mmap.mmap(-1, 10_000_000))
    kept[-1].write(b"x" * 10_000_000)
"""
FILL = """
import os
try:
    with open({!r}, "wb") as file:
        while True:
            file.write(bytes(1 << 20))
except OSError as error:
    print(error.errno)
"""
FORK_BOMB = """
import os, time
started = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(100)
            os._exit(0)
        started += 1
except BlockingIOError:
    print(started)
"""


def test_a_list_that_grows_ends_in_a_memory_error(session: Session):
    said = shown(session, "kept = []\nwhile True: kept.append(bytearray(10_000_000))")
    assert said.startswith("MemoryError")


@pytest.mark.parametrize("bomb", [FORKS, SHARED], ids=["processes", "shared"])
def test_memory_of_all_processes_together_is_bounded(session: Session, bomb: str):
    with pytest.raises(SessionEnded, match="1 GB of memory"):
        session.run(bomb)


def test_a_fork_bomb_is_bounded(session: Session):
    said = shown(session, FORK_BOMB)  # from Python 3.12 on, behind a warning that forks and threads don't mix
    assert 50 < int(said.splitlines()[-1]) < 100


def test_the_disk_is_bounded(session: Session):
    for place in ("x", "/tmp/x", "/dev/shm/x"):
        assert shown(session, FILL.format(place)) in ("27", "28")
        assert shown(
            session, "!df -k --output=size /student /tmp /dev/shm | tail -n +2 | sort -u"
        ).split() == ["32768"]
        session.run(f"os.remove({place!r})")
    many = "for i in range(10_000): open(f'f{i}', 'w').close()"
    assert "No space left" in shown(session, many)


def test_output_is_bounded(session: Session):
    said = shown(session, "for i in range(100_000): print('all work and no play')")
    assert "rest of this cell's is left out" in said
    assert 90_000 < len(said) < 101_000
    assert "is left out" in shown(session, "print('x' * 10_000_000)")
    assert "is left out" in shown(session, "!yes | head -c 5000000")
    assert "left out" in shown(session, "from IPython.display import HTML\nHTML('x' * 10_000_000)")
    assert shown(session, "1") == "1"


def test_descriptors_are_bounded(session: Session):
    said = shown(session, "kept = []\nwhile True: kept.append(open('/dev/null'))")
    assert "Too many open files" in said
    assert shown(session, "kept = None; 1") == "1"


def test_all_that_is_sent_in_a_session_is_bounded(session: Session):
    flood = at_its_socket(
        "s.setblocking(True)",
        "try:",
        "    while True: s.sendall(b'x' * 1_000_000)",
        "except OSError: pass",
    )
    with pytest.raises(SessionEnded, match="sent"):
        session.run(flood)


def test_a_forged_frame_of_true_shape_is_only_a_value(session: Session):
    """May a session write to its socket itself? Yes, and gains nothing: here an output of no known kind."""
    forge = "s.send(protocol.encode({'outputs': [{'output_type': 'script'}], 'number': 1}))"
    with pytest.raises(SessionEnded, match="sent an output that is none"):
        session.run(at_its_socket(forge))


# --- The end of a session -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        ("import os; os._exit(3)", "ended its own session"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import os; os.closerange(0, 1000)", "ended|failed|closed"),
    ],
)
def test_who_ends_itself_is_told_so(session: Session, end: str, sentence: str):
    with pytest.raises(SessionEnded, match=sentence):
        session.run(end)


def test_a_daemon_ends_with_its_session(sandbox: Sandbox, tmp_path: Path):
    marker = f"convnet-daemon-{os.getpid()}"
    with sandbox.session(tmp_path) as session:
        said = shown(
            session,
            "import subprocess\n"
            f"p = subprocess.Popen(['setsid', '-f', 'bash', '-c', 'exec -a {marker} sleep 1000'])\n"
            "import time; time.sleep(0.5)",
        )
        assert said == ""
        assert with_words(marker)
    end = time.monotonic() + 5
    while with_words(marker) and time.monotonic() < end:
        time.sleep(0.05)
    assert not with_words(marker)


def kill_guard(sandbox: Sandbox, session: Session) -> None:
    """kill -9 of the outermost process of a session, and with it of all."""
    marker = f"77.{os.getpid()}"
    session.run(f"import subprocess; kept = subprocess.Popen(['sleep', '{marker}'])")
    while not (found := with_words(marker)):
        pass
    [pid] = found
    while (parent := status_of(pid)[1]) != sandbox.pid:
        pid = parent
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.01)


def test_a_guard_that_dies_twice_is_the_submissions_fault(sandbox: Sandbox, tmp_path: Path):
    """Without a cause that can be seen: once it is bad luck, twice a sentence about the submission?"""
    for again, kind, words in ((False, KilledFromOutside, "session"), (True, SessionEnded, "killed twice")):
        with sandbox.session(tmp_path) as opened:
            opened.again = again
            kill_guard(sandbox, opened)
            with pytest.raises(kind, match=words):
                opened.run("import time; time.sleep(5)")


def test_a_submission_whose_sessions_die_is_graded(built: Course):
    """Its guard dies each time: are the points before it kept, and the rest 0 with the reason?"""
    tools = Worker(True, LIMITS)
    notebook = nbformat.read(built.release / f"{NOTEBOOK}.ipynb", 4)
    cells = [cell for cell in notebook.cells if grade_id(cell) or cell.source.startswith("QUICK = ")]
    last = next(i for i, cell in enumerate(cells) if grade_id(cell) == "check_one_hot")
    notebook.cells = cells[: last + 1]
    for cell in notebook.cells:
        if grade_id(cell) in ("normalise_images", "one_hot"):
            cell.source = answer(grade_id(cell), "the model answer").code
    checks = {grade_id(cell): cell for cell in notebook.cells if grade_id(cell).startswith("check_")}
    opened: list[Session] = []
    made = tools.session

    def session(folders: Folders) -> Session:
        opened.append(made(folders))
        return opened[-1]

    def kill(name: str) -> None:
        if name == "check_one_hot":
            kill_guard(tools.sandbox, opened[-1])

    tools.session = session  # type: ignore[method-assign]
    try:
        folders = Folders(built.release, built.release, built.source)
        warnings = execute.run(notebook, tools, folders, seeds(), kill).warnings
    finally:
        tools.close()
    assert len(opened) == 2
    assert set(warnings) == {"check_one_hot"}, warnings
    assert determine_grade(checks["check_normalise_images"])[0] == 8
    assert determine_grade(checks["check_one_hot"])[0] == 0
    assert "killed twice" in checks["check_one_hot"].outputs[0].text


# --- The end of a sandbox -------------------------------------------------------------------------


@pytest.mark.parametrize("isolated", [True, False], ids=["walls", "no walls"])
@pytest.mark.parametrize("delay", [0.0, 0.05, 1.0], ids=["at once", "while it starts", "while it imports"])
def test_stop_wins_while_a_sandbox_starts(tmp_path: Path, isolated: bool, delay: float):
    """Ctrl-C before the first cell: does nothing run, and nothing stay behind?"""
    before = own_sandboxes()
    sandbox = Sandbox(LIMITS, isolated)
    stopping = threading.Timer(delay, sandbox.stop)
    started = time.monotonic()
    stopping.start()
    with pytest.raises((SandboxError, KilledFromOutside), match="stopped"):  # noqa: PT012
        time.sleep(0.05 * (delay == 0))
        with sandbox.session(tmp_path) as opened:
            opened.run("import time; time.sleep(8)")
    assert time.monotonic() - started < 5
    stopping.join()
    sandbox.close()
    assert sandbox.pid is None
    assert own_sandboxes() == before


def own_sandboxes() -> set[int]:
    """Processes that this one started, and that still run a sandbox."""
    own = [pid for pid, parent in parents().items() if parent == os.getpid()]
    return {pid for pid in own if "bwrap" in command_line(pid) or "zygote" in command_line(pid)}


@pytest.mark.parametrize("isolated", [True, False], ids=["walls", "no walls"])
def test_stop_ends_a_cell(tmp_path: Path, isolated: bool):
    """Ctrl-C in the middle of a cell: is it over at once, and no fault of the submission's?"""
    sandbox = Sandbox(LIMITS, isolated)
    with sandbox.session(tmp_path) as opened:
        opened.run("import time")
        threading.Timer(0.5, sandbox.stop).start()
        started = time.monotonic()
        with pytest.raises(KilledFromOutside, match="stopped"):
            opened.run("time.sleep(9)")
        assert time.monotonic() - started < 4
    with pytest.raises(SandboxError, match="stopped"):
        sandbox.session(tmp_path)
    sandbox.close()


def test_a_killed_zygote_is_started_again(tmp_path: Path):
    with Sandbox(LIMITS) as sandbox:
        with sandbox.session(tmp_path) as session:
            assert sandbox.pid is not None
            os.kill(sandbox.pid, 9)
            with pytest.raises(KilledFromOutside):
                session.run("import time; time.sleep(3)")
        with sandbox.session(tmp_path) as session:
            assert shown(session, "1") == "1"


def test_a_zygote_that_dies_twice_is_not(tmp_path: Path):
    """No session sees the zygote: is its end the machine's doing, however often?"""
    with Sandbox(LIMITS) as sandbox, sandbox.session(tmp_path) as opened:
        opened.again = True
        assert sandbox.pid is not None
        os.kill(sandbox.pid, signal.SIGKILL)
        with pytest.raises(KilledFromOutside):
            opened.run("import time; time.sleep(5)")


def test_a_killed_grader_leaves_nothing(tmp_path: Path):
    """kill -9 of the process that started the sandbox: do the zygote and its sessions end?"""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            sandbox = Sandbox(LIMITS)
            session = sandbox.session(tmp_path)
            session.run("import subprocess; subprocess.Popen(['sleep', '1000'])")
            os.write(writer, f"{sandbox.pid}\n".encode())
            time.sleep(100)
        finally:
            os._exit(1)
    zygote = int(os.read(reader, 100))
    assert Path(f"/proc/{zygote}").exists()
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    end = time.monotonic() + 5
    while Path(f"/proc/{zygote}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(f"/proc/{zygote}").exists()


def test_a_grader_killed_at_any_moment_leaves_nothing(tmp_path: Path):
    """kill -9 while everything is imported, and while a session is busy: is all of it gone at once?"""
    code = (
        "from pathlib import Path; from admin.sandbox.host import Sandbox\nsandbox = Sandbox()\n"
        f"session = sandbox.session(Path({str(tmp_path)!r}))\n"
        "print('ready', flush=True)\n"
        "session.run('import os\\nfor _ in range(5): os.fork()\\nwhile True: pass')"
    )
    for busy in (False, True):
        grader = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=REPOSITORY)
        assert grader.stdout is not None
        if busy:
            assert grader.stdout.readline() == b"ready\n"
        time.sleep(1)
        below = descendants(grader.pid)
        assert len(below) > 20 if busy else below
        grader.kill()
        grader.wait()
        grader.stdout.close()
        # Importing would go on for seconds; ending dozens of busy processes takes a while on a busy machine.
        end = time.monotonic() + (15 if busy else 2)
        while (left := [pid for pid in below if is_running(pid)]) and time.monotonic() < end:
            time.sleep(0.02)
        assert not left, "busy" if busy else "importing"
