"""What takes too long is stopped: a cell, an answer, a session, on the clock and in processor time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from admin.sandbox.host import CellTimeout, Sandbox, Session, SessionEnded
from admin.sandbox.limits import Limits
from tests.grading.sessions import AT_OTHERS, HELP, at_its_socket, shown, text
from tests.needs import needs_sandbox

pytestmark = needs_sandbox
QUICK = Limits(cell_seconds=3, answer_seconds=3, grace_seconds=3)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(QUICK) as running:
        yield running


def test_an_endless_loop_is_stopped_and_the_session_lives(session: Session):
    with pytest.raises(CellTimeout, match="3 seconds") as stopped:
        session.run("a = 1\nprint('before')\nwhile True: pass")
    assert text(stopped.value.outputs).startswith("before")
    assert stopped.value.outputs[-1]["ename"] == "KeyboardInterrupt"
    assert shown(session, "a") == "1"


def test_an_answer_that_never_comes(session: Session):
    session.run("def one_hot(labels, classes):\n    while True: pass")
    with pytest.raises(CellTimeout, match="3 seconds"):
        session.answer("one_hot", {"vector": np.array([0]), "number_classes": 2})
    assert shown(session, "1") == "1"


@pytest.mark.parametrize(
    "loop",
    [
        "import time\nwhile True:\n    try: time.sleep(100)\n    except BaseException: pass",
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\ntime.sleep(1000)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    ],
)
def test_a_loop_that_will_not_be_interrupted_ends_the_session(session: Session, loop: str):
    started = time.monotonic()
    with pytest.raises(SessionEnded, match="did not stop after 3 seconds"):
        session.run(loop)
    assert time.monotonic() - started < 20
    with pytest.raises(SessionEnded, match="did not stop after 3 seconds"):
        session.run("1")


def test_a_reply_that_is_half_there_at_the_deadline_is_a_late_reply_and_no_damage(session: Session):
    """The clock strikes while a large reply is on its way: does the session live on?"""
    half = at_its_socket(
        "frame = protocol.encode({'outputs': [], 'number': 1})",
        "s.send(frame[:20])",
        "try: time.sleep(6)",
        "except KeyboardInterrupt: pass",
        "s.send(frame[20:])",
        "break",
    )
    with pytest.raises(CellTimeout):
        session.run(half)


def test_the_guard_can_not_be_harmed(session: Session):
    for attack in ("os.kill(1, 9)", "os.kill(1, 15)", "os.kill(1, 19)", "open('/proc/1/mem', 'r+b').read(1)"):
        shown(session, f"import os\n{attack}")
    with pytest.raises(CellTimeout):
        session.run("while True: pass")
    for look in ("os.listdir('/proc/1/fd')", "open('/proc/1/environ').read()", "os.readlink('/proc/1/exe')"):
        assert "PermissionError" in shown(session, look)


def test_the_guard_interrupts_after_all_attacks(session: Session):
    """Does the clock still stop a loop, and does the session live on?"""
    session.run(HELP)
    session.run(AT_OTHERS)
    with pytest.raises(CellTimeout):
        session.run("while True: pass")
    assert shown(session, "6 * 7") == "42"
    with pytest.raises(SessionEnded, match="exit status 3"):
        session.run("os._exit(3)")


def test_a_session_has_a_total_time(tmp_path: Path):
    with Sandbox(Limits(session_seconds=3)) as sandbox, sandbox.session(tmp_path) as session:
        session.run("import time; time.sleep(1.5)")
        with pytest.raises(SessionEnded, match="3 seconds in all"):
            session.run("time.sleep(3)")
        with sandbox.session(tmp_path) as another:
            assert shown(another, "1") == "1"


def test_a_session_that_slept_says_so(session: Session):
    """How would a grader know that a cell got no processor time? By asking for it: before and after."""
    session.run(HELP)
    before = session.cpu_seconds()
    began = time.monotonic()
    session.run("time.sleep(1)")
    assert time.monotonic() - began >= 1
    assert session.cpu_seconds() - before < 0.5


def test_processor_time_is_known_and_bounded_over_all_processes(tmp_path: Path):
    """Children that compute, also those that nobody waits for: are they counted, and is there an end?"""
    burn = (
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "for _ in range({}):\n    if os.fork() == 0:\n        end = time.process_time() + {}\n"
        "        while time.process_time() < end: pass\n        os._exit(0)\n    time.sleep({})\n"
    )
    limits = Limits(cell_seconds=40, grace_seconds=3, cpu_seconds=4)
    with Sandbox(limits) as sandbox, sandbox.session(tmp_path) as session:
        session.run(HELP)
        before = session.cpu_seconds()
        session.run(burn.format(4, 0.3, 0.5))
        session.run("try: os.wait()\nexcept ChildProcessError: pass")  # on a busy machine, they are late
        used = session.cpu_seconds() - before
        assert 0.9 < used < 2.5
        with pytest.raises(SessionEnded, match="computed for more than 4 seconds"):
            session.run(burn.format(200, 10, 0.1))
        assert 4 <= session.cpu_seconds() < 8
