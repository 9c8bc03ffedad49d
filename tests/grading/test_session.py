"""A session from order to order: late interrupts, stopping, output, odd files, and what it says of itself."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbgrader.utils import determine_grade

from admin.course.answers import answer
from admin.course.layout import NOTEBOOK, Course
from admin.grading import execute
from admin.grading.repair import grade_id
from admin.sandbox import protocol
from admin.sandbox.files import Packed, packed
from admin.sandbox.guest.outputs import Outputs
from admin.sandbox.guest.session import unpack
from admin.sandbox.host import CellTimeout, KilledFromOutside, Sandbox, Session, SessionEnded
from admin.sandbox.limits import BadSubmission, Limits, SandboxError
from admin.sandbox.replies import bounded, outputs_of, sentence_of
from tests.needs import needs_sandbox

LIMITS = Limits(cell_seconds=10, answer_seconds=10, grace_seconds=3, session_seconds=90)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(LIMITS) as running:
        yield running


@pytest.fixture
def session(sandbox: Sandbox, tmp_path: Path) -> Iterator[Session]:
    with sandbox.session(tmp_path) as opened:
        yield opened


def text(outputs: list[dict[str, Any]]) -> str:
    """All that a cell shows, as text."""
    said = []
    for output in outputs:
        if output["output_type"] == "stream":
            said.append(output["text"])
        elif output["output_type"] == "error":
            said.append(f"{output['ename']}: {output['evalue']}")
        else:
            said.append(output["data"].get("text/plain", ""))
    return "".join(said).strip()


def shown(session: Session, source: str) -> str:
    return text(session.run(source))


# --- Interrupts -----------------------------------------------------------------------------------


@needs_sandbox
def test_a_late_interrupt_harms_no_later_cell(session: Session):
    """An interrupt that was meant for an order before: does the cell at work go on, unharmed?"""
    session.run("import time")
    late = threading.Timer(0.5, lambda: session._lifeline.interrupt(1))
    late.start()
    assert shown(session, "for _ in range(15): time.sleep(0.1)\n'whole'") == "'whole'"
    late.join()


@needs_sandbox
def test_a_late_interrupt_harms_no_later_check(session: Session):
    """The same, when a check is asked?"""
    session.run("import time, numpy as np\ndef one_hot(v, n):\n    time.sleep(1.5)\n    return np.eye(n)[v]")
    late = threading.Timer(0.5, lambda: session._lifeline.interrupt(1))
    late.start()
    given = session.answer("one_hot", {"vector": np.array([1, 0]), "number_classes": 2})
    late.join()
    assert given["array"].tolist() == [[0, 1], [1, 0]]


@needs_sandbox
def test_two_interrupts_of_one_order_are_one(session: Session):
    """Does a second one not hit the lines that report the first?"""
    session.run("import time")
    for delay in (0.5, 0.501, 0.502):
        threading.Timer(delay, lambda: session._lifeline.interrupt(2)).start()
    outputs = session.run("print('before')\ntime.sleep(5)")
    assert [item.get("ename", "") for item in outputs] == ["", "KeyboardInterrupt"]
    assert shown(session, "'next'") == "'next'"


@needs_sandbox
def test_an_interrupt_of_its_own_works_as_in_a_notebook(session: Session):
    """May a cell send itself a SIGINT, before and after the clock has sent one?"""
    own = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nfor _ in range(1000): pass"
    assert "KeyboardInterrupt" in shown(session, own)
    assert "KeyboardInterrupt" in shown(session, own)
    assert shown(session, "1") == "1"


@needs_sandbox
def test_a_reply_that_is_half_there_at_the_deadline_is_a_late_reply_and_no_damage(tmp_path: Path):
    """The clock strikes while a large reply is on its way: does the session live on?"""
    limits = Limits(cell_seconds=1.5, grace_seconds=5)
    half = (
        "import socket, time, os\nfrom admin.sandbox import protocol\n"
        "frame = protocol.encode({'outputs': [], 'number': 1})\n"
        "for name in os.listdir('/proc/self/fd'):\n"
        "    try: s = socket.socket(fileno=os.dup(int(name)))\n    except OSError: continue\n"
        "    s.send(frame[:20])\n"
        "    try: time.sleep(4)\n    except KeyboardInterrupt: pass\n"
        "    s.send(frame[20:])\n    break\n"
    )
    with Sandbox(limits) as own, own.session(tmp_path) as opened, pytest.raises(CellTimeout):
        opened.run(half)


# --- Stopping -------------------------------------------------------------------------------------


@needs_sandbox
@pytest.mark.parametrize("isolated", [True, False], ids=["walls", "no walls"])
@pytest.mark.parametrize("delay", [0.0, 0.05, 1.0], ids=["at once", "while it starts", "while it imports"])
def test_stop_wins_while_a_sandbox_starts(tmp_path: Path, isolated: bool, delay: float):
    """Ctrl-C before the first cell: does nothing run, and nothing stay behind?"""
    before = below(os.getpid())
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
    assert below(os.getpid()) == before


@needs_sandbox
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


def below(pid: int) -> list[int]:
    """Processes of ours below this one, children of children too, that still run a sandbox."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            line = (path / "cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if parent == pid and (b"bwrap" in line or b"zygote" in line):
            found.append(int(path.name))
    return found


