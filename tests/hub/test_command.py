"""`python3 -m admin hub`: what it refuses, each in one sentence and before anything is changed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from admin.bootstrap import Missing
from admin.commands import hub as command
from admin.hub import accounts, place
from admin.hub.accounts import People
from tests.hub.conftest import PYTHON, ROOT

needs_root = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0, reason="only root can be refused for more"
)


def hub(*arguments: object, **more: object) -> str:
    """What the command says when it refuses: one line, and nothing is set up."""
    command = [PYTHON, str(ROOT / "admin"), "hub", *map(str, arguments)]
    before = place.PLACE.exists()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, **more)  # type: ignore[call-overload]
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert place.PLACE.exists() == before
    return str(done.stderr)


def test_help_needs_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "admin", "hub", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert "--trial" in done.stdout
    assert "a password that is shown once" in " ".join(done.stdout.split())


@needs_root
def test_without_root_it_says_so() -> None:
    """Is somebody without root told what it takes?"""
    child = os.fork()
    if child == 0:  # an ordinary user, who could not read this clone: so the code is there already
        os.setuid(65534)
        try:
            command.main(["--trial"])
        except Missing as missing:
            os._exit(0 if "takes root: sudo python3 -m admin hub" in str(missing) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@needs_root
@pytest.mark.skipif(place.PLACE.exists(), reason="there is a hub on this machine")
def test_it_says_what_is_missing_or_in_the_way(tmp_path: Path) -> None:
    """No users named, nothing to remove, no node, a port in use: does each get its sentence?"""
    assert "name its users (--users FILE), or try it with --trial" in hub()
    assert "No hub is set up" in hub("--remove")
    (tmp_path / "node").symlink_to("/bin/true")
    only = {"PATH": str(tmp_path)}
    assert "There is no npm on this machine. On Debian and Ubuntu: apt install npm" in hub(
        "--trial", env=only
    )
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"Port {port} can't be had" in hub("--trial", "--port", port)
        assert f"Port {port} can't be had" in hub("--trial", "--port", port - 2)
    assert "There is no port 65535" in hub("--trial", "--port", 65535)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("anna\nteach, instructor\n# a comment\n\nben, student", ""),
        ("anna\n", "names no instructor"),
        ("Anna Müller\n", "line 1: 'Anna Müller' is not a name"),
        ("teach, instructor\nanna, teacher\n", "line 2: 'anna, teacher' is not a name"),
        ("anna\nanna, instructor\n", "line 2: anna is a student and an instructor"),
    ],
)
def test_a_file_of_users_is_read_or_its_line_is_named(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "users.txt"
    file.write_text(text)
    if said:
        with pytest.raises(Missing, match=said.replace("(", r"\(")):
            accounts.read(file)
    else:
        assert accounts.read(file) == {"anna": "student", "teach": "instructor", "ben": "student"}


def test_accounts_of_the_system_and_of_others_are_left_alone() -> None:
    """Could a hub let the machine's own accounts sign in, or a trial take over somebody's?"""
    with pytest.raises(Missing, match="daemon is an account of the system"):
        accounts.refuse_strangers(["daemon"], People())
    with pytest.raises(Missing, match="root is an account of the system"):
        accounts.refuse_strangers(["root"], People())


def test_passwords_are_long_and_never_the_same() -> None:
    made = {accounts.password() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(each) for each in made} == {17}
