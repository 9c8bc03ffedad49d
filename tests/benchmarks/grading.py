"""Speed of grading beside stock nbgrader, on the same submissions, in one run.

`python tests/benchmarks/grading.py [--submissions N] [--stock N] [--workers N]… [--class NAME]… [--otter]`

Four classes, in which no two notebooks are the same but in the last: all right; the mix of the sample class;
all right, but each with a number of epochs of its own, so that no two trainings agree; and the sample class
repeated to the letter. Each is graded with an empty store, and once more by force, when all trainings are
known. Stock nbgrader, as it is and with kernels ended at once, is timed on the first of the mix: it works on
one after the other, and what it takes does not depend on how many there are. So does `otter run` of
Otter-Grader 7, which gets an environment of its own for this. All ways have the same bound on training (it is
in the course's own `tools`).

A machine that others use, too, is slower at one time than at another. So stock is timed again after each of
the others, and a ratio is to the mean of the times before and after.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.pop(0)  # this folder, whose notebook.py would stand for the library of that name
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import nbformat
from rich.console import Console

from admin.course import build, sample_class
from admin.course.cells import grade_id
from admin.course.layout import NOTEBOOK, Course
from admin.grading import cases, execute, pool, recorder
from admin.grading import record as recording
from admin.grading import run as grading
from admin.grading.intake import copy_of
from admin.grading.plan import plan
from admin.grading.worker import Folders, Worker
from admin.sandbox import host

STOCK = """
import sys, time
from admin.course.layout import Course
course = Course.at(sys.argv[1])
api = course.api()
del api.config["Execute"], api.config.Autograde["autograde_preprocessors"]
del api.config.Autograde["exporter_class"]
api.config.Execute.timeout = 120
api.config.Execute.shutdown_kernel = sys.argv[2]
begun = time.monotonic()
for student in sys.argv[3:]:
    result = api.autograde("convnet", student, force=True)
    assert result["success"], result
print(time.monotonic() - begun)
"""
CLASSES = ("right", "mix", "worst", "repeated")
# The least that Otter has to test: the notebook's own checks run in it as everywhere, as cells.
OTTER_TEST = """
OK_FORMAT = True
case = {"code": ">>> callable(net_1)\\nTrue", "hidden": False, "locked": False}
suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
test = {"name": "made", "points": 1, "suites": [suite]}
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--submissions", type=int, default=24, help="in a class (24)")
    parser.add_argument("--stock", type=int, default=2, help="graded by stock nbgrader, each time (2)")
    parser.add_argument("--workers", type=int, action="append", help="how many at a time (1, and all cores)")
    parser.add_argument("--otter", action="store_true", help="time Otter-Grader, too")
    parser.add_argument("--class", dest="classes", choices=CLASSES, action="append", help="only this class")
    options = parser.parse_args()
    print(
        f"{options.submissions} submissions, {os.cpu_count()} cores, load before: {os.getloadavg()[0]:.1f}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        course, other = (Course.at(Path(folder) / name) for name in ("course", "stock"))
        for each in (course, other):
            build.build(each, student_notebook=None)
        students = hand_in(other, "mix", options.stock)

        def stock(shutdown: str = "graceful") -> float:
            return timed_stock(other, students, shutdown) / options.stock

        print("| way | seconds a submission | stock meanwhile | ratio |\n|---|---|---|---|")
        before = stock()
        for way, seconds in ways(course, students, stock, options, Path(folder)):
            after = stock()
            meanwhile, before = (before + after) / 2, after
            print(f"| {way} | {seconds:.2f} | {meanwhile:.2f} | {meanwhile / seconds:.1f} |", flush=True)
        print()
        for name, value in parts(course, hand_in(course, "mix", min(6, options.submissions))).items():
            print(f"{name:42}{value}")


def ways(
    course: Course,
    students: list[str],
    stock: Callable[[str], float],
    options: argparse.Namespace,
    folder: Path,
) -> Iterator[tuple[str, float]]:
    """Each way of grading, and the seconds that a submission took."""
    yield "stock, kernels ended at once", stock("immediate")
    if options.otter:
        hand_in(course, "mix", len(students))
        yield "otter run", timed_otter(course, students, folder) / len(students)
    for kind in options.classes or CLASSES:
        hand_in(course, kind, options.submissions)
        for workers in options.workers or sorted({1, os.cpu_count() or 1}):
            for store in ("empty", "full"):
                if store == "empty":
                    shutil.rmtree(course.root / "grading", ignore_errors=True)
                seconds = timed_grade(course, workers, again=store == "full") / options.submissions
                yield f"grade, {workers} worker(s), class {kind}, store {store}", seconds


def hand_in(course: Course, kind: str, count: int) -> list[str]:
    """A class's submissions, in place of those that are there; the students."""
    shutil.rmtree(course.root / "submitted", ignore_errors=True)
    sound = [each for each in sample_class.CLASS if not each.broken and not each.cells]
    everybody = itertools.cycle(sound if kind in ("mix", "repeated") else sound[:1])
    names = []
    for number, student in zip(range(count), everybody, strict=False):
        names.append(f"{kind} {number:02} {student.name}")
        target = course.submitted(names[-1])
        target.mkdir(parents=True)
        text = sample_class.submission(course, student)
        (target / f"{NOTEBOOK}.ipynb").write_text(text if kind == "repeated" else own(text, kind, number))
    return names


def own(text: str, kind: str, number: int) -> str:
    """A notebook unlike all others: by a comment, or by its number of epochs."""
    notebook = nbformat.reads(text, 4)
    for cell in notebook.cells:
        if grade_id(cell) == "normalise_images":
            cell.source += f"\n# number {number}"
        elif kind == "worst" and grade_id(cell) in ("train_net_1", "train_net_2", "cifar_training"):
            cell.source = re.sub(r"epochs( ?= ?)\d+", rf"epochs\g<1>{10 + number}", cell.source)
    return str(nbformat.writes(notebook))


def timed_grade(course: Course, workers: int, again: bool) -> float:
    """Seconds of `grade` for the class that is handed in."""
    begun = time.monotonic()
    code = grading.grade(course, workers=workers, force=again, console=Console(file=io.StringIO()))
    assert code == 0
    return time.monotonic() - begun


def timed_stock(course: Course, students: list[str], shutdown: str) -> float:
    """Seconds of nbgrader's own Execute and list of preprocessors, in one process, one after the other."""
    command = [sys.executable, "-c", STOCK, str(course.root), shutdown, *students]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])


