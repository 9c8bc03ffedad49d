"""On what the nets are trained: a graphics card that others use as well, or the processor.

TensorFlow takes the whole memory of every card with its first operation, so the second notebook on a shared
card gets an error. `share_gpu` changes that, and has to come before the first operation; nothing happens on
import.
"""

from __future__ import annotations

import gc
import math
import os
import time
from collections.abc import Callable
from typing import Any

from tools.runtime import grading

CAP = "CONVNET_GPU_MEMORY_GB"
"""The environment variable with the GB of a card that a notebook may take, set by who runs the machine."""

BAD_CAP = (
    "{name} is {value!r}, which is no number of GB above 0 such as 4: no bound is set, and a card's memory "
    "is taken as it is needed."
)
TOO_LATE = (
    "TensorFlow has begun to compute, so how it takes a card's memory can no longer be changed: restart the "
    "kernel and run the notebook from its top."
)

# What a full run is taken to be: net_1 and net_2 for 8 epochs each on 54,000 of the 60,000 digits, as the
# model answers are, then one of them for 30 epochs on 40,000 of the 50,000 photographs, all in batches of
# 128.
_DIGIT_STEPS = 2 * 8 * math.ceil(54_000 / 128)
_PHOTOGRAPH_STEPS = 30 * math.ceil(40_000 / 128)
# A step on photographs in steps on digits: nearly all is the second convolution and the dense layer, which
# have 28 × 28 / (24 × 24) as many positions. (Measured on two cores: 1.35.)
_PHOTOGRAPH_IN_DIGITS = 28**2 / 24**2


def share_gpu() -> None:
    """From the first operation on, take a card's memory as it is needed, or up to so many GB (CAP).

    With CAP, each card is one logical device of that much memory, and what does not fit gets TensorFlow's own
    error. Without, nothing bounds what a notebook takes. Without a card, nothing happens. Where it is too
    late, one sentence says so; who runs the cell again changes nothing.
    """
    import tensorflow as tf

    cards = tf.config.list_physical_devices("GPU")
    gigabytes = _cap() if cards else None
    try:
        for card in cards:
            if gigabytes is None:
                tf.config.experimental.set_memory_growth(card, True)
            elif not tf.config.get_logical_device_configuration(card):
                # A card has a bound or grows; the variable lets it grow within the bound.
                os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
                bound = tf.config.LogicalDeviceConfiguration(memory_limit=math.ceil(gigabytes * 1024))
                tf.config.set_logical_device_configuration(card, [bound])
    except RuntimeError:
        print(TOO_LATE)


