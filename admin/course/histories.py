"""Trains both nets with several seeds, for the curves that are shipped with the notebook.

`python -m admin.course.histories` in the top folder trains what is missing in notebooks/data/histories.json,
half a minute a run on two cores. Delete the file to train all of them anew.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from admin.course.layout import REPOSITORY
from admin.course.source_notebook import read_code

TARGET = REPOSITORY / "notebooks" / "data" / "histories.json"
NETS = ("net_1", "net_2")
SEEDS = tuple(range(1, 9))
TRAINING, BATCH_SIZE, EPOCHS, VALIDATION = 4000, 128, 12, 0.1


def main() -> None:
    """Train each net with each seed, unless the file has it already; write after each run."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    made: dict[str, Any] = json.loads(TARGET.read_text()) if TARGET.exists() else {"how": how(), "runs": []}
    nets = solutions()
    images, labels = digits()
    for seed in SEEDS:
        for name in NETS:
            if any(run["net"] == name and run["seed"] == seed for run in made["runs"]):
                continue
            made["runs"].append({"net": name, "seed": seed, **trained(nets[name], seed, images, labels)})
            TARGET.write_text(json.dumps(made) + "\n")
            print(name, seed, made["runs"][-1]["test_accuracy"], flush=True)


def how() -> dict[str, str | int | float]:
    """How the runs are made; the time of a run depends on the machine, the curves hardly."""
    return {
        "data": "4,000 of the 5,000 MNIST digits that come with the notebook; tested on the other 1,000",
        "optimizer": "Adadelta(learning_rate=1.0)",
        "batch_size": BATCH_SIZE,
        "epochs": EPOCHS,
        "validation_split": VALIDATION,
        **{name: import_module(name).__version__ for name in ("keras", "tensorflow", "numpy")},
        "date": time.strftime("%Y-%m-%d"),
        "machine": "2 cores shared with other work, no graphics processor",
    }


def solutions() -> dict[str, Callable[..., Any]]:
    """`net_1` and `net_2` as the source's solutions define them."""
    import keras

    namespace: dict[str, Any] = {"keras": keras}
    for name in NETS:
        exec(read_code(name), namespace)
    return {name: namespace[name] for name in NETS}


def digits() -> tuple[np.ndarray, np.ndarray]:
    """The shipped digits as the notebook prepares them: floats (5000, 28, 28, 1) and one-hot (5000, 10)."""
    with np.load(REPOSITORY / "notebooks" / "data" / "mnist_5000.npz") as arrays:
        return arrays["x"][..., None].astype(np.float32) / 255, np.eye(10, dtype=np.float32)[arrays["y"]]


def trained(net: Callable[..., Any], seed: int, images: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """One training as the notebook's cells do it: curves by epoch, test loss and accuracy, seconds."""
    import keras

    keras.utils.set_random_seed(seed)
    model = net(images.shape[1:], 10)
    model.compile(
        optimizer=keras.optimizers.Adadelta(learning_rate=1.0),  # the same as in `how`
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    start = time.monotonic()
    history = model.fit(
        images[:TRAINING],
        labels[:TRAINING],
        batch_size=BATCH_SIZE,
        epochs=EPOCHS,
        validation_split=VALIDATION,
        verbose=0,
    )
    seconds = time.monotonic() - start
    loss, accuracy = model.evaluate(images[TRAINING:], labels[TRAINING:], verbose=0)
    curves = {name: [round(float(value), 4) for value in values] for name, values in history.history.items()}
    return {
        **curves,
        "test_loss": round(float(loss), 4),
        "test_accuracy": round(float(accuracy), 4),
        "seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    main()
