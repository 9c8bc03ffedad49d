"""Cells that are alike, in a small class: is a copy found, is common ground not, is the page harmless?"""

from __future__ import annotations

import json
import math
import stat
from datetime import datetime
from itertools import combinations
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from admin.commands import report
from admin.commands import similar as command
from admin.course import sample_class
from admin.course.cells import grade_id
from admin.course.large_class import Member, class_of
from admin.course.layout import NOTEBOOK, Course
from admin.course.sample_class import Student
from admin.course.source_notebook import read_source
from admin.report.similar import AT_LEAST, Compared, Pair, Side, compare, compared, fingerprint, page, ranges
from tests import large_class

RAN = "document.title='it ran'"
HOSTILE = f'</pre></mark></script><script>{RAN}</script><img src=x onerror="{RAN}">\u202e\x1b[2J{{{{7*7}}}}'
NET = """def net_3(sample_shape, nb_classes):
    # mine
    net = keras.Sequential([keras.layers.Input(sample_shape)])
    for filters in (24, 48, 96):
        net.add(keras.layers.SeparableConv2D(filters, 5, padding="same", use_bias=False))
        net.add(keras.layers.GroupNormalization(groups=8, epsilon=0.01))
        net.add(keras.layers.PReLU())
    net.add(keras.layers.SpatialDropout2D(0.35))
    net.add(keras.layers.GlobalMaxPooling2D())
    net.add(keras.layers.Dense(nb_classes, activation="softmax"))
    return net
"""
RENAMED = "# Nobody else has seen this.\n" + NET.replace("net.", "model_of_mine.").replace(
    "net =", "model_of_mine ="
).replace("return net", "return model_of_mine").replace("filters", "width").replace("    # mine\n", "\n")
OTHER_NET = """def net_3(sample_shape, nb_classes):
    picture = keras.Input(sample_shape)
    x = picture
    for depth in range(4):
        y = keras.layers.Conv2D(2 ** (4 + depth), 3, activation="elu", padding="same")(x)
        x = keras.layers.Concatenate()([x, y]) if depth % 2 else keras.layers.AveragePooling2D()(y)
    x = keras.layers.LayerNormalization()(keras.layers.Flatten()(x))
    return keras.Model(picture, keras.layers.Dense(nb_classes, "softmax")(x))
"""
ESSAY = """My second net was faster although it has more weights, which surprised me until I looked at
the sizes of its feature maps. With Adagrad nothing moved for ages; my guess is that its default steps
are tiny.

On the colour pictures it learnt the training set by heart after a dozen epochs, as the two curves show."""
REWRAPPED = " ".join(ESSAY.replace("\n\n", "¶").split()).replace("¶", "\n\n")
OTHER_ESSAY = """Both nets got about the same. I would train longer, with all of the pictures, and
repeat the runs with other seeds before I believe a difference of one per cent. Mirrored pictures and weight
decay might close the gap."""


