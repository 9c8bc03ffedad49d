"""What the notebook says of optimisers, papers and data: is it so?"""

from __future__ import annotations

import ast
import re
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from nbformat import NotebookNode

import tools
from tools.data import CIFAR_CLASSES


def text(notebook: NotebookNode) -> str:
    """All of the notebook's text, each paragraph in one line."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return re.sub(r"(?<!\n)\n(?![\n|#>-])", " ", "\n\n".join(cells))


def cell_with(notebook: NotebookNode, words: str) -> NotebookNode:
    """The one code cell that holds these words."""
    (cell,) = [c for c in notebook.cells if c.cell_type == "code" and words in c.source]
    return cell


def run(cell: NotebookNode, **names: Any) -> dict[str, Any]:
    """The names after a cell was run on its own, with these to begin with."""
    space = {"np": np, "pd": pd, "tools": tools, "keras": keras, **names}
    exec(cell.source, space)
    return space


# ---------------------------------------------------------------------------------------------- Adadelta


@pytest.mark.parametrize("rate", [1.0, 0.1, 0.001])
def test_the_notebook_s_adadelta_is_keras(solution: NotebookNode, rate: float) -> None:
    """Do its lines take the steps that Keras' optimiser takes, from the first to the hundredth?"""
    path = run(cell_with(solution, "def adadelta("))["adadelta"](rate, steps=100)
    variable, optimizer, by_keras = keras.Variable(1.0), keras.optimizers.Adadelta(learning_rate=rate), []
    for _ in range(100):
        optimizer.apply([2 * variable], [variable])
        by_keras.append(float(variable.value))
    np.testing.assert_allclose(path, by_keras, rtol=1e-4)  # Keras counts with 32 bits


def test_adadelta_arrives_with_the_good_rate_and_starts_slowly(solution: NotebookNode) -> None:
    """Does the table end where w is 0 for the rate of 1, and is what the text says of it so?"""
    paths = run(cell_with(solution, "def adadelta("))["paths"]
    good, default = paths["w at rate 1"], paths["w at rate 0.001"]
    assert abs(good.iloc[-1]) < 0.01
    assert default.iloc[-1] > 0.99
    said = text(solution)
    assert f"covered only {1 - good[50]:.0%} of the way after 50 steps".replace("%", " %") in said
    assert f"the first step is {1 - good[1]:.4f} long" in said
    assert float(keras.optimizers.Adadelta().learning_rate) == pytest.approx(0.001)


# ------------------------------------------------------------------------------------------- comparisons


def reader(right: np.ndarray) -> Any:
    """A net for "pictures" that are rows of an identity matrix: those that it should, it reads as class 1."""
    dense = keras.layers.Dense(2, use_bias=False)
    model = keras.Sequential([keras.Input((len(right),)), dense])
    dense.set_weights([np.stack([~right, right], axis=1).astype(np.float32)])
    return model


@pytest.mark.parametrize(
    ("only_1", "only_2", "verdict"),
    [(23, 2, "larger than chance explains"), (14, 11, "no larger than chance")],
)
def test_the_nets_are_compared_in_pairs(
    solution: NotebookNode, capsys: pytest.CaptureFixture[str], only_1: int, only_2: int, verdict: str
) -> None:
    """Is a difference real that the margins of two separate shares would hide, and one within chance not?"""
    size = 200
    right_1, right_2 = np.ones(size, bool), np.ones(size, bool)
    right_2[:only_1] = right_1[only_1 : only_1 + only_2] = False
    right_1[-3:] = right_2[-3:] = False
    names = {"x_test": np.eye(size, dtype=np.float32), "test_labels": np.ones(size, np.uint8)}
    nets = {"model_1": reader(right_1), "model_2": reader(right_2)}
    run(cell_with(solution, "tools.only_one_right("), score_1=[0, 0], score_2=[0, 0], **names, **nets)
    said = capsys.readouterr().out
    assert f"read by net_1 only: {only_1}, by net_2 only: {only_2}" in said
    assert f"These lie {only_1 - only_2} apart; by chance, up to 9 in 19 of 20 cases." in said
    assert f"read by both nets: {size - only_1 - only_2 - 3}, by neither: 3" in said
    assert verdict in said


