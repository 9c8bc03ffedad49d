"""`python3 -m admin hub`: a JupyterHub with this course on this machine.

Standard library only: in a clone it looks at what is there and makes the hub's copy, in which it then runs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
from pathlib import Path

from admin.bootstrap import Missing
from admin.hub import accounts, place
from admin.hub.accounts import People

EPILOG = f"""The first run needs --trial or --users FILE; later ones start the hub that is set up.

FILE has a name in each line, with ", instructor" behind those who teach. Who has no unix account gets one,
with a password that is shown once. Programs, exchange and the hub's own files lie in {place.PLACE},
the course in the home of {place.COURSE_ACCOUNT}.
"""


def main(argv: list[str]) -> int:
    """Serve until Ctrl-C. 1 when something is missing, which is said in one sentence."""
    options = parser().parse_args(argv)
    refuse_without_root()
    if options.remove:
        return remove()
    if place.is_here():
        from admin.hub import serve  # needs the environment

        return serve.run(options.port)
    people = People.kept()
    roles = wanted(options, people)
    people = people or People(trial=bool(options.trial))
    accounts.refuse_strangers(roles, people)
    if place.STATE.is_dir():
        with place.the_only_one():
            place.end_hub(at_once=True)  # one whose command was killed lives on, and holds the ports
    python = needed(options.port)
    place.copy()
    place.STATE.mkdir(mode=0o700, exist_ok=True)
    passwords = accounts.add(roles, people)
    tell(passwords, people)
    place.give_admin_to(accounts.group_of(place.COURSE_ACCOUNT))
    os.umask(0o022)  # what is installed there is for all to read
    command = [python, str(place.PLACE / "admin"), "hub", "--port", str(options.port)]
    return os.execv(command[0], command)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m admin hub",
        allow_abbrev=False,
        description="Starts a JupyterHub with this course, for the users of this machine. Needs root.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--users", metavar="FILE", type=Path, help="let these people sign in")
    what.add_argument(
        "--trial",
        metavar="STUDENTS",
        type=int,
        choices=range(1, 201),
        nargs="?",
        const=len(accounts.TRIAL),
        help="try it: two students, or so many (up to 200), and a teacher, made for it",
    )
    what.add_argument("--remove", action="store_true", help="end a trial, with its users, servers and files")
    parser.add_argument(
        "--port", type=int, default=8000, help="where the hub answers; takes the two after it, too (8000)"
    )
    return parser


def wanted(options: argparse.Namespace, people: People | None) -> dict[str, str]:
    """Whom to let in, with their roles. Raises Missing where the options do not fit what is set up."""
    if people is None and not (options.trial or options.users):
        raise Missing(
            "No hub is set up on this machine yet: name its users (--users FILE), or try it with --trial."
        )
    if people and options.trial and not people.trial:
        raise Missing(f"{place.PLACE} holds a hub with users of its own: start it without --trial.")
    if people and options.users and people.trial:
        raise Missing("A trial is set up on this machine: end it first, with python3 -m admin hub --remove.")
    if options.users:
        return accounts.read(options.users)
    return accounts.trial(options.trial) if options.trial else {}


def refuse_without_root() -> None:
    if os.geteuid() != 0:
        raise Missing("A hub starts servers as their users, which takes root: sudo python3 -m admin hub …")


def needed(port: int) -> str:
    """A Python for the hub's copy, after a look at all that a hub needs. Raises Missing for what lacks."""
    for program, package in (
        ("node", "nodejs"),
        ("npm", "npm"),
        ("useradd", "passwd"),
        ("chpasswd", "passwd"),
    ):
        if shutil.which(program) is None:
            raise Missing(
                f"There is no {program} on this machine. On Debian and Ubuntu: apt install {package}"
            )
    if not 0 < port < 2**16 - 2:
        raise Missing(f"There is no port {port}: choose one from 1 to 65533.")
    for each in range(port, port + 3):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", each))
            except OSError as error:
                raise Missing(
                    f"Port {each} can't be had ({error.strerror}): end what uses it, or choose another "
                    "with --port."
                ) from None
    if not (python := place.python_for_all()):
        raise Missing(
            "The only Python here that fits lies where others can't go, so students couldn't run it. "
            "On Debian and Ubuntu: apt install python3 python3-venv"
        )
    return python


def tell(passwords: dict[str, str], people: People) -> None:
    """Show new passwords, this once, and homes that others may look into."""
    if passwords:
        width = max(map(len, passwords))
        print("New accounts and their passwords, shown this once (passwd NAME sets another):")
        for name, password in passwords.items():
            print(f"  {name:{width}}  {password}")
        print()
    for name in accounts.open_homes(people):
        print(f"Others may look into the home of {name}: chmod 700 ~{name}")


def remove() -> int:
    """Take a trial away; the machine is then as it was."""
    people = People.kept()
    if people is None:
        raise Missing("No hub is set up on this machine.")
    if not people.trial:
        raise Missing(
            f"This hub is no trial: the course and all grades are in the home of {place.COURSE_ACCOUNT}. "
            "admin/docs/hub.md says how to take it down by hand."
        )
    place.end_hub()
    accounts.remove(people)
    place.remove()
    print("The trial is gone: users with their homes and servers, course, exchange and programs.")
    return 0
