"""The interactive figures, in a real browser: moved by mouse and keyboard, and what they then say."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from admin.course.cells import grade_id
from tests.browser import pages
from tests.browser.conftest import end_kernels

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_explorer_and_the_predictions_in_jupyterlab(
    open_notebook: Callable[[str, str], Page], console: Any, tmp_path: Path
) -> None:
    """Do sliders, Play, menus and fields answer, by mouse and by keyboard?"""
    page = open_notebook("student.ipynb", "lab")
    needed = ("set_up", "arrow = np.array(", "import_keras", "QUICK =", "load_mnist", "picture = np.array(")
    for cell in needed:
        pages.run(page, cell)

    zoom = pages.live(pages.run(page, "play.zoom_into_pixels("))
    pages.slide(zoom, "pixels a side", "Home")
    pages.expect(zoom.locator("svg text")).to_have_count(25)
    pages.photograph(zoom, "lab-zoom", tmp_path)

    explorer = pages.live(pages.run(page, "play.explore_convolution("))
    products = explorer.locator(".course-play pre")
    pages.expect(products).to_contain_text("= 10")
    pages.slide(explorer, "position", "ArrowRight")
    pages.expect(products).to_contain_text("= 0")
    explorer.get_by_role("button", name="Play or pause").click()
    pages.expect(products).to_contain_text("= 7", timeout=10_000)  # three places on
    explorer.get_by_role("button", name="Play or pause").click()
    pages.photograph(explorer, "lab-explorer", tmp_path)
    explorer.get_by_label("flip the kernel").check()
    pages.expect(explorer).to_contain_text("convolution of mathematics")
    menu = explorer.get_by_label("kernel", exact=True)
    menu.focus()
    for _ in range(3):
        menu.press("ArrowDown")
    pages.expect(explorer).to_contain_text("looks the same when it is flipped")

    pages.run(page, "tools.load_sample(")
    pages.run(page, "edge = np.array(")
    channels = pages.run(page, "play.explore_channels(")
    pages.expect(channels).to_contain_text("27 weights and 1 bias make one feature map")
    before = channels.get_by_role("status").first.inner_text()
    pages.slide(channels, "column", "End")
    pages.expect(channels.get_by_role("status").first).not_to_have_text(before)
    pages.photograph(channels, "lab-channels", tmp_path)
    learning = pages.run(page, "play.learn_kernel(")
    pages.expect(learning).to_contain_text("Step 0: all weights are 0")
    pages.slide(learning, "step", "End")
    pages.expect(learning).to_contain_text("Step 100: ")
    pages.slide(learning, "step", "Home")
    learning.get_by_role("button", name="Play or pause").click()
    pages.expect(learning).to_contain_text(re.compile(r"Step [1-9]\d*: "), timeout=10_000)
    learning.get_by_role("button", name="Play or pause").click()
    pages.photograph(learning, "lab-learning", tmp_path)

    predict = pages.live(pages.run(page, 'play.predict_shapes("net_1")'))
    fields = predict.locator("input[type=text]")
    fields.nth(0).fill("28, 28, 32")
    fields.nth(0).press("Enter")
    pages.expect(predict).to_contain_text("was not subtracted")
    fields.nth(1).fill("3*3*1*32")
    fields.nth(1).press("Enter")
    pages.expect(predict).to_contain_text("biases were missed")
    rows = [fields.nth(number).bounding_box() or {} for number in (0, 2)]
    assert rows[0]["x"] == rows[1]["x"], "what is said stands under its row"
    pages.photograph(predict, "lab-predict", tmp_path)
    predict.get_by_role("button", name="Reveal").click()
    pages.expect(predict).to_contain_text("0 of 12 right")
    pages.expect(predict).to_contain_text("26, 26, 32")
    assert pages.complaints(page) == []
    assert (console.errors, console.elsewhere) == ([], [])


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_what_looks_into_nets_answers_in_notebook_7(solved: Any, tmp_path: Path) -> None:
    page = solved.page
    errors = pages.live(pages.find_cell(page, "play.show_errors("))
    pages.expect(errors).to_contain_text("most confident mistakes among")
    pages.click_cell(errors, "label read", row=3, column=5)
    pages.expect(errors).to_contain_text("pictures of 3 were read as 5")
    pages.photograph(errors, "notebook-errors", tmp_path)

    look = pages.live(pages.find_cell(page, "play.look_inside("))
    pages.slide(look, "picture", "ArrowRight")
    look.get_by_label("layer", exact=True).select_option(index=1)
    pages.expect(look).to_contain_text("5 × 5 pixels")
    look.get_by_label("show the occlusion map", exact=True).check()
    pages.expect(look).to_contain_text("Occlusion map")
    pages.photograph(look, "notebook-inside", tmp_path)

    compare = pages.live(pages.find_cell(page, "play.compare_nets("))
    pages.photograph(compare, "notebook-compare", tmp_path)

    shift = pages.live(pages.find_cell(page, "play.shift_test("))
    for _ in range(3):
        pages.slide(shift, "pixels", "ArrowRight")
    pages.expect(shift).to_contain_text("Moved 3 pixels to the right")
    pages.photograph(shift, "notebook-shift", tmp_path)

    draw = pages.live(pages.find_cell(page, "play.draw_digit("))
    pad = draw.locator("canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 140, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 135, box["y"] + 230, steps=12)
    page.mouse.up()
    verdict = draw.get_by_role("status").locator("td:nth-child(2)").first
    pages.expect(verdict).to_contain_text("%")
    pages.photograph(draw, "notebook-draw", tmp_path)
    pad.press("c")
    pages.expect(draw).to_contain_text("The pad is empty")
    for key in ("Space", *["ArrowDown"] * 8):
        pad.press(key)
    pages.expect(draw).to_contain_text("Pen down")
    pages.expect(verdict).to_contain_text("%")

    stands = pages.live(pages.find_cell(page, "play.where_am_i("))
    pages.expect(stands).to_contain_text("points so far")
    pages.photograph(stands, "notebook-where-am-i", tmp_path)
    assert solved.console.errors == []


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_saved_notebook_without_its_kernel_shows_still_pictures(
    page: Page, server: str, released: Path, tmp_path: Path
) -> None:
    """Is the picture hidden while the widgets live, and there without a word of error when they are gone?"""
    name = "saved.ipynb"
    shutil.copyfile(released / "student.ipynb", released / name)
    pages.open_notebook(page, server, name, "lab")
    pages.run(page, "set_up")
    cell = pages.run(page, 'play.predict_shapes("net_1")')
    pages.live(cell)
    pages.expect(cell.locator(".course-still")).to_be_hidden()
    pages.save(page)
    end_kernels(server, [name])

    pages.open_notebook(page, server, name, "lab")
    cell = pages.find_cell(page, 'play.predict_shapes("net_1")')
    pages.expect(cell.locator(".course-still")).to_be_visible()
    page.wait_for_timeout(2000)  # by then JupyterLab has looked for the widgets
    assert "widget" not in pages.said(cell)
    pages.photograph(cell, "lab-saved-predict", tmp_path)
    end_kernels(server, [name])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_training_is_watched_and_stopped_by_its_button(solved: Any, tmp_path: Path) -> None:
    page = solved.page
    pages.write(page, "train_net_1", "batch_size = 128\nepochs = 200")
    pages.run(page, "train_net_1")
    fit = pages.find_cell(page, "fit_net_1")
    fit.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    pages.expect(fit).to_contain_text("to go", timeout=120_000)  # once an epoch is over
    pages.photograph(fit, "notebook-training", tmp_path)
    fit.get_by_role("button", name="Stop").click()
    pages.expect(fit).to_contain_text("The net keeps what it has learned", timeout=30_000)
    shown = pages.run(page, "evaluate_net_1")
    assert "net_1 on the test pictures" in pages.said(shown)
    assert solved.console.errors == []


TRAINING = """
import time
import keras

