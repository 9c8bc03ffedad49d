"""What a submission may use, and the error of a sandbox that does not work."""

from __future__ import annotations

from dataclasses import dataclass, field

from admin.sandbox import protocol
from checks.language import Said

UID = 1000  # whom a session sees itself as, when it has a user namespace


@dataclass(frozen=True)
class Limits:
    """All that a submission may use. One place, for the sandbox and for the words about it."""

    cell_seconds: float = 40
    """for one cell, then it is interrupted"""
    answer_seconds: float = 40
    """for one question of a check"""
    grace_seconds: float = 5
    """for an interrupted cell to end, then the session is ended"""
    session_seconds: float = 300
    """for all cells and answers of one submission"""
    cpu_seconds: int = 600
    """of computing, of all processes of a session together"""
    start_seconds: float = 120
    """for the zygote to import everything on a busy machine"""
    fork_seconds: float = 20
    """for a session to be ready"""
    watch_seconds: float = 0.05
    """between two looks at the memory"""
    memory_bytes: int = 2 << 30
    """of all processes of a session together"""
    address_bytes: int = 16 << 30
    """that one process may map, used or not; TensorFlow maps some gigabytes"""
    disk_bytes: int = 256 << 20
    """of all that a session writes, and of the folder it is given; it is memory, too"""
    files: int = 20_000
    """in number"""
    processes: int = 128
    """and threads; TensorFlow takes some dozen"""
    descriptors: int = 256
    """open files of one process"""
    output_bytes: int = 1 << 20
    """that one cell may show; what is more is left out"""
    threads: int = 1
    """of TensorFlow and BLAS. More change the last digits of a training, so it is one number for a course"""
    messages: protocol.Bounds = field(default_factory=protocol.Bounds)
    """what one message, and all of a session, may weigh"""


class SandboxError(Said):
    """The sandbox itself does not work; no fault of a submission."""


class BadSubmission(Said):
    """A submission's files can't be put into a sandbox, on any machine."""


class SandboxFault(SandboxError):
    """Our own code in the sandbox failed: no fault of this machine, so going without walls would not help."""


OWN_FAULT = "sandbox.own_fault"
"""The key of what is said of a SandboxFault."""
