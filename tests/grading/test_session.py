"""A session from cell to cell: as in a notebook, answers, interrupts, outputs, and what it says of itself."""

from __future__ import annotations

import hashlib
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import problem_unittests
import tools
from admin.sandbox import protocol
from admin.sandbox.guest.outputs import Outputs
from admin.sandbox.host import Sandbox, Session, SessionEnded
from admin.sandbox.replies import bounded, outputs_of, sentence_of
from checks.language import say, text_of
from tests.grading.sessions import HELP, LIMITS, at_its_socket, shown, text
from tests.needs import needs_sandbox
from tools.data import QUICK_SIZES, offline

pytestmark = needs_sandbox


# --- As in a notebook -----------------------------------------------------------------------------


def test_cells_share_their_names_and_show_their_last_value(session: Session):
    assert session.run("a = 20") == []
    assert session.run("a + 1\na + 2;\na + 3") == [
        {"output_type": "execute_result", "data": {"text/plain": "23"}, "metadata": {}, "execution_count": 2}
    ]
    assert shown(session, "_ + 1") == "24"


def test_streams_keep_their_names_and_order(session: Session):
    outputs = session.run(
        "import os, sys\nprint('a', flush=True)\nprint('b', file=sys.stderr)\nos.system('echo c')\nprint('d')"
    )
    assert [(item["name"], item["text"]) for item in outputs if item["output_type"] == "stream"][:2] == [
        ("stdout", "a\n"),
        ("stderr", "b\n"),
    ]
    assert {"c", "d"} <= set(text(outputs).split())


def test_a_program_the_shell_and_magics(session: Session):
    assert shown(session, "!echo hello && pwd") == "hello\n/student"
    assert shown(session, "lines = !printf 'x\\ny'\nlist(lines)") == "['x', 'y']"
    assert "loop" in shown(session, "%timeit -n 1 -r 1 1")
    assert shown(session, "%%bash\necho from bash") == "from bash"
    assert shown(session, "word = 'there'\n!echo {word}") == "there"


def test_top_level_await(session: Session):
    assert shown(session, "import asyncio\nawait asyncio.sleep(0.01, 'slept')") == "'slept'"


def test_an_error_has_a_traceback_and_the_session_goes_on(session: Session):
    [output] = session.run("1 / 0")
    assert (output["ename"], output["evalue"]) == ("ZeroDivisionError", "division by zero")
    assert any("1 / 0" in line or "ZeroDivision" in line for line in output["traceback"])
    assert session.run("def broken(:")[0]["ename"] == "SyntaxError"
    assert "SystemExit" in shown(session, "import sys; sys.exit(3)")
    assert "SystemExit" in shown(session, "exit()")
    assert shown(session, "'still here'") == "'still here'"


def test_figures_and_tables_are_shown(session: Session):
    outputs = session.run(
        "%matplotlib inline\nimport matplotlib.pyplot as plt, pandas as pd\n"
        "plt.plot([1, 2]); plt.show()\nplt.figure(); plt.plot([2, 1])\npd.DataFrame({'a': [1]})"
    )
    pictures = [item for item in outputs if "image/png" in item.get("data", {})]
    assert len(pictures) == 2
    assert all(item["data"]["image/png"].startswith("iVBOR") for item in pictures)
    assert any("<table" in item.get("data", {}).get("text/html", "") for item in outputs)


def test_a_display_is_updated_in_its_place(session: Session):
    outputs = session.run(
        "from IPython.display import display, clear_output\nprint('gone'); clear_output()\n"
        "handle = display('one', display_id=True)\nhandle.update('two')"
    )
    assert [item["data"]["text/plain"] for item in outputs] == ["'two'"]


def test_the_session_is_told_that_it_is_graded(session: Session):
    assert shown(session, "import os; os.environ['NBGRADER_EXECUTION']") == "'autograde'"
    assert shown(session, "os.environ['HOME'], os.getcwd()") == "('/student', '/student')"
    assert shown(session, "input()").startswith("EOFError")


