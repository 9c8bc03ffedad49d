"""Opens the notebook: `python3 start.py`, or one of the start files beside it.

The first time, it installs what the notebook needs, into .venv beside this file.
Arguments go to JupyterLab, such as --no-browser or --port 9000. Standard library only.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "setup"))
sys.dont_write_bytecode = True  # no folder that nobody asked for

import bootstrap  # noqa: E402  (needs the lines above)

REQUIREMENTS = "setup/requirements.txt"
FOLDER, NOTEBOOK = "convnet", "convolutional_networks.ipynb"


def main(arguments: list[str]) -> int:
    """Set up if need be, and serve until Ctrl-C."""
    lab = ["-P", "-m", "jupyterlab", f"--ServerApp.root_dir={HERE / FOLDER}"]
    # As the server's first page, so that the address it prints leads there, also without a browser
    lab.append(f"--LabApp.default_url=/lab/tree/{NOTEBOOK}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        lab.append("--allow-root")  # in a container; Jupyter would refuse
    try:
        if not (HERE / FOLDER / NOTEBOOK).exists():
            raise bootstrap.Missing(f"{FOLDER}/{NOTEBOOK} is missing: unpack the whole archive again.")
        if not bootstrap.is_ready(REQUIREMENTS):
            bootstrap.set_up(REQUIREMENTS)
        print("The notebook opens in your browser. To stop: Ctrl-C here, twice.", file=sys.stderr, flush=True)
        return bootstrap.run_inside([*lab, *arguments])
    except bootstrap.Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
