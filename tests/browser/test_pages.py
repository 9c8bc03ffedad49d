"""Pages of feedback and formgrader in a real browser: nothing that a student made acts in them."""

from __future__ import annotations

import pytest
from nbconvert import HTMLExporter
from nbformat import v4

from admin import harmless

NAME = "1<img src=x onerror=\"document.title='it ran'\">.ipynb"
SENTENCE = f"convnet has two notebooks, and none has the released name: {NAME}, 2.ipynb"


@pytest.mark.parametrize(("markdown", "title"), [(SENTENCE, "it ran"), ("", "Notebook")])
def test_a_file_name_runs_no_script(page, tmp_path, markdown, title):
    """Is a name with a handler text in the page? (As plain markdown it ran: that is what is tested first.)"""
    cell = v4.new_markdown_cell(markdown or harmless.sentence_as_markdown(SENTENCE))
    body, _ = HTMLExporter(template_name="classic").from_notebook_node(v4.new_notebook(cells=[cell]))
    (tmp_path / "page.html").write_text(body)
    page.goto((tmp_path / "page.html").as_uri())
    page.wait_for_function("document.readyState === 'complete'")
    page.wait_for_timeout(200)
    assert page.title() == title
    assert (SENTENCE in page.inner_text("body")) == (title == "Notebook")
