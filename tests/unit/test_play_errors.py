"""Where it errs: does the matrix count what the net says, and does each cell show its own pictures?"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from play import base, errors, inside, shift


def reader(sharpness: float) -> Any:
    """A net for pictures of 2 × 2 pixels that reads class k where pixel k is brightest, k from 0 to 2."""
    dense = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), dense])
    dense.set_weights([sharpness * np.eye(4, 3, dtype=np.float32), np.zeros(3, dtype=np.float32)])
    return model


def picture(read: int, brightness: float = 1) -> Any:
    """A picture that `reader` reads as this class, the surer the brighter it is."""
    return np.eye(4, dtype=np.float32)[read].reshape(2, 2, 1) * brightness


# (label, what the net reads, brightness)
MET = [(0, 0, 1), (1, 2, 0.3), (1, 2, 0.9), (1, 1, 1), (2, 0, 0.6), (2, 2, 1), (1, 2, 0.6)]
IMAGES = np.stack([picture(read, brightness) for _, read, brightness in MET])
LABELS = np.array([[label] for label, _, _ in MET])  # a column, as CIFAR-10 has it


def test_the_matrix_counts_every_picture_once() -> None:
    """Do rows stand for what it is, columns for what was read, and is the worst cell found?"""
    matrix = errors.confusion(base.probabilities(reader(5), IMAGES), LABELS.ravel())
    assert matrix.tolist() == [[1, 0, 0], [0, 1, 3], [1, 0, 1]]
    assert errors.worst_cell(matrix) == (1, 2)


def test_the_surest_come_first() -> None:
    """Are a cell's pictures, and all mistakes, sorted by the net's confidence?"""
    shares, labels = base.probabilities(reader(5), IMAGES), LABELS.ravel()
    assert errors.chosen(shares, labels, (1, 2)).tolist() == [2, 6, 1]
    assert errors.chosen(shares, labels, None).tolist()[0] == 2
    assert sorted(errors.chosen(shares, labels, None)) == [1, 2, 4, 6]
    assert errors.chosen(shares, labels, (0, 1)).tolist() == []


def test_a_cell_shows_its_pictures_and_no_others() -> None:
    """Does the page start with the worst cell and follow the widgets to another cell, net and view?"""
    view = errors.errors_view({"sure": reader(5), "unsure": reader(-5)}, IMAGES, LABELS)
    parts = view.parts
    assert (parts["label"].value, parts["read"].value) == (1, 2)
    assert "sure: 3 of 4 pictures of 1 were read as 2." in view.still
    surest = "its 4 most confident mistakes among 4 in 7"
    assert surest in view.still, "they are in view from the start"
    assert view.still.count("<img") == 3 + 4
    parts["label"].value, parts["read"].value = 2, 0
    shown = parts["picture_of"].value
    assert shown.count("<img") == 1 + 4
    assert "A picture of 2, read as 0" in shown
    parts["net"].value = "unsure"
    assert parts["picture_of"].value.count("unsure: ") == 2
    assert "sure: its" not in parts["picture_of"].value.replace("unsure: its", "")


def test_a_click_on_the_matrix_chooses_its_cell() -> None:
    """Is the clickable sheet as large as the matrix, and does what it sends reach the widgets?"""
    view = errors.errors_view({"net": reader(5)}, IMAGES, LABELS)
    assert 'data-pick="label read" data-cells="3 3"' in view.parts["picture_of"].value
    base.pick(view, {"label": 2, "read": 0})
    assert (view.parts["label"].value, view.parts["read"].value) == (2, 0)
    assert "1 of 2 pictures of 2 were read as 0." in view.parts["picture_of"].value
    base.pick(view, {"nobody": 1})


def test_a_net_without_mistakes_is_told_so() -> None:
    """Does the view of mistakes say that there are none, instead of showing right ones?"""
    right = [at for at, (label, read, _) in enumerate(MET) if label == read]
    view = errors.errors_view({"net": reader(5)}, IMAGES[right], LABELS[right])
    assert errors.NONE.format(name="net", of=3) in view.parts["picture_of"].value


@pytest.mark.parametrize(
    ("images", "labels"), [(IMAGES, LABELS[:3]), (IMAGES[0, 0], LABELS), (IMAGES[:0], [])]
)
def test_what_does_not_fit_is_refused_in_a_sentence(images: Any, labels: Any) -> None:
    """Is a learner told what is wrong with pictures or labels?"""
    with pytest.raises(ValueError, match="picture"):
        base.pictures_with_labels(images, labels)


PHOTOGRAPHS = np.zeros((7, 32, 32, 3), np.float32)


@pytest.mark.parametrize(
    "view",
    [
        lambda model, *given: errors.errors_view({"net_1": model}, *given),
        lambda model, *given: shift.shift_view({"net_1": model}, *given),
        lambda model, *given: inside.inside_view(model, *given),
    ],
    ids=["errors", "shift", "inside"],
)
@pytest.mark.parametrize(
    ("images", "labels", "said"),
    [
        (PHOTOGRAPHS, LABELS, "takes the shape (2, 2, 1), and they have (32, 32, 3)"),
        (IMAGES, LABELS[:3], "there are 7 and 3"),
        (None, LABELS, "There is nothing to show"),
        ([IMAGES, [1]], LABELS, "There is nothing to show"),
    ],
    ids=["photographs", "other labels", "None", "a crooked list"],
)
def test_pictures_that_a_net_does_not_take_are_named_in_a_sentence(
    view: Any, images: Any, labels: Any, said: str
) -> None:
    """Where `x_test` holds something else by now: a sentence, and no traceback?"""
    shown = view(reader(5), images, labels)
    assert said in shown.text
    assert said in shown.still


def test_what_is_no_net_is_named() -> None:
    assert "net_1 can't be asked: it is int" in errors.errors_view({"net_1": 5}, IMAGES, LABELS).text
