"""The unix accounts of a hub: who is a student and who an instructor; made here, and removed with a trial.

Standard library only. Needs root.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from admin.bootstrap import Missing
from admin.hub.place import COURSE_ACCOUNT, STATE, processes

FILE = STATE / "people.json"
NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
ROLES = ("student", "instructor")
FIRST_OF_PEOPLE = 1000
"""Accounts of the system have smaller numbers (UID_MIN in /etc/login.defs)."""
TRIAL = ("trial-anna", "trial-ben")
# Letters and digits that nobody takes for one another
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass
class People:
    """Who may sign in, and which accounts were made for the hub (and with it go)."""

    students: list[str] = field(default_factory=list)
    instructors: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    trial: bool = False

    @classmethod
    def kept(cls) -> People | None:
        """Those of the hub that is set up here, if one is."""
        try:
            return cls(**json.loads(FILE.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise Missing(f"{FILE} can't be read ({error}): put it back from a backup.") from None

    def keep(self) -> None:
        """Write them down, all or nothing, for root alone."""
        new = FILE.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(vars(self), indent=2), encoding="utf-8")
        new.replace(FILE)


def trial(students: int) -> dict[str, str]:
    """Names for a trial with so many students, and a teacher."""
    names = (*TRIAL, *(f"trial-{number:03}" for number in range(3, students + 1)))[:students]
    return dict.fromkeys(names, "student") | {"trial-teacher": "instructor"}


def read(path: Path) -> dict[str, str]:
    """A file of users: a name in each line, `, instructor` behind those who teach; # begins a comment.

    Raises Missing for a line that says something else, with its number.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Missing(f"{path} can't be read: {getattr(error, 'strerror', '') or 'it is no text'}.") from None
    roles: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        words = [word.strip() for word in line.partition("#")[0].split(",")]
        if words == [""]:
            continue
        name, role = words[0], words[1] if len(words) == 2 else "student"
        if len(words) > 2 or role not in ROLES or not NAME.fullmatch(name):
            raise Missing(
                f"{path}, line {number}: {line.strip()!r} is not a name, or a name with ', instructor'. "
                "A name has up to 32 of a–z, 0–9, _ and -, and begins with a letter or _."
            )
        if roles.setdefault(name, role) != role:
            raise Missing(
                f"{path}, line {number}: {name} is a student and an instructor; leave one of them out."
            )
    if "instructor" not in roles.values():
        raise Missing(f"{path} names no instructor: put ', instructor' behind one of the names.")
    return roles


def refuse_strangers(names: Iterable[str], people: People) -> None:
    """Raise Missing where a name is an account of the system, or, in a trial, anybody's."""
    for name in (*names, COURSE_ACCOUNT):
        if name in people.made or (user := user_of(name)) is None:
            continue
        if user.pw_uid < FIRST_OF_PEOPLE and name != COURSE_ACCOUNT:
            raise Missing(f"{name} is an account of the system: give this user of the hub another name.")
        if people.trial or name == COURSE_ACCOUNT:
            raise Missing(
                f"There is an account {name} already, which is not of this hub: remove or rename it first."
            )


def add(roles: dict[str, str], people: People) -> dict[str, str]:
    """Let these people sign in, after making the accounts that are missing; the new ones' passwords.

    What was made is written down before the next is made: a cut-off run is taken up by the next.
    """
    if user_of(COURSE_ACCOUNT) is None:
        people.made.append(COURSE_ACCOUNT)
        people.keep()
        _make(COURSE_ACCOUNT, "--system", "--user-group")
    passwords = {}
    for name, role in roles.items():
        if user_of(name) is None:
            people.made.append(name)
            people.keep()
            _make(name)
            passwords[name] = password()
            _run("chpasswd", text=f"{name}:{passwords[name]}\n")
        same, other = (
            (people.students, people.instructors)
            if role == "student"
            else (people.instructors, people.students)
        )
        with suppress(ValueError):
            other.remove(name)
        if name not in same:
            same.append(name)
    people.keep()
    return passwords


def open_homes(people: People) -> list[str]:
    """Those whose home others may look into, which is not ours to change."""
    users = [user for name in (*people.students, *people.instructors) if (user := user_of(name))]
    return [
        user.pw_name for user in users if os.path.isdir(user.pw_dir) and os.stat(user.pw_dir).st_mode & 0o077
    ]


def remove(people: People) -> None:
    """End what the accounts of this hub run, and remove them and their files."""
    users = [user for name in people.made if (user := user_of(name))]
    numbers = {user.pw_uid for user in users}
    _end_all_of(numbers)
    for user in users:
        _run("userdel", "--remove", user.pw_name)
    for folder in ("/tmp", "/var/tmp", "/dev/shm"):
        for entry in os.scandir(folder):
            if entry.stat(follow_symlinks=False).st_uid in numbers:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    os.unlink(entry.path)


def user_of(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def group_of(name: str) -> int:
    return pwd.getpwnam(name).pw_gid


def password() -> str:
    """Three groups of five letters and digits: 75 bits, and easy to type."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(3))


def _make(name: str, *options: str) -> None:
    _run("useradd", "--create-home", "--shell", "/bin/bash", *options, name)
    home = pwd.getpwnam(name).pw_dir
    os.chmod(home, 0o700)


def _end_all_of(numbers: set[int]) -> None:
    """Kill every process of these users, until none is left."""
    for _ in range(100):
        found = [pid for pid in processes() if _owner(pid) in numbers]
        if not found:
            return
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _owner(pid: int) -> int:
    """Of a process that still runs; -1 of one that has ended."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            if stat.read().rpartition(b") ")[2][:1] == b"Z":
                return -1
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return -1


def _run(*command: str, text: str = "") -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    # 12: userdel found no mail spool, or a home that is gone already
    if done.returncode not in ((0, 12) if command[0] == "userdel" else (0,)):
        raise Missing(f"{' '.join(command)} failed: {done.stderr.strip() or done.returncode}")
