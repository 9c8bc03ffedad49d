"""Exports, read back by readers of the platforms' own rules, with names and cells that mean no good."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from admin.commands import export
from admin.course.layout import Course
from admin.platforms import moodle, tables
from tests.unit import desk
from tests.unit.desk import CLASS, HOSTILE

SCORES = {student.id: desk.score(student) for student in CLASS if student.handed_in}
CANVAS_HEADER = [
    *("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Notes"),
    *("Quiz, hard (7001)", "Convolution (7002)", "Current Score"),
]
POLICY = ["", "", "", "", "", "", "Manual Posting", "", ""]
POSSIBLE = ["    Points Possible", "", "", "", "", "", "10", "100", "(read only)"]
CANVAS_ROWS = [
    ["Öztürk, Dr., Mira", "101", "S101", "mira", "A;1", "=1+1", "9.5", "12", "50"],
    ["Meyer, Jonas", "102", "S102", "jonas", "A", 'a "quoted"\r\nline', "EX", "", ""],
    [HOSTILE, "103", "S103", "p. lee", "A", "-", "", "33", ""],
    ["\u202eالحسن سلمى", "104", "S104", "salma", "B", "\rlone", "7", "", "70"],
    ["Sent, Ab", "105", "S105", "absent", "B", "", "", "77", ""],
    ["Student, Test", "999", "", "9a8b", "B", "", "", "", ""],
]
MOODLE = {
    "en": (
        *(
            "Identifier",
            "Full name",
            "Email address",
            "Status",
            "Grade",
            "Maximum Grade",
            "Grade can be changed",
        ),
        *("Last modified (submission)", "Last modified (grade)", "Feedback comments"),
    ),
    "de": (
        *("ID", "Vollständiger Name", "E-Mail-Adresse", "Status", "Bewertung", "Bestwertung"),
        *("Bewertung kann geändert werden", "Zuletzt geändert (Abgabe)", "Zuletzt geändert (Bewertung)"),
        "Feedback als Kommentar",
    ),
    "eo": ("Ident", "Nomo", "Adreso", "Stato", "Takso", "Plej", "Ĉu", "Tempo", "Taksita", "Komentoj"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return desk.make(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def course(made: Course, tmp_path: Path) -> Course:
    return Course(Path(shutil.copytree(made.root, tmp_path / "course")))


def run(course: Course, to: str, file: Path, *options: str) -> int:
    return export.main(["--course", str(course.root), "--to", to, str(file), *options])


def csv_bytes(rows: list[list[str]], delimiter: str = ",", mark: str = "") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    return (mark + text.getvalue()).encode()


def cells_of(path: Path, delimiter: str = ",") -> list[list[str]]:
    text = path.read_bytes().decode("utf-8").removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


# --- Canvas -----------------------------------------------------------------------------------------


def canvas(tmp_path: Path, rows: list[list[str]] = CANVAS_ROWS, delimiter: str = ",", mark: str = "") -> Path:
    path = tmp_path / "Grades.csv"
    path.write_bytes(csv_bytes([CANVAS_HEADER, POLICY, POSSIBLE, *rows], delimiter, mark))
    return path


def read_as_canvas(path: Path, delimiter: str = ",") -> dict[str, dict[str, str]]:
    """The grades that Canvas' importer would enter: by person's and assignment's number."""
    header, *rows = cells_of(path, delimiter)
    assert "Student" in header[0]
    assert "ID" in header[1]
    assignments = {}
    for column, title in enumerate(header):
        if title.endswith(")") and title.rpartition("(")[2][:-1].isdigit():
            assignments[title.rpartition("(")[2][:-1]] = column
    people = {}
    for row in rows:
        if "Points Possible" in row[0] or all(cell.strip() in ("", "Manual Posting") for cell in row):
            continue
        assert row[1].isdigit()
        people[row[1]] = {
            number: row[column].strip().replace(",", ".") for number, column in assignments.items()
        }
    return people


