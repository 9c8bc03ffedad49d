"""How `fit` is cut short while nbgrader is at work, and what is noted of it at home.

What a student's code sees of a training stays as at home: a history of all epochs with all its keys, the
events of callbacks in their order, Keras' own errors. Only the optimiser's steps behind an epoch are fewer.
"""

from __future__ import annotations

import functools
import itertools
import types
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from tools.device import release_memory
from tools.fit_calls import (
    MOST_EPOCHS,
    SHOWN,
    Bounds,
    Call,
    NotPlain,
    arguments,
    batch_of,
    first_rows,
    is_endless,
    is_pipeline,
    read,
    rows_of,
    spread,
    validates,
    what_is_asked,
)
from tools.measuring import MeasuredElsewhere, bound_measuring, fewer, original_of

__all__ = [
    "Bounds",
    "Call",
    "NotPlain",
    "bound_training",
    "note_training",
    "read",
    "train",
    "unbound_training",
]

CUT_SHORT = "Training is cut short in this run: nbgrader is at work, and only looks whether the net learns."
STEPS_BEHIND = "Epochs in the history: {epochs}; steps of the optimiser behind them: {steps}."
# All trainings of one net together have the steps of so many.
FITS_A_NET = 3

Elsewhere = Callable[[Any, Call, Sequence[Any]], "Mapping[str, list[float]] | None"]


def note_training() -> None:
    """From now on, a history has what `fit` was asked for (`asked`), and some of what it learned (`shown`).

    What `fit` learns stays as it is; it begins sooner, and leaves no earlier net behind on a graphics card.
    Where training is bounded, this is so anyhow.
    """
    import keras

    if hasattr(keras.Model.fit, "bounded"):
        return
    original = original_of("fit")

    @functools.wraps(original)
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        asked, shown = _asked_of(self, args, kwargs)
        if args and isinstance(args[0], types.GeneratorType):
            args = (_watched(args[0], asked), *args[1:])
        elif isinstance(kwargs.get("x"), types.GeneratorType):
            kwargs["x"] = _watched(kwargs["x"], asked)
        _make_variables_of(self, args, kwargs)
        history = original(self, *args, **kwargs)
        _note(history, asked, shown, args[0] if args else kwargs.get("x"))
        release_memory()
        return history

    fit.original = original  # type: ignore[attr-defined]
    keras.Model.fit = fit


def bound_training(
    bounds: Bounds | None = None,
    elsewhere: Elsewhere | None = None,
    measured: MeasuredElsewhere | None = None,
) -> None:
    """From now on, cut each training of a Keras model to these bounds, and what is measured without end.

    `elsewhere(model, call, callbacks)` may train in our place: it returns the history after it has set the
    model's weights and its optimiser's state, or None. The callbacks then see the epochs of that history, and
    no batches. `measured(model, x, y, batch)` may evaluate in our place: it returns what `evaluate` returns,
    as it is and as a dictionary, or None. Called again, the bounds are replaced; without another `elsewhere`
    or `measured`, the earlier one stays.
    """
    import keras

    original = original_of("fit")
    within = bounds or Bounds()
    away = elsewhere or getattr(keras.Model.fit, "elsewhere", None)
    spent: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()

    @functools.wraps(original)
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        asked, shown = _asked_of(self, args, kwargs)
        own = _left(within, spent.get(self, 0))
        try:
            call = read(self, args, kwargs, own)
        except NotPlain as reason:
            given = arguments(self, args, kwargs)
            if isinstance(given["x"], types.GeneratorType):
                given["x"] = _watched(given["x"] if reason.x is None else reason.x, asked)
            history = _fit_by_keras(original, given, own)
            spent[self] = spent.get(self, 0) + own.steps
        else:
            asked = call.asked
            history = _fit_plain(self, call, arguments(self, args, kwargs), away)
            spent[self] = spent.get(self, 0) + call.steps
        _note(history, asked, shown, args[0] if args else kwargs.get("x"))
        return history

    fit.original = original  # type: ignore[attr-defined]
    fit.bounded = within  # type: ignore[attr-defined]
    fit.elsewhere = away  # type: ignore[attr-defined]
    keras.Model.fit = fit
    _bound_single_steps(within, spent)
    bound_measuring(measured or getattr(keras.Model.evaluate, "elsewhere", None))