def test_what_is_concluded_from_springenberg_s_table_follows_from_it(solution: NotebookNode) -> None:
    """Are the differences that the text names those of the table's rows, and does each net have all four?"""
    rows = re.findall(r"^\| [^|]+ \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|", text(solution), re.MULTILINE)
    base, strided, conv_pool, all_cnn = np.array(rows, dtype=float)
    assert (strided > base).all()
    assert (all_cnn < base).all()
    assert (conv_pool < base).all()
    assert (all_cnn - conv_pool).round(2).tolist() == [0.09, -0.23, -0.23]
    assert "better on A, by 0.09 points, and worse on B and C, by 0.23" in text(solution)


def test_the_model_answer_compares_as_the_notebook_does(solution: NotebookNode) -> None:
    """Does it judge in pairs, and rightly by the numbers that it names?"""
    (answer,) = [c.source for c in solution.cells if "**A model answer**" in c.source]
    only_1, only_2, apart, chance = map(
        int,
        re.search(
            r"(\d+) digits are read by `net_1` only\s+and (\d+) by `net_2` only: (\d+) apart.*?about (\d+)",
            answer,
            re.DOTALL,
        ).groups(),
    )
    assert apart == abs(only_1 - only_2) > tools.chance_in_pairs(only_1, only_2) == chance


# -------------------------------------------------------------------------------------------------- data


def test_the_quiz_is_answered_by_the_next_cell_alone(
    solution: NotebookNode, capsys: pytest.CaptureFixture[str]
) -> None:
    """Does no text before it or under the photographs give the classes, and does the cell give all twenty?"""
    _, labels = tools.load_sample("cifar10")
    cells = [cell.source for cell in solution.cells]
    quiz = next(place for place, source in enumerate(cells) if "cifar_classes.webp" in source)
    assert not [name for name in CIFAR_CLASSES if name in cells[quiz]]
    classes = run(cell_with(solution, "cifar_classes = dict("))["cifar_classes"]
    assert classes == dict(enumerate(CIFAR_CLASSES))
    run(solution.cells[quiz + 1], cifar_classes=classes, photograph_labels=labels)
    told = re.findall(r"(\d+) ([a-z]+)", capsys.readouterr().out)
    assert told == [(str(n + 1), CIFAR_CLASSES[label]) for n, label in enumerate(labels.ravel())]


def test_shapes_are_told_where_they_change(
    solution: NotebookNode, capsys: pytest.CaptureFixture[str]
) -> None:
    """Does the learner read the shapes before and after the channel axis, and before and after one-hot?"""
    images, labels = np.zeros((5, 28, 28), np.uint8), np.arange(5)
    shown = {"train_images": images, "test_images": images[:3], "train_labels": labels}
    run(
        cell_with(solution, '"x_test:  from'),
        x_train=images[..., None],
        x_test=images[:3, ..., None],
        **shown,
    )
    names = {"one_hot": lambda vector, classes: np.eye(classes)[vector], "NUMBER_CLASSES": 10}
    run(cell_with(solution, "one_hot(train_labels, "), test_labels=labels[:3], **names, **shown)
    said = capsys.readouterr().out
    for name, before, after in (
        ("x_train", (5, 28, 28), (5, 28, 28, 1)),
        ("x_test: ", (3, 28, 28), (3, 28, 28, 1)),
        ("y_train", (5,), (5, 10)),
        ("y_test: ", (3,), (3, 10)),
    ):
        assert re.search(rf"{name}:? from shape {re.escape(str(before))} to {re.escape(str(after))}", said)


