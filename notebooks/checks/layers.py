"""What is wrong with a net that is not net_1 or net_2, layer by layer, tasks 4 and 6."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checks.forward import OWN_RELU
from checks.language import Sentence, say
from checks.task import Answer, Finding, right, wrong

POINTS: Mapping[str, Mapping[str, int]] = {
    "net_1": {
        "conv_1": 3,
        "conv_2": 3,
        "pooling": 2,
        "hidden": 2,
        "output": 2,
        "nothing_else": 1,
        "any_shape": 1,
    },
    "net_2": {
        "conv_1": 2,
        "conv_2": 3,
        "pooling": 2,
        "hidden": 1,
        "output": 2,
        "nothing_else": 1,
        "any_shape": 1,
    },
}
"""Points of each net by part; together they are the task's."""


def by_part(net: str, layers: Sequence[Answer], expected: Sequence[Answer], classes: int) -> list[Finding]:
    """Findings on the convolutions, the pooling, the hidden layer and the output of a chain of layers."""
    convolutions = [layer for layer in layers if "Conv" in layer["kind"]]
    dense = [layer for layer in layers if layer["kind"] == "Dense"]
    swapped = [c.get("filters") for c in convolutions] == [64, 32]
    said = {}
    for index, wanted in enumerate(layer for layer in expected if layer["kind"] == "Conv2D"):
        layer = convolutions[index] if len(convolutions) > index else None
        said[f"conv_{index + 1}"] = _convolution(net, layer, wanted, swapped)
    said["pooling"] = _pooling_of_net_2(layers) if net == "net_2" else _pooling(layers)
    said["hidden"] = _hidden(layers, dense)
    said["output"] = _output(layers, dense, classes)
    return [
        Finding(f"nets.what_{part}", 0 if wrong else POINTS[net][part], POINTS[net][part], tuple(wrong))
        for part, wrong in said.items()
    ]


def _convolution(net: str, layer: Answer | None, wanted: Answer, swapped: bool) -> list[Sentence]:
    if layer is None:
        return [say("nets.no_convolution")]
    if layer["kind"] != "Conv2D":
        return [say("nets.no_conv_2d", kind=layer["kind"])]
    said = []
    if swapped:
        said.append(say("nets.filters_swapped"))
    elif layer.get("filters") != wanted["filters"]:
        said.append(say("nets.filters", came=layer.get("filters"), wanted=wanted["filters"]))
    if layer.get("kernel_size") != [3, 3]:
        said.append(say("nets.kernel", came=_by(layer.get("kernel_size"))))
    if layer.get("strides") != wanted["strides"]:
        said.append(_stride(net, layer.get("strides"), wanted["strides"]))
    if layer.get("padding") != "valid":
        said.append(say("nets.conv_padding"))
    if layer.get("activation") != "relu":
        said.append(_activation(layer.get("activation")))
    if (
        layer.get("dilation_rate", [1, 1]) != [1, 1]
        or layer.get("groups", 1) != 1
        or not layer.get("use_bias", True)
    ):
        said.append(say("nets.conv_defaults"))
    return said


def _by(sides: Any) -> str:
    return " × ".join(str(side) for side in sides) if isinstance(sides, list) else str(sides)


def _stride(net: str, came: Any, wanted: Sequence[int]) -> Sentence:
    if net == "net_2" and wanted == [1, 1]:
        return say("net_2.stride_too_early")
    if net == "net_2" and came == [1, 1]:
        return say("net_2.no_stride")
    return say("nets.stride", came=_by(came), wanted=_by(list(wanted)))


def _activation(came: Any) -> Sentence:
    if came == "linear":
        return say("nets.no_activation")
    return say("nets.activation", came=shown_activation(came))


def shown_activation(activation: Any) -> Any:
    """The name of an activation, or what is said in place of it."""
    return say("nets.own_relu") if activation == OWN_RELU else str(activation)


def _pooling_of_net_2(layers: Sequence[Answer]) -> list[Sentence]:
    return [say("net_2.still_pooling")] if _pools(layers) else []


