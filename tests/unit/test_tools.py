"""What the notebook calls: compared with Keras where Keras can do it too, offline where a student may be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import tools
from checks.asking import GRADED_SIZES
from tools import data

NOTEBOOKS = Path(tools.__file__).parents[1]


def data_set(name: str, load_data: Callable[[], Any]) -> types.SimpleNamespace:
    """What `keras.datasets.mnist` is to `load`: a name and a load_data()."""
    return types.SimpleNamespace(__name__=f"keras.datasets.{name}", load_data=load_data)


def must_not_be_called() -> Any:
    raise AssertionError("load_data() would go to the network")


def whole_mnist() -> Any:
    """As many pictures as the real set, all of them empty."""
    return tuple(
        (np.zeros((count, 28, 28), np.uint8), np.zeros(count, np.uint8)) for count in (60_000, 10_000)
    )


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No network, an empty Keras cache, and nobody grading."""
    monkeypatch.setattr(data, "_answers", lambda address: False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


# ------------------------------------------------------------------------------------------ arithmetic


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_convolve_is_what_a_keras_layer_computes(stride: int, padding: int) -> None:
    """Is our convolution Keras', for sides that differ and a kernel without symmetry?"""
    rng = np.random.default_rng(stride * 10 + padding)
    image, kernel = rng.normal(size=(9, 12)), rng.normal(size=(3, 4))
    layer = keras.layers.Conv2D(1, kernel.shape, strides=stride, use_bias=False)
    padded = np.pad(image, padding)[None, ..., None].astype(np.float32)
    layer.build(padded.shape)
    layer.set_weights([kernel[..., None, None]])
    expected = np.asarray(layer(padded))[0, ..., 0]
    # Keras counts with 32 bits: 12 products of numbers around 1 agree to about 1e-6.
    np.testing.assert_allclose(tools.convolve(image, kernel, stride, padding), expected, atol=1e-5)


def test_convolve_does_not_flip_the_kernel() -> None:
    image = np.zeros((3, 3))
    image[0, 0] = 1
    assert tools.convolve(image, np.arange(9).reshape(3, 3)) == 0
    assert tools.convolve(image, np.arange(1, 10).reshape(3, 3)) == 1


@pytest.mark.parametrize(("image", "kernel"), [((2, 9), (3, 3)), ((9, 2), (3, 3)), ((9, 9, 1), (3, 3))])
def test_convolve_refuses_what_does_not_fit(image: tuple[int, ...], kernel: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        tools.convolve(np.zeros(image), np.zeros(kernel))


def test_the_size_formula_gives_keras_shapes() -> None:
    """Does the formula, with its floor, foretell the output shape of a layer, for height and width?"""
    for height, width in ((5, 8), (28, 31)):
        for kernel in (1, 2, 3, 5):
            for stride in (1, 2, 3):
                for padding in (0, 1, 2):
                    shape = (None, height + 2 * padding, width + 2 * padding, 1)
                    layer = keras.layers.Conv2D(1, kernel, strides=stride)
                    expected = layer.compute_output_shape(shape)[1:3]
                    sizes = tuple(tools.feature_map_size(n, kernel, stride, padding) for n in (height, width))
                    assert sizes == expected, (height, width, kernel, stride, padding)


@pytest.mark.parametrize("numbers", [(2, 3, 1, 0), (5, 3, 0, 0), (5, 0, 1, 0), (5, 3, 1, -1)])
def test_the_size_formula_refuses_nonsense(numbers: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        tools.feature_map_size(*numbers)


@pytest.mark.parametrize(
    ("how", "layer"), [(np.max, keras.layers.MaxPooling2D), (np.mean, keras.layers.AveragePooling2D)]
)
def test_pool_is_keras_pooling(how: Any, layer: Any) -> None:
    image = np.random.default_rng(5).normal(size=(7, 10)).astype(np.float32)
    expected = np.asarray(layer(2)(image[None, ..., None]))[0, ..., 0]
    np.testing.assert_allclose(tools.pool(image, 2, how), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("only_first", "only_second", "real"),
    [
        (23, 2, True),
        (2, 23, True),
        (14, 11, False),
        (16, 9, False),
        (1, 0, False),
        (0, 0, False),
        (5, 0, False),
        (0, 5, False),
        (6, 0, True),
        (8, 1, True),
        (7, 1, False),
    ],
)
def test_two_nets_are_compared_in_pairs(only_first: int, only_second: int, real: bool) -> None:
    """Are 23 to 2 more than chance, however many of 1,000 digits both nets read, and 14 to 11 not?

    Of few coins, too: five fall on the same side in 1 of 16 cases, six in 1 of 32.
    """
    first, second = np.ones(1000, bool), np.ones(1000, bool)
    second[:only_first] = first[only_first : only_first + only_second] = False
    first[900:] = second[900:] = False  # what neither reads says nothing
    assert tools.only_one_right(first, second) == (only_first, only_second)
    assert (abs(only_first - only_second) > tools.chance_in_pairs(only_first, only_second)) == real


def test_chance_in_pairs_is_that_of_so_many_coins() -> None:
    """Do coins lie farther apart in fewer than one of twenty cases, and so far in more, however many?"""
    for coins in (1, 2, 5, 6, 25, 200, 3000):
        heads = np.random.default_rng(coins).binomial(coins, 0.5, size=200_000)
        chance = tools.chance_in_pairs(coins, 0)
        assert np.mean(np.abs(2 * heads - coins) > chance) <= 0.052
        assert np.mean(np.abs(2 * heads - coins) >= chance) >= 0.048, coins


def test_pairs_are_of_the_same_pictures() -> None:
    with pytest.raises(ValueError, match="the same pictures"):
        tools.only_one_right(np.ones(3, bool), np.ones(4, bool))


# ------------------------------------------------------------------------------------------------ data


@pytest.mark.usefixtures("offline")
def test_without_a_network_mnist_is_the_shipped_digits(capsys: pytest.CaptureFixture[str]) -> None:
    (train, train_labels), (test, test_labels) = tools.load(
        data_set("mnist", must_not_be_called), quick=False
    )
    assert (train.shape, train_labels.shape) == ((4000, 28, 28), (4000,))
    assert (test.shape, test_labels.shape) == ((1000, 28, 28), (1000,))
    assert train.dtype == train_labels.dtype == test.dtype == test_labels.dtype == np.uint8
    assert set(train_labels) == set(test_labels) == set(range(10))
    assert train.max() == 255
    assert "real MNIST digits that come with this notebook" in capsys.readouterr().out


@pytest.mark.usefixtures("offline")
def test_without_a_network_cifar_is_drawn_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    (train, train_labels), (test, test_labels) = tools.load(data_set("cifar10", must_not_be_called))
    assert (train.shape, train_labels.shape) == ((2000, 32, 32, 3), (2000, 1))
    assert (test.shape, test_labels.shape) == ((500, 32, 32, 3), (500, 1))
    assert train.dtype == train_labels.dtype == np.uint8
    assert "NOT the real photographs" in capsys.readouterr().out


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(("quick", "count"), [(True, 4000), (False, 60_000)])
def test_a_cached_set_is_loaded_by_keras_without_a_network(
    tmp_path: Path, quick: bool, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "mnist.npz").touch()
    (train, _), _ = tools.load(data_set("mnist", whole_mnist), quick=quick)
    assert len(train) == count
    assert "the real MNIST set" in capsys.readouterr().out


@pytest.mark.usefixtures("offline")
def test_keras_is_asked_when_the_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "_answers", lambda address: True)
    (train, _), _ = tools.load(data_set("mnist", whole_mnist), quick=False)
    assert len(train) == 60_000


@pytest.mark.usefixtures("offline")
def test_a_download_that_fails_falls_back_on_the_sample(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> Any:
        raise Exception("URL fetch failure on https://example.org: 503")  # a bare one, as Keras raises

    monkeypatch.setattr(data, "_answers", lambda address: True)
    (train, _), _ = tools.load(data_set("mnist", broken))
    assert len(train) == 4000
    assert "URL fetch failure" in capsys.readouterr().out


def test_the_cache_is_where_keras_looks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Does a file that `keras.utils.get_file` accepts as cached count as cached for us?"""
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "mnist.npz").write_bytes(b"anything")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert data._cached("mnist.npz")
    assert not data._cached("other.npz")
    found = keras.utils.get_file("mnist.npz", "http://localhost:9/mnist.npz", cache_dir=str(tmp_path))
    assert Path(found) == tmp_path / "datasets" / "mnist.npz"


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_while_grading_the_pictures_are_those_that_the_judges_know(
    name: str, quick: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for a student who asked for the full run?"""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    loaded = tools.load(data_set(name, must_not_be_called), quick=quick)
    for part, known in zip(loaded, data.offline(name, data.QUICK_SIZES[name]), strict=True):
        assert all(np.array_equal(*pair) for pair in zip(part, known, strict=True))


def test_grading_never_tries_the_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setattr(data, "_answers", must_not_be_called)
    (train, _), _ = tools.load(data_set("mnist", must_not_be_called))
    assert len(train) == 4000


def test_an_address_without_an_answer_costs_little() -> None:
    assert not data._answers("http://localhost:9/")


def test_another_set_is_refused() -> None:
    with pytest.raises(ValueError, match="not fashion_mnist"):
        tools.load(data_set("fashion_mnist", must_not_be_called))


def test_stand_ins_are_the_same_every_time_and_differ_by_seed() -> None:
    (first, labels), (again, same) = tools.draw_stand_ins(50, seed=3), tools.draw_stand_ins(50, seed=3)
    assert np.array_equal(first, again)
    assert np.array_equal(labels, same)
    assert not np.array_equal(first, tools.draw_stand_ins(50, seed=4)[0])
    assert np.bincount(labels.ravel()).tolist() == [5] * 10


def test_stand_ins_can_be_learned_but_not_from_colour_alone() -> None:
    """Is the nearest class mean far above chance (10 %), and far from right every time?"""
    (train, labels), (test, truth) = tools.draw_stand_ins(1000, seed=1), tools.draw_stand_ins(300, seed=2)
    means = np.stack([train[labels.ravel() == kind].mean(axis=0) for kind in range(10)])
    far = ((test[:, None].astype(float) - means) ** 2).sum(axis=(2, 3, 4))
    accuracy = (far.argmin(axis=1) == truth.ravel()).mean()
    assert 0.2 < accuracy < 0.7


# ---------------------------------------------------------------------------------------------- guards


def test_an_empty_answer_is_named_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert not tools.filled("task 3", np.eye(2), None)
    words = capsys.readouterr()
    assert words.out.startswith("Task 3 is still empty")
    assert words.out.count("\n") == 1
    assert words.err == ""


def test_a_filled_answer_passes_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    assert tools.filled("task 3", np.eye(2), 0, "", False)
    images = np.zeros((4, 28, 28), np.uint8)
    for answer in (images[..., None], keras.ops.convert_to_tensor(images[..., None]), [*images[..., None]]):
        assert tools.filled("task 2", answer, answer, of=(images, images), shape=(28, 28, 1))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "other",
    [np.zeros((4, 32, 32, 3)), np.zeros((4, 28, 28)), np.zeros((3, 28, 28, 1)), "text", [[1], [2, 3]]],
    ids=["CIFAR-10", "no channel axis", "other rows", "text", "a crooked list"],
)
def test_other_pictures_than_those_of_the_task_are_named(
    other: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Photographs in `x_train` once trained silently: are both shapes told?"""
    images = np.zeros((4, 28, 28), np.uint8)
    right = images[..., None]
    assert not tools.filled("task 2", right, other, of=(images, images), shape=(28, 28, 1))
    words = capsys.readouterr().out
    assert "needs an array of shape (4, 28, 28, 1), and the one of task 2 has " in words.lower()
    assert str(getattr(other, "shape", ())) in words


def test_who_has_not_trained_is_not_told_that_a_task_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    assert tools.trained("net_1", object())
    assert not tools.trained("net_1", None)
    words = capsys.readouterr().out
    assert words.startswith("net_1 has not been trained yet")
    assert words.count("\n") == 1


# --------------------------------------------------------------------------------------------- figures


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What the figures display, instead of a notebook's page."""
    import matplotlib

    matplotlib.use("agg")
    outputs: list[dict[str, str]] = []
    monkeypatch.setattr("IPython.display.display", lambda output, raw: outputs.append(output))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return outputs


def figures() -> dict[str, Callable[[], None]]:
    """Each figure function of `tools`, called as the notebook does."""
    image, colour = np.arange(36).reshape(6, 6), np.zeros((32, 32, 3), np.uint8)
    return {
        "show_matrix": lambda: tools.show_matrix(image, "numbers"),
        "show_pixels": lambda: tools.show_pixels(image, "numbers"),
        "show_convolution": lambda: tools.show_convolution(image, np.eye(3), (1, 2)),
        "show_place": lambda: tools.show_place(image, 3, stride=2, padding=1, place=(1, 1)),
        "show_feature_maps": lambda: tools.show_feature_maps(image, {"diagonal": np.eye(3)}),
        "show_gallery": lambda: tools.show_gallery([image], ["numbers"], about="A matrix of numbers"),
        "show_classes": lambda: tools.show_classes(colour[None].repeat(20, 0), np.arange(20)[:, None] % 10),
    }


def test_every_figure_has_a_text_and_is_closed(shown: list[dict[str, str]]) -> None:
    import matplotlib.pyplot as plt

    named = figures()
    assert set(named) == {name for name in vars(tools) if name.startswith("show_")}
    for name, draw in named.items():
        shown.clear()
        draw()
        (output,) = shown
        alt = output["text/plain"].removeprefix("[Figure: ").removesuffix("]")
        assert len(alt) > 40, name
        assert "<img " in output["text/html"], name
        assert 'alt="' in output["text/html"], name
        assert not plt.get_fignums(), name


def test_what_a_figure_says_is_what_it_shows(shown: list[dict[str, str]]) -> None:
    figures()["show_matrix"]()
    assert "[[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]" in shown[0]["text/plain"]
    shown.clear()
    figures()["show_pixels"]()
    assert "a picture of 6 rows and 6 columns with a line between" in shown[0]["text/plain"]
    shown.clear()
    figures()["show_convolution"]()
    assert "feature map of 4 by 4; position (1, 2) has a frame" in shown[0]["text/plain"]


def test_a_quotation_mark_does_not_end_the_alt_text(shown: list[dict[str, str]]) -> None:
    tools.show_gallery([np.eye(3)], ['a "name" <b>'])
    assert "&quot;name&quot; &lt;b&gt;" in shown[0]["text/html"]


def test_while_grading_figures_are_words_only(
    shown: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words as at home, the same error for what is no picture, and no figure made?"""
    import matplotlib.pyplot as plt

    for draw in figures().values():
        draw()
    at_home = [output["text/plain"] for output in shown]
    with pytest.raises(TypeError) as error:
        tools.show_gallery([np.ones((2, 2, 5))], ["five channels"])
    shown.clear()
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with monkeypatch.context() as no_figures:
        no_figures.setattr("matplotlib.figure.Figure.__init__", None)
        for draw in figures().values():
            draw()
        assert shown == [{"text/plain": words} for words in at_home]
        with pytest.raises(TypeError, match=re.escape(str(error.value))):
            tools.show_gallery([np.ones((2, 2, 5))], ["five channels"])
    figure, _ = plt.subplots()
    tools.show(figure, "a learner's own")
    assert not plt.get_fignums()


# --------------------------------------------------------------------------------------------- modules


def test_nothing_happens_on_import() -> None:
    """Is importing the notebook's modules quick and silent, and Keras as it was, also while grading?"""
    code = "import play, sys, tools; print({'keras', 'matplotlib', 'ipywidgets'} & set(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(NOTEBOOKS), "NBGRADER_EXECUTION": "autograde"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("set()\n", "")


def test_the_checks_know_the_sizes_of_grading() -> None:
    """Does a check at home name the number of pictures that grading really has?"""
    sizes = {task: data.QUICK_SIZES["cifar10" if "cifar" in task else "mnist"][0] for task in GRADED_SIZES}
    assert sizes == GRADED_SIZES