@pytest.mark.parametrize(("delimiter", "mark"), [(",", ""), (",", "\ufeff"), (";", "\ufeff")])
def test_canvas_gets_our_points_and_every_other_cell_as_it_was(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str], delimiter: str, mark: str
) -> None:
    """Who handed in nothing keeps the 77 that stand there; do formulas and quotes stay as they are?"""
    path = canvas(tmp_path, delimiter=delimiter, mark=mark)
    assert run(course, "canvas", path, "--column", "Convolution") == 0
    filled = tmp_path / "Grades-filled.csv"
    people = read_as_canvas(filled, delimiter)
    numbers = {student.lms: student.id for student in CLASS}
    assert {
        numbers[number]: float(got["7002"])
        for number, got in people.items()
        if got["7002"] and number != "105"
    } == SCORES
    assert people["105"]["7002"] == "77"
    before, after = cells_of(path, delimiter), cells_of(filled, delimiter)
    assert [[cell for column, cell in enumerate(row) if column != 7] for row in after] == [
        [cell for column, cell in enumerate(row) if column != 7] for row in before
    ]
    assert filled.read_bytes().startswith("\ufeff".encode()) == bool(mark)
    said = capsys.readouterr().out
    assert "4 written to" in said
    assert "Not read by a person yet, and so without these points: p. lee" in said
    assert "'Sent, Ab'" in said


