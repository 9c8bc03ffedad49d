"""Predict, then reveal: is what is right called right, and is each known mistake told by its name?"""

from __future__ import annotations

import pytest

from play import prediction


@pytest.mark.parametrize("net", ["net_1", "net_2"])
def test_the_right_answers_are_those_of_the_keras_model(net: str) -> None:
    """Does each layer have the shape and the weights that Keras gives it?"""
    import keras

    layers = keras.layers
    shrinking = [layers.Conv2D(64, 3), layers.MaxPooling2D()] if net == "net_1" else [layers.Conv2D(64, 3, 2)]
    ends = [layers.Flatten(), layers.Dense(128), layers.Dense(10)]
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(32, 3), *shrinking, *ends])
    by_keras = [(layer.output.shape[1:], layer.count_params()) for layer in model.layers]
    assert [(layer.shape, layer.weights) for layer in prediction.layers_of(net)] == by_keras


# Layers of net_1: 0 and 1 convolutions, 2 pooling, 3 Flatten, 4 and 5 dense. Of net_2: no pooling, stride 2.
@pytest.mark.parametrize(
    ("net", "number", "entry"),
    [
        ("net_1", 0, "26, 26, 32"),
        ("net_1", 0, "(26,26,32)"),
        ("net_1", 0, "26 x 26 x 32"),
        ("net_1", 0, "26×26×32"),
        ("net_1", 0, "(None, 26, 26, 32)"),
        ("net_1", 0, "[none 26 26 32]"),
        ("net_1", 3, "9216"),
        ("net_1", 3, "(None, 9216)"),
        ("net_1", 3, "(9216,)"),
        ("net_1", 3, "9,216"),
        ("net_1", 3, "12*12*64"),
        ("net_1", 5, "10"),
        ("net_2", 1, "12, 12, 64"),
    ],
)
def test_a_right_shape_may_be_spelled_in_many_ways(net: str, number: int, entry: str) -> None:
    """Is each of these spellings right?"""
    assert prediction.judge_shape(prediction.layers_of(net)[number], entry) == prediction.RIGHT


@pytest.mark.parametrize(
    ("number", "entry"),
    [
        (0, "320"),
        (0, "3*3*32+32"),
        (0, " 3 · 3 · 1 · 32 + 32 "),
        (0, "(3x3x1 + 1) × 32"),
        (2, "0"),
        (4, "1179776"),
        (4, "1,179,776"),
        (4, "1_179_776"),
        (4, "1 179 776"),
        (4, "9,216*128 + 128"),
    ],
)
def test_a_right_number_may_be_spelled_in_many_ways(number: int, entry: str) -> None:
    """Is each of these spellings right?"""
    assert prediction.judge_weights(prediction.layers_of("net_1")[number], entry) == prediction.RIGHT


@pytest.mark.parametrize(
    ("net", "number", "entry", "told"),
    [
        ("net_1", 0, "28, 28, 32", ["was not subtracted"]),
        ("net_1", 0, "29, 29, 32", ["not subtracted before dividing"]),
        ("net_1", 0, "27, 27, 32", ["subtracted in part"]),
        ("net_1", 0, "25, 25, 32", ["the + 1"]),
        ("net_1", 0, "13, 13, 32", ["has stride 1"]),
        ("net_1", 0, "26, 26, 1", ["not of the channels that come in"]),
        ("net_1", 0, "26, 26", ["channels were missed"]),
        ("net_1", 0, "28, 28, 1", ["was not subtracted", "; and ", "not of the channels that come in"]),
        ("net_1", 0, "28, 28", ["was not subtracted", "; and ", "channels were missed"]),
        ("net_1", 0, "32, 26, 26", ["channels last"]),
        ("net_1", 0, "26, 28, 32", ["are square"]),
        ("net_1", 0, "21632", ["three numbers"]),
        ("net_1", 1, "24, 24, 32", ["not of the channels that come in"]),
        ("net_1", 1, "24, 24, 2048", ["one map of all channels"]),
        ("net_1", 2, "24, 24, 64", ["pooling was missed"]),
        ("net_1", 2, "12, 12, 32", ["number of channels stays"]),
        ("net_1", 2, "23, 23, 64", ["don't overlap"]),
        ("net_1", 2, "6, 6, 64", ["half of each side"]),
        ("net_1", 2, "12, 12", ["channels were missed"]),
        ("net_1", 3, "12, 12, 64", ["one number as the shape"]),
        ("net_1", 3, "144", ["Flatten keeps every number"]),
        ("net_1", 3, "768", ["one factor was missed"]),
        ("net_1", 3, "88", ["not added"]),
        ("net_1", 4, "9216", ["one number a unit"]),
        ("net_1", 4, "9216, 128", ["one number a unit"]),
        ("net_2", 1, "24, 24, 64", ["stride was missed"]),
        ("net_2", 1, "11, 11, 64", ["the + 1"]),
        ("net_2", 1, "26, 26, 64", ["was not subtracted", "; and ", "stride was missed"]),
        # Two thoughts lead to 13, and nobody can tell which it was.
        ("net_2", 1, "13, 13, 64", ["rounded up", "; or ", "was not subtracted"]),
        ("net_2", 1, "17, 17, 64", ["size formula"]),
    ],
)
def test_a_wrong_shape_is_told_what_was_missed(net: str, number: int, entry: str, told: list[str]) -> None:
    """Is the missed term named, without the right shape being given away?"""
    layer = prediction.layers_of(net)[number]
    words = prediction.judge_shape(layer, entry)
    assert all(part in words for part in told), words
    assert ("; and " in words) == ("; and " in told), "as few mistakes as can explain it"
    assert str(layer.shape[0]) not in words


