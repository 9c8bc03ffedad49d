"""What the judges of nets say, where no net can bring it about (answers that lie), and in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import layers as by_layer
from checks import nets
from checks.forward import layer_weights
from checks.language import say
from checks.model import cases_net
from checks.nets import computes, judge_net, layers_in_use, layers_of
from checks.task import Answer, Finding, wrong
from checks.tasks import cifar_model

CASES = cases_net(np.random.default_rng(3), {})
HONEST = {"kind": "Model", "random": False, "extra losses": 0, "frozen": 0, "constraints": 0}


@pytest.mark.parametrize(
    "answer",
    [
        {"kind": "Model"},
        {"kind": "Model", "layers": None},
        {"kind": "Model", "layers": [1]},
        {"kind": "Model", "layers": [{"kind": "Flatten"}, 1]},
        {"kind": "Other", "layers": [{"kind": "Flatten"}]},
    ],
)
def test_what_only_says_that_it_is_a_model_is_none(answer: Answer) -> None:
    """Is an answer without a list of described layers told that it is no model, and is that all?"""
    findings = judge_net("net_1")(CASES, [answer] * len(CASES))
    assert sum(finding.points for finding in findings) == 0
    assert [finding.keys for finding in findings] == [("nets.no_model",)]
    assert not computes("net_1", CASES[0].ask, {**HONEST, **answer})


@pytest.mark.parametrize(
    ("first", "later", "key", "shape"),
    [
        (None, np.ones((3, 5)), "nets.no_row", None),
        (np.ones((3, 2, 5)), np.ones((3, 5)), "nets.no_row", "(2, 5)"),
        (np.ones((3, 10)), None, "nets.no_row", None),
        (np.ones((3, 10)), np.ones((3, 10)), "nets.fixed_classes", None),
    ],
)
def test_an_output_that_is_no_row_is_told_by_its_shape(
    first: Any, later: Any, key: str, shape: str | None
) -> None:
    """What is said of an output that is missing or no row, for the first picture or for others?"""
    answers = [{**HONEST, "output": output} for output in (first, later, later)]
    (said,) = nets._any_shape("net_1", CASES, answers, [False] * 3, []).said
    assert said.key == key
    assert said.values.get("shape") == shape


@pytest.mark.parametrize(
    ("key", "shape", "is_row"),
    [
        ("nets.no_flatten", (3, 4, 4, 5), True),
        ("nets.no_flatten", (3, 5), True),
        ("nets.no_pooling", (3, 4, 4, 5), False),
        ("nets.no_pooling", (3, 5), True),
    ],
)
def test_without_flatten_a_row_for_each_pixel_will_do(key: str, shape: tuple[int, ...], is_row: bool) -> None:
    """Does a net that lacks Flatten, and only such a one, lose nothing more by its maps of rows?"""
    assert nets._is_row(np.ones(shape), 5, [wrong("nets.what_hidden", 1, say(key))]) is is_row


def test_a_net_that_was_given_no_shape_once_is_told_so() -> None:
    """Is one net without a shape, of the three that are made, enough?"""
    answers = [{**HONEST, "output": np.ones((3, case.ask["nb_classes"])), "lazy": False} for case in CASES]
    assert nets._any_shape("net_1", CASES, answers, [True] * 3, []).points == 1
    answers[1]["lazy"] = True
    assert nets._any_shape("net_1", CASES, answers, [True] * 3, []).keys == ("nets.without_shape",)


def test_who_can_not_be_followed_is_named() -> None:
    """Are those layers named that nobody can follow, and no others?"""
    ask, shape = CASES[0].ask, (1, *CASES[0].ask["sample_shape"])
    measured = {"kind": "Permute", "weights": [], "came": ask["images"][:1], "went": np.ones(shape)}
    layers = [measured, {"kind": "Flatten", "weights": []}, {"kind": "Unheard", "weights": []}]
    _, doubt = layers_in_use(ask, {**HONEST, "layers": layers, "output": np.ones((3, 10))})
    assert doubt is not None
    assert (doubt.key, doubt.values["kinds"]) == ("nets.not_followed", ["Unheard"])


def test_settings_that_are_missing_stop_no_judge() -> None:
    """Is a layer without its settings no reason to stop, and an output that is missing another doubt?"""
    ask, flatten = CASES[0].ask, {"kind": "Flatten", "weights": []}
    _, doubt = layers_in_use(ask, {**HONEST, "layers": [{"kind": "Conv2D", "weights": []}, flatten]})
    assert doubt is not None
    assert doubt.values["kinds"].key == "nets.own_joining"
    normalisation = {"kind": "BatchNormalization", "weights": []}
    _, doubt = layers_in_use(ask, {**HONEST, "layers": [normalisation, flatten]})
    assert doubt is not None
    assert doubt.key == "nets.not_followed"
    _, doubt = layers_in_use(ask, {**HONEST, "layers": [flatten]})
    assert doubt is not None
    assert doubt.key == "nets.not_as_told"


@pytest.mark.parametrize(("kernel", "shown"), [([5, 4], "5 × 4"), ("wide", "wide"), (None, "None")])
def test_the_sides_of_a_kernel_are_shown(kernel: Any, shown: str) -> None:
    """Is a wrong kernel told by its sides, or by whatever stands there?"""
    expected = layers_of("net_1", 10)
    layers = [{**expected[0], "kernel_size": kernel}, *expected[1:]]
    (said,) = by_layer.by_part("net_1", layers, expected, 10)[0].said
    assert (said.key, said.values) == ("nets.kernel", {"came": shown})


@pytest.mark.parametrize(
    ("layer", "key"),
    [
        ({"kind": "Dense", "use_bias": False}, "nets.dense_without_bias"),
        ({"kind": "Dense"}, "nets.joined_otherwise"),
        ({"kind": "Flatten", "use_bias": False}, "nets.joined_otherwise"),
    ],
)
def test_a_dense_layer_is_told_that_its_bias_is_missing(layer: Answer, key: str) -> None:
    """Is it told where the layer says so, and of no layer of another kind?"""
    outputs = {"output": np.ones((3, 10)), "training output": np.ones((3, 10))}
    assert nets._otherwise([layer], outputs).key == key


def test_weights_of_a_layer_that_comes_again_are_the_same() -> None:
    """Are they drawn once, and do those after them not change?"""
    dense = {"kind": "Dense", "weights": [[4, 4]]}
    first, again, other = layer_weights([dense, {**dense, "again": 0}, dense], 3)
    assert first[0] is again[0]
    assert np.array_equal(other[0], layer_weights([dense, dense], 3)[1][0])


def test_a_net_is_asked_about_pictures_of_three_shapes() -> None:
    """MNIST's; and two with an odd and an even side with room for both convolutions and pooling twice?"""
    drawn = [cases_net(np.random.default_rng(seed), {}) for seed in range(200)]
    shapes = [[(*case.ask["sample_shape"], case.ask["nb_classes"]) for case in cases] for cases in drawn]
    first, second, third = (set(each) for each in zip(*shapes, strict=True))
    odd, even = {17, 19, 21, 23, 25}, {16, 18, 20, 22, 24}
    assert first == {(28, 28, 1, 10)}
    assert [set(each) for each in zip(*second, strict=True)] == [odd, even, {2, 3, 4}, {3, 4, 5, 6, 7}]
    assert [set(each) for each in zip(*third, strict=True)] == [even, odd, {3}, set(range(11, 17))]
    assert all(one[0] != other[1] and one[1] != other[0] for _, one, other in shapes)
    for case in (case for cases in drawn for case in cases):
        images = case.ask["images"]
        assert (images.shape, images.dtype) == ((3, *case.ask["sample_shape"]), np.float32)