MODEL = {grade_id(cell): cell.source for cell in read_source().cells if grade_id(cell)}
LONG = "\n".join(f"print({HOSTILE!r}, {n}, {n * n})" for n in range(9))
CLASS = {
    "ada": {"net_3": NET, "discussion": ESSAY},
    "ben": {"net_3": RENAMED, "discussion": OTHER_ESSAY},
    "cem": {"net_3": OTHER_NET, "discussion": REWRAPPED},
    "dora": MODEL,
    "emil": MODEL,
    "fay": {"one_hot": HOSTILE + LONG},
    f"<img src=x onerror={RAN}>": {"one_hot": HOSTILE + LONG},
    "gus": {},  # what was released
    "hal": {},
}
UNREADABLE = "ines"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A graded class, each with cells of their own; one notebook is no notebook."""
    made = large_class.at(tmp_path_factory.mktemp("similar"))
    names = (*CLASS, UNREADABLE)
    large_class.grade(made, tuple(Member(Student(name, "writes"), -1.0) for name in names))
    released = json.loads((made.release / f"{NOTEBOOK}.ipynb").read_text())
    for name in names:
        cells = [cell for cell in released["cells"] if cell["metadata"].get("nbgrader")]
        for cell in cells:
            cell["source"] = CLASS.get(name, {}).get(cell["metadata"]["nbgrader"]["grade_id"], cell["source"])
        text = json.dumps({"cells": cells}) if name in CLASS else "{"
        (made.autograded(name) / f"{NOTEBOOK}.ipynb").write_text(text)
        released = json.loads((made.release / f"{NOTEBOOK}.ipynb").read_text())
    return made


@pytest.fixture(scope="module")
def found(course: Course) -> Compared:
    return compare(course)


@pytest.fixture(scope="module")
def shown(found: Compared) -> BeautifulSoup:
    return BeautifulSoup(page(found, AT_LEAST, datetime(2026, 5, 11, 9)), "html.parser")


def test_a_copy_is_found_and_common_ground_is_not(found: Compared) -> None:
    """Other names and comments, other line breaks: found? Released cells, model answers, own work: not?"""
    pairs = {(pair.task, frozenset(side.name for side in pair.sides)) for pair in found.pairs}
    assert pairs == {
        ("net_3", frozenset({"ada", "ben"})),
        ("discussion", frozenset({"ada", "cem"})),
        ("one_hot", frozenset({"fay", f"<img src=x onerror={RAN}>"})),
    }


def test_a_pair_says_how_much_and_where(found: Compared) -> None:
    """Does what agrees begin and end with the copied lines, in both cells; do rare pairs come first?"""
    assert [pair.task for pair in found.pairs] == found.tasks == ["discussion", "net_3", "one_hot"]
    (net,) = found.of("net_3")
    assert 0.9 < net.share <= 1
    for side in net.sides:
        marked = "".join(side.text[start:end] for start, end in side.agreeing)
        assert "GroupNormalization(groups=8, epsilon=0.01)" in marked
        assert "GlobalMaxPooling2D" in marked
        assert "Nobody else" not in marked


def test_the_bound_can_be_set() -> None:
    """A cell of which half is another's: a pair at 0.3, none at 0.8, whichever comes first?"""
    half = "\n".join([*NET.splitlines()[:6], *OTHER_NET.splitlines()[3:]])
    one, other = ("ada", fingerprint(NET, "code")), ("ben", fingerprint(half, "code"))
    for pair in ((one, other), (other, one)):
        assert compared("net_3", *pair, at_least=0.3)
        assert compared("net_3", *pair, at_least=0.8) is None


def test_nobody_in_a_sample_class_wrote_anothers_discussion() -> None:
    """Of the small one no two are a pair, of the large one, drawn from few answers, not one in ten?"""
    for students, most in ((sample_class.CLASS, 0.0), ([each.student for each in class_of(40)], 0.1)):
        texts = [student.discussion for student in students if student.discussion]
        found = [(str(number), fingerprint(text, "prose")) for number, text in enumerate(texts)]
        pairs = [pair for pair in combinations(found, 2) if compared("discussion", *pair, at_least=AT_LEAST)]
        assert len(texts) > 5
        assert len(pairs) <= most * math.comb(len(texts), 2)


def test_other_names_hide_nothing() -> None:
    """Code in which hardly a sign is not a name: is it the same under others?"""
    one = "a = a + bb[c] * dd[c] ** 3 - ee[c] / f\nf = f - a % bb[a] + 2 * ee[f]\n"
    other = one.replace("a", "total").replace("bb", "w").replace("c", "place").replace("f", "scale")
    pair = [("ada", fingerprint(one, "code")), ("ben", fingerprint(other, "code"))]
    assert compared("net_3", pair[0], pair[1], at_least=1.0)


def test_a_run_that_a_cell_has_twice_counts_twice() -> None:
    """Where something is known, do other runs that a cell repeats stay in it?"""
    line = "total = total + weights[place] * inputs[place] ** 3 - offsets[place]\n"
    known = fingerprint("for each in range(1000): print(each, each, each)", "code").hashes
    assert fingerprint(3 * line, "code", frozenset(known)).hash_idx == fingerprint(3 * line, "code").hash_idx


