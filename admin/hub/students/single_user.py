"""Starts somebody's Jupyter server on a hub, as its owner: within bounds, and with the data sets at hand.

`python single_user.py [ARGUMENTS OF jupyterhub-singleuser]`. CONVNET_MEMORY_GB bounds each process's own
memory, CONVNET_PROCESSES the owner's processes and threads; 0, or none, is no bound. Where systemd starts
servers, it bounds all processes of a server together, and these are left out.
"""

from __future__ import annotations

import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

DATASETS = Path(__file__).resolve().parents[1] / "datasets"
"""Files that keras.datasets would download, such as mnist.npz. Need not exist."""

NICE = 5  # the hub and its proxy answer first


def main() -> None:
    os.umask(0o077)
    os.nice(NICE)
    bound(resource.RLIMIT_DATA, 2**30 * int(os.environ.get("CONVNET_MEMORY_GB", "0")))
    bound(resource.RLIMIT_NPROC, int(os.environ.get("CONVNET_PROCESSES", "0")))
    link_datasets(Path.home() / ".keras" / "datasets")
    server = Path(sys.executable).with_name("jupyterhub-singleuser")
    os.execv(server, [str(server), *sys.argv[1:]])


def bound(what: int, most: int) -> None:
    """Set a limit of this process and its children that they can't raise again."""
    if most:
        resource.setrlimit(what, (most, most))


def link_datasets(folder: Path) -> None:
    """Link what lies in DATASETS into the user's own cache.

    A cache that can't be written to won't do: Keras then takes /tmp/.keras, which the first user owns.
    https://github.com/keras-team/keras/blob/v3.15.0/keras/src/utils/file_utils.py
    """
    if not DATASETS.is_dir():
        return
    with suppress(
        OSError
    ):  # a full disk, or a folder of the user's own in the way: they download, or have it
        folder.mkdir(parents=True, exist_ok=True)
        for each in DATASETS.iterdir():
            if not (folder / each.name).exists():
                (folder / each.name).symlink_to(each)


if __name__ == "__main__":
    main()