def has_gpu() -> bool:
    """True when TensorFlow sees a graphics processor."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def say_where(quick: bool) -> None:
    """Print in one line how much is trained, on which device, and about how long a full run takes there.

    The time is that of a few training steps of a net like `net_1`, measured here and now (half a second
    on two cores), times the steps of a full run. Keras' own work between the steps is left out, and so is
    what others do on this machine later. While nbgrader is at work nothing is measured.
    """
    what = "Quick mode: a few thousand pictures" if quick else "Full run: all pictures"
    if grading():
        print(f"{what}.")
        return
    whole = _about((_DIGIT_STEPS + _PHOTOGRAPH_IN_DIGITS * _PHOTOGRAPH_STEPS) * seconds_a_step((28, 28, 1)))
    takes = f"A full run would take about {whole}." if quick else f"It takes about {whole}."
    print(f"{what}, on {device()}. {takes}")


def gains_from_half_precision() -> bool:
    """True on a card on which a training step with 16 bits is faster by a tenth, measured here and now.

    Such cards compute with 16 bits by units of their own, from compute capability 7 on; the nets of this
    course are small, and whether they gain is another question, so it is measured. On a processor a step
    takes several times as long, which is not tried. While nbgrader is at work it is False: a grade does not
    depend on the device.
    """
    import tensorflow as tf

    cards = tf.config.list_physical_devices("GPU")
    if grading() or not cards or _details(cards[0]).get("compute_capability", (0, 0)) < (7, 0):
        return False
    return seconds_a_step((28, 28, 1), "float16") < 0.9 * seconds_a_step((28, 28, 1))


def release_memory() -> None:
    """Let go what nets out of reach still hold of a card's memory; without a card, nothing happens.

    A Keras net is part of a circle of references, so it stays, with its optimiser's state, until Python looks
    for circles, which may take several trainings (measured: four). Then it is the next training's. TensorFlow
    keeps what it once took of a card: neither `del`, nor this, nor `keras.backend.clear_session` gives it
    back to others, only the end of the kernel does. `clear_session` would also forget "mixed_float16".
    """
    if has_gpu():
        gc.collect()


def device() -> str:
    """Where TensorFlow computes, in words: "the graphics card NVIDIA A100-SXM4-40GB", or "the processor"."""
    import tensorflow as tf

    cards = tf.config.list_physical_devices("GPU")
    if not cards:
        return "the processor"
    return f"the graphics card {_details(cards[0]).get('device_name', 'that TensorFlow found')}"


def seconds_a_step(shape: tuple[int, int, int], dtype: str = "float32") -> float:
    """The time of a training step of a net like `net_1` for 128 such pictures: the shortest of three.

    In TensorFlow alone and without a random number, so that neither Keras' names nor its seeds notice.
    """
    import tensorflow as tf

    step = _step(shape, tf.as_dtype(dtype))
    step()  # traced, and on a card the library of convolutions is loaded
    times = []
    for _ in range(3):
        start = time.perf_counter()
        float(step())  # a number, not a promise of one: a card computes on while Python goes on
        times.append(time.perf_counter() - start)
    return min(times)


def _step(shape: tuple[int, int, int], dtype: Any) -> Callable[[], Any]:
    """One step of training: two convolutions, pooling, two dense layers, there and back."""
    import tensorflow as tf

    height, width, channels = shape
    flat = ((height - 4) // 2) * ((width - 4) // 2) * 64
    sizes = ((3, 3, channels, 32), (3, 3, 32, 64), (flat, 128), (128, 10))
    weights = [tf.Variable(tf.fill(size, 0.01)) for size in sizes]
    pictures = tf.fill((128, *shape), tf.constant(0.5, dtype))
    labels = tf.one_hot(tf.range(128) % 10, 10)

    @tf.function
    def step() -> Any:
        with tf.GradientTape() as tape:
            first, second, third, fourth = (tf.cast(weight, dtype) for weight in weights)
            maps = tf.nn.relu(tf.nn.conv2d(pictures, first, 1, "VALID"))
            maps = tf.nn.relu(tf.nn.conv2d(maps, second, 1, "VALID"))
            maps = tf.nn.max_pool2d(maps, 2, 2, "VALID")
            units = tf.nn.relu(tf.reshape(maps, (128, flat)) @ third)
            scores = tf.cast(units @ fourth, tf.float32)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, scores))
        for weight, change in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(1e-3 * change)
        return loss

    return step


def _cap() -> float | None:
    """The GB of CAP; None where it is not set and, after a sentence, where it is no such number."""
    value = os.environ.get(CAP, "").strip()
    if not value:
        return None
    try:
        gigabytes = float(value)
    except ValueError:
        gigabytes = math.nan
    if 0 < gigabytes < math.inf:
        return gigabytes
    print(BAD_CAP.format(name=CAP, value=value))
    return None


def _details(card: Any) -> dict[str, Any]:
    import tensorflow as tf

    return dict(tf.config.experimental.get_device_details(card))


def _about(seconds: float) -> str:
    """A time as one says it: 40 s, 3 min, 25 min, 2 h."""
    if seconds < 55:
        return f"{max(10, round(seconds, -1)):.0f} s"
    minutes = seconds / 60
    if minutes < 90:
        return f"{minutes:.0f} min" if minutes < 10 else f"{5 * round(minutes / 5)} min"
    return f"{minutes / 60:.0f} h"
