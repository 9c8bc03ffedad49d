# ruff: noqa: E501, SIM905  (tables of hostile values)
"""Answers judged by value: through a real sandboxed session, and with values that no honest session sends."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode
from nbgrader.utils import determine_grade

from admin.course.answers import ANSWERS, Answer, answer
from admin.course.cells import grade_id
from admin.course.layout import NOTEBOOK, Course
from admin.grading import cases, execute
from admin.grading.bounded import BoundedProcess
from admin.grading.judge import findings
from admin.grading.kept import Kept
from admin.grading.trainer import CleanSession, WatchedSession
from admin.grading.worker import Folders, Worker
from admin.mutation import known
from admin.sandbox.limits import Limits
from checks.language import Sentence, say
from checks.stopped_cells import News, after_cell, with_the_error
from checks.task import TABLE, all_forerunners
from problem_unittests import TASKS, Case, Finding, points, words
from tests.grading.sessions import seeds
from tests.home import findings_at_home
from tests.needs import needs_sandbox


@pytest.fixture(scope="module")
def worker():
    kept = Worker(True, Limits())
    yield kept
    kept.close()


def notebook_with(course: Course, given: Answer) -> NotebookNode:
    """The released notebook up to a task's check, with that answer, its forerunners, and no figures."""
    notebook = nbformat.read(course.release / f"{NOTEBOOK}.ipynb", 4)
    cells = [cell for cell in notebook.cells if grade_id(cell) or cell.source.startswith("QUICK = ")]
    if TABLE[given.task].practice:
        at = next(i for i, cell in enumerate(cells) if grade_id(cell) == given.task)
        cells.insert(at + 1, practice_with_points(given.task))
    last = next(i for i, cell in enumerate(cells) if grade_id(cell) == f"check_{given.task}")
    notebook.cells = cells[: last + 1]
    for cell in notebook.cells:
        if grade_id(cell) == given.task:
            cell.source = given.code
        elif grade_id(cell) in all_forerunners(given.task):
            cell.source = answer(grade_id(cell), "the model answer").code
    return notebook


def practice_with_points(task: str, worth: float = 10) -> NotebookNode:
    """The check cell of a practice task as an instructor marks it who gives points for it."""
    marks = {"grade": True, "locked": True, "solution": False, "task": False, "schema_version": 3}
    name = TABLE[task].check_cell
    metadata = {"nbgrader": {**marks, "grade_id": name, "points": worth, "cell_type": "code"}}
    return nbformat.v4.new_code_cell(f"tests.test_{task}({task})", id=name, metadata=metadata)


def store_of(course: Course) -> Path:
    """Where trainings are kept here: beside the course, which many tests copy, and a gigabyte when all are done."""
    return course.root.with_name(f"{course.root.name}-trainings")


def run(course: Course, worker: Worker, notebook: NotebookNode, seed: int = 5) -> execute.RunResult:
    # Whoever trains the same has it from the store, as in a class.
    folders = Folders(course.release, course.release, course.source, trainings=store_of(course))
    return execute.run(notebook, worker, folders, seeds(seed))


@needs_sandbox
@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("task", [task for task in TASKS if TASKS[task].whole])
def test_every_answer_gets_the_same_at_home_and_in_grading(built, worker, task):
    """The whole list, by secret cases in a session: the same points, and the same findings, as at home?

    `tests/unit/test_answers.py` compares what each gets at home with what is recorded, in a notebook that has
    not run every cell. So what does not get in grading what is recorded is run at home, too, cell by cell.
    How far a training came is no such difference, as those of the record are shorter: for that, the model
    answer is run at home.
    """
    recorded = known.recorded()
    graded = [
        (given, told(found))
        for group in together(task)
        for given, found in zip(group, in_grading(worker, built, group), strict=True)
    ]
    others = [
        (given, found)
        for given, found in graded
        if given.or_key
        or not agree(given, as_recorded(recorded[f"{task}: {given.name}"]), found, given.name != MODEL)
    ]
    if others:
        home = findings_at_home(*cells_of(built, [given for given, _ in others]))
        pairs = zip(others, map(told, home), strict=True)
        assert [(g.name, own, found) for (g, found), own in pairs if not agree(g, own, found)] == []


