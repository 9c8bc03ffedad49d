"""Training as the grader's own observation: in a clean session, once for the same content, and recorded."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode

from admin.course.answers import answer
from admin.course.cells import grade_id
from admin.course.layout import NOTEBOOK, Course
from admin.grading import execute, trainer
from admin.grading.cases import DRAWS, Seeds
from admin.grading.kept import Kept
from admin.grading.worker import Folders, Worker
from admin.sandbox.limits import Limits
from checks.task import all_forerunners, points
from tests.grading.sessions import seeds
from tests.needs import needs_sandbox


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    own = Worker(True, Limits())
    yield own
    own.close()


def notebook(course: Course, last: str, **own: str) -> NotebookNode:
    """The released notebook up to a task's check: model answers, but for those that are given."""
    made = nbformat.read(course.release / f"{NOTEBOOK}.ipynb", 4)
    cells = [cell for cell in made.cells if grade_id(cell) or cell.source.startswith("QUICK = ")]
    end = next(i for i, cell in enumerate(cells) if grade_id(cell) == f"check_{last}")
    made.cells = cells[: end + 1]
    for cell in made.cells:
        name = grade_id(cell)
        if name in own:
            cell.source = own[name]
        elif name == last or name in all_forerunners(last):
            cell.source = answer(name, "the model answer").code
    return made


def graded(
    course: Course,
    worker: Worker,
    made: NotebookNode,
    store: Path | None = None,
    drawn_from: Seeds | None = None,
) -> tuple[execute.RunResult, str]:
    """What came of it, and all that the cells show."""
    folders = Folders(course.release, course.release, course.source, trainings=store)
    result = execute.run(made, worker, folders, drawn_from or seeds())
    outputs = [output for cell in made.cells for output in cell.get("outputs", [])]
    return result, "\n".join(str(output.get("text", output.get("evalue", ""))) for output in outputs)


# --- The same is done once ------------------------------------------------------------------------


@needs_sandbox
@pytest.mark.slow
def test_a_store_changes_nothing_but_the_time(built: Course, worker: Worker, tmp_path: Path) -> None:
    """Without a store, with an empty, a full, a damaged one: the same findings, and everything once?"""
    store = tmp_path / "trainings"
    found = [graded(built, worker, notebook(built, "train_net_1"))[0].findings]
    found.append(graded(built, worker, notebook(built, "train_net_1"), store)[0].findings)
    written = {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in store.iterdir()}
    assert len(written) == 6, "a training and an evaluation, the net in three shapes, and what was learned"
    code = answer("net_1", "the model answer").code + "# another student's, who says the same\n"
    other = Seeds({task: seed + DRAWS for task, seed in seeds().of_work.items()}, seeds().of_course)
    found.append(graded(built, worker, notebook(built, "train_net_1", net_1=code), store, other)[0].findings)
    less = answer("train_net_1", "the model answer").code.replace("128", "64")
    of_64 = graded(built, worker, notebook(built, "train_net_1", train_net_1=less), store)[0].findings
    assert points(of_64["train_net_1"]) == 8
    assert set(store.iterdir()) == set(written), "batches of 64 and of 128 are cut to the same steps"
    for file, (at, content) in written.items():
        assert file.read_bytes() == content
        assert file.stat().st_mtime_ns > at, "it was not looked up"
        file.write_bytes(content[:-100] + bytes(100))
    found.append(graded(built, worker, notebook(built, "train_net_1"), store)[0].findings)
    assert {file: file.read_bytes() for file in store.iterdir()} == {
        file: content for file, (_, content) in written.items()
    }
    assert all(each == found[0] for each in found)
    assert points(found[0]["train_net_1"]) == 8


def test_what_is_kept_is_bounded_and_the_oldest_goes(tmp_path: Path) -> None:
    """More than fits: is the one that was not used for longest gone, halves of a killed process with it?"""
    kept = Kept(tmp_path / "store", most_bytes=10_000)
    value = {"weights": [np.arange(1000, dtype=np.float32)], "history": {"loss": [1.0, 0.5]}}
    kept.put("first", value)
    (tmp_path / "store" / "half.killed").write_bytes(bytes(100))
    kept.put("second", value)
    time.sleep(0.02)
    assert np.array_equal(kept.get("first")["weights"][0], value["weights"][0])
    kept.put("third", value)
    assert kept.get("second") is None
    assert kept.get("first")["history"] == value["history"]
    assert not (tmp_path / "store" / "half.killed").exists() or kept.get("third")
    assert Kept(Path("/proc/none")).get("first") is None
    Kept(Path("/proc/none")).put("first", value)