def unbound_training() -> None:
    """Give Keras its own methods back, for tests."""
    import keras

    for name in ("fit", "train_on_batch", "evaluate", "predict"):
        setattr(keras.Model, name, original_of(name))


def train(model: Any, call: Call, callbacks: Any = ()) -> dict[str, list[float]]:
    """Train a compiled model as this call says, and return the history: by key, one value an epoch.

    Keras' own steps make and measure it, and its callbacks (a list, or a CallbackList that has the model) see
    what they see in `fit`. An epoch without a step of its own has the values of the one before.
    """
    listed = _listed(model, call, callbacks, verbose=0)
    make_variables(model, call.x[:1], call.y[:1])
    model.stop_training = False
    model.make_train_function()
    listed.on_train_begin()
    logs: dict[str, float] = {}
    measured: dict[str, float] = {}
    steps = itertools.count()
    done = 0
    for epoch, until in _epochs(call):
        listed.on_epoch_begin(epoch)
        if until > done:
            logs, made = _make_steps(model, call, listed, itertools.islice(steps, until - done))
            done, measured = done + made, {}
        logs = {key: value for key, value in logs.items() if key not in measured}
        if call.validation is not None and validates(epoch, call.asked.get("validation_freq", 1)):
            measured = measured or _measure(model, call.validation, listed)
            logs = {**logs, **measured}
        listed.on_epoch_end(epoch, dict(logs))
        if model.stop_training:
            break
    with suppress(AttributeError):  # an optimiser of one's own need not have it
        model.optimizer.finalize_variable_values(model.trainable_weights)
    listed.on_train_end(dict(logs))
    return {key: [float(value) for value in values] for key, values in model.history.history.items()}


def make_variables(model: Any, x: np.ndarray, y: np.ndarray) -> None:
    """Let the model, its optimiser and its metrics make their variables, by one row, before a step is traced.

    A step that makes variables while it is traced is traced twice, which costs as much as ten steps: 0.3 s,
    and 0.6 s with batch normalisation.
    https://www.tensorflow.org/guide/function#creating_tfvariables
    """
    with suppress(Exception):  # what is wrong here is wrong in the first step as well, which says it better
        predicted = _of_its_shape(model, x)
        model.optimizer.build(model.trainable_variables)
        model.compute_metrics(x, y, predicted)


def _of_its_shape(model: Any, x: np.ndarray) -> Any:
    """Zeros in place of what a net predicts, where it knows their shape; it is built then."""
    with suppress(Exception):  # only nets that were built of layers know it
        shape = model.output_shape[1:]
        if all(isinstance(side, int) for side in shape):
            return np.zeros((len(x), *shape), np.float32)
    return model(x)


# --------------------------------------------------------------------------------------------------- our loop


def _fit_plain(model: Any, call: Call, given: Mapping[str, Any], elsewhere: Elsewhere | None) -> Any:
    """The history of a training that is described in plain data."""
    epochs = max(0, call.epochs - call.initial_epoch)
    print(CUT_SHORT, STEPS_BEHIND.format(epochs=epochs, steps=call.steps))
    listed = _listed(model, call, given["callbacks"], given["verbose"])
    history = None
    if elsewhere:
        make_variables(model, call.x[:1], call.y[:1])
        history = elsewhere(model, call, _own(listed))
    if history is None:
        train(model, call, listed)
    else:
        _tell(model, call, listed, history)
    return model.history


def _listed(model: Any, call: Call, callbacks: Any, verbose: Any) -> Any:
    """Keras' list of callbacks for this training, with a history, which is the model's from now on."""
    import keras

    if isinstance(callbacks, keras.callbacks.CallbackList):
        if callbacks.params and callbacks.model is model and _has_history(callbacks):
            return callbacks
        callbacks = callbacks.callbacks
    return keras.callbacks.CallbackList(
        list(callbacks) if isinstance(callbacks, list | tuple) else callbacks,
        add_history=True,
        add_progbar=verbose != 0,
        verbose=verbose,
        epochs=call.epochs,
        steps=call.asked.get("steps"),
        model=model,
    )


def _has_history(listed: Any) -> bool:
    import keras

    return any(isinstance(callback, keras.callbacks.History) for callback in listed.callbacks)


