"""Class lists: of our own form, of Canvas and of Moodle; whoever is in the gradebook is known again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from admin.commands import roster
from admin.course.layout import Course
from admin.platforms.people import NoMatch, Person, Sought, match, people_of
from tests.unit import desk
from tests.unit.desk import HOSTILE

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Convolution (7)\r\n"
    ",,,,,Manual Posting\r\n    Points Possible,,,,,100\r\n"
    '"Öztürk, Mira",101,S1,mira,A,\r\n"Meyer, Jonas",102,S2,jonas,A,\r\n"Student, Test",9,,x,A,\r\n'
)
WORKSHEET = (
    "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung\r\n"
    'Teilnehmer/in7,Mira Öztürk,mira@uni.example,-,,"100,00"\r\n'
    'Teilnehmer/in8,Jonas Meyer,jonas@uni.example,-,,"100,00"\r\n'
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return desk.make(tmp_path_factory.mktemp("list"), ())


@pytest.fixture
def course(made: Course, tmp_path: Path) -> Course:
    return Course(Path(shutil.copytree(made.root, tmp_path / "course")))


def read(course: Course, text: str, *options: str) -> int:
    path = course.root / "list.csv"
    path.write_bytes(text.encode())
    return roster.main(["--course", str(course.root), str(path), *options])


def people(course: Course) -> list[Person]:
    with course.gradebook() as gradebook:
        return people_of(gradebook)


def test_our_own_form_and_any_of_its_columns(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    """In any order and case, with a byte order mark; is a formula a name like any other?"""
    quoted = HOSTILE.replace('"', '""')
    assert read(course, f'\ufeffEmail;ID;last_name\r\nm@x;mira;"{quoted}"\r\n;jonas;\r\n') == 0
    assert people(course) == [Person("jonas"), Person("mira", "", HOSTILE, "m@x")]
    assert capsys.readouterr().out == "2 students in the list: 2 new, 0 changed\n"
    assert read(course, "id,first_name\nmira,Mira\n") == 0
    assert people(course)[1] == Person("mira", "Mira", HOSTILE, "m@x"), "nothing is made empty"
    assert capsys.readouterr().out == "1 students in the list: 0 new, 1 changed\n"
    assert read(course, "id,first_name\nmira,Mira\n") == 0
    assert capsys.readouterr().out == "1 students in the list: 0 new, 0 changed\n"


def test_canvas_and_moodle_know_the_same_people(course: Course) -> None:
    """Log-ins are ids; a worksheet then gives the same students numbers and addresses."""
    assert read(course, CANVAS) == 0
    assert people(course) == [
        Person("jonas", "Jonas", "Meyer", "", "102"),
        Person("mira", "Mira", "Öztürk", "", "101"),
    ]
    assert read(course, WORKSHEET) == 0
    assert people(course)[1] == Person("mira", "Mira", "Öztürk", "mira@uni.example", "7")


def test_without_log_ins_the_address_is_the_id_or_a_column_that_is_named(course: Course) -> None:
    assert read(course, WORKSHEET) == 0
    assert [person.id for person in people(course)] == ["jonas@uni.example", "mira@uni.example"]
    participants = "Vorname,Nachname,ID-Nummer,E-Mail-Adresse\r\nAda,L.,77,ada@x\r\nBo,M.,78,bo@x\r\n"
    assert read(course, participants) == 0
    more = participants.replace("77", "79") + "Cy,N.,80,cy@x\r\n"
    assert read(course, more, "--id", "Vorname") == 0
    ids = [person.id for person in people(course)]
    assert ids[:2] == ["77", "78"], "the addresses say who is there already"
    assert "Cy" in ids


REFUSED = {
    "not known": ("a,b\nx,y\n", "is no class list that we know"),
    "nobody": ("id,email\n", "nobody below it"),
    "twice": ("id\nmira\nMIRA\n", "2 people have the id 'mira'"),
    "one number": ("id,lms_user_id\na,1\nb,1\n", "2 people have the number '1'"),
    "no id": ("id,email\n,x@y\n", "row 2 has no id that a folder can be called by: ''"),
    "pattern": ("id\n[ab]\n", "row 2 has no id"),
    "path": ("id\n../mira\n", "row 2 has no id"),
    "hidden": ("id\n.mira\n", "row 2 has no id"),
    "unseen": ("id\nmi\u202era\n", "row 2 has no id"),
    "long": ("id,last_name\na," + "x" * 129 + "\n", "row 2 has a name of more than 128 characters"),
    "ragged": ("id,email\na\n", "row 2 has 1 cells, its header 2"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_list_that_is_wrong_enters_nobody(
    course: Course, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text, words = REFUSED[case]
    assert read(course, text) == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert people(course) == []


def test_namesakes_are_two_and_not_mixed_up(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    """Two of one name are two students; is a file refused that knows one by the name alone?"""
    namesakes = CANVAS.replace("Meyer, Jonas", "Öztürk, Mira")
    assert read(course, namesakes) == 0
    assert len(people(course)) == 2
    assert read(course, WORKSHEET) == 1
    assert "may be any of 2 in the gradebook" in capsys.readouterr().err
    assert {person.lms_id for person in people(course)} == {"101", "102"}


KNOWN = [
    Person("mira", "Mira", "Öztürk", "mira@x", "101"),
    Person("jonas", "Jonas", "Meyer", "jm@x", "102"),
    Person("p. lee"),
]
MATCHES = {
    "number": (Sought("anything", "101"), "mira"),
    "address": (Sought(email="JM@x"), "jonas"),
    "log-in": (Sought(ids=("", "P. Lee")), "p. lee"),
    "the other way round": (Sought("Öztürk, Mira"), "mira"),
    "composed otherwise": (Sought("Mira O\u0308ztu\u0308rk"), "mira"),
    "as Canvas' archives": (Sought("öztürkmira"), "mira"),
    "with marks of direction": (Sought("\u202bMira Öztürk\u202c"), "mira"),
    "a log-in with marks of direction": (Sought(ids=("\u200emira\u200f",)), "mira"),
    "a folder's name": (Sought("Lee P"), "p. lee"),
}


@pytest.mark.parametrize("case", MATCHES)
def test_somebody_is_found_by(case: str) -> None:
    sought, wanted = MATCHES[case]
    assert match(sought, KNOWN).id == wanted


@pytest.mark.parametrize(
    ("sought", "words"),
    [
        (Sought("Mira"), "'Mira' is nobody"),
        (Sought(), "nobody"),
        (Sought("Jonas Meyer", "101"), "may be any of 2"),
        (Sought("x", "101", ("jonas",)), "may be any of 2"),
        (Sought("\x1b[31mEve\n"), "'Eve"),
    ],
)
def test_nobody_or_two_are_no_match(sought: Sought, words: str) -> None:
    with pytest.raises(NoMatch, match=words) as caught:
        match(sought, KNOWN)
    assert "\x1b" not in str(caught.value)
