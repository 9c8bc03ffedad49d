"""The Jupyter server of whoever grades: `python3 -m admin lab`, and on a hub an instructor's, load this.

It is found by JUPYTER_CONFIG_PATH, which has to name this folder. `jupyter_server_config.d/convnet.json`
names the extensions: one that loads nbgrader's formgrader itself, in place of nbgrader's, and one that gives
formgrader's pages a stricter policy than the one below.
"""

import sys
from pathlib import Path

c = get_config()  # put there by Jupyter's loader

REPOSITORY = Path(__file__).resolve().parents[2]

# Jupyter imports our extension by name (admin.grading.formgrader), wherever it is started.
if str(REPOSITORY) not in sys.path:
    sys.path.insert(0, str(REPOSITORY))

# For every page; Jupyter adds to it where it has more to forbid (a student's HTML file is shut in a sandbox).
# JupyterLab shows formgrader in a frame, which a hub's own header would refuse.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "frame-ancestors 'self'",
        "object-src 'self' blob:",  # JupyterLab shows a PDF as an object
        "base-uri 'self'",
    ]
)
# A dict, not an update: JupyterHub's own part of a server looks into it before the configuration is merged.
c.ServerApp.tornado_settings = {"headers": {"Content-Security-Policy": CONTENT_SECURITY_POLICY}}

# Seconds for which the process in which formgrader's Autograde grades waits for another click.
# c.Autograding.idle_seconds = 120