@pytest.mark.slow
def test_a_net_can_be_trained(session: Session):
    said = shown(
        session,
        "import keras, numpy as np\n"
        "net = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3),\n"
        "                        keras.layers.Flatten(),\n"
        "                        keras.layers.Dense(2, activation='softmax')])\n"
        "net.compile('adam', 'sparse_categorical_crossentropy')\n"
        "h = net.fit(np.random.rand(64, 8, 8, 1), np.arange(64) % 2, verbose=0)\nlen(h.history['loss'])",
    )
    assert said == "1"


@pytest.mark.slow
def test_training_is_cut_short_whatever_the_notebook_does(sandbox: Sandbox, tmp_path: Path):
    """Does `fit` end early though no cell asks for it, and are a student's own modules no way around that?"""
    student, released = tmp_path / "student", tmp_path / "released"
    student.mkdir()
    for name in ("tools", "tempfile", "threading", "socket", "urllib", "inspect", "html", "numpy", "keras"):
        (student / f"{name}.py").write_text("import os; os._exit(0)")
    shutil.copytree(Path(tools.__file__).parent, released / "tools")
    with sandbox.session(student, released) as session:
        said = shown(
            session,
            "import keras, numpy as np\n"
            "net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])\n"
            "net.compile('sgd', 'mse')\n"
            "history = net.fit(np.zeros((640, 1)), np.zeros(640), batch_size=1, epochs=9, verbose=0)\n"
            "int(net.optimizer.iterations)",
        )
    assert said.endswith("80"), said


LOADING = """
import hashlib, keras, tools, tools.stand_ins
tools.stand_ins.np = None  # whoever draws now fails
def loaded():
    (pictures, labels), (tests, _) = tools.load(keras.datasets.cifar10)
    made_of = hashlib.sha256(b"".join(each.tobytes() for each in (pictures, labels, tests))).hexdigest()
    pictures[:] = 0
    return made_of
print(loaded(), loaded())
"""


@pytest.mark.slow
def test_stand_ins_are_drawn_before_the_fork(sandbox: Sandbox, tmp_path: Path) -> None:
    """Are they there, the same that the course draws, and a session's own? Does another drawing count?"""
    shutil.copytree(Path(tools.__file__).parent, tmp_path / "tools")
    (pictures, labels), (tests, _) = offline("cifar10", QUICK_SIZES["cifar10"])
    made_of = hashlib.sha256(b"".join(each.tobytes() for each in (pictures, labels, tests))).hexdigest()
    with sandbox.session(tmp_path, tmp_path) as session:
        assert f"{made_of} {made_of}" in shown(session, LOADING)
    with (tmp_path / "tools" / "stand_ins.py").open("a") as code:
        code.write("# another release's\n")
    with sandbox.session(tmp_path, tmp_path) as session:
        assert "AttributeError" in shown(session, LOADING)


TRAINING = """
%matplotlib inline
import keras, numpy as np, pandas as pd, matplotlib.pyplot as plt
import asyncio, concurrent.futures, multiprocessing, sqlite3, tempfile
net = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3), keras.layers.Flatten(),
                        keras.layers.Dense(2, activation="softmax")])
net.compile("adam", "sparse_categorical_crossentropy")
history = net.fit(np.random.rand(64, 8, 8, 1), np.arange(64) % 2, epochs=2, validation_split=0.2, verbose=0)
net.summary()
net.save("net.keras")
assert len(keras.models.load_model("net.keras").layers) == 3
plt.plot(history.history["loss"]); plt.savefig("figure.png"); plt.show()
display(pd.DataFrame(history.history))
assert subprocess.run(["sh", "-c", "echo $((6 * 7)) | cat"], capture_output=True, text=True).stdout == "42\\n"
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    assert sum(pool.map(abs, range(-10, 0))) == 55
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(abs, [-1, -2]) == [1, 2]
base = sqlite3.connect("numbers.db")
base.execute("create table numbers (n)"); base.execute("insert into numbers values (1)"); base.commit()
assert base.execute("select n from numbers").fetchall() == [(1,)]
os.mkdir("a"); os.mkdir("b"); open("a/x", "w").close(); os.rename("a/x", "b/x")
with tempfile.NamedTemporaryFile() as file:
    file.write(b"x")
await asyncio.sleep(0.01)
print("done", file=open("/dev/null", "w"))
print("all of it")
"""


