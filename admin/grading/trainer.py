"""Trains for a submission: what its session asks for is done in a clean session, recorded, and kept.

A request is hostile data. What it may hold is a net as plain data (`checks/portable.py`), arrays, and the
numbers of a `tools.fitting.Call`; all of that is looked at here before a clean session sees it, and the clean
session itself is bounded like any other. What comes back was computed by our code alone. So the record of
what was trained, and the net that came out of it, are the grader's own observation. Evaluations are computed
and kept in the same way, to save time; no check looks at them. What a net answers to a case is kept, too.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import numpy as np

from admin.grading.kept import Kept
from admin.grading.worker import Folders, Worker
from admin.sandbox import protocol
from admin.sandbox.bubblewrap import REPOSITORY
from admin.sandbox.host import CellTimeout, KilledFromOutside, Session, SessionEnded
from admin.sandbox.limits import BadSubmission, SandboxError
from checks import portable
from checks.plain import array_of, is_whole
from tools.fit_calls import classes_of

MOST_TRAININGS = 16
"""Of one submission; what is more trains in its own session, whose word is taken for it."""

MOST_MEASURED = 8
"""Evaluations of one submission; what is more is evaluated in its own session."""

SHOWN = 20
"""Pictures of a training that the judge gets to see, with their labels."""

Waiting = Callable[[Callable[[], bool]], None]
"""What may be done until a function says that it is over."""

_ENDS = (BadSubmission, CellTimeout, KilledFromOutside, SandboxError, SessionEnded)
_MOST_ROWS = 4096
_CODE_OF_TRAININGS = (
    "notebooks/tools/fitting.py",
    "notebooks/tools/fit_calls.py",
    "notebooks/tools/measuring.py",
    "notebooks/checks/portable.py",
    "admin/sandbox/guest/clean.py",
)
_LIBRARIES = ("keras", "numpy", "tensorflow", "tensorflow-cpu", "tensorflow_cpu")
_NUMBERS = ("batch", "steps", "epochs", "initial_epoch")
_BOUNDS = protocol.Bounds(array_bytes=1 << 30, arrays=1024, values=1 << 22, text_bytes=64 << 20)


@dataclass(frozen=True)
class Training:
    """One training that a clean session did: what was asked, its history, and what net came out of it."""

    net: Mapping[str, Any]
    """the net that it was about, as plain data, with the weights that it ended with"""
    request: Mapping[str, Any]
    compared_only: bool
    """It was done in the student's session, with callbacks of its own, and here to compare, without them."""
    asked: Mapping[str, Any]
    curves: Mapping[str, Sequence[float]]
    before: float
    after: float
    pictures: np.ndarray
    labels: np.ndarray

    @functools.cached_property
    def weights_hash(self) -> str:
        """The hash of the weights that its net ended with."""
        return hash_of(self.net["weights"])

    def told(self) -> dict[str, Any]:
        """As the judge gets it."""
        return {
            "asked": dict(self.asked),
            "compared only": self.compared_only,
            "curves": {key: list(values) for key, values in self.curves.items()},
            "before": self.before,
            "after": self.after,
            "pictures": self.pictures,
            "labels": self.labels,
        }


class CleanSession:
    """The session of one submission in which no student's code runs; it starts when first needed."""

    def __init__(self, worker: Worker, folders: Folders) -> None:
        self._worker, self._folders = worker, folders
        self._session: Session | None = None

    def __enter__(self) -> CleanSession:
        return self

    def __exit__(self, *_: object) -> None:
        if self._session:
            self._session.close()

    def do(self, name: str, argument: Mapping[str, Any]) -> dict[str, Any] | None:
        """What one of its functions gives, or None. After its death the next call has a new one."""
        try:
            self._session = self._session or self._worker.clean_session(self._folders)
            return self._session.do(name, argument)
        except (*_ENDS, protocol.ProtocolError):
            if self._session:
                self._session.close()
            self._session = None
            return None