# --- Output ---------------------------------------------------------------------------------------

SLOW_READER = """
import os, sys, threading, time
outputs = sys.stdout.outputs
at_once = outputs.stream
def slow(name, text):
    if threading.current_thread() is not threading.main_thread():
        time.sleep(0.4)
    at_once(name, text)
outputs.stream = slow
"""


@needs_sandbox
def test_what_a_program_prints_stays_with_its_cell(session: Session):
    """The thread has read it and not yet appended it when the cell ends: is it waited for?"""
    session.run(SLOW_READER)
    assert shown(session, "os.write(1, b'mine'); time.sleep(0.1)") == "mine"
    assert session.run("pass") == []


@needs_sandbox
def test_characters_are_whole_however_they_are_read(session: Session):
    """Pipes are read in parts of 64 kB: is a character on the border one character?"""
    for cell in ("!yes é 2>&- | head -c 210000", "import os\nos.system('yes é 2>&- | head -c 210000');"):
        assert shown(session, cell) == "\n".join("é" * 70_000)


@needs_sandbox
@pytest.mark.parametrize("character", ["🎈", "é", "\x1b", '"', "x"])
def test_a_million_characters_of_any_kind_are_cut_not_lost(session: Session, character: str):
    """Emoji and escapes take more bytes than one: is what fits kept, and the rest said to be left out?"""
    outputs = session.run(f"print({character!r} * 1_100_000)")
    said = text(outputs)
    assert said.count(character) > 150_000
    assert "1,048,576 bytes of output: the rest of this cell's is left out" in said
    assert "answer" not in said
    assert sum(map(protocol.weight, outputs)) < LIMITS.output_bytes + 1000


@needs_sandbox
def test_one_display_too_many_takes_no_other_with_it(session: Session):
    """A display that is too deep or too large: is only it left out, without a word of an answer?"""
    said = shown(
        session,
        "from IPython.display import display, HTML\nprint('first')\ndeep = []\n"
        "for _ in range(50): deep = [deep]\ndisplay({'application/json': deep}, raw=True)\n"
        "print('second'); display(HTML('🎈' * 300_000)); print('third')",
    )
    assert said.startswith("first")
    assert "second" in said
    assert "more than 22 deep" in said
    assert "is left out" in said
    assert "answer" not in said


@needs_sandbox
def test_a_display_that_is_updated_counts_once(session: Session):
    """A progress bar of 3,000 steps: is the last step shown?"""
    said = shown(
        session,
        "from IPython.display import display\nbar = display('', display_id=True)\n"
        "for step in range(3000): bar.update('=' * 500 + str(step))",
    )
    assert said.endswith("2999'")


@needs_sandbox
@pytest.mark.parametrize(
    "lift",
    [
        "outputs.most = 10**9\nprint('x' * 3_000_000)",
        "outputs.most = 10**9\nfor i in range(8000): print(i, file=(sys.stderr, sys.stdout)[i % 2])",
        "outputs.most = 10**9\nimport IPython.display as d\nfor _ in range(4): display(d.HTML('x' * 600000))",
    ],
    ids=["text", "number", "data"],
)
def test_a_session_that_lifts_its_bound_is_cut_by_the_grader(session: Session, lift: str):
    """156 MB of graded notebook came of this. Is no more kept than a cell may show, and the note the same?"""
    outputs = session.run(f"import sys\noutputs = sys.stdout.outputs\n{lift}")
    assert sum(map(protocol.weight, outputs)) < LIMITS.output_bytes + 1000
    assert outputs[-1] == protocol.left_out(LIMITS.output_bytes)
    assert len(outputs) < 2700


