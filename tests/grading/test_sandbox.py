"""Student code in the real sandbox: what works as in a notebook, what is bounded, what can't be touched."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import problem_unittests
import tools
from admin.sandbox.files import packed
from admin.sandbox.host import CellTimeout, KilledFromOutside, Sandbox, Session, SessionEnded
from admin.sandbox.limits import Limits
from admin.sandbox.protocol import Bounds
from tests.needs import needs_sandbox

pytestmark = needs_sandbox

LIMITS = Limits(
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
    with Sandbox(LIMITS) as running:
        yield running


@pytest.fixture
def session(sandbox: Sandbox, tmp_path: Path) -> Iterator[Session]:
    """A session of its own. Afterwards another one starts and works: no test harms the next."""
    zygote = sandbox.pid
    with sandbox.session(tmp_path) as opened:
        yield opened
    with sandbox.session(tmp_path) as another:
        assert shown(another, "6 * 7") == "42"
    assert sandbox.pid == zygote, "the zygote had to be started again"


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


# --- As in a notebook -----------------------------------------------------------------------------


def test_cells_share_their_names_and_show_their_last_value(session: Session):
    assert session.run("a = 20") == []
    assert session.run("a + 1\na + 2;\na + 3") == [
        {"output_type": "execute_result", "data": {"text/plain": "23"}, "metadata": {}, "execution_count": 2}
    ]
    assert shown(session, "_ + 1") == "24"


def test_streams_keep_their_names_and_order(session: Session):
    outputs = session.run(
        "import os, sys\nprint('a', flush=True)\nprint('b', file=sys.stderr)\nos.system('echo c')\nprint('d')"
    )
    assert [(item["name"], item["text"]) for item in outputs if item["output_type"] == "stream"][:2] == [
        ("stdout", "a\n"),
        ("stderr", "b\n"),
    ]
    assert {"c", "d"} <= set(text(outputs).split())


def test_a_program_the_shell_and_magics(session: Session):
    assert shown(session, "!echo hello && pwd") == "hello\n/student"
    assert shown(session, "lines = !printf 'x\\ny'\nlist(lines)") == "['x', 'y']"
    assert "loop" in shown(session, "%timeit -n 1 -r 1 1")
    assert shown(session, "%%bash\necho from bash") == "from bash"
    assert shown(session, "word = 'there'\n!echo {word}") == "there"


def test_top_level_await(session: Session):
    assert shown(session, "import asyncio\nawait asyncio.sleep(0.01, 'slept')") == "'slept'"


def test_an_error_has_a_traceback_and_the_session_goes_on(session: Session):
    [output] = session.run("1 / 0")
    assert (output["ename"], output["evalue"]) == ("ZeroDivisionError", "division by zero")
    assert any("1 / 0" in line or "ZeroDivision" in line for line in output["traceback"])
    assert session.run("def broken(:")[0]["ename"] == "SyntaxError"
    assert "SystemExit" in shown(session, "import sys; sys.exit(3)")
    assert "SystemExit" in shown(session, "exit()")
    assert shown(session, "'still here'") == "'still here'"


def test_figures_and_tables_are_shown(session: Session):
    outputs = session.run(
        "%matplotlib inline\nimport matplotlib.pyplot as plt, pandas as pd\n"
        "plt.plot([1, 2]); plt.show()\nplt.figure(); plt.plot([2, 1])\npd.DataFrame({'a': [1]})"
    )
    pictures = [item for item in outputs if "image/png" in item.get("data", {})]
    assert len(pictures) == 2
    assert all(item["data"]["image/png"].startswith("iVBOR") for item in pictures)
    assert any("<table" in item.get("data", {}).get("text/html", "") for item in outputs)


def test_a_display_is_updated_in_its_place(session: Session):
    outputs = session.run(
        "from IPython.display import display, clear_output\nprint('gone'); clear_output()\n"
        "handle = display('one', display_id=True)\nhandle.update('two')"
    )
    assert [item["data"]["text/plain"] for item in outputs] == ["'two'"]


def test_the_folder_is_a_private_copy_without_links(sandbox: Sandbox, tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("mine")
    (tmp_path / "link").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe")
    with sandbox.session(tmp_path) as session:
        assert shown(session, "open('data/a.txt').read()") == "'mine'"
        assert shown(session, "import os; sorted(os.listdir())") == "['data']"
        session.run("open('data/a.txt', 'w').write('changed')")
    assert (tmp_path / "data" / "a.txt").read_text() == "mine"


def test_the_session_is_told_that_it_is_graded(session: Session):
    assert shown(session, "import os; os.environ['NBGRADER_EXECUTION']") == "'autograde'"
    assert shown(session, "os.environ['HOME'], os.getcwd()") == "('/student', '/student')"
    assert shown(session, "input()").startswith("EOFError")


@pytest.mark.slow
def test_a_net_can_be_trained(sandbox: Sandbox, tmp_path: Path):
    with Sandbox() as roomy, roomy.session(tmp_path) as session:
        said = shown(
            session,
            "import keras, numpy as np\n"
            "net = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3),\n"
            "                        keras.layers.Flatten(),\n"
            "                        keras.layers.Dense(2, activation='softmax')])\n"
            "net.compile('adam', 'sparse_categorical_crossentropy')\n"
            "h = net.fit(np.random.rand(64, 8, 8, 1), np.arange(64) % 2, verbose=0)\nlen(h.history['loss'])",
        )
        assert said == "1"


@pytest.mark.slow
def test_training_is_cut_short_whatever_the_notebook_does(tmp_path: Path):
    """Does `fit` end early though no cell asks for it, and are a student's own modules no way around that?"""
    student, released = tmp_path / "student", tmp_path / "released"
    student.mkdir()
    for name in ("tools", "tempfile", "threading", "socket", "urllib", "inspect", "html", "numpy", "keras"):
        (student / f"{name}.py").write_text("import os; os._exit(0)")
    shutil.copytree(Path(tools.__file__).parent, released / "tools")
    with Sandbox() as roomy, roomy.session(student, released) as session:
        said = shown(
            session,
            "import keras, numpy as np\n"
            "net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])\n"
            "net.compile('sgd', 'mse')\n"
            "history = net.fit(np.zeros((640, 1)), np.zeros(640), batch_size=1, epochs=9, verbose=0)\n"
            "int(net.optimizer.iterations)",
        )
    assert said.endswith("60"), said