def _pools(layers: Sequence[Answer]) -> list[Answer]:
    return [layer for layer in layers if layer["kind"] in ("MaxPooling2D", "AveragePooling2D")]


def _pooling(layers: Sequence[Answer]) -> list[Sentence]:
    kinds, pools = [layer["kind"] for layer in layers], _pools(layers)
    if not pools:
        return [say("net_1.no_pooling")]
    if len(pools) > 1:
        return [say("net_1.many_poolings", count=len(pools))]
    pool = pools[0]
    if pool["kind"] != "MaxPooling2D":
        return [say("net_1.other_pooling", kind=pool["kind"])]
    said = []
    if pool.get("pool_size") != [2, 2]:
        said.append(say("net_1.pool_window", came=_by(pool.get("pool_size"))))
    elif pool.get("strides") not in ([2, 2], None):
        said.append(say("net_1.pool_stride", came=_by(pool.get("strides"))))
    if pool.get("padding") != "valid":
        said.append(say("net_1.pool_padding"))
    before = [kind for kind in kinds[: kinds.index(pool["kind"])] if "Conv" in kind]
    if len(before) != 2:
        said.append(say("net_1.pool_place", before=len(before)))
    return said


def _hidden(layers: Sequence[Answer], dense: Sequence[Answer]) -> list[Sentence]:
    kinds = [layer["kind"] for layer in layers]
    if any(kind.startswith("Global") for kind in kinds):
        return [say("nets.global_pooling")]
    if "Flatten" not in kinds and "Reshape" not in kinds:
        return [say("nets.no_flatten")]
    if "Flatten" in kinds and "Dense" in kinds[: kinds.index("Flatten")]:
        return [say("nets.dense_before_flatten")]
    if len(dense) < 2:
        return [say("nets.no_hidden")]
    if len(dense) > 2:
        return [say("nets.many_dense", count=len(dense))]
    said = []
    if dense[0].get("units") != 128:
        said.append(say("nets.hidden_units", units=dense[0].get("units")))
    if dense[0].get("activation") != "relu":
        said.append(_activation(dense[0].get("activation")))
    return said


def _output(layers: Sequence[Answer], dense: Sequence[Answer], classes: int) -> list[Sentence]:
    if not dense or layers[-1]["kind"] != "Dense":
        last = layers[-1]["kind"] if layers else say("nets.nothing")
        return [say("nets.other_end", last=last)]
    said = []
    if dense[-1].get("units") != classes:
        said.append(say("nets.output_units", units=dense[-1].get("units"), classes=classes))
    activation = dense[-1].get("activation")
    if activation == "sigmoid":
        said.append(say("nets.sigmoid"))
    elif activation == "linear":
        said.append(say("nets.no_output_activation"))
    elif activation != "softmax":
        said.append(say("nets.output_activation", activation=shown_activation(activation)))
    return said


def nothing_else(
    layers: Sequence[Answer], expected: Sequence[Answer], answer: Answer, others: Sequence[Finding]
) -> Finding:
    """Whether there is nothing in the net that was not asked for; no point where nothing else has one."""
    wanted = {layer["kind"] for layer in expected} | {"Reshape"}
    extra = [
        layer["kind"]
        for layer in layers
        if layer["kind"] not in wanted and "Pooling" not in layer["kind"] and "Conv" not in layer["kind"]
    ]
    said = []
    if extra:
        said.append(say("nets.extra_layers", extra=extra))
    if len([layer for layer in layers if "Conv" in layer["kind"]]) > 2:
        said.append(say("nets.many_convolutions"))
    if answer.get("extra losses") not in (0, None):
        said.append(say("nets.penalty"))
    if answer.get("constraints") not in (0, None):
        said.append(say("nets.constraint"))
    if answer.get("frozen") not in (0, None) and not extra:
        said.append(say("nets.frozen"))
    what = "nets.what_nothing_else"
    if said:
        return wrong(what, 1, *said)
    return right(what, 1) if any(finding.points for finding in others) else wrong(what, 1)