def together(task: str) -> list[list[Answer]]:
    """The known answers of a task, as many together as a session has time and trainings for."""
    count = 12 if "train" in task else 20
    answers = [given for given in ANSWERS if given.task == task]
    return [answers[at : at + count] for at in range(0, len(answers), count)]


# Before each answer: the arrays as they were, and nothing of the answer before.
KEEP = "_kept = {name: value.copy() for name, value in globals().items() if isinstance(value, np.ndarray)}"
AS_BEFORE = """
globals().update({{name: value.copy() for name, value in _kept.items()}})
for _name in {names}: globals().pop(_name, None)
"""


def cells_of(course: Course, group: list[Answer]) -> tuple[list[str], list[list[tuple[str, str]]], str]:
    """Cells of the released notebook up to a task's answer; for each answer its cells by name; the task."""
    task = group[0].task
    cells = notebook_with(course, group[0]).cells[:-1]
    at = next(i for i, cell in enumerate(cells) if grade_id(cell) == task)
    before = [*(cell.source for cell in cells[:at] if cell.cell_type == "code"), KEEP]
    after = [(grade_id(cell), cell.source) for cell in cells[at + 1 :] if cell.cell_type == "code"]
    clean = AS_BEFORE.format(names=TABLE[task].gives)
    if task == "cifar_training":  # which goes on with the weights that it finds
        clean += answer("cifar_model", "the model answer").code
    return before, [[("", clean), (task, given.code), *after] for given in group], task


def in_grading(own: Worker, course: Course, group: list[Answer]) -> list[list[Finding]]:
    """What is found in a session, one answer after the other, as `execute.run` finds it."""
    before, answers, task = cells_of(course, group)
    folders = Folders(course.release, course.release, course.source)
    kept = Kept(store_of(course))
    with (
        CleanSession(own, folders) as clean,
        WatchedSession(own.session(folders), clean, kept) as watched,
    ):
        for source in before:
            watched.session.run(source)
        return [found_in(watched, own, course, task, cells, number) for number, cells in enumerate(answers)]


def found_in(
    watched: WatchedSession, own: Worker, course: Course, task: str, cells: list[tuple[str, str]], seed: int
) -> list[Finding]:
    news: dict[str, News] = {}
    for name, source in cells:
        outputs, *_ = execute.shown(own.bounded, watched.session, source, 1)
        (close,) = execute.close_names(own.bounded, [source])
        after_cell(news, {name}, close, execute.error_in(outputs))
    found, stopped, ended = execute.judged(own.bounded, watched, task, course.source, seeds(seed))
    assert not stopped, stopped
    assert not ended, ended
    return with_the_error(task, found, news.get(task))


def gained(findings: list[Finding]) -> list[tuple[str, float, list[str]]]:
    """Of each finding, what was looked at, its points, and the keys of what is said."""
    return [(finding.what, finding.points, list(finding.keys)) for finding in findings]


def all_keys(sentence: Sentence) -> set[str]:
    """The key of a sentence, and of those in it."""
    parts = [part for part in sentence.values.values() if isinstance(part, Sentence)]
    return {sentence.key}.union(*map(all_keys, parts))


Told = tuple[float, set[str]]  # points, and the keys of all that is said


def told(findings: list[Finding]) -> Told:
    said = [sentence for finding in findings for sentence in finding.said]
    return points(findings), {key for sentence in said for key in all_keys(sentence)}


def as_recorded(findings: list[known.Finding]) -> Told:
    return sum(finding[1] for finding in findings), {key for *_, keys, _ in findings for key in keys}


MODEL = "the model answer"
HOW_FAR = {"cifar_training.learned", "cifar_training.slowly"}


def agree(given: Answer, home: Told, graded: Told, shorter: bool = False) -> bool:
    """Whether both say the same, and what the list says; where chance has a say, either of two keys.

    After a `shorter` training at home, also if it came less far.
    """
    by_chance = {given.key, given.or_key} if given.or_key else set()
    by_chance |= HOW_FAR if shorter else set()
    return (
        home[0] == graded[0]
        and home[1] - by_chance == graded[1] - by_chance
        and all(given.is_told(keys) for _, keys in (home, graded))
    )


