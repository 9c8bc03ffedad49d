"""How a net is told in plain data: its layers, what it computes with drawn weights, and no harm to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from checks.forward import OWN_CODE, forward, layer_weights
from checks.model import answer_net, described, in_shape, is_lazy

SEED = 3
IMAGES = np.random.default_rng(7).random((3, 6, 5, 2), dtype=np.float32)
ASK = {"sample_shape": [6, 5, 2], "nb_classes": 4, "seed": SEED, "images": IMAGES}


def a_net(*made: Any) -> Any:
    """A net of these layers for the asked pictures."""
    return keras.Sequential([keras.Input((6, 5, 2)), *made])


def told(*made: Any) -> dict[str, Any]:
    """What is told of a net of these layers."""
    return dict(described(a_net(*made), ASK))


def told_last(*made: Any) -> dict[str, Any]:
    """What is told of the last of these layers."""
    return dict(told(*made)["layers"][-1])


class Own(layers.Layer):  # type: ignore[misc]
    """A layer of somebody's own that does what it was told."""

    def __init__(self, does: Callable[[Any], Any]) -> None:
        super().__init__()
        self.does = does

    def call(self, x: Any, training: bool = False) -> Any:
        return self.does(x)


def square(x: Any) -> Any:
    return x * x


def noisy(x: Any) -> Any:
    return x + keras.random.normal(keras.ops.shape(x))


# ------------------------------------------------------------------------------ asking a student's function


def test_a_function_is_asked_for_the_shape_and_the_classes() -> None:
    """As a tuple and a number, as in the notebook?"""
    seen: list[Any] = []

    def net(shape: Any, classes: Any) -> Any:
        seen.append((shape, classes))
        return a_net(layers.Flatten(), layers.Dense(classes))

    answer = answer_net("net")({"net": net}, ASK)
    assert seen == [((6, 5, 2), 4)]
    assert [layer["kind"] for layer in answer["layers"]] == ["Flatten", "Dense"]
    assert not {"arguments", "shape"} & set(answer)


def test_what_is_no_function_is_told_by_its_name() -> None:
    """A number, or a net, under the name of the function: is it said that this is no function?"""
    assert answer_net("net")({"net": 3}, ASK) == {"error": "", "not callable": "net"}


def test_a_function_whose_arguments_come_the_other_way_round_is_told_so() -> None:
    """Is its net told all the same, on the asked pictures?"""

    def swapped(classes: int, shape: Any) -> Any:
        return keras.Sequential([keras.Input((*shape,)), layers.Flatten(), layers.Dense(classes)])

    answer = answer_net("net")({"net": swapped}, ASK)
    assert (answer["kind"], answer["arguments"], answer["output"].shape) == ("Model", "swapped", (3, 4))
    assert "shape" not in answer


def test_kernels_too_large_for_the_pictures_are_told_on_larger_ones() -> None:
    """Kernels of 32 × 32 fit on pictures of 100 × 100: is the net told on those, with its channels?"""

    def large(shape: Any, classes: int) -> Any:
        return keras.Sequential([keras.Input((*shape,)), layers.Conv2D(3, 32), layers.Conv2D(classes, 64)])

    answer = answer_net("net")({"net": large}, ASK)
    assert (answer["kind"], answer["shape"]) == ("Model", [100, 100, 2])
    assert answer["output"].shape == (3, 6, 6, 4)
    assert "arguments" not in answer


@pytest.mark.parametrize("gives", [3, None, keras.Sequential])
def test_what_a_second_try_gives_has_to_be_a_net(gives: Any) -> None:
    """Where only swapped arguments bring no error, and no net either: is the first error told?"""

    def odd(shape: Any, classes: Any) -> Any:
        if isinstance(shape, tuple):
            raise ValueError("the first error")
        return gives

    with pytest.raises(ValueError, match="the first error"):
        answer_net("net")({"net": odd}, ASK)


def test_pictures_of_another_shape_are_of_the_same_numbers() -> None:
    """As many, of numbers of the asked ones, and the rest of the question as it was?"""
    asked = in_shape(ASK, (4, 3, 1))
    assert asked["sample_shape"] == [4, 3, 1]
    assert asked["images"].shape == (3, 4, 3, 1)
    assert np.array_equal(asked["images"].ravel(), IMAGES.ravel()[: 3 * 4 * 3])
    assert (asked["seed"], asked["nb_classes"]) == (SEED, 4)


# -------------------------------------------------------------------------------------------- the whole net


class OnlyCalled:
    """An object with some of what a net has."""

    layers: tuple[Any, ...] = ()

    def __call__(self, pictures: Any) -> Any:
        raise AssertionError("it is not asked")


