"""The grader's end of the line to a session's guard: lines with orders go in, lines of words come out."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import time
from collections.abc import Callable

from checks.language import say, text_of

GO = b"g"
CREDENTIALS = struct.Struct("iII")  # pid, uid, gid
MOST = 100_000  # bytes that a guard says in its life, by far


class Lifeline:
    """Use it from one thread. When this end is closed, the guard ends the session."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        if hasattr(socket, "SO_PASSCRED"):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._heard = b""
        self._over = False

    def admit(self, add: Callable[[int], None], seconds: float) -> None:
        """Hand the first process of the session to `add`, and let it go on. Raises OSError.

        Its number here is told by the kernel, which knows it in each namespace.
        """
        self.connection.settimeout(seconds)
        hello, more, _, _ = self.connection.recvmsg(1, socket.CMSG_SPACE(CREDENTIALS.size))
        for level, kind, data in more:
            if hello and (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                add(CREDENTIALS.unpack(data)[0])
                self.connection.send(GO)
                return
        raise OSError(text_of(say("sandbox.ended_early")))

    def interrupt(self, number: int) -> None:
        """Interrupt the session if it is still at the order with this number."""
        with contextlib.suppress(OSError):
            self.connection.send(b"i %d\n" % number)

    def cpu_seconds(self) -> float:
        """Processor time of all that the session has started; of one that has ended, what it was then."""
        answers = len(self._seconds())
        if not self._over:
            with contextlib.suppress(OSError):
                self.connection.send(b"c\n")
            self._hear(2.0, lambda: len(self._seconds()) > answers)
        return max(map(float, self._seconds()), default=0.0)

    def last_words(self, seconds: float = 2.0) -> str:
        """Why the session ended, in the guard's words; nothing when it has not, or was ended itself."""
        self._hear(seconds, lambda: False)
        lines = self._heard.decode("utf-8", "replace").split("\n")
        return "\n".join(line for line in lines if not line.startswith("cpu ")).strip()

    def is_gone(self, seconds: float) -> bool:
        """True when the guard has ended, and with it all of the session. Waits so long for it."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
        self._hear(seconds, lambda: False)
        return self._over

    def close(self) -> None:
        """What was heard until now stays to be asked for."""
        self._over = True
        with contextlib.suppress(OSError):
            self.connection.close()

    def _seconds(self) -> list[bytes]:
        return re.findall(rb"^cpu (\d+\.\d+)\n", self._heard, re.M)

    def _hear(self, seconds: float, enough: Callable[[], bool]) -> None:
        """Listen until it is enough, or the other end is closed, or the time is over."""
        end = time.monotonic() + seconds
        while not (self._over or enough()) and (left := end - time.monotonic()) > 0:
            self.connection.settimeout(left)
            try:
                part = self.connection.recv(1000)
            except TimeoutError:
                return
            except OSError:
                part = b""
            self._heard += part
            self._over = not part or len(self._heard) > MOST
