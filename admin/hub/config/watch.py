"""Part of a hub's configuration: hand-ins are graded as they come in, and feedback goes back.

`python3 -m admin grade --watch` runs as the course's account; the hub starts it again should it end.
"""

import pwd
import sys
from pathlib import Path

c = get_config()  # put there by JupyterHub's loader

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY))
from admin.hub.place import COURSE_ACCOUNT, EXCHANGE  # noqa: E402

HOME = Path(pwd.getpwnam(COURSE_ACCOUNT).pw_dir)

c.JupyterHub.services.append(
    {
        "name": "grading",
        "command": [
            sys.executable,
            str(REPOSITORY / "admin"),
            "grade",
            "--watch",
            "--course",
            str(HOME / "course"),
        ],
        "user": COURSE_ACCOUNT,
        "cwd": str(HOME),
        "environment": {"CONVNET_EXCHANGE": str(EXCHANGE)},
    }
)