def test_places_are_in_order_apart_and_within_the_text() -> None:
    assert ranges(((30, 0, 5, 90), (40, 8, 20, 85)), 35) == ((0, 20), (30, 35))


def test_whose_notebook_cannot_be_read_is_named(found: Compared, shown: BeautifulSoup) -> None:
    """Is nothing else lost by it?"""
    assert found.left_out == ((UNREADABLE, "could not be read"),)
    assert f"Left out: {UNREADABLE} (could not be read)." in shown.get_text()


def test_nothing_that_was_handed_in_becomes_part_of_the_page(shown: BeautifulSoup) -> None:
    """A name, a cell, what is marked in it: mere text, with nothing that acts on a screen?"""
    assert [script.get_text()[:12] for script in shown.find_all("script")] == ['"use strict"']
    assert not shown.find_all(["img", "iframe", "link", "base", "form", "object"])
    assert not [tag for tag in shown.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
    text = shown.get_text()
    assert HOSTILE.partition("\u202e")[0] in text
    assert not set("\u202e\x1b") & set(text)
    policy = shown.find("meta", {"http-equiv": "Content-Security-Policy"})
    assert policy is not None
    assert "default-src 'none'" in str(policy["content"])  # type: ignore[index]


def test_the_page_warns_and_shows_each_pair_side_by_side(shown: BeautifulSoup) -> None:
    assert "Prescribed nets look alike whoever writes them." in shown.get_text()
    articles = shown.select("article")
    assert [len(article.select(".pair pre mark")) >= 2 for article in articles] == [True] * 3
    links = [link["href"] for link in shown.select("#pairs tbody a")]
    assert links == [f"#{article['id']}" for article in articles]


def test_where_pairs_are_rare_they_come_first_and_common_ones_crowd_nobody_out() -> None:
    """100 pairs of a prescribed net, and two discussions that are less alike: what does the page show?"""
    sides = Side("ada", "x", ()), Side("ben", "x", ())
    nets = tuple(Pair("net_1", 1 - number / 1000, 200, sides) for number in range(100))
    essays = Pair("discussion", 0.82, 300, sides), Pair("discussion", 0.81, 300, sides)
    class_ = Compared((*essays, *nets), {"net_1": 20, "net_2": 20, "discussion": 20}, 20, ())
    assert class_.tasks == ["discussion", "net_1", "net_2"]
    shown = BeautifulSoup(page(class_, AT_LEAST, datetime(2026, 5, 11, 9)), "html.parser")
    headings = [each.get_text().partition("\xa0")[0] for each in shown.select("h3")]
    assert headings[:3] == ["82", "81", "100"]
    assert len(headings) == 42
    rows = shown.select("#tasks tbody tr")
    assert [[cell.get_text() for cell in row.select("td")] for row in rows] == [
        ["20", "2", "2"],
        ["20", "100", "40"],
        ["20", "0", "0"],
    ]


def test_only_this_command_writes_the_page(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    """Does `report` neither compare nor name it, and is the page for its owner alone?"""
    file = course.root / "similar.html"
    file.unlink(missing_ok=True)
    assert report.main(["--course", str(course.root)]) == 0
    assert not file.exists()
    assert "similar.html" not in capsys.readouterr().out + (course.root / "report.html").read_text()
    assert command.main(["--course", str(course.root), "--at-least", "80%"]) == 0
    told = capsys.readouterr().out
    assert "compared: 9, pairs that are much alike: 3\n     1 × task 12, with 3 cells" in told
    assert f"Left out: {UNREADABLE} (could not be read)" in told
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_class_with_nothing_to_compare_gets_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody handed in; somebody did and nothing is graded yet: one sentence each, and no page?"""
    made = large_class.at(tmp_path)
    assert command.main(["--course", str(made.root)]) == 1
    assert "Nothing to grade" in capsys.readouterr().err
    made.submitted("ada").mkdir(parents=True)
    assert command.main(["--course", str(made.root)]) == 1
    assert "Nothing to compare: fewer than two hand-ins" in capsys.readouterr().err
    assert not (made.root / "similar.html").exists()