@pytest.mark.parametrize(
    ("value", "is_told"),
    [
        (keras.Sequential, {"kind": "type", "name": "Sequential"}),
        (layers.Dense(3), {"kind": "Dense", "is layer": True}),
        (OnlyCalled(), {"kind": "OnlyCalled", "is layer": False}),
        (None, {"kind": "NoneType", "is layer": False}),
    ],
)
def test_what_is_no_net_is_told_by_its_kind(value: Any, is_told: dict[str, Any]) -> None:
    """A class, a single layer, an object, nothing?"""
    assert described(value, ASK) == is_told


@pytest.mark.parametrize("several", [list, lambda outputs: dict(zip("ab", outputs, strict=True))])
def test_a_net_of_two_outputs_is_told_so_and_one_of_a_single_output_is_a_net(several: Any) -> None:
    """Also where they come in a dictionary, and where a single one comes in a list?"""
    pictures = keras.Input((6, 5, 2))
    outputs = [layers.Dense(4)(layers.Flatten()(pictures)), layers.Flatten()(pictures)]
    assert described(keras.Model(pictures, several(outputs)), ASK) == {"kind": "outputs"}
    answer = described(keras.Model(pictures, [outputs[0]]), ASK)
    assert answer["output"].shape == answer["training output"].shape == (3, 4)
    assert answer["random"] is False


