"""The instructor's side of the course: `python3 -m admin COMMAND`."""

import os
import sys

# The import root of the modules that the notebook brings along (checks, tools, play). Here, once: whoever
# imports a module of ours by the top folder alone has no reason to know that root.
_NOTEBOOKS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "notebooks")
if os.path.isdir(_NOTEBOOKS) and _NOTEBOOKS not in sys.path:
    sys.path.append(_NOTEBOOKS)
