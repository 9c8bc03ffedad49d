"""Changes in one place: are all of them made, tried, sorted out and told?"""

from __future__ import annotations

import ast
import importlib
import time
from pathlib import Path

import numpy as np
import pytest

from admin.commands import mutants as command
from admin.mutation import known, model_answers, trials
from admin.mutation.accepted import Accepted, Mark, mark, read_accepted, sort_out
from admin.mutation.children import Ended, in_forks
from admin.mutation.places import changed, places

JUDGE = """
def judge(size, colour):
    if size < 8:
        return "small"
    if colour > 3 and size > 100:
        return "large"
    return "right"
"""
KNOWN = {(7, 0): "small", (8, 0): "right", (101, 4): "large", (100, 4): "right"}
"""Answers that know both bounds of the size, and none of the colour."""


def survivors(source: str, answers: dict[tuple[int, int], str]) -> list[Mark]:
    """The changes of a judge that none of these answers notices."""

    def noticed(number: int) -> bool:
        names: dict[str, object] = {}
        exec(compile(changed(source, number), "judge", "exec"), names)
        return any(names["judge"](*given) != told for given, told in answers.items())  # type: ignore[operator]

    return [mark("judge.py", each) for each in places(source) if not noticed(each.number)]


def test_what_no_answer_notices_is_reported_and_what_one_notices_is_not():
    """The bound of the colour is not tried: do changes of it survive, and those of the size not?"""
    left = [each.change for each in survivors(JUDGE, KNOWN)]
    assert "colour > 3 → colour >= 3" in left
    assert "3 → 2" in left
    assert "size < 8 → size <= 8" not in left
    assert "if size < 8 → if True" not in left
    more = {**KNOWN, (101, 3): "right"}
    assert "colour > 3 → colour >= 3" not in [each.change for each in survivors(JUDGE, more)]


def test_every_kind_of_change_is_made():
    """Comparisons, arithmetic, numbers, and/or, not, conditions, returns, dropped statements?"""
    source = """
def look(a, b, c):
    total = a + b * 0.5
    total -= 1
    c.append(total, wanted=True)
    kept = [each for each in c if each]
    if not a or b is None and total[0] in c:
        return -total if any(kept) else max(c)
"""
    made = {each.change for each in places(source)}
    assert made >= {
        "a + b * 0.5 → a - b * 0.5",
        "0.5 → 1.0",
        "0.5 → 0.25",
        "total -= 1 → nothing",
        "c.append(total, wanted=True) → nothing",
        "c.append(total, wanted=True) → c.append(total)",
        "True → False",
        "for each in c if each → for each in c",
        "not a → a",
        "b is None → b is not None",
        "total[0] in c → total[0] not in c",
        "0 → -1",
        "b is None and total[0] in c → b is None or total[0] in c",
        "b is None and total[0] in c → b is None",
        "if not a or (b is None and total[0] in c) → if False",
        "-total → total",
        "any → all",
        "max → min",
        "-total if any(kept) else max(c) → max(c)",
        "return -total if any(kept) else max(c) → return None",
    }


def test_a_change_is_one_place_and_what_is_no_code_stays():
    """Does each change differ from the others, and are docstrings, annotations and `strict` left alone?"""
    head = 'def look(a: "int" = 1) -> list[2]:\n    """What holds: 3."""\n'
    source = head + "    return zip(a + 1, a, strict=True)\n"
    texts = [ast.unparse(changed(source, each.number)) for each in places(source)]
    assert len(set(texts)) == len(texts)
    assert ast.unparse(ast.parse(source)) not in texts
    assert all('"""What holds: 3."""' in text and "list[2]" in text for text in texts)
    assert all("strict=True" in text for text in texts if "return None" not in text)
    with pytest.raises(IndexError):
        changed(source, len(texts))


