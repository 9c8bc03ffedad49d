"""The one source of the notebook: its cells are those of the contract, and they run, in any order."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

Execute = Callable[..., NotebookNode]

# What instructors' scripts rely on: task, points, and the call in its check cell.
CHECKS = {
    "normalise_images": (8, "tests.test_normalize_images(normalise_images)"),
    "channel_axis": (4, "tests.test_channel_axis(globals())"),
    "one_hot": (10, "tests.test_one_hot(one_hot)"),
    "net_1": (14, "tests.test_net_1(net_1)"),
    "train_net_1": (8, 'tests.test_train("train_net_1", globals())'),
    "net_2": (12, "tests.test_net_2(net_2)"),
    "train_net_2": (8, 'tests.test_train("train_net_2", globals())'),
    "cifar_labels": (4, "tests.test_cifar_labels(globals())"),
    "cifar_images": (4, "tests.test_cifar_images(globals())"),
    "cifar_model": (8, "tests.test_cifar_model(globals())"),
    "cifar_training": (10, "tests.test_cifar_training(globals())"),
}
# Looked at, and not graded.
EXTRAS = ("convolve", "max_pool", "net_3")


def graded(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The cells that nbgrader knows, by their grade_id, in the notebook's order."""
    return {c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata}


def code(notebook: NotebookNode) -> Iterator[NotebookNode]:
    return (cell for cell in notebook.cells if cell.cell_type == "code")


def complaints(notebook: NotebookNode) -> list[str]:
    """Errors, stderr and warnings among the outputs of an executed notebook."""
    found = []
    for cell in code(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"{output.ename}: {output.evalue}")
            elif output.get("name") == "stderr" or "Warning" in output.get("text", ""):
                found.append(output.text)
    return found


def points(notebook: NotebookNode) -> dict[str, float]:
    """What each check cell gave back."""
    return {
        name.removeprefix("check_"): float(
            next(o.data["text/plain"] for o in cell.outputs if o.output_type == "execute_result")
        )
        for name, cell in graded(notebook).items()
        if name.startswith("check_")
    }


# -------------------------------------------------------------------------------------- what is written


def test_tasks_points_and_checks_are_those_of_the_contract(solution: NotebookNode) -> None:
    cells = graded(solution)
    for task, (worth, call) in CHECKS.items():
        answer, check = cells[task].metadata.nbgrader, cells[f"check_{task}"].metadata.nbgrader
        assert (answer.grade, answer.solution, answer.locked) == (False, True, False), task
        assert (check.grade, check.solution, check.locked, check.points) == (True, False, True, worth), task
        assert cells[f"check_{task}"].source.strip() == call
    assert [n.removeprefix("check_") for n in cells if n.startswith("check_")] == list(CHECKS)
    assert sum(cell.metadata.nbgrader.get("points", 0) for cell in cells.values()) == 100


def test_the_discussion_is_graded_by_hand_and_the_extras_not_at_all(solution: NotebookNode) -> None:
    cells = graded(solution)
    discussion = cells["discussion"]
    assert discussion.cell_type == "markdown"
    assert (discussion.metadata.nbgrader.grade, discussion.metadata.nbgrader.solution) == (True, True)
    assert discussion.metadata.nbgrader.points == 10
    for task in EXTRAS:
        extra = cells[task].metadata.nbgrader
        assert (extra.grade, extra.solution, extra.get("points")) == (False, True, None)
        assert f"tests.test_{task}({task})" in {cell.source for cell in code(solution)}


def test_a_check_comes_after_what_uses_the_answer(solution: NotebookNode) -> None:
    order = list(graded(solution))
    for task in CHECKS:
        assert order.index(task) < order.index(f"check_{task}")
    for net in ("net_1", "net_2"):
        assert order.index(f"train_{net}") < order.index(f"fit_{net}") < order.index(f"check_train_{net}")


def test_the_student_version_has_a_stub_for_every_answer_and_no_solution(student: NotebookNode) -> None:
    cells = graded(student)
    for task in (*CHECKS, *EXTRAS):
        assert cells[task].source.rstrip().endswith("# YOUR CODE HERE")
        assert "SOLUTION" not in cells[task].source
    assert cells["discussion"].source == "YOUR ANSWER HERE"


def test_every_name_that_an_answer_owes_is_none_in_the_student_version(student: NotebookNode) -> None:
    """Can every guard tell an empty answer, because it is None or a function that returns None?"""
    for task in (*CHECKS, *EXTRAS):
        for statement in ast.parse(graded(student)[task].source).body:
            match statement:
                case ast.Assign(value=ast.Constant(value=None)):
                    pass
                case ast.FunctionDef(body=[ast.Expr(value=ast.Constant(value=str()))]):
                    pass
                case _:
                    pytest.fail(f"{task}: {ast.unparse(statement)}")


