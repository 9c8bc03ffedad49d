"""What runs inside the sandbox: a process with everything imported that forks once for each submission.

Started by `admin/sandbox.py`, never by a person. It is told on a control socket to fork, and is handed two
more sockets for each fork:

* warm: imports TensorFlow and the rest, runs no operation, so that it has one thread and may be forked;
* guard: first process of the fork's own namespaces. It watches memory and time, passes on interrupts, tells
  on its *lifeline* why the session ended; when it ends, the kernel ends all that the session started;
* session: an IPython shell, without rights, that runs cells and answers cases over the session's socket.

Everything the session says may be a lie, and is treated so by the other side. What holds it are the
namespaces, the limits and the system call filter that are set up here before a student's first line runs.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import gc
import importlib
import io
import json
import os
import platform
import random
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import numpy as np

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parent.parent))

from admin import wire

UID = 1000  # whom the session sees itself as, when it has a user namespace
LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Import, say ready, then fork whenever the grader asks; end when the grader has gone."""
    settings = json.loads(sys.argv[1])
    sys.path[-1:-1] = [path for path in settings["paths"] if path not in sys.path]
    control = socket.socket(fileno=settings["control"])
    started = time.monotonic()
    if not settings["probe"]:
        preload()
    nested = settings["nested"] and can_nest(settings)
    ready = {"seconds": time.monotonic() - started, "threads": thread_count(), "nested": nested}
    control.sendall(json.dumps(ready).encode() + b"\n")
    while True:
        byte, descriptors, _, _ = socket.recv_fds(control, 1, 2)
        if not byte:
            return
        session, lifeline = descriptors
        fork_session(session, lifeline, {**settings, "nested": nested})


def preload() -> None:
    """Import what a notebook, its first training, figure and table import; compute nothing.

    A thread that exists now would be missing in every fork, with whatever lock it holds.
    """
    for name in LAZY:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # A first drawing reads fonts; a canvas of its own leaves pyplot untouched.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().set_title("0")
    FigureCanvasAgg(figure).print_png(io.BytesIO())
    gc.collect()
    if thread_count() != 1:
        raise RuntimeError(f"{thread_count()} threads after the imports: not safe to fork")


# Found by comparing sys.modules before and after the first training, figure and table of a session.
LAZY = (
    "tensorflow",
    "keras",
    "problem_unittests",
    "pandas",
    "pandas.io.formats.html",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "IPython.core.interactiveshell",
    "rich.table",
    "rich.jupyter",
)


def thread_count() -> int:
    return len(os.listdir("/proc/self/task")) if LINUX else threading.active_count()


# --- The fork -------------------------------------------------------------------------------------


def fork_session(session: int, lifeline: int, settings: dict[str, Any]) -> None:
    """Fork a guard, which forks a session. The process between them leaves, so nobody waits for them."""
    if thread_count() != 1:
        raise RuntimeError("the warm process has more than one thread: not safe to fork")
    gc.freeze()  # a collection in the fork would write to, and so copy, every page with an object on it
    between = os.fork()
    if between == 0:
        try:
            if settings["nested"]:
                enter_namespaces()
            if os.fork() == 0:
                guard(session, lifeline, settings)
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.write(lifeline, f"failed {type(error).__name__}: {error}".encode()[:500])
        finally:
            os._exit(0)
    os.close(session)
    os.close(lifeline)
    os.waitpid(between, 0)


def guard(session: int, lifeline: int, settings: dict[str, Any]) -> NoReturn:
    """Wall in, start the session, and watch it until it or the grader ends."""
    reason = "failed"
    pid = 0
    try:
        os.setsid()
        keep_only({session, lifeline})
        if settings["nested"]:
            build_root(settings)
        else:
            os.chdir(settings["work"])
            if LINUX:
                prctl(PR_SET_CHILD_SUBREAPER, 1)  # who leaves its parent becomes a child of the guard
        if LINUX:
            drop_capabilities()
        pid = os.fork()
        if pid == 0:
            run_session(session, lifeline, settings)
        os.close(session)
        if LINUX:
            prctl(PR_SET_DUMPABLE, 0)  # the session has the same uid, and may not trace its guard
        reason = watch(pid, lifeline, settings["limits"])
    except BaseException as error:
        reason = f"failed {type(error).__name__}: {error}"
    finally:
        with contextlib.suppress(OSError):
            os.write(lifeline, reason.encode(errors="replace")[:500])
        if pid and not settings["nested"]:
            sweep()
        os._exit(0)


