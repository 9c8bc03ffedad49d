"""`collect`: archives as Moodle and Canvas name what is in them, folders, notebooks; and hostile ones."""

from __future__ import annotations

import os
import shutil
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from admin.commands import collect
from admin.course.layout import Course
from tests.unit import desk
from tests.unit.desk import Student

FILE = "convolutional_networks.ipynb"
LIST = (
    Student("mira", "Mira", "Öztürk", "mira@x", "101", handed_in=None),
    Student("jonas", "Jonas", "Meyer", "jm@x", "102", handed_in=None),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return desk.make(tmp_path_factory.mktemp("listed"), LIST)


@pytest.fixture(scope="module")
def unlisted(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return desk.make(tmp_path_factory.mktemp("unlisted"), ())


@pytest.fixture
def course(made: Course, tmp_path: Path) -> Course:
    return Course(Path(shutil.copytree(made.root, tmp_path / "course")))


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def run(course: Course, *sources: Path) -> int:
    return collect.main(["--course", str(course.root), *map(str, sources)])


def handed_in(course: Course) -> dict[str, dict[str, bytes]]:
    """Files by student, with nothing else left in submitted/."""
    top = course.root / "submitted"
    return {
        folder.name: {
            str(path.relative_to(folder / "convnet")): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        for folder in top.iterdir()
    }


def test_moodles_folders(course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With an archive in an archive, a text in place of a file, and a time that is made up."""
    inner = zipped(tmp_path / "inner.zip", {"my work.ipynb": b"M"}).read_bytes()
    archive = zipped(
        tmp_path / "course-Convolution-4711.zip",
        {
            "Mira Öztürk_101_assignsubmission_file_/work.zip": inner,
            "Mira Öztürk_101_assignsubmission_onlinetext_/onlinetext.html": b"<p>",
            "Jonas Meyer_102_assignsubmission_file_/nb.ipynb": b"J",
            "Jonas Meyer_102_assignsubmission_file_/timestamp.txt": b"2020-01-01 00:00:00 UTC",
        },
    )
    assert run(course, archive) == 1, "a text is nobody's hand-in"
    assert handed_in(course) == {"mira": {"work/my work.ipynb": b"M"}, "jonas": {FILE: b"J"}}
    said = capsys.readouterr().out
    assert "a text written into Moodle, and no file" in said
    assert "2 new, 0 replaced, 0 unchanged" in said
    assert run(course, archive) == 1
    assert "0 new, 0 replaced, 2 unchanged" in capsys.readouterr().out


def test_moodles_flat_archive(course: Course, tmp_path: Path) -> None:
    names = ("Mira Öztürk_101_assignsubmission_file_a.ipynb", "Mira Öztürk_101_assignsubmission_file_b.png")
    assert run(course, zipped(tmp_path / "flat.zip", dict.fromkeys(names, b"x"))) == 0
    assert handed_in(course) == {"mira": {FILE: b"x", "b.png": b"x"}}


def test_canvas(course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a file handed in again the one with the higher number counts; who was late is said."""
    archive = zipped(
        tmp_path / "submissions.zip",
        {
            f"öztürkmira_101_5001_{FILE}": b"first",
            "öztürkmira_101_5010_convolutional_networks-1.ipynb": b"second",
            "öztürkmira_101_5002_notes.txt": b"n",
            "meyerjonas_LATE_102_6000_other.ipynb": b"J",
        },
    )
    assert run(course, archive) == 0
    assert handed_in(course) == {"mira": {FILE: b"second", "notes.txt": b"n"}, "jonas": {FILE: b"J"}}
    assert "jonas handed in late, says Canvas" in capsys.readouterr().out


def test_folders_notebooks_and_which_counts(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By a student's name, as nbgrader has it, an exchange's, a notebook alone: does the latest count?"""
    folder = tmp_path / "in"
    for name in (
        "mira",
        "jonas+convnet+2026-06-01 10:00:00 UTC+abc",
        "jonas+convnet+2026-06-02 10:00:00 UTC",
    ):
        (folder / name).mkdir(parents=True)
        (folder / name / FILE).write_text(name)
    assert run(course, folder) == 0
    assert "jonas has 2 hand-ins, of which the last one counts" in capsys.readouterr().out
    got = handed_in(course)
    assert got["jonas"][FILE] == b"jonas+convnet+2026-06-02 10:00:00 UTC"
    assert got["jonas"]["timestamp.txt"] == b"2026-06-02 10:00:00 UTC"
    shutil.rmtree(folder / "jonas+convnet+2026-06-02 10:00:00 UTC")
    shutil.rmtree(folder / "mira")
    alone = tmp_path / f"mira_{FILE}"
    alone.write_text("alone")
    assert run(course, folder, alone) == 0
    said = capsys.readouterr().out
    assert "jonas: a newer one is there already" in said
    assert "0 new, 1 replaced, 1 unchanged" in said
    assert handed_in(course)["mira"] == {FILE: b"alone"}
    again = zipped(tmp_path / "x.zip", {"Mira Öztürk/convnet/nb.ipynb": b"z", "jonas/nb.ipynb": b"j"})
    assert run(course, alone, again) == 0
    assert "mira has 2 hand-ins, of which the last one counts" in capsys.readouterr().out
    assert handed_in(course)["mira"] == {FILE: b"z"}


def test_two_of_which_nothing_says_which_is_later_are_left(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"mira/nb.ipynb": b"1", "Mira Öztürk/nb.ipynb": b"2", "jonas/nb.ipynb": b"3"}
    assert run(course, zipped(tmp_path / "x.zip", files)) == 1
    assert "mira has 2 hand-ins, and nothing says which is the latest" in capsys.readouterr().out
    assert set(handed_in(course)) == {"jonas"}


def test_unknown_names_are_named_and_left(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "Eve_999_assignsubmission_file_/nb.ipynb": b"x",
        "Jonas Meyer_101_assignsubmission_file_/nb.ipynb": b"x",
        FILE: b"x",
        "readme.txt": b"x",
    }
    assert run(course, zipped(tmp_path / "x.zip", files)) == 1
    said = capsys.readouterr().out
    assert "'Eve' is nobody in the gradebook" in said
    assert "'Jonas Meyer' may be any of 2 in the gradebook" in said
    assert "its name does not say whose it is" in said
    assert "'readme.txt': not a notebook" in said
    assert handed_in(course) == {}


def test_without_a_class_list_folders_are_students_and_platforms_names_say_nothing(
    unlisted: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    eve = "Eve_9_assignsubmission_file_/nb.ipynb"
    files = {"ada/nb.ipynb": b"a", "bo [x]/nb.ipynb": b"b", eve: b"e"}
    assert run(unlisted, zipped(tmp_path / "x.zip", files)) == 1
    said = capsys.readouterr().out
    assert "no student can be called 'bo [x]'" in said
    assert "only a class list can tell: python3 -m admin roster FILE" in said
    assert handed_in(unlisted) == {"ada": {FILE: b"a"}}


def test_what_an_archive_must_not_do(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Absolute paths, paths that lead out, links, a bomb, nested archives, one that is damaged."""
    nested = b"end"
    for depth in range(6):
        nested = zipped(tmp_path / "deep.zip", {f"{depth}.zip": nested}).read_bytes()
    mira = "Mira Öztürk_101_assignsubmission_file_/"
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("/etc/absolute.ipynb", b"x")
        archive.writestr("../../outside.ipynb", b"x")
        archive.writestr(mira + "nb.ipynb", b"M")
        link = zipfile.ZipInfo(mira + "link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, b"/etc/passwd")
        archive.writestr(mira + "deep.zip", nested)
        bomb = zipped(tmp_path / "bomb.zip", {"zeros": bytes(1_234_567)}).read_bytes()
        sizes = (struct.pack("<L", size) for size in (1_234_567, 300_000_000))
        archive.writestr(mira + "bomb.zip", bomb.replace(*sizes))
        archive.writestr("Jonas Meyer_102_assignsubmission_file_/cut.zip", b"PK\x03\x04")
    assert run(course, path) == 0
    got = handed_in(course)
    assert got["mira"][FILE] == b"M" if FILE in got["mira"] else got["mira"]["nb.ipynb"] == b"M"
    assert not any("zeros" in name or "link" in name for name in got["mira"])
    assert sum(map(len, got["mira"].values())) < 10_000
    said = capsys.readouterr().out
    for words in ("absolute.ipynb", "outside.ipynb", "(a link)", "too large: 300 MB", "damaged"):
        assert words in said
    assert "(more than 3 archives in one another)" in said
    assert not any(name.endswith(".zip") for name in got["mira"])
    assert not (tmp_path / "outside.ipynb").exists()
    assert sorted(os.listdir(course.root / "submitted")) == ["jonas", "mira"]


def test_what_is_no_source_is_refused_before_anything_is_collected(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = zipped(tmp_path / "x.zip", {"mira/nb.ipynb": b"x"})
    (tmp_path / "hand-ins.7z").write_bytes(b"7z")
    assert run(course, good, tmp_path / "hand-ins.7z") == 1
    assert "neither a folder nor a file of a kind that we can read" in capsys.readouterr().err
    assert run(course, good, tmp_path / "missing.zip") == 1
    assert "There is no file or folder" in capsys.readouterr().err
    assert not (course.root / "submitted").exists()