# --- Answers --------------------------------------------------------------------------------------


def ask_one_hot(seed: int = 0) -> Any:
    return problem_unittests.TASKS["one_hot"].cases(np.random.default_rng(seed), {})


def test_a_right_answer_gets_all_points(session: Session):
    session.run(
        "import numpy as np\ndef one_hot(labels, classes):\n    print('!'); return np.eye(classes)[labels]"
    )
    cases = ask_one_hot()
    answers = [session.answer("one_hot", case.ask) for case in cases]
    findings = problem_unittests.TASKS["one_hot"].judge(cases, answers)
    assert problem_unittests.points(findings) == problem_unittests.TASKS["one_hot"].points
    assert session.run("0")[0]["data"]["text/plain"] == "0", "what an answer prints belongs to no cell"


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("np.array([object()])", None),
        ("np.full((2, 2), np.nan)", None),
        ("np.zeros(100_000_000, 'u1')", "bytes"),
        ("np.zeros((1,) * 20)", "dimensions"),
        ("object()", None),
        ("1 / 0", "ZeroDivisionError"),
        ("undefined", "NameError"),
        ("exit()", "SystemExit"),
    ],
)
def test_an_odd_answer_is_data_or_an_error(session: Session, value: str, error: str | None):
    session.run(f"import numpy as np\ndef one_hot(labels, classes):\n    return {value}")
    answer = session.answer("one_hot", ask_one_hot()[0].ask)
    assert (error is None) == ("error" not in answer)
    assert error is None or error in answer["error"]
    assert shown(session, "1") == "1"


def test_an_answer_that_never_comes(session: Session):
    session.run("def one_hot(labels, classes):\n    while True: pass")
    with pytest.raises(CellTimeout, match="8 seconds"):
        session.answer("one_hot", ask_one_hot()[0].ask)
    assert shown(session, "1") == "1"


# --- Bounds ---------------------------------------------------------------------------------------


def test_an_endless_loop_is_stopped_and_the_session_lives(session: Session):
    with pytest.raises(CellTimeout, match="8 seconds") as stopped:
        session.run("a = 1\nprint('before')\nwhile True: pass")
    assert text(stopped.value.outputs).startswith("before")
    assert stopped.value.outputs[-1]["ename"] == "KeyboardInterrupt"
    assert shown(session, "a") == "1"


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
    with pytest.raises(SessionEnded, match="did not stop after 8 seconds"):
        session.run(loop)
    assert time.monotonic() - started < 20
    with pytest.raises(SessionEnded, match="did not stop after 8 seconds"):
        session.run("1")


def test_a_list_that_grows_ends_in_a_memory_error(session: Session):
    said = shown(session, "kept = []\nwhile True: kept.append(bytearray(10_000_000))")
    assert said.startswith("MemoryError")


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
CALL = """
import ctypes
c = ctypes.CDLL(None, use_errno=True)
print(c.syscall({}), ctypes.get_errno())
"""
OPEN = """
import os
found = []
for name in os.listdir("/proc/self/fd"):
    try:
        found.append(os.readlink(f"/proc/self/fd/{name}").split(":")[0])
    except FileNotFoundError:  # the folder's own, closed by now
        pass
print(*found)
"""


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


