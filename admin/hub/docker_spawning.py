"""Configuration of JupyterHub: each server in a container of its own, with a graphics card of its own.

For a hub that has Docker and the NVIDIA container toolkit: `pip install dockerspawner==14.0.0` beside the
hub, and in its configuration `load_subconfig("…/admin/hub/docker_spawning.py")`, then the same for
user_numbers.py beside it. Read from the environment of the hub:

CONVNET_CARDS          the cards, with commas: 0,1,2 or GPU-…,GPU-… or, where cards are sliced, MIG-…,MIG-…
CONVNET_CARDS_FILE     where it is kept who has which (default: cards.sqlite in the hub's folder)
CONVNET_STUDENT_IMAGE  made from admin/hub/containers/student.Containerfile (default: convnet-student)
CONVNET_EXCHANGE       nbgrader's exchange on this machine (default: /srv/nbgrader/exchange)
CONVNET_DATASETS       the files of Keras' data sets, for all to read (default: /srv/convnet/datasets)
"""

import os
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2]))

from admin.hub.cards import from_environment

c: Any = globals()["c"]  # put there by JupyterHub's loader

one_card_each = from_environment()

c.JupyterHub.spawner_class = "dockerspawner.DockerSpawner"
c.DockerSpawner.image = os.environ.get("CONVNET_STUDENT_IMAGE", "convnet-student")
c.DockerSpawner.post_stop_hook = one_card_each.after_stop
c.DockerSpawner.extra_host_config = lambda spawner: {
    "device_requests": one_card_each.device_requests(spawner),
    "shm_size": "1g",  # Docker's own 64 MB are too few for what shares arrays between processes
    "pids_limit": 512,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
}

# A container that is kept would start again with the card that it once had, whoever has it by now.
c.DockerSpawner.remove = True

# A full run takes up to 4.7 GB of memory, measured (admin/docs/hub-gpus.md).
c.DockerSpawner.mem_limit = "6G"

c.DockerSpawner.notebook_dir = "/home/student"
c.DockerSpawner.volumes = {
    "convnet-home-{username}": "/home/student",
    os.environ.get("CONVNET_EXCHANGE", "/srv/nbgrader/exchange"): "/srv/nbgrader/exchange",
}
c.DockerSpawner.read_only_volumes = {
    os.environ.get("CONVNET_DATASETS", "/srv/convnet/datasets"): "/srv/convnet/datasets",
}
