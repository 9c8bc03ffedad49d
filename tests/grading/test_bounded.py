"""Our own functions on hostile data: bounded in time and memory, and gone when the grader is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from admin.course.layout import NOTEBOOK, REPOSITORY, Course
from admin.grading.bounded import BoundedProcess
from admin.grading.execute import close_names
from admin.grading.intake import take_in
from admin.grading.judge import findings
from problem_unittests import TASKS, Case, points
from tests.grading.sessions import is_running

FILE = f"{NOTEBOOK}.ipynb"
# A net of one huge padding and thousands of steps, each a tenth of a second for a judge.
HARD = """
import sys, numpy as np
from admin.grading.bounded import BoundedProcess
from admin.grading.judge import findings
from problem_unittests import TASKS
cases = TASKS["net_1"].cases(np.random.default_rng(1), {})
layers = [{"kind": "ZeroPadding2D", "padding": [[1200, 1200]] * 2, "weights": []}]
layers += [{"kind": "Softmax", "weights": []}] * 5000
answer = {"kind": "Model", "layers": layers, "extra losses": 0, "frozen": 0, "output": np.zeros((3, 10))}
process = BoundedProcess(seconds=float(sys.argv[1]))
findings(process, "net_1", cases, [])
print(process.pid, flush=True)
print(findings(process, "net_1", cases, [answer] * len(cases)))
"""

# What the process that forks does, and then, in the place of a fork, what a submission needs.
IN_A_FORK = """
import json, sys
import numpy as np
from admin.course.layout import Course
from admin.grading import bounded, intake
from nbformat.validator import validators

class Here:
    def call(self, function, argument):
        module, _, name = bounded.FUNCTIONS[function].partition(":")
        return getattr(sys.modules[module], name)(argument)

course = Course.at(sys.argv[1])
course.ignored()  # reads nbgrader's configuration, in no fork
bounded.prepare()
imported, compiled = set(sys.modules), set(validators)
assert not intake.take_in(Here(), course, "p. lee", others=frozenset()).broken
case = {"ask": {"vector": np.array([1]), "number_classes": 3}, "truth": {}}
answer = {"kind": "ndarray", "array": np.array([[0.0, 1, 0]])}
assert Here().call("judge", {"task": "one_hot", "cases": [case], "answers": [answer]})["findings"]
imported |= {"encodings.ascii"}  # Python's own, of a millisecond
print(json.dumps([sorted(set(sys.modules) - imported), len(set(validators) - compiled)]))
"""


def hand_in(course: Course, text: str) -> None:
    folder = course.submitted("p. lee")
    folder.mkdir(parents=True)
    (folder / FILE).write_text(text)


def test_what_takes_too_long_is_ended(course):
    """A notebook at whose 40 MB a parser is for longer than the bound: one sentence, and the next is read?"""
    text = (course.release / FILE).read_text()
    hand_in(course, text.replace('"outputs": []', '"outputs": [[' + '"x", ' * 1_400_000 + '"x"]]', 1))
    with BoundedProcess(seconds=0.15) as process:
        begun = time.monotonic()
        taken = take_in(process, course, "p. lee")
        assert taken.broken.key == "submission.out_of_bounds"
        assert f"submitted/p. lee/convnet/{FILE} takes too long, or too much memory. Ask for" in str(
            taken.broken
        )
        assert time.monotonic() - begun < 60
        process.seconds = 30
        assert take_in(process, course, "p. lee").broken is None


def test_what_takes_too_much_memory_is_ended(course):
    """A bound of memory that reading hits: a sentence about that submission?"""
    text = (course.release / FILE).read_text()
    hand_in(course, text.replace('"outputs": []', '"outputs": [[' + "{}, " * 1_400_000 + "{}]]", 1))
    with BoundedProcess(memory=400 << 20) as process:
        broken = take_in(process, course, "p. lee").broken
        assert broken.key == "submission.out_of_bounds"
        assert "memory. Ask for it again" in str(broken)


def test_each_submission_gets_a_fork_of_its_own():
    """Is it another process after `renew`, and the same one before?"""
    cases = [Case({"vector": np.array([1]), "number_classes": 3})]
    right = [{"kind": "ndarray", "array": np.array([[0.0, 1, 0]])}]
    seen = []
    with BoundedProcess() as process:
        for _ in range(2):
            process.renew()
            for _ in range(2):
                assert points(findings(process, "one_hot", cases, right)) == TASKS["one_hot"].points
                seen.append(children(process.pid))
    assert seen[0] == seen[1] != seen[2] == seen[3]


def test_a_cell_that_is_too_large_hides_no_names_in_others():
    """Asked for all cells at once, where one is more than the process takes: are the others still read?"""
    cells = ["normalize_images = abs", "#" * (70 << 20), "onehot = abs"]
    with BoundedProcess() as process:
        found = close_names(process, cells)
    assert found == [
        {"normalise_images": ["normalise_images", "normalize_images"]},
        {},
        {"one_hot": ["one_hot", "onehot"]},
    ]


def test_a_fork_imports_and_compiles_nothing(course):
    """Is what every submission needs there before the fork, once for all of them?"""
    hand_in(course, (course.release / FILE).read_text().replace("# ", "## *My* notes\\n# ", 1))
    command = [sys.executable, "-c", IN_A_FORK, str(course.root)]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout.splitlines()[-1]) == [[], 0]


def test_nothing_runs_on_when_the_grader_is_killed():
    """kill -9 of the grader while a judge is at a hard answer: is the judge gone a moment later?"""
    grader = subprocess.Popen(
        [sys.executable, "-c", HARD, "60"],
        cwd=REPOSITORY, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert grader.stdout is not None
    zygote = int(grader.stdout.readline())
    end = time.monotonic() + 60
    while not (judges := children(zygote)) and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(2)
    assert grader.poll() is None, "the answer is not hard enough to be at work still"
    assert all(is_running(pid) for pid in judges)
    os.kill(grader.pid, signal.SIGKILL)
    grader.wait()
    end = time.monotonic() + 5
    while any(is_running(pid) for pid in [zygote, *judges]) and time.monotonic() < end:
        time.sleep(0.05)
    assert not [pid for pid in [zygote, *judges] if is_running(pid)]


def children(pid: int | None) -> list[int]:
    return [
        int(child)
        for path in Path(f"/proc/{pid}/task").glob("*/children")
        for child in path.read_text().split()
    ]