def test_a_task_stays_in_its_box_where_pictures_are_embedded(solution: NotebookNode) -> None:
    """`nbconvert --embed-images` and nbgrader's feedback close what is open: is each task in its box?"""
    renderer = MarkdownWithMath(renderer=IPythonRenderer(escape=False, embed_images=True))
    pages = [renderer.render(cell.source) for cell in solution.cells if cell.cell_type == "markdown"]
    boxes = [box.text.strip() for page in pages for box in BeautifulSoup(page, "html.parser")("blockquote")]
    tasks = [f"Task {number} (" for number in range(1, len(CHECKS) + 2)]
    assert [task for task in tasks if not any(box.startswith(task) for box in boxes)] == []
    assert all(("tests.hint(" in box) or ("read by a person" in box) for box in boxes)
    assert not any("course-task" in page for page in pages)


def test_hints_named_in_the_text_exist(solution: NotebookNode) -> None:
    import problem_unittests

    named = {
        (task, int(level))
        for cell in solution.cells
        for task, level in re.findall(r"tests\.hint\('(\w+)', (\d)\)", cell.source)
    }
    assert {task for task, _ in named} == {*CHECKS, *EXTRAS}
    assert {task for task, _ in named} <= set(problem_unittests.TASKS)
    assert {level for _, level in named} <= {1, 2, 3}


def test_every_section_ends_in_three_lines(solution: NotebookNode) -> None:
    text = "\n\n".join(cell.source for cell in solution.cells if cell.cell_type == "markdown")
    sections = re.split(r"^## (?=\d+ · )", text, flags=re.MULTILINE)[1:]
    assert len(sections) == 12
    for section in sections[:10]:  # the last two are tasks alone
        title, _, summary = section.partition("**In short**")
        lines = [line for line in summary.splitlines() if line.startswith("- ")]
        assert len(lines) == 3, title.splitlines()[0]


def test_no_word_that_makes_a_learner_feel_slow(solution: NotebookNode) -> None:
    text = " ".join(cell.source.lower() for cell in solution.cells if cell.cell_type == "markdown")
    assert not re.findall(r"\b(?:simply|obviously|trivially|of course|just)\b", text)


# ------------------------------------------------------------------------------------------ how it runs


@pytest.fixture(scope="session")
def executed(solution: NotebookNode, execute: Execute) -> NotebookNode:
    return execute(solution, bounded=True)


@pytest.mark.slow
def test_the_solution_runs_without_a_word_on_stderr_and_gets_all_points(executed: NotebookNode) -> None:
    assert complaints(executed) == []
    assert points(executed) == {task: worth for task, (worth, _) in CHECKS.items()}


@pytest.mark.slow
def test_the_student_version_runs_without_an_error_and_gets_nothing(
    student: NotebookNode, execute: Execute
) -> None:
    """Does an empty notebook say in sentences what is missing? With figures, as at home."""
    empty = execute(student, bounded=False)
    assert complaints(empty) == []
    assert set(points(empty).values()) == {0}
    said = "".join(o.get("text", "") for cell in code(empty) for o in cell.outputs)
    for task in (1, 2, 3, 4, 6, 11):  # of several empty ones in a row, the first is named
        assert f"Task {task} is still empty" in said, task
    assert "net_1 has not been trained yet" in said
    pictures = [o.data for cell in code(empty) for o in cell.outputs if "text/html" in o.get("data", {})]
    images = [data["text/html"] for data in pictures if "<img" in data["text/html"]]
    assert len(images) > 5
    assert all('alt="' in image for image in images)
    # What needs no trained net: zoom, explorer, channels, learned kernel, two predictions, eight seeds, and
    # twice where one stands.
    outputs = [o.get("data", {}) for cell in code(empty) for o in cell.outputs]
    stills = [at for at, data in enumerate(outputs) if 'class="course-still"' in data.get("text/html", "")]
    assert len(stills) == 9
    assert all("course-play" in outputs[at]["text/html"] for at in stills)
    # Each is followed by its widgets, which take its place in a page that has a kernel.
    assert all("application/vnd.jupyter.widget-view+json" in outputs[at + 1] for at in stills)