keras.utils.set_random_seed(0)
x, y = np.random.rand(200, 20), np.eye(3)[np.random.randint(0, 3, 200)]
net = keras.Sequential([keras.Input((20,)), keras.layers.Dense(3, "softmax")])
net.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
slow = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: time.sleep(1))
history = net.fit(x, y, epochs=12, validation_split=0.1, verbose=0, callbacks=[tools.progress(), slow])
"""


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_tab_closed_while_a_net_trains_shows_its_end_when_it_is_back(
    page: Page, server: str, released: Path
) -> None:
    """Saved in the middle of a training, closed and opened again: is the chart that of all epochs?"""
    name = "closed.ipynb"
    notebook = nbformat.read(released / "student.ipynb", 4)
    set_up = next(cell for cell in notebook.cells if grade_id(cell) == "set_up")
    notebook.cells = [set_up, nbformat.v4.new_code_cell(TRAINING)]
    nbformat.write(notebook, released / name)
    pages.open_notebook(page, server, name, "lab")
    pages.run(page, "set_up")
    training = pages.find_cell(page, "net.fit")
    training.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    pages.expect(training).to_contain_text("epoch 2 of 12", timeout=60_000)
    pages.save(page)
    page.goto("about:blank")

    pages.open_notebook(page, server, name, "lab")  # which waits until the kernel rests
    pages.expect(pages.find_cell(page, "net.fit")).to_contain_text("Trained for 12 epochs")
    end_kernels(server, [name])