@dataclass
class WatchedSession:
    """A session of a student's code; what it asks for is done in a clean one, and recorded."""

    session: Session
    clean: CleanSession
    kept: Kept | None = None
    trainings: list[Training] = field(default_factory=list)
    exhausted: bool = False
    """It asked for more trainings than it gets."""
    measured: int = 0
    """how often it asked for an evaluation"""
    waiting: Waiting | None = None
    """what is done while another thread does the same training"""

    def __post_init__(self) -> None:
        self.session.served = self.serve

    def __enter__(self) -> WatchedSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def serve(self, request: Any) -> dict[str, Any] | None:
        """What a training or an evaluation comes to; None for what is neither, or can't be done cleanly."""
        if is_training(request):
            return self._train(request)
        if not is_measuring(request) or self.measured >= MOST_MEASURED:
            return None
        self.measured += 1
        return self.once("measure", request)

    def _train(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
        if len(self.trainings) >= MOST_TRAININGS:
            self.exhausted = True
            return None
        compared_only = request["compared only"]
        call = request["call"]
        request = {"net": request["net"], "call": _as_done(call), "callbacks": request["callbacks"]}
        result = self.once("fit", request)
        if result is None:
            return None
        self.trainings.append(
            Training(
                {**request["net"], "weights": result["weights"]},
                request,
                compared_only,
                call["asked"],
                result["history"],
                result["before"],
                result["after"],
                call["x"][:SHOWN],
                classes_of(call["y"][:SHOWN]),
            )
        )
        return {} if compared_only else {each: result[each] for each in ("weights", "optimiser", "history")}

    def once(
        self, name: str, request: Mapping[str, Any], told: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """What a clean session's function gives: as it was kept, or computed now and kept.

        `told` says the same as the request in less, to keep it by.
        """
        key = key_of(name, told or request)
        with one_at_a_time(key, self.waiting if name == "fit" else None):
            result = self.kept.get(key) if self.kept else None
            if result is None:
                result = self.clean.do(name, request)
                if result is not None and self.kept:
                    self.kept.put(key, result)
        return result

    def answered(
        self, task: str, carried: Mapping[str, Any], ask: Mapping[str, Any], net: str
    ) -> dict[str, Any] | None:
        """What a net that `is_told`, of this hash, answers in a clean session; None where it can't."""
        told = {"net": carried["net"], "prepared": carried.get("prepared")}
        request = {"task": task, "carried": told, "ask": dict(ask)}
        return self.once("answer", request, {**request, "carried": {**told, "net": net}})

    def last_of(self, shape: Sequence[int]) -> dict[str, Any] | None:
        """The last training on pictures of this shape, as the judge gets it, whatever became of its net."""
        fitting = (each for each in reversed(self.trainings) if each.pictures.shape[1:] == tuple(shape))
        last = next(fitting, None)
        return last.told() if last and not last.compared_only else None

    def training_of(self, net: Any) -> dict[str, Any] | None:
        """The last training that this net, as plain data, came out of, as the judge gets it.

        After one that was done here to compare, "reached" says what loss the net itself has come to.
        """
        weights = hash_of(net["weights"])
        for training in reversed(self.trainings):
            if not training.compared_only and training.weights_hash == weights:
                return training.told()
            if training.compared_only and training.net["config"] == net["config"]:
                asked = {
                    "net": {**net, "compiled": training.net["compiled"]},
                    "call": training.request["call"],
                }
                reached = self.clean.do("loss", asked)
                return {**training.told(), "reached": reached["loss"]} if reached else None
        return None


def key_of(name: str, request: Mapping[str, Any]) -> str:
    """What is kept of a clean session's function stands under this: the same for the same request."""
    made_of = hashlib.sha256(recipe(name) + name.encode())
    made_of.update(protocol.encode(dict(request), _BOUNDS))
    return made_of.hexdigest()


def _as_done(call: Mapping[str, Any]) -> dict[str, Any]:
    """A call without what only the judge looks at: batches of 64 and of 128 are cut to the same steps."""
    return {**call, "asked": {"validation_freq": call["asked"].get("validation_freq", 1)}}


def hash_of(value: Any) -> str:
    """The same for the same plain values, and for the same numbers in arrays of the same shapes and types."""
    return hashlib.sha256(protocol.encode(value, _BOUNDS)).hexdigest()


@functools.cache
def recipe(name: str) -> bytes:
    """What a clean session's function gives depends on besides the request: our code, and the libraries."""
    code = [REPOSITORY / each for each in _CODE_OF_TRAININGS]
    if name == "answer":
        code += sorted((REPOSITORY / "notebooks" / "checks").rglob("*.py"))
    files = [path.read_bytes() for path in code]
    installed = ((each.name, each.version) for each in metadata.distributions())
    versions = sorted(f"{name} {version}" for name, version in installed if name in _LIBRARIES)
    return hashlib.sha256(b"\0".join([*files, *(version.encode() for version in versions)])).digest()


# By the key of a training; `grade` runs submissions in threads.
_locks: dict[str, threading.Lock] = {}
_of_locks = threading.Lock()


def is_being_done(key: str) -> bool:
    """Whether a thread is at the training of this key."""
    with _of_locks:
        return key in _locks and _locks[key].locked()


@contextmanager
def one_at_a_time(key: str, waiting: Waiting | None = None) -> Iterator[None]:
    """Of several threads that want the same training, the later ones wait, and find it kept.

    Before such a thread waits it may do something else: `waiting` is told by what it sees that it is over.
    """
    with _of_locks:
        lock = _locks.setdefault(key, threading.Lock())
    try:
        if waiting and lock.locked():
            waiting(lambda: not lock.locked())
        with lock:
            yield
    finally:
        with _of_locks:
            _locks.pop(key, None)


def is_told(carried: Mapping[str, Any]) -> bool:
    """Whether this is a net in plain data, with prepared pictures or without, that may be asked elsewhere."""
    net, prepared = carried.get("net"), carried.get("prepared")
    return not portable.problem(net) and (prepared is None or array_of({"array": prepared}) is not None)


def is_training(request: Any) -> bool:
    """Whether this is a training in plain data that a clean session may be given."""
    if not isinstance(request, dict) or set(request) != {"net", "call", "callbacks", "compared only"}:
        return False
    call, callbacks = request["call"], request["callbacks"]
    if portable.problem(request["net"]) or request["net"].get("weights") is None:
        return False
    if not isinstance(request["compared only"], bool):
        return False
    return isinstance(call, dict) and _is_call(call) and _are_callbacks(callbacks)


def is_measuring(request: Any) -> bool:
    """Whether this is an evaluation of a compiled net on arrays that a clean session may be given."""
    if not isinstance(request, dict) or set(request) != {"net", "x", "y", "batch"}:
        return False
    net, x, y, batch = (request[name] for name in ("net", "x", "y", "batch"))
    if portable.problem(net) or net.get("weights") is None or not isinstance(net.get("compiled"), dict):
        return False
    return is_whole(batch) and 0 < batch <= 100_000 and _are_rows(x) and _are_rows(y) and len(x) == len(y)


def _is_call(call: dict[str, Any]) -> bool:
    asked, validation = call.get("asked"), call.get("validation")
    arrays = [call.get("x"), call.get("y")]
    if call.get("weights") is not None:
        arrays.append(call["weights"])
    if validation is not None:
        if not isinstance(validation, list) or len(validation) != 2:
            return False
        arrays += validation
    if not all(_are_rows(each) for each in arrays):
        return False
    if not all(is_whole(call.get(name)) and 0 <= call[name] <= 100_000 for name in _NUMBERS):
        return False
    if not isinstance(asked, dict) or any(isinstance(value, dict | list) for value in asked.values()):
        return False
    return asked.get("epochs") == call["epochs"] and len(call["x"]) == len(call["y"]) > 0


def _are_rows(array: Any) -> bool:
    found = array_of({"array": array})
    return found is not None and found.ndim > 0 and len(found) <= _MOST_ROWS


def _are_callbacks(callbacks: Any) -> bool:
    return (
        isinstance(callbacks, list) and len(callbacks) <= 10 and all(isinstance(e, dict) for e in callbacks)
    )
