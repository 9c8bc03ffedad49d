"""Cards and the processor, as `tools.device` treats them.

No graphics card is at hand here. Where a test needs one, it puts a made-up device into TensorFlow's own
list of devices, and looks at the settings that TensorFlow would hand to its C++ part: these are
TensorFlow's own checks and its own message, and no operation runs on that device. What is measured is
measured for real, on the processor and on logical devices made of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import tools
from tools import device

NOTEBOOKS = Path(tools.__file__).parents[1]

WITH_A_CARD = """
import tensorflow as tf
from tensorflow.python.eager import context
import tools
from tools import device

def put_in_a_card():
    tf.config.list_physical_devices()
    devices = context.context()
    card = tf.config.PhysicalDevice("/physical_device:GPU:0", "GPU")
    devices._physical_devices.append(card)
    devices._visible_device_list.append(card)
    devices._memory_growth_map[card] = None
    return card

def begun():
    return context.context()._context_handle is not None

def handed_over():
    return context.context().config.gpu_options
"""


def run(script: str, **variables: str) -> str:
    """What a script prints in a process of its own, since TensorFlow takes its settings once."""
    inherited = {name: value for name, value in os.environ.items() if name != "NBGRADER_EXECUTION"}
    done = subprocess.run(
        [sys.executable, "-c", WITH_A_CARD + textwrap.dedent(script)],
        env=inherited | {"PYTHONPATH": str(NOTEBOOKS), "TF_CPP_MIN_LOG_LEVEL": "3", **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_a_card_is_taken_as_it_is_needed():
    """Is growth what TensorFlow hands over, before any operation, and is a second call no matter?"""
    said = run("""
        put_in_a_card()
        tools.share_gpu()
        tools.share_gpu()
        print(handed_over().allow_growth, list(handed_over().experimental.virtual_devices), begun())
    """)
    assert said == "True [] False\n"


def test_a_card_is_bounded_where_the_environment_says_so():
    """Does 2.5 GB become a logical device of so many MB, which grows within its bound?"""
    said = run(
        """
        import os
        put_in_a_card()
        tools.share_gpu()
        tools.share_gpu()
        (card,) = handed_over().experimental.virtual_devices
        print(list(card.memory_limit_mb), os.environ["TF_FORCE_GPU_ALLOW_GROWTH"], begun())
        """,
        CONVNET_GPU_MEMORY_GB="2.5",
    )
    assert said == "[2560.0] true False\n"


@pytest.mark.parametrize("value", ["four", "0", "-1", "nan", "inf"])
def test_a_bad_bound_is_named_in_a_sentence(
    value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Is the variable named, with what it holds, and then nothing bounded?"""
    monkeypatch.setenv(device.CAP, value)
    assert device._cap() is None
    said = capsys.readouterr().out
    assert said == device.BAD_CAP.format(name="CONVNET_GPU_MEMORY_GB", value=value) + "\n"


def test_who_comes_too_late_is_told():
    """After an operation TensorFlow refuses: one sentence, and the notebook goes on?"""
    for variables in ({}, {"CONVNET_GPU_MEMORY_GB": "4"}):
        said = run("tf.ones(1)\nput_in_a_card()\ntools.share_gpu()\nprint('on')", **variables)
        assert said == f"{device.TOO_LATE}\non\n"


def test_nothing_is_computed_before_the_set_up_is_done():
    """Do Keras, the seed and `note_training` leave TensorFlow untouched, so that `share_gpu` is in time?"""
    said = run("""
        import keras
        tools.share_gpu()
        keras.utils.set_random_seed(7)
        tools.note_training()
        tools.has_gpu(), tools.gains_from_half_precision()
        print(begun())
    """)
    assert said == "False\n"


def test_grading_computes_nothing_and_promises_nothing():
    """While nbgrader is at work: no operation, no time, no device, and the same number of bits everywhere?"""
    said = run(
        """
        put_in_a_card()
        tf.config.experimental.get_device_details = lambda card: {"compute_capability": (9, 0)}
        tools.say_where(quick=True)
        print(tools.gains_from_half_precision(), begun())
        """,
        NBGRADER_EXECUTION="autograde",
    )
    assert said == "Quick mode: a few thousand pictures.\nFalse False\n"


def test_one_line_says_where_and_for_about_how_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """Is the line about this processor, with a time measured here?"""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    tools.say_where(quick=True)
    line = capsys.readouterr().out
    assert line.startswith(
        "Quick mode: a few thousand pictures, on the processor. A full run would take about "
    )
    assert line.count("\n") == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "10 s"),
        (44, "40 s"),
        (57, "1 min"),
        (200, "3 min"),
        (1444, "25 min"),
        (5399, "90 min"),
        (9000, "2 h"),
    ],
)
def test_a_time_is_said_as_roughly_as_it_is_known(seconds: float, words: str):
    assert device._about(seconds) == words


def test_a_step_is_measured_on_the_device_that_is_meant():
    """With the processor as two logical devices: does a step measured on the second one compute there?"""
    said = run("""
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
        tools.share_gpu()
        with tf.device("CPU:1"):
            step = device._step((28, 28, 1), tf.float32)
            print(step().device[-5:])
    """)
    assert said == "CPU:1\n"


def test_a_measured_step_leaves_names_and_seeds_alone():
    """Does a net come out the same to the last digit, whether steps were measured before or not?"""

    def weights(measured: bool) -> tuple[str, list[float]]:
        keras.utils.clear_session()
        keras.utils.set_random_seed(7)
        if measured:
            device.seconds_a_step((28, 28, 1))
        net = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
        drawn = [*np.asarray(net.layers[0].kernel).ravel(), *np.asarray(tf.random.uniform((3,)))]
        return net.layers[0].name, [float(number) for number in drawn]

    assert weights(True) == weights(False)


def test_half_precision_is_used_where_it_was_measured_to_be_faster(monkeypatch: pytest.MonkeyPatch):
    """Neither an old card nor one that gains nothing; on this processor, 16 bits are slower indeed?"""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    assert not tools.gains_from_half_precision()
    assert device.seconds_a_step((28, 28, 1), "float16") > device.seconds_a_step((28, 28, 1))
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["a card"])
    for capability, half, gains in (((7, 0), 0.5, True), ((7, 0), 0.95, False), ((6, 1), 0.5, False)):
        monkeypatch.setattr(device, "_details", lambda card, c=capability: {"compute_capability": c})
        monkeypatch.setattr(
            device, "seconds_a_step", lambda shape, dtype="float32", h=half: h if dtype == "float16" else 1.0
        )
        assert tools.gains_from_half_precision() is gains


def test_a_training_leaves_no_earlier_net_behind():
    """On a card, when a training cell runs again: is the earlier net gone once the new one has trained?"""
    said = run("""
        import gc, weakref
        import keras, numpy as np
        device.has_gpu = lambda: True
        tools.note_training()
        gc.disable()
        for _ in range(2):
            net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
            net.compile("adam", "mse")
            net.fit(np.zeros((8, 4)), np.zeros((8, 2)), verbose=0)
            first = globals().get("first", weakref.ref(net))
        print(first())
    """)
    assert said == "None\n"
