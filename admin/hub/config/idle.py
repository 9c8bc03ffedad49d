"""Part of a hub's configuration: servers that nobody uses are ended; what they keep on disk stays."""

import sys

c = get_config()  # put there by JupyterHub's loader

# Seconds without a click or a running cell. A training counts as use.
IDLE_SECONDS = 3600

c.JupyterHub.load_roles.append(
    {
        "name": "end-idle-servers",
        "services": ["idle"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
)
c.JupyterHub.services.append(
    {"name": "idle", "command": [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={IDLE_SECONDS}"]}
)
