"""`python3 -m admin lab`: JupyterLab on the student notebook, with nbgrader's pages for our course."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks" / "convolutional_networks.ipynb"


def main(argv: list[str]) -> int:
    """Serve until Ctrl-C; arguments other than --course go to JupyterLab."""
    parser = argparse.ArgumentParser(
        prog="python3 -m admin lab",
        allow_abbrev=False,
        description="Opens JupyterLab on the student notebook.",
        epilog="All other arguments go to JupyterLab, such as --no-browser or --port 9000 "
        "(the whole list: .venv/bin/jupyter lab --help).",
    )
    parser.add_argument(
        "--course", metavar="DIR", default=ROOT / "course", help="the course of nbgrader's pages"
    )
    options, arguments = parser.parse_known_args(argv)
    if not NOTEBOOK.exists():
        print("There is no notebook yet: python3 -m admin build makes it.")
        return 1

    course = set_environment(options.course)
    # formgrader shows only courses below the server's root
    server_root = Path(os.path.commonpath([ROOT, course]))
    # As the server's first page, so that the address it prints leads there, also without a browser
    page = "/lab/tree/" + quote(NOTEBOOK.relative_to(server_root).as_posix())
    arguments += [f"--ServerApp.root_dir={server_root}", f"--LabApp.default_url={page}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")  # in a container; Jupyter would refuse

    from jupyterlab.labapp import LabApp

    LabApp.launch_instance(arguments)
    return 0


def set_environment(course: str | Path) -> Path:
    """Tell nbgrader, here and in all that we start, of our configuration and course; the course's path."""
    folder = Path(course).expanduser().resolve()
    os.environ["CONVNET_COURSE"] = str(folder)  # read by nbgrader_config.py
    paths = [str(ROOT / "admin"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    return folder