def timed_otter(course: Course, students: list[str], folder: Path) -> float:
    """Seconds of Otter-Grader's `run`, one submission after the other, in an environment of its own."""
    environment, place = folder / "otter", folder / "assignment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    packages = environment / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages"
    # What a notebook imports it has from the course's own packages.
    (packages / "course.pth").write_text(f"{Path(nbformat.__file__).parents[1]}\n")
    pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "otter-grader==7.0.0"]
    subprocess.run(pip, check=True)
    names = ("checks", "play", "tools", "data", "problem_unittests.py")
    for name in ("tests", "results"):
        (place / name).mkdir(parents=True)
    (place / "tests" / "made.py").write_text(OTTER_TEST)
    subprocess.run(["cp", "-r", *(course.release / name for name in names), place], check=True)
    otter = environment / "bin" / "otter"
    generate = [otter, "generate", "-t", "tests", "-o", "autograder.zip", *names]
    subprocess.run(generate, cwd=place, check=True, capture_output=True)
    begun = time.monotonic()
    for student in students:
        notebook = shutil.copy(course.submitted(student) / f"{NOTEBOOK}.ipynb", place)
        done = subprocess.run(
            [otter, "run", "-a", "autograder.zip", "-o", "results", notebook],
            cwd=place,
            env={**os.environ, "NBGRADER_EXECUTION": "autograde"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "(100.000%)" in done.stdout, done.stdout
    return time.monotonic() - begun


def parts(course: Course, students: list[str]) -> dict[str, str]:
    """Seconds a submission by part, one worker, when all that can be kept is kept; and memory."""
    spent: dict[str, float] = defaultdict(float)

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*arguments: Any, **options: Any) -> Any:
            begun = time.monotonic()
            try:
                return function(*arguments, **options)
            finally:
                spent[name] += time.monotonic() - begun

        return wrapper

    tools = Worker(True, pool.limits(course))
    jobs = plan(course, students, force=True)
    begun = time.monotonic()
    tools.session(Folders(course.release, course.release, course.source)).close()
    first = time.monotonic() - begun
    cases.data_of(course.source)
    memory = 0
    plain_run = host.Session.run

    def watched(session: host.Session, source: str) -> Any:
        nonlocal memory
        outputs = plain_run(session, source)
        memory = max(memory, pss_below(tools.sandbox.pid))
        return outputs

    idle = pss_below(tools.sandbox.pid)
    host.Session.run = watched  # type: ignore[method-assign]
    for job in jobs:  # from then on, all that can be kept is kept
        pool.run(course, job, tools, lambda name: None)

    tools.session = timed("start of a session", tools.session)  # type: ignore[method-assign]
    host.Session.run = timed("the student's cells", plain_run)  # type: ignore[method-assign]
    host.Session.answer = timed("answers", host.Session.answer)  # type: ignore[method-assign]
    host.Session.carry = timed("nets told", host.Session.carry)  # type: ignore[method-assign]
    host.Session.do = timed("nets asked in a clean session", host.Session.do)  # type: ignore[method-assign]
    host.Session.close = timed("end of a session", host.Session.close)  # type: ignore[method-assign]
    execute.judge = timed("judging", execute.judge)
    execute.sanitised = timed("sanitising outputs", execute.sanitised)
    pool.take_in = timed("reading", pool.take_in)
    record = timed("recording", recording.record)
    with recorder.recording(course) as opened:
        begun = time.monotonic()
        for job in jobs:
            outcome = pool.run(course, job, tools, lambda name: None)
            outcome = record(opened, job, outcome, copy_of(course, job.student))
            assert not outcome.failed, outcome.failed
        whole = (time.monotonic() - begun) / len(jobs)
    tools.close()
    means = {name: seconds / len(jobs) for name, seconds in spent.items()}
    means["drawing cases, the rest"] = whole - sum(means.values())
    beyond = whole - means["the student's cells"] - means["answers"]
    table = {name: f"{seconds:.3f} s" for name, seconds in means.items()}
    table["in all"] = f"{whole:.2f} s, {beyond:.2f} s beyond the student's own computing"
    table["first session, with the zygote"] = f"{first:.1f} s, once a worker"
    table["memory: zygote; with a session (PSS)"] = f"{idle >> 20} MiB; {memory >> 20} MiB"
    return table


def pss_below(pid: int | None) -> int:
    """Proportional set size of a process and all below it, in bytes."""
    if pid is None:
        return 0
    total = 0
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            total = int(line.split()[1]) << 10
    children = itertools.chain.from_iterable(
        _read(str(path)).split() for path in Path(f"/proc/{pid}/task").glob("*/children")
    )
    return total + sum(pss_below(int(child)) for child in children)


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


if __name__ == "__main__":
    main()