@pytest.mark.slow
def test_running_cells_twice_and_out_of_order_leaves_the_data_alone(
    solution: NotebookNode, execute: Execute
) -> None:
    """Set-up and data, each cell twice, then all of them from the last to the first: the same arrays?"""
    wanted = (
        *(
            "set_up",
            "import_keras",
            "load_mnist",
            "normalise_images",
            "use_normalise_images",
            "channel_axis",
            "one_hot",
        ),
        *("use_one_hot", "load_cifar", "cifar_labels", "cifar_images"),
    )
    cells = graded(solution)
    quick = next(cell for cell in solution.cells if cell.source.startswith("QUICK ="))
    chosen = [cells["set_up"], cells["import_keras"], quick, *(cells[name] for name in wanted[2:])]
    names = [
        f"{prefix}{name}" for prefix in ("", "cifar_") for name in ("x_train", "x_test", "y_train", "y_test")
    ]
    look = nbformat.v4.new_code_cell(
        f"[(float(a.max()), float(a.sum()), a.shape) for a in map(globals().get, {names})]"
    )
    twice = [cell for cell in chosen for _ in range(2)]
    cells_in_order = [*chosen, look, *twice, look, *reversed(chosen), look]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.from_dict({**cell, "id": f"cell-{n}"}) for n, cell in enumerate(cells_in_order)]
    )
    done = execute(notebook, bounded=True)
    assert complaints(done) == []
    first, second, third = (
        cell.outputs[-1].data["text/plain"] for cell in code(done) if cell.source == look.source
    )
    assert first == second == third
    assert first.count("(1.0, ") == len(names)


def test_tensorflow_waits_until_it_is_needed(solution: NotebookNode, execute: Execute) -> None:
    """Do the first pictures come without the seconds that TensorFlow's import takes?"""
    before = solution.cells[: solution.cells.index(graded(solution)["import_keras"])]
    look = nbformat.v4.new_code_cell(
        "import sys\nsorted({'keras', 'tensorflow', 'pandas'} & set(sys.modules))"
    )
    done = execute(nbformat.v4.new_notebook(cells=[*before, look]), bounded=False)
    assert complaints(done) == []
    assert any("<img" in o.get("data", {}).get("text/html", "") for cell in code(done) for o in cell.outputs)
    assert done.cells[-1].outputs[0].data["text/plain"] == "[]"


def test_a_figure_of_the_students_own_appears(solution: NotebookNode, execute: Execute) -> None:
    """After the course's own figures, is one of pyplot's shown where its cell ends, without `plt.show()`?"""
    before = solution.cells[: solution.cells.index(graded(solution)["import_keras"])]
    own = nbformat.v4.new_code_cell("own, axes = plt.subplots(1, 2)\naxes[0].plot([1, 2])\nfloat(own.dpi)")
    after = nbformat.v4.new_code_cell("tools.show_matrix(arrow)")
    done = execute(nbformat.v4.new_notebook(cells=[*before, own, after]), bounded=False)
    assert complaints(done) == []
    drawn, ours = done.cells[-2:]
    assert sum("image/png" in output.get("data", {}) for output in drawn.outputs) == 1
    assert [sorted(output.data) for output in ours.outputs] == [["text/html", "text/plain"]]


FAILING = """
net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
net.compile(loss="mse", metrics=["accuracy"])
net.fit(np.zeros((8, 4)), np.zeros((8, 5)), epochs=2, verbose=0, callbacks=[tools.progress()])
"""


@pytest.mark.slow
def test_a_training_that_fails_leaves_no_button_behind(solution: NotebookNode, execute: Execute) -> None:
    """Labels that don't fit the net: does a still sentence stand above the error?"""
    before = solution.cells[: solution.cells.index(graded(solution)["import_keras"]) + 1]
    cells = [nbformat.v4.new_code_cell(FAILING), nbformat.v4.new_code_cell("tools.trained('net_1', None)")]
    done = execute(nbformat.v4.new_notebook(cells=[*before, *cells]), bounded=False)
    shown, error = done.cells[-2].outputs
    assert sorted(shown.data) == ["text/html", "text/plain"]
    assert "The training broke off in epoch 1 of 2" in shown.data["text/html"]
    assert error.output_type == "error"
    assert "net_1 has not been trained yet" in done.cells[-1].outputs[0].text


@pytest.mark.slow
def test_a_missing_file_is_named_in_one_sentence(
    solution: NotebookNode, execute: Execute, tmp_path: Path
) -> None:
    alone = nbformat.v4.new_notebook(cells=[nbformat.from_dict(graded(solution)["set_up"])])
    (cell,) = execute(alone, bounded=True, folder=tmp_path).cells
    (error,) = cell.outputs
    assert error.traceback == ["tools is missing: put it beside this notebook and run this cell again."]
