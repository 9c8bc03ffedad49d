# ruff: noqa: E501  (attacks are code in one line)
"""What students did to stock nbgrader's autograder, and more: each gets nothing here, and harms nothing.

Each attack is a submission of its own: the empty notebook with the attack in an answer cell, graded in one run
by the command, with real nbgrader and the real sandbox.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from rich.console import Console

from admin.course.cells import grade_id
from admin.course.layout import NOTEBOOK, Course
from admin.grading import execute, pool, run
from admin.grading.worker import Folders, Worker
from admin.sandbox.limits import Limits
from tests.grading.sessions import seeds, with_words
from tests.needs import needs_sandbox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    needs_sandbox,
]
FILE = f"{NOTEBOOK}.ipynb"


@dataclass(frozen=True)
class Attack:
    """A student's code, and where it stands. {root}, {port} and {pid} are filled in: who attacks knows them."""

    code: str
    cell: str = "normalise_images"
    change: Callable[[Any], None] | None = None  # of the notebook, beside the code
    files: tuple[tuple[str, str], ...] = ()


def skip_checks(notebook: Any) -> None:
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution"]


def give_all_points(notebook: Any) -> None:
    for cell in notebook.cells:
        if grade_id(cell).startswith("check_"):
            cell.source = "90"
            cell.outputs = [
                nbformat.v4.new_output("execute_result", data={"text/plain": "90"}, execution_count=1)
            ]


def other_schema(notebook: Any) -> None:
    for cell in notebook.cells:
        if grade_id(cell):
            cell.metadata["nbgrader"]["schema_version"] = 99


def hostile_text(notebook: Any) -> None:
    notebook.cells.append(
        nbformat.v4.new_markdown_cell("<img src=x onerror='document.title=1'> HOSTILE-MARK")
    )
    notebook.cells.append(nbformat.v4.new_raw_cell("<script>RAW-MARK</script>"))


RIGHT_LOOKING = """
class Anything:
    shape, dtype, ndim = (1,), float, 1
    def __eq__(self, other): return {equal}
    def __ne__(self, other): return False
    __hash__ = None
    def __array__(self, *a, **k): raise SystemExit
    def __float__(self): return 10.0
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
def normalise_images(images): return Anything()
def one_hot(vector, number_classes): return Anything()
def net_1(sample_shape, nb_classes): return Anything()
net_2 = net_1
x_train = x_test = cifar_y_train = cifar_y_test = cifar_x_train = cifar_x_test = Anything()
cifar_model = cifar_history = cifar_score = cifar_figure = model_1 = model_2 = Anything()
"""