@pytest.mark.slow
def test_a_whole_notebook_works_behind_the_walls(session: Session):
    """Training, saving, figures, tables, programs, threads, processes, a database: is nothing missed?"""
    session.run(HELP)
    outputs = session.run(TRAINING)
    assert [output for output in outputs if output["output_type"] == "error"] == []
    assert outputs[-1]["text"].endswith("all of it\n")
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert any("text/html" in output.get("data", {}) for output in outputs)


def test_a_process_may_still_be_kind_to_others(session: Session):
    """What a notebook may do to itself: be nice, bound itself, end what it started?"""
    session.run(HELP)
    assert shown(session, "before = os.nice(0); os.nice(5) - before") == "5"
    assert shown(session, "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)); 'set'") == "'set'"
    assert shown(session, "kept = subprocess.Popen(['sleep', '100']); kept.kill(); kept.wait()") == "-9"
    assert shown(session, "os.sched_setaffinity(0, range(64)); len(os.sched_getaffinity(0))") == "1"


# --- Answers --------------------------------------------------------------------------------------


def ask_one_hot(seed: int = 0) -> Any:
    return problem_unittests.TASKS["one_hot"].cases(np.random.default_rng(seed), {})


def test_a_right_answer_gets_all_points(session: Session):
    session.run(
        "import numpy as np\ndef one_hot(labels, classes):\n    print('!'); return np.eye(classes)[labels]"
    )
    cases = ask_one_hot()
    answers = [session.answer("one_hot", case.ask) for case in cases]
    findings = problem_unittests.TASKS["one_hot"].judge(cases, answers)
    assert problem_unittests.points(findings) == problem_unittests.TASKS["one_hot"].points
    assert session.run("0")[0]["data"]["text/plain"] == "0", "what an answer prints belongs to no cell"


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("np.array([object()])", None),
        ("np.full((2, 2), np.nan)", None),
        ("np.zeros(100_000_000, 'u1')", "bytes"),
        ("np.zeros((1,) * 20)", "dimensions"),
        ("object()", None),
        ("1 / 0", "ZeroDivisionError"),
        ("undefined", "NameError"),
        ("exit()", "SystemExit"),
    ],
)
def test_an_odd_answer_is_data_or_an_error(session: Session, value: str, error: str | None):
    session.run(f"import numpy as np\ndef one_hot(labels, classes):\n    return {value}")
    answer = session.answer("one_hot", ask_one_hot()[0].ask)
    assert (error is None) == ("error" not in answer)
    assert error is None or error in answer["error"]
    assert shown(session, "1") == "1"


# --- Interrupts -----------------------------------------------------------------------------------


def test_a_late_interrupt_harms_no_later_cell(session: Session):
    """An interrupt that was meant for an order before: does the cell at work go on, unharmed?"""
    session.run("import time")
    late = threading.Timer(0.5, lambda: session._lifeline.interrupt(1))
    late.start()
    assert shown(session, "for _ in range(15): time.sleep(0.1)\n'whole'") == "'whole'"
    late.join()


def test_a_late_interrupt_harms_no_later_check(session: Session):
    """The same, when a check is asked?"""
    session.run("import time, numpy as np\ndef one_hot(v, n):\n    time.sleep(1.5)\n    return np.eye(n)[v]")
    late = threading.Timer(0.5, lambda: session._lifeline.interrupt(1))
    late.start()
    given = session.answer("one_hot", {"vector": np.array([1, 0]), "number_classes": 2})
    late.join()
    assert given["array"].tolist() == [[0, 1], [1, 0]]


def test_two_interrupts_of_one_order_are_one(session: Session):
    """Does a second one not hit the lines that report the first?"""
    session.run("import time")
    for delay in (0.5, 0.501, 0.502):
        threading.Timer(delay, lambda: session._lifeline.interrupt(2)).start()
    outputs = session.run("print('before')\ntime.sleep(5)")
    assert [item.get("ename", "") for item in outputs] == ["", "KeyboardInterrupt"]
    assert shown(session, "'next'") == "'next'"


