"""Speed of grading beside stock nbgrader: `python tests/benchmarks/grading.py [SUBMISSIONS] [STOCK]`.

The sample class without its broken file and its endless loop, repeated to 24 submissions. Both ways have
the same bound on training (it is in the course's own `tools`). Stock nbgrader, with the settings that it has
when nobody sets any, is timed on the first six: once the whole class.
"""

from __future__ import annotations

import io
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.pop(0)  # this folder, whose notebook.py would stand for the library of that name
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rich.console import Console

from admin.course import build, sample_class
from admin.course.layout import NOTEBOOK, Course
from admin.grading import cases, execute, pool
from admin.grading import record as recording
from admin.grading import run as grading
from admin.grading.intake import COPIES
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
begun = time.monotonic()
for student in sys.argv[2:]:
    result = api.autograde("convnet", student, force=True)
    assert result["success"], result
print(time.monotonic() - begun)
"""


def main(submissions: int = 24, stock: int = 6) -> None:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        course = Course.at(Path(folder) / "course")
        build.build(course, student_notebook=None)
        students = hand_in(course, submissions)
        print(f"{submissions} submissions, {os.cpu_count()} cores, load before: {load:.1f}\n")
        rows = []
        by_stock = timed_stock(course, students[:stock]) / stock
        rows.append(("stock nbgrader autograde", by_stock))
        for workers in (1, 2):
            begun = time.monotonic()
            code = grading.grade(course, workers=workers, force=True, console=Console(file=io.StringIO()))
            assert code == 0
            rows.append((f"grade, {workers} worker(s)", (time.monotonic() - begun) / submissions))
        print("| way | seconds a submission | submissions a minute | ratio to stock |\n|---|---|---|---|")
        for name, seconds in rows:
            print(f"| {name} | {seconds:.2f} | {60 / seconds:.1f} | {by_stock / seconds:.1f} |")
        print()
        for name, value in parts(course, students[: min(6, submissions)]).items():
            print(f"{name:42}{value}")


def hand_in(course: Course, count: int) -> list[str]:
    sound = [each for each in sample_class.CLASS if not each.broken and not each.cells]
    names = []
    for number, student in zip(range(count), itertools.cycle(sound), strict=False):
        names.append(f"s{number:02} {student.name}")
        target = course.submitted(names[-1])
        target.mkdir(parents=True)
        (target / f"{NOTEBOOK}.ipynb").write_text(sample_class.submission(course, student))
    return names


def timed_stock(course: Course, students: list[str]) -> float:
    """Seconds of nbgrader's own Execute and list of preprocessors, in one process, one after the other."""
    command = [sys.executable, "-c", STOCK, str(course.root), *students]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])


def parts(course: Course, students: list[str]) -> dict[str, str]:
    """Seconds a submission by part, one worker, and memory."""
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
    pool.run(course, jobs[0], tools, lambda name: None)

    tools.session = timed("start of a session", tools.session)  # type: ignore[method-assign]
    host.Session.run = timed("the student's cells", plain_run)  # type: ignore[method-assign]
    host.Session.answer = timed("answers", host.Session.answer)  # type: ignore[method-assign]
    host.Session.close = timed("end of a session", host.Session.close)  # type: ignore[method-assign]
    execute.judge = timed("judging", execute.judge)
    execute.sanitised = timed("sanitising outputs", execute.sanitised)
    pool.take_in = timed("reading", pool.take_in)
    record = timed("recording, by nbgrader", recording.record)
    begun = time.monotonic()
    for job in jobs:
        outcome = record(course, job, pool.run(course, job, tools, lambda name: None), COPIES)
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
    main(*map(int, sys.argv[1:]))