@pytest.mark.parametrize(
    ("number", "entry", "told"),
    [
        (0, "3*3*32", ["biases were missed"]),
        (0, "3*3*32 + 1", ["a single bias"]),
        (0, "32 + 32", ["kernel's area was missed"]),
        (0, "3*32 + 32", ["k · k weights"]),
        (0, "3*3 + 1", ["how many are there", "; and ", "a single bias"]),
        (0, "2*3*3*32", ["too many biases"]),
        (0, "26*26*320", ["at every position"]),
        (0, "3*3*32 + 26*26*32", ["one kernel has one bias"]),
        (1, "3*3*64 + 64", ["channels that come in were missed"]),
        (1, "3*3*64", ["channels that come in were missed", "; and ", "biases were missed"]),
        (1, "3*3*32*64", ["biases were missed"]),
        (2, "256", ["nothing to learn"]),
        (3, "9216", ["nothing to learn"]),
        (4, "9216*128", ["biases were missed"]),
        (4, "9216*128 + 1", ["a single bias"]),
        (4, "2*9216*128", ["too many biases"]),
        (4, "9216 + 1", ["one kernel or unit", "; and ", "a single bias"]),
        (4, "144*128 + 128", ["or 144 inputs and biases"]),
        (4, "24*24*64*128 + 128", ["or 36,864 inputs and biases"]),
        (5, "1280", ["biases were missed"]),
        (5, "123", ["how many weights has one kernel or unit"]),
    ],
)
def test_a_wrong_number_of_weights_is_told_what_was_missed(number: int, entry: str, told: list[str]) -> None:
    """Is the missed term named, without the right number being given away?"""
    layer = prediction.layers_of("net_1")[number]
    words = prediction.judge_weights(layer, entry)
    assert all(part in words for part in told), words
    assert ("; and " in words) == ("; and " in told), "as few mistakes as can explain it"
    assert number in (2, 3) or f"{layer.weights:,}" not in words


def test_a_mistake_that_comes_from_the_layer_before_is_told_so() -> None:
    """Who goes on rightly from a wrong shape: are they sent to where the mistake is?"""
    second, flatten, dense = (prediction.layers_of("net_1")[number] for number in (1, 3, 4))
    assert prediction.judge_shape(second, "26, 26, 64", before="28, 28, 32") == prediction.FOLLOWS
    assert prediction.judge_shape(flatten, "10816", before="13, 13, 64") == prediction.FOLLOWS
    assert prediction.judge_weights(dense, "10816*128 + 128", before="10816") == prediction.FOLLOWS
    # The same wrong thought twice is told twice.
    assert "was not subtracted" in prediction.judge_shape(second, "28, 28, 64", before="28, 28, 32")


@pytest.mark.parametrize(
    "entry",
    [
        "__import__('os').system('true')",
        "9**9**9",
        "lambda: 1",
        "1" * 5000,
        "(" * 60,
        "1+" * 5000 + "1",
        "twenty-six",
        "26.5, 26",
        "-26, 26, 32",
        ",",
        "\0",
        "None",
    ],
)
def test_a_malformed_entry_gets_a_sentence(entry: str) -> None:
    """Is nothing run, and is it said how to write it?"""
    layer = prediction.layers_of("net_1")[0]
    assert prediction.judge_shape(layer, entry) == prediction.NO_SHAPE
    assert prediction.judge_weights(layer, entry) == prediction.NO_NUMBER


def test_the_fields_are_judged_when_they_are_left_or_checked_and_revealed_when_asked() -> None:
    """Does typing answer for its own field, Check for all, and Reveal show the arithmetic?"""
    view = prediction.prediction_view("net_1")
    parts, said = view.parts, view.parts["said"]
    parts["shape 0"].value = "25, 25, 32"
    assert "the + 1" in said[0].value
    assert prediction.EMPTY not in said[0].value
    parts["shape 0"].value = "26, 26, 32"
    parts["weights 0"].value = "320"
    parts["check"].click()
    assert "2 of 12 right" in parts["total"].value
    assert prediction.EMPTY in said[1].value
    parts["shape 1"].value = "24, 24, 64"
    assert "3 of 12 right" in parts["total"].value
    parts["reveal"].click()
    assert "✓ shape of what comes out: 24, 24, 64" in said[1].value
    assert "· weights and biases: 3 · 3" in said[1].value, "revealed, and not counted as found"
    assert "3 of 12 right" in parts["total"].value
    assert "⌊(26 − 3) / 1⌋ + 1 = 24" in said[1].value
    assert "3 · 3 · 32 · 64 + 64 = 18,496" in said[1].value


def test_words_stand_under_their_row_and_the_score_at_the_end() -> None:
    """Does each row's sentence have the whole width below its fields, and the score the last place?"""
    view = prediction.prediction_view("net_1")
    grid, *_, total = view.box.children
    for number, said in view.parts["said"].items():
        place = grid.children.index(said)
        assert grid.children[place - 1] is view.parts[f"weights {number}"]
        assert said.layout.grid_area == "auto / 1 / auto / -1"
    assert total is view.parts["total"]


def test_a_net_that_is_not_there_is_named() -> None:
    """Does one sentence say which nets there are?"""
    with pytest.raises(ValueError, match="net_1 and net_2, not net_3"):
        prediction.prediction_view("net_3")