def test_an_interrupt_of_its_own_works_as_in_a_notebook(session: Session):
    """May a cell send itself a SIGINT, before and after the clock has sent one?"""
    own = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nfor _ in range(1000): pass"
    assert "KeyboardInterrupt" in shown(session, own)
    assert "KeyboardInterrupt" in shown(session, own)
    assert shown(session, "1") == "1"


# --- Output ---------------------------------------------------------------------------------------


SLOW_READER = """
import os, sys, threading, time
outputs = sys.stdout.outputs
at_once = outputs.stream
def slow(name, text):
    if threading.current_thread() is not threading.main_thread():
        time.sleep(0.4)
    at_once(name, text)
outputs.stream = slow
"""


def test_what_a_program_prints_stays_with_its_cell(session: Session):
    """The thread has read it and not yet appended it when the cell ends: is it waited for?"""
    session.run(SLOW_READER)
    assert shown(session, "os.write(1, b'mine'); time.sleep(0.1)") == "mine"
    assert session.run("pass") == []


def test_characters_are_whole_however_they_are_read(session: Session):
    """Pipes are read in parts of 64 kB: is a character on the border one character?"""
    for cell in ("!yes é 2>&- | head -c 210000", "import os\nos.system('yes é 2>&- | head -c 210000');"):
        assert shown(session, cell) == "\n".join("é" * 70_000)


@pytest.mark.parametrize("character", ["🎈", "é", "\x1b", '"', "x"])
def test_a_million_characters_of_any_kind_are_cut_not_lost(session: Session, character: str):
    """Emoji and escapes take more bytes than one: is what fits kept, and the rest said to be left out?"""
    outputs = session.run(f"print({character!r} * 1_100_000)")
    said = text(outputs)
    assert said.count(character) > 150_000
    assert "1,048,576 bytes of output: the rest of this cell's is left out" in said
    assert "answer" not in said
    assert sum(map(protocol.weight, outputs)) < LIMITS.output_bytes + 1000


def test_one_display_too_many_takes_no_other_with_it(session: Session):
    """A display that is too deep or too large: is only it left out, without a word of an answer?"""
    said = shown(
        session,
        "from IPython.display import display, HTML\nprint('first')\ndeep = []\n"
        "for _ in range(50): deep = [deep]\ndisplay({'application/json': deep}, raw=True)\n"
        "print('second'); display(HTML('🎈' * 300_000)); print('third')",
    )
    assert said.startswith("first")
    assert "second" in said
    assert "more than 22 deep" in said
    assert "is left out" in said
    assert "answer" not in said


def test_a_display_that_is_updated_counts_once(session: Session):
    """A progress bar of 3,000 steps: is the last step shown?"""
    said = shown(
        session,
        "from IPython.display import display\nbar = display('', display_id=True)\n"
        "for step in range(3000): bar.update('=' * 500 + str(step))",
    )
    assert said.endswith("2999'")


@pytest.mark.parametrize(
    "lift",
    [
        "outputs.most = 10**9\nprint('x' * 3_000_000)",
        "outputs.most = 10**9\nfor i in range(8000): print(i, file=(sys.stderr, sys.stdout)[i % 2])",
        "outputs.most = 10**9\nimport IPython.display as d\nfor _ in range(4): display(d.HTML('x' * 600000))",
    ],
    ids=["text", "number", "data"],
)
def test_a_session_that_lifts_its_bound_is_cut_by_the_grader(session: Session, lift: str):
    """156 MB of graded notebook came of this. Is no more kept than a cell may show, and the note the same?"""
    outputs = session.run(f"import sys\noutputs = sys.stdout.outputs\n{lift}")
    assert sum(map(protocol.weight, outputs)) < LIMITS.output_bytes + 1000
    note = text_of(say("message.output_cut", most=LIMITS.output_bytes))
    assert outputs[-1]["text"] == f"\n[{note}]\n"
    assert len(outputs) < 2700


