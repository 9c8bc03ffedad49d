"""The exchange: what students put into it, and what `collect` makes of that.

Hand-ins lie in a real exchange, made by nbgrader's own commands, and are collected by one run of
`python3 -m admin nbgrader collect convnet`.
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from admin.commands import collect
from admin.course.layout import ASSIGNMENT, NOTEBOOK, REPOSITORY, Course

FILE = f"{NOTEBOOK}.ipynb"
TIME = "2026-01-02 10:00:00.000000 UTC"
SOMEBODY = 54321  # a user's number that no account of this machine has
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@dataclass(frozen=True)
class Exchange:
    """A course, the exchange's folder, and what `collect` said."""

    course: Course
    root: Path
    said: str = ""

    def hand_in(self, student: str, time: str = TIME) -> Path:
        """A student's folder with the released notebook in it, as `nbgrader submit` leaves it."""
        folder = self.root / "convnet" / "inbound" / f"{student}+{ASSIGNMENT}+{time}+abc"
        folder.mkdir()
        shutil.copyfile(self.course.release / FILE, folder / FILE)
        (folder / "timestamp.txt").write_text(time)
        return folder

    def run(self, *arguments: str, folder: Path = REPOSITORY) -> str:
        """One of nbgrader's commands, by the command line; what it said. It has to succeed."""
        command = [sys.executable, REPOSITORY / "admin", "nbgrader", "--course", self.course.root]
        done = subprocess.run(
            [*command, *arguments, f"--Exchange.root={self.root}"],
            cwd=folder,
            capture_output=True,
            timeout=60,
            env=os.environ | {"JUPYTER_DATA_DIR": str(self.root.parent / "data")},
        )
        said = (done.stdout + done.stderr).decode()
        assert done.returncode == 0, said
        return said

    def collected(self, student: str) -> dict[str, bytes]:
        """Names and bytes of what is in submitted/ of a student; a link's name only."""
        folder = self.course.submitted(student)
        return {
            path.relative_to(folder).as_posix(): b"" if path.is_symlink() else path.read_bytes()
            for path in folder.rglob("*")
            if path.is_symlink() or not path.is_dir()
        }

    def words_about(self, student: str) -> str:
        return "\n".join(line for line in self.said.splitlines() if f" {student}: left out" in line)


def source(course: Course) -> Path:
    return course.source / FILE


# --- Hostile and broken hand-ins --------------------------------------------------------------------


def link(exchange: Exchange, folder: Path) -> None:
    (folder / FILE).unlink()
    (folder / FILE).symlink_to(source(exchange.course))


def link_beside(exchange: Exchange, folder: Path) -> None:
    (folder / "notes.txt").symlink_to(exchange.course.database)


def link_as_folder(exchange: Exchange, folder: Path) -> None:
    (folder / "data").symlink_to(exchange.course.source)


