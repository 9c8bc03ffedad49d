"""The filter of system calls: each call that must be refused is, and it allows just what the list allows."""

from __future__ import annotations

import ast
import os
import struct

import pytest

from admin.sandbox.guest.system_call_list import CALLS, MACHINES, NEWEST
from admin.sandbox.guest.system_calls import RULES, system_call_filter
from admin.sandbox.host import Session
from tests.grading.sessions import HELP, shown
from tests.needs import needs_sandbox

by_number = pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are of x86-64")
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
    "ptrace PTRACE_TRACEME": (101, 0, 0, 0, 0),
    "ptrace PTRACE_ATTACH": (101, 16, 1, 0, 0),
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
    "ptrace of x32": (0x40000000 + 101, 0, 0),
}
# clone3 keeps its flags where no filter looks; x32 has the same calls 2**30 further on.
UNKNOWN = {"open_tree_attr", "clone3", "a call of tomorrow", "getpid of x32", "ptrace of x32"}


@needs_sandbox
@by_number
def test_each_call_that_must_be_refused_is(session: Session):
    """By its number, past every library: is it the filter that says no?"""
    session.run(HELP)
    said = shown(session, f"print({{name: call(*numbers) for name, numbers in {REFUSED!r}.items()}})")
    expected = {name: -ENOSYS if name in UNKNOWN else -EPERM for name in REFUSED}
    assert ast.literal_eval(said) == expected


@needs_sandbox
@by_number
def test_calls_of_another_processor_are_refused(session: Session):
    """`int 0x80` calls by the numbers of 32 bits, which no 64-bit list knows: is it refused?"""
    code = bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3])  # mov eax, 20 (getpid); int 0x80; ret
    session.run(HELP)
    said = shown(
        session,
        f"page = mmap.mmap(-1, 4096, prot=7); page.write({code!r})\n"
        "place = ctypes.addressof(ctypes.c_char.from_buffer(page))\n"
        "ctypes.CFUNCTYPE(ctypes.c_int)(place)()",
    )
    assert said == str(-ENOSYS)


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


def test_no_signal_goes_to_a_guard_that_can_be_seen():
    """Where the kernel allows no second namespace, does the filter itself know whom to shield?"""
    audit, own = MACHINES["x86_64"]
    program = system_call_filter("x86_64", protected=[7])
    for name in ("kill", "tkill", "tgkill", "pidfd_open", "rt_sigqueueinfo"):
        number = CALLS[name][own]
        for target in (7, -7, -1):
            assert decide(program, audit, number, (target & 0xFFFFFFFF,)) == 0x00050000 | EPERM
        assert decide(program, audit, number, (8,)) == 0x7FFF0000
