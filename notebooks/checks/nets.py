"""What net_1 and net_2 are, and whether a student's model computes the same, tasks 4, 6 and 10."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from checks import layers as findings_by_layer
from checks.forward import OWN_CODE, STEPS, activation_of, close, forward, layer_weights
from checks.language import Sentence, say
from checks.layers import OWN_LAYER
from checks.model import in_shape
from checks.plain import array_of, same, shown_shape
from checks.recognised import recognised
from checks.task import TABLE, Answer, Ask, Case, Finding, Judging, right, wrong
from checks.unusable import nothing_to_judge

# float32 sums in another order differ by some 1e-6 in a softmax; a wrong layer by 0.01 and more.
_OUTPUT_TOLERANCE = 1e-4

# A model of more weights than this is not worth a judge's time; net_1 on 64 × 64 × 3 has 7.4 million.
_MAX_WEIGHTS = 20_000_000


def layers_of(net: str, classes: int) -> list[Answer]:
    """The layers of ``net_1`` or ``net_2``, described as a model's answer describes its own."""
    pooling = {"kind": "MaxPooling2D", "pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}
    middle = [_conv(64, 1), pooling] if net == "net_1" else [_conv(64, 2)]
    return [_conv(32, 1), *middle, {"kind": "Flatten"}, _dense(128, "relu"), _dense(classes, "softmax")]


def _conv(filters: int, stride: int) -> Answer:
    return {
        "kind": "Conv2D",
        "filters": filters,
        "kernel_size": [3, 3],
        "strides": [stride, stride],
        "padding": "valid",
        "activation": "relu",
    }


def _dense(units: int, activation: str) -> Answer:
    return {"kind": "Dense", "units": units, "activation": activation}


def judge_net(net: str) -> Judging:
    """The judge of ``net_1`` or ``net_2``: by what a model computes, and only then by its layers."""
    return lambda cases, answers: _findings(net, cases, answers)


def _findings(net: str, cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    if all("<class 'type'>" in str(answer.get("error")) for answer in answers):
        return [wrong("nets.what_model", TABLE[net].points, say("nets.not_made", error=answers[0]["error"]))]
    if nothing := nothing_to_judge(net, answers):
        return nothing
    first = next((index for index, answer in enumerate(answers) if is_model(answer)), None)
    if first is None:
        other = next((answer for answer in answers if "kind" in answer), {})
        return [wrong("nets.what_model", TABLE[net].points, no_model(net, other))]
    follows = [computes(net, case.ask, answer) for case, answer in zip(cases, answers, strict=True)]
    if all(follows):
        found = _right_so_far(net)
        return [*found, _any_shape(net, cases, answers, follows, found)]
    layers, doubt = layers_in_use(cases[first].ask, answers[first])
    if doubt and not follows[first]:
        return [wrong("nets.what_computes", TABLE[net].points, doubt)]
    unlisted = doubt or any("went" in layer for layer in layers)
    if follows[first] and unlisted:
        findings = _right_so_far(net)
    else:
        findings = _by_layer(net, cases[first].ask["nb_classes"], layers, answers[first], follows[first])
    findings.append(_any_shape(net, cases, answers, follows, findings))
    if not follows[first] and not findings_by_layer.convolves(net, layers, layers_of(net, 1)):
        if own := [layer for layer in layers if layer["kind"] in (OWN_CODE, OWN_LAYER)]:
            kinds = [findings_by_layer.shown_kind(layer) for layer in own]
            return [wrong("nets.what_computes", TABLE[net].points, say("nets.not_followed", kinds=kinds))]
        return [_without_convolutions(finding) for finding in findings]
    return findings


def _right_so_far(net: str) -> list[Finding]:
    """All layers right; whether other shapes are followed remains to be seen."""
    return [right(f"nets.what_{part}", points) for part, points in findings_by_layer.POINTS[net].items()]


def _by_layer(
    net: str, classes: int, layers: Sequence[Answer], answer: Answer, follows: bool
) -> list[Finding]:
    expected = layers_of(net, classes)
    findings = findings_by_layer.by_part(net, layers, expected, classes)
    findings.append(findings_by_layer.nothing_else(layers, expected, answer, findings))
    if not follows and all(finding.points for finding in findings) and "shape" not in answer:
        findings[-1] = wrong("nets.what_nothing_else", 1, _otherwise(layers, answer))
    return findings


def _otherwise(layers: Sequence[Answer], answer: Answer) -> Sentence:
    """What to say of a net that is no other by its kinds of layers and their sizes."""
    if any(layer["kind"] == "Dense" and not layer.get("use_bias", True) for layer in layers):
        return say("nets.dense_without_bias")
    output = array_of(answer, "output")
    if output is None or not same(array_of(answer, "training output"), output, _OUTPUT_TOLERANCE):
        return say("nets.other_in_training")
    return say("nets.other_weights" if answer.get("other weights") else "nets.joined_otherwise")


def _without_convolutions(finding: Finding) -> Finding:
    """A finding in a net that has nothing of the convolutions: there is nothing that it could belong to."""
    if not finding.points:
        return finding
    return wrong(finding.what, finding.out_of, say("nets.without_convolutions"))


def no_model(net: str, answer: Answer) -> Sentence:
    """What to say of something that came in the place of a model."""
    kind = answer.get("kind", say("nets.nothing"))
    if kind == "type":
        return say("nets.is_class", name=str(answer.get("name")))
    if kind == "outputs":
        return say("nets.is_outputs")
    if kind in ("KerasTensor", "list", "tuple"):
        return say(f"nets.is_{kind}", net=net)
    if answer.get("is layer") is True:
        return say("nets.is_layer", net=net, kind=kind)
    return say("nets.no_model", net=net, kind=kind)


def is_model(answer: Answer) -> bool:
    """Whether an answer describes a model."""
    layers = answer.get("layers")
    return (
        answer.get("kind") == "Model"
        and isinstance(layers, list)
        and all(isinstance(x, dict) for x in layers)
    )


def computes(net: str, ask: Ask, answer: Answer) -> bool:
    """Whether a model gives what the net gives: same weights, same pictures, in use and in training."""
    changes = ("random", "extra losses", "frozen", "constraints")
    if not is_model(answer) or any(answer.get(key) != 0 for key in changes):
        return False
    layers = _with_weights(layers_of(net, ask["nb_classes"]), ask["sample_shape"])
    if Counter(_sizes({"layers": layers})) != Counter(_sizes(answer)):
        return False
    expected = forward(layers, layer_weights(layers, ask["seed"]), ask["images"])
    outputs = [array_of(answer, "output"), array_of(answer, "training output")]
    return expected is not None and all(same(output, expected, _OUTPUT_TOLERANCE) for output in outputs)


def convolves(ask: Ask, answer: Answer) -> bool:
    """Whether a model has at least something of the convolutions of net_1 or net_2."""
    if not is_model(answer):
        return False
    layers, doubt = layers_in_use(ask, answer)
    nets = ("net_1", "net_2")
    return not doubt and any(findings_by_layer.convolves(net, layers, layers_of(net, 1)) for net in nets)


def _sizes(answer: Answer) -> list[int]:
    """The number of entries of each of a model's weights."""
    layers = (layer for layer in answer["layers"] if "again" not in layer)
    shapes = [shape for layer in layers for shape in layer.get("weights", [])]
    return [math.prod(shape) for shape in [*shapes, *answer.get("other weights", [])]]


def _with_weights(layers: Sequence[Answer], sample_shape: Sequence[int]) -> list[Answer]:
    """A chain made by ``layers_of``, with the shapes of kernels and biases."""
    height, width, channels = sample_shape
    told: list[Answer] = []
    for layer in layers:
        shapes: list[list[int]] = []
        if layer["kind"] == "Conv2D":
            stride, filters = layer["strides"][0], layer["filters"]
            shapes = [[3, 3, channels, filters], [filters]]
            height, width, channels = (height - 3) // stride + 1, (width - 3) // stride + 1, filters
        elif layer["kind"] == "MaxPooling2D":
            height, width = height // 2, width // 2
        elif layer["kind"] == "Flatten":
            size = height * width * channels
        else:
            shapes = [[size, layer["units"]], [layer["units"]]]
            size = layer["units"]
        told.append({**layer, "weights": shapes})
    return told


def layers_in_use(ask: Ask, answer: Answer) -> tuple[list[dict[str, Any]], Sentence | None]:
    """A model's layers as `chain` gives them, and why they can't be taken at their word, if they can't."""
    if sum(_sizes(answer)) > _MAX_WEIGHTS:
        return [], say("nets.too_large")
    if "shape" in answer:
        ask = in_shape(ask, answer["shape"])
    steps = recognised(answer["layers"], layer_weights(answer["layers"], ask["seed"]))
    layers = chain([layer for layer, _ in steps])
    try:
        simulated = forward([layer for layer, _ in steps], [own for _, own in steps], ask["images"][:1])
    except (ArithmeticError, LookupError, TypeError, ValueError):
        simulated = None
    if simulated is None:
        unknown = [layer for layer in layers if layer["kind"] not in STEPS and "went" not in layer]
        kinds: list[Any] = [findings_by_layer.shown_kind(layer) for layer in unknown]
        return layers, say("nets.not_followed", kinds=kinds or say("nets.own_joining"))
    output = array_of(answer, "output")
    agrees = output is not None and close(output[:1], simulated)
    return layers, None if agrees else say("nets.not_as_told")


def chain(layers: Sequence[Answer]) -> list[dict[str, Any]]:
    """The layers, each activation folded into the layer that it belongs to."""
    folded: list[dict[str, Any]] = []
    for layer in layers:
        if "own" in layer:
            folded.append({**layer, "kind": OWN_LAYER, "class": layer["kind"]})
            continue
        activation = activation_of(layer)
        belongs_to = _without_activation(folded)
        if activation and belongs_to:
            belongs_to["activation"] = activation
        elif activation != "linear":
            folded.append(dict(layer))
    return folded


def _without_activation(layers: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The last layer of those that have activations, if it has none; noise or the like may come after."""
    main = [layer for layer in layers if findings_by_layer.is_asked_for(layer["kind"])]
    return main[-1] if main and main[-1].get("activation") == "linear" else None


def _any_shape(
    net: str,
    cases: Sequence[Case],
    answers: Sequence[Answer],
    follows: Sequence[bool],
    others: Sequence[Finding],
) -> Finding:
    """Whether other shapes and numbers of classes are followed, whatever else is right or wrong."""
    what = "nets.what_any_shape"
    if "shape" in answers[0]:
        return wrong(what, 1, say("nets.needs_room", net=net))
    if any(answer.get("arguments") == "swapped" for answer in answers):
        return wrong(what, 1, say("nets.arguments_swapped", net=net))
    for case, answer in zip(cases, answers, strict=True):
        if "error" in answer:
            return wrong(what, 1, say("nets.fixed_shape", net=net))
        output, classes = array_of(answer, "output"), case.ask["nb_classes"]
        if output is None or not _is_row(output, classes, others):
            if output is None or case is cases[0]:
                shape = None if output is None else shown_shape(output.shape[1:])
                return wrong(what, 1, say("nets.no_row", shape=shape, classes=classes))
            return wrong(what, 1, say("nets.fixed_classes"))
    if any(answer.get("lazy") is True for answer in answers):
        return wrong(what, 1, say("nets.without_shape", net=net))
    explained = all(follows) or not all(finding.points for finding in others)
    return right(what, 1) if explained else wrong(what, 1, say("nets.other_shapes"))


def _is_row(output: np.ndarray, classes: int, others: Sequence[Finding]) -> bool:
    """Whether a row of one number a class comes of each picture.

    Without Flatten it is such a row for each pixel. That costs the points of the hidden layer, and no others.
    """
    no_flatten = any("nets.no_flatten" in finding.keys for finding in others)
    shape = output.shape[-1:] if no_flatten else output.shape[1:]
    return shape == (classes,)