def test_an_accepted_one_is_listed_with_its_reason_and_a_stale_acceptance_is_told():
    """By line and change; and is an entry for another file left alone in a run without that file?"""
    left = survivors(JUDGE, KNOWN)
    (line,) = {each.line for each in left if each.change == "3 → 2"}
    entries = [
        Accepted("judge.py", line, "colours are whole numbers from 4", "colour > 3 → colour >= 3"),
        Accepted("judge.py", line, "gone", "colour > 3 → colour <= 99"),
        Accepted("judge.py", "return 5", "no such line"),
        Accepted("other.py", "return 5", "not tried"),
    ]
    found = sort_out({"judge.py"}, left, entries)
    assert [(each.change, reason) for each, reason in found.known] == [
        ("colour > 3 → colour >= 3", "colours are whole numbers from 4")
    ]
    assert found.stale == entries[1:3]
    assert (line, "3 → 2") in [(each.line, each.change) for each in found.new]
    whole_line = sort_out({"judge.py"}, left, [Accepted("judge.py", line, "the whole line")])
    assert not [each for each in whole_line.new if each.line == line]


def test_an_entry_may_accept_what_is_left_of_a_function_or_of_its_kind():
    """With functions inside, without others whose names begin alike; and is it told where nothing is left?"""
    source = """
def cases(size):
    def some(count):
        return count + 3
    return some(2) < size

def cases_of_rows():
    return 7
"""
    left = [mark("check.py", each) for each in places(source)]
    whole = sort_out({"check.py"}, left, [Accepted("check.py", function="cases", reason="so")])
    assert {each.function for each in whole.new} == {"cases_of_rows"}
    assert {each.function for each, _ in whole.known} == {"cases", "cases.some"}
    numbers = Accepted("check.py", function="cases", kind="number", reason="so")
    found = sort_out({"check.py"}, left, [numbers])
    assert {each.change for each, _ in found.known} == {"3 → 4", "3 → 2", "2 → 3", "2 → 1"}
    assert {each.kind for each in found.new} >= {"arithmetic", "comparison", "return", "number"}
    assert found.stale == []
    assert sort_out({"check.py"}, [m for m in left if m.kind != "number"], [numbers]).stale == [numbers]


def test_an_entry_names_a_line_or_a_function_and_a_kind_that_there_is(tmp_path: Path):
    """Is one without either refused, one with both, and one with a kind that no change has?"""
    file = tmp_path / "accepted.toml"
    for text in ("", 'line = "x"\nfunction = "f"', 'function = "f"\nkind = "numbers"'):
        file.write_text(f'[[accepted]]\nfile = "a.py"\nreason = "so"\n{text}\n')
        with pytest.raises(ValueError, match="line or"):
            read_accepted(file)


def test_the_command_tells_all_three(capsys: pytest.CaptureFixture[str]):
    """Is each survivor shown with file, line and change, and a stale entry named?"""
    stale = Accepted("judge.py", "return 5", "no such line")
    found = sort_out({"judge.py"}, [Mark("judge.py", "if colour > 3:", "3 → 2")], [stale])
    command.said("judge: 40 changes", found, "no known answer notices", 2)
    said = capsys.readouterr().out
    assert "no known answer notices: judge.py\n    if colour > 3:\n      3 → 2\n" in said
    assert "accepted, but noticed or gone: judge.py\n    return 5" in said
    assert "judge: 40 changes, 1 survive, 0 are accepted" in said


def test_an_acceptance_has_a_reason(tmp_path: Path):
    """Is an entry without one refused, and does the file itself have one for each?"""
    file = tmp_path / "accepted.toml"
    for text in ("", 'reason = " "', 'why = "so"'):
        file.write_text(f'[[accepted]]\nfile = "a.py"\nline = "x = 1"\n{text}\n')
        with pytest.raises(ValueError, match="reason"):
            read_accepted(file)
    assert all(entry.reason for entry in read_accepted())


def test_a_change_that_hangs_or_ends_its_process_stops_nothing():
    """An endless loop, an exit and a crash: are the others tried all the same?"""

    def do(job: str) -> str:
        exec({"loop": "while True: pass", "exit": "import os; os._exit(3)"}.get(job, ""))
        return job

    begun = time.monotonic()
    came = dict(in_forks(["loop", "exit", "right"], do, 2, 2.0))
    assert came["right"] == "right"
    assert isinstance(came["loop"], Ended)
    assert isinstance(came["exit"], Ended)
    assert time.monotonic() - begun < 20


