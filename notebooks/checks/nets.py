"""What net_1 and net_2 are, and whether a student's model computes the same, tasks 4, 6 and 10."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from checks import layers as findings_by_layer
from checks.forward import ACTIVATIONS, STEPS, activation_of, forward, layer_weights
from checks.language import Sentence, say
from checks.plain import array_of, same
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
    if nothing := nothing_to_judge(net, answers):
        return nothing
    out_of = TABLE[net].points
    follows = [computes(net, case.ask, answer) for case, answer in zip(cases, answers, strict=True)]
    if all(follows):
        return [right(f"nets.what_{part}", points) for part, points in findings_by_layer.POINTS[net].items()]
    first = next((index for index, answer in enumerate(answers) if is_model(answer)), None)
    if first is None:
        kind = next((str(answer["kind"]) for answer in answers if "kind" in answer), say("nets.nothing"))
        return [wrong("nets.what_model", out_of, say("nets.no_model", net=net, kind=kind))]
    case, answer = cases[first], answers[first]
    layers = chain(answer["layers"])
    if not follows[first] and (doubt := _doubt(case.ask, answer, layers)):
        return [wrong("nets.what_computes", out_of, doubt)]
    classes = case.ask["nb_classes"]
    findings = findings_by_layer.by_part(net, layers, layers_of(net, classes), classes)
    findings.append(findings_by_layer.nothing_else(layers, layers_of(net, classes), answer, findings))
    findings.append(_any_shape(net, cases, answers, follows))
    if all(finding.points == finding.out_of for finding in findings):
        findings[-2] = wrong("nets.what_nothing_else", 1, say("nets.joined_otherwise"))
    return findings


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
    if not is_model(answer) or any(answer.get(key) != 0 for key in ("extra losses", "frozen", "constraints")):
        return False
    layers = layers_of(net, ask["nb_classes"])
    shapes = _weight_shapes(layers, ask["sample_shape"])
    with_weights = [layer for layer in answer["layers"] if layer.get("weights")]
    if [shape for layer in with_weights for shape in layer["weights"]] != shapes:
        return False
    expected = forward(layers, list(layer_weights(with_weights, ask["seed"])), ask["images"])
    outputs = [array_of(answer, "output"), array_of(answer, "training output")]
    return expected is not None and all(same(output, expected, _OUTPUT_TOLERANCE) for output in outputs)


def _weight_shapes(layers: Sequence[Answer], sample_shape: Sequence[int]) -> list[list[int]]:
    """Shapes of kernels and biases, layer by layer, of a chain made by ``layers_of``."""
    height, width, channels = sample_shape
    shapes: list[list[int]] = []
    size = channels
    for layer in layers:
        if layer["kind"] == "Conv2D":
            stride, filters = layer["strides"][0], layer["filters"]
            shapes += [[3, 3, channels, filters], [filters]]
            height, width, channels = (height - 3) // stride + 1, (width - 3) // stride + 1, filters
        elif layer["kind"] == "MaxPooling2D":
            height, width = height // 2, width // 2
        elif layer["kind"] == "Flatten":
            size = height * width * channels
        else:
            shapes += [[size, layer["units"]], [layer["units"]]]
            size = layer["units"]
    return shapes


def _doubt(ask: Ask, answer: Answer, layers: Sequence[Answer]) -> Sentence | None:
    """Why the layers that a model names can't be taken at their word; None if they give its output."""
    with_weights = [layer for layer in answer["layers"] if layer.get("weights")]
    try:
        if sum(int(np.prod(shape)) for layer in with_weights for shape in layer["weights"]) > _MAX_WEIGHTS:
            return say("nets.too_large")
        simulated = forward(answer["layers"], list(layer_weights(with_weights, ask["seed"])), ask["images"])
    except (ArithmeticError, LookupError, TypeError, ValueError):
        simulated = None
    if simulated is None:
        kinds: list[Any] = [str(layer.get("kind")) for layer in layers if layer.get("kind") not in STEPS]
        kinds += [
            say("nets.the_activation", activation=findings_by_layer.shown_activation(layer["activation"]))
            for layer in layers
            if layer.get("kind") in STEPS and layer.get("activation", "linear") not in ACTIVATIONS
        ]
        return say("nets.not_followed", kinds=kinds or say("nets.own_joining"))
    return None if same(array_of(answer, "output"), simulated, 1e-3) else say("nets.not_as_told")


def chain(layers: Sequence[Answer]) -> list[dict[str, Any]]:
    """The layers, without input layers, and each activation folded into the layer before it."""
    folded: list[dict[str, Any]] = []
    for layer in layers:
        activation = activation_of(layer)
        if layer["kind"] == "InputLayer":
            continue
        if (
            activation
            and folded
            and folded[-1].get("activation") == "linear"
            and folded[-1]["kind"] in ("Conv2D", "Dense")
        ):
            folded[-1]["activation"] = activation
        elif activation != "linear" or not activation:
            folded.append(dict(layer))
    return folded


def _any_shape(
    net: str, cases: Sequence[Case], answers: Sequence[Answer], follows: Sequence[bool]
) -> Finding:
    """Whether other shapes and numbers of classes are followed, whatever else is right or wrong."""
    what = "nets.what_any_shape"
    for case, answer in list(zip(cases, answers, strict=True))[1:]:
        if "error" in answer:
            return wrong(what, 1, say("nets.fixed_shape", net=net))
        output = array_of(answer, "output")
        if output is None or output.shape != (len(case.ask["images"]), case.ask["nb_classes"]):
            return wrong(what, 1, say("nets.fixed_classes"))
    return wrong(what, 1, say("nets.other_shapes")) if follows[0] else right(what, 1)
