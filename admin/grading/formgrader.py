"""A Jupyter server extension: nbgrader's formgrader, whose Autograde button grades in a process of its own.

Its pages have a link to ours for grading by hand above them.

nbgrader grades in the server's one thread: for the seconds of a submission nobody's page, kernel or save is
served, and whatever a run imports or caches stays in the server until it ends. Here one process grades for
all clicks, one after the other. It keeps its sandbox between them, ends when nobody has clicked for a
while or the server has gone, and makes place for a new one when the course or our code has changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader
from jupyter_server.utils import url_path_join
from nbgrader.server_extensions import formgrader
from nbgrader.server_extensions.formgrader import apihandlers
from nbgrader.server_extensions.formgrader.base import check_notebook_dir, check_xsrf
from tornado import web
from traitlets import Float
from traitlets.config import LoggingConfigurable

from admin.course.layout import REPOSITORY
from admin.grading.stamps import Stamp, stamps
from checks.language import say

TEMPLATES = REPOSITORY / "admin" / "pages" / "templates" / "formgrader"
AUTOGRADER = REPOSITORY / "admin" / "grading" / "autograder.py"
SETTING = "convnet_autograding"
MAX_REPLY = 1 << 24
END_SECONDS = 10.0


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "admin.grading.formgrader"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Put our handler before nbgrader's: of two that fit, the server takes the one that was added first."""
    pages = server.web_app
    pages.settings[SETTING] = Autograding(parent=server)
    place = url_path_join(pages.settings["base_url"], r"/formgrader/api/submission/([^/]+)/([^/]+)/autograde")
    pages.add_handlers(".*$", [(place, AutogradeHandler)])
    formgrader.load_jupyter_server_extension(server)
    templates = pages.settings["nbgrader_jinja2_env"]
    theirs = templates.loader
    templates.loader = ChoiceLoader([FileSystemLoader(TEMPLATES), PrefixLoader({"nbgrader": theirs}), theirs])


class AutogradeHandler(apihandlers.AutogradeHandler):
    """What the button calls; the same request and reply as nbgrader's."""

    @web.authenticated
    @check_xsrf
    @check_notebook_dir
    async def post(self, assignment_id: str, student_id: str) -> None:
        autograding: Autograding = self.settings[SETTING]
        reply = await autograding.grade(Path(self.coursedir.root), assignment_id, student_id)
        self.write(json.dumps(reply))


class Autograding(LoggingConfigurable):
    """The one process that grades for this server, or none; one submission at a time."""

    idle_seconds = Float(120, help="Seconds for which the process waits for another click.").tag(config=True)
    longest_seconds = Float(1800, help="Seconds after which a submission is given up.").tag(config=True)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._made_of: tuple[Path, frozenset[Stamp]] | None = None
        self._idle: asyncio.TimerHandle | None = None

    async def grade(self, course: Path, assignment: str, student: str) -> dict[str, Any]:
        """nbgrader's own reply to `NbGraderAPI.autograde`: success, log and, if it went wrong, error."""
        async with self._turn:
            if self._idle:
                self._idle.cancel()
            try:
                process = await self._ready(course)
                order = json.dumps({"assignment": assignment, "student": student})
                reply: dict[str, Any] = json.loads(
                    await asyncio.wait_for(self._asked(process, order), self.longest_seconds)
                )
            except (TimeoutError, OSError, ValueError) as error:
                self.log.error("Autograde: %s", error or "no reply in time")
                await self._end()
                return {"success": False, "log": str(say("grading.click_again"))}
            finally:
                self._idle = asyncio.get_running_loop().call_later(self.idle_seconds, self._end_idle)
            return reply

    async def _asked(self, process: asyncio.subprocess.Process, order: str) -> bytes:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(order.encode() + b"\n")
        await process.stdin.drain()
        return await process.stdout.readline()

    async def _ready(self, course: Path) -> asyncio.subprocess.Process:
        """The process for this course as it is now: the old one, or a new one."""
        made_of = course, await asyncio.to_thread(stamps, course)
        if self._process and (self._process.returncode is not None or self._made_of != made_of):
            await self._end()
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(AUTOGRADER),
                str(self.idle_seconds),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=os.environ | {"CONVNET_COURSE": str(course)},
                limit=MAX_REPLY,
            )
            self._made_of = made_of
        return self._process

    def _end_idle(self) -> None:
        async def end() -> None:
            async with self._turn:
                await self._end()

        if not self._turn.locked():  # else somebody has clicked just now
            self._idle_end = asyncio.ensure_future(end())  # kept: a task that nobody holds may be collected

    async def _end(self) -> None:
        """End the process and its sandbox; it does that when it sees that nobody will ask any more."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), END_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
