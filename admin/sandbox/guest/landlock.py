"""Landlock, a second wall of another make: rules on files that a process gives itself, for good.

The mounts already leave a session nothing to write but its own folders. Should one of them ever be wrong, or
the kernel's namespaces have a hole, these rules still hold; they need no rights, and most kernels since 5.19
have them. See https://docs.kernel.org/userspace-api/landlock.html.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
from collections.abc import Iterable

from admin.sandbox.guest.walls import PR_SET_NO_NEW_PRIVS, _libc, checked, prctl

CREATE, ADD_RULE, RESTRICT = 444, 445, 446  # the same on all processors
SCOPES = 6  # from this version on it knows of signals and abstract sockets
OLDEST = 2  # the first version can't allow renaming from one folder to another
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
CONNECT_TCP = 2
ABSTRACT_SOCKETS, SIGNALS = 1, 2
READ = EXECUTE | READ_FILE | READ_DIR
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
DEVICES = ("null", "zero", "full", "random", "urandom")


def landlock_version() -> int:
    """Of this kernel; 0 where it has none, or an older one than is of use."""
    version = _libc.syscall(CREATE, None, ctypes.c_size_t(0), 1)
    return version if version >= OLDEST else 0


def restrict_files(writable: Iterable[str]) -> bool:
    """Read anything there is, write only below `writable` and to the usual devices. False: no Landlock here.

    Besides, no TCP connections, no signals and no abstract sockets to who is not under the same rules, as
    far as this kernel knows of them.
    """
    version = landlock_version()
    if not version:
        return False
    files = (1 << (14 if version < 3 else 15 if version < 5 else 16)) - 1
    network = CONNECT_TCP if version >= 4 else 0
    scoped = ABSTRACT_SOCKETS | SIGNALS if version >= SCOPES else 0
    size = 8 if version < 4 else 16 if version < SCOPES else 24
    ruleset = _libc.syscall(CREATE, struct.pack("<QQQ", files, network, scoped), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        checked(ruleset, "landlock")
    try:
        _allow(ruleset, "/", READ)
        for path in writable:
            _allow(ruleset, path, files)
        for name in DEVICES:
            with contextlib.suppress(FileNotFoundError):
                _allow(ruleset, f"/dev/{name}", files & OF_FILES)
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        checked(_libc.syscall(RESTRICT, ruleset, 0), "landlock")
    finally:
        os.close(ruleset)
    return True


def _allow(ruleset: int, path: str, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("<Qi", rights, descriptor)
        checked(_libc.syscall(ADD_RULE, ruleset, 1, rule, 0), f"landlock {path}")
    finally:
        os.close(descriptor)