REFUSED = {
    "no assignment named": ([], [], "has these assignments: 'Quiz, hard', 'Convolution'"),
    "another assignment": (["--column", "Pooling"], [], "has these assignments"),
    "too few points": (["--column", "Quiz, hard"], [], "is worth 10 points, our assignment 100"),
    "missing": (
        ["--column", "Convolution"],
        [0],
        "mira (Mira Öztürk, Dr.) has points and is not in Grades.csv",
    ),
    "two missing": (
        ["--column", "Convolution"],
        [0, 1],
        "jonas (Jonas Meyer) has points and is not in Grades.csv; mira",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_canvas_is_refused_in_a_sentence_and_nothing_is_written(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    options, left_out, words = REFUSED[case]
    rows = [row for number, row in enumerate(CANVAS_ROWS) if number not in left_out]
    assert run(course, "canvas", canvas(tmp_path, rows), *options) == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Grades.csv", "course"]


def test_canvas_with_somebody_twice_or_under_anothers_name_is_refused(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = [*CANVAS_ROWS, ["Ötürk, M", "101", "", "", "", "", "", "", ""]]
    assert run(course, "canvas", canvas(tmp_path, twice), "--column", "Convolution") == 1
    assert (
        "mira (Mira Öztürk, Dr.) stands in Grades.csv more than once, in rows 4 and 10"
        in capsys.readouterr().err
    )
    swapped = [["Meyer, Jonas", "101", *CANVAS_ROWS[0][2:]], *CANVAS_ROWS[2:]]
    assert run(course, "canvas", canvas(tmp_path, swapped), "--column", "Convolution") == 1
    assert "'Meyer, Jonas' may be any of 2 in the gradebook" in capsys.readouterr().err


def test_points_are_converted_only_when_told_so(course: Course, tmp_path: Path) -> None:
    assert run(course, "canvas", canvas(tmp_path), "--column", "Quiz, hard (7001)", "--scale") == 0
    got = read_as_canvas(tmp_path / "Grades-filled.csv")
    assert got["101"]["7001"] == "9.8"
    assert got["105"]["7001"] == ""


# --- Moodle -----------------------------------------------------------------------------------------


def worksheet(tmp_path: Path, language: str, maximum: str = "100.00", there: str = "") -> Path:
    who = {"en": "Participant ", "de": "Teilnehmer/in", "eo": "Partoprenanto "}[language]
    rows = [
        [
            f"{who}{s.lms}",
            f"{s.first} {s.last}",
            s.email or "",
            "Submitted",
            "",
            maximum,
            "Yes",
            "-",
            "-",
            there,
        ]
        for s in CLASS
    ]
    path = tmp_path / "Worksheet.csv"
    path.write_bytes(csv_bytes([list(MOODLE[language]), *rows], mark="\ufeff"))
    return path


def read_as_moodle(path: Path, language: str) -> dict[str, tuple[str, str]]:
    """What Moodle's importer would enter, in that language: grade and comment by the participant's number."""
    header, *rows = cells_of(path)
    prefix = {"en": "Participant ", "de": "Teilnehmer/in", "eo": "Partoprenanto "}[language]
    wanted = [MOODLE[language][place] for place in (0, 4, 8, 9)]
    identifier, grade, modified, comment = (header.index(name) for name in wanted)
    assert all(row[identifier].startswith(prefix) and row[modified] == "-" for row in rows)
    return {row[identifier][len(prefix) :]: (row[grade], row[comment]) for row in rows}


@pytest.mark.parametrize("language", MOODLE)
def test_moodles_worksheet_is_filled_in_its_language(course: Course, tmp_path: Path, language: str) -> None:
    """In German with a comma in its numbers; in an unknown language with a column named."""
    path = worksheet(tmp_path, language, "100,00" if language == "de" else "100.00")
    options = ["--comments", "Komentoj"] if language == "eo" else []
    assert run(course, "moodle", path, *options) == 0
    filled = tmp_path / "Worksheet-filled.csv"
    got = read_as_moodle(filled, language)
    assert got.pop("105") == ("", "")
    numbers = {student.lms: student.id for student in CLASS}
    assert {numbers[number]: float(grade.replace(",", ".")) for number, (grade, _) in got.items()} == SCORES
    assert got["104"][0] == ("97,75" if language == "de" else "97.75")
    before, after = cells_of(path), cells_of(filled)
    assert [row[:4] + row[5:9] for row in after] == [row[:4] + row[5:9] for row in before]
    items = [item.text for item in BeautifulSoup(got["102"][1], "html.parser").find_all("li")]
    assert len(items) == 12
    assert items[2].startswith("Task 3: one-hot labels: 6 / 10. ")
    assert items[2].endswith("`one_hot` gives back None.")
    assert "not graded yet" in got["103"][1]


def test_somebody_elses_comment_stays_and_ours_is_renewed(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(course, "moodle", worksheet(tmp_path, "en", there="<p>Well done</p>")) == 0
    assert {comment for _, comment in read_as_moodle(tmp_path / "Worksheet-filled.csv", "en").values()} == {
        "<p>Well done</p>"
    }
    assert "A comment of somebody else's is there and stays" in capsys.readouterr().out
    assert run(course, "moodle", worksheet(tmp_path, "en", there=f"{moodle.OURS}<p>old</p></div>")) == 0
    got = read_as_moodle(tmp_path / "Worksheet-filled.csv", "en")
    assert "old" not in got["101"][1]
    assert "old" in got["105"][1], "nothing of ours to say of them"


def test_a_comment_is_text_and_no_html_of_others() -> None:
    from admin.platforms.grades import Grades, TaskGrade
    from admin.platforms.people import Person

    each = Grades(
        Person("x"),
        (TaskGrade("t", "<b>T</b>", 1, 1, 2, "<script>alert(1)</script>\u202e\n=x"),),
        0.5,
        "<b>cut</b>",
    )
    page = BeautifulSoup(moodle.comment(each), "html.parser")
    assert {tag.name for tag in page.find_all()} == {"div", "p", "ul", "li"}
    assert "<script>" in page.text
    assert page.p is not None
    assert page.p.text == "<b>cut</b>"
    assert "−0.5" in page.text


def test_a_grade_by_a_scale_or_a_strange_file_is_refused(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(course, "moodle", worksheet(tmp_path, "en", "good\nbad")) == 1
    assert "which column is for the points can't be told" in capsys.readouterr().err
    assert run(course, "moodle", canvas(tmp_path)) == 1
    assert "no grading worksheet of Moodle" in capsys.readouterr().err
    assert run(course, "canvas", worksheet(tmp_path, "en")) == 1
    assert "no gradebook of Canvas" in capsys.readouterr().err


# --- Our own rows, Gradescope -----------------------------------------------------------------------


def test_rows_add_up_and_none_is_a_formula(course: Course, tmp_path: Path) -> None:
    """One row a student and task, late as one of its own; does no cell run?"""
    (course.root / "late.toml").write_text(
        'due = 2026-06-01T11:00:00\npolicy = "percentage"\npercent_a_day = 10\n[extensions]\nmira = 1\n'
    )
    path = tmp_path / "rows.csv"
    assert run(course, "csv", path) == 0
    header, *rows = cells_of(path)
    got = [dict(zip(header, row, strict=True)) for row in rows]
    for student, score in SCORES.items():
        mine = [row for row in got if row["student"] == student]
        off = 0 if student == "mira" else score / 10
        assert sum(float(row["points"] or 0) for row in mine) == pytest.approx(score - off, abs=0.006)
        assert len(mine) == 12 + (student != "mira")
    (row,) = [row for row in got if row["student"] == "jonas" and row["task"] == "one_hot"]
    assert (row["number"], row["points"], row["out_of"], row["keys"]) == ("3", "6", "10", "any.none_came")
    assert {row["last_name"] for row in got if row["student"] == "p. lee"} == {f"'{HOSTILE}"}
    assert {row["points"] for row in got if row["student"] == "p. lee" and row["task"] == "discussion"} == {
        ""
    }
    formulas = [
        cell
        for row in rows
        for cell in row
        if cell[:1] in tuple("=+@\t\r") or (cell[:1] == "-" and not tables.NUMBER.fullmatch(cell))
    ]
    assert formulas == []


def test_gradescope_gets_a_results_file_each(course: Course, tmp_path: Path) -> None:
    """By the specification: a score, tests with score, max_score, name, output and known visibility."""
    path = tmp_path / "out.zip"
    assert run(course, "gradescope", path, "--student", "jonas", "--student", "p. lee") == 0
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["jonas/results.json", "p. lee/results.json"]
        jonas = json.loads(archive.read("jonas/results.json"))
    assert jonas["score"] == 94
    assert sum(test["score"] for test in jonas["tests"]) == 94
    assert sum(test["max_score"] for test in jonas["tests"]) == 100
    for part in (jonas, *jonas["tests"]):
        assert part["visibility"] in ("visible", "hidden", "after_due_date", "after_published")
        assert part["output_format"] in ("text", "html", "simple_format", "md", "ansi")
        assert isinstance(part["output"], str)
    assert jonas["tests"][2]["output"].startswith("one_hot: 6 of 10 points\n  ✓ ")
    assert "gives back None" in jonas["tests"][2]["output"]


def test_who_is_not_there_is_named(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(course, "csv", tmp_path / "x.csv", "--student", "absent", "--student", "nobody") == 1
    assert "No points of absent, nobody in the gradebook" in capsys.readouterr().err
    assert not (tmp_path / "x.csv").exists()


# --- Files that are no tables -----------------------------------------------------------------------

BROKEN = {
    "spreadsheet": (b"PK\x03\x04", "is a spreadsheet or an archive"),
    "latin": ("Öl,b\r\n".encode("latin-1"), "not in UTF-8"),
    "utf-16": ("a,b\r\n".encode("utf-16"), "not in UTF-8"),
    "empty": (b"", "no header"),
    "ragged": (b"a,b\r\n1,2\r\n1,2,3\r\n", "row 3 has 3 cells, its header 2"),
    "cut": (b'a,b\r\n1,"2', "is damaged below row 1"),
    "long": (b'a,b\r\n1,"' + b"x" * 200_000 + b'"\r\n', "is damaged"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_is_no_table_is_a_sentence(case: str, tmp_path: Path) -> None:
    content, words = BROKEN[case]
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(tables.CourseError, match=words):
        tables.read_table(path)


@pytest.mark.parametrize("text", ["=1", " =1", "+x", "-x", "@x", "\tx", "\rx", "＝1", "-1+2"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert tables.guarded(text) == f"'{text}"


def test_numbers_and_plain_texts_get_none() -> None:
    assert [tables.guarded(text) for text in ("-1.5", "3", "a=1", "")] == ["-1.5", "3", "a=1", ""]
    assert [tables.shown_number(value) for value in (97.75, 100.0, 0.0, -0.001, 1 / 3)] == [
        "97.75",
        "100",
        "0",
        "0",
        "0.33",
    ]


def test_what_would_be_read_otherwise_is_not_written(tmp_path: Path) -> None:
    """A table whose header would make a reader take another sign for the separator."""
    path = tmp_path / "x.csv"
    path.write_text("before")
    with pytest.raises(tables.CourseError, match="was not written"):
        tables.write_table(path, tables.Table(("a", "b;c;d"), (("1", "2"),)))
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["x.csv"]