def test_a_history_becomes_a_table_and_a_plot_with_a_text(
    solution: NotebookNode, capsys: pytest.CaptureFixture[str]
) -> None:
    """Does pandas show each epoch of a real training, and is the plot told in words?"""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    pictures, labels = np.eye(3)[[0, 1, 2] * 10], np.eye(2)[[0, 1, 1] * 10]
    history = model.fit(pictures, labels, epochs=4, validation_split=0.2, verbose=0)
    table = run(cell_with(solution, "table_1 = pd"), history_1=history, display=print)["table_1"]
    assert list(table.index) == [1, 2, 3, 4]
    assert table["val_loss"].tolist() == history.history["val_loss"]
    said = capsys.readouterr().out
    assert f"val_loss is lowest after epoch {1 + np.argmin(history.history['val_loss'])}" in said
    both = run(cell_with(solution, "pd.concat("), history_1=history, history_2=history, display=print)[
        "table"
    ]
    assert both["net_2"]["loss"].tolist() == history.history["loss"]


@pytest.mark.parametrize("name", ["history_1", "history_2"])
def test_without_an_epoch_there_is_no_table_and_no_traceback(solution: NotebookNode, name: str) -> None:
    """A training of 0 epochs leaves an empty history: is it left out?"""
    histories = {"history_1": keras.callbacks.History(), "history_2": keras.callbacks.History()}
    for history in histories.values():
        history.history = {}
    cell = cell_with(solution, "table_1 = pd" if name == "history_1" else "pd.concat(")
    assert not {"table_1", "table"} & set(run(cell, display=print, **histories))


@pytest.mark.parametrize("words", ["table_1 = pd", "pd.concat("])
def test_after_a_training_that_failed_no_task_is_called_empty(
    solution: NotebookNode, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    """Batch size and epochs are chosen: does the next cell say that the net is not trained?"""
    run(cell_with(solution, words), display=print, history_1=None, history_2=None)
    assert capsys.readouterr().out.startswith("net_1 has not been trained yet")


def test_the_sizes_worked_by_hand_are_those_of_the_formula(solution: NotebookNode) -> None:
    """Does the worked example with padding 1 and stride 2 come to what the cell below it prints?"""
    worked = re.findall(r"\\lfloor \((\d) \+ 2 - 3\)/2 \\rfloor \+ 1 = [^=]+ = (\d)", text(solution))
    assert [(int(n), int(size)) for n, size in worked] == [
        (n, tools.feature_map_size(n, kernel=3, stride=2, padding=1)) for n in (6, 9)
    ]


def test_the_binary_example_holds_the_whole_cross(solution: NotebookNode) -> None:
    """Is the largest sum 5, as the text says, and are picture and kernel binary?"""
    cells = [cell.source for cell in solution.cells]
    at = next(place for place, source in enumerate(cells) if "binary_picture = np.array(" in source)
    made = run(solution.cells[at])
    sums = tools.convolve(made["binary_picture"], made["cross"])
    assert sums.max() == 5
    assert set(np.unique(made["binary_picture"])) == set(np.unique(made["cross"])) == {0, 1}
    assert "at most 5, where the picture holds the whole cross" in cells[at + 1]


def test_links_say_where_they_lead(solution: NotebookNode) -> None:
    """Can a reader on paper find each paper by what the link is called?"""
    reading = solution.cells[-1].source
    links = re.findall(r"\[([^\]]+)\]\((https://[^)]+)\)", reading)
    assert len(links) > 15
    for name, address in links:
        if "arxiv.org/abs/" in address:
            assert name == f"arXiv:{address.rpartition('/')[2]}"
        if "doi.org/" in address:
            assert name == f"doi:{address.partition('doi.org/')[2]}"


def test_the_first_code_is_plain(solution: NotebookNode) -> None:
    """Does a learner meet imports first, and no class?"""
    first = ast.parse(next(cell.source for cell in solution.cells if cell.cell_type == "code")).body
    assert isinstance(first[0], ast.Import)
    assert not any(isinstance(statement, ast.ClassDef) for statement in first)


def test_where_digits_and_photographs_come_from_is_told(solution: NotebookNode) -> None:
    said = text(solution)
    assert "employees of the US Census Bureau and by high-school students" in said
    assert "10,000 for testing, exactly 1,000 of each class" in said