def link_as_hand_in(exchange: Exchange, folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to(exchange.course.source)


def pipe_as_time(exchange: Exchange, folder: Path) -> None:
    (folder / "timestamp.txt").unlink()
    os.mkfifo(folder / "timestamp.txt")


def a_socket(exchange: Exchange, folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(folder)  # a socket's path may have a hundred letters
        server.bind("s")
        os.chdir(REPOSITORY)


def deep_nest(exchange: Exchange, folder: Path) -> None:
    above = os.open(folder, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=above)
        below = os.open("d", os.O_RDONLY, dir_fd=above)
        os.close(above)
        above = below
    os.close(above)


def sparse_file(exchange: Exchange, folder: Path) -> None:
    with (folder / "big").open("wb") as file:
        file.truncate(10_000_000_000)


def hidden_sparse_file(exchange: Exchange, folder: Path) -> None:
    (folder / ".git").mkdir()
    with (folder / ".git" / "big").open("wb") as file:
        file.truncate(6_000_000_000)


def name_of_windows(exchange: Exchange, folder: Path) -> None:
    Path(os.fsdecode(bytes(folder) + b"/gr\xfc\xdfe.txt")).write_text("greetings")


def name_that_forges_a_line(exchange: Exchange, folder: Path) -> None:
    (folder / "x\n[CollectApp] forged\x1b[2K").write_text("")


def many_files(exchange: Exchange, folder: Path) -> None:
    (folder / "many").mkdir()
    for number in range(20_100):
        (folder / "many" / f"{number}").touch()


def no_time(exchange: Exchange, folder: Path) -> None:
    folder.rename(folder.with_name(f"no_time+{ASSIGNMENT}+tomorrow+abc"))


def the_folder_above(exchange: Exchange, folder: Path) -> None:
    folder.rename(folder.with_name(f"..+{ASSIGNMENT}+{TIME}+abc"))


# What is done to the hand-in of a student of that name; the words about it; is the notebook taken?
HAND_INS: dict[str, tuple[Callable[[Exchange, Path], None], str, bool]] = {
    "link": (link, f"'{FILE}' (a link)", False),
    "link_beside": (link_beside, "'notes.txt' (a link)", True),
    "link_as_folder": (link_as_folder, "'data' (a link)", True),
    "pipe_as_time": (pipe_as_time, "'timestamp.txt' (a pipe)", True),
    "a_socket": (a_socket, "'s' (a socket)", True),
    "deep_nest": (deep_nest, "(more than 20 folders deep)", True),
    "sparse_file": (sparse_file, "'big' (too large: 10,000 MB)", True),
    "hidden_sparse_file": (hidden_sparse_file, "", True),
    "name_of_windows": (name_of_windows, "'gr\ufffd\ufffde.txt' (its name cannot be used)", True),
    "name_that_forges_a_line": (name_that_forges_a_line, "its name cannot be used", True),
    "many_files": (many_files, "'many/' (more than 20,000 files)", True),
}
NEVER = {"link_as_hand_in": link_as_hand_in, "no_time": no_time, "the_folder_above": the_folder_above}


@pytest.fixture(scope="module")
def exchange(built: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """An exchange with the assignment released in it, and nothing handed in."""
    place = tmp_path_factory.mktemp("exchange")
    shutil.copytree(built.root, place / "course")
    made = Exchange(Course.at(place / "course"), place / "exchange")
    made.root.mkdir(mode=0o777)
    made.root.chmod(0o777)
    made.run("release_assignment", ASSIGNMENT)
    yield made
    subprocess.run(["rm", "-rf", made.root], check=True)  # deeper than Python's own removing goes


@pytest.fixture(scope="module")
def collected(exchange: Exchange, tmp_path_factory: pytest.TempPathFactory) -> Exchange:
    """The same after all of the hand-ins above, an honest one, and one `collect`."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(exchange.course.release, home / ASSIGNMENT)
    exchange.run("submit", ASSIGNMENT, "--student=honest", folder=home)
    for student, spoil in [*((name, each[0]) for name, each in HAND_INS.items()), *NEVER.items()]:
        spoil(exchange, exchange.hand_in(student))
    begun = time.monotonic()
    said = exchange.run("collect", ASSIGNMENT)
    assert time.monotonic() - begun < 30
    return Exchange(exchange.course, exchange.root, said)


def test_an_honest_hand_in_is_collected_byte_for_byte(collected):
    """All files of a real `nbgrader submit`, folders and pictures too?"""
    (folder,) = (collected.root / "convnet" / "inbound").glob("honest+*")
    handed_in = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    assert handed_in.keys() > {FILE, "custom.css", "timestamp.txt", "submission_secret.txt"}
    assert collected.collected("honest") == handed_in
    assert "honest: left out" not in collected.said


@pytest.mark.parametrize("student", HAND_INS)
def test_a_hand_in_that_is_hostile_or_broken(collected, student):
    """Is only what is a clean file taken, and is the rest named in one line, with the student's name?"""
    _, words, taken = HAND_INS[student]
    files = collected.collected(student)
    wanted = {FILE, "timestamp.txt"} if taken else {"timestamp.txt"}
    assert wanted <= files.keys()
    if student != "many_files":
        assert files.keys() == wanted
    assert files.get(FILE) in (None, (collected.course.release / FILE).read_bytes())
    assert files["timestamp.txt"].decode()[:19] == TIME[:19]
    about = collected.words_about(student)
    assert words in about
    assert len(about.splitlines()) == bool(words)


def test_nothing_of_the_course_gets_into_submitted(collected):
    """Neither the solutions nor the gradebook, by any of the links?"""
    solution = source(collected.course).read_bytes()
    gradebook = collected.course.database.read_bytes()[:16]
    for path in (collected.course.root / "submitted").rglob("*"):
        assert not path.is_symlink()
        if path.is_file():
            content = path.read_bytes()
            assert content != solution
            assert content[:16] != gradebook


@pytest.mark.parametrize("name", NEVER)
def test_a_folder_that_is_no_hand_in(collected, name):
    """A link, a name without a time, or one that leads elsewhere: named in the log, and nothing is made?"""
    assert not collected.course.submitted(name).exists()
    assert not (collected.course.root / ASSIGNMENT).exists()
    about = {"link_as_hand_in": "a link", "no_time": "has no time", "the_folder_above": "of nobody"}[name]
    assert about in collected.said


def test_no_name_writes_a_line_of_its_own_to_the_log(collected):
    """Escape sequences and line ends in names of files?"""
    assert "\x1b[2K" not in collected.said
    assert not any(line.startswith("[CollectApp] forged") for line in collected.said.splitlines())


def test_nothing_half_is_left(collected):
    """Is submitted/ without the copies beside it?"""
    assert not list((collected.course.root / "submitted").glob(".*"))


@needs_root
def test_a_hard_link_to_somebody_elses_file_is_left_out(exchange):
    """On a file system of shared folders, a name may be somebody else's file."""
    folder = exchange.hand_in("hard_link")
    os.link(source(exchange.course), folder / "solution.ipynb")
    for path in (folder, folder / FILE, folder / "timestamp.txt"):
        os.chown(path, SOMEBODY, SOMEBODY)
    said = exchange.run("collect", ASSIGNMENT, "--student=hard_link")
    assert exchange.collected("hard_link").keys() == {FILE, "timestamp.txt"}
    assert "hard_link: left out 'solution.ipynb' (somebody else's)" in said


@needs_root
def test_a_hand_in_under_the_name_of_another_user_is_left_out(exchange):
    """A later one of somebody else, where the machine knows the student: does the student's own count?"""
    import pwd

    own = exchange.hand_in("daemon")
    os.chown(own, pwd.getpwnam("daemon").pw_uid, -1)
    os.chown(own / FILE, pwd.getpwnam("daemon").pw_uid, -1)
    os.chown(own / "timestamp.txt", pwd.getpwnam("daemon").pw_uid, -1)
    forged = exchange.hand_in("daemon", TIME.replace("2026", "2027"))
    os.chown(forged, SOMEBODY, -1)
    said = exchange.run("collect", ASSIGNMENT, "--student=daemon")
    assert exchange.collected("daemon")["timestamp.txt"].decode() == TIME
    assert f"owned by user {SOMEBODY}; cheating attempt?" in said


def test_a_newer_hand_in_replaces_the_old_one_whole(exchange):
    """With --update: is nothing of the old one left, and does an unreadable time not keep it?"""
    exchange.hand_in("twice")
    exchange.run("collect", ASSIGNMENT, "--student=twice")
    place = exchange.course.submitted("twice")
    (place / "old.txt").write_text("")
    newer = exchange.hand_in("twice", TIME.replace("2026", "2027"))
    assert "already exists" in exchange.run("collect", ASSIGNMENT, "--student=twice")
    (place / "timestamp.txt").unlink()
    os.mkfifo(place / "timestamp.txt")
    exchange.run("collect", ASSIGNMENT, "--student=twice", "--update")
    assert exchange.collected("twice") == {
        FILE: (newer / FILE).read_bytes(),
        "timestamp.txt": (newer / "timestamp.txt").read_bytes(),
    }
    assert "No newer" in exchange.run("collect", ASSIGNMENT, "--student=twice", "--update")


def test_our_own_command_collects_an_exchange_that_is_named(
    exchange: Exchange, capsys: pytest.CaptureFixture[str]
) -> None:
    """Does `python3 -m admin collect FOLDER` do as nbgrader does, and say so without a log's signs?"""
    folder = exchange.hand_in("ours")
    command = ["--course", str(exchange.course.root), str(exchange.root)]
    assert collect.main(command) == 0
    assert exchange.collected("ours") == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert "\nCollecting submission: ours convnet\n" in capsys.readouterr().out
    assert collect.main(command) == 0
    assert "\nNo newer submission to collect: ours convnet\n" in capsys.readouterr().out


@pytest.mark.skipif(Path("/usr/local/share/nbgrader/exchange").exists(), reason="there is an exchange here")
def test_where_no_exchange_is_that_is_a_sentence(built: Course, capsys: pytest.CaptureFixture[str]) -> None:
    assert collect.main(["--course", str(built.root)]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("The exchange could not be collected: Unwritable directory")
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_a_copy_that_cannot_be_written_costs_the_others_nothing(exchange):
    """One student's place is no folder: are the others collected, and is the exit code 1?"""
    (exchange.course.root / "submitted").mkdir(exist_ok=True)
    (exchange.course.root / "submitted" / "stuck_1").write_text("a file where a folder should be")
    for student in ("stuck_1", "stuck_2"):
        exchange.hand_in(student)
    with pytest.raises(AssertionError, match="stuck_1: not collected"):
        exchange.run("collect", ASSIGNMENT, "--student=stuck_?")
    assert exchange.collected("stuck_2").keys() == {FILE, "timestamp.txt"}


def test_the_list_of_hand_ins_waits_for_nothing(exchange):
    """`nbgrader list --inbound` reads notebooks: a pipe, a link or a sparse file in their place?"""
    pipe, linked = exchange.hand_in("list_pipe"), exchange.hand_in("list_link")
    (pipe / FILE).unlink()
    os.mkfifo(pipe / FILE)
    link(exchange, linked)
    exchange.hand_in("list_fine")
    said = exchange.run("list", ASSIGNMENT, "--inbound")
    assert "convnet list_fine convnet" in said
    assert said.count("Not listed: 'list_") == 2


# --- Archives from a learning platform ------------------------------------------------------------------


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def tarred(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.size, member.linkname = kind, size, link
        archive.addfile(member, io.BytesIO(bytes(size)))
    return target.getvalue()


def test_archives_are_unpacked_within_bounds(built, tmp_path):
    """`zip_collect`: links, names that lead elsewhere, a bomb, a damaged one, and honest ones among them."""
    course = Course.at(tmp_path / "course")
    shutil.copytree(built.root, course.root)
    archives = course.root / "downloaded" / ASSIGNMENT / "archive"
    archives.mkdir(parents=True)
    released = (course.release / FILE).read_bytes()
    (archives / f"linked_{FILE}").symlink_to(source(course))
    (archives / f"plain_{FILE}").write_bytes(released)
    honest = zipped({f"honest_{FILE}": released, "../../escaped.ipynb": b"", "grüße.txt": b""})
    (archives / "all.zip").write_bytes(zipped({"inner.zip": honest, f"second_{FILE}": released}))
    (archives / "damaged.zip").write_bytes(honest[:200])
    (archives / "links.tar.gz").write_bytes(
        tarred(f"tarlink_{FILE}", tarfile.SYMTYPE, 0, str(source(course)))
    )
    bomb = zipped({f"bomb_{FILE}": released, "zeros": bytes(300_000_000)})
    (archives / "platform.zip").write_bytes(zipped({"bomb.zip": bomb}))
    pattern = rf"(.*/)?(?P<student_id>\w+)_(?P<file_id>{NOTEBOOK})"
    exchange = Exchange(course, tmp_path)
    said = exchange.run("zip_collect", ASSIGNMENT, f"--FileNameCollectorPlugin.named_regexp={pattern}")
    assert set(course.students()) == {"plain", "honest", "second", "bomb"}
    for student in course.students():
        assert exchange.collected(student) == {FILE: released}
    assert f"'linked_{FILE}' (a link)" in said
    assert "'../../escaped.ipynb' (its name cannot be used)" in said
    assert "'damaged.zip': left out" in said
    assert f"'tarlink_{FILE}' (not a file)" in said
    assert "'zeros' (too large: 300 MB)" in said
    assert not list(tmp_path.rglob("escaped.ipynb"))
