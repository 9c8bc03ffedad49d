"""What a cell shows, before a browser sees it: nothing that acts gets through, figures and tables stay."""

from __future__ import annotations

import base64

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbformat import v4

from admin import harmless

PIXELS = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()

HOSTILE_HTML = {
    "script": "<script>alert(1)</script>",
    "script in svg": "<svg><script>alert(1)</script></svg>",
    "event handler": "<img src=x onerror=alert(1)>",
    "handler without quotes": "<p/onmouseover=alert(1)>look",
    "javascript link": "<a href='javascript:alert(1)'>x</a>",
    "javascript link with entities": "<a href='&#106;ava&#x09;script:alert(1)'>x</a>",
    "data link": "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "frame": "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "object": "<object data='//evil.example/x'></object>",
    "form": "<form action='//evil.example'><input name=q><button>go</button></form>",
    "base": "<base href='//evil.example/'>",
    "refresh": "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "remote picture": "<img src='http://evil.example/seen.png'>",
    "remote picture without scheme": "<img src='//evil.example/seen.png'>",
    "picture of the server": "<img src='/hub/logout'>",
    "set of pictures": "<img srcset='http://evil.example/x 1x'>",
    "style sheet": "<link rel=stylesheet href='//evil.example/x.css'>",
    "style element": "<style>@import '//evil.example/x.css';</style>",
    "style with a file": "<p style='background-color: url(//evil.example/x)'>x</p>",
    "style with an escape": r"<p style='background-color: u\72l(//evil.example/x)'>x</p>",
    "laid over the page": "<div style='position: fixed; top: 0; z-index: 9999'>Your score: 100</div>",
    "video": "<video src='//evil.example/x' autoplay onplay=alert(1)></video>",
    "mathml": "<math><mtext><script>alert(1)</script></mtext></math>",
    "mutation": "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "formula with a link": r"$\href{http://example.org/}{x}$",
    "comment": "<!--><script>alert(1)</script>-->",
    "template": "<template><script>alert(1)</script></template>",
}
FORBIDDEN = (
    "<script", "onerror", "onmouseover", "onplay", "javascript:", "<iframe", "<object", "<form", "<base",
    "<meta", "evil.example", "<link", "<style", "position", "srcset", "<svg", "<math", r"\href", "/hub",
    "<template",
)  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE_HTML)
def test_hostile_html_loses_what_acts(kind):
    """Is nothing left that runs, loads, or lies over the page?"""
    cleaned = harmless.html(HOSTILE_HTML[kind])
    assert not [word for word in FORBIDDEN if word in cleaned.lower()], cleaned


EXPORTER = HTMLExporter(template_name="classic")  # the one that feedback and formgrader extend


def page(*cells) -> str:
    """The body of a page that nbconvert makes of cells, as feedback and formgrader do."""
    body, _ = EXPORTER.from_notebook_node(v4.new_notebook(cells=list(cells)))
    return body[body.index("<body") :]


@pytest.mark.parametrize("kind", HOSTILE_HTML)
def test_hostile_markdown_is_shown_as_text(kind):
    """Does a student's markdown reach the page as text, whatever is in it?"""
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(f"My answer.\n\n{HOSTILE_HTML[kind]}\n")])
    harmless.notebook_text(notebook, frozenset())
    rendered = page(*notebook.cells)
    assert "My answer." in rendered
    assert "<script>alert" not in rendered
    assert "<code>My answer." in rendered or not [
        w for w in FORBIDDEN if w in rendered.split("My answer.")[1]
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x]( java&#115;cript:alert(1))",
        "[x][1]\n\n[1]: javascript:alert(1)",
        "<javascript:alert(1)>",
        "![seen](http://evil.example/x.png)",
        "![seen](//evil.example/x.png)",
        "![x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](attachment:none.png)",
        "```mermaid\ngraph TD; A-->B\n```",
        r"$$\style{position:fixed}{x}$$",
        "`" * 3 + "\n<b>fine</b>\n" + "`" * 3 + "\n<img src=x onerror=alert(1)>",
    ],
)
def test_links_and_pictures_of_markdown(text):
    """Is markdown's own way to links and pictures closed, too?"""
    assert harmless.markdown(text).startswith(harmless.AS_TEXT)
    rendered = page(v4.new_markdown_cell(harmless.markdown(text)))
    for bad in ('href="java', 'src="http://evil', 'src="//evil', "<img", 'class="mermaid"'):
        assert bad not in rendered


