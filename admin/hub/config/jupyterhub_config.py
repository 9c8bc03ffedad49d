"""The whole hub that `python3 -m admin hub` starts, from parts. An existing hub loads those that it lacks.

What a part needs to know stands at its top. admin/docs/hub.md says which of them an existing hub needs.
"""

import os
import sys
from pathlib import Path

c = get_config()  # put there by JupyterHub's loader

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2]))  # the parts read admin.hub.place

from admin.hub.place import PROXY, STATE  # noqa: E402

PORT = int(os.environ.get("CONVNET_HUB_PORT", "8000"))

# Only this machine: TLS is for a web server in front (https://jupyterhub.readthedocs.io/en/stable/howto/configuration/config-proxy.html).
c.JupyterHub.bind_url = f"http://127.0.0.1:{PORT}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{PORT + 1}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{PORT + 2}"  # the same after a restart: servers know it
c.ConfigurableHTTPProxy.command = [str(PROXY / "node_modules" / ".bin" / "configurable-http-proxy")]
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")

# Root's alone: whoever reads these is anybody on the hub.
c.JupyterHub.db_url = f"sqlite:///{STATE / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")

for part in ("sign_in", "people", "servers", "idle", "watch"):
    load_subconfig(f"{part}.py", path=str(HERE))  # put there by JupyterHub's loader
