"""MNIST and CIFAR-10: by Keras where they can be had, else from what is shipped with the notebook."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.runtime import FOLDER, grading
from tools.stand_ins import draw_stand_ins

Pictures = NDArray[np.uint8]
Labels = NDArray[np.uint8]
Split = tuple[Pictures, Labels]

DATA = FOLDER / "data"

CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""Names of the ten classes of CIFAR-10; the label is the place in this list."""

# By the name of the Keras data set: what Keras' cache calls its file, and where Keras downloads it from.
KNOWN_SETS = {
    "mnist": ("mnist.npz", "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"),
    "cifar10": (
        "cifar-10-batches-py-target_archive",
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    ),
}
TITLES = {"mnist": "MNIST", "cifar10": "CIFAR-10"}
# In quick mode, and always while grading: what is graded sees what it saw at home.
QUICK_SIZES = {"mnist": (4000, 1000), "cifar10": (2000, 500)}
FULL_STAND_INS = (10_000, 2_000)
OFFLINE = {
    "mnist": "among the 5,000 real MNIST digits that come with this notebook, "
    "as the full set is out of reach",
    "cifar10": "drawn stand-ins, NOT the real photographs, as the real set is out of reach",
}
# The sets that `load` last gave as drawn pictures, so that no figure calls a drawing a cat.
_drawn: set[str] = set()
PROBE_SECONDS = 3.0
STALLED_SECONDS = 20.0


def load(dataset: Any, quick: bool = True) -> tuple[Split, Split]:
    """Training and test pictures with their labels, and two printed lines that say which ones.

    `dataset` is `keras.datasets.mnist` or `keras.datasets.cifar10`. Its own `load_data()` is called when the
    set is in Keras' cache or its server answers; otherwise MNIST comes from the 5,000 real digits that are
    shipped with the notebook, and CIFAR-10 from `draw_stand_ins`. `quick` keeps a few thousand pictures.
    While nbgrader runs the notebook, that is always so, and no server is asked.

    Returns `(train_images, train_labels), (test_images, test_labels)`, all uint8: MNIST (n, 28, 28) and (n,),
    CIFAR-10 (n, 32, 32, 3) and (n, 1). Raises ValueError for any other data set.
    """
    name = dataset.__name__.rsplit(".", 1)[-1]
    if name not in KNOWN_SETS:
        raise ValueError(f"this notebook knows the data sets {' and '.join(KNOWN_SETS)}, not {name}")
    sizes = QUICK_SIZES[name] if quick or grading() else None
    whole = None if grading() else _from_keras(dataset, name)
    train, test = _first(whole, sizes) if whole else offline(name, sizes)
    _drawn.discard(name)
    if not whole and name == "cifar10":
        _drawn.add(name)
    print(f"{TITLES[name]}: {len(train[0]):,} pictures for training and {len(test[0]):,} for testing.")
    origin = f"from the real {TITLES[name]} set" if whole else OFFLINE[name]
    print(f"They are {origin}.")
    return train, test


def is_drawn(name: str) -> bool:
    """True when `load` has given drawn pictures in the place of this set."""
    return name in _drawn


def offline(name: str, sizes: tuple[int, int] | None, folder: Path = DATA) -> tuple[Split, Split]:
    """Training part and test part without a network: the shipped digits in `folder`, or drawn pictures.

    `sizes` are the numbers of pictures to keep; None keeps all there are. With QUICK_SIZES, these are the
    pictures that `load` gives while nbgrader runs the notebook.
    """
    if name == "mnist":
        images, labels = load_sample(name, folder)
        cut = QUICK_SIZES[name][0]
        return _first(((images[:cut], labels[:cut]), (images[cut:], labels[cut:])), sizes)
    # The same seed draws other pictures when another number is asked for, so only these two are.
    train, test = QUICK_SIZES[name] if sizes else FULL_STAND_INS
    return _first((draw_stand_ins(train, seed=1), draw_stand_ins(test, seed=2)), sizes)


def load_sample(name: str, folder: Path = DATA) -> Split:
    """All real pictures that are shipped with the notebook in `folder`, and their labels.

    "mnist": (5000, 28, 28) and (5000,); "cifar10": (20, 32, 32, 3) and (20, 1); all uint8.
    """
    with np.load(folder / {"mnist": "mnist_5000.npz", "cifar10": "cifar10_20.npz"}[name]) as arrays:
        return arrays["x"], arrays["y"]


def _from_keras(dataset: Any, name: str) -> tuple[Split, Split] | None:
    """The whole set by way of Keras, or None where it cannot be had."""
    file, address = KNOWN_SETS[name]
    if not (_cached(file) or _answers(address)):
        return None
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(STALLED_SECONDS)  # Keras sets none, so a stalled download would hang for ever
    try:
        return dataset.load_data()
    except Exception as reason:  # Keras raises a bare Exception when a download fails
        words = (str(reason).splitlines() or [type(reason).__name__])[0]
        print(f"{TITLES[name]} could not be loaded by Keras: {words}.")
        return None
    finally:
        socket.setdefaulttimeout(before)


def _cached(file: str) -> bool:
    """True when this file is where Keras would look for it.

    Keras has no public function for it: KERAS_HOME or ~/.keras, or /tmp when it may not write there.
    """
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    if not os.access(home, os.W_OK):
        home = Path("/tmp" if Path("/tmp").is_dir() else tempfile.gettempdir()) / ".keras"
    return (home / "datasets" / file).exists()


def _answers(address: str) -> bool:
    """True when this web address answers within PROBE_SECONDS.

    In a thread, because looking up the name of a host has no time limit of its own.
    """
    answer: list[bool] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(
                urllib.request.Request(address, method="HEAD"), timeout=PROBE_SECONDS
            ) as reply:
                answer.append(reply.status < 400)
        except (OSError, urllib.error.URLError, ValueError):
            answer.append(False)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PROBE_SECONDS)
    return answer == [True]


def _first(parts: tuple[Split, Split], sizes: tuple[int, int] | None) -> tuple[Split, Split]:
    """The first so many pictures of both parts, and their labels; all without `sizes`."""
    (train, train_labels), (test, test_labels) = parts
    learned, tested = sizes or (len(train), len(test))
    return (train[:learned], train_labels[:learned]), (test[:tested], test_labels[:tested])