def test_the_guard_can_not_be_harmed(session: Session):
    for attack in ("os.kill(1, 9)", "os.kill(1, 15)", "os.kill(1, 19)", "open('/proc/1/mem', 'r+b').read(1)"):
        shown(session, f"import os\n{attack}")
    with pytest.raises(CellTimeout):
        session.run("while True: pass")
    for look in ("os.listdir('/proc/1/fd')", "open('/proc/1/environ').read()", "os.readlink('/proc/1/exe')"):
        assert "PermissionError" in shown(session, look)


def test_all_that_is_sent_in_a_session_is_bounded(session: Session):
    flood = (
        "import socket, os\n"
        "for name in os.listdir('/proc/self/fd'):\n"
        "    try: s = socket.socket(fileno=os.dup(int(name)))\n"
        "    except OSError: continue\n"
        "    s.setblocking(True)\n"
        "    try:\n        while True: s.sendall({})\n"
        "    except OSError: pass\n"
    )
    with pytest.raises(SessionEnded, match="sent"):
        session.run(flood.format("b'x' * 1_000_000"))


def test_a_forged_frame_of_true_shape_is_only_a_value(session: Session):
    """May a session write to its socket itself? Yes, and gains nothing: here an output of no known kind."""
    forge = (
        "import socket, os\nfrom admin.sandbox import protocol\n"
        "for name in os.listdir('/proc/self/fd'):\n"
        "    try: s = socket.socket(fileno=os.dup(int(name)))\n"
        "    except OSError: continue\n"
        "    s.send(protocol.encode({'outputs': [{'output_type': 'script'}], 'number': 1}))\n"
    )
    with pytest.raises(SessionEnded, match="sent an output that is none"):
        session.run(forge)


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
        assert marker in host_processes()
    end = time.monotonic() + 5
    while marker in host_processes() and time.monotonic() < end:
        time.sleep(0.05)
    assert marker not in host_processes()


def command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def host_processes() -> str:
    lines = (command_line(path) for path in Path("/proc").glob("[0-9]*"))
    return b"\n".join(lines).decode(errors="replace")


def test_a_session_has_a_total_time(tmp_path: Path):
    with Sandbox(Limits(session_seconds=3)) as sandbox, sandbox.session(tmp_path) as session:
        session.run("import time; time.sleep(1.5)")
        with pytest.raises(SessionEnded, match="3 seconds in all"):
            session.run("time.sleep(3)")
        with sandbox.session(tmp_path) as another:
            assert shown(another, "1") == "1"


# --- Isolation ------------------------------------------------------------------------------------


def test_the_host_can_not_be_reached_by_network(session: Session):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        threading.Thread(target=lambda: server.accept(), daemon=True).start()
        socket.create_connection(("127.0.0.1", port)).close()  # the server is there
        for address in (f"'127.0.0.1', {port}", "'8.8.8.8', 53", f"{socket.gethostname()!r}, {port}"):
            said = shown(session, f"import socket\nsocket.create_connection(({address}), timeout=1)")
            assert "rror" in said, said
    udp = "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('8.8.8.8', 53))"
    assert "unreachable" in shown(session, f"import socket\n{udp}")
    for family in (16, 17, 38, 40):  # netlink, packet, alg, vsock
        assert "Address family not supported" in shown(session, f"socket.socket({family}, socket.SOCK_RAW)")


def test_an_abstract_socket_of_the_host_can_not_be_reached(session: Session):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0convnet-{os.getpid()}")
        server.listen()
        said = shown(
            session, f"import socket\nsocket.socket(socket.AF_UNIX).connect('\\0convnet-{os.getpid()}')"
        )
        assert "refused" in said


def test_home_course_and_processes_of_the_host_are_not_there(session: Session, tmp_path: Path):
    (tmp_path / "gradebook.db").write_text("secret")
    home = Path.home()
    for path in (tmp_path, home / ".ssh", home / ".bashrc", Path.cwd() / "README.md", Path("/etc/shadow")):
        assert "False" in shown(session, f"import os; os.path.exists({str(path)!r})"), path
    pids = shown(session, "[p for p in os.listdir('/proc') if p.isdigit()]")
    assert pids in ("['1', '2']", "['2', '1']")
    os.environ["CONVNET_SECRET"] = "hidden"
    everything = shown(session, "!cat /proc/*/environ /proc/*/cmdline /proc/mounts | tr '\\0' '\\n'")
    assert "CONVNET_SECRET" not in everything
    assert "gradebook" not in everything
    assert str(tmp_path) not in everything