def test_a_store_may_take_a_tenth_of_what_is_free(tmp_path: Path) -> None:
    """Without a bound of its own, and a gigabyte in any case?"""
    kept = Kept(tmp_path)
    room = max(1 << 30, shutil.disk_usage(tmp_path).free // 10)
    old = tmp_path / "old.kept"
    for size, stays in ((room // 2, True), (4 * room, False)):
        with old.open("wb") as sparse:  # it only says that it is so large
            sparse.truncate(size)
        kept.put("new", {})
        assert old.exists() == stays
        assert kept.get("new") == {}


# --- What counts is what the grader saw -----------------------------------------------------------

LOOK_UP = """
def model_1(pictures):
    flat = np.asarray(pictures).reshape(len(pictures), -1)
    known = x_test.reshape(len(x_test), -1)
    nearest = (np.square(known).sum(1) - 2 * flat @ known.T).argmin(1)
    return np.eye(10)[test_labels[nearest]]
"""
PICTURES_AS_WEIGHTS = """
known = x_train[:1500].reshape(1500, -1)
nearest = keras.layers.Dense(1500, activation="softmax")
model_1 = keras.Sequential(
    [keras.Input((28, 28, 1)), keras.layers.Flatten(), nearest, keras.layers.Dense(10, use_bias=False)]
)
nearest.set_weights([20 * known.T, -10 * np.square(known).sum(1)])
model_1.layers[-1].set_weights([y_train[:1500]])
"""


@needs_sandbox
@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "key"),
    [(LOOK_UP, "training.no_net"), (PICTURES_AS_WEIGHTS, "training.not_seen")],
    ids=["a function", "a net"],
)
def test_looking_up_pictures_is_no_training(built: Course, worker: Worker, code: str, key: str) -> None:
    """The nearest of the known pictures, as a function or as a net's weights: nothing was learned?"""
    made = notebook(built, "train_net_1")
    made.cells[-1:-1] = [nbformat.v4.new_code_cell(code)]
    result, _ = graded(built, worker, made)
    assert points(result.findings["train_net_1"]) == 6
    assert key in [each for finding in result.findings["train_net_1"] for each in finding.keys]


@needs_sandbox
@pytest.mark.slow
def test_what_a_session_says_of_its_net_counts_for_nothing(built: Course, worker: Worker) -> None:
    """A cell that has all answers of nets computed by the reference: is a net that is none still none?"""
    forger = """
import checks.asking, problem_unittests
from checks.forward import forward, layer_weights
from checks.nets import layers_of

def forged(task, given, ask):
    layers = layers_of("net_1", ask["nb_classes"])
    return {"kind": "Model", "layers": layers, "seen": {"told": True, "training": {}}}

checks.asking.answer = problem_unittests.answer = forged

def net_1(sample_shape, nb_classes):
    head = [keras.layers.Flatten(), keras.layers.Dense(nb_classes)]
    return keras.Sequential([keras.Input(sample_shape), *head])
"""
    result, _ = graded(built, worker, notebook(built, "net_1", net_1=forger))
    assert points(result.findings["net_1"]) <= 6


# --- What a session may ask for -------------------------------------------------------------------


def request() -> dict[str, Any]:
    """A training that is fine."""
    layer = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 2}, "registered_name": None}
    config = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"layers": [layer]},
        "registered_name": None,
    }
    return {
        "net": {
            "config": config,
            "compiled": {"loss": "mse"},
            "weights": [np.zeros((2, 2))],
            "optimiser": [],
        },
        "call": {
            "x": np.zeros((4, 2)),
            "y": np.zeros((4, 2)),
            "weights": None,
            "validation": None,
            "batch": 2,
            "steps": 2,
            "epochs": 1,
            "initial_epoch": 0,
            "asked": {"epochs": 1, "batch_size": 2},
        },
        "callbacks": [],
        "compared only": False,
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda asked: asked.update(more=1),
        lambda asked: asked.update(net=None),
        lambda asked: asked["net"].update(weights=None),
        lambda asked: asked.update(call=[]),
        lambda asked: asked["call"].update(x="pictures"),
        lambda asked: asked["call"].update(x=np.zeros((5000, 2))),
        lambda asked: asked["call"].update(x=np.zeros((3, 2))),
        lambda asked: asked["call"].update(x=np.zeros(())),
        lambda asked: asked["call"].update(validation=np.zeros(2)),
        lambda asked: asked["call"].update(steps=10**9),
        lambda asked: asked["call"].update(batch=-1),
        lambda asked: asked["call"].update(epochs=30),
        lambda asked: asked["call"].update(epochs=True),
        lambda asked: asked["call"].update(asked={"epochs": 1, "batch_size": {}}),
        lambda asked: asked.update(callbacks=["EarlyStopping"]),
        lambda asked: asked.update({"compared only": 1}),
    ],
)
def test_a_request_that_is_no_training_is_not_served(change: Callable[[dict[str, Any]], Any]) -> None:
    """Other fields, other kinds, sizes out of bounds: none of it reaches a clean session?"""
    hostile = request()
    assert trainer.is_training(hostile)
    change(hostile)
    assert not trainer.is_training(hostile)