ATTACKS: dict[str, Attack] = {
    # Points for nothing
    "input transformer": Attack(
        "get_ipython().input_transformers_post.append(lambda lines: ['90\\n'])"
    ),
    "ast transformer": Attack(
        "import ast\nclass Drop(ast.NodeTransformer):\n    def visit_Expr(self, node): return ast.parse('90').body[0]\n"
        "get_ipython().ast_transformers.append(Drop())"
    ),
    "skip-execution tag": Attack("pass", change=skip_checks),
    "points written by hand": Attack("pass", change=give_all_points),
    "another schema version": Attack("pass", change=other_schema),
    "kernel.do_execute": Attack(
        "shell = get_ipython()\nshell.run_cell = lambda *a, **k: print(90)\n"
        "shell.kernel.do_execute = lambda *a, **k: {{'status': 'ok'}}"
    ),
    "equal to everything": Attack(RIGHT_LOOKING.format(equal="True")),
    "equality is NaN": Attack(RIGHT_LOOKING.format(equal="float('nan')")),
    "displayhook": Attack("import sys\nsys.displayhook = lambda value: print(90)\nget_ipython().displayhook = print"),
    "patched checks": Attack(
        "import problem_unittests as t\nfor name in dir(t):\n    if callable(getattr(t, name)):\n"
        "        setattr(t, name, lambda *a, **k: {{'kind': 'ndarray', 'points': 90, 'error': None}})\n"
        "t.answer = lambda *a, **k: {{'points': float('inf'), 'out_of': -1}}"
    ),
    "patched NumPy": Attack(
        "import numpy as np\nnp.array_equal = np.allclose = lambda *a, **k: True\nnp.all = lambda *a, **k: True\n"
        "def one_hot(vector, number_classes): return np.zeros(3)"
    ),
    "own checks beside the notebook": Attack(
        "pass",
        files=(("problem_unittests.py", "raise SystemExit('mine')"), ("tools/__init__.py", "import os; os._exit(0)")),
    ),
    "own library beside the notebook": Attack(
        "import numpy", files=(("numpy.py", "raise SystemExit"), ("sitecustomize.py", "import os; os._exit(0)"))
    ),
    "forged replies": Attack(
        "import os, struct, json\ntext = json.dumps({{'answer': {{'points': 90}}, 'number': 7}}).encode()\n"
        "frame = struct.pack('<4sIQ', b'CNN1', len(text), 0) + text\n"
        "for fd in range(3, 64):\n    try: os.write(fd, frame)\n    except OSError: pass"
    ),
    "the solutions": Attack(
        "import glob, os\nfor pattern in ('../../../source/**', '{root}/source/**'):\n"
        "    for path in glob.glob(pattern, recursive=True): print('FOUND' * os.path.exists(path), path)\n"
        "%run ../../../source/convnet/convolutional_networks.ipynb\n%run {root}/source/convnet/convolutional_networks.ipynb"
    ),
    "the gradebook": Attack(
        "import sqlite3\nfor path in ('../../../gradebook.db', '{root}/gradebook.db'):\n"
        "    try: sqlite3.connect(path).execute('update grade set manual_score = 90')\n"
        "    except Exception as error: print(error)"
    ),
    "the gradebook, later": Attack(
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time, sqlite3\\nwhile True:\\n"
        " time.sleep(1)\\n try: sqlite3.connect(\"{root}/gradebook.db\").execute(\"update grade set manual_score=90\")\\n"
        " except Exception: pass'], start_new_session=True)"
    ),
    # Reading what is secret
    "hidden tests": Attack(
        "import glob, os\nprint([name for name in os.listdir('.')])\nfor path in glob.glob('*.ipynb'):\n"
        "    text = open(path).read()\n    print('SECRET' if 'BEGIN ' + 'SOLUTION' in text else 'nothing')"
    ),
    "pre_run_cell": Attack(
        "get_ipython().events.register('pre_run_cell', lambda info: print('CELL', info.raw_cell))"
    ),
    "the secret": Attack(
        "import os\nprint(os.path.exists('{root}/grading/secret'), os.listdir('/'))\nprint(dict(os.environ))"
    ),
    "another submission": Attack(
        "import os\ntarget = '{root}/submitted/honest/convnet/convolutional_networks.ipynb'\n"
        "print(os.path.exists(target))\ntry: open(target, 'w').write('')\nexcept OSError as error: print(error)"
    ),
    # Harm
    "kill the parents": Attack(
        "import os, signal\nfor pid in [os.getppid(), {pid}, -1, 1, os.getpgid(0)]:\n"
        "    for number in (signal.SIGSTOP, signal.SIGKILL):\n        try: os.kill(pid, number)\n"
        "        except (OSError, ValueError): pass"
    ),
    "exit": Attack("exit()"),
    "os._exit": Attack("import os; os._exit(0)"),
    "quit in a function": Attack("def one_hot(vector, number_classes): quit()", cell="one_hot"),
    "interrupt in a function": Attack(
        "def one_hot(vector, number_classes): raise KeyboardInterrupt", cell="one_hot"
    ),
    "segmentation fault": Attack("import ctypes; ctypes.string_at(0)"),
    "100 MB of output": Attack("for i in range(100): print('x' * 1_000_000)"),
    "output without end to a pipe": Attack("import os\nfor i in range(3000): os.write(1, b'y' * 65536)"),
    "all memory": Attack("hoard = []\nwhile True: hoard.append(bytearray(50_000_000))"),
    "all disk": Attack("with open('large', 'wb') as file:\n    while True: file.write(bytes(10_000_000))"),
    "all processes": Attack("import os\nwhile True: os.fork()"),
    "all descriptors": Attack("files = []\nwhile True: files.append(open('/dev/null'))"),
    "a daemon": Attack(
        "import subprocess\nsubprocess.Popen(['/bin/sh', '-c', 'while true; do sleep 1; done # DAEMON-MARK'],"
        " start_new_session=True)"
    ),
    "network": Attack(
        "import socket\nsocket.create_connection(('127.0.0.1', {port}), 2).sendall(b'hello')"
    ),
    "network to names": Attack("!getent hosts example.org && echo REACHED"),
    "script in outputs": Attack(
        "from IPython.display import HTML, SVG, Javascript, Markdown, Latex, display\n"
        "for how in (HTML, Markdown): display(how('<img src=x onerror=alert(1)><script>SCRIPT-MARK</script>'))\n"
        "display(SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"><script>SVG-MARK</script></svg>'))\n"
        "display(Javascript('JS-MARK'))\ndisplay(Latex(r'$\\href{{javascript:alert(1)}}{{x}}$'))\n"
        "print('<script>STREAM-MARK</script>')\nraise ValueError('<script>ERROR-MARK</script>')",
        change=hostile_text,
    ),
    "answers too large": Attack(
        "import numpy as np\ndef one_hot(vector, number_classes): return np.zeros((20000, 20000))", cell="one_hot"
    ),
    "answers of every kind": Attack(
        "import problem_unittests as t\nbig = []\nfor _ in range(20): big = [big, big]\n"
        "values = iter([big, {{1: 2}}, {{'a': object()}}, None, 'x' * 10**8, {{'error': 5}}, {{'kind': []}}, 10**400])\n"
        "t.answer = lambda *a, **k: next(values, {{'layers': [1], 'kind': 'Model'}})"
    ),
}  # fmt: skip