def test_one_session_sees_nothing_of_another(sandbox: Sandbox, tmp_path: Path):
    with sandbox.session(tmp_path) as one, sandbox.session(tmp_path) as two:
        for place in ("/student/note", "/tmp/note", "/dev/shm/note"):
            one.run(f"open({place!r}, 'w').write('one')")
            assert "FileNotFoundError" in shown(two, f"open({place!r})")
        one.run("import sys; sys.modules['json'].poison = 1; mine = 1")
        assert "AttributeError" in shown(two, "import json; json.poison")
        assert shown(two, "import os; len([p for p in os.listdir('/proc') if p.isdigit()])") == "2"
        with pytest.raises(SessionEnded):
            two.run("try: os.kill(-1, 9)\nfinally: os._exit(1)")
        assert shown(one, "mine") == "1"


@pytest.mark.parametrize(
    "path", ["/x", "/usr/x", "/etc/x", "/dev/x", "/mnt/x", "/grader/x", "/proc/sys/kernel/hostname"]
)
def test_the_system_is_read_only(session: Session, path: str):
    said = shown(session, f"open({path!r}, 'w')")
    assert "Read-only" in said or "Permission" in said or "No such file" in said, said


def test_the_interpreter_can_not_be_changed(session: Session):
    said = shown(session, "import numpy; open(numpy.__file__, 'a')")
    assert "Read-only" in said or "Permission" in said


def test_there_are_no_rights(session: Session):
    status = shown(session, "print(open('/proc/self/status').read())")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert {fields[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"
    assert fields["Uid"].split() == ["1000"] * 4
    session.run("import subprocess, time; kept = subprocess.Popen(['sleep', '77.125']); time.sleep(0.5)")
    [process] = [path for path in Path("/proc").glob("[0-9]*") if b"77.125" in command_line(path)]
    assert process.stat().st_uid != 0, "the session is root where files are concerned"
    assert "Error" in shown(session, "import os; os.setuid(0)")


CALLS = {
    "unshare": (272, 0x10000000),
    "setns": (308, 0, 0),
    "mount": (165, 0, 0, 0, 0, 0),
    "ptrace": (101, 16, 1, 0, 0),
    "clone with namespaces": (56, 0x10000000 | 17, 0, 0, 0, 0),
    "bpf": (321, 0, 0, 0),
    "io_uring_setup": (425, 1, 0),
    "keyctl": (250, 0, 0, 0),
    "perf_event_open": (298, 0, 0, 0, 0, 0),
    "userfaultfd": (323, 0),
    "memfd_create": (319, 0, 0),
    "shmget": (29, 0, 4096, 0o1600),
    "process_vm_readv": (310, 1, 0, 0, 0, 0, 0),
    "chroot": (161, 0),
    "open_by_handle_at": (304, 0, 0, 0),
    "pidfd_getfd": (438, 0, 0, 0),
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are of x86-64")
@pytest.mark.parametrize("name", CALLS)
def test_a_system_call_is_refused(session: Session, name: str):
    numbers = ", ".join(f"ctypes.c_long({number})" for number in CALLS[name])
    said = shown(session, CALL.format(numbers))
    assert said == "-1 1"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are of x86-64")
def test_calls_under_other_numbers_are_refused(session: Session):
    """clone3 keeps its flags where no filter looks; x32 has the same calls 2**30 further on."""
    for number in (435, 0x40000000 + 101):
        said = shown(session, CALL.format(f"{number}, 0, 0"))
        assert said == "-1 38"


def test_only_its_own_descriptors_are_open(session: Session):
    """Does a descriptor of the grader leak in: a gradebook, a socket, a folder?"""
    found = shown(session, OPEN).split()
    assert set(found) <= {"/dev/null", "pipe", "socket"}
    assert found.count("socket") == 1, "the zygote's own socket, or the guard's, is open in the session"


# --- Ends -----------------------------------------------------------------------------------------


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


def test_a_killed_zygote_is_started_again(tmp_path: Path):
    with Sandbox(LIMITS) as sandbox:
        with sandbox.session(tmp_path) as session:
            assert sandbox.pid is not None
            os.kill(sandbox.pid, 9)
            with pytest.raises(KilledFromOutside):
                session.run("import time; time.sleep(3)")
        with sandbox.session(tmp_path) as session:
            assert shown(session, "1") == "1"


def test_a_large_folder_is_refused(tmp_path: Path):
    (tmp_path / "x").write_bytes(bytes(33 << 20))
    with pytest.raises(Exception, match="larger than"):
        packed([tmp_path], LIMITS)
    shutil.rmtree(tmp_path)
