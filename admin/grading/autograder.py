"""The process in which formgrader's Autograde grades: asked and ended by `formgrader.py`.

It reads a line of JSON for each submission from its standard input and answers with one: what nbgrader's own
API says. When the input ends, it ends, and all that it started: the server closes it, and when the server is
killed, the system does.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # In place of this folder: the import root.
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from nbgrader.apps.api import NbGraderAPI
from nbgrader.apps.baseapp import NbGrader
from nbgrader.auth import Authenticator

from admin.course.layout import Course, CourseError, quiet
from admin.grading.lock import BUTTON, only_one_at_a_time
from admin.grading.worker import shared_worker

MAX_LOG = 200_000
END_SECONDS = 5.0


def main(argv: list[str]) -> None:
    """Answer until the server has gone. The argument is the seconds for which an idle sandbox is kept."""
    idle_seconds = float(argv[0])
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever is printed goes to the server's log
    orders: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=listen, args=[orders], daemon=True).start()
    # The thread that starts a sandbox has to live as long as that: the main one.
    while line := orders.get():
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(answer(json.loads(line), idle_seconds)), file=replies, flush=True)
    shared_worker().close()


def listen(orders: queue.SimpleQueue[str]) -> None:
    """Pass orders on. After the last one, end what is being graded, and this process in a moment."""
    for line in sys.stdin:
        orders.put(line)
    orders.put("")
    shared_worker().stop()
    time.sleep(END_SECONDS)
    os._exit(1)  # nobody is left to hear why


def answer(order: dict[str, Any], idle_seconds: float) -> dict[str, Any]:
    """Autograde one submission with nbgrader's configuration, as formgrader does."""
    try:
        course = Course.at(os.environ["CONVNET_COURSE"])
        with only_one_at_a_time(course, holder=BUTTON):
            app = NbGrader()
            app.initialize([], root=str(course.root))
            app.coursedir.root = str(course.root)  # should a configuration file have named another one
            app.config.JudgedExecute.idle_seconds = idle_seconds
            api = NbGraderAPI(app.coursedir, Authenticator(parent=app), parent=app)
            with quiet():
                reply = api.autograde(order["assignment"], order["student"])
    except CourseError as error:
        return {"success": False, "log": f"{error}."}
    except (Exception, SystemExit):
        return {"success": False, "error": traceback.format_exc()}
    return {key: value[-MAX_LOG:] if isinstance(value, str) else value for key, value in reply.items()}


if __name__ == "__main__":
    main(sys.argv[1:])
