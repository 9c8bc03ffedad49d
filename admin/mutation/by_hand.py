"""Plain answers that were made by hand: what judges of trainings meet in grading, and hardly ever at home.

There the grader has seen the training itself ("seen"), a full run has more pictures than a check looks at,
and nets have learned more, or less, than any that can be trained in a second. No notebook is behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from checks.losses import loss_example
from checks.task import Case

TRAINED_ON, TESTED = 60_000, 10_000
LABELS = np.arange(500) % 10


@dataclass(frozen=True)
class ByHand:
    """A plain answer to a case, what it is worth, and the key of what is said of it."""

    task: str
    name: str
    case: Case
    answer: Mapping[str, Any]
    points: float
    key: str


def by_hand(task: str) -> list[ByHand]:
    """Those to a task; of most tasks there are none."""
    if task in ("train_net_1", "train_net_2"):
        return list(_trainings(task))
    return list(_of_cifar()) if task == "cifar_training" else []


def predicted(labels: np.ndarray, right: int, by: int = 5, sure: float = 0.82) -> np.ndarray:
    """Shares of the classes: the first `right` pictures get their label, others the one `by` further on."""
    classes = np.where(np.arange(len(labels)) < right, labels, (labels + by) % 10)
    shares = np.full((len(labels), 10), (1 - sure) / 9)
    shares[np.arange(len(labels)), classes] = sure
    return shares


def unusable(labels: np.ndarray) -> np.ndarray:
    """Nothing but NaN for the right classes, where NumPy sees the largest number."""
    numbers = np.zeros((len(labels), 10))
    numbers[np.arange(len(labels)), labels] = np.nan
    return numbers


# ---------------------------------------------------------------------------------------------- tasks 5 and 7

NOT_WATCHED = {"told": False, "training": None}
NOT_SEEN = {"told": True, "training": None}
SEEN: Mapping[str, Any] = {"told": True, "training": {}}


def _trainings(task: str) -> Iterator[ByHand]:
    labels = LABELS[:200]
    case = Case({}, {"labels": labels, "train size": TRAINED_ON})
    base = {"batch_size": 128, "epochs": 12, "model": "Model", "seen": SEEN}

    def one(name: str, points: float, key: str, predictions: Any = None, **other: Any) -> ByHand:
        return ByHand(task, name, case, {**base, "predictions": predictions, **other}, points, key)

    enough, less = predicted(labels, 80), predicted(labels, 79)
    yield one("just enough is learned", 8, "training.learned", enough)
    yield one("just not enough is learned", 6, "training.look_before", less)
    yield one("not watched", 8, "training.learned", enough, seen=NOT_WATCHED)
    yield one("never seen in training", 6, "training.not_seen", enough, seen=NOT_SEEN)
    yield one("neither learned nor seen", 6, "training.look_before", less, seen=NOT_SEEN)
    yield one("as at home", 8, "training.learned", enough, seen=None)
    for by in (-1, 1):
        for right, key in ((80, "neighbours"), (79, "look_before")):
            neighbours = predicted((labels + by) % 10, right)
            yield one(f"{right} labels off by {by:+}", 6, f"training.{key}", neighbours)
    yield one("no numbers", 6, "training.not_ten_numbers")
    yield one("a net for other pictures", 6, "training.other_pictures", model="ValueError")
    yield one("nine columns", 6, "training.not_ten_numbers", enough[:, :9])
    yield one("a picture less", 6, "training.not_ten_numbers", enough[1:])
    yield one("NaN", 6, "training.not_ten_numbers", unusable(labels))
    yield one("no net", 6, "training.no_model", model="missing")
    yield one("a table", 6, "training.no_net", model="another kind", **{"model kind": "dict"})
    yield one("the session stopped", 0, "any.stopped", error="ValueError: no")
    yield one("a number that is none", 5, "training.other_type", enough, batch_size=1.5)
    yield one("small batches of a full run", 5, "training.batch_small", enough, batch_size=7)
    yield one("large batches of a full run", 5, "training.batch_large", enough, batch_size=1025)


# ---------------------------------------------------------------------------------------------------- task 11

UNSEEN = LABELS[:200]
ASKED = {"epochs": 30, "batch_size": 128, "validation_split": 0.2, "validation_data": False}


def curves(epochs: int = 30, last: float = 1.5, accuracy: str = "accuracy") -> dict[str, list[float]]:
    """A history whose loss falls from 2.5."""
    fall = np.linspace(2.5, last, epochs)
    found = {"loss": fall, "val_loss": fall + 0.1, accuracy: 1 / fall, f"val_{accuracy}": 0.9 / fall}
    return {name: [float(value) for value in values] for name, values in found.items()}


def drawn(history: Mapping[str, Sequence[float]], factor: float = 1) -> list[dict[str, Any]]:
    """Plain axes with these curves, the accuracies `factor` times as high."""
    accuracy = next((name for name in history if "acc" in name and name[:4] != "val_"), "accuracy")

    def line(key: str, times: float) -> list[float]:
        return [times * value for value in history.get(key, [])]

    return [
        {"lines": [line(what, times), line(f"val_{what}", times)], "y": what}
        for what, times in (("loss", 1), (accuracy, factor))
    ]


@dataclass(frozen=True)
class Pictures:
    """Some of what was learned, beside all of it."""

    images: np.ndarray
    labels: np.ndarray

    @classmethod
    def drawn(cls) -> Pictures:
        rng = np.random.default_rng(3)
        return cls(rng.integers(0, 256, (40, 6, 6, 3), dtype=np.uint8), np.arange(40) // 8)

    def learned(self, count: int = 8, wrong: int = 0, noise: float = 0.0) -> dict[str, np.ndarray]:
        """The first `count`, as a student prepares them, of which the first few have labels of others."""
        rng = np.random.default_rng(4)
        pictures = self.images[:count] / 127.5 - 1 + noise * rng.normal(size=self.images[:count].shape)
        labels = self.labels[:count].copy()
        labels[:wrong] = 5 + np.arange(wrong) % 4
        return {"pictures": pictures, "labels": labels}


PICTURES = Pictures.drawn()


def record(before: float = 2.5, after: float = 1.5, **other: Any) -> dict[str, Any]:
    """What the grader saw of a training, as `admin/grading/trainer.py` tells it."""
    seen = {"asked": ASKED, "compared only": False, "curves": curves(), "before": before, "after": after}
    return {"told": True, "training": {**seen, **PICTURES.learned(), **other}}


def compared(reached: float, before: float = 5, after: float = 1, **other: Any) -> dict[str, Any]:
    """Of one that was done in the student's session, and by the grader to compare."""
    return record(before, after, reached=reached, **{"compared only": True}, **other)


