"""A class of 100, 20 of them broken or hostile, graded by one command that is killed twice on its way.

`python tests/benchmarks/class_of_100.py [WORKERS]` takes some minutes, and says at the end whether everybody
has the points that their answers are worth.
"""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.pop(0)  # this folder, whose notebook.py would stand for the library of that name
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from admin.course import build, sample_class
from admin.course.layout import NOTEBOOK, Course
from tests.grading.test_attacks import ATTACKS, hand_in
from tests.grading.test_broken_files import BROKEN

HOSTILE = (
    "input transformer",
    "equal to everything",
    "patched checks",
    "forged replies",
    "the gradebook, later",
    "another submission",
    "os._exit",
    "100 MB of output",
    "all memory",
    "a daemon",
)
ROOT = Path(__file__).resolve().parents[2]
KILL_AT = (15, 50)  # submissions that are done


def main(workers: int = 2) -> None:
    with tempfile.TemporaryDirectory() as folder:
        course = Course.at(Path(folder) / "course")
        build.build(course, student_notebook=None)
        expected = write_class(course)
        print(f"{len(expected)} submissions, {workers} workers")
        begun = time.monotonic()
        for done in KILL_AT:
            process = start(course, workers)
            while process.poll() is None and count_done(course) < done:
                time.sleep(0.1)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            time.sleep(3)
            print(f"killed at {count_done(course)} done; {len(list(left_over(course)))} processes left")
        process = start(course, workers)
        print(f"the third run ended with {process.wait()}, {time.monotonic() - begun:.0f} s in all")
        wrong = [name for name, points in expected.items() if total(course, name) != points]
        with course.gradebook() as gradebook:
            rows = len(gradebook.assignment_submissions("convnet"))
        print(f"{rows} rows in the gradebook; wrong: {', '.join(wrong) or 'none'}")
        assert process.returncode == 0
        assert rows == len(expected)
        assert not wrong


def write_class(course: Course) -> dict[str, float]:
    """Hand in for a hundred; what each is worth."""
    expected: dict[str, float] = {}
    sound = [each for each in sample_class.CLASS if not each.broken and not each.cells]
    for number, student in zip(range(80), itertools.cycle(sound), strict=False):
        name = f"s{number:02} {student.name}"
        target = course.submitted(name)
        target.mkdir(parents=True)
        (target / f"{NOTEBOOK}.ipynb").write_text(sample_class.submission(course, student))
        expected[name] = sum(sample_class.expected(student).values())
    for kind, (content, _) in itertools.islice(BROKEN.items(), 10):
        course.submitted(f"broken {kind}").mkdir(parents=True)
        (course.submitted(f"broken {kind}") / f"{NOTEBOOK}.ipynb").write_bytes(content)
        expected[f"broken {kind}"] = 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        facts = {"root": course.root, "port": free.getsockname()[1], "pid": os.getpid()}
    for name in HOSTILE:
        hand_in(course, name, ATTACKS[name], facts)
        expected[name] = 0
    return expected


def start(course: Course, workers: int) -> subprocess.Popen[bytes]:
    code = "import sys; from admin.grading.run import main; sys.exit(main(sys.argv[1:]))"
    options = ["--course", str(course.root), "--workers", str(workers)]
    return subprocess.Popen([sys.executable, "-c", code, *options], cwd=ROOT, stdout=subprocess.DEVNULL)


def count_done(course: Course) -> int:
    return len(list((course.root / "grading").glob("*.json")))


def left_over(course: Course) -> Iterator[str]:
    """Processes of a sandbox, or of what reads and judges, that outlived their grader."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "admin/sandbox/guest/zygote.py" in command or "admin/grading/bounded.py" in command:
            yield command


def total(course: Course, student: str) -> float:
    return sum(
        value or 0 for name, value in (course.points(student) or {"": -1}).items() if name != "discussion"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
