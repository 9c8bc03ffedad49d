"""The filter of system calls that a session runs under."""

from __future__ import annotations

import ctypes
import platform
import struct

from admin.sandbox.guest.walls import NAMESPACES, PR_SET_SECCOMP, _libc, checked

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