def test_only_a_sequential_net_without_an_input_is_lazy() -> None:
    """Is that told from before the first pictures, and not of nets that have a shape, nor of a class's?"""

    class OfAClass(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.flat = layers.Flatten()

        def call(self, pictures: Any) -> Any:
            return self.flat(pictures)

    lazy = keras.Sequential([layers.Flatten(), layers.Dense(4)])
    assert is_lazy(lazy)
    assert described(lazy, ASK)["lazy"] is True
    assert described(lazy, ASK)["lazy"] is False  # it has been called
    assert not is_lazy(a_net(layers.Flatten()))
    assert not is_lazy(OfAClass())
    shaped_by_its_layer = keras.Sequential([a_net(layers.Dense(4)), layers.Flatten()])
    assert not is_lazy(shaped_by_its_layer)


def test_a_net_computes_with_drawn_weights_and_has_its_own_back() -> None:
    """Is what is told of it what the drawn weights give, and are its own afterwards as they were?"""
    net = a_net(layers.Conv2D(3, 2), layers.Flatten(), layers.Dense(4))
    own = [np.copy(weight) for weight in net.get_weights()]
    answer = described(net, ASK)
    drawn = layer_weights(answer["layers"], SEED)
    expected = forward(answer["layers"], drawn, IMAGES)
    assert expected is not None
    np.testing.assert_allclose(answer["output"], expected, rtol=1e-5, atol=1e-4)
    assert all(np.array_equal(a, b) for a, b in zip(own, net.get_weights(), strict=True))
    assert answer["other weights"] == []


def test_weights_are_given_back_though_a_net_stops() -> None:
    """After a layer that stops at drawn weights: are the net's own there again?"""
    calls: list[bool] = []

    def stops(x: Any) -> Any:
        calls.append(True)
        if len(calls) > 4:
            raise ValueError("stops")
        return x

    net = a_net(layers.Dense(4), Own(stops))
    own = [np.copy(weight) for weight in net.get_weights()]
    calls.clear()
    calls += [True] * 2
    with pytest.raises(ValueError, match="stops"):
        described(net, ASK)
    assert all(np.array_equal(a, b) for a, b in zip(own, net.get_weights(), strict=True))


def test_weights_that_no_called_layer_has_are_drawn_too() -> None:
    """A weight of the net itself: is its shape told, and is it drawn after all others?"""

    class Scaled(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(4)
            self.scale = self.add_weight(shape=(5, 1), initializer="ones")
            self.count = self.add_weight(shape=(), dtype="int32", initializer="zeros")

        def call(self, pictures: Any) -> Any:
            return self.dense(pictures) * self.scale

    answer = described(Scaled(), ASK)
    assert answer["other weights"] == [[5, 1]]
    dense = answer["layers"][0]
    (kernel, bias), (scale,) = layer_weights([dense, {"kind": "", "weights": [[5, 1]]}], SEED)
    assert np.allclose(answer["output"], (IMAGES @ kernel + bias) * scale, atol=1e-4)


@pytest.mark.parametrize(
    ("layer", "is_random", "same_in_training"),
    [(layers.Dense(2), False, True), (layers.Dropout(0.5), False, False), (Own(noisy), True, False)],
    ids=["dense", "dropout", "noise"],
)
def test_what_is_random_in_use_and_what_differs_in_training_are_told(
    layer: Any, is_random: bool, same_in_training: bool
) -> None:
    """Noise at every call, or while it trains alone?"""
    answer = told(layer)
    assert answer["random"] is is_random
    assert np.allclose(answer["output"], answer["training output"]) is same_in_training


def test_a_net_whose_output_is_no_number_is_not_called_random() -> None:
    """Is the same NaN twice the same?"""
    assert told(Own(lambda x: x * np.nan))["random"] is False


def test_what_weighs_on_a_training_is_counted() -> None:
    """Penalties, frozen weights, weights that are kept in bounds: how many of each?"""
    frozen = layers.Dense(3)
    frozen.trainable = False
    bound = layers.Dense(3, kernel_constraint="non_neg", bias_constraint="non_neg")
    answer = told(frozen, bound, layers.Dense(3, kernel_regularizer="l2"), layers.Dense(3))
    assert (answer["extra losses"], answer["frozen"], answer["constraints"]) == (1, 2, 2)
    answer = told(layers.Dense(3))
    assert (answer["extra losses"], answer["frozen"], answer["constraints"]) == (0, 0, 0)


# ---------------------------------------------------------------------------------------------- the layers


def test_a_layer_that_comes_again_names_its_first_place() -> None:
    """Is it told twice, the second time as the one at that place?"""
    dense, other = layers.Dense(2), layers.Dense(2)
    assert [layer.get("again") for layer in told(other, dense, dense, dense)["layers"]] == [None, None, 1, 1]


def test_a_layer_is_told_by_its_settings_but_for_its_name() -> None:
    """Numbers, words, pairs; its weights by their shapes; and no name?"""
    layer = told_last(layers.Conv2D(3, (2, 3), strides=(1, 2), padding="same"))
    assert (
        layer.items()
        >= {
            "kind": "Conv2D",
            "filters": 3,
            "kernel_size": [2, 3],
            "strides": [1, 2],
            "padding": "same",
            "use_bias": True,
            "activation": "linear",
            "weights": [[2, 3, 2, 3], [3]],
        }.items()
    )
    assert not {"name", "own", "activation settings", "kernel_initializer"} & set(layer)


def test_a_layer_that_can_not_tell_its_settings_is_told_by_its_class() -> None:
    """Is a layer of somebody's own without settings no reason to stop?"""

    class Silent(layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return 2 * x

        def get_config(self) -> dict[str, Any]:
            raise NotImplementedError

    silent = told_last(Silent())
    assert (silent["kind"], silent["weights"], silent["own"]) == ("Silent", [], True)


@pytest.mark.parametrize("count", [8, 9])
def test_settings_that_are_no_short_lists_of_plain_values_are_left_out(count: int) -> None:
    """Up to eight entries, also in lists of lists; a dictionary not, and not inside a list either?"""

    class Told(layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x + 1

        def get_config(self) -> dict[str, Any]:
            sides = (1, [2.0, None], (True, "side"))
            return {"name": "x", "weights": 3, "sides": sides, "row": [0] * count, "odd": [0, {}], "more": {}}

    layer = told_last(Told())
    assert layer["sides"] == [1, [2.0, None], [True, "side"]]
    assert ("row" in layer) is (count <= 8)
    assert not {"odd", "more", "name"} & set(layer)
    assert layer["weights"] == []


@pytest.mark.parametrize(
    ("activation", "name"),
    [
        ("relu", "relu"),
        (None, "linear"),
        ("mish", "mish"),
        (lambda x: x, "linear"),
        (lambda x: keras.ops.maximum(x, 0), "relu"),
        (lambda x: keras.ops.clip(x, 0, 6), "relu6"),
        (lambda x: x * x, "lambda"),
        (square, "square"),
        (layers.ReLU(), "relu"),
        (layers.Dropout(0.5), "linear"),
    ],
)
def test_an_activation_is_told_by_what_it_gives(activation: Any, name: str) -> None:
    """However it is written; and one that is not known by its own name, if it has any?"""
    layer = told_last(layers.Dense(3, activation=activation))
    assert layer["activation"] == name
    assert "activation settings" not in layer


@pytest.mark.parametrize(
    ("activation", "name", "settings"),
    [
        (layers.ReLU(max_value=0.5), "own ReLU", {"max_value": 0.5, "negative_slope": 0.0, "threshold": 0.0}),
        (layers.LeakyReLU(negative_slope=0.4), "LeakyReLU", {"negative_slope": 0.4}),
        (layers.PReLU(), "PReLU", {"shared_axes": None}),
        (layers.BatchNormalization(), "BatchNormalization", {"center": True}),
    ],
)
def test_a_layer_as_an_activation_is_told_with_its_settings(
    activation: Any, name: str, settings: dict[str, Any]
) -> None:
    """A layer's name and its plain settings, where it gives what no known function does?"""
    layer = told_last(layers.Dense(3, activation=activation))
    assert layer["activation"] == name
    assert layer["activation settings"].items() >= settings.items()
    assert not any(isinstance(value, dict) for value in layer["activation settings"].values())


# ---------------------------------------------------------------------------------------- what is measured


def test_what_nobody_else_can_follow_is_measured() -> None:
    """For the first picture, what goes in and what comes out; and of all that can be followed, nothing?"""
    known, own, permuted, code = told(
        layers.Conv2D(3, 2), Own(lambda x: 2 * x), layers.Permute((2, 1, 3)), layers.Flatten()
    )["layers"]
    assert not {"came", "went"} & (set(known) | set(code))
    assert own["own"] is True
    assert own["came"].shape == (1, 5, 4, 3)
    assert np.array_equal(own["went"], 2 * own["came"])
    assert np.array_equal(permuted["came"], own["went"])
    assert np.array_equal(permuted["went"], own["went"].swapaxes(1, 2))


def test_a_layer_of_somebodys_own_is_measured_whatever_its_name() -> None:
    """A class that is called as one of Keras' layers is: is it not taken for that one?"""
    flatten = type("Flatten", (Own,), {})(lambda x: x + 1)
    (layer,) = told(flatten)["layers"]
    assert (layer["kind"], layer["own"]) == ("Flatten", True)
    assert np.allclose(layer["went"], layer["came"] + 1)


def test_a_layer_is_measured_whose_activation_can_not_be_followed() -> None:
    """A function that is none of those known, a layer that learns; but none that has only settings?"""
    nobody_knows = [square, "mish", layers.PReLU(), layers.Dense(3)]
    known = ["relu", layers.LeakyReLU(0.4), layers.ReLU(0.5), layers.ELU(0.7)]
    made = [layers.Dense(3, activation=activation) for activation in [*nobody_knows, *known]]
    answer = told(*made)
    assert ["went" in layer for layer in answer["layers"]] == [True] * 4 + [False] * 4
    values = forward(answer["layers"], layer_weights(answer["layers"], SEED), IMAGES[:1])
    assert values is not None
    np.testing.assert_allclose(values, answer["output"][:1], rtol=1e-4, atol=1e-3)


def test_what_is_random_is_measured_though_it_is_known() -> None:
    """Of a net that is random in use, is the layer measured that makes it so, and no other?"""
    noise = layers.Dropout(0.5)
    noise.call = lambda x, training=None: keras.random.dropout(x, 0.5)
    dense, random = told(layers.Dense(3), noise)["layers"]
    assert "went" not in dense
    assert "went" in random


def test_steps_between_layers_are_told_as_own_code() -> None:
    """What a net does between two layers: is it a step without weights, and measured?"""

    class Shifts(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.flat, self.dense = layers.Flatten(), layers.Dense(4)

        def call(self, pictures: Any) -> Any:
            return self.dense(self.flat(pictures) + 1)

    flat, code, _ = described(Shifts(), ASK)["layers"]
    assert flat["kind"] == "Flatten"
    assert (code["kind"], code["weights"]) == (OWN_CODE, [])
    assert np.allclose(code["went"], code["came"] + 1)


def test_steps_between_which_go_several_arrays_are_told_and_not_measured() -> None:
    """Where two arrays of different shapes come out of a layer, and go into the next?"""

    class Pair(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.split = Own(lambda x: (x, keras.ops.reshape(x, (3, -1))))
            self.take = Own(lambda both: both[1])

        def call(self, pictures: Any) -> Any:
            return self.take(self.split(pictures))

    split, code, take = described(Pair(), ASK)["layers"]
    assert [layer["kind"] for layer in (split, code, take)] == ["Own", OWN_CODE, "Own"]
    assert ["went" in layer for layer in (split, code, take)] == [False, False, True]


def test_no_more_is_measured_than_fits_an_answer() -> None:
    """Eight steps at most, and none with more values than the border takes?"""
    few = told(*(Own(lambda x: x + 1) for _ in range(10)))["layers"]
    assert ["went" in layer for layer in few] == [True] * 8 + [False] * 2
    large = told(layers.UpSampling2D(100), layers.Permute((2, 1, 3)), layers.Permute((2, 1, 3)))["layers"]
    assert not any("went" in layer for layer in large)
    small = told(layers.Permute((2, 1, 3)), layers.UpSampling2D(100), layers.MaxPooling2D(100))["layers"]
    assert ["went" in layer for layer in small] == [True, False, False]
