"""The filter of system calls that a session runs under: an allow list, as a program for the kernel.

What may be called stands in `system_call_list.py`, with what arguments in RULES. All else is refused with an
error that programs know; nobody is killed for asking.
"""

from __future__ import annotations

import ctypes
import platform
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from admin.sandbox.guest.system_call_list import CALLS, MACHINES, NEWEST
from admin.sandbox.guest.walls import NAMESPACES, PR_SET_SECCOMP, _libc, checked

EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97
TAKEN = 0  # as if it had worked, and nothing is done
FAMILIES = (1, 2, 10)  # local and IP; AF_VSOCK, for one, knows no namespaces and reaches the machine's host
SOL_SOCKET = 1
BUFFER_SIZES = (7, 8, 32, 33)  # SO_SNDBUF, SO_RCVBUF, and the two …FORCE
ATTACHED_PROGRAMS = (26, 50, 51, 52)  # SO_ATTACH_FILTER and its kin: code of the caller's in the kernel


@dataclass(frozen=True)
class Rule:
    """A condition on one argument of a call (its lower half), and the error when it does not hold."""

    argument: int
    must: Literal["be one of", "be none of", "have no bit of"]
    values: tuple[int, ...]
    error: int = EPERM
    when: tuple[int, int] | None = None
    """it holds for this value of that other argument only"""


ITSELF = (Rule(0, "be one of", (0,)),)  # a process may do it to itself, not to another one

# In order; the call is allowed when all hold.
RULES: dict[str, tuple[Rule, ...]] = {
    "clone": (Rule(0, "have no bit of", (NAMESPACES,)),),
    # Its flags lie in memory, where no filter looks. The C library falls back to clone.
    "clone3": (Rule(0, "be one of", (), ENOSYS),),
    "socket": (Rule(0, "be one of", FAMILIES, EAFNOSUPPORT),),
    "socketpair": (Rule(0, "be one of", FAMILIES, EAFNOSUPPORT),),
    # The guard counts each socket with the most that buffers of the usual size hold.
    "setsockopt": (
        Rule(2, "be none of", ATTACHED_PROGRAMS, when=(1, SOL_SOCKET)),
        Rule(2, "be none of", BUFFER_SIZES, TAKEN, when=(1, SOL_SOCKET)),
    ),
    "prctl": (Rule(0, "be none of", (PR_SET_SECCOMP,)),),
    "prlimit64": ITSELF,
    "sched_setscheduler": ITSELF,
    "sched_setparam": ITSELF,
    "sched_setattr": ITSELF,
    "setpriority": (Rule(0, "be one of", (0,)), Rule(1, "be one of", (0,))),  # PRIO_PROCESS
    "ioprio_set": (Rule(0, "be one of", (1,)), Rule(1, "be one of", (0,))),  # IOPRIO_WHO_PROCESS
    # The processor that a session runs on is its share of the machine.
    "sched_setaffinity": (*ITSELF, Rule(0, "be one of", (), TAKEN)),
}
# Calls that reach another process by the number in their first argument.
BY_NUMBER = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open")

_LOAD, _JUMP, _EQUAL, _FROM, _ANY_BIT, _RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_Program = list[bytes]


def filter_system_calls(protected: Collection[int] = ()) -> None:
    """From now on, this process and all that it starts make only the calls of the list.

    `protected` are processes that no signal may be sent to, for where no namespace hides them.
    """
    program = system_call_filter(platform.machine(), protected)
    kept = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(kept))
    checked(_libc.prctl(PR_SET_SECCOMP, 2, head, 0, 0), "seccomp")


def system_call_filter(machine: str, protected: Collection[int] = ()) -> bytes:
    """A classic BPF program for seccomp: see man 2 seccomp, and linux/filter.h for the numbers."""
    audit, own = MACHINES[machine]
    rules = {**RULES, **_shielding(protected)}
    numbers = {found[own]: rules.get(name, ()) for name, found in CALLS.items() if found[own] is not None}
    return b"".join(
        [
            _step(_LOAD, 4),  # the machine's number: calls of another one (32 bit) have other numbers
            _step(_EQUAL, audit, 1, 0),
            _give(ENOSYS),
            # The call's number. x32 has the same calls under numbers above 2**30: above the list's, too.
            _step(_LOAD, 0),
            *_search(_ranges({number: rule for number, rule in numbers.items() if number is not None})),
        ]
    )


def _shielding(protected: Collection[int]) -> Mapping[str, tuple[Rule, ...]]:
    """Rules against signals to these processes, to their groups, and to all at once."""
    if not protected:
        return {}
    numbers = [number & 0xFFFFFFFF for number in (-1, *protected, *(-number for number in protected))]
    return dict.fromkeys(BY_NUMBER, (Rule(0, "be none of", tuple(numbers)),))


def _ranges(rules: Mapping[int, tuple[Rule, ...]]) -> list[tuple[int, _Program]]:
    """All numbers there are, as (first number, what is done from there on), in order."""
    found: list[tuple[int, _Program]] = []
    refused = [_give(EPERM)]
    for number in range(max(*rules, NEWEST) + 1):
        unknown = [_give(ENOSYS)] if number > NEWEST else refused
        body = _body(rules[number]) if number in rules else unknown
        if not found or found[-1][1] != body:
            found.append((number, body))
    return [*found, (max(*rules, NEWEST) + 1, [_give(ENOSYS)])]


def _search(ranges: Sequence[tuple[int, _Program]]) -> _Program:
    """A binary search for the range that the loaded number is in."""
    if len(ranges) == 1:
        return ranges[0][1]
    middle = len(ranges) // 2
    below, above = _search(ranges[:middle]), _search(ranges[middle:])
    if len(below) < 256:
        return [_step(_FROM, ranges[middle][0], len(below), 0), *below, *above]
    # A conditional jump goes no further than 255 steps.
    return [_step(_FROM, ranges[middle][0], 0, 1), _step(_JUMP, len(below)), *below, *above]


def _body(rules: Sequence[Rule]) -> _Program:
    program: _Program = []
    for rule in rules:
        values, last = rule.values, len(rule.values) - 1
        test = [_step(_LOAD, 16 + 8 * rule.argument)]
        if rule.must == "be one of":  # each comparison jumps over the rest and the error
            test += [_step(_EQUAL, value, last + 1 - place, 0) for place, value in enumerate(values)]
        else:  # each comparison jumps to the error, the last one over it
            code = _EQUAL if rule.must == "be none of" else _ANY_BIT
            test += [_step(code, value, last - at, int(at == last)) for at, value in enumerate(values)]
        test.append(_give(rule.error))
        if rule.when:
            program += [_step(_LOAD, 16 + 8 * rule.when[0]), _step(_EQUAL, rule.when[1], 0, len(test))]
        program += test
    return [*program, _step(_RETURN, _ALLOW)]


def _give(error: int) -> bytes:
    return _step(_RETURN, _ERROR | error)


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)