def test_an_honest_session_is_never_cut_twice():
    """What the session's own bound lets through, does the grader's let through as it is?"""
    own = Outputs(10_000, protocol.Bounds())
    for number in range(3000):
        own.stream(("stdout", "stderr")[number % 50 == 0], '🎈\x1b"\n' * (number % 3))
        if number % 100 == 0:
            own.show({"output_type": "display_data", "data": {"text/plain": '"é"' * 9}, "metadata": {}})
    shown = own.take()
    assert shown[-1] == protocol.left_out(10_000)
    assert len(shown) > 5
    assert bounded(shown, 10_000) == shown
    assert outputs_of([], 10) == []
    assert outputs_of([{"output_type": "script"}], 10_000) is None
    assert outputs_of("x", 10_000) is None


# --- Files ----------------------------------------------------------------------------------------


@needs_sandbox
def test_released_files_lie_over_whatever_has_their_names(sandbox: Sandbox, tmp_path: Path):
    """A folder called helpers.py/, a file called figures: are the released ones there, and all else too?"""
    student, release = tmp_path / "student", tmp_path / "release"
    (student / "helpers.py" / "deep").mkdir(parents=True)
    (student / "helpers.py" / "deep" / "x").write_text("mine")
    (student / "figures").write_text("mine")
    (student / "both").mkdir()
    (student / "both" / "a").write_text("mine")
    (release / "figures").mkdir(parents=True)
    (release / "figures" / "one.svg").write_text("released")
    (release / "helpers.py").write_text("released = True")
    (release / "both").mkdir()
    (release / "both" / "b").write_text("released")
    with sandbox.session(student, release) as opened:
        said = shown(opened, "import os\nsorted(os.path.join(r, f) for r, _, n in os.walk('.') for f in n)")
        assert said == "['./both/a', './both/b', './figures/one.svg', './helpers.py']"
        assert shown(opened, "import helpers; helpers.released") == "True"


@needs_sandbox
def test_odd_names_get_in_as_they_are(sandbox: Sandbox, tmp_path: Path):
    """Not UTF-8 (old Windows archives), newlines, backslashes, emoji, very long: are the bytes the same?"""
    names = [b"gr\x81n.txt", b"a\nb", b"a\\b", "🎈".encode(), b"x" * 250, b"-rf", b"\xff\xfe", b"tab\t"]
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(name)
    with sandbox.session(tmp_path) as opened:
        said = shown(opened, "import os\nsorted((n, open(n, 'rb').read()) for n in os.listdir(b'.'))")
    assert said.replace(" ", "").replace("\n", "") == repr(sorted((n, n) for n in names)).replace(" ", "")


def test_what_is_no_file_is_left_out_and_waited_for_by_nobody(tmp_path: Path):
    """Pipes, sockets, links, folders without end: is only the regular file packed?"""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "folder link").symlink_to("/etc")
    (tmp_path / "a").write_text("a")
    deep = tmp_path
    for _ in range(1500):  # pytest's own cleaning up has no way down there, so this goes by the test's own
        deep = deep / "d"
    here = os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")
        Path("bottom").write_text("x")
        os.chdir(here)
        assert [name for name, _, _ in packed([tmp_path], LIMITS).names] == ["a"]
    finally:
        os.chdir(here)
        remove_deep(tmp_path / "d")


def remove_deep(folder: Path) -> None:
    """shutil.rmtree is recursive, and this is deeper than recursion goes."""
    while (folder / "d").exists():
        os.rename(folder / "d", folder.with_name("next"))
        shutil.rmtree(folder)
        os.rename(folder.with_name("next"), folder)
    shutil.rmtree(folder)


def test_too_many_files_are_the_submissions_fault(tmp_path: Path):
    """20,100 files: one sentence about the submission, and no word about the machine?"""
    for number in range(20_100):
        (tmp_path / str(number)).touch()
    with pytest.raises(BadSubmission, match="more than 18,000 files and folders"):
        packed([tmp_path], Limits())
    shutil.rmtree(tmp_path)