@needs_sandbox
def test_a_check_cell_has_words_and_points_and_nothing_else(built, worker):
    """Exactly one stream on stdout and one result, whatever the check cell held before?"""
    notebook = notebook_with(built, answer("one_hot", "the model answer"))
    notebook.cells[-1].source = "raise ValueError"
    run(built, worker, notebook)
    outputs = notebook.cells[-1].outputs
    assert [output.output_type for output in outputs] == ["stream", "execute_result"]
    assert outputs[0].name == "stdout"
    assert outputs[1].data == {"text/plain": "10"}
    nbformat.validate(notebook)


@needs_sandbox
def test_a_cell_that_was_not_read_and_one_with_another_name_are_told(built, worker):
    """A slip of the pen, and `onehot`: does the feedback say so, and not that the function stopped?"""
    given = answer("one_hot", "the model answer")
    notebook = notebook_with(built, Answer("one_hot", "", given.code.replace("one_hot", "onehot"), 0))
    for cell in notebook.cells:
        if grade_id(cell) == "normalise_images":
            cell.source = "def normalise_images(images):\n    return (images / 255"
    found = run(built, worker, notebook).findings
    assert gained(found["normalise_images"]) == [("any.what_answer", 0, ["any.cell_unread"])]
    assert found["normalise_images"][0].values["line"] in (1, 2)
    assert gained(found["one_hot"]) == [("any.what_answer", 0, ["any.other_name"])]


@needs_sandbox
def test_practice_that_an_instructor_gives_points_is_graded_in_proportion(built, worker):
    """A flipped kernel loses 4 of 10: does it get 3 of the 5 points that a course gives, in its own words?"""
    notebook = notebook_with(built, answer("convolve", "flips the kernel"))
    notebook.cells[-1] = practice_with_points("convolve", 5)
    result = run(built, worker, notebook)
    assert determine_grade(notebook.cells[-1])[0] == 3
    assert notebook.cells[-1].outputs[0].text.startswith("convolve: 3 of 5 points\n")
    assert result.findings["convolve"][0].key == "convolve.flipped"


@needs_sandbox
def test_text_on_stderr_costs_nothing(built, worker):
    """Stock nbgrader gives 0 for a letter on stderr. Here?"""
    code = "import sys\n" + answer("one_hot", "the model answer").code.replace(
        "def one_hot(vector, number_classes):",
        "def one_hot(vector, number_classes):\n    print('a warning', file=sys.stderr)",
    )
    notebook = notebook_with(built, Answer("one_hot", "loud", code, 10))
    run(built, worker, notebook)
    assert determine_grade(notebook.cells[-1])[0] == 10


@needs_sandbox
@pytest.mark.parametrize(
    "code",
    [
        answer("normalise_images", "divides by 256").code,
        "def normalise_images(images):\n    print(images)\n    raise ValueError(images.tolist())",
        "def normalise_images(images):\n    raise ValueError(images.ravel())",
    ],
    ids=["wrong", "lists it", "shows it"],
)
def test_no_case_is_shown(built, worker, code):
    """A wrong answer, told why: is nothing of what was asked in the notebook?"""
    notebook = notebook_with(built, Answer("normalise_images", "curious", code, 0))
    run(built, worker, notebook)
    cases = TASKS["normalise_images"].cases(np.random.default_rng(5), {})
    text = nbformat.writes(notebook)
    for case in cases:
        few = case.ask["images"].ravel()[1:4]
        assert str(few)[1:-1] not in text
        assert str(few.tolist())[1:-1] not in text


@needs_sandbox
def test_an_ended_session_costs_the_answer_that_ended_it(built, worker):
    """exit() in the middle: points before and after, and the reason at each check that was not asked then?"""
    notebook = notebook_with(built, answer("net_1", "the model answer"))
    for cell in notebook.cells:
        if grade_id(cell) == "normalise_images":
            cell.source = answer("normalise_images", "the model answer").code
        if grade_id(cell) == "one_hot":
            cell.source = "import os\nos._exit(3)"
    warnings = run(built, worker, notebook).warnings
    checks = {grade_id(cell): cell for cell in notebook.cells if grade_id(cell).startswith("check_")}
    assert determine_grade(checks["check_normalise_images"])[0] == 8
    assert determine_grade(checks["check_one_hot"])[0] == 0
    assert "ended its own session" in checks["check_one_hot"].outputs[0].text
    assert determine_grade(checks["check_net_1"])[0] == 14
    assert "session had ended before this check" in " ".join(checks["check_net_1"].outputs[0].text.split())
    assert set(warnings) == {"check_one_hot"}


