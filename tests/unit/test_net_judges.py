"""What the judges of nets say, where no net can bring it about (answers that lie), and in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import layers as by_layer
from checks import nets
from checks.forward import layer_weights
from checks.model import cases_net
from checks.nets import computes, judge_net, layers_in_use, layers_of
from checks.task import Answer
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


def test_weights_of_a_layer_that_comes_again_are_the_same() -> None:
    """Are they drawn once, and do those after them not change?"""
    dense = {"kind": "Dense", "weights": [[4, 4]]}
    first, again, other = layer_weights([dense, {**dense, "again": 0}, dense], 3)
    assert first[0] is again[0]
    assert np.array_equal(other[0], layer_weights([dense, dense], 3)[1][0])


@pytest.mark.parametrize("cases", [cases_net, cifar_model.cases])
def test_seeds_of_weights_are_drawn_from_too_many_to_try(cases: Any) -> None:
    """Do the seeds of the weights reach up to two to the power of 31, none of them twice?"""
    seeds = [case.ask["seed"] for draw in range(20) for case in cases(np.random.default_rng(draw), {})]
    assert len(set(seeds)) == len(seeds)
    assert 2**30 < max(seeds) < 2**31
