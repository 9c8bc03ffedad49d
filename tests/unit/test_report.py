"""The report on a class of 120: is every number on the page what the list of answers says?"""

from __future__ import annotations

import random
import shutil
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from statistics import fmean, median, stdev

import numpy as np
import pytest
from bs4 import BeautifulSoup, Tag

from admin.commands import demo
from admin.commands import report as command
from admin.course import build, sample_class
from admin.course import large_class as drawn
from admin.course.answers import Answer, answer
from admin.course.large_class import WRONG, Member, class_of
from admin.course.layout import Course, CourseError
from admin.course.sample_class import chosen, expected, out_of, tasks
from admin.grading import since
from admin.grading.marks import Mark
from admin.grading.since import Before, Standing
from admin.report import answers, numbers, people, reading
from admin.report.page import page, report_on, title
from admin.report.reading import Class, Work
from checks.language import Sentence, say, words
from checks.task import Finding, wrong
from tests import large_class

WHEN = datetime(2026, 5, 11, 9)
HELP_BELOW = 0.5


@dataclass(frozen=True)
class Made:
    course: Course
    members: tuple[Member, ...]
    class_: Class
    page: BeautifulSoup


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    course = large_class.at(tmp_path_factory.mktemp("report"))
    members = class_of(120)
    large_class.grade(course, members)
    class_ = reading.read(course)
    text = page(class_, report_on(class_, HELP_BELOW), WHEN)
    return Made(course, members, class_, BeautifulSoup(text, "html.parser"))


def readable(members: tuple[Member, ...]) -> list[Member]:
    return [each for each in members if each.hours is not None and not each.student.broken]


def given(member: Member, task: str) -> Answer:
    return answer(task, "empty") if member.student.empty else chosen(member.student, task)


def points(member: Member) -> float:
    return sum(expected(member.student).values())


def rows(table: Tag) -> Iterator[list[str]]:
    for row in table.select("tbody tr"):
        yield [" ".join(cell.get_text().split()) for cell in row.find_all(["th", "td"])]


def the(page: BeautifulSoup, selector: str) -> Tag:
    found = page.select_one(selector)
    assert found is not None, selector
    return found


# ------------------------------------------------------------------------------------------- every number


def test_the_class_at_a_glance(made: Made) -> None:
    """Handed in, missing, late, broken, waiting: is each count that of the class as it was drawn?"""
    names = [each.get_text() for each in made.page.select(".glance dt")]
    shown = dict(zip(names, [int(each.get_text()) for each in made.page.select(".glance dd")], strict=True))
    handed_in = [each for each in made.members if each.hours is not None]
    broken = sum(each.student.broken for each in made.members)
    assert shown == {
        "in the class": 120,
        "handed in": len(handed_in),
        "missing": 120 - len(handed_in),
        "late": sum(each.hours is not None and each.hours > 0 for each in handed_in),
        "broken": broken,
        "not graded yet": 0,
        "waiting for you": len(handed_in) - broken - sum(each.student.empty for each in handed_in),
    }
    assert min(shown["missing"], shown["late"], broken) > 0


def test_the_distribution_of_points(made: Made) -> None:
    """Mean, median, spread and the ten columns, of all that were graded, and out of what is settled?"""
    got = [points(each) for each in made.members if each.hours is not None]
    figure = the(made.page, "#glance figure")
    best = sum(map(out_of, tasks()))
    assert f"Points of {len(got)} students, out of {best:g}, without the tasks that wait" in figure.get_text()
    shown = f"mean {round(fmean(got), 1):g}, median {round(median(got), 1):g}, standard deviation"
    assert f"{shown} {round(stdev(got), 1):g}" in " ".join(figure.get_text().split())
    counts = np.histogram(got, 10, (0, best))[0]
    columns = [text.get_text() for text in figure.select("svg > text")][: len(counts)]
    assert [int(count or 0) for count in columns] == list(counts)


def test_each_task(made: Made) -> None:
    """Full, part, none, mean, spread, share reached and item–rest correlation: the same as from the list?"""
    works = readable(made.members)
    table = np.array([[given(each, task).points for task in tasks()] for each in works])
    shown = list(rows(the(made.page, "#tasks table")))
    assert len(shown) == len(tasks()) + 1
    for place, task in enumerate(tasks()):
        column, best = table[:, place], out_of(task)
        rest = table.sum(axis=1) - column
        full, none = int((column == best).sum()), int((column == 0).sum())
        name, n, *counts, mean, spread, reached, with_rest = shown[place]
        assert (name, int(n)) == (title(task), len(works))
        assert [int(count.split()[0]) for count in counts] == [full, len(works) - full - none, none]
        assert mean == f"{round(column.mean(), 2):g} / {best:g}"
        assert spread == f"{round(column.std(ddof=1), 2):g}"
        assert reached == f"{100 * column.mean() / best:.0f} %"
        assert with_rest.split()[0] == f"{np.corrcoef(column, rest)[0, 1]:.2f}"


