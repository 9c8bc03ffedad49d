"""A Jupyter server extension: the page `/grading`. What the watcher does, its queue and last results, and a
button that grades the whole class.

The button runs `grade` in a process of its own, which goes on when the server ends; how far it is, its own
file says, whoever has started it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jupyter_server.utils import url_path_join
from nbgrader.api import MissingEntry

from admin.by_hand.handler import Handler, signed_in
from admin.course.layout import ASSIGNMENT, NOTEBOOK, REPOSITORY, Course, programs_on_path
from admin.grading.how_far import HowFar, heard
from admin.grading.lock import WATCHING, at_work_now, is_held
from admin.text import printable
from admin.watching.state import State, load
from checks.language import Said, say, text_of

PAGE = "/grading"
CLASS = "convnet_grading_the_class"
REPORT = "report.html"
WORDS = (
    "title",
    "watching",
    "not_watching",
    "class_title",
    "class_button",
    "class_idle",
    "class_running",
    "class_ended",
    "class_failures",
    "class_stopped",
    "class_interrupted",
    "now",
    "nobody",
    "last",
    "none_yet",
    "student",
    "since",
    "state",
    "at_work",
    "waits",
    "when",
    "points",
    "seconds",
    "feedback",
    "report",
    "no_report",
    "lost",
    "by_hand",
    "script",
)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "admin.watching.server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    pages = server.web_app
    pages.settings[CLASS] = ClassGrading()
    for place, handler in (
        (PAGE + "/?", PageHandler),
        (PAGE + "/state", StateHandler),
        (PAGE + "/class", ClassHandler),
        (PAGE + "/report", ReportHandler),
        (PAGE + "/submission/([^/]+)", SubmissionHandler),
    ):
        pages.add_handlers(".*$", [(url_path_join(pages.settings["base_url"], place), handler)])


class ClassGrading:
    """The `grade` that this server has started last."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._begun = 0.0
        self._starting = asyncio.Lock()

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def broke_off(self, far: HowFar | None) -> bool:
        """Whether it has ended without coming to an end, by what `grade` has left of itself."""
        ended = (far and far.ended) or 0.0
        return self._process is not None and bool(self._process.returncode) and ended < self._begun

    async def start(self, course: Course) -> bool:
        """Grade the class, unless that is being done already."""
        async with self._starting:
            if self.runs or at_work_now(course):
                return False
            self._begun = time.time()
            with self.log(course).open("wb") as log:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    str(REPOSITORY / "admin"),
                    "grade",
                    "--course",
                    str(course.root),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=os.environ | {"CONVNET_COURSE": str(course.root)},
                    start_new_session=True,
                )
            return True

    def last_line(self, course: Course) -> str:
        """What it said last: where it has failed, why."""
        try:
            lines = self.log(course).read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            return ""
        return printable(next((line.strip() for line in reversed(lines) if line.strip()), ""), 500)

    def log(self, course: Course) -> Path:
        folder = course.root / "grading"
        folder.mkdir(exist_ok=True)
        return folder / "class.log"


class OfGrading(Handler):
    """What the page and its data share."""

    templates = Path(__file__).with_name("templates")

    @property
    def of_class(self) -> ClassGrading:
        grading: ClassGrading = self.settings[CLASS]
        return grading

    def there(self) -> Course:
        """The course. Raises Said where there is none."""
        course = self.course
        if not course.database.exists():
            raise Said(say("by_hand.no_course", folder=course.shown(), option=course.option()))
        return course

    def state(self) -> dict[str, Any]:
        """All that the page shows and that changes."""
        course = self.there()
        state, far = load(course) or State(), heard(course)
        running = self.of_class.runs or at_work_now(course)
        report = course.root / REPORT
        broke_off = not running and self.of_class.broke_off(far)
        return {
            "watching": is_held(course, WATCHING),
            "since": state.since,
            "trouble": state.trouble,
            "at_work": [asdict(each) for each in state.at_work],
            "queue": [asdict(each) for each in state.queue],
            "last": [asdict(each) for each in state.last],
            "class": {
                "running": running,
                "said": self.of_class.last_line(course) if broke_off else "",
                **(asdict(far) if far else {"of": 0, "done": 0, "failures": 0, "begun": 0, "ended": None}),
            },
            "report": report.stat().st_mtime if report.is_file() else None,
        }


class PageHandler(OfGrading):
    """The page itself; what it shows comes by `state`."""

    @signed_in
    async def get(self) -> None:
        self.there()
        page = self.template("page.html.j2").render(
            words={word: text_of(say(f"watching.page_{word}")) for word in WORDS},
            root=self.base_url,
            page=self.base_url + PAGE,
            xsrf=self.xsrf_token.decode(),
            style=self.source_of("page.css"),
            script=self.source_of("page.js"),
        )
        await self.finish(page)

    def tell(self, message: str) -> None:
        title = text_of(say("watching.page_title"))
        style = self.source_of("page.css")
        self.finish(self.template("nothing.html.j2").render(title=title, message=message, style=style))


class StateHandler(OfGrading):
    """What changes on the page."""

    @signed_in
    async def get(self) -> None:
        await self.finish(await asyncio.to_thread(self.state))


class ClassHandler(OfGrading):
    """The button for the whole class."""

    @signed_in
    async def post(self) -> None:
        started = await self.of_class.start(self.there())
        if not started:
            self.set_status(409)
            self.tell(text_of(say("watching.class_at_work")))
            return
        self.set_status(202)
        await self.finish({})


class ReportHandler(OfGrading):
    """The page that `report` has written."""

    def scripts(self) -> str:
        return "'unsafe-inline'"  # it names its one script itself, in a policy of its own

    @signed_in
    async def get(self) -> None:
        try:
            page = (self.there().root / REPORT).read_text(encoding="utf-8")
        except OSError:
            raise Said(say("watching.no_report", option=self.course.option())) from None
        await self.finish(page)


class SubmissionHandler(OfGrading):
    """Leads on to formgrader's page of a student's submission, whose number the gradebook knows."""

    @signed_in
    async def get(self, student: str) -> None:
        self.there()
        with programs_on_path():
            try:
                found = self.gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, student)
            except MissingEntry:
                raise Said(say("watching.no_submission", student=printable(student))) from None
        self.redirect(f"{self.base_url}/formgrader/submissions/{found.id}/")