def watch(pid: int, lifeline: int, limits: dict[str, Any]) -> str:
    """Wait for the first thing that ends a session and return its name."""
    deadline = time.monotonic() + limits["session_seconds"]
    poll = select.poll()
    poll.register(lifeline, select.POLLIN)
    with contextlib.suppress(OSError):
        os.nice(-1)
    rest = limits["watch_seconds"]
    while True:
        if poll.poll(rest * 1000):
            order = os.read(lifeline, 1)
            if not order:
                return "grader"
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
        while True:
            try:
                ended, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return "exit 0"
            if ended == 0:
                break
            if ended == pid:
                code = os.waitstatus_to_exitcode(status)
                return f"exit {code}" if code >= 0 else f"signal {-code}"
        if time.monotonic() > deadline:
            return "time"
        began = time.monotonic()
        if LINUX and memory_of_all(limits["memory_bytes"]) > limits["memory_bytes"]:
            return "memory"
        # A long look, at a hundred processes, is not to take the processor from all else.
        rest = max(limits["watch_seconds"], time.monotonic() - began)


def memory_of_all(enough: int) -> int:
    """Bytes of memory of all processes below the guard.

    What `status` tells is cheap, but counts pages that a fork still shares with the warm process. Only when
    that sum is above `enough` are the pages counted with their shares, which takes milliseconds a process.
    """
    below = processes_below()
    rough = {pid: from_proc(f"/proc/{pid}/status", ("RssAnon:", "RssShmem:")) for pid in below}
    if sum(rough.values()) <= enough:
        return sum(rough.values())
    # A process that forbids the look is counted roughly, which can only be more.
    return sum(
        from_proc(f"/proc/{pid}/smaps_rollup", ("Pss_Anon:", "Pss_Shmem:")) or rough[pid] for pid in below
    )


def processes_below() -> list[int]:
    """In a namespace of its own: all but the guard. Else its descendants, among them who left a parent."""
    me = os.getpid()
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                stat = Path(f"/proc/{name}/stat").read_text(errors="replace")
                parents[int(name)] = int(stat.rpartition(")")[2].split()[1])
    if me == 1:
        return [pid for pid in parents if pid != 1]
    found: set[int] = set()
    frontier = {me}
    while frontier:
        frontier = {pid for pid, parent in parents.items() if parent in frontier} - found
        found |= frontier
    return list(found)


def from_proc(path: str, names: tuple[str, ...]) -> int:
    """Sum of the named lines of a file in /proc, in bytes; 0 when there is nothing to read."""
    try:
        with open(path, errors="replace") as lines:
            return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(names))
    except (OSError, ValueError, IndexError):
        return 0


def sweep() -> None:
    """Without a process namespace: end what the session left behind, as far as it can be found."""
    for _ in range(50):
        below = processes_below() if LINUX else []
        if not below:
            return
        for pid in below:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.02)


def keep_only(descriptors: set[int]) -> None:
    """Close all but these; standard input, output and error lead nowhere."""
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    folder = "/proc/self/fd" if LINUX else "/dev/fd"
    for descriptor in [int(name) for name in os.listdir(folder)]:
        if descriptor > 2 and descriptor not in descriptors:
            with contextlib.suppress(OSError):
                os.close(descriptor)


# --- Walls: namespaces, capabilities, limits, system calls ----------------------------------------

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
NAMESPACES = (
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET
)
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 4, 22, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38


def checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def prctl(option: int, argument: int) -> None:
    checked(_libc.prctl(option, ctypes.c_ulong(argument), 0, 0, 0), f"prctl {option}")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    found = _libc.mount(
        source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode()
    )
    checked(found, f"mount {kind or source} on {target}")


