"""The course on a JupyterHub: the one that `python3 -m admin hub` starts, or one that is there."""