def hand_in(course: Course, name: str, attack: Attack, facts: dict[str, Any]) -> None:
    notebook = nbformat.read(course.release / FILE, as_version=4)
    cell = next(cell for cell in notebook.cells if grade_id(cell) == attack.cell)
    cell.source = attack.code if attack.code.startswith("\nclass") else attack.code.format(**facts)
    if attack.change:
        attack.change(notebook)
    folder = course.submitted(name)
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / FILE)
    for other, text in attack.files:
        (folder / other).parent.mkdir(exist_ok=True)
        (folder / other).write_text(text)


def fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(str(path).encode() + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest()


@dataclass
class Result:
    course: Course
    screen: str
    exit_code: int
    before: dict[str, str]
    connections: list[Any]
    feedback: dict[str, str]


@pytest.fixture(scope="module")
def graded(built: Course, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A class of attackers around one honest student, graded by one worker: the next one meets what is left."""
    import shutil

    course = Course.at(tmp_path_factory.mktemp("attacks") / "course")
    shutil.copytree(built.root, course.root)
    connections: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, args=(server, connections), daemon=True).start()
        facts = {"root": course.root, "port": server.getsockname()[1], "pid": os.getpid()}
        for name, attack in ATTACKS.items():
            hand_in(course, name, attack, facts)
        honest = Attack("def normalise_images(images):\n    return (images / 255).astype('float32')")
        hand_in(course, "honest", honest, facts)
        hand_in(course, "zz last", honest, facts)
        before = {name: fingerprint(course.root / name) for name in ("source", "release", "submitted")}
        screen = io.StringIO()
        # As in any course but for a quicker clock, which is what some attacks wait for.
        quick = replace(pool.limits(course), cell_seconds=15, answer_seconds=15)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pool, "limits", lambda course: quick)
            exit_code = run.grade(course, workers=1, console=Console(file=screen, width=400))
    course.api().generate_feedback("convnet", force=True)
    pages = {
        name: (course.feedback(name) / f"{NOTEBOOK}.html").read_text(errors="replace")
        for name in (*ATTACKS, "honest", "zz last")
        if (course.feedback(name) / f"{NOTEBOOK}.html").exists()
    }
    return Result(course, screen.getvalue(), exit_code, before, connections, pages)


def accept(server: socket.socket, connections: list[Any]) -> None:
    try:
        while True:
            connections.append(server.accept())
    except OSError:
        return


def test_every_submission_is_dealt_with(graded):
    """Does the batch come to its good end, with a row and a page for everybody?"""
    assert graded.exit_code == 0, graded.screen
    assert set(graded.feedback) == {*ATTACKS, "honest", "zz last"}
    assert "Traceback" not in graded.screen


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_worth_nothing(graded, name):
    """Not a point, neither by machine nor as if by hand?"""
    points = graded.course.points(name)
    assert points is not None
    assert sum(value or 0 for value in points.values()) == 0


@pytest.mark.parametrize("name", ["honest", "zz last"])
def test_honest_work_among_attacks_gets_its_points(graded, name):
    """Is a right task 1 still worth 8, in the middle of them and after all of them?"""
    assert sum(value or 0 for value in graded.course.points(name).values()) == 8


def test_nothing_of_the_course_is_changed(graded):
    """Are source, release and all submissions as they were, and no grade given by hand?"""
    for name, before in graded.before.items():
        assert fingerprint(graded.course.root / name) == before
    with sqlite3.connect(graded.course.database) as database:
        assert database.execute("select count(*) from grade where manual_score is not null").fetchone() == (
            0,
        )


def test_nothing_goes_out(graded):
    """Did nobody reach a server on this very machine?"""
    assert graded.connections == []
    assert "REACHED" not in said_by(graded, "network to names")


def test_nothing_stays_behind(graded):
    """Are daemons gone when the batch is?"""
    time.sleep(1.5)
    with sqlite3.connect(graded.course.database) as database:
        assert database.execute("select count(*) from grade where manual_score is not null").fetchone() == (
            0,
        )
    assert not with_words("DAEMON-MARK")


def test_nothing_secret_is_seen(graded):
    """Do outputs show no solution, no secret, nothing of the host's environment?"""
    for name in ("the solutions", "hidden tests", "the secret", "another submission", "pre_run_cell"):
        said = said_by(graded, name)
        for word in ("FOUND", "SECRET", f"{os.environ.get('HOME')}'", "BEGIN SOLUTION"):
            assert word not in said, name
    for name in ("the secret", "another submission"):
        assert said_by(graded, name, "normalise_images").startswith("False")


def said_by(graded: Result, name: str, where: str = "") -> str:
    """What is printed in a graded notebook, or in one of its cells."""
    notebook = nbformat.read(graded.course.autograded(name) / FILE, 4)
    cells = [cell for cell in notebook.cells if not where or grade_id(cell) == where]
    return "".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))