def enter_namespaces() -> None:
    """Namespaces of all kinds for the next fork; there it has every right over them and none elsewhere."""
    uid, gid = os.getuid(), os.getgid()
    checked(_libc.unshare(NAMESPACES), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{UID} {uid} 1"), ("gid_map", f"{UID} {gid} 1")):
        Path(f"/proc/self/{name}").write_text(text)


def build_root(settings: dict[str, Any]) -> None:
    """bubblewrap's root, with a /proc of this fork alone and one small tmpfs for all that it writes."""
    limits = settings["limits"]
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    options = f"size={limits['disk_bytes']},nr_inodes={limits['files']},mode=0755"
    mount("tmpfs", "/mnt", "tmpfs", MS_NOSUID | MS_NODEV, options)
    for name, target in (("work", settings["work"]), ("shm", "/dev/shm"), ("tmp", "/tmp")):
        folder = Path("/mnt", name)
        folder.mkdir(mode=0o700)
        for below in settings["binds"]:
            # An environment below /tmp has to be there still when /tmp is another one.
            if Path(below).is_relative_to(target):
                again = folder / Path(below).relative_to(target)
                again.parent.mkdir(parents=True, exist_ok=True)
                if Path(below).is_dir():
                    again.mkdir(exist_ok=True)
                else:
                    again.touch()
                mount(below, str(again), "", MS_BIND | MS_REC)
        mount(str(folder), target, "", MS_BIND | MS_REC)
    checked(_libc.umount2(b"/mnt", MNT_DETACH), "umount")
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    os.chdir(settings["work"])


def can_nest(settings: dict[str, Any]) -> bool:
    """Does the kernel allow namespaces inside the sandbox? Some systems forbid it (AppArmor on Ubuntu)."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1] == 0
    result = 1
    try:
        enter_namespaces()
        inner = os.fork()
        if inner:
            result = 1 if os.waitpid(inner, 0)[1] else 0
        else:
            build_root(settings)
            drop_capabilities()
            result = 0
    except BaseException as error:
        print(f"no namespaces inside the sandbox: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(result)


def drop_capabilities() -> None:
    """No right that an ordinary process has not, and no way to gain one by starting a program."""
    for capability in range(64):
        # Refused when there are no rights, or no such one: nothing to drop then.
        _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if os.getuid() == 0:
        return  # not isolated, as root, by the instructor's wish
    header = struct.pack("<II", 0x20080522, 0)
    checked(_libc.capset(header, bytes(24)), "capset")


def set_limits(limits: dict[str, Any]) -> None:
    """Limits of one process; what they miss is watched by the guard over all of them."""
    wanted = {
        "RLIMIT_CPU": limits["cpu_seconds"],
        # RLIMIT_AS would break TensorFlow, which maps far more than it uses.
        "RLIMIT_DATA": limits["memory_bytes"],
        "RLIMIT_FSIZE": limits["disk_bytes"],
        "RLIMIT_NOFILE": limits["descriptors"],
        "RLIMIT_NPROC": limits["processes"],
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 64 << 10,
        "RLIMIT_MSGQUEUE": 0,
    }
    for name, most in wanted.items():
        kind = getattr(resource, name, None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(kind, (most, most))


MACHINES = {
    # by name: its number in the kernel's audit header, and which of the numbers below are its own
    "x86_64": (0xC000003E, 0),
    "aarch64": (0xC00000B7, 1),
}
CLONE, CLONE3, SOCKET = (56, 220), (435, 435), (41, 198)
# What no notebook needs: tracing and looking into others; namespaces and mounts (bubblewrap can't forbid them
# here, the guard needs them); memory that no sum sees (memfd, System V); and what has had the most holes.
REFUSED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "vmsplice": (278, 75),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "io_setup": (206, 0),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "personality": (135, 92),
    "syslog": (103, 116),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "vhangup": (153, 58),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
}
EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97
FAMILIES = (1, 2, 10)  # local and IP; AF_VSOCK, for one, knows no namespaces and reaches the machine's host


def system_call_filter(machine: str) -> bytes:
    """A classic BPF program for seccomp: see man 2 seccomp, and linux/filter.h for the numbers.

    Refused calls fail with an error that programs know, and do not end the process.
    """
    audit, own = MACHINES[machine]
    clone, clone3, socket_call = CLONE[own], CLONE3[own], SOCKET[own]
    load, equal, above, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, error = 0x7FFF0000, 0x00050000

    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("<HBBI", code, yes, no, value)

    program = [
        step(load, 4),  # the machine's number: calls of another one (32 bit) have other numbers
        step(equal, audit, 1, 0),
        step(give, error | ENOSYS),
        step(load, 0),  # the call's number
        step(above, 0x40000000, 0, 1),  # x32: the same calls under other numbers
        step(give, error | ENOSYS),
        step(equal, clone3, 0, 1),  # its flags lie in memory, where no filter looks; libc falls back to clone
        step(give, error | ENOSYS),
    ]
    for numbers in REFUSED.values():
        program += [step(equal, numbers[own], 0, 1), step(give, error | EPERM)]
    program += [
        step(equal, clone, 0, 4),
        step(load, 16),  # its flags
        step(any_bit, NAMESPACES, 0, 1),
        step(give, error | EPERM),
        step(give, allow),
        step(equal, socket_call, 0, 2 + len(FAMILIES)),
        step(load, 16),  # the family
    ]
    program += [step(equal, family, len(FAMILIES) - place, 0) for place, family in enumerate(FAMILIES)]
    program += [step(give, error | EAFNOSUPPORT), step(give, allow)]
    return b"".join(program)


def filter_system_calls() -> None:
    program = system_call_filter(platform.machine())
    kept = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(kept))
    checked(_libc.prctl(PR_SET_SECCOMP, 2, head, 0, 0), "seccomp")


# --- The session ----------------------------------------------------------------------------------


def run_session(connection: int, lifeline: int, settings: dict[str, Any]) -> NoReturn:
    """The session's whole life. What it prints on the way down goes nowhere."""
    limits = settings["limits"]
    code = 70
    try:
        os.close(lifeline)
        os.setsid()
        os.umask(0o077)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_IGN)
        os.environ.clear()
        os.environ.update(settings["environment"])
        # A bound on one frame in each direction: the folder comes in, outputs and answers go out.
        bounds = wire.Bounds(**limits["wire"])
        inward = wire.Bounds(
            text_bytes=bounds.text_bytes, array_bytes=limits["disk_bytes"], total_bytes=1 << 40
        )
        channel = wire.Channel(socket.socket(fileno=connection), inward)
        unpack(channel.receive()["files"], settings["work"])
        set_limits(limits)
        if LINUX:
            with contextlib.suppress(OSError):
                Path("/proc/self/oom_score_adj").write_text("1000")
            if settings["isolated"]:
                filter_system_calls()
        random.seed()
        np.random.seed()  # noqa: NPY002  (the old global state is what students' code may draw from)
        session = Session(limits)
        channel.send({"ready": True})
        session.serve(channel, bounds)
        code = 0
    except wire.Closed:
        code = 0
    except BaseException as error:
        # The grader reads it as the session's last words; a hostile session can say anything here, too.
        with contextlib.suppress(BaseException):
            channel.send({"failed": f"{type(error).__name__}: {error}"[:500]})
    finally:
        os._exit(code)