def test_a_task_that_nobody_has_read_has_no_numbers(made: Made) -> None:
    """nbgrader gives 0 to those who wrote nothing: does this not count as the class's result?"""
    name, n, *_, with_rest = list(rows(the(made.page, "#tasks table")))[-1]
    waiting = sum(not each.student.empty for each in readable(made.members))
    assert (name, n, with_rest) == (f"{title('discussion')} ({waiting} waiting)", "0", "no number")


def test_the_misconceptions_are_counted(made: Made) -> None:
    """For each key of the list: so many students as gave an answer with it, once each, largest first?"""
    told = {
        (each.name, wrong_one.key)
        for each in readable(made.members)
        for task in tasks()
        if (wrong_one := given(each, task)).key and answers.kind(wrong_one.key) == "named"
    }
    counted = Counter(key for _, key in told)
    shown = [
        (article["id"], int(article.h3.get_text().split()[0]))  # type: ignore[union-attr]
        for article in made.page.select("#misconceptions article")
    ]
    assert dict(shown) == {f"key-{key}": count for key, count in counted.items()}
    assert [count for _, count in shown] == sorted(counted.values(), reverse=True)
    assert [int(row[0]) for row in rows(the(made.page, "#misconceptions table"))] == [n for _, n in shown]


def test_the_drawn_answers_have_one_fault_each() -> None:
    """What the counts above rest on: has each wrong answer of the large class its own key, and no other?"""
    recorded = large_class.known.recorded()
    for task, (_, names) in WRONG.items():
        for name in names:
            found = [large_class.finding(task, each) for each in recorded[f"{task}: {name}"]]
            assert {fault.key for fault in answers.faults(found)} == {answer(task, name).key}, name


def test_a_misconception_has_its_sentence_section_and_a_cell(made: Made) -> None:
    article = the(made.page, "#key-pixels\\.by_maximum")
    text = " ".join(article.get_text().split())
    assert "You seem to divide by the brightest pixel of what you are given." in text
    assert "treated in 2 · Handwritten digits: MNIST › Normalising" in text
    assert the(made.page, "#key-pixels\\.by_maximum pre").get_text().strip() == (
        answer("normalise_images", "divides by the maximum").code.strip()
    )


def test_wrong_answers_without_a_name_are_grouped(made: Made) -> None:
    shown = Counter()
    for group in made.page.select("#unnamed details"):
        shown[group.find_previous("h3").get_text()] += int(group.strong.get_text())  # type: ignore[union-attr]
    unnamed = Counter(
        title(task)
        for each in readable(made.members)
        for task in tasks()
        if answers.kind(given(each, task).key) == "unnamed"
    )
    assert shown == unnamed
    assert unnamed


def test_answers_that_behave_alike_are_those_of_one_kind(made: Made) -> None:
    """Is each student with a wrong answer in one group with all others who gave it, unless they are alone?"""
    for task in tasks():
        by_answer: dict[str, set[str]] = {}
        for each in readable(made.members):
            if given(each, task).points < out_of(task):
                by_answer.setdefault(given(each, task).name, set()).add(each.name)
        groups = [set(group.names) for group in answers.alike(made.class_) if group.task == task]
        for students in by_answer.values():
            holding = [group for group in groups if students & group]
            assert len(holding) == (len(students) > 1 or bool(holding))
            assert all(students <= group for group in holding)


def test_who_needs_help(made: Made) -> None:
    """Everybody below the bound, stuck, broken or missing, and nobody else?"""
    wanted = set()
    best = sum(map(out_of, tasks()))
    for each in made.members:
        got = [given(each, task).points for task in tasks()]
        stuck = got[-2:] == [0, 0] and any(got)
        unread = each.hours is None or each.student.broken
        if unread or stuck or sum(got) < HELP_BELOW * best:
            wanted.add(each.name)
    shown = {row[0] for row in rows(the(made.page, "#help table"))}
    assert shown == wanted
    assert len(people.in_need(made.class_, 0.0)) < len(wanted) < len(people.in_need(made.class_, 0.9))