def test_too_large_files_are_refused_without_reading_them(tmp_path: Path):
    """A sparse file of 100 GB: is it refused in no time?"""
    with open(tmp_path / "large", "wb") as file:
        file.truncate(100 << 30)
    started = time.monotonic()
    with pytest.raises(BadSubmission, match="larger than 268 MB"):
        packed([tmp_path], Limits())
    assert time.monotonic() - started < 5


@needs_sandbox
@pytest.mark.parametrize("count", [17_900, 3], ids=["many", "large"])
def test_all_that_may_be_packed_can_be_unpacked(sandbox: Sandbox, tmp_path: Path, count: int):
    """The most and the largest that are let through: does the session start, with room for the rest?"""
    size = 1 if count > 3 else (LIMITS.disk_bytes // count) // 4096 * 4096 - (1 << 20)
    for number in range(count):
        (tmp_path / f"{number:0>200}").write_bytes(bytes(size))
    with sandbox.session(tmp_path) as opened:
        assert shown(opened, "import os; len(os.listdir())") == str(count)
        assert shown(opened, "open('/tmp/x', 'w').write('x')") == "1"
    shutil.rmtree(tmp_path)


@needs_sandbox
def test_what_an_unpacking_refuses_is_the_submissions_fault(sandbox: Sandbox):
    """Files that no folder can hold together: a sentence on the submission, not on the machine?"""
    sandbox.start()
    assert sandbox._running is not None
    clash = Packed((("a", 1, 0), ("a/b", 1, 0)), b"xy")
    with pytest.raises(BadSubmission, match=r"can't be put into a session \(.*irectory|exists"):
        Session(sandbox._running, LIMITS, clash)


@pytest.mark.parametrize("name", ["../x", "/x", "a//x", "a/../../x", ".", "", "a\0b", "link/x", "there"])
def test_nothing_is_unpacked_outside_or_over_what_is_there(tmp_path: Path, name: str):
    """No way out by a name, nor by a link that lies there?"""
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (inside / "link").symlink_to("../outside/gone")
    (inside / "there").write_text("before")
    with pytest.raises((ValueError, OSError)):
        unpack([[name, 1, 0]], np.frombuffer(b"x", np.uint8), str(inside))
    assert list(outside.iterdir()) == []
    assert (inside / "there").read_text() == "before"


@needs_sandbox
def test_without_walls_too_a_session_finds_only_its_own_files(tmp_path: Path):
    """One student after the other in the same process: is the first one's file gone?"""
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        (folder / f"{folder.name}.txt").write_text("x")
    with Sandbox(LIMITS, isolated=False) as sandbox:
        for folder in (one, two):
            with sandbox.session(folder) as opened:
                assert shown(opened, "import os; os.listdir()") == f"['{folder.name}.txt']"


# --- Killed ---------------------------------------------------------------------------------------


def kill_guard(sandbox: Sandbox, session: Session) -> None:
    """kill -9 of the outermost process of a session, and with it of all."""
    marker = f"77.{os.getpid()}"
    session.run(f"import subprocess; kept = subprocess.Popen(['sleep', '{marker}'])")
    found: list[int] = []
    while not found:
        found = [
            int(path.name) for path in Path("/proc").glob("[0-9]*") if marker.encode() in command_line(path)
        ]
    [pid] = found
    while (parent := parent_of(pid)) != sandbox.pid:
        pid = parent
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.01)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


@needs_sandbox
def test_a_guard_that_dies_twice_is_the_submissions_fault(sandbox: Sandbox, tmp_path: Path):
    """Without a cause that can be seen: once it is bad luck, twice a sentence about the submission?"""
    for again, kind, words in ((False, KilledFromOutside, "session"), (True, SessionEnded, "killed twice")):
        with sandbox.session(tmp_path) as opened:
            opened.again = again
            kill_guard(sandbox, opened)
            with pytest.raises(kind, match=words):
                opened.run("import time; time.sleep(5)")


@needs_sandbox
def test_a_zygote_that_dies_twice_is_not(tmp_path: Path):
    """No session sees the zygote: is its end the machine's doing, however often?"""
    with Sandbox(LIMITS) as sandbox, sandbox.session(tmp_path) as opened:
        opened.again = True
        assert sandbox.pid is not None
        os.kill(sandbox.pid, signal.SIGKILL)
        with pytest.raises(KilledFromOutside):
            opened.run("import time; time.sleep(5)")


