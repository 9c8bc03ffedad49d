"""Part of a hub's configuration: servers of students and of the course, as unix users and within bounds.

A folder on JUPYTER_CONFIG_PATH for each kind is all that makes them differ: nothing is switched on or off for
the whole environment, which others may use as well.
"""

import pwd
import sys
from pathlib import Path

c = get_config()  # put there by JupyterHub's loader

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY))
from admin.hub.place import COURSE_ACCOUNT, EXCHANGE, PLACE, STUDENTS  # noqa: E402

# Bounds: gigabytes of a process (a kernel that trains on the whole sets has 4.7 for a moment, see
# admin/docs/hub-gpus.md), and processes and threads of a user. The processors are shared fairly: all servers
# are equally nice.
MEMORY_GB, PROCESSES = 6, 1000
# All servers of one machine would each take every core for every step.
THREADS = 2

STUDENT_SETTINGS = PLACE / STUDENTS
COURSE_SETTINGS = [REPOSITORY / "admin" / "hub" / "course", REPOSITORY / "admin" / "config"]


def settings_of(spawner):
    """The folders with the settings of this server, as JUPYTER_CONFIG_PATH has them."""
    folders = COURSE_SETTINGS if spawner.user.name == COURSE_ACCOUNT else [STUDENT_SETTINGS]
    return ":".join(map(str, folders))


def course_of(spawner):
    """The course's folder, for its server alone."""
    if spawner.user.name != COURSE_ACCOUNT:
        return ""
    return str(Path(pwd.getpwnam(COURSE_ACCOUNT).pw_dir) / "course")


c.Spawner.environment.update(
    {
        "JUPYTER_CONFIG_PATH": settings_of,
        "CONVNET_COURSE": course_of,
        "CONVNET_EXCHANGE": str(EXCHANGE),
        "KERAS_BACKEND": "tensorflow",
        "TF_NUM_INTRAOP_THREADS": str(THREADS),
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
)
c.Spawner.default_url = "/lab"
c.Spawner.http_timeout = 120  # seconds; a room full of students starts at once
c.Spawner.start_timeout = 120

starter = [sys.executable, str(PLACE / STUDENTS / "single_user.py")]
if Path("/run/systemd/system").is_dir():
    # The kernel bounds all processes of a server together; each has a /tmp of its own, and no way to root.
    c.JupyterHub.spawner_class = "systemdspawner.SystemdSpawner"
    c.SystemdSpawner.isolate_tmp = True
    c.SystemdSpawner.disable_user_sudo = True
    c.SystemdSpawner.dynamic_users = False
    c.Spawner.mem_limit = f"{MEMORY_GB}G"
    c.Spawner.cpu_limit = float(THREADS)
else:
    c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
    c.Spawner.environment.update({"CONVNET_MEMORY_GB": str(MEMORY_GB), "CONVNET_PROCESSES": str(PROCESSES)})
c.Spawner.cmd = starter
