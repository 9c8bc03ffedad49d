"""`python3 -m admin nbgrader …`: nbgrader's own commands, with our configuration and our course folder."""

from __future__ import annotations

import argparse

from admin.commands.lab import set_environment

HELP = """usage: python3 -m admin nbgrader [--course DIR] …

nbgrader's own commands, run with admin/config/nbgrader_config.py on the course folder DIR (default: course/).
--course may stand anywhere. (nbgrader's own --course, the name of the course in the exchange, is
--CourseDirectory.course_id=NAME here.) What follows is nbgrader's help.
"""


def main(argv: list[str]) -> int:
    """Run nbgrader with these arguments; it ends the process itself when something is wrong."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--course")
    options, arguments = parser.parse_known_args(argv)
    set_environment(options.course)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(HELP)

    from nbgrader.apps.nbgraderapp import NbGraderApp

    from admin.course.layout import quiet

    with quiet():
        NbGraderApp.launch_instance(arguments)
    return 0
