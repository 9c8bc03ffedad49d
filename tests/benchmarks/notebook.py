"""How long a learner waits (first picture, whole notebook, a slider's move), and the memory of the kernel.

`python tests/benchmarks/notebook.py [FOLDER]` runs the notebook with its solutions in quick mode, in a kernel
of its own and with the pictures that are shipped, prints the tables of admin/README.md, and keeps what it has
run as `executed.ipynb` in the folder.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.pop(0)  # this folder, whose notebook.py would stand for the library of that name
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from admin.course import build, source_notebook

# Moves every slider and menu of a view, fills its fields and presses its buttons; the seconds each took.
MOVES = """
import time as _time, statistics as _statistics
def _seconds(view, most=12):
    spent = []
    for name, part in view.parts.items():
        if hasattr(part, "options"):
            wishes = list(getattr(part, "_options_values", part.options))
        elif hasattr(part, "max") and hasattr(part, "value"):
            wishes = [part.max, part.min, *range(int(part.min), int(part.max) + 1)]
        elif hasattr(part, "placeholder"):
            wishes = ["320", "26, 26, 32"]
        elif hasattr(part, "click"):
            wishes = [None]
        else:
            continue
        for wish in wishes[:most]:
            start = _time.perf_counter()
            if wish is None:
                part.click()
            else:
                part.value = wish
            spent.append(_time.perf_counter() - start)
    return f"{_statistics.median(spent):.3f} {max(spent):.3f} {len(spent)}" if spent else "- - 0"
"""


RETRAININGS = 10

HOOK = """
import play.base as _base
_views = {}
_show = _base.show
def _keep(make, name):
    _views[name] = make()
    return _views[name]
_base.show = lambda make, name: _show(lambda: _keep(make, name), name)
"""


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="convnet-notebook-"))
    folder.mkdir(parents=True, exist_ok=True)
    for name, origin in build.RELEASED_FILES.items():
        if origin.is_dir():
            shutil.copytree(origin, folder / name, dirs_exist_ok=True)
        else:
            shutil.copyfile(origin, folder / name)
    notebook = source_notebook.read_source()
    remember_views(notebook)
    began = time.monotonic()
    client = NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(folder)}})
    first_picture, keras = 0.0, 0.0
    environment = {**os.environ, "KERAS_HOME": str(folder / "keras"), "https_proxy": "http://localhost:9"}
    with client.setup_kernel(env=environment):
        kernel = time.monotonic() - began
        for number, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            start = time.monotonic()
            client.execute_cell(cell, number)
            if not first_picture and "<img" in str(cell.outputs):
                first_picture = time.monotonic() - began
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "import_keras":
                keras = time.monotonic() - start
        whole = time.monotonic() - began
        moves = moves_of(client, notebook)
        memory = [memory_of(client)]
        training = next(cell for cell in notebook.cells if "history_1 = " in cell.source)
        for _ in range(RETRAININGS):
            client.execute_cell(training, notebook.cells.index(training))
        memory.append(memory_of(client))
    nbformat.write(notebook, folder / "executed.ipynb")
    rows = {
        "the kernel starts": f"{kernel:.1f}",
        "from there to the first picture": f"{first_picture - kernel:.1f}",
        "Keras is imported, where it is needed": f"{keras:.1f}",
        "the whole notebook, quick mode": f"{whole:.0f}",
    }
    print("| what | seconds |\n|---|---|")
    for name, seconds in rows.items():
        print(f"| {name} | {seconds} |")
    print(f"\n| memory of the kernel (PSS) | MiB |\n|---|---|\n| at the end | {memory[0]} |")
    print(f"| after {RETRAININGS} more trainings of net_1 | {memory[1]} |")
    print("\n| interactive figure | median | worst | moves |\n|---|---|---|---|")
    for name, numbers in moves.items():
        print("| " + " | ".join([name, *numbers.split()]) + " |")


def remember_views(notebook: NotebookNode) -> None:
    """Let the kernel keep each view that the notebook shows, so that its sliders can be moved."""
    cell = next(cell for cell in notebook.cells if "import play" in cell.source)
    cell.source += HOOK


def memory_of(client: Any) -> int:
    """MiB that the kernel has, its part of what it shares with others included."""
    lines = Path(f"/proc/{client.km.provisioner.pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) >> 10 for line in lines if line.startswith("Pss:"))


def moves_of(client: Any, notebook: NotebookNode) -> dict[str, str]:
    """Median and worst seconds, and the number of moves, by the name of the view."""
    ask = nbformat.v4.new_code_cell(MOVES + "for _name in _views: print(_name, '=', _seconds(_views[_name]))")
    notebook.cells.append(ask)
    client.execute_cell(ask, len(notebook.cells) - 1)
    said = "".join(output.get("text", "") for output in ask.outputs)
    notebook.cells.pop()
    return dict(re.findall(r"^(.*?) = (.*)$", said, flags=re.MULTILINE))


if __name__ == "__main__":
    main()