def test_a_first_grading_has_nothing_to_compare_with(made: Made) -> None:
    assert "There is no earlier grading" in the(made.page, "#since").get_text()


# --------------------------------------------------------------------------------- names, and what is hostile


def test_no_name_is_left_when_names_are_hidden(made: Made) -> None:
    class_ = reading.read(made.course, anonymous=True, order=random.Random(1))
    text = page(class_, report_on(class_, HELP_BELOW), WHEN, anonymous=True)
    assert [each.name for each in made.members if each.name in text] == []
    assert [work.name for work in class_.works] == [f"Student {n}" for n in range(1, 121)]
    assert [work.student for work in class_.works] != sorted(work.student for work in class_.works)


RAN = "document.title='it ran'"
HOSTILE = f'</pre></script><script>{RAN}</script><img src=x onerror="{RAN}">\u202e\x1b[2J{{{{7*7}}}}'


def work(name: str, findings: dict[str, list[Finding]], **others: object) -> Work:
    marks = {task: Mark(0.0, 10.0, False, False) for task in findings}
    return replace(Work(name, name, True, marks=marks, findings=findings), **others)


def test_nothing_that_was_handed_in_becomes_part_of_the_page() -> None:
    """A name, a cell, a value of a sentence, a section, a task's own name: is each mere text?"""
    found = {
        "one_hot": [wrong("one_hot.what_places", 10, say("any.is_other", kind=HOSTILE))],
        HOSTILE: [wrong("one_hot.what_places", 10, Sentence(f"any.{HOSTILE}", {}), say("nowhere"))],
    }
    cells = dict.fromkeys(found, reading.shown_code(HOSTILE))
    works = tuple(work(f"{HOSTILE}{n}", found, cells=cells) for n in range(3))
    class_ = Class(works, tuple(found), {"one_hot": HOSTILE})
    text = page(class_, report_on(class_, 1.0), WHEN)
    soup = BeautifulSoup(text, "html.parser")
    assert [script.get_text()[:12] for script in soup.find_all("script")] == ['"use strict"']
    assert not soup.find_all(["img", "iframe", "link", "base", "form", "object"])
    assert not [tag for tag in soup.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
    assert "{{7*7}}" in text
    assert "\x1b" not in soup.pre.get_text()  # type: ignore[union-attr]
    assert "\u202e" not in soup.pre.get_text()  # type: ignore[union-attr]


def test_an_example_names_nobody() -> None:
    """Is the shortest cell passed over when a name of the class stands in it, by whatever part?"""
    names = reading.names_in(["mira.gupta", "Max Berg"])
    assert names.stand_in("x = 1  # by Mira G.")
    assert names.stand_in("author = 'GUPTA'")
    assert names.stand_in("# Max\nx = 1")
    assert not names.stand_in("return images / images.max()  # admiration")


def test_the_file_is_for_its_owner(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    """Is the page written whole, closed to others, and its summary printed without a name?"""
    assert command.main(["--course", str(made.course.root), "--help-below", "40%"]) == 0
    told = capsys.readouterr().out
    assert "have handed in, 2 missing" in told
    assert not any(each.name in told for each in made.members)
    file = made.course.root / "report.html"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "Below 40\N{NO-BREAK SPACE}%" in file.read_text(encoding="utf-8")
    assert not list(made.course.root.glob("*.half"))


def test_a_course_without_hand_ins_gets_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--course", str(tmp_path / "course")]) == 1
    assert "Nothing to grade" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["2", "-0.1", "half", "120%", "nan"])
def test_a_bound_that_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="a share from 0 to 1"):
        command.share(text)


# ------------------------------------------------------------------------------------------------ the rules


def test_a_correlation_has_a_number_only_where_it_means_something() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.random(numbers.MIN_CORRELATED), rng.random(numbers.MIN_CORRELATED)
    found = numbers.correlation(list(one), list(other))
    assert found is not None
    assert found.r == pytest.approx(np.corrcoef(one, other)[0, 1])
    assert found.low < found.r < found.high
    assert numbers.correlation(list(one[1:]), list(other[1:])) is None
    assert numbers.correlation([1.0] * 30, list(rng.random(30))) is None


def test_keys_that_are_sorted_by_hand_have_words() -> None:
    """Does every key that is no named misconception still exist?"""
    known = {f"{group}.{key}" for group, said in words().items() for key in said}
    assert (answers.UNNAMED | answers.NO_ANSWER) - known == set()


