"""The course on a JupyterHub: one that `python3 -m admin hub` starts, or the parts for a hub that is there."""