@needs_sandbox
@pytest.mark.parametrize("victim", ["sandbox", "session", "judge"])
def test_who_kills_a_part_of_the_grader_costs_no_points(built, worker, victim):
    """kill -9 of the zygote, the session or the judge in the middle: tried again, with all points?"""
    killed = []

    def kill(name: str) -> None:
        if name == "check_one_hot" and not killed:
            zygote = worker.sandbox.pid
            pids = {"sandbox": [zygote], "session": session_of(zygote), "judge": [worker.bounded.pid]}[victim]
            killed.extend(pids)
            for pid in pids:
                os.kill(pid, signal.SIGKILL)

    notebook = notebook_with(built, answer("one_hot", "the model answer"))
    for cell in notebook.cells:
        if grade_id(cell) == "normalise_images":
            cell.source = answer("normalise_images", "the model answer").code
    folders = Folders(built.release, built.release, built.source)
    assert execute.run(notebook, worker, folders, seeds(), kill).warnings == {}
    assert killed
    checks = {grade_id(cell): cell for cell in notebook.cells if grade_id(cell).startswith("check_")}
    assert determine_grade(checks["check_normalise_images"])[0] == 8
    assert determine_grade(checks["check_one_hot"])[0] == 10


def session_of(zygote: int) -> list[int]:
    """The last process in the line below the zygote: zygote, guard, session."""
    below = [
        child
        for path in Path(f"/proc/{zygote}/task").glob("*/children")
        for child in map(int, path.read_text().split())
    ]
    return session_of(below[-1]) if below else [zygote]


# --- The data -----------------------------------------------------------------------------------


def test_the_trusted_data_are_those_of_a_session(built):
    """Do the judges know the very pictures that the notebook loads while it is graded?"""
    data = cases.data_of(built.source)
    assert {name for name in data if name.startswith("cifar")} == {
        f"cifar_{part}_{what}" for part in ("train", "test") for what in ("images", "labels")
    }
    assert data["train_images"].shape[1:] == (28, 28)
    assert data["cifar_train_labels"].shape[1:] == (1,)


# --- Values that no honest session sends ----------------------------------------------------------

KEYS = (
    "kind array untouched error layers output frozen weights model predictions batch_size epochs steps curves "
    "history score axes figure loss metrics optimiser"
).split()  # fmt: skip
KEYS += ["training output", "extra losses", "learning rate", "score kind", "net error", "units", "filters"]
KEYS += ["other weights", "lazy", "random", "shape", "arguments", "name", "is layer"]
KEYS += ["asked", "unseen", "test loss", "seen", "shown pictures", "shown labels", "model kind"]
ARRAYS = (
    "x_train x_test train_pixels test_pixels cifar_y_train cifar_y_test cifar_x_train cifar_x_test".split()
)
KEYS += [f"{name} {what}" for name in ARRAYS for what in ("kind", "shape", "rows")]
LAYERS = (
    "Conv2D",
    "Dense",
    "Reshape",
    "ZeroPadding2D",
    "BatchNormalization",
    "Rescaling",
    "Nonsense",
    "Flatten",
)
HUGE = 10**200


def hostile(rng: random.Random, depth: int = 0) -> Any:
    """Anything that the wire lets through."""
    simple = (
        None, True, False, 0, 1, -1, 2, 10, 30, 128, HUGE, -HUGE, 2**63, 0.5, -0.0, float("nan"), float("inf"),
        -float("inf"), 1e308, "", "Model", "ndarray", "NoneType", "Figure", "valid", "same", "relu", "softmax",
        "\0", "`x`", "x" * 5000, "\ud7ff\U0001f600", "<script>", np.array(float("nan")), np.zeros((0, 3)),
        np.full((3, 10), np.nan), np.full((24, 28, 28, 1), np.inf), np.zeros(8, bool), np.arange(25, dtype=np.int8),
        np.full((25, 10), 2**63 - 1), np.zeros((1,) * 8), np.ones((3, 10), np.float16),
    )  # fmt: skip
    if depth > 3 or rng.random() < 0.5:
        return rng.choice(simple)
    if rng.random() < 0.4:
        return [hostile(rng, depth + 1) for _ in range(rng.randrange(5))]
    if rng.random() < 0.5:
        names = "filters kernel_size strides padding activation units pool_size weights target_shape scale offset "
        names += "epsilon negative_slope dilation_rate groups lines x y again came went own"
        keys = rng.sample(names.split(), 6)
        return {"kind": rng.choice(LAYERS)} | {key: hostile(rng, depth + 1) for key in keys}
    return {key: hostile(rng, depth + 1) for key in rng.sample([*KEYS, "loss", "val_loss", "accuracy"], 5)}