def _own(listed: Any) -> list[Any]:
    """The callbacks that were handed in, without those that Keras adds."""
    import keras

    added = (keras.callbacks.History, keras.callbacks.ProgbarLogger)
    return [callback for callback in listed.callbacks if not isinstance(callback, added)]


def _epochs(call: Call) -> list[tuple[int, int]]:
    """Each epoch's number, and how many steps are made by its end."""
    epochs = range(call.initial_epoch, min(call.epochs, call.initial_epoch + MOST_EPOCHS))
    return list(zip(epochs, spread(call.steps, len(epochs)), strict=True))


def _make_steps(model: Any, call: Call, listed: Any, steps: Any) -> tuple[dict[str, float], int]:
    """Some steps of the optimiser: the means over them, and how many were made until a callback stopped."""
    model.reset_metrics()
    logs: Mapping[str, Any] = {}
    made = 0
    for made, step in enumerate(steps, 1):
        listed.on_train_batch_begin(made - 1)
        logs = model.train_function(iter([_batch(call, step)]))
        listed.on_train_batch_end(made - 1, logs)
        if model.stop_training:
            break
    return {key: float(value) for key, value in logs.items()}, made


def _batch(call: Call, step: int) -> tuple[np.ndarray, ...]:
    rows = np.arange(step * call.batch, (step + 1) * call.batch) % len(call.x)
    parts = (call.x, call.y) if call.weights is None else (call.x, call.y, call.weights)
    return tuple(part[rows] for part in parts)


def _measure(model: Any, rows: tuple[np.ndarray, np.ndarray], listed: Any) -> dict[str, float]:
    """What Keras measures of these rows, under its names for validation."""
    model.make_test_function()
    listed.on_test_begin()
    model.reset_metrics()
    listed.on_test_batch_begin(0)
    logs = model.test_function(iter([rows]))
    listed.on_test_batch_end(0, logs)
    logs = {key: float(value) for key, value in logs.items()}
    listed.on_test_end(logs)
    return {f"val_{key}": value for key, value in logs.items()}


def _tell(model: Any, call: Call, listed: Any, history: Mapping[str, Sequence[float]]) -> None:
    """Let the callbacks see a training that was done elsewhere: its epochs, and what was measured in each."""
    values = {key: iter(column) for key, column in history.items()}
    listed.on_train_begin()
    logs: dict[str, float] = {}
    for epoch, _ in _epochs(call)[: max((len(column) for column in history.values()), default=0)]:
        listed.on_epoch_begin(epoch)
        seen = validates(epoch, call.asked.get("validation_freq", 1))
        now = {key: next(column, None) for key, column in values.items() if seen or key[:4] != "val_"}
        logs = {key: float(value) for key, value in now.items() if value is not None}
        listed.on_epoch_end(epoch, logs)
    listed.on_train_end(logs)


# --------------------------------------------------------------------------------------------- Keras' own fit


