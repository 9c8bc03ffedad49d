"""The command line: `python3 -m admin COMMAND` in the top folder, elsewhere `python3 PATH/admin COMMAND`.

Standard library only, and readable by an older Python: this runs before there is an environment.
"""

from __future__ import annotations

import sys
from pathlib import Path

ADMIN = Path(__file__).resolve().parent
if not __package__:
    # Started as `python3 PATH/admin`: Python has put admin/ itself first on the path, where our nbgrader.py
    # would hide the package of that name. The import root is the folder above.
    sys.path[0] = str(ADMIN.parent)

from admin import bootstrap  # noqa: E402  (needs the line above)

# command: (arguments, what it does, what has to be installed)
COURSE = "requirements.txt"
TESTS = "tests/requirements.txt"
HUB = "admin/hub/requirements.txt"
CLUSTER = "admin/cluster/requirements.txt"
COMMANDS = {
    "demo": (
        "[--course DIR] [--class N]",
        "build the course, grade a sample class, show the table of points",
        COURSE,
    ),
    "test": ("[PYTEST ARGS]", "run all tests", TESTS),
    "lab": ("[--course DIR] [JUPYTERLAB ARGS]", "open JupyterLab on the student notebook", COURSE),
    "build": ("[--course DIR] [--check]", "make the student notebook and the nbgrader course", COURSE),
    "grade": (
        "[--course DIR] [--student ID]… [--workers N] [--force] [--watch] [--cluster ADDRESS] "
        "[--without-sandbox]",
        "grade what is in the course's submitted/ folder, or with --watch what comes in",
        COURSE,
    ),
    "scheduler": ("[DASK ARGS]", "start the scheduler of a cluster, for grade --cluster", CLUSTER),
    "worker": (
        "ADDRESS [--workers N] [DASK ARGS]",
        "let this machine grade for a cluster, as grade --cluster asks it to",
        CLUSTER,
    ),
    "report": (
        "[--course DIR] [--anonymous] [--help-below SHARE]",
        "write a page on what the class has understood",
        COURSE,
    ),
    "roster": ("FILE [--id COLUMN] [--course DIR]", "read a class list, also of Canvas or Moodle", COURSE),
    "collect": (
        "[ARCHIVE]… [--course DIR]",
        "put hand-ins of Moodle, Canvas or folders where they belong",
        COURSE,
    ),
    "export": (
        "--to canvas|moodle|gradescope|csv|gradescope-autograder FILE "
        "[--output FILE] [--student ID]… [--course DIR]",
        "write the grades as the file that a learning platform takes",
        COURSE,
    ),
    "similar": (
        "[--course DIR] [--at-least SHARE]",
        "write a page with cells of the class that are much alike",
        COURSE,
    ),
    "hub": (
        "[--users FILE | --trial [STUDENTS] | --remove] [--port N]",
        "start a JupyterHub with the course, for the users of this machine",
        HUB,
    ),
    "doctor": ("[--course DIR]", "try what grading needs on this machine, part by part", COURSE),
    "mutants": (
        "[TASK]… [--workers N] [--model-answers] [--record]",
        "change checks and model answers in one place at a time; say what nothing notices",
        TESTS,
    ),
    "nbgrader": ("[--course DIR] …", "nbgrader's own commands, with our configuration", COURSE),
}
HELP = ("-h", "--help", "help")


def main(argv: list[str]) -> int:
    """Run a command in the environment, which is made first if need be; the exit code is the command's."""
    command, arguments = (argv[0], argv[1:]) if argv else ("", [])
    if command in HELP:
        print(usage())
        return 0
    if command not in COMMANDS:
        reason = f"There is no command '{command}'." if command else "Which command?"
        print(f"{reason}\n{usage()}", file=sys.stderr)
        return 2

    options, summary, requirements = COMMANDS[command]
    try:
        if command == "hub" and sys.platform == "win32":
            raise bootstrap.Missing("A hub runs on Linux. In WSL, Windows' own, it was not tried.")
        if command == "hub" and not is_in_place():
            from admin.commands import hub  # needs no environment: that belongs to the copy that it makes

            return hub.main(arguments)
        ready = bootstrap.is_ready(requirements)
        if not ready:
            if set(HELP[:2]) & set(arguments):
                # A question is answered at once, not after a minute of installing.
                print(f"usage: python3 -m admin {command} {options}\n\n{summary}")
                print("\nThe first run of a command sets up .venv; then this help says more.")
                return 0
            bootstrap.set_up(requirements)
        if not (ready and bootstrap.is_inside()):
            return bootstrap.run_inside([str(ADMIN), command, *arguments])
        bootstrap.leave_out_slow_imports()
        import importlib  # not needed before, and every start pays for what stands at the top

        return int(importlib.import_module(f"admin.commands.{command}").main(arguments) or 0)
    except bootstrap.Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def is_in_place() -> bool:
    """True when this is the copy from which a hub runs."""
    from admin.hub import place

    return place.is_here()


def usage() -> str:
    """One line a command."""
    lines = ["usage: python3 -m admin COMMAND [--help] …", ""]
    lines += [f"  {name:10}{summary}" for name, (_, summary, _) in COMMANDS.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