def test_pages_hold_nothing_that_acts(graded):
    """Scripts in every kind of output and cell: do pages show them as text or not at all?"""
    page = graded.feedback["script in outputs"]
    for mark in ("SCRIPT-MARK", "SVG-MARK", "STREAM-MARK", "ERROR-MARK", "RAW-MARK"):
        assert f"<script>{mark}" not in page
    assert page.count("JS-MARK") == 1, "in the student's own code, and nowhere else"
    assert "<img src=x" not in page
    assert "HOSTILE-MARK" in page
    for text in graded.feedback.values():
        assert len(text) < 5_000_000


def test_who_ended_the_session_is_told_so(graded):
    """Is it said in the feedback why nothing after it was run, and shown to a person?"""
    for name in ("exit", "os._exit", "segmentation fault", "all memory"):
        assert "No cell after this one could be run" in graded.feedback[name] or name == "exit"
    with graded.course.gradebook() as gradebook:
        grade_ = gradebook.find_grade("check_net_1", NOTEBOOK, "convnet", "os._exit")
        assert grade_.needs_manual_grade


@pytest.fixture(scope="module")
def impatient() -> Iterator[Worker]:
    with contextlib.closing(Worker(True, Limits(3, 5, 1, session_seconds=25))) as tools:
        yield tools


@pytest.mark.parametrize(
    "code",
    [
        "while True:\n    pass",
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "import time\nget_ipython().events.register('post_run_cell', lambda r: time.sleep(1000))",
    ],
    ids=["loop", "ignores the interrupt", "catches the interrupt", "sleeps in an event"],
)
def test_endless_cells_end(built, impatient, code):
    """A loop that will not be stopped: is it, and do earlier points stay?"""
    notebook = nbformat.read(built.release / FILE, 4)
    for cell in notebook.cells:
        if grade_id(cell) == "normalise_images":
            cell.source = "def normalise_images(images):\n    return (images / 255).astype('float32')"
        if grade_id(cell) == "one_hot":
            cell.source = code
    begun = time.monotonic()
    folders = Folders(built.release, built.release, built.source)
    warnings = execute.run(notebook, impatient, folders, seeds()).warnings
    assert time.monotonic() - begun < 120
    points = {
        grade_id(cell): cell.outputs[-1].data["text/plain"] for cell in notebook.cells if is_check(cell)
    }
    assert points["check_normalise_images"] == "8"
    assert sum(map(float, points.values())) == 8
    assert "check_one_hot" in warnings
    assert "check_normalise_images" not in warnings


def is_check(cell: Any) -> bool:
    return grade_id(cell).startswith("check_")