def unpack(archive: np.ndarray, folder: str) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive.tobytes())) as files:
        files.extractall(folder, filter="data")


class Outputs:
    """What one cell shows, as nbformat's outputs, up to a number of bytes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        with self.lock:
            self.items: list[dict[str, Any]] = []
            self.shown: dict[str, dict[str, Any]] = {}
            self.weight = 0
            self.full = False
            self.clear_before_next = False

    def fits(self, weight: int) -> bool:
        """Is there room for so many more bytes? Says once that there is none."""
        if self.clear_before_next:
            self.clear()
        if not self.full and self.weight + weight <= self.most:
            self.weight += weight
            return True
        if not self.full:
            self.full = True
            note = f"\n[… more than {self.most:,} bytes of output: the rest of this cell's is left out]\n"
            self.items.append({"output_type": "stream", "name": "stdout", "text": note})
        return False

    def stream(self, name: str, text: str) -> None:
        with self.lock:
            room = max(0, self.most - self.weight)
            if len(text) > room and not self.full:
                self.stream(name, text[:room])
            if not text or not self.fits(len(text)):
                return
            last = self.items[-1] if self.items else {}
            if last.get("output_type") == "stream" and last["name"] == name:
                last["text"].append(text)
            else:
                self.items.append({"output_type": "stream", "name": name, "text": [text]})

    def show(self, output: dict[str, Any], display_id: str | None = None, update: bool = False) -> None:
        with self.lock:
            if not self.fits(len(json.dumps(output))):
                return
            if update:
                old = self.shown.get(display_id or "")
                if old is not None:
                    old.update(data=output["data"], metadata=output["metadata"])
                return
            self.items.append(output)
            if display_id:
                self.shown[display_id] = output

    def take(self) -> list[dict[str, Any]]:
        with self.lock:
            items = self.items
            self.clear()
        for item in items:
            if isinstance(item.get("text"), list):
                item["text"] = "".join(item["text"])
        return items


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr of the session."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, descriptor: int, outputs: Outputs) -> None:
        self.name, self.descriptor, self.outputs = name, descriptor, outputs

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.outputs.stream(self.name, str(text))
        return len(text)

    def fileno(self) -> int:
        return self.descriptor

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False


class Pipes:
    """What programs and libraries write to descriptors 1 and 2, read by a thread."""

    def __init__(self, outputs: Outputs) -> None:
        self.outputs = outputs
        self.names: dict[int, str] = {}
        for name, descriptor in (("stdout", 1), ("stderr", 2)):
            reader, writer = os.pipe()
            os.dup2(writer, descriptor)
            os.close(writer)
            self.names[reader] = name
            os.set_blocking(reader, False)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        while True:
            self.read_once(None)

    def read_once(self, milliseconds: int | None) -> bool:
        came = False
        poll = select.poll()  # one for each call: the thread and `drain` may not share one
        for reader in self.names:
            poll.register(reader, select.POLLIN)
        for reader, _ in poll.poll(milliseconds):
            with contextlib.suppress(OSError):
                data = os.read(reader, 1 << 16)
                came = came or bool(data)
                self.outputs.stream(self.names[reader], data.decode("utf-8", "replace"))
        return came

    def drain(self, seconds: float = 0.5) -> None:
        """Wait until all that has been written is read. A program that goes on writing is not waited for."""
        end = time.monotonic() + seconds
        while self.read_once(0) and time.monotonic() < end:
            pass


class Session:
    """An IPython shell without a kernel around it."""

    def __init__(self, limits: dict[str, Any]) -> None:
        self.outputs = Outputs(limits["output_bytes"])
        self.pid = os.getpid()
        self.busy = False
        sys.stdout, sys.stderr = Stream("stdout", 1, self.outputs), Stream("stderr", 2, self.outputs)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115  (/dev/null)
        self.pipes = Pipes(self.outputs)
        signal.signal(signal.SIGINT, self.interrupted)
        sys.path.insert(0, "")
        self.shell = make_shell(self.outputs)

    def interrupted(self, number: int, frame: FrameType | None) -> None:
        """The grader's interrupt, which may come a moment after the cell has ended."""
        if self.busy:
            raise KeyboardInterrupt

    def serve(self, channel: wire.Channel, bounds: wire.Bounds) -> None:
        while True:
            order = channel.receive()
            try:
                reply = self.run(order["run"]) if "run" in order else self.answer(order["task"], order["ask"])
            except KeyboardInterrupt:  # in the line between a cell's end and `busy = False`
                reply = {"refused": "stopped by the time limit"}
            if os.getpid() != self.pid:
                os._exit(0)  # a copy that the student's code made by os.fork(): it has nothing to say here
            reply["number"] = order["number"]
            try:
                channel.send(reply, bounds=bounds)
            except wire.Closed:
                raise
            except wire.WireError as error:
                channel.send({"refused": str(error), "number": order["number"]}, bounds=bounds)

    def run(self, source: str) -> dict[str, Any]:
        self.busy = True
        try:
            self.shell.run_cell(source, store_history=True)
        except KeyboardInterrupt:  # it came outside the cell's own lines, in an event handler for example
            self.shell.showtraceback()
        finally:
            self.busy = False
            self.pipes.drain()
        return {"outputs": self.outputs.take()}

    def answer(self, task: str, ask: dict[str, Any]) -> dict[str, Any]:
        import problem_unittests

        self.busy = True
        try:
            with figures_closed():
                given = problem_unittests.answer(task, self.shell.user_ns, ask)
            return {"answer": dict(given)}
        except KeyboardInterrupt:
            return {"refused": "stopped by the time limit"}
        finally:
            self.busy = False
            self.pipes.drain()
            self.outputs.clear()