def hostile_answer(rng: random.Random, out_of: int) -> Any:
    if rng.random() < 0.05:
        return hostile(rng)
    made = {key: hostile(rng) for key in rng.sample(KEYS, rng.randrange(1, 20))}
    if rng.random() < 0.7:  # the right kind opens the way into the judge
        made["kind"] = rng.choice(("Model", "ndarray"))
        made["layers"] = [hostile(rng, 1) for _ in range(rng.randrange(8))]
        made.pop("error", None)
    return made


@pytest.fixture(scope="module")
def bounded():
    with BoundedProcess() as kept:
        yield kept


@pytest.mark.parametrize("task", TASKS)
def test_malformed_answers_never_crash_a_judge(built, bounded, task):
    """Wrong types, missing keys, NaN, huge numbers, deep lists: points within bounds and a sentence each time?"""
    rng = random.Random(task)
    asked = TASKS[task].cases(np.random.default_rng(1), cases.data_of(built.source))
    for _ in range(120):
        answers = [hostile_answer(rng, TASKS[task].whole) for _ in asked]
        found = findings(bounded, task, asked, answers)
        assert found
        assert 0 <= points(found) <= max(TASKS[task].whole, 4)
        assert not TASKS[task].whole or points(found) < TASKS[task].whole
        assert words(task, found).strip()
        assert len(words(task, found)) < 50_000


def test_a_judge_that_stumbles_gives_nothing_and_goes_on(bounded):
    """Is a stumble worth 0 with a sentence, and the next answer judged as ever?"""
    cases = [Case({"vector": np.array([1]), "number_classes": 3})]
    right = {"kind": "ndarray", "array": np.array([[0.0, 1, 0]])}
    assert findings(bounded, "one_hot", cases, [{"kind": "ndarray", "array": 3}, right])[0].points == 0
    assert findings(bounded, "one_hot", cases, [5])[0].points == 0
    assert points(findings(bounded, "one_hot", cases, [right])) == 10
    assert findings(bounded, "one_hot", cases, [right, right])[0].key == "any.unreadable"


def test_an_answer_that_takes_all_memory_costs_its_own_points_only(bounded):
    """A net of many paddings, gigabytes each: is the judging process bounded, and not the grader's trouble?"""
    cases = TASKS["net_1"].cases(np.random.default_rng(1), {})
    padding = {"kind": "ZeroPadding2D", "padding": [[10_000, 10_000]] * 2, "weights": []}
    answers = [
        {
            "kind": "Model",
            "layers": [padding] * 20,
            "extra losses": 0,
            "frozen": 0,
            "output": np.zeros((3, 10)),
        }
    ] * len(cases)
    assert points(findings(bounded, "net_1", cases, answers)) == 0
    assert points(findings(bounded, "one_hot", [Case({"vector": np.array([1]), "number_classes": 2})],
                                 [{"kind": "ndarray", "array": np.array([[0.0, 1]])}])) == 10  # fmt: skip


def test_refusal_names_the_reason_and_the_way_on(course, monkeypatch, tmp_path):
    """A machine that can't: is nothing graded, and is it said why and how to go on?"""
    from admin.course.layout import CourseError
    from admin.grading import run as grading
    from admin.grading import worker as grading_worker

    folder = course.submitted("amara")
    folder.mkdir(parents=True)
    (folder / f"{NOTEBOOK}.ipynb").write_bytes((course.release / f"{NOTEBOOK}.ipynb").read_bytes())
    missing = say("sandbox.not_started", reason="no user namespaces")
    monkeypatch.setattr(grading, "what_is_missing", lambda: [missing])
    with pytest.raises(CourseError, match=r"no user namespaces.*--without-sandbox"):
        grading.grade(course)
    assert course.points("amara") is None
    monkeypatch.setattr(grading_worker, "what_is_missing", lambda: [missing])
    result = course.api().autograde("convnet", "amara", force=True)
    assert not result["success"]
    assert "no user namespaces" in result["log"]
    assert not Path(course.autograded("amara")).exists()
