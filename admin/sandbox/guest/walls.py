"""What holds a session: namespaces, capabilities, limits of its processes."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sys
from pathlib import Path
from typing import Any

LINUX = sys.platform == "linux"
UID = 1000  # whom the session sees itself as, when it has a user namespace
_libc = ctypes.CDLL(None, use_errno=True)

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


def enter_process_namespace() -> None:
    """One more, for the next fork, which will be its first process."""
    checked(_libc.unshare(CLONE_NEWPID), "unshare")


def see_own_processes() -> None:
    """In the first process of a process namespace: a /proc that shows this one, and no more the outer one."""
    checked(_libc.unshare(CLONE_NEWNS), "unshare")
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    checked(_libc.umount2(b"/proc", MNT_DETACH), "umount /proc")
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


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
    """True when namespaces can be made inside the sandbox. Some systems forbid it (AppArmor on Ubuntu)."""
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
            enter_process_namespace()
            innermost = os.fork()
            if innermost:
                result = 1 if os.waitpid(innermost, 0)[1] else 0
            else:
                see_own_processes()
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
        "RLIMIT_DATA": limits["memory_bytes"],
        # TensorFlow maps far more than it uses; what it never touches costs page tables at most.
        "RLIMIT_AS": limits["address_bytes"],
        "RLIMIT_FSIZE": limits["disk_bytes"],
        "RLIMIT_NOFILE": limits["descriptors"],
        "RLIMIT_NPROC": limits["processes"],
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 64 << 10,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_SIGPENDING": 1000,
    }
    for name, most in wanted.items():
        kind = getattr(resource, name, None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(kind, (most, most))