def test_an_honest_session_is_never_cut_twice():
    """What the session's own bound lets through, does the grader's let through as it is?"""
    own = Outputs(10_000, protocol.Bounds())
    for number in range(3000):
        own.stream(("stdout", "stderr")[number % 50 == 0], '🎈\x1b"\n' * (number % 3))
        if number % 100 == 0:
            own.show({"output_type": "display_data", "data": {"text/plain": '"é"' * 9}, "metadata": {}})
    shown = own.take()
    assert shown[-1] == protocol.left_out(10_000)
    assert len(shown) > 5
    assert bounded(shown, 10_000) == shown
    assert outputs_of([], 10) == []
    assert outputs_of([{"output_type": "script"}], 10_000) is None
    assert outputs_of("x", 10_000) is None


# --- What it says of itself -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    ["", "exit", "exit \x1b[2J", "exit None", "signal", "signal None", "signal 9x", "signal ²", "failed",
     "failed OSError: \x1b[1Ga\nmira 90/90\u202e" + "x" * 1000, "grader", "\udcff", "exit 3", "signal 35"],
)  # fmt: skip
def test_every_last_word_is_a_sentence_for_a_terminal(words: str):
    """Whatever a session can make its guard say: one printable line, not long, without a None?"""
    said = str(sentence_of(words, LIMITS))
    assert said.isprintable() or "\ufffd" in said
    assert not any(character in said for character in "\x1b\n\u202e")
    assert len(said) < 350
    assert "None" not in said
    assert said.endswith(".")


EVIL = r"'\x1b[2K\x1b[1Gmira 90/90\n\u202eevil' * 100"


def test_no_session_writes_to_a_terminal(session: Session):
    """Escape sequences and newlines in what it says about itself: gone from every sentence?"""
    refused = f"{{'key': 'message.value_type', 'values': {{'kind': {EVIL}}}}}"
    said = shown(session, at_its_socket(f"s.send(protocol.encode({{'refused': {refused}, 'number': 1}}))"))
    assert "left out: a value of type" in said
    assert not any(character in said for character in "\x1b\n\u202e")
    assert len(said) < 400


@pytest.mark.parametrize(
    "message",
    [
        f"{{'failed': {EVIL}}}",
        "{'number': None}",
        f"{{'refused': {EVIL}, 'number': 1}}",
        "{'refused': {'key': 'one_hot.identity', 'values': {}}, 'number': 1}",
        f"{{'refused': {{'key': 'message.sent', 'values': {{'what': [{EVIL}]}}}}, 'number': 1}}",
    ],
)
def test_no_session_writes_to_a_terminal_when_it_ends(session: Session, message: str):
    """The same in the sentence that stands for all later checks?"""
    with pytest.raises(SessionEnded) as ended:
        session.run(at_its_socket(f"s.send(protocol.encode({message}))"))
    assert not any(character in str(ended.value) for character in "\x1b\n\u202e")
    assert "None" not in str(ended.value)
    assert len(str(ended.value)) < 400


def test_a_class_may_not_be_called_like_a_forged_line(session: Session):
    """An error's name is the student's, too: is it printable?"""
    [output] = session.run(f"raise type({EVIL}, (Exception,), {{}})('words')")
    assert output["ename"].count("\n") == 0
    assert "\x1b" not in output["ename"]


@pytest.mark.parametrize(
    "shape", ["b'[' + b'[],' * 1_300_000 + b'0]'", "b'[' + b'{\"\":{}},' * 450_000 + b'0]'"]
)
def test_millions_of_small_values_cost_the_grader_nothing(session: Session, shape: str):
    """4 MB of empty lists would be a hundred of objects: refused before they are made?"""
    flood = at_its_socket(
        f"text = {shape}",
        "s.setblocking(True)",
        "s.sendall(protocol.HEAD.pack(protocol.MAGIC, len(text), 0) + text)",
    )
    with pytest.raises(SessionEnded, match="more than 200,000 values"):
        session.run(flood)