def test_an_honest_discussion_stays_as_it_is():
    """Formulas, tables, code, links, emphasis, less-than signs: is not a letter changed?"""
    text = (
        "## Which net?\n\n* net_1: **99 %**, net_2 < 98 %\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "$\\frac{1}{n} \\sum_i x_i < 3$ and `a < b`, see [Keras](https://keras.io/).<br>\n\n"
        "```python\nif a < b: print('<script>')\n```\n\n> quoted, x<sup>2</sup>\n"
    )
    assert harmless.markdown(text) == text


def test_a_raw_cell_is_text():
    """A raw cell goes into a page as it stands: does it arrive as text?"""
    notebook = v4.new_notebook(cells=[v4.new_raw_cell("<script>alert(1)</script>")])
    harmless.notebook_text(notebook, frozenset())
    assert "<script>alert" not in page(*notebook.cells)


def test_the_course_own_markdown_is_trusted(built):
    """Is the released text left as it is, HTML and all?"""
    path = built.release / "convolutional_networks.ipynb"
    from admin.execute import released_texts

    notebook = nbformat.read(path, 4)
    before = [cell.source for cell in notebook.cells]
    harmless.notebook_text(notebook, released_texts(path))
    assert [cell.source for cell in notebook.cells] == before


def test_metadata_does_not_reach_the_page():
    """Titles, widgets, attachments, ids, file names of outputs: are they gone?"""
    cell = v4.new_markdown_cell(
        "![x](attachment:a.png)", attachments={"a.png": {'image/png" onload="x': "AA"}}
    )
    cell.metadata["tags"] = ["x"]
    cell.metadata["alt"] = "x"
    notebook = v4.new_notebook(cells=[cell], metadata={"title": "x", "widgets": {"a": 1}})
    notebook.cells[0]["id"] = 'x" onload="alert(1)'
    harmless.notebook_text(notebook, frozenset())
    assert set(notebook.metadata) == {"language_info"}
    assert "attachments" not in notebook.cells[0]
    assert '"' not in notebook.cells[0].id
    assert set(notebook.cells[0].metadata) == {"tags"}
    nbformat.validate(notebook)


def show(**data):
    return harmless.outputs([{"output_type": "display_data", "data": data, "metadata": {}}], 1)[0].data


def test_figures_tables_and_summaries_stay():
    """Matplotlib's picture, pandas' table, Keras' coloured summary: do they look as before?"""
    assert show(**{"image/png": PIXELS, "text/plain": "<Figure>"})["image/png"] == PIXELS
    table = (
        '<div><style scoped>.dataframe {color: red}</style><table border="1" class="dataframe"><thead>'
        '<tr style="text-align: right;"><th></th><th>a</th></tr></thead></table></div>'
    )
    kept = show(**{"text/html": table})["text/html"]
    assert '<table border="1" class="dataframe">' in kept
    assert "scoped" not in kept
    summary = (
        '<pre style="white-space:pre;line-height:normal"><span style="font-weight: bold">Model</span></pre>'
    )
    kept = show(**{"text/html": summary})["text/html"]
    assert "white-space:pre" in kept.replace(" ", "")
    assert "font-weight:bold" in kept.replace(" ", "")


def test_a_drawing_becomes_a_picture():
    """Is an SVG shown in an img, where it can't run or load anything?"""
    kept = show(**{"image/svg+xml": "<svg onload='alert(1)'></svg>"})
    assert set(kept) == {"text/html"}
    assert kept["text/html"].startswith('<img alt="" src="data:image/svg+xml;base64,')
    assert "onload" not in kept["text/html"]


@pytest.mark.parametrize(
    "output",
    [
        None, 1, [], {}, {"output_type": "x"}, {"output_type": "stream"},
        {"output_type": "stream", "text": 3},
        {"output_type": "error", "traceback": [1, None]}, {"output_type": "error", "traceback": "x"},
        {"output_type": "display_data"}, {"output_type": "display_data", "data": [1]},
        {"output_type": "display_data", "data": {"image/png": '"><script>', "text/html": 3}},
        {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
        {"output_type": "display_data", "data": {"image/png": "AAAA"},
         "metadata": {"filenames": {"image/png": "//evil"},
                      "image/png": {"width": "1 onload=x", "height": True}}},
        {"output_type": "execute_result", "data": {"text/plain": "90"}, "execution_count": "x"},
    ],
)  # fmt: skip
def test_malformed_outputs_make_valid_notebooks(output):
    """Whatever a session says it shows: is the notebook valid, and nothing hostile in it?"""
    cell = v4.new_code_cell("x", outputs=harmless.outputs([output], 1))
    nbformat.validate(v4.new_notebook(cells=[cell]))
    rendered = page(cell)
    assert "<script>alert" not in rendered
    assert "evil" not in rendered
    assert "onload=x" not in rendered


SENTENCES = [
    "convnet has two notebooks: 1<img src=x onerror=alert(1)>.ipynb and 2<script>alert(1)</script>.ipynb",
    "a <b>bold</b> **claim** of _90/90_, `code`, [a link](javascript:alert(1)) and ![x](http://evil.example/x)",
    "# a heading\n\n* a list\n\n    a block of code\n\n| a | table |\n|---|---|\n",
    "see http://evil.example/ and <http://evil.example/> and www.evil.example and a@evil.example",
    r"$\href{javascript:alert(1)}{x}$ $$\style{position:fixed}{x}$$",
    r"\(x\) \[x\] \\(x\\) \begin{align}x\end{align}",
    "</p></div></main>&lt;img src=x onerror=alert(1)&gt; &amp; &#60;script>",
    '<!-- <script> --> " onmouseover=alert(1) x="',
    "```mermaid\ngraph TD\n```",
    "~~gone~~ ~~~ \x1b[31mred\x1b[0m \u202e gpj.exe \x00",
    "häßlich, 日本語, 100 % – it's «so»",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_shows_its_own_characters_and_nothing_else(sentence):
    """In nbconvert's real page: is every sentence one paragraph of plain text, letter by letter?"""
    rendered = page(v4.new_markdown_cell(f"## Title\n\n{harmless.sentence_as_markdown(sentence)}"))
    cell = BeautifulSoup(rendered, "html.parser").find(class_="text_cell_render")
    assert [element.name for element in cell.find_all(True)] == ["h2", "a", "p"]
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in " ".join(sentence.split()))
    assert cell.p.string == shown
    assert cell.p["class"] == ["tex2jax_ignore", "mathjax_ignore"]  # what MathJax does not look into


def test_a_sentence_is_bounded():
    """Is a sentence of a million signs cut, whatever it is made of?"""
    for sign in ("x", "<", " ", "\n", "\x1b"):
        assert len(harmless.sentence_as_markdown(sign * 1_000_000)) < 20_000