def _fit_by_keras(original: Any, given: dict[str, Any], bounds: Bounds) -> Any:
    """Keras' own `fit`, ended after some steps; its history is made as long as was asked for."""
    steps = what_is_asked(given)["steps"]
    size = given["batch_size"]
    if isinstance(size, int | np.integer) and size > bounds.batch and not is_pipeline(given["x"]):
        given["batch_size"] = bounds.batch
    if is_endless(given["validation_data"]):
        given["validation_steps"] = fewer(given["validation_steps"], bounds.measured // bounds.batch)
    stop = _stop_after(min(bounds.steps, bounds.pictures // bounds.batch))
    callbacks = given["callbacks"]
    given["callbacks"] = (
        [*(getattr(callbacks, "callbacks", callbacks) or []), stop]
        if (isinstance(callbacks, list | tuple) or hasattr(callbacks, "callbacks") or not callbacks)
        else [callbacks, stop]
    )
    print(CUT_SHORT)
    history = original(given.pop("self"), **given)
    if steps is not None:
        history.params["steps"] = steps
    if stop.ended:
        _lengthen(history, given)
    return history


def _lengthen(history: Any, given: Mapping[str, Any]) -> None:
    """Repeat the last values for the epochs that were not run, as many as were asked for."""
    first = given["initial_epoch"]
    epochs = range(first, min(given["epochs"], first + MOST_EPOCHS))
    counts = {False: len(epochs), True: sum(validates(epoch, given["validation_freq"]) for epoch in epochs)}
    for key, values in history.history.items():
        values.extend(values[-1:] * (counts[key.startswith("val_")] - len(values)))
    history.epoch[:] = epochs


def _stop_after(steps: int) -> Any:
    """A Keras callback that ends training after so many optimiser steps, and knows that it did."""
    import keras

    class StopAfter(keras.callbacks.Callback):
        left = steps
        ended = False

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.left -= 1
            if self.left <= 0 and not self.model.stop_training:
                self.ended = self.model.stop_training = True

    return StopAfter()


# --------------------------------------------------------------------------------------- what else has no end


def _bound_single_steps(bounds: Bounds, spent: weakref.WeakKeyDictionary[Any, int]) -> None:
    """Bound `train_on_batch`: few rows a step, and after many steps the last values come back at once."""
    import keras

    original = original_of("train_on_batch")
    last: weakref.WeakKeyDictionary[Any, dict[str, float]] = weakref.WeakKeyDictionary()

    @functools.wraps(original)
    def train_on_batch(
        self: Any,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        if self not in last:
            print(CUT_SHORT)
        if self not in last or spent.get(self, 0) < FITS_A_NET * bounds.steps:
            x, y, sample_weight = _some_rows((x, y, sample_weight), bounds.batch)
            last[self] = original(self, x, y, sample_weight, class_weight, return_dict=True)
            spent[self] = spent.get(self, 0) + 1
        logs = last[self]
        return dict(logs) if return_dict else [*logs.values()] if len(logs) > 1 else next(iter(logs.values()))

    train_on_batch.original = original  # type: ignore[attr-defined]
    keras.Model.train_on_batch = train_on_batch


def _some_rows(parts: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    """At most so many rows of arrays of one length, from all over them; all of anything else."""
    arrays = [np.asarray(part) for part in parts if hasattr(part, "__array__")]
    given = [part for part in parts if part is not None]
    lengths = {len(array) for array in arrays if array.ndim}
    if len(arrays) < len(given) or len(lengths) != 1 or max(lengths) <= count:
        return parts
    rows = np.linspace(0, max(lengths) - 1, count).astype(int)
    return tuple(None if part is None else np.asarray(part)[rows] for part in parts)


# ---------------------------------------------------------------------------------------------- small helpers


def _left(bounds: Bounds, spent: int) -> Bounds:
    """The bounds of a further `fit` of a net that has been trained for so many steps."""
    steps = max(1, min(bounds.steps, FITS_A_NET * bounds.steps - spent))
    return Bounds(bounds.batch, steps, bounds.pictures, bounds.measured)


def _asked_of(model: Any, args: Any, kwargs: Any) -> tuple[dict[str, Any], Any]:
    """What is asked for, and the first rows; nothing where the call is no right one."""
    with suppress(Exception):
        given = arguments(model, args, kwargs)
        pictures, labels = first_rows(given)
        return what_is_asked(given), (np.array(pictures[:SHOWN], np.float32), labels[:SHOWN])
    return {}, None


def _make_variables_of(model: Any, args: Any, kwargs: Any) -> None:
    """Make the variables of a net that is about to be trained for the first time on arrays.

    A net that doesn't know its shapes yet would take the one row for them.
    """
    with suppress(Exception):
        given = arguments(model, args, kwargs)
        x, y = given["x"], given["y"]
        if (
            model.built
            and not model.optimizer.built
            and isinstance(x, np.ndarray)
            and isinstance(y, np.ndarray)
        ):
            make_variables(model, x[:1], y[:1])


def _watched(batches: Iterator[Any], asked: dict[str, Any]) -> Iterator[Any]:
    """The same batches, and a note of how many rows the first one has."""
    for batch in batches:
        if asked.get("batch_size") is None:
            with suppress(Exception):
                asked["batch_size"] = rows_of(batch)
        yield batch


def _note(history: Any, asked: dict[str, Any], shown: Any, x: Any) -> None:
    with suppress(Exception):
        if asked.get("pipeline") and asked["batch_size"] is None:
            asked["batch_size"] = batch_of(x)
        history.asked, history.shown = asked, shown
