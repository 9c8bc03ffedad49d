"""The files of a session: its own copy of what was handed in, of what can be copied, and nothing else."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from admin.sandbox.files import Packed, packed
from admin.sandbox.guest.session import unpack
from admin.sandbox.host import Sandbox, Session
from admin.sandbox.limits import BadSubmission, Limits
from tests.grading.sessions import LIMITS, shown
from tests.needs import needs_sandbox


@needs_sandbox
def test_the_folder_is_a_private_copy_without_links(sandbox: Sandbox, tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("mine")
    (tmp_path / "link").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe")
    with sandbox.session(tmp_path) as session:
        assert shown(session, "open('data/a.txt').read()") == "'mine'"
        assert shown(session, "import os; sorted(os.listdir())") == "['data']"
        session.run("open('data/a.txt', 'w').write('changed')")
    assert (tmp_path / "data" / "a.txt").read_text() == "mine"


@needs_sandbox
def test_released_files_lie_over_whatever_has_their_names(sandbox: Sandbox, tmp_path: Path):
    """A folder called helpers.py/, a file called figures: are the released ones there, and all else too?"""
    student, release = tmp_path / "student", tmp_path / "release"
    (student / "helpers.py" / "deep").mkdir(parents=True)
    (student / "helpers.py" / "deep" / "x").write_text("mine")
    (student / "figures").write_text("mine")
    (student / "both").mkdir()
    (student / "both" / "a").write_text("mine")
    (release / "figures").mkdir(parents=True)
    (release / "figures" / "one.svg").write_text("released")
    (release / "helpers.py").write_text("released = True")
    (release / "both").mkdir()
    (release / "both" / "b").write_text("released")
    with sandbox.session(student, release) as opened:
        said = shown(opened, "import os\nsorted(os.path.join(r, f) for r, _, n in os.walk('.') for f in n)")
        assert said == "['./both/a', './both/b', './figures/one.svg', './helpers.py']"
        assert shown(opened, "import helpers; helpers.released") == "True"


@needs_sandbox
def test_odd_names_get_in_as_they_are(sandbox: Sandbox, tmp_path: Path):
    """Not UTF-8 (old Windows archives), newlines, backslashes, emoji, very long: are the bytes the same?"""
    names = [b"gr\x81n.txt", b"a\nb", b"a\\b", "🎈".encode(), b"x" * 250, b"-rf", b"\xff\xfe", b"tab\t"]
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(name)
    with sandbox.session(tmp_path) as opened:
        said = shown(opened, "import os\nsorted((n, open(n, 'rb').read()) for n in os.listdir(b'.'))")
    assert said.replace(" ", "").replace("\n", "") == repr(sorted((n, n) for n in names)).replace(" ", "")


@needs_sandbox
def test_without_walls_too_a_session_finds_only_its_own_files(tmp_path: Path):
    """One student after the other in the same process: is the first one's file gone?"""
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        (folder / f"{folder.name}.txt").write_text("x")
    with Sandbox(LIMITS, isolated=False) as sandbox:
        for folder in (one, two):
            with sandbox.session(folder) as opened:
                assert shown(opened, "import os; os.listdir()") == f"['{folder.name}.txt']"


# --- What is let in -------------------------------------------------------------------------------


def test_what_is_no_file_is_left_out_and_waited_for_by_nobody(tmp_path: Path):
    """Pipes, sockets, links, folders without end: is only the regular file packed?"""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "folder link").symlink_to("/etc")
    (tmp_path / "a").write_text("a")
    deep = tmp_path
    for _ in range(1500):  # pytest's own cleaning up has no way down there, so this goes by the test's own
        deep = deep / "d"
    here = os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")
        Path("bottom").write_text("x")
        os.chdir(here)
        assert [name for name, _, _ in packed([tmp_path], LIMITS).names] == ["a"]
    finally:
        os.chdir(here)
        remove_deep(tmp_path / "d")


def remove_deep(folder: Path) -> None:
    """shutil.rmtree is recursive, and this is deeper than recursion goes."""
    while (folder / "d").exists():
        os.rename(folder / "d", folder.with_name("next"))
        shutil.rmtree(folder)
        os.rename(folder.with_name("next"), folder)
    shutil.rmtree(folder)


def test_too_many_files_are_the_submissions_fault(tmp_path: Path):
    """20,100 files: one sentence about the submission, and no word about the machine?"""
    for number in range(20_100):
        (tmp_path / str(number)).touch()
    with pytest.raises(BadSubmission, match="more than 18,000 files and folders"):
        packed([tmp_path], Limits())
    shutil.rmtree(tmp_path)


def test_too_large_files_are_refused_without_reading_them(tmp_path: Path):
    """A sparse file of 100 GB: is it refused in no time?"""
    with open(tmp_path / "large", "wb") as file:
        file.truncate(100 << 30)
    started = time.process_time()
    with pytest.raises(BadSubmission, match="larger than 268 MB"):
        packed([tmp_path], Limits())
    assert time.process_time() - started < 5


def test_a_large_folder_is_refused(tmp_path: Path):
    """Not sparse, and a megabyte too large: refused as well?"""
    (tmp_path / "x").write_bytes(bytes(33 << 20))
    with pytest.raises(BadSubmission, match="larger than"):
        packed([tmp_path], Limits(disk_bytes=32 << 20))
    shutil.rmtree(tmp_path)


@needs_sandbox
@pytest.mark.parametrize("count", [17_900, 3], ids=["many", "large"])
def test_all_that_may_be_packed_can_be_unpacked(sandbox: Sandbox, tmp_path: Path, count: int):
    """The most and the largest that are let through: does the session start, with room for the rest?"""
    size = 1 if count > 3 else (LIMITS.disk_bytes // count) // 4096 * 4096 - (1 << 20)
    for number in range(count):
        (tmp_path / f"{number:0>200}").write_bytes(bytes(size))
    with sandbox.session(tmp_path) as opened:
        assert shown(opened, "import os; len(os.listdir())") == str(count)
        assert shown(opened, "open('/tmp/x', 'w').write('x')") == "1"
    shutil.rmtree(tmp_path)


@needs_sandbox
def test_what_an_unpacking_refuses_is_the_submissions_fault(sandbox: Sandbox):
    """Files that no folder can hold together: a sentence on the submission, not on the machine?"""
    sandbox.start()
    assert sandbox._running is not None
    clash = Packed((("a", 1, 0), ("a/b", 1, 0)), b"xy")
    with pytest.raises(BadSubmission, match=r"can't be put into a session \(.*irectory|exists"):
        Session(sandbox._running, LIMITS, clash)


@pytest.mark.parametrize("name", ["../x", "/x", "a//x", "a/../../x", ".", "", "a\0b", "link/x", "there"])
def test_nothing_is_unpacked_outside_or_over_what_is_there(tmp_path: Path, name: str):
    """No way out by a name, nor by a link that lies there?"""
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (inside / "link").symlink_to("../outside/gone")
    (inside / "there").write_text("before")
    with pytest.raises((ValueError, OSError)):
        unpack([[name, 1, 0]], np.frombuffer(b"x", np.uint8), str(inside))
    assert list(outside.iterdir()) == []
    assert (inside / "there").read_text() == "before"
