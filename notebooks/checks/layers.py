"""What is wrong with a net that is not net_1 or net_2, layer by layer, tasks 4 and 6."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checks.forward import OWN_CODE, OWN_RELU
from checks.language import Sentence, say
from checks.task import Answer, Finding, right, wrong

# The kind of a layer of a student's own class, whatever that class calls itself.
OWN_LAYER = "own layer"

# A convolution of which more settings are wrong has nothing of what is asked for: Conv2D(3, 32), with its
# arguments the other way round, has two.
_MOST_WRONG_SETTINGS = 2

# Of a digit, in pixels: what its first convolution sees.
_SIDE = 28

POINTS: Mapping[str, Mapping[str, int]] = {
    "net_1": {
        "conv_1": 3,
        "conv_2": 3,
        "pooling": 2,
        "hidden": 2,
        "output": 2,
        "nothing_else": 1,
    },
    "net_2": {
        "conv_1": 2,
        "conv_2": 3,
        "pooling": 2,
        "hidden": 1,
        "output": 2,
        "nothing_else": 1,
    },
}
"""Points of each net by part; together, and with the one for any shape, they are the task's."""


def by_part(net: str, layers: Sequence[Answer], expected: Sequence[Answer], classes: int) -> list[Finding]:
    """Findings on the convolutions, the pooling, the hidden layer and the output of a chain of layers."""
    convolutions = [layer for layer in layers if "Conv" in layer["kind"]]
    dense = [layer for layer in layers if layer["kind"] == "Dense"]
    swapped = [c.get("filters") for c in convolutions] == [64, 32]
    said = {}
    side = _SIDE
    for index, wanted in enumerate(layer for layer in expected if layer["kind"] == "Conv2D"):
        layer = convolutions[index] if len(convolutions) > index else None
        said[f"conv_{index + 1}"] = _convolution(net, layer, wanted, swapped, side)
        if layer is None or layer.get("padding") != "same":
            side -= wanted["kernel_size"][0] - 1
    said["pooling"] = _pooling_of_net_2(layers) if net == "net_2" else _pooling(layers)
    said["hidden"] = _hidden(layers, dense)
    said["output"] = _output(layers, dense, classes)
    return [
        Finding(f"nets.what_{part}", 0 if wrong else POINTS[net][part], POINTS[net][part], tuple(wrong))
        for part, wrong in said.items()
    ]


def convolves(net: str, layers: Sequence[Answer], expected: Sequence[Answer]) -> bool:
    """Whether one of the layers is, at least in part, a convolution of the net."""
    return any(
        len(_settings(net, layer, wanted, False, _SIDE)) + (layer["kind"] != "Conv2D") <= _MOST_WRONG_SETTINGS
        for layer in layers
        for wanted in expected
        if wanted["kind"] == "Conv2D"
    )


def _convolution(net: str, layer: Answer | None, wanted: Answer, swapped: bool, side: int) -> list[Sentence]:
    if layer is None:
        return [say("nets.no_convolution")]
    if layer["kind"] != "Conv2D":
        return [say("nets.no_conv_2d", kind=layer["kind"])]
    if layer.get("filters") == 3 and layer.get("kernel_size") == [wanted["filters"], wanted["filters"]]:
        return [say("nets.conv_arguments", filters=wanted["filters"])]
    return _settings(net, layer, wanted, swapped, side)


def _settings(net: str, layer: Answer, wanted: Answer, swapped: bool, side: int) -> list[Sentence]:
    """What is wrong with a convolution on so many pixels a side."""
    said = []
    if swapped:
        said.append(say("nets.filters_swapped"))
    elif layer.get("filters") != wanted["filters"]:
        said.append(say("nets.filters", came=layer.get("filters"), wanted=wanted["filters"]))
    if layer.get("kernel_size") != wanted["kernel_size"]:
        said.append(say("nets.kernel", came=_by(layer.get("kernel_size"))))
    if layer.get("strides") != wanted["strides"]:
        said.append(_stride(net, layer.get("strides"), wanted["strides"]))
    if layer.get("padding") != "valid":
        said.append(say("nets.conv_padding", side=side, valid=side - wanted["kernel_size"][0] + 1))
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
    if came == [1, 1]:
        return say("net_2.no_stride")
    return say("nets.stride", came=_by(came), wanted=_by(list(wanted)))


def _activation(came: Any) -> Sentence:
    if came == "linear":
        return say("nets.no_activation")
    return say("nets.activation", came=shown_activation(came))


def shown_activation(activation: Any) -> Any:
    """The name of an activation, or what is said in place of it."""
    return say("nets.own_relu") if activation == OWN_RELU else str(activation)


def is_asked_for(kind: str) -> bool:
    """Whether layers of this kind, or of a kindred one, have a place in the nets."""
    return kind in ("Flatten", "Reshape", "Dense") or "Pooling" in kind or "Conv" in kind


def shown_kind(layer: Answer) -> Any:
    """What a layer is called, or what is said in place of it."""
    if layer["kind"] == OWN_LAYER:
        return say("nets.own_layer", name=str(layer.get("class")))
    return say("nets.own_code") if layer["kind"] == OWN_CODE else str(layer["kind"])


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
    (pool,) = pools
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
    if not dense or layers[-1] is dense[0]:
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
        last = shown_kind(layers[-1]) if layers else say("nets.nothing")
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
    extra = [shown_kind(layer) for layer in layers if not is_asked_for(layer["kind"])]
    said = []
    if extra:
        said.append(say("nets.extra_layers", extra=extra))
    if answer.get("random") is True:
        said.append(say("nets.random"))
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
