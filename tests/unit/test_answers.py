"""The list of answers (`admin/course/answers`), gone through one by one: points and words of each check."""

import contextlib
import io
import json
import os
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import matplotlib

import problem_unittests as tests
from admin.course.answers import ANSWERS, Answer, answer
from admin.course.cells import grade_id
from admin.course.source_notebook import read_source
from admin.mutation import known
from checks.forward import forward, layer_weights
from checks.language import say
from checks.model import described as model_described
from checks.task import TABLE, all_forerunners, as_json, from_json, out_of
from tools import fitting

matplotlib.use("agg")
import matplotlib.pyplot as plt

DATA = Path(__file__).parents[2] / "notebooks" / "data"
SMALL = 600
# Shorter than in grading: a right net has learned something by then, and none so much that it is told so.
SHORT = fitting.Bounds(steps=20)


def new_notebook(task: str) -> dict[str, Any]:
    """The names that a notebook holds just before a task's answer cell, all before it being right."""
    keras.utils.set_random_seed(1)  # how far a training comes is the same each time
    names: dict[str, Any] = {"np": np, "keras": keras, "plt": plt, "NUMBER_CLASSES": 10, **mnist(), **cifar()}
    names["train_pixels"], names["test_pixels"] = names["train_images"] / 255, names["test_images"] / 255
    for earlier in all_forerunners(task):
        exec(answer(earlier, "the model answer").code, names)
    if task in ("train_net_1", "train_net_2"):
        names[f"model_{task[-1]}"] = trained(task.removeprefix("train_"))
    return names


def mnist() -> dict[str, np.ndarray]:
    with np.load(DATA / "mnist_5000.npz") as file:
        x, y = file["x"], file["y"]
    return {
        "train_images": x[:2000],
        "train_labels": y[:2000],
        "test_images": x[4000:],
        "test_labels": y[4000:],
    }


def cifar() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    labels = rng.permutation(np.arange(SMALL + 200) % 10).astype(np.uint8)[:, None]
    images = rng.integers(0, 256, (SMALL + 200, 32, 32, 3), dtype=np.uint8)
    images[::4, ..., 1:] = images[::4, ..., 1:] // 2 + 40  # so that not every picture has black and white
    images[..., 0] = np.clip(labels[..., None] * 25 + images[..., 0] // 10, 0, 255)
    return {
        "cifar_train_images": images[:SMALL],
        "cifar_train_labels": labels[:SMALL],
        "cifar_test_images": images[SMALL:],
        "cifar_test_labels": labels[SMALL:],
    }


@cache
def trained(net: str) -> keras.Model:
    """The net after a few steps on real digits."""
    names: dict[str, Any] = {"keras": keras}
    exec(answer(net, "the model answer").code, names)
    keras.utils.set_random_seed(1)
    model, data = names[net]((28, 28, 1), 10), mnist()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(data["train_images"][..., None] / 255, data["train_labels"], batch_size=64, epochs=1, verbose=0)
    return model


def graded(given: Answer) -> tuple[float, list[tests.Finding], str]:
    """Points, findings and what stands on stderr after the answer cell and its check."""
    names = new_notebook(given.task)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), noted_findings() as noted:
        exec(given.code, names)
        err.truncate(0)
        returned = call_check(given.task, names)
    (findings,) = noted
    reached = tests.points(findings)
    assert returned == (None if TABLE[given.task].practice else reached)
    printed = [tests.Finding("any.what_printed", 0, 0, (say("any.printed"),))]
    shown = [tests.words(given.task, [*findings, *more]) for more in ([], printed)]
    assert out.getvalue().endswith(tuple(f"{words}\n" for words in shown))
    return reached, findings, err.getvalue()


