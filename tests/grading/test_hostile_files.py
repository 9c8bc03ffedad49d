"""Files that would stop, hang, slow or rob the grader: through `grade`, `nbgrader autograde` and feedback."""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from admin.course.answers import answer
from admin.course.layout import NOTEBOOK, REPOSITORY, Course
from admin.grading.repair import grade_id
from admin.grading.run import grade
from tests.grading.sessions import needs_sandbox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    needs_sandbox,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]

FILE = f"{NOTEBOOK}.ipynb"
SCRIPT = "<img src=x onerror=alert(1)>"


def one_right_answer(course: Course) -> str:
    """The text of a notebook that is worth 8 points."""
    notebook = nbformat.read(course.release / FILE, 4)
    for cell in notebook.cells:
        if grade_id(cell) == "normalise_images":
            cell.source = answer("normalise_images", "the model answer").code
    return nbformat.writes(notebook)


def with_output(text: str, output: str) -> str:
    """The notebook with a piece of JSON, as it stands, for the output of its first code cell."""
    return text.replace('"outputs": []', f'"outputs": [{output}]', 1)


def format_3(text: str, minor: object, level: int) -> str:
    notebook = nbformat.reads(text, 4)
    for cell in notebook.cells:
        cell.pop("id")
    old = json.loads(nbformat.writes(nbformat.convert(notebook, 3), 3)) | {"nbformat_minor": minor}
    heading = {"cell_type": "heading", "level": level, "source": "My work", "metadata": {}}
    old["worksheets"][0]["cells"].insert(0, heading)
    return json.dumps(old)


def file(content: Callable[[str], str], name: str = FILE) -> Callable[[Path, str], None]:
    def make(folder: Path, text: str) -> None:
        (folder / name).write_text(content(text))

    return make


def beside(make: Callable[[Path], None]) -> Callable[[Path, str], None]:
    def both(folder: Path, text: str) -> None:
        (folder / FILE).write_text(text)
        make(folder)

    return both


def a_socket(folder: Path) -> None:
    before = os.getcwd()
    os.chdir(folder)  # a socket's whole path may have 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("socket")
    finally:
        os.chdir(before)


def nested(folder: Path) -> None:
    inner = os.open(folder, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=inner)
        deeper = os.open("d", os.O_RDONLY, dir_fd=inner)
        os.close(inner)
        inner = deeper
    os.close(inner)


def sparse(name: str, size: int) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as empty:
            empty.truncate(size)

    return make


def many(folder: Path) -> None:
    (folder / "many").mkdir()
    for number in range(20_100):
        (folder / "many" / str(number)).touch()


def long_paths(folder: Path) -> None:
    """A file that can be listed, but whose whole path no call takes."""
    inner = os.open(folder, os.O_RDONLY)
    for _ in range(22):
        os.mkdir("n" * 200, dir_fd=inner)
        deeper = os.open("n" * 200, os.O_RDONLY, dir_fd=inner)
        os.close(inner)
        inner = deeper
    os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=inner))
    os.close(inner)


def text_cell(text: str, source: str) -> str:
    notebook = nbformat.reads(text, 4)
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell(source))
    return nbformat.writes(notebook)


