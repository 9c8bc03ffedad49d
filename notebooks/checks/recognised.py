"""Which ordinary layers a measured step is: an own layer, or a student's code between two layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from checks.forward import ACTIVATIONS, close, forward
from checks.plain import array_of
from checks.task import Answer

Chain = list[tuple[Answer, Sequence[np.ndarray]]]

_POOLING = {"kind": "MaxPooling2D", "pool_size": [2, 2], "strides": [2, 2], "padding": "valid", "weights": []}


def recognised(layers: Sequence[Answer], weights: Sequence[Sequence[np.ndarray]]) -> Chain:
    """Layers and weights; measured steps as the ordinary layers that do the same, where there are any."""
    chain: Chain = []
    for layer, own in zip(layers, weights, strict=True):
        came, went = array_of(layer, "came"), array_of(layer, "went")
        if came is None or went is None:
            chain.append((layer, own))
        else:
            chain += _same_step(came, went, own) or [(layer, own)]
    return chain


def _same_step(came: np.ndarray, went: np.ndarray, weights: Sequence[np.ndarray]) -> Chain | None:
    """Layers that make of what came in what came out."""
    for with_weights in _with_weights(weights):
        values = _output(with_weights, came)
        if values is None:
            continue
        for after in _without_weights(values.ndim):
            result = _output(after, values)
            if close(result, went):
                return with_weights + after
    return None


def _output(chain: Chain, values: np.ndarray) -> np.ndarray | None:
    try:
        return forward([layer for layer, _ in chain], [own for _, own in chain], values)
    except (LookupError, ValueError):  # it does not fit on these values
        return None


def _with_weights(weights: Sequence[np.ndarray]) -> Iterator[Chain]:
    """What a kernel, and a bias beside it, may belong to."""
    if not weights:
        yield []
        return
    kernel, *others = sorted(weights, key=lambda weight: -weight.squeeze().ndim)
    own = [kernel, *(bias.reshape(-1) for bias in others)]
    told = {
        "weights": [list(weight.shape) for weight in own],
        "activation": "linear",
        "use_bias": bool(others),
    }
    if len(own) > 2 or (others and own[1].size != kernel.shape[-1]):
        return
    if kernel.ndim == 2:
        yield [({**told, "kind": "Dense", "units": kernel.shape[1]}, own)]
    elif kernel.ndim == 4:
        told |= {"kind": "Conv2D", "filters": kernel.shape[3], "kernel_size": list(kernel.shape[:2])}
        for stride, padding in product((1, 2, 3), ("valid", "same")):
            yield [({**told, "strides": [stride, stride], "padding": padding}, own)]


def _without_weights(dimensions: int) -> Iterator[Chain]:
    """Activations, pooling and Flatten, in the order in which one writes them."""
    picture = dimensions == 4
    for activation, pools, flattens in product(ACTIVATIONS, range(1 + picture), range(1 + picture)):
        chain: Chain = [({"kind": "Activation", "activation": activation, "weights": []}, [])]
        chain += [(_POOLING, [])] * pools + [({"kind": "Flatten", "weights": []}, [])] * flattens
        yield chain