def test_values_that_are_nearly_the_same_are_one_group() -> None:
    """Wrong answers without a name, apart in the fourth digit: one group, and apart in the first two?"""

    def low(value: float) -> dict[str, list[Finding]]:
        said = say("pixels.other_line", low=value, high=1.0)
        return {"normalise_images": [wrong("normalise_images.what_divide", 3, said)]}

    works = tuple(work(name, low(value)) for name, value in (("a", 0.20001), ("b", 0.2), ("c", 0.7)))
    class_ = Class(works, ("normalise_images",), {})
    assert [group.names for group in answers.unnamed(class_)] == [("a", "b"), ("c",)]
    assert [group.names for group in answers.alike(class_)] == [("a", "b", "c")]


OLD = Standing("hand-in", "checks", {"check_one_hot": 4.0, "discussion": 0.0}, (), 0.0)


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ({"submission": "another", "points": {"check_one_hot": 10.0, "discussion": 0.0}}, ("new hand-in",)),
        ({"checks": "others", "points": {"check_one_hot": 6.0, "discussion": 0.0}}, ("changed data",)),
        (
            {"points": {"check_one_hot": 4.0, "discussion": 7.0}, "by_hand": ("discussion",)},
            ("points by hand",),
        ),
        ({"penalty": 2.0}, ("late penalty",)),
        ({"points": {"check_one_hot": 5.0, "discussion": 0.0}}, ("graded again",)),
        ({"submission": "another"}, None),
    ],
)
def test_changed_points_have_a_reason(new: dict[str, object], why: tuple[str, ...] | None) -> None:
    now = replace(OLD, **new)
    class_ = Class(
        (work("a", {"one_hot": []}), work("b", {"one_hot": []})),
        ("one_hot",),
        {},
        Before({"a": OLD, "b": OLD}, frozenset({"data"})),
        {"a": now, "b": OLD},
    )
    found = people.changes(class_)
    assert [(each.name, each.why) for each in found] == ([("a", why)] if why else [])
    if why:
        assert (found[0].before, found[0].now) == (4.0, now.total)


def test_a_grading_keeps_what_it_found(made: Made) -> None:
    """Does one that was interrupted keep what it found at first, and does the next one begin anew?"""
    course, (first, second) = made.course, readable(made.members)[:2]

    def give(name: str, value: float) -> None:
        with course.gradebook() as gradebook:
            grade = gradebook.find_grade("check_one_hot", reading.NOTEBOOK, "convnet", name)
            grade.auto_score = value
            gradebook.db.commit()

    was = {each.name: expected(each.student)["one_hot"] for each in (first, second)}
    since.begin(course)
    give(first.name, 1.0)
    since.begin(course)  # it was interrupted before `end`
    give(second.name, 2.0)
    since.end(course)
    changed = {each.name: (each.before, each.now) for each in people.changes(reading.read(course))}
    assert set(changed) == {first.name, second.name}
    for each, value in ((first, 1.0), (second, 2.0)):
        before, now = changed[each.name]
        assert before == points(each)
        assert now == pytest.approx(points(each) - was[each.name] + value)
        give(each.name, was[each.name])
    since.begin(course)
    since.end(course)
    assert people.changes(reading.read(course)) == []


# --------------------------------------------------------------------------------------- a class to be graded


def test_a_large_class_can_be_handed_in(tmp_path: Path) -> None:
    """Is everybody on the roster, and are notebooks and times of those there who handed in?"""
    course, members = large_class.at(tmp_path), class_of(60)
    course.release.mkdir(parents=True)
    shutil.copy(build.STUDENT_NOTEBOOK, course.release)
    drawn.write(course, members)
    drawn.write(course, members)  # as a second demo does
    assert course.students() == sorted(each.name for each in members if each.hours is not None)
    with course.gradebook() as gradebook:
        assert {student.id for student in gradebook.students} == {each.name for each in members}
    late = next(each for each in members if each.hours and each.hours > 0)
    assert (course.submitted(late.name) / "timestamp.txt").read_text() > f"{drawn.DUE}"
    with pytest.raises(CourseError, match="is a real course"):
        sample_class.write(course)


def test_a_class_is_the_same_each_time_and_as_large_as_there_are_names() -> None:
    assert class_of(120) == class_of(120)
    assert len({each.name for each in class_of(drawn.LARGEST)}) == drawn.LARGEST
    for size in (0, drawn.LARGEST + 1):
        with pytest.raises(CourseError, match="a class of 1 to"):
            demo.demo_of_many(large_class.at(Path("nowhere")), size)