@contextlib.contextmanager
def figures_closed() -> Iterator[None]:
    """Figures that a student's function draws while it is asked would show up under the next cell."""
    from matplotlib import pyplot

    before = set(pyplot.get_fignums())
    try:
        yield
    finally:
        for number in set(pyplot.get_fignums()) - before:
            pyplot.close(number)


def make_shell(outputs: Outputs) -> Any:
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from matplotlib_inline.backend_inline import configure_inline_support

    class Hook(DisplayHook):
        """Shows the value of a cell's last line."""

        def write_output_prompt(self) -> None:
            pass

        def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
            outputs.show(
                {
                    "output_type": "execute_result",
                    "execution_count": self.prompt_count,
                    "data": mime_bundle(format_dict),
                    "metadata": plain(md_dict),
                }
            )

        def finish_displayhook(self) -> None:
            pass

    class Publisher(DisplayPublisher):
        """`display(…)`, also of figures."""

        def publish(  # type: ignore[override]
            self,
            data: Any,
            metadata: Any = None,
            *,
            transient: Any = None,
            update: bool = False,
            **kwargs: Any,
        ) -> None:
            output = {
                "output_type": "display_data",
                "data": mime_bundle(data),
                "metadata": plain(metadata),
            }
            outputs.show(output, str((transient or {}).get("display_id") or ""), update)

        def clear_output(self, wait: bool = False) -> None:
            if wait:
                outputs.clear_before_next = True
            else:
                outputs.clear()

    class Shell(InteractiveShell):
        displayhook_class = Hook
        display_pub_class = Publisher

        def init_virtualenv(self) -> None:
            pass

        def enable_gui(self, gui: Any = None) -> None:
            """There is no window to draw on."""

        def ask_exit(self) -> None:
            raise SystemExit

        def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
            try:
                text = str(evalue)
            except Exception:
                text = "(an error without words)"
            outputs.show(
                {
                    "output_type": "error",
                    "ename": str(getattr(etype, "__name__", etype)),
                    "evalue": text,
                    "traceback": [str(line) for line in stb],
                }
            )

        # IPython's own ways to run a program need a terminal device, which the sandbox has not.
        def system(self, cmd: str) -> None:
            cmd = self.var_expand(cmd, depth=1)
            with subprocess.Popen(
                ["/bin/sh", "-c", cmd],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            ) as program:
                assert program.stdout is not None
                while part := os.read(program.stdout.fileno(), 1 << 16):
                    sys.stdout.write(part.decode("utf-8", "replace"))
            self.user_ns["_exit_code"] = program.returncode

        system_piped = system_raw = system

        def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
            from IPython.utils.text import LSString, SList

            cmd = self.var_expand(cmd, depth=depth + 1)
            done = subprocess.run(
                ["/bin/sh", "-c", cmd],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
            text = done.stdout.decode("utf-8", "replace").rstrip("\n")
            return SList(text.split("\n")) if split else LSString(text)

    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False  # no database of what was typed
    shell = Shell.instance(config=config)
    configure_inline_support(shell, "module://matplotlib_inline.backend_inline")
    return shell


def mime_bundle(data: Any) -> dict[str, Any]:
    """A display's data as it stands in a notebook: text, JSON, or bytes in base64."""
    bundle = {}
    for kind, value in dict(data).items():
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode("ascii")
        bundle[str(kind)] = value if isinstance(value, str) else plain(value)
    return bundle


def plain(value: Any) -> Any:
    try:
        return json.loads(json.dumps(value or {}, default=repr))
    except (ValueError, TypeError, RecursionError):
        return {}


if __name__ == "__main__":
    main()