def _case(count: int, tested: int) -> Case:
    truth = {
        "labels": LABELS[:count],
        "test size": tested,
        "train size": 50_000,
        "train images": PICTURES.images,
        "train labels": PICTURES.labels,
    }
    black = np.zeros((count, *PICTURES.images.shape[1:]), np.uint8)  # nobody trains on the test pictures
    return Case({"raw": black, **loss_example(np.random.default_rng(2))}, truth)


def cross_entropy(case: Case) -> float:
    """What categorical cross-entropy gives for the case's example."""
    return float(-np.log((case.ask["loss labels"] * case.ask["loss predictions"]).sum(axis=1)).mean())


def answered(case: Case, **other: Any) -> dict[str, Any]:
    """The plain answer of a right training, changed as said."""
    predictions = predicted(case.truth["labels"], len(case.truth["labels"]) // 2)
    history = curves()
    return {
        "history": "History",
        "asked": ASKED,
        "curves": history,
        "score kind": "list",
        "score": [_loss(predictions, case), 0.5],
        "axes": drawn(other.get("curves") or history),
        "figure": "Figure",
        "model": "Model",
        "predictions": predictions,
        "unseen": predicted(UNSEEN, 150),
        "loss": cross_entropy(case),
        **{name.replace("_", " "): value for name, value in other.items()},
    }


def _loss(predictions: np.ndarray, case: Case) -> float:
    labels = case.truth["labels"]
    return float(-np.log(predictions[np.arange(len(labels)), labels]).mean())


def _of_cifar() -> Iterator[ByHand]:
    full, quick = _case(500, TESTED), _case(500, 500)

    def maker(case: Case, about: str) -> Callable[..., ByHand]:
        def one(name: str, points: float, key: str, **other: Any) -> ByHand:
            return ByHand("cifar_training", f"{about}, {name}", case, answered(case, **other), points, key)

        return one

    yield from _watched(maker(full, "watched"))
    yield from _compared(maker(full, "compared"))
    yield from _unwatched(maker(full, "not watched"))
    yield from _at_home(maker(quick, "at home"))
    yield from _mixed(maker(full, "labels"))
    yield from _figures(maker(full, "figure"))
    yield from _scores_of_some(maker(full, "a full run's score"))
    yield from _scores(maker(quick, "score"), quick)


def _watched(one: Callable[..., ByHand]) -> Iterator[ByHand]:
    guesses = predicted(UNSEEN, 20)
    yield one("right", 10, "cifar_training.learned", seen=record())
    yield one("just enough", 10, "cifar_training.learned", seen=record(), unseen=predicted(UNSEEN, 80))
    slow = {"seen": record(), "unseen": predicted(UNSEEN, 79)}
    yield one("just not enough, but lower", 10, "cifar_training.slowly", **slow)
    for name, after, points, key in (
        ("hardly lower", 9999, 8, "nothing_learned"),
        ("a little lower", 9998.5, 10, "slowly"),
        ("higher", 10_001, 8, "nothing_learned"),
        ("without end", -np.inf, 8, "nothing_learned"),
    ):
        yield one(name, points, f"cifar_training.{key}", seen=record(10_000, after), unseen=guesses)
    yield one("no loss", 8, "cifar_training.nothing_learned", seen=record(0, -1), unseen=guesses)
    yield one("NaN", 10, "cifar_training.slowly", seen=record(), unseen=unusable(UNSEEN))
    yield one("nine columns", 8, "cifar_training.no_predictions", seen=record(), unseen=guesses[:, :9])
    yield one("a picture less", 8, "cifar_training.no_predictions", seen=record(), unseen=guesses[1:])
    yield one("nothing predicted", 8, "cifar_training.no_predictions", seen=record(), unseen=None)
    yield one("no net", 8, "cifar_training.nothing_trained", seen=record(), model="missing")
    table = {"model": "another kind", "model_kind": "dict"}
    yield one("a table", 8, "training.no_net", seen=record(), **table)
    yield one("no history", 2, "cifar_training.history_none", seen=record(), history="NoneType", curves=None)
    yield one("a text", 2, "cifar_training.history_other", seen=record(), history="str", curves=None)
    short = record(curves=curves(12))
    yield one("early stopping", 10, "cifar_training.learned", seen=short, axes=drawn(curves(12)))
    stopped = {"seen": record(after=2.5, curves=curves(12)), "axes": drawn(curves(12)), "unseen": guesses}
    yield one("stopped at once", 6, "cifar_training.stopped_early", **stopped)
    one_epoch = record(asked={**ASKED, "epochs": 1})
    yield one("one epoch", 8, "cifar_training.epochs", seen=one_epoch)
    yield one(
        "epochs unknown", 8, "cifar_training.epochs_unknown", seen=record(asked={**ASKED, "epochs": 1.5})
    )
    asked: dict[str, Any]
    for epochs in (29, 31):
        asked = {**ASKED, "epochs": epochs}
        yield one(f"{epochs} epochs", 8, "cifar_training.epochs", seen=record(asked=asked))
    for batch in (127, 129):
        asked = {**ASKED, "batch_size": batch}
        yield one(f"batches of {batch}", 9, "cifar_training.batch", seen=record(asked=asked))
    for kept, points in ((40_001, 10), (39_999, 10), (40_002, 9), (39_998, 9), (None, 9)):
        asked = {**ASKED, "validation_split": 0, "validation_data": True, "kept": kept}
        key = "learned" if points == 10 else "other_validation"
        yield one(f"{kept} kept by hand", points, f"cifar_training.{key}", seen=record(asked=asked))
    for name, split, points, key in (
        ("nearly a fifth", 0.2 + 0.7e-6, 10, "learned"),
        ("not quite a fifth", 0.2 + 1.5e-6, 9, "split"),
        ("no validation", None, 9, "no_validation"),
    ):
        asked = {**ASKED, "validation_split": split}
        yield one(name, points, f"cifar_training.{key}", seen=record(asked=asked))
    yield one("the session stopped", 0, "any.stopped", error="ValueError: no")


def _compared(one: Callable[..., ByHand]) -> Iterator[ByHand]:
    guesses, own = predicted(UNSEEN, 20), curves(30, 2)
    enough = {"seen": compared(4), "unseen": guesses, "curves": own}
    yield one("a good part", 10, "cifar_training.slowly", **enough)
    less = {"seen": compared(4.25), "unseen": guesses, "curves": own}
    yield one("less than that", 8, "cifar_training.nothing_learned", **less)
    yield one(
        "reached without end", 8, "cifar_training.nothing_learned", seen=compared(-np.inf), unseen=guesses
    )
    stopped = {"seen": compared(5), "unseen": guesses, "curves": curves(1)}
    yield one("stopped by one's own", 6, "cifar_training.stopped_early", **stopped)


def _unwatched(one: Callable[..., ByHand]) -> Iterator[ByHand]:
    something, guesses = predicted(UNSEEN, 40), predicted(UNSEEN, 39)
    yield one("something learned", 10, "cifar_training.learned", seen=NOT_WATCHED, unseen=something)
    yield one("nothing learned", 2, "cifar_training.not_seen", seen=NOT_WATCHED, unseen=guesses)
    yield one("NaN", 2, "training.not_seen", seen=NOT_WATCHED, unseen=unusable(UNSEEN))
    yield one("no training seen", 2, "training.not_seen", seen=NOT_SEEN)
    made_up = {"seen": NOT_SEEN, "asked": None}
    yield one("a history made up", 2, "cifar_training.not_from_fit", **made_up)
    yield one("asked for by a text", 2, "cifar_training.not_from_fit", seen=NOT_SEEN, asked="30 epochs")


def _at_home(one: Callable[..., ByHand]) -> Iterator[ByHand]:
    guesses = predicted(UNSEEN, 79)

    def history(losses: Sequence[float], validated: Sequence[float] = (3, 2)) -> dict[str, Any]:
        """One that stays as it was in all epochs but the last."""
        found = curves()
        found["loss"] = 29 * [losses[0]] + [losses[1]]
        found["val_loss"] = 29 * [validated[0]] + [validated[1]]
        return found

    for name, losses, validated, points, key in (
        ("hardly lower", (10_000, 9999), (3, 2), 8, "nothing_learned"),
        ("a little lower", (10_000, 9998.5), (3, 2), 10, "slowly"),
        ("a loss below 0", (-2, -3), (3, 2), 10, "slowly"),
        ("validation stands still", (3, 2), (1e6, 1e6 + 1), 8, "nothing_learned"),
        ("a loss below 0 stands still", (3, 2), (-1e6, -1e6), 8, "nothing_learned"),
        ("validation hardly moves", (3, 2), (1e6, 1e6 + 1.5), 10, "slowly"),
        ("validation below 0 moves", (3, 2), (-1e6, -1e6 + 0.9), 8, "nothing_learned"),
        ("from no loss", (0, -1), (3, 2), 8, "nothing_learned"),
        ("without end", (3, -np.inf), (3, 2), 8, "nothing_learned"),
    ):
        made = {"curves": history(losses, validated), "unseen": guesses}
        yield one(name, points, f"cifar_training.{key}", **made)
    unmeasured = {name: values for name, values in curves().items() if "loss" not in name}
    no_loss = {"curves": unmeasured, "axes": drawn(curves()), "unseen": guesses}
    yield one("no losses", 7, "cifar_training.nothing_learned", **no_loss)
    once = {name: values[:1] if name == "val_loss" else values for name, values in curves().items()}
    yield one("measured once", 10, "cifar_training.slowly", curves=once, unseen=guesses)
    twice = {**curves(2), "val_loss": [2.0, 2.0]}
    asked_twice = {"curves": twice, "asked": {**ASKED, "epochs": 2}, "unseen": guesses}
    yield one("validation stands still at once", 6, "cifar_training.nothing_learned", **asked_twice)
    flat = {**curves(), "loss": [2.0] * 30, "val_accuracy": [0.1]}
    yield one(
        "measured once, and nothing learned", 8, "cifar_training.nothing_learned", curves=flat, unseen=guesses
    )
    nothing = {"curves": {}, "axes": drawn(curves()), "unseen": guesses}
    yield one("an empty history", 4, "cifar_training.stopped_early", **nothing)
    lists = {"asked": {**ASKED, "epochs": [30], "batch_size": "128", "validation_split": [0.2]}}
    yield one("asked for by lists", 6, "cifar_training.epochs_unknown", **lists)
    single = {"curves": curves(1), "asked": {**ASKED, "epochs": 1}, "unseen": guesses}
    yield one("one epoch", 8, "cifar_training.slowly", **single)
    yield one(
        "enough learned", 10, "cifar_training.learned", unseen=predicted(UNSEEN, 80), curves=history((2, 2))
    )
    shown = PICTURES.learned(wrong=3)
    mixed = {"shown_pictures": shown["pictures"], "shown_labels": shown["labels"]}
    yield one("labels mixed", 8, "cifar_training.labels_mixed", **mixed)


def _mixed(one: Callable[..., ByHand]) -> Iterator[ByHand]:
    right, mixed = (10, "cifar_training.learned"), (8, "cifar_training.labels_mixed")
    other = PICTURES.learned(wrong=8)
    brighter = other["pictures"] + np.arange(8)[:, None, None, None]
    one_class_for_another = {**PICTURES.learned(40), "labels": (PICTURES.labels + 3) % 5}
    for name, told, (points, key) in (
        ("two of eight wrong", PICTURES.learned(wrong=2), right),
        ("three of eight wrong", PICTURES.learned(wrong=3), mixed),
        ("seven pictures", PICTURES.learned(7, wrong=7), right),
        ("of other pictures", PICTURES.learned(wrong=8, noise=0.35), right),
        ("of much the same pictures", PICTURES.learned(wrong=8, noise=0.05), mixed),
        ("of pictures as bright as may be", {**other, "pictures": brighter}, mixed),
        ("of all classes mixed", {**PICTURES.learned(40), "labels": np.arange(40) % 5}, mixed),
        ("with other names", one_class_for_another, right),
        ("one label less", {**other, "labels": other["labels"][1:]}, right),
        ("of pictures of another size", {**other, "pictures": other["pictures"][:, :5]}, right),
        ("no pictures", {**other, "pictures": None}, right),
        ("no labels", {**other, "labels": None}, right),
    ):
        yield one(name, points, key, seen=record(**told))


def _figures(one: Callable[..., ByHand]) -> Iterator[ByHand]:
    history = curves()
    loss, accuracy = drawn(history)
    right, missing = (10, "cifar_training.learned"), (9, "cifar_training.curve_missing")
    hundredfold = {name: [100 * value for value in values] for name, values in history.items()}
    unvalidated = {name: history[name] for name in ("loss", "accuracy")}
    val_first = {name: history[name] for name in ("val_loss", "val_accuracy", "loss", "accuracy")}
    short = curves(accuracy="acc")
    other_one = {"precision": history["loss"], "val_precision": history["loss"], **history}
    wild = {name: [*values[:9], *[np.nan] * 21] for name, values in history.items()}
    for name, drawing, of, (points, key) in (
        ("in per cent", drawn(history, 100), history, right),
        ("in per cent, and rounded", drawn(history, 100 * (1 + 1e-6)), history, right),
        ("the losses in per cent", [drawn(hundredfold)[0], accuracy], history, missing),
        ("too high by a little", drawn(history, 1 + 1.2e-6), history, right),
        ("too high by more", drawn(history, 1 + 2.7e-6), history, missing),
        ("validation before training", drawn(val_first), val_first, right),
        ("another metric first", drawn(other_one), other_one, right),
        ("accuracy by its short name", drawn(short), short, right),
        ("of a wild training", drawn(wild), wild, right),
        ("drawn for another one", drawn(curves(30, 1.2)), history, (8, "cifar_training.curve_missing")),
        (
            "the first lines of others",
            [{"lines": [[1.0, 2.0], *loss["lines"]], "y": "loss"}, accuracy],
            history,
            right,
        ),
        ("empty lines", drawn(unvalidated), unvalidated, (8, "cifar_training.curve_missing")),
        ("loss alone", [loss], history, missing),
        ("accuracy alone", [accuracy], history, missing),
        ("no lines", [{"y": "loss"}, accuracy], history, missing),
        ("one name", [loss, {**accuracy, "y": ""}], history, (9, "cifar_training.curve_unlabelled")),
        (
            "two curves each",
            [{**loss, "lines": loss["lines"] + accuracy["lines"]}],
            history,
            (9, "cifar_training.curves_together"),
        ),
    ):
        yield one(name, points, key, seen=record(curves=of), axes=drawing)
    yield one("a text", 8, "cifar_training.figure_other", seen=record(), figure="str")
    yield one("no axes", 8, "cifar_training.figure_other", seen=record(), axes=None)
    yield one("none", 8, "cifar_training.figure_none", seen=record(), figure="NoneType")


def _scores_of_some(one: Callable[..., ByHand]) -> Iterator[ByHand]:
    sure = {"predictions": predicted(LABELS, 495)}
    none, some = {"predictions": predicted(LABELS, 0)}, {"predictions": predicted(LABELS, 8)}
    right, far = (10, "cifar_training.score_right"), (8, "cifar_training.score_far")
    per_cent = (8, "cifar_training.score_per_cent")
    for name, score, other, (points, key) in (
        ("somewhat higher", [9.0, 0.58], {}, right),
        ("somewhat lower", [9.0, 0.42], {}, right),
        ("much higher", [9.0, 0.6], {}, far),
        ("of a sure net", [9.0, 0.97], sure, right),
        ("of a sure net, lower", [9.0, 0.96], sure, far),
        ("swapped", [0.5, 9.0], {}, (8, "cifar_training.score_swapped")),
        ("NaN and right", [np.nan, 0.5], {}, far),
        ("1.6 per cent", [9.0, 1.6], some, per_cent),
        ("0.8, none right", [9.0, 0.8], none, far),
        ("1, none right", [9.0, 1.0], none, far),
        ("20 per cent of a half", [9.0, 20.0], {}, far),
    ):
        yield one(name, points, key, seen=record(), score=score, **other)
    number: list[float] | None
    for name, number, kind, key in (
        ("a number", None, "float", "score_other"),
        ("not there", None, "NoneType", "score_none"),
        ("one number", [0.5], "list", "score_other"),
    ):
        told = {"score": number, "score_kind": kind}
        yield one(name, 8, f"cifar_training.{key}", seen=record(), **told)
    three = {"score": [9.0, 0.5, 0.1]}
    yield one("three numbers", 10, "cifar_training.score_right", seen=record(), **three)
    nine = predicted(LABELS, 250)[:, :9]
    for name, predictions in (
        ("nothing predicted", None),
        ("nine columns", nine),
        ("a picture less", nine[1:]),
    ):
        yield one(name, 8, "cifar_training.no_predictions", seen=record(), predictions=predictions)


def _scores(one: Callable[..., ByHand], case: Case) -> Iterator[ByHand]:
    half = predicted(LABELS, 250)
    loss = _loss(half, case)
    sure = {"predictions": predicted(LABELS, 500, sure=0.999)}
    small = _loss(sure["predictions"], case)
    right, far, close = ((10, "score_right"), (8, "score_far"), (8, "score_close"))
    hard = np.where(half > 0.5, 1 - 9e-12, 1e-12)
    for name, score, other, (points, key) in (
        ("to three digits", [loss, 0.5008], {}, right),
        ("off in the third digit", [loss, 0.5015], {}, close),
        ("off by half a per cent", [loss, 0.504], {}, close),
        ("off by more", [loss, 0.506], {}, far),
        ("off, and a loss that is not known", [9.0, 0.504], {"loss": 5.0}, far),
        ("another loss, not known", [9.0, 0.5], {"loss": 5.0}, right),
        ("another loss, not told", [9.0, 0.5], {"loss": None}, right),
        ("a loss just like it", [9.0, 0.5], {"loss": cross_entropy(case) + 0.0015}, right),
        ("a loss the same", [9.0, 0.5], {"loss": cross_entropy(case) + 0.0007}, close),
        ("of outputs that are no shares", [9.0, 0.5], {"predictions": half * 1.005}, right),
        ("of outputs that are nearly shares", [9.0, 0.5], {"predictions": half * 1.0015}, right),
        ("of outputs that are shares but for rounding", [9.0, 0.5], {"predictions": half * 1.0007}, close),
        ("a loss nearly right", [loss * 1.015, 0.5], {}, right),
        ("a loss not quite right", [loss * 1.03, 0.5], {}, close),
        ("a small loss", [small + 0.0009, 1.0], sure, right),
        ("a small loss, not quite right", [small + 0.0015, 1.0], sure, close),
        ("the loss that Keras computes", [13.8, 0.5], {"predictions": hard, "test_loss": 13.8}, right),
        ("the loss of shares cut off", [-np.log(1e-7) / 2, 0.5], {"predictions": hard}, right),
        ("another loss, by Keras alone", [9.0, 0.5], {"loss": 5.0, "test_loss": 3.0}, right),
        ("neither loss", [10.0, 0.5], {"predictions": hard, "test_loss": 13.8}, close),
        ("swapped", [0.5, loss], {}, (8, "score_swapped")),
        ("in per cent", [loss, 50.0], {}, (8, "score_per_cent")),
    ):
        yield one(name, points, f"cifar_training.{key}", seen=record(), score=score, **other)