def test_a_check_s_modules_are_found():
    """Its own one first, what it imports from the checks, and nothing twice?"""
    found = known.modules_of("train_net_1")
    assert found[0] == "checks.tasks.train_net_1"
    assert {"checks.training", "checks.plain"} <= set(found)
    assert not set(found) & known.LEFT_OUT
    assert len(found) == len(set(found))
    assert set(known.using("checks.training")) == {"train_net_1", "train_net_2", "cifar_training"}


def test_weights_that_were_drawn_before_are_the_same(monkeypatch: pytest.MonkeyPatch):
    """Are a net's weights drawn once for all of its known answers, and what they are without that?"""
    layers, other = [{"kind": "Dense", "weights": [[7, 5], [5]]}], [{"kind": "Dense", "weights": [[5, 7]]}]
    checked = importlib.import_module("checks.forward")
    monkeypatch.setattr(checked, "_drawn", checked._drawn)
    monkeypatch.setattr(checked, "STEPS", dict(checked.STEPS))
    plain = checked.layer_weights(layers, 3)[0]
    trials.compute_once()
    once, again = checked.layer_weights(layers, 3)[0], checked.layer_weights(layers, 3)[0]
    assert all(np.array_equal(*pair) for pair in zip(plain, once, strict=True))
    assert all(one is two for one, two in zip(once, again, strict=True))
    assert not np.array_equal(once[0], checked.layer_weights(layers, 4)[0][0])
    assert checked.layer_weights(other, 3)[0][0].shape == (5, 7)


def test_what_a_layer_computed_before_is_the_same(monkeypatch: pytest.MonkeyPatch):
    """Is a layer computed once for the same values and weights, anew for others or where it changed?"""
    checked = importlib.import_module("checks.forward")
    monkeypatch.setattr(checked, "_drawn", checked._drawn)
    monkeypatch.setattr(checked, "STEPS", dict(checked.STEPS))
    layers = [{"kind": "Dense", "weights": [[7, 5], [5]]}]
    values, step = np.arange(14, dtype=np.float32).reshape(2, 7), checked.STEPS["Dense"]
    trials.compute_once("_step_dense")
    assert checked.STEPS["Dense"] is step
    trials.compute_once()
    (weights,) = checked.layer_weights(layers, 3)
    (others,) = checked.layer_weights(layers, 4)
    once, again = (checked.STEPS["Dense"](values, layers[0], weights) for _ in range(2))
    assert once is again
    assert np.array_equal(once, step(values, layers[0], weights))
    for came, drawn in ((values + 1, weights), (values, others)):
        now = checked.STEPS["Dense"](came, layers[0], drawn)
        assert np.array_equal(now, step(came, layers[0], drawn))


def test_model_answers_are_compared_by_their_values():
    """Are two answers the same that differ in a name, and others that differ in one value?"""
    assert model_answers.same({"kind": "Model", "layers": [1]}, {"kind": "Model", "layers": [2]})
    assert not model_answers.same({"kind": "Model", "epochs": 12}, {"kind": "Model", "epochs": 13})
    assert not model_answers.same({"kind": "Model"}, {"kind": "Model", "epochs": 13})


def test_a_model_answer_is_changed_as_a_student_may_mix_it_up():
    """Another activation, order or part of the data, and nothing done: only there, and not in a judge?"""
    mixed_up = {
        "'relu' → 'tanh'",
        "f('relu', (a, b)) → f((a, b), 'relu')",
        "f('relu', (a, b)) → 'relu'",
        "(a, b) → (b, a)",
        "x_train[:, None] → x_train",
        "x_train → x_test",
    }
    source = 'f("relu", (a, b))\nx_train[:, None]'
    assert {each.change for each in places(source, words=True)} >= mixed_up
    assert places(source) == []
