"""The words of the checks: are they in one table, apart from logic, and does a student read a translation?"""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import problem_unittests as tests

SOURCE = Path(tests.__file__).read_text(encoding="utf-8")
HINTS = ("hint_1", "hint_2", "hint_3")


def logic(source: str) -> ast.Module:
    """The syntax tree of the checks without their table of words and without docstrings."""
    tree = ast.parse(source)
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "WORDS")
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def sentences(source: str) -> list[str]:
    """Literals of the logic that look like something to read; a value filled into one counts as a word."""
    tree = logic(source)
    filled = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in filled for part in node.values}
    plain = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts
    ]
    joined = [
        "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
        for node in filled
    ]
    return [text for text in plain + joined if looks_readable(text)]


def looks_readable(text: str) -> bool:
    words = [word for word in text.split() if any(letter.isalpha() for letter in word) or word == "…"]
    return " " in text.strip() and (len(words) > 4 or (len(words) > 1 and text.rstrip()[-1] in ".?!:"))


def said(source: str) -> Iterator[tuple[str, str, set[str]]]:
    """Task, key and filled-in names of every word that the logic says; the hints are said for every task."""
    for node in ast.walk(logic(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "say":
            group, key = node.args
            assert isinstance(key, ast.Constant), f"line {node.lineno}: no plain key"
            names = {str(keyword.arg) for keyword in node.keywords}
            if isinstance(group, ast.Constant):
                yield group.value, key.value, names
            else:
                # What is said for a task that only the call knows has to be there for all of them.
                yield from ((task, key.value, names) for task in tests.TASKS)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_no_sentence_stands_in_the_logic() -> None:
    """Does every sentence that a student may read stand in the table?"""
    assert sentences(SOURCE) == []


def test_every_word_of_the_table_is_said_and_every_word_said_is_there() -> None:
    """Has each key of the table its place in the logic, and the other way round?"""
    assert {(task, key) for task, key, _ in said(SOURCE)} == {
        (task, key) for task, words in tests.WORDS.items() for key in words
    }


def test_each_word_gets_the_values_that_it_names() -> None:
    """Is there a value for each pair of braces, and no value without one?"""
    for task, key, names in said(SOURCE):
        assert fields(tests.WORDS[task][key]) == names, (task, key)


def translated() -> dict[str, dict[str, str]]:
    """A table in which no sentence is what it was: each says its key and the values that it names."""
    return {
        task: {
            key: f"({task}.{key}{''.join(f' {{{field}}}' for field in sorted(fields(text)))})"
            for key, text in words.items()
        }
        for task, words in tests.WORDS.items()
    }


WRONG = {
    "normalise_images": lambda images: images / images.max(),
    "one_hot": lambda vector, number_classes: np.eye(10)[vector],
}


@pytest.mark.parametrize("task", WRONG)
def test_a_translated_sentence_is_what_a_student_reads(
    task: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Does one changed sentence of the table change what a check prints, and nothing else of it?"""
    group, key = {"normalise_images": ("pixels", "by_maximum"), "one_hot": ("one_hot", "always_ten")}[task]
    tests.check(task, {task: WRONG[task]})
    before = " ".join(capsys.readouterr().out.split())
    old, new = tests.WORDS[group][key], "Größer als 255 wird kein Bildpunkt."
    monkeypatch.setattr(tests, "WORDS", {**tests.WORDS, group: {**tests.WORDS[group], key: new}})
    tests.check(task, {task: WRONG[task]})
    assert old in before
    assert " ".join(capsys.readouterr().out.split()) == before.replace(old, new)


def own_relu(value: float) -> tests.Given:
    """A ``net_1`` whose first ReLU stops at ``value``."""
    import keras

    def net_1(sample_shape: tuple[int, ...], nb_classes: int) -> keras.Model:
        layers = keras.layers
        return keras.Sequential(
            [
                keras.Input(sample_shape),
                layers.Conv2D(32, 3, activation=layers.ReLU(max_value=value)),
                layers.Conv2D(64, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Flatten(),
                layers.Dense(128, activation="relu"),
                layers.Dense(nb_classes, activation="softmax"),
            ]
        )

    return {"net_1": net_1}


@pytest.mark.parametrize(
    ("task", "given", "key"),
    [
        ("normalise_images", WRONG, "pixels.by_maximum"),
        ("one_hot", WRONG, "one_hot.always_ten"),
        ("one_hot", {"one_hot": "no function"}, "any.not_there_yet"),
        ("net_1", None, "nets.own_relu"),
    ],
)
def test_a_translation_changes_no_points(
    task: str, given: tests.Given | None, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Are the same findings made when no sentence is what it was, so that no logic goes by a sentence?"""
    given = own_relu(6.0) if given is None else given
    before = tests.grade_answer(task, given)
    monkeypatch.setattr(tests, "WORDS", translated())
    after = tests.grade_answer(task, given)
    assert [(f.points, f.out_of) for f in after] == [(f.points, f.out_of) for f in before]
    assert f"({key}" in " ".join(finding.message for finding in after)


def test_a_history_that_does_not_say_is_told_so() -> None:
    """fit() on a pipeline of unknown length keeps no number of steps: is no student told of 'None steps'?"""
    curves = {name: [1.0, 0.5] for name in ("loss", "val_loss", "accuracy", "val_accuracy")}
    answer = {"curves": curves, "history": "History", "epochs": None, "steps": None}
    case = tests.Case({}, {"train size": 1920, "labels": np.zeros(10, int)})
    found = tests.TASKS["cifar_training"].judge([case], [answer])[:3]
    said = " ".join(finding.message for finding in found)
    assert "does not say how many steps" in said
    assert "does not say how many epochs" in said
    assert "None" not in said