@contextlib.contextmanager
def noted_findings() -> Iterator[list[list[tests.Finding]]]:
    """The findings of each check that is called meanwhile: asking a net twice would take twice as long."""
    noted: list[list[tests.Finding]] = []

    def grade(task: str, given: tests.Given) -> list[tests.Finding]:
        noted.append(tests.grade_answer(task, given))
        return noted[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("checks.report.grade_answer", grade)
        yield noted


def call_check(task: str, names: dict[str, Any]) -> float | None:
    """The points that the task's check cell gives in a notebook with these names; practice gives none."""
    cell = check_cells()[task] if TABLE[task].practice else check_cells()[f"check_{task}"]
    return eval(cell, {**names, "tests": tests})


@cache
def check_cells() -> dict[str, str]:
    """The source of each cell of the notebook that nbgrader knows, and of each practice's check."""
    cells = read_source().cells
    known_cells = {name: cell.source for cell in cells if (name := grade_id(cell))}
    practice = {name: f"tests.test_{name}({name})" for name, entry in TABLE.items() if entry.practice}
    assert set(practice.values()) <= {cell.source.strip() for cell in cells}
    return {**known_cells, **practice}


@pytest.mark.parametrize("given", ANSWERS, ids=lambda a: f"{a.task}: {a.name}")
def test_an_answer_gets_its_points_and_is_told_its_misconception(given: Answer) -> None:
    """Does each answer of the list get exactly its points, its own key, and nothing on stderr?"""
    reached, findings, stderr = graded(given)
    assert (reached, stderr) == (given.points, ""), tests.words(given.task, findings)
    assert out_of(findings) == TABLE[given.task].whole
    told = known.told(known.plain(findings), bool(given.or_key))
    assert told == known.recorded().get(f"{given.task}: {given.name}"), "python3 -m admin mutants --record"
    # A fault has one cross; what only follows from it has a dot.
    assert ("✗" in tests.words(given.task, findings)) == (reached < TABLE[given.task].whole)
    assert given.is_told([key for finding in findings for key in finding.keys])
    assert [from_json(json.loads(json.dumps(as_json(finding)))) for finding in findings] == findings


def test_every_wrong_answer_has_words_and_every_task_has_both_kinds() -> None:
    """Is there, for each graded task, more than one right way, an empty one, and words for each wrong one?"""
    for name, task in tests.TASKS.items():
        if task.whole:
            own = [a for a in ANSWERS if a.task == name]
            assert sum(a.points == task.whole for a in own) >= 2, name
            assert any(a.name == "empty" and a.points == 0 for a in own), name
            assert all(a.key for a in own if a.points < task.whole), name


@pytest.fixture(autouse=True, scope="module")
def short_training() -> Iterator[None]:
    """Training shorter than in grading: its checks look at what was asked for, not at what was learned."""
    trained("net_1"), trained("net_2")
    fitting.bound_training(SHORT)
    yield
    fitting.unbound_training()


@pytest.fixture(autouse=True)
def no_figures_left() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture
def secret() -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(os.urandom(8)))


@pytest.mark.parametrize("task", [name for name, task in tests.TASKS.items() if task.whole])
def test_secret_cases_give_the_same_points(task: str, secret: np.random.Generator) -> None:
    """Do cases that nobody has seen before tell the same right and wrong answers apart?

    A few of each kind: tests/grading/test_execute.py tries all of them, in sessions.
    """
    own = [a for a in ANSWERS if a.task == task]
    right = [a for a in own if a.points == tests.TASKS[task].whole]
    for given in right[:2] + [a for a in own if a not in right][::6]:
        names = new_notebook(task)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(given.code, names)
            findings = tests.grade_answer(task, names, rng=secret)
        assert tests.points(findings) == given.points, (given.name, tests.words(task, findings))


def test_the_words_never_quote_a_secret_case(secret: np.random.Generator) -> None:
    """Are the words for a wrong answer the same, whatever was drawn?"""
    for name in ("divides by the maximum", "min–max per picture", "maximum plus one", "drops absent classes"):
        given = next(a for a in ANSWERS if a.name == name)
        names = new_notebook(given.task)
        exec(given.code, names)
        practice = tests.words(given.task, tests.grade_answer(given.task, names))
        assert tests.words(given.task, tests.grade_answer(given.task, names, rng=secret)) == practice


def test_a_check_changes_nothing_in_the_notebook() -> None:
    """Has a trained model its weights after its check, and have the data their values?"""
    names = new_notebook("cifar_model")
    exec(answer("cifar_model", "the model answer").code, names)
    weights = [w.copy() for w in names["cifar_model"].get_weights()]
    images = names["cifar_train_images"].copy()
    tests.test_cifar_model(names)
    assert all(np.array_equal(a, b) for a, b in zip(weights, names["cifar_model"].get_weights(), strict=True))
    assert np.array_equal(images, names["cifar_train_images"])


@pytest.mark.parametrize("task", [name for name in tests.TASKS if name not in ("net_3", "cifar_training")])
def test_a_check_takes_less_than_two_seconds(task: str) -> None:
    """Does a student wait less than two seconds for the check of a right answer?"""
    names = new_notebook(task)
    exec(answer(task, "the model answer").code, names)
    call_check(task, names)
    # Processor time of all cores: what else the machine is doing does not count.
    start = time.process_time()
    call_check(task, names)
    assert time.process_time() - start < 2


