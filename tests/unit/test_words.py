"""The words of the checks: are they data, apart from logic, and does a student read a translation?"""

from __future__ import annotations

import ast
import io
import json
import re
import string
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import problem_unittests as tests
from admin.course.layout import NOTEBOOK, REPOSITORY, Course
from admin.grading.record import Outcome
from admin.grading.report import Report
from admin.grading.submission import look
from checks import language
from checks.task import Case

SPEAKING = [
    path
    for folder in (
        "notebooks/checks",
        "admin/by_hand",
        "admin/cluster",
        "admin/grading",
        "admin/sandbox",
        "admin/watching",
    )
    for path in sorted((REPOSITORY / folder).rglob("*.py"))
] + [
    REPOSITORY / name
    for name in (
        "notebooks/play/progress.py",
        "problem_unittests.py",
        "admin/exchange/folder.py",
        "admin/course/layout.py",
        "admin/course/points.py",
        "admin/course/settings.py",
        "admin/commands/grade.py",
        "admin/commands/scheduler.py",
        "admin/commands/worker.py",
    )
]
# Modules, and packages, in whose logic sentences may stand.
LEFT_OUT = {
    "admin/grading/log.py": "it knows Python's tracebacks by the words with which they begin",
    "admin/commands/worker.py": "how a command is called is no sentence",
    "admin/sandbox/guest": "an error of our own code in there is told as Python tells it",
}
ENGLISH = language.words("en")
KEYS = {f"{group}.{key}" for group, words in ENGLISH.items() for key in words}


def logic(source: str) -> ast.Module:
    """The syntax tree of a module without docstrings and without what stands alone as text."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [part for part in body if not is_text(part)] or [ast.Pass()]  # type: ignore[attr-defined]
    return tree


def unspoken(node: ast.AST) -> bool:
    """True for help of options, lines of a program's log, and SQL, which no student reads as a finding."""
    if isinstance(node, ast.Call):
        return re.search(r"\blog\.\w+$|^sqlalchemy\.text$", ast.unparse(node.func)) is not None
    return isinstance(node, ast.keyword) and node.arg in ("help", "description", "epilog")


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def literals(
    source: str, without: Callable[[ast.AST], bool] = lambda node: False
) -> Iterator[tuple[str, bool]]:
    """Texts of the logic, and whether values are filled in; each of these is an ellipsis.

    What stands in nodes for which `without` is true does not count.
    """
    tree = logic(source)
    left_out = {id(part) for node in ast.walk(tree) if without(node) for part in ast.walk(node)}
    nodes = [node for node in ast.walk(tree) if id(node) not in left_out]
    filled = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in filled for part in node.values}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value, False
    for node in filled:
        yield (
            "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values),
            True,
        )


def looks_readable(text: str) -> bool:
    words = [word for word in text.split() if any(letter.isalpha() for letter in word) or word == "…"]
    if "<" in text or "px" in text:  # HTML and its styles
        return False
    return " " in text.strip() and (len(words) > 4 or (len(words) > 1 and text.rstrip()[-1] in ".?!:"))


def sentences(source: str) -> list[str]:
    """Texts of the logic that a person may read."""
    return [text for text, _ in literals(source, unspoken) if looks_readable(text)]


def is_left_out(path: Path) -> bool:
    name = path.relative_to(REPOSITORY)
    return any(name.is_relative_to(place) for place in LEFT_OUT)