@needs_sandbox
def test_a_submission_whose_sessions_die_is_graded(built: Course):
    """Its guard dies each time: are the points before it kept, and the rest 0 with the reason?"""
    tools = execute.Worker(True, LIMITS)
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

    def session(folders: execute.Folders) -> Session:
        opened.append(made(folders))
        return opened[-1]

    def kill(name: str) -> None:
        if name == "check_one_hot":
            kill_guard(tools.sandbox, opened[-1])

    tools.session = session  # type: ignore[method-assign]
    try:
        folders = execute.Folders(built.release, built.release, built.source)
        warnings = execute.run(notebook, tools, folders, lambda task: 5, kill).warnings
    finally:
        tools.close()
    assert len(opened) == 2
    assert set(warnings) == {"check_one_hot"}, warnings
    assert determine_grade(checks["check_normalise_images"])[0] == 8
    assert determine_grade(checks["check_one_hot"])[0] == 0
    assert "killed twice" in checks["check_one_hot"].outputs[0].text


# --- Words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    ["", "exit", "exit \x1b[2J", "exit None", "signal", "signal None", "signal 9x", "signal ²", "failed",
     "failed OSError: \x1b[1Ga\nmira 90/90\u202e" + "x" * 1000, "grader", "\udcff", "exit 3", "signal 35"],
)  # fmt: skip
def test_every_last_word_is_a_sentence_for_a_terminal(words: str):
    """Whatever a session can make its guard say: one printable line, not long, without a None?"""
    said = sentence_of(words, LIMITS)
    assert said.isprintable() or "\ufffd" in said
    assert not any(character in said for character in "\x1b\n\u202e")
    assert len(said) < 350
    assert "None" not in said
    assert said.endswith(".")


FORGED = """
import socket, os
from admin.sandbox import protocol
for name in os.listdir('/proc/self/fd'):
    try: s = socket.socket(fileno=os.dup(int(name)))
    except OSError: continue
    s.send(protocol.encode({}))
"""
EVIL = r"'\x1b[2K\x1b[1Gmira 90/90\n\u202eevil' * 100"


@needs_sandbox
def test_no_session_writes_to_a_terminal(session: Session):
    """Escape sequences and newlines in what it says about itself: gone from every sentence?"""
    said = shown(session, FORGED.format(f"{{'refused': {EVIL}, 'number': 1}}"))
    assert "left out" in said
    assert not any(character in said for character in "\x1b\n\u202e")
    assert len(said) < 400


@needs_sandbox
@pytest.mark.parametrize("message", [f"{{'failed': {EVIL}}}", "{'number': None}"])
def test_no_session_writes_to_a_terminal_when_it_ends(session: Session, message: str):
    """The same in the sentence that stands for all later checks?"""
    with pytest.raises(SessionEnded) as ended:
        session.run(FORGED.format(message))
    assert not any(character in str(ended.value) for character in "\x1b\n\u202e")
    assert "None" not in str(ended.value)
    assert len(str(ended.value)) < 400


@needs_sandbox
def test_a_class_may_not_be_called_like_a_forged_line(session: Session):
    """An error's name is the student's, too: is it printable?"""
    [output] = session.run(f"raise type({EVIL}, (Exception,), {{}})('words')")
    assert output["ename"].count("\n") == 0
    assert "\x1b" not in output["ename"]


# --- Costs of the grader --------------------------------------------------------------------------


@needs_sandbox
@pytest.mark.parametrize(
    "shape", ["b'[' + b'[],' * 1_300_000 + b'0]'", "b'[' + b'{\"\":{}},' * 450_000 + b'0]'"]
)
def test_millions_of_small_values_cost_the_grader_nothing(session: Session, shape: str):
    """4 MB of empty lists would be a hundred of objects: refused before they are made?"""
    flood = (
        "import socket, os\nfrom admin.sandbox import protocol\n"
        f"text = {shape}\n"
        "for name in os.listdir('/proc/self/fd'):\n"
        "    try: s = socket.socket(fileno=os.dup(int(name)))\n    except OSError: continue\n"
        "    s.setblocking(True)\n"
        "    s.sendall(protocol.HEAD.pack(protocol.MAGIC, len(text), 0) + text)\n"
    )
    with pytest.raises(SessionEnded, match="more than 200,000 values"):
        session.run(flood)
