"""Judges of trainings on plain answers made by hand: what comes in grading, and hardly ever at home."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from admin.mutation import known
from admin.mutation.by_hand import ByHand, by_hand
from checks.asking import grade_answer
from checks.carried import NETS
from checks.plain import rows_of
from checks.task import TABLE, Finding, out_of, points
from checks.tasks import TASKS

ALL = [each for task in TABLE for each in by_hand(task)]


@pytest.mark.parametrize("given", ALL, ids=lambda each: f"{each.task}: {each.name}")
def test_a_plain_answer_gets_its_points_and_words(given: ByHand) -> None:
    """Does each get exactly its points, and is it told what is written beside it?"""
    findings = TASKS[given.task].judge([given.case], [given.answer])
    plain = known.plain(findings)
    keys = {key for finding in plain for key in finding[3]}
    assert (points(findings), given.key in keys) == (given.points, True), keys
    assert out_of(findings) == TABLE[given.task].points
    assert plain == known.recorded().get(f"{given.task}: {given.name}"), "python3 -m admin mutants --record"


@pytest.fixture(scope="module")
def saturated() -> dict[str, Any]:
    """A notebook before task 11 whose net is so sure that most shares are 0 or 1 as numbers."""
    names: dict[str, Any] = known.notebooks().new_notebook("cifar_training")
    last = names["cifar_model"].layers[-1]
    last.set_weights([1e4 * each for each in last.get_weights()])
    return names


def the_score(names: dict[str, Any], score: list[float]) -> Finding:
    return grade_answer("cifar_training", {**names, "cifar_score": score})[-1]


def test_evaluate_s_own_loss_of_a_saturated_net_is_right(saturated: dict[str, Any]) -> None:
    """Keras computes it from outputs before they are shares: is it accepted, and no other one?"""
    model, labels = saturated["cifar_model"], saturated["cifar_y_test"]
    with known.quiet():
        loss, accuracy = model.evaluate(saturated["cifar_x_test"], labels, verbose=0)
        shares = (model.predict(saturated["cifar_x_test"], verbose=0) * labels).sum(axis=1)
    cut_off = float(-np.log(np.clip(shares, 1e-7, 1)).mean())
    assert (shares < 1e-7).mean() > 0.5
    assert loss > 2 * cut_off
    right = the_score(saturated, [loss, accuracy])
    assert (right.points, right.values["accuracy"]) == (2, accuracy)
    wrong = the_score(saturated, [1.5 * loss, accuracy])
    assert (wrong.points, wrong.key) == (0, "cifar_training.score_close")
    assert (wrong.values["told_loss"], wrong.values["told_accuracy"]) == (1.5 * loss, accuracy)
    far = the_score(saturated, [loss, accuracy + 0.5])
    assert (far.key, far.values["told"]) == ("cifar_training.score_far", accuracy + 0.5)


@pytest.mark.parametrize(
    ("task", "model", "pictures"),
    [("train_net_1", "model_1", "x_test"), ("cifar_training", "cifar_model", "cifar_x_test")],
)
def test_a_net_that_is_asked_elsewhere_gets_pictures_as_its_student_prepares_them(
    task: str, model: str, pictures: str
) -> None:
    """Without the notebook, pictures that come along tell how; and is the notebook's own net left out?"""
    names = known.notebooks().new_notebook(task)
    names[pictures] = 1 - 2 * names[pictures]
    (case,) = TASKS[task].cases(np.random.default_rng(1), names)
    ask = {**case.ask, "prepared": rows_of(names[pictures], case.ask["rows"])}
    at_home = TASKS[task].answer(names, case.ask)
    elsewhere, unprepared = (TASKS[task].answer({model: names[model]}, each) for each in (ask, case.ask))
    assert np.allclose(at_home["predictions"], elsewhere["predictions"], atol=1e-4)
    assert not np.allclose(at_home["predictions"], unprepared["predictions"], atol=1e-2)
    left = TASKS[task].answer(names, {**case.ask, "net elsewhere": True})
    assert set(at_home) - set(left) == set(elsewhere) & set(NETS[task].keys)
    assert all(left[name] == at_home[name] for name in left)


def test_a_net_that_was_trained_on_colour_pictures_is_told_so() -> None:
    """CIFAR-10's pictures in `x_train`: training goes well. Is the student told why the check does not?"""
    import keras

    digits, colours = np.zeros((40, 28, 28), np.uint8), np.zeros((40, 32, 32, 3))
    names: dict[str, Any] = {f"{part}_images": digits for part in ("train", "test")}
    names |= {"test_labels": np.arange(40, dtype=np.uint8) % 10, "x_train": colours, "x_test": colours}
    layers = [keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    names |= {"model_1": keras.Sequential(layers), "batch_size": 32, "epochs": 5}
    learned = grade_answer("train_net_1", names)[-1]
    assert (learned.points, learned.keys) == (0, ("training.other_pictures",))
