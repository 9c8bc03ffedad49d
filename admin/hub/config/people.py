"""Part of a hub's configuration: who is who, and who may open the course's server.

The course has an account and a server of its own, which all its instructors share: formgrader, the gradebook
and the watcher run there, whoever looks. JupyterHub calls that a collaboration account:
https://jupyterhub.readthedocs.io/en/stable/tutorial/collaboration-users.html
"""

import json
import sys
from pathlib import Path

from jupyterhub.utils import url_path_join

c = get_config()  # put there by JupyterHub's loader

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from admin.hub.place import COURSE_ACCOUNT, STATE  # noqa: E402

# {"students": [names], "instructors": [names]}
PEOPLE = json.loads((STATE / "people.json").read_text(encoding="utf-8"))

# All of this is added to what the hub has of its own.
c.Authenticator.allowed_users.update({*PEOPLE["students"], *PEOPLE["instructors"]})
c.JupyterHub.load_groups.update(
    {
        "convnet-students": {"users": PEOPLE["students"]},
        "convnet-instructors": {"users": PEOPLE["instructors"]},
        "convnet-course": {"users": [COURSE_ACCOUNT]},  # a user of the hub, who is not allowed to sign in
    }
)
c.JupyterHub.load_roles.append(
    {
        "name": "convnet-instructor",
        "groups": ["convnet-instructors"],
        "scopes": [
            f"{scope}!user={COURSE_ACCOUNT}"
            for scope in ("access:servers", "servers", "read:servers", "read:users:name")
        ],
    }
)


def first_page(handler):
    """Where the hub leads after the sign-in: an instructor to the course's server."""
    user = handler.current_user
    if user and user.name in PEOPLE["instructors"]:
        return url_path_join(handler.hub.base_url, "spawn", COURSE_ACCOUNT)
    return (
        url_path_join(handler.hub.base_url, "spawn") if user else url_path_join(handler.hub.base_url, "login")
    )


c.JupyterHub.default_url = first_page
