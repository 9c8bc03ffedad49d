"""`python3 -m admin lab`: JupyterLab on the student notebook, with nbgrader's pages for our course."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from urllib.parse import quote

from admin.course.layout import Course

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "notebooks" / "convolutional_networks.ipynb"


def main(argv: list[str]) -> int:
    """Serve until Ctrl-C; arguments other than --course go to JupyterLab."""
    parser = argparse.ArgumentParser(
        prog="python3 -m admin lab",
        allow_abbrev=False,
        description="Opens JupyterLab on the student notebook, or on the released one of a course elsewhere.",
        epilog="All other arguments go to JupyterLab, such as --no-browser or --port 9000 "
        "(the whole list: .venv/bin/jupyter lab --help).",
    )
    parser.add_argument(
        "--course",
        metavar="DIR",
        help="the course of nbgrader's pages",
    )
    options, arguments = parser.parse_known_args(argv)
    course = set_environment(options.course)
    server_root, notebook = served(course)
    if not notebook.is_file():
        where = "" if server_root == ROOT else f" --course '{course}'"
        print(f"There is no notebook yet: python3 -m admin build{where} makes it.")
        return 1

    # As the server's first page, so that the address it prints leads there, also without a browser
    page = "/lab/tree/" + quote(notebook.relative_to(server_root).as_posix())
    arguments += [f"--ServerApp.root_dir={server_root}", f"--LabApp.default_url={page}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")  # in a container; Jupyter would refuse

    print(
        "Pages of the server below, to which formgrader links: /grading, and /by_hand for grading by hand.",
        flush=True,
    )

    from jupyterlab.labapp import LabApp

    LabApp.launch_instance(arguments)
    return 0


def served(course: Path) -> tuple[Path, Path]:
    """The folder that the server shows, and the notebook it opens.

    formgrader shows only courses below the server's folder. For a course elsewhere that is its own folder,
    and none above it, which may be somebody's home or the whole machine.
    """
    if course.is_relative_to(ROOT):
        return ROOT, NOTEBOOK
    return course, course / "release" / "convnet" / NOTEBOOK.name


def set_environment(course: str | None) -> Path:
    """Tell nbgrader, here and in all that we start, of our configuration and course; the course's path."""
    folder = Course.at(course).root
    os.environ["CONVNET_COURSE"] = str(folder)  # read by nbgrader_config.py
    paths = [str(ROOT / "admin" / "config"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    return folder