@pytest.mark.parametrize(
    "path", [path for path in SPEAKING if not is_left_out(path)], ids=lambda path: path.name
)
def test_no_sentence_stands_in_the_logic(path: Path) -> None:
    """Does every sentence that a student or an instructor may read stand in the file of words?"""
    assert sentences(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("place", LEFT_OUT)
def test_only_what_has_sentences_is_left_out(place: str) -> None:
    """Is nothing left out any more whose sentences have been moved?"""
    paths = [path for path in SPEAKING if path.relative_to(REPOSITORY).is_relative_to(place)]
    assert any(sentences(path.read_text(encoding="utf-8")) for path in paths)


PLANTED = {
    "raised": "raise Broken(f'not a notebook: {name} is empty')",
    "shown": "print('Ask for it again.')",
    "of two parts": "reason = 'the disk is full; ' 'make some room on it'",
    "of a method": 'def look(self):\n    """What holds."""\n    return "The disk is full."',
}
HARMLESS = {
    "docstring": 'def look():\n    """What a student has handed in."""',
    "help": "seconds = Float(120, help='Seconds for which the process waits for another click.')",
    "SQL": "rows = session.execute(sqlalchemy.text(f'SELECT name FROM {table} WHERE id = 3'))",
    "log": "self.log.error('%s runs with all the rights of this user', student)",
    "key": "raise Broken(say('submission.empty', name=name))",
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_sentence_in_the_logic_is_noticed(kind: str) -> None:
    """Would the test above fail for a sentence in an exception, on the screen, in parts, in a method?"""
    assert sentences(PLANTED[kind])


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_is_no_sentence_of_ours_is_let_be(kind: str) -> None:
    """May the code have docstrings, help of options, lines of a log, and keys?"""
    assert sentences(HARMLESS[kind]) == []


def test_every_key_that_is_said_has_words_and_all_words_are_said() -> None:
    """Has each key of the code its words, and each word its place in the code?"""
    texts = [text for path in SPEAKING for text in literals(path.read_text(encoding="utf-8"))]
    plain = {text for text, filled in texts if not filled}
    patterns = [re.escape(text).replace("…", "(.+)") for text, filled in texts if filled and "." in text]
    known = [re.compile(pattern) for pattern in patterns if re.fullmatch(r"[\w\\.()+]+", pattern)]
    unsaid = {
        key
        for key in KEYS - plain
        if not any(
            (found := pattern.fullmatch(key))
            and all(part in plain or part.isdigit() for part in found.groups())
            for pattern in known
        )
    }
    assert unsaid == set()
    said = {text for text in plain if re.fullmatch(rf"({'|'.join(ENGLISH)})\.\w+", text)}
    assert said - KEYS == set()


def test_each_sentence_gets_the_values_that_it_names() -> None:
    """Is there a value for each pair of braces, and no value without one?"""
    for path in SPEAKING:
        for node in ast.walk(logic(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "say" and len(node.args) == 1:
                key = node.args[0]
                if isinstance(key, ast.Constant) and all(keyword.arg for keyword in node.keywords):
                    group, _, name = key.value.partition(".")
                    given = {str(keyword.arg) for keyword in node.keywords}
                    assert fields(ENGLISH[group][name]) == given, (path.name, key.value)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def lacking(other: language.Words) -> list[str]:
    """Keys whose words a language has not, has too much, or fills with other values than English."""
    keys = {f"{group}.{key}" for group, words in other.items() for key in words}
    return sorted(KEYS ^ keys) + [
        f"{group}.{key}"
        for group, words in ENGLISH.items()
        for key in words
        if f"{group}.{key}" in keys and fields(other[group][key]) != fields(words[key])
    ]


@pytest.mark.parametrize("path", sorted(language.FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_no_language_lacks_a_key(path: Path) -> None:
    """Has each language all sentences, with the same values?"""
    assert lacking(language.words(path.stem)) == []


def test_a_language_that_lacks_something_is_noticed() -> None:
    """Is a missing key found, and a value that was translated?"""
    words = {group: dict(words) for group, words in ENGLISH.items()}
    del words["one_hot"]["identity"]
    words["any"]["is_other"] = "eine Reihe von Zahlen, nicht {art}"
    assert lacking(words) == ["one_hot.identity", "any.is_other"]


def speak(words: language.Words, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make these the words of the checks; JSON's texts are TOML's too."""
    lines = [
        line
        for group, sentences in words.items()
        for line in (f"[{group}]", *(f"{key} = {json.dumps(text)}" for key, text in sentences.items()))
    ]
    (folder / "test.toml").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(language, "FOLDER", folder)
    monkeypatch.setattr(language, "LANGUAGE", "test")


def translated() -> language.Words:
    """Words in which no sentence is what it was: each says its key and the values that it names."""
    return {
        group: {
            key: f"({group}.{key}{''.join(f' {{{field}}}' for field in sorted(fields(text)))})"
            for key, text in words.items()
        }
        for group, words in ENGLISH.items()
    }


WRONG = {
    "normalise_images": lambda images: images / images.max(),
    "one_hot": lambda vector, number_classes: np.eye(10)[vector],
}


@pytest.mark.parametrize(
    ("task", "key"), [("normalise_images", "pixels.by_maximum"), ("one_hot", "one_hot.always_ten")]
)
def test_a_translated_sentence_is_what_a_student_reads(
    task: str,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Does one changed sentence of the file change what a check prints, and nothing else of it?"""
    tests.check(task, {task: WRONG[task]})
    before = " ".join(capsys.readouterr().out.split())
    group, _, name = key.partition(".")
    old, new = ENGLISH[group][name], "Größer als 255 wird kein Bildpunkt."
    speak({**ENGLISH, group: {**ENGLISH[group], name: new}}, tmp_path, monkeypatch)
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
    task: str, given: tests.Given | None, key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Are the same findings made when no sentence is what it was, so that no logic goes by a sentence?"""
    given = own_relu(8.0) if given is None else given
    before = tests.grade_answer(task, given)
    speak(translated(), tmp_path, monkeypatch)
    after = tests.grade_answer(task, given)
    assert after == before
    assert f"({key}" in " ".join(finding.message for finding in after)


def test_a_translation_reaches_the_screen_and_makes_no_submission_a_new_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is wrong with a submission, in other words: is it said in these, and is nothing graded again?"""
    course = Course(tmp_path / "course")
    (course.root / "submitted" / "amara").mkdir(parents=True)
    before = look(course, "amara")
    speak(translated(), tmp_path, monkeypatch)
    after = look(course, "amara")
    assert after == before
    screen = io.StringIO()
    report = Report(course, Console(file=screen, width=500), {}, width=5)
    report.finished(Outcome("amara", broken=after.broken))
    report.end()
    said, end = screen.getvalue().splitlines()
    assert said == f"  amara  (submission.no_notebook submitted/amara/convnet/{NOTEBOOK}.ipynb)"
    assert end.startswith("(grading.end ")


def test_a_history_that_does_not_say_is_told_so() -> None:
    """A history without a word on what fit() was asked for: is the student told so, and of no 'None'?"""
    curves = {name: [1.0, 0.5] for name in ("loss", "val_loss", "accuracy", "val_accuracy")}
    answer = {"curves": curves, "history": "History", "epochs": None}
    case = Case({}, {"train size": 1920, "labels": np.zeros(10, int)})
    found = tests.TASKS["cifar_training"].judge([case], [answer])[:3]
    assert found[0].key == "cifar_training.not_from_fit"
    assert "None" not in " ".join(finding.message for finding in found[:2])


def notebook_of(train: int) -> tests.Given:
    """Tasks 2, 8 and 9 solved, on so many black pictures for training."""
    labels = (np.arange(train) % 10)[:, None].astype(np.uint8)
    names: dict[str, np.ndarray] = {"cifar_train_labels": labels, "cifar_test_labels": labels[:500]}
    names |= {"cifar_y_train": np.eye(10)[labels[:, 0]], "cifar_y_test": np.eye(10)[labels[:500, 0]]}
    for part, count in (("train", train), ("test", 500)):
        # Views of a single picture: the real sets would take gigabytes.
        digits, colours = np.zeros((1, 28, 28), np.uint8), np.zeros((1, 32, 32, 3), np.uint8)
        names[f"{part}_images"] = np.broadcast_to(digits, (count, 28, 28))
        names[f"x_{part}"] = np.broadcast_to(digits[..., None] / 255, (count, 28, 28, 1))
        names[f"cifar_{part}_images"] = np.broadcast_to(colours, (count, 32, 32, 3))
        names[f"cifar_x_{part}"] = np.broadcast_to(colours / 255, (count, 32, 32, 3))
    return names


@pytest.mark.parametrize("task", ["channel_axis", "cifar_labels", "cifar_images", "cifar_training"])
def test_a_full_run_is_told_that_grading_has_fewer_pictures(task: str) -> None:
    """A size in the code costs points only in grading: does the check at home say so after a full run?"""
    full, quick = (tests.grade_answer(task, notebook_of(size)) for size in (60_000, 2000))
    assert tests.points(full) == tests.points(quick) == (0 if task == "cifar_training" else 4)
    assert full[0].keys == (*quick[0].keys, "any.size_in_grading")
    assert full[1:] == quick[1:]
    assert "60,000 pictures for training" in full[0].message


def test_the_notebook_s_example_of_a_bad_choice_loses_points() -> None:
    """Does `batch_size = 3600`, which task 5 names as no good choice, get less than all points?"""
    source = (REPOSITORY / "admin" / "course" / "source" / f"{NOTEBOOK}.py").read_text()
    (batch,) = re.findall(r"`batch_size = (\d+)` \(.*not a good choice\)", source)
    data = {"train_images": np.zeros((4000, 28, 28), np.uint8), "train_labels": np.zeros(4000, np.uint8)}
    data |= {name.replace("train", "test"): array[:1000] for name, array in data.items()}
    first = tests.grade_answer("train_net_1", {**data, "batch_size": int(batch), "epochs": 12})[0]
    assert (first.points, first.key) == (0, "training.batch_large")
