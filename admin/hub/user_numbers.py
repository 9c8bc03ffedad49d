"""Configuration of JupyterHub: in containers and pods, each student has a user number of their own.

In nbgrader's exchange, who owns a file is who handed it in, and the system keeps them apart. In containers
all students would be one and the same user, who may read and change what the others hand in. So each gets a
user number, 10,000 and the hub's own number of them, and whoever collects finds their name in a list of the
kind of /etc/passwd, CONVNET_USERS_FILE (default: /var/lib/extrausers/passwd, where Debian's
libnss-extrausers looks).

The hub's numbers come from its database: keep it for the term, and delete no user in it.
"""

import os
import re
from pathlib import Path
from typing import Any

c: Any = globals()["c"]  # put there by JupyterHub's loader; Zero to JupyterHub has another get_config()

USERS = Path(os.environ.get("CONVNET_USERS_FILE", "/var/lib/extrausers/passwd"))


def number(spawner: Any) -> int:
    """The student's number for the system."""
    return 10_000 + int(spawner.user.id)


def note(spawner: Any) -> None:
    """Write the student's name and number into the list, in place of what it had of either."""
    name, own = spawner.user.name, number(spawner)
    if not re.fullmatch(r"[\w.@+-]+", name):
        raise ValueError(f"{name!r} is no name for the list of users: letters, digits and . @ + - _ are")
    lines = USERS.read_text(encoding="utf-8").splitlines() if USERS.exists() else []
    kept = [line for line in lines if line.split(":")[0] != name and line.split(":")[2] != str(own)]
    new = USERS.with_name(f"{USERS.name}.new")
    new.write_text("\n".join([*kept, f"{name}:x:{own}:100::/home/student:/bin/sh", ""]), encoding="utf-8")
    new.chmod(0o644)
    new.replace(USERS)  # all of it or nothing: somebody may be reading


c.Spawner.pre_spawn_hook = note
c.DockerSpawner.extra_create_kwargs = lambda spawner: {"user": f"{number(spawner)}:100"}
c.KubeSpawner.uid = number
c.KubeSpawner.gid = 100