def test_missing_data_says_which_cell_to_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Is a student who runs a check before the data are loaded told so, instead of a KeyError?"""
    assert tests.test_cifar_labels({"cifar_y_train": np.eye(10)}) == 0
    assert "Run the cell that loads CIFAR-10" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("task", "name", "value"),
    [
        ("channel_axis", "train_images", np.zeros((9, 28, 28))),
        ("channel_axis", "test_images", [[0, 1]]),
        ("cifar_images", "cifar_test_images", np.zeros((9, 32, 32, 3), bool)),
        ("cifar_labels", "cifar_train_labels", np.zeros((9, 10), np.uint8)),
        ("cifar_labels", "cifar_test_labels", None),
    ],
)
def test_data_that_were_overwritten_are_told(task: str, name: str, value: object) -> None:
    """Is a student with other things under the names of the data told which cell to run again?"""
    names = new_notebook(task)
    exec(answer(task, "the model answer").code, names)
    (finding,) = tests.grade_answer(task, {**names, name: value})
    key = "any.data_overwritten" if isinstance(value, np.ndarray) else "any.no_data"
    assert (finding.points, finding.key, finding.values["name"]) == (0, key, name)
    assert finding.values["which"] == ("CIFAR-10" if "cifar" in task else "MNIST")
    for kind in (np.uint8, np.int64):
        whole = {each: names[each].astype(kind) for each in (name,) if "images" in each}
        assert tests.points(tests.grade_answer(task, {**names, **whole})) == tests.TASKS[task].points


def test_hints_have_three_levels_and_none_is_a_solution(capsys: pytest.CaptureFixture[str]) -> None:
    """Has every task three hints, none with a line of the answer in it, and a sentence for a wrong name?"""
    for name in tests.TASKS:
        for level in (1, 2, 3):
            tests.hint(name, level)
            told = capsys.readouterr().out
            assert len(told) > 60
            solutions = [a.code for a in ANSWERS if a.task == name and a.points == tests.TASKS[name].whole]
            lines = [
                line.strip().removeprefix("return ") for code in solutions for line in code.splitlines()[1:]
            ]
            assert not any(len(line) > 12 and line in told for line in lines)
    tests.hint("onehot", 1)
    assert "There is no task" in capsys.readouterr().out
    tests.hint("one_hot", 4)
    assert "levels 1, 2 and 3" in capsys.readouterr().out


def test_net_3_is_looked_at_and_gives_no_points(capsys: pytest.CaptureFixture[str]) -> None:
    """Is the extra net told what it has, and what it might try, without points?"""

    def net_3(sample_shape: tuple[int, ...], nb_classes: int) -> keras.Model:
        layers = keras.layers
        return keras.Sequential(
            [
                keras.Input(sample_shape),
                *(layers.Conv2D(8, 3, padding="same", activation="relu") for _ in range(3)),
                layers.Dropout(0.2),
                layers.Flatten(),
                layers.Dense(nb_classes, activation="softmax"),
            ]
        )

    assert tests.test_net_3(net_3) is None
    told = capsys.readouterr().out
    assert "✓ more convolutions" in told
    assert "✓ dropout" in told
    assert "✗ batch normalisation" in told


def test_numpy_forward_agrees_with_keras() -> None:
    """Does the judge's own forward pass give what Keras gives, for every kind of layer that it follows?"""
    layers = keras.layers
    chains = [
        [
            layers.Conv2D(4, 3, strides=2, padding="same", activation="elu"),
            layers.AveragePooling2D(2, padding="same"),
        ],
        [layers.Conv2D(4, (2, 3), activation="tanh"), layers.MaxPooling2D(3, strides=2, padding="same")],
        [
            layers.ZeroPadding2D(1),
            layers.BatchNormalization(),
            layers.Conv2D(3, 3, use_bias=False, activation="silu"),
        ],
        [layers.Rescaling(0.5, 0.1), layers.Conv2D(3, 3), layers.LeakyReLU(), layers.GlobalMaxPooling2D()],
        [
            layers.Conv2D(3, 3, activation="leaky_relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, "softplus"),
        ],
        [layers.Flatten(), layers.Dense(5, "sigmoid"), layers.Reshape((5,)), layers.Softmax()],
    ]
    images = np.random.default_rng(3).random((2, 11, 9, 2), dtype=np.float32)
    for chain in chains:
        model = keras.Sequential([keras.Input((11, 9, 2)), *chain])
        described = model_described(model, {"images": images, "seed": 5})
        simulated = forward(described["layers"], layer_weights(described["layers"], 5), images)
        assert simulated is not None
        np.testing.assert_allclose(simulated, described["output"], atol=2e-5)
