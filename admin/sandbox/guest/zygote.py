"""What runs inside the sandbox: a process with everything imported that forks once for each submission.

Started by `admin/sandbox/running.py`, never by a person. It is told on a control socket to fork, and is
handed two more sockets for each fork:

* zygote: imports TensorFlow and the rest, runs no operation, so that it has one thread and may be forked;
* guard: first process of the fork's own namespaces. It watches memory and time, passes on interrupts, tells
  on its *lifeline* why the session ended; when it ends, the kernel ends all that the session started;
* init: first process of one more process namespace, which hides the guard from the session;
* session: an IPython shell, without rights, that runs cells and answers cases over the session's socket.

Everything the session says may be a lie, and is treated so by the other side. What holds it are the
namespaces, the limits and the system call filter that are set up here before a student's first line runs.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[3]))

from admin.sandbox.guest.walls import LINUX, can_nest, enter_namespaces


def main() -> None:
    """Import, say ready, then fork whenever the grader asks; end when the grader has gone."""
    settings = json.loads(sys.argv[1])
    sys.path[-1:-1] = [path for path in settings["paths"] if path not in sys.path]
    control = socket.socket(fileno=settings["control"])
    started = time.monotonic()
    with ended_by_silence(control):
        importlib.import_module("admin.sandbox.guest.guard")  # and NumPy with it, which takes its time
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


@contextlib.contextmanager
def ended_by_silence(control: socket.socket) -> Iterator[None]:
    """Importing takes seconds. If the grader is killed meanwhile, the kernel ends this process, too.

    It sends SIGIO when the other end of the socket is closed; nothing else is said on it until we are ready.
    """
    if not LINUX:
        yield
        return
    import fcntl

    flags = fcntl.fcntl(control, fcntl.F_GETFL)
    fcntl.fcntl(control, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(control, fcntl.F_SETFL, flags | os.O_ASYNC)
    with contextlib.suppress(BlockingIOError):
        if not control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
            os._exit(0)  # it had gone before that
    try:
        yield
    finally:
        fcntl.fcntl(control, fcntl.F_SETFL, flags)


def preload() -> None:
    """Import what a notebook, its first training, figure and table import, and draw what each notebook loads.

    No operation of TensorFlow runs: a thread that exists now would be missing in every fork, with whatever
    lock it holds.
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
    with contextlib.suppress(Exception):  # a session then draws its own
        from admin.sandbox.guest import drawn

        drawn.pictures()
    gc.collect()
    if thread_count() != 1:
        raise RuntimeError(f"{thread_count()} threads after the imports: not safe to fork")


# Found by comparing sys.modules before and after a session's first training, figure, table and error. What
# shows an error is wanted most when there is no memory left to import it.
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
    "stack_data",
    "executing._pytest_utils",
    "pygments.formatters.html",
    "pygments.formatters.terminal256",
    "pygments.lexers.python",
    "pygments.styles",
)


def thread_count() -> int:
    return len(os.listdir("/proc/self/task")) if LINUX else threading.active_count()


def fork_session(session: int, lifeline: int, settings: dict[str, Any]) -> None:
    """Fork a guard, which forks a session. The process between them leaves, so nobody waits for them."""
    if thread_count() != 1:
        raise RuntimeError("the zygote has more than one thread: not safe to fork")
    gc.freeze()  # a collection in the fork would write to, and so copy, every page with an object on it
    between = os.fork()
    if between == 0:
        try:
            if settings["nested"]:
                enter_namespaces()
            if os.fork() == 0:
                from admin.sandbox.guest.guard import guard

                guard(session, lifeline, settings)
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.write(lifeline, f"failed {type(error).__name__}: {error}".encode()[:500])
        finally:
            os._exit(0)
    os.close(session)
    os.close(lifeline)
    os.waitpid(between, 0)


if __name__ == "__main__":
    main()