# What it is: how it is made, the points, and words that the line on the screen has.
HAND_INS: dict[str, tuple[Callable[[Path, str], None], int, str]] = {
    "honest": (file(lambda text: text), 8, ""),
    "a long number": (
        file(lambda text: with_output(text, '{"output_type": "x", "n": ' + "7" * 5000 + "}")), 8, "",
    ),
    "a minor format that is text": (file(lambda text: format_3(text, "x", 2)), 8, "format 3"),
    "a heading of level 10^30": (file(lambda text: format_3(text, 0, 10**30)), 8, "format 3"),
    "a pipe beside": (beside(lambda folder: os.mkfifo(folder / "pipe")), 8, "left out"),
    "a pipe for a time": (beside(lambda folder: os.mkfifo(folder / "timestamp.txt")), 0, "is not a date"),
    "a pipe for a notebook": (lambda folder, text: os.mkfifo(folder / FILE), 0, "pipe"),
    "a socket": (beside(a_socket), 8, "left out"),
    "3,000 folders in one another": (beside(nested), 0, "folders in folders"),
    "10 GB of nothing": (beside(sparse("data.bin", 10 << 30)), 0, "too large"),
    "6 GB in a folder that is ignored": (beside(sparse(".git/objects/pack", 6 << 30)), 8, ""),
    "a name of Windows": (
        beside(lambda folder: Path(os.fsdecode(bytes(folder) + b"/gr\xfc\xdfe.txt")).touch()), 8, "left out",
    ),
    "46 MB of small values": (
        file(lambda text: with_output(text, '{"x": [' + "{}," * 15_000_000 + "{}]}")), 0, "values",
    ),
    "20,100 files": (beside(many), 0, "more than 20,000 files"),
    "a folder for a file of ours": (
        beside(lambda folder: [(folder / "tools.py").mkdir(), (folder / "tools.py" / "mine").touch()]), 8,
        "left out",
    ),
    "a path too long to open": (beside(long_paths), 0, "unreadable"),
    "100 kB of formulas": (file(lambda text: text_cell(text, r"\(" * 50_000)), 8, ""),
    "400 kB of divs": (file(lambda text: text_cell(text, "<div>" * 80_000)), 8, ""),
    "a link to the solutions": (
        lambda folder, text: (folder / FILE).symlink_to(folder.parents[2] / "source" / "convnet" / FILE),
        0, "links are not followed",
    ),
    "a folder that is a link": (
        beside(lambda folder: (folder / "all").symlink_to(folder.parents[2] / "source")),
        0, "points elsewhere",
    ),
    "two names with script": (
        lambda folder, text: [(folder / f"{n}{SCRIPT}.ipynb").write_text(text) for n in "12"], 0, "2 others",
    ),
    "a name with a line of its own": (
        lambda folder, text: [
            (folder / f"{n}\n  mira  ████ 90 of 90\x1b[2K.ipynb").write_text(text) for n in "12"
        ], 0, "2 others",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def graded(built, tmp_path_factory):
    """A class of all of them, graded once; the course, the screen, the seconds."""
    root = tmp_path_factory.mktemp("hostile") / "course"
    shutil.copytree(built.root, root)
    course = Course.at(root)
    text = one_right_answer(course)
    try:
        for student, (make, _, _) in HAND_INS.items():
            course.submitted(student).mkdir(parents=True)
            make(course.submitted(student), text)
        screen = io.StringIO()
        begun = time.monotonic()
        code = grade(course, console=Console(file=screen, width=400))
        yield course, code, screen.getvalue(), time.monotonic() - begun
    finally:
        subprocess.run(["rm", "-rf", str(root)], check=True)  # shutil gives up at 1,000 folders


@pytest.mark.parametrize("student", HAND_INS)
def test_each_is_dealt_with_by_itself(graded, student):
    """Has each the points of what can be understood of it, one line on the screen, and no traceback?"""
    course, code, screen, _ = graded
    _, points, words = HAND_INS[student]
    (line,) = [line for line in screen.splitlines() if line.startswith(f"  {student} ")]
    assert words in line
    assert sum(value or 0 for value in course.points(student).values()) == points, line
    assert "Traceback" not in screen
    assert "\x1b" not in screen
    assert code == 0


def test_none_of_them_takes_long(graded):
    """Is the whole class of hostile files graded in a few minutes, on a busy machine too?"""
    _, _, _, seconds = graded
    assert seconds < 300


def test_a_second_grading_leaves_all_alone(graded):
    """Are broken and hostile submissions known again without being read?"""
    course, *_ = graded
    screen = io.StringIO()
    assert grade(course, console=Console(file=screen, width=400)) == 0
    assert f"{len(HAND_INS)} unchanged, 0 to grade" in screen.getvalue()


def test_no_file_name_reaches_a_page_as_html(graded):
    """The sentence about two notebooks with script for names: is it text in the page that a student gets?"""
    course, *_ = graded
    nbgrader(course, "generate_feedback", "convnet", "--student=two names with script", "--force")
    page = (course.feedback("two names with script") / f"{NOTEBOOK}.html").read_text()
    assert "Rename the one that counts" in page
    assert SCRIPT not in page


def test_nbgraders_own_autograde_refuses_the_same(graded):
    """A link, a pipe, a socket, by nbgrader's own command: the same points, and no waiting?"""
    course, *_ = graded
    for student in ("a link to the solutions", "a folder that is a link", "a pipe for a time", "a socket"):
        said = nbgrader(course, "autograde", "convnet", f"--student={student}", "--force")
        assert sum(value or 0 for value in course.points(student).values()) == HAND_INS[student][1]
        assert HAND_INS[student][2] in said
        assert "Traceback" not in said
    everything = "".join(
        path.read_text() for path in course.autograded("a link to the solutions").rglob("*.ipynb")
    )
    assert "np.eye" not in everything, "something of the solutions"


def test_another_assignment_of_the_same_students_disturbs_nothing(graded):
    """Who hands in ps2 as well: is convnet left alone? Who hands in ps2 alone: no zero in convnet?"""
    course, *_ = graded
    (course.root / "source" / "ps2").mkdir()
    for student in ("honest", "ps2 only"):
        folder = course.root / "submitted" / student / "ps2"
        folder.mkdir(parents=True)
        (folder / "ps2.ipynb").write_text("{}")
    try:
        screen = io.StringIO()
        assert grade(course, console=Console(file=screen, width=400)) == 0
        assert f"{len(HAND_INS)} submissions, {len(HAND_INS)} unchanged" in screen.getvalue()
        assert course.points("ps2 only") is None
    finally:
        shutil.rmtree(course.root / "submitted" / "ps2 only")
        shutil.rmtree(course.root / "submitted" / "honest" / "ps2")
        shutil.rmtree(course.root / "source" / "ps2")


def nbgrader(course: Course, *arguments: str) -> str:
    """What a command of nbgrader's prints, run as its own process with our configuration."""
    code = "import sys; from admin.commands.nbgrader import main; main(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, "--course", str(course.root), *arguments],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    return done.stdout + done.stderr