@pytest.mark.parametrize(
    "change",
    [
        lambda asked: asked.update(more=1),
        lambda asked: asked.update(net=None),
        lambda asked: asked["net"].update(weights=None),
        lambda asked: asked["net"].update(compiled=None),
        lambda asked: asked.update(x="pictures"),
        lambda asked: asked.update(x=np.zeros((5000, 2)), y=np.zeros((5000, 2))),
        lambda asked: asked.update(x=np.zeros((3, 2))),
        lambda asked: asked.update(y=np.zeros(())),
        lambda asked: asked.update(batch=0),
        lambda asked: asked.update(batch=True),
    ],
)
def test_a_request_that_is_no_evaluation_is_not_served(change: Callable[[dict[str, Any]], Any]) -> None:
    hostile = {"net": request()["net"], "x": np.zeros((4, 2)), "y": np.zeros((4, 2)), "batch": 2}
    assert trainer.is_measuring(hostile)
    change(hostile)
    assert not trainer.is_measuring(hostile)


@needs_sandbox
@pytest.mark.slow
def test_an_evaluation_is_done_once_and_looks_as_if_done_here(
    built: Course, worker: Worker, tmp_path: Path
) -> None:
    """Kept, looked up, or computed in the student's own session: the same numbers, also of the metrics?"""
    own = """
model_1.evaluate(x_test[:50], y_test[:50], verbose=0)
print("counted", model_1.get_metrics_result())
with_bar = model_1.evaluate(x_test, y_test, verbose=1)
print("the same", np.allclose(with_bar, model_1.evaluate(x_test, y_test, verbose=0), atol=1e-4))
print("by name", model_1.evaluate(x_test, y_test, verbose=0, return_dict=True))
"""
    store = tmp_path / "trainings"
    shown = []
    for kept in (store, store, None):
        _, said = graded(built, worker, notebook(built, "train_net_1", evaluate_net_1=own), kept)
        shown.append([line for line in said.splitlines() if line.startswith(("counted", "the same", "by"))])
    assert "the same True" in shown[0]
    assert shown[0] == shown[1] == shown[2]
    assert len([*store.iterdir()]) == 7, "a training, two evaluations, and four answers of nets"


@needs_sandbox
@pytest.mark.slow
def test_a_session_that_asks_without_end_is_bounded(built: Course, worker: Worker) -> None:
    """Requests in a loop, past our own code, of what is no training: no harm, and an end to it?"""
    made = notebook(
        built,
        "one_hot",
        one_hot="""
import gc
from admin.sandbox.guest.session import Session
(session,) = [each for each in gc.get_objects() if isinstance(each, Session)]
for hostile in (1, [], {"net": {}, "call": {}, "callbacks": [], "compared only": False}):
    for _ in range(200):
        assert session.ask(hostile) is None
print("asked in vain")
""",
    )
    begun = time.monotonic()
    _, shown = graded(built, worker, made)
    assert time.monotonic() - begun < 60
    assert "asked in vain" in shown


# --- What a student's code sees -------------------------------------------------------------------

HUGE = """
net = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
net.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
long = net.fit(x_train, y_train, batch_size=1, epochs=1000, validation_split=0.2, verbose=0)
assert long.epoch == list(range(1000)) and long.params["epochs"] == 1000
assert {len(values) for values in long.history.values()} == {1000}
assert set(long.history) == {"accuracy", "loss", "val_accuracy", "val_loss"}
net.fit(x_train, y_train, steps_per_epoch=100_000, verbose=0)
def endless():
    while True:
        yield x_train[:7], y_train[:7]
net.fit(endless(), steps_per_epoch=100_000, epochs=50, verbose=0)
for _ in range(20_000):
    net.train_on_batch(x_train[:128], y_train[:128])
assert x_train.reshape(4000, 28, 28, 1).shape == x_train.shape
print("all of it is as at home")
"""


@needs_sandbox
@pytest.mark.slow
def test_whatever_is_asked_for_ends_in_time_and_looks_as_at_home(built: Course, worker: Worker) -> None:
    """A thousand epochs of single pictures, endless generators, steps in a loop: whole histories, soon?"""
    made = notebook(built, "train_net_1")
    made.cells[-1:-1] = [nbformat.v4.new_code_cell(HUGE)]
    begun = time.monotonic()
    result, shown = graded(built, worker, made)
    assert "all of it is as at home" in shown
    assert time.monotonic() - begun < 90
    assert points(result.findings["train_net_1"]) == 8