@pytest.mark.parametrize("cases", [cases_net, cifar_model.cases])
def test_seeds_of_weights_are_drawn_from_too_many_to_try(cases: Any) -> None:
    """Do the seeds of the weights reach up to two to the power of 31, none of them twice?"""
    seeds = [case.ask["seed"] for draw in range(20) for case in cases(np.random.default_rng(draw), {})]
    assert len(set(seeds)) == len(seeds)
    assert 2**30 < max(seeds) < 2**31


def of_cifar_net(**told: Any) -> list[Finding]:
    """What is found of a net that only flattens its pictures, and of which this is told."""
    (case,) = cifar_model.cases(np.random.default_rng(3), {})
    answer = {**HONEST, "layers": [{"kind": "Flatten", "weights": []}], **told}
    return cifar_model.judge([case], [answer])


@pytest.mark.parametrize(
    ("output", "key"),
    [(None, "neither_net"), (np.ones((2, 6, 6, 10)), "neither_net"), (np.ones((2, 9)), "other_outputs")],
)
def test_the_outputs_of_a_net_for_cifar_are_counted_along_the_last_axis(output: Any, key: str) -> None:
    """Are 9 outputs told, and neither an output that is missing nor ten maps?"""
    assert of_cifar_net(output=output)[0].keys == (f"cifar_model.{key}",)


@pytest.mark.parametrize(("rate", "shown"), [(None, None), (12.0, "12"), (0.0, "0")])
def test_a_net_for_cifar_that_is_hardly_compiled_is_told_so(rate: float | None, shown: str | None) -> None:
    """Without metrics, and with a rate that is missing or useless: is each told, and the rate as written?"""
    _, optimiser, _, metric = of_cifar_net(optimiser="Adam", metrics=None, **{"learning rate": rate})
    assert (optimiser.key, optimiser.values["rate"]) == ("cifar_model.rate_unusable", shown)
    assert metric.key == "cifar_model.no_metric"
