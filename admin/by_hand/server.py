"""A Jupyter server extension: the page for grading by hand, beside formgrader, and what it saves through."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_server.utils import url_path_join
from markupsafe import Markup

from admin.by_hand import grades
from admin.by_hand.answers import Answer, Answers, same
from admin.by_hand.grades import NotWritten, Question, Standing
from admin.by_hand.handler import Handler, signed_in
from admin.by_hand.rubric import Item, is_number, rubric_of
from admin.course.layout import CourseError, programs_on_path
from admin.grading import read_by_hand
from admin.grading.feedback import title_of
from checks.language import Said, say

PAGE = "/by_hand"
ANSWERS = "convnet_answers"
TEMPLATES = Path(__file__).with_name("templates")
MAX_COMMENT, MAX_ANSWERS = 10_000, 1000
# Keys that items of a rubric are ticked with; those that do other things are left out (page.js).
KEYS = "abdeghilmqtvwxyz"
MOST_BUTTONS = 20  # points that have a button each


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "admin.by_hand.server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    pages = server.web_app
    pages.settings[ANSWERS] = Answers()
    for place, handler in (
        (PAGE + "/?", PageHandler),
        (PAGE + r"/([^/]+)", PageHandler),
        (PAGE + r"/([^/]+)/answers", AnswersHandler),
        (PAGE + r"/([^/]+)/names", NamesHandler),
    ):
        pages.add_handlers(".*$", [(url_path_join(pages.settings["base_url"], place), handler)])


class OfQuestions(Handler):
    """What the page and its data share."""

    templates = TEMPLATES

    def questions(self) -> dict[str, Question]:
        """Raises Said when there is no course, or nothing in it is graded by hand."""
        course = self.course
        if not course.database.exists():
            raise Said(say("by_hand.no_course", folder=course.shown(), option=course.option()))
        with programs_on_path():
            found = grades.questions_of(self.gradebook)
        if not found:
            raise Said(say("by_hand.no_question"))
        return found

    def question(self, name: str) -> Question:
        """Raises Said where the course has none of this name."""
        questions = self.questions()
        if name not in questions:
            known = list(questions)
            raise Said(say("by_hand.unknown_question", question=name, known=known))
        return questions[name]

    def answer(self, question: Question, standing: Standing) -> Answer:
        kept: Answers = self.settings[ANSWERS]
        return kept.of(self.course, question, standing.student)

    def plain(self, question: Question, standing: Standing) -> dict[str, Any]:
        """How an answer stands, for the page; nothing of who wrote it."""
        answer = self.answer(question, standing)
        return {
            "id": standing.id,
            "version": standing.version(answer.digest),
            "text": answer.digest,
            "points": standing.points,
            "automatic": standing.automatic,
            "extra": standing.extra,
            "waiting": standing.waiting,
            "comment": standing.comment,
        }

    def refuse(self, error: Said) -> None:
        """What was not written also with what stands there instead."""
        if not isinstance(error, NotWritten):
            return super().refuse(error)
        question = self.question(self.path_args[0]) if error.now else None
        now = [self.plain(question, one) for one in error.now if question]
        self.set_status(error.status)
        self.finish({"message": str(error.sentence), "answers": now})
        return None


class PageHandler(OfQuestions):
    """The page: every answer to a question."""

    @signed_in
    async def get(self, name: str = "") -> None:
        questions = self.questions()
        question = self.question(name or next(iter(questions)))
        everybody = grades.standings(self.gradebook, question.name)
        rubric, fault = self.rubric(question, list(questions))
        # In a thread: reading and drawing 120 notebooks takes some seconds, in which others are served
        shown = await asyncio.to_thread(self.shown, question, everybody)
        page = self.template("page.html.j2").render(
            question=question,
            title=title_of(question.name),
            questions={each: title_of(each) for each in questions},
            answers=shown,
            rubric=[(item, key) for item, key in zip(rubric, [*KEYS, *[""] * len(rubric)], strict=False)],
            fault=fault,
            buttons=range(int(question.out_of) + 1) if question.out_of <= MOST_BUTTONS else (),
            root=self.base_url,
            page=self.base_url + PAGE,
            xsrf=self.xsrf_token.decode(),
            style=self.source_of("page.css"),
            script=self.source_of("page.js"),
            most=MAX_COMMENT,
        )
        await self.finish(page)

    def tell(self, message: str) -> None:
        style = self.source_of("page.css")
        self.finish(self.template("nothing.html.j2").render(message=message, style=style))

    def rubric(self, question: Question, questions: Sequence[str]) -> tuple[tuple[Item, ...], str | None]:
        """The items, or why there are none."""
        try:
            return rubric_of(self.course, question.name, questions), None
        except CourseError as error:
            return (), str(error)

    def shown(self, question: Question, everybody: Sequence[Standing]) -> list[dict[str, Any]]:
        """All answers with their markup, identical ones one after the other."""
        written = {one.id: self.answer(question, one) for one in everybody}
        kept: Answers = self.settings[ANSWERS]
        untouched = same(kept.untouched(self.course, question))
        texts = {one: same(answer.text) for one, answer in written.items()}
        counts = Counter(text for one, text in texts.items() if written[one].there)
        first = {text: place for place, text in reversed(list(enumerate(texts.values())))}
        order = sorted(everybody, key=lambda one: first[texts[one.id]])
        return [
            {
                "id": one.id,
                "submission": one.submission,
                "digest": written[one.id].digest,
                "html": Markup(written[one.id].html()),
                "there": written[one.id].there,
                "empty": written[one.id].there and texts[one.id] in ("", untouched),
                "group": first[texts[one.id]],
                "same": max(0, counts[texts[one.id]] - 1) if written[one.id].there else 0,
            }
            for one in order
        ]


class AnswersHandler(OfQuestions):
    """How the answers stand, and saving of points and comments."""

    @signed_in
    async def get(self, name: str) -> None:
        question = self.question(name)
        everybody = grades.standings(self.gradebook, question.name)
        plain = await asyncio.to_thread(lambda: [self.plain(question, one) for one in everybody])
        await self.finish({"answers": plain})

    @signed_in
    async def put(self, name: str) -> None:
        question = self.question(name)
        versions, change = order_in(self.request.body, question)
        written = grades.write(
            self.gradebook,
            question,
            versions,
            lambda standing: standing.version(self.answer(question, standing).digest),
            change,
        )
        if change.get("points") is not None:
            digests = {one.id: self.answer(question, one).digest for one in written}
            with suppress(OSError):  # it only saves a second look
                read_by_hand.remember(self.course.root, digests)
        await self.finish({"answers": [self.plain(question, one) for one in written]})


class NamesHandler(OfQuestions):
    """Who wrote which answer: apart, so that a page without names has none in it."""

    @signed_in
    async def get(self, name: str) -> None:
        everybody = grades.standings(self.gradebook, self.question(name).name)
        shown = {
            one.id: f"{one.full_name} ({one.student})" if one.full_name else one.student for one in everybody
        }
        await self.finish({"names": shown})


def order_in(body: bytes, question: Question) -> tuple[dict[str, str], dict[str, Any]]:
    """What a request asks to be written: versions by the answers' ids, and the change. Raises NotWritten."""
    wrong = NotWritten(say("by_hand.no_request"), 400)
    try:
        order = json.loads(body)
        versions = order.pop("versions")
        well_formed = all(isinstance(version, str) for version in versions.values())
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError):
        raise wrong from None
    if not well_formed or not 0 < len(versions) <= MAX_ANSWERS:
        raise wrong
    if not order or not order.keys() <= {"points", "comment"}:
        raise wrong
    points = order.get("points")
    if points is not None and not is_number(points, 0, question.out_of):
        raise NotWritten(say("by_hand.out_of_range", most=question.out_of), 400)
    if "comment" in order and not is_comment(order["comment"]):
        raise NotWritten(say("by_hand.no_comment", most=MAX_COMMENT), 400)
    return versions, order


def is_comment(text: Any) -> bool:
    """True for a text that a database can hold."""
    if not isinstance(text, str) or len(text) > MAX_COMMENT or "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a pair of surrogates
        return False
    return True
