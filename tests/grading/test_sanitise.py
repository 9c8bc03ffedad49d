"""What a cell shows, before a browser sees it: nothing that acts gets through, figures and tables stay."""

from __future__ import annotations

import base64
import time
from html import escape

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbformat import v4

from admin.course.layout import Course
from admin.pages import sanitise
from admin.text import printable, sentence_as_markdown

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
    cleaned = sanitise.html(HOSTILE_HTML[kind])
    assert not [word for word in FORBIDDEN if word in cleaned.lower()], cleaned


CONFIG = Course.at().config()
CONFIG.HTMLExporter.template_name = "classic"  # the one that feedback and formgrader extend
EXPORTER = HTMLExporter(config=CONFIG)


def page(*cells) -> str:
    """The body of a page that nbconvert makes of cells, as feedback and formgrader do."""
    body, _ = EXPORTER.from_notebook_node(v4.new_notebook(cells=list(cells)))
    return body[body.index("<body") :]


@pytest.mark.parametrize("kind", HOSTILE_HTML)
def test_hostile_markdown_is_shown_as_text(kind):
    """Does a student's markdown reach the page as text, whatever is in it?"""
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(f"My answer.\n\n{HOSTILE_HTML[kind]}\n")])
    sanitise.notebook_text(notebook, frozenset())
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
        "`" * 3 + "\n<b>fine</b>\n" + "`" * 3 + "\n<img src=x onerror=alert(1)>",
    ],
)
def test_links_and_pictures_of_markdown(text):
    """Is markdown's own way to links and pictures closed, too?"""
    assert sanitise.markdown(text).startswith(sanitise.AS_TEXT)
    rendered = page(v4.new_markdown_cell(sanitise.markdown(text)))
    for bad in ('href="java', 'src="http://evil', 'src="//evil', "<img", 'class="mermaid"'):
        assert bad not in rendered


def test_an_honest_discussion_stays_as_it_is():
    """Formulas, tables, code, links, emphasis, less-than signs: is not a letter changed?"""
    text = (
        "## Which net?\n\n* net_1: **99 %**, net_2 < 98 %\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "$\\frac{1}{n} \\sum_i x_i < 3$ and `a < b`, see [Keras](https://keras.io/).<br>\n\n"
        "```python\nif a < b: print('<script>')\n```\n\n> quoted, x<sup>2</sup>\n"
    )
    assert sanitise.markdown(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"It is $\href{javascript:alert(1)}{x}$, not $y$.",
         r"It is ` $\href{javascript:alert(1)}{x}$ `, not $y$."),
        ("$$\n\\style{position:fixed}{x}\n$$", "` $$ \\style{position:fixed}{x} $$ `"),
        (r"\\(\require{html}\\) and \begin{align}\unicode{x}\end{align}",
         r"` \\(\require{html}\\) ` and ` \begin{align}\unicode{x}\end{align} `"),
        (r"a ` $\url{x}$ ` b", r"a ` $\url{x}$ ` b"),
    ],
)  # fmt: skip
def test_a_formula_that_could_act_is_shown_as_code(text, shown):
    """Does an honest text stay markdown but for the one formula with a command that is not on the list?"""
    assert sanitise.markdown(text) == shown
    assert sanitise.markdown(shown) == shown
    assert r"\href{javascript:alert(1)}{x}$</code>" in page(v4.new_markdown_cell(text)) or "href" not in text


@pytest.mark.parametrize(
    "trick",
    [r"$\hre<wbr>f{x}{y}$", r"$\hre<!-- -->f{x}{y}$", r"$\hre<b></b>f{x}{y}$", r"&#36;\href{x}{y}&#36;"],
)
def test_no_tag_or_entity_hides_a_command(trick):
    """MathJax joins what <wbr> and comments part: is there no MathJax, and a mark that would stop it?"""
    for cell in (
        v4.new_code_cell("x", outputs=[v4.new_output("display_data", data=show(**{"text/html": trick}))]),
        v4.new_markdown_cell(sanitise.markdown(trick)),
    ):
        rendered = BeautifulSoup(page(cell), "html.parser")
        assert not rendered.find_all(["math", "script"])
    assert 'class="tex2jax_ignore mathjax_ignore"' in show(**{"text/html": trick})["text/html"]


def test_dollars_in_a_table_are_dollars():
    """Prices in a table of pandas became formulas: do they stay?"""
    table = "<table><tr><td>$5</td><td>and $6</td></tr></table>"
    cell = v4.new_code_cell("x", outputs=[v4.new_output("display_data", data=show(**{"text/html": table}))])
    assert "<td>$5</td><td>and $6</td>" in page(cell)


@pytest.mark.parametrize(
    "latex", [r"$\displaystyle x^2$", r"$$x^2$$", r"\[x^2\]", r"\begin{align}x^2\end{align}"]
)
def test_latex_is_drawn_without_a_script(latex):
    """What SymPy and IPython's Math show: is it a formula in the page?"""
    cell = v4.new_code_cell("x", outputs=[v4.new_output("display_data", data=show(**{"text/latex": latex}))])
    assert "<msup>" in page(cell)


def test_a_raw_cell_is_text():
    """A raw cell goes into a page as it stands: does it arrive as text?"""
    notebook = v4.new_notebook(cells=[v4.new_raw_cell("<script>alert(1)</script>")])
    sanitise.notebook_text(notebook, frozenset())
    assert "<script>alert" not in page(*notebook.cells)


def test_the_course_own_markdown_is_trusted(built):
    """Is the released text left as it is, HTML and all?"""
    path = built.release / "convolutional_networks.ipynb"
    from admin.pages.sanitise import texts_of

    notebook = nbformat.read(path, 4)
    before = [cell.source for cell in notebook.cells]
    sanitise.notebook_text(notebook, texts_of(path))
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
    sanitise.notebook_text(notebook, frozenset())
    assert set(notebook.metadata) == {"language_info"}
    assert "attachments" not in notebook.cells[0]
    assert '"' not in notebook.cells[0].id
    assert set(notebook.cells[0].metadata) == {"tags"}
    nbformat.validate(notebook)


def show(**data):
    return sanitise.outputs([{"output_type": "display_data", "data": data, "metadata": {}}], 1)[0].data


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
    cell = v4.new_code_cell("x", outputs=sanitise.outputs([output], 1))
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
    rendered = page(v4.new_markdown_cell(f"## Title\n\n{sentence_as_markdown(sentence)}"))
    cell = BeautifulSoup(rendered, "html.parser").find(class_="text_cell_render")
    assert [element.name for element in cell.find_all(True)] == ["h2", "a", "p"]
    assert cell.p.string == printable(" ".join(sentence.split()), 2000)
    assert cell.p["class"] == ["tex2jax_ignore", "mathjax_ignore"]  # what MathJax does not look into


def test_a_sentence_is_bounded():
    """Is a sentence of a million signs cut, whatever it is made of?"""
    for sign in ("x", "<", " ", "\n", "\x1b"):
        assert len(sentence_as_markdown(sign * 1_000_000)) < 20_000


# ------------------------------------------------------------------------------------------------ bounds

MUCH_MARKDOWN = {
    "openings of formulas": r"\\(" * 33_000,
    "openings of display formulas": r"\\[" * 33_000,
    "environments": r"\begin{a}" * 11_000,
    "a formula in a thousand": "$x$ " * 25_000,
    "brackets": "[" * 100_000,
    "quotations": "> " * 50_000,
}


@pytest.mark.parametrize("kind", MUCH_MARKDOWN)
def test_much_markdown_is_shown_as_text_at_once(kind):
    """100 kB of what mistune takes up to 40 s for: is it shown, and read by nobody?"""
    started = time.process_time()
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(MUCH_MARKDOWN[kind])])
    sanitise.notebook_text(notebook, frozenset())
    rendered = page(*notebook.cells)
    assert time.process_time() - started < 3
    assert notebook.cells[0].source.startswith(sanitise.TOO_MUCH)
    shown = escape(MUCH_MARKDOWN[kind][:1000]) in rendered  # pytest would take minutes to tell both apart
    assert shown


def test_many_long_texts_are_read_up_to_a_sum():
    """A hundred cells of the longest text that is read: does a notebook cost what ten do?"""
    cells = [v4.new_markdown_cell("=a\n" * 6_000) for _ in range(100)]
    notebook = v4.new_notebook(cells=cells)
    started = time.process_time()
    sanitise.notebook_text(notebook, frozenset())
    assert time.process_time() - started < 6
    read = [cell for cell in notebook.cells if not cell.source.startswith(sanitise.TOO_MUCH)]
    assert 3 < len(read) < 20


MUCH_HTML = {
    "nested": "<div>" * 80_000,
    "nested twenty kinds": "".join(f"<{name}>" for name in sorted(sanitise.TEXT_TAGS)) * 1000,
    "nested in tables": "<table><tr><td>" * 200,
    "many": "<i>x</i>" * 50_000,
    "entities": "&" * 1_000_000,
    "attributes": "<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">",
}


@pytest.mark.parametrize("kind", MUCH_HTML)
def test_much_html_is_shown_as_text_at_once(kind):
    """Half a megabyte of what an HTML parser takes up to 21 s for: is it counted first, and then text?"""
    started = time.process_time()
    kept = show(**{"text/html": MUCH_HTML[kind]})
    assert time.process_time() - started < 1
    assert set(kept) == {"text/plain"}
    assert kept["text/plain"].startswith(MUCH_HTML[kind][:3000])
    assert sanitise.html(MUCH_HTML[kind]).count("<") < 10
    assert show(**{"text/html": MUCH_HTML[kind], "text/plain": "x"}) == {"text/plain": "x"}


def test_many_outputs_share_a_cells_bounds():
    """A table in each of 500 outputs: is it the sum that is bounded?"""
    table = {"text/html": "<table>" + "<tr><td>1</td></tr>" * 1000 + "</table>", "text/plain": "a table"}
    given = [{"output_type": "display_data", "data": table, "metadata": {}}] * 500
    kept = [output.data for output in sanitise.outputs(given, 1)]
    assert "text/html" in kept[0]
    assert sum(data.get("text/html", "").count("<") for data in kept) < 2 * sanitise.MAX_TAGS
    assert kept[-1] == {"text/plain": "a table"}


def test_a_large_table_of_pandas_stays():
    """A thousand rows of ten columns, or a picture of a megabyte in HTML: are they below every bound?"""
    row = "<tr>" + "<td>0.123456</td>\n" * 8 + "</tr>"
    table = '<table border="1" class="dataframe">' + row * 1000 + "</table>"
    assert show(**{"text/html": table})["text/html"].count("<td>") == 8000
    picture = f'<img src="data:image/png;base64,{"A" * 1_000_000}">'
    assert "A" * 1_000_000 in show(**{"text/html": picture})["text/html"]


@pytest.mark.parametrize("where", ["stream", "error", "text"])
def test_colours_are_bounded(where):
    """A megabyte of changes of colour, 30 s of a page: are the colours gone and the words there?"""
    text = "\x1b[31mx\n" * 150_000
    data = {"text/plain": text}
    given = {
        "stream": {"output_type": "stream", "text": text},
        "error": {"output_type": "error", "traceback": [text]},
        "text": {"output_type": "display_data", "data": data},
    }[where]
    started = time.process_time()
    cell = v4.new_code_cell("x", outputs=sanitise.outputs([given] * 2, 1))
    rendered = page(cell)
    assert time.process_time() - started < 5
    assert "ansi-red" not in rendered
    assert "x\nx\nx\n" in rendered


def test_a_few_colours_stay_and_all_else_that_a_terminal_obeys_goes():
    """Colours of a traceback stay; do titles, cursors, bells and halves of sequences go, in every output?"""
    text = "\x1b[0;31mred\x1b[0m \x1b]0;title\x07\x1b[2J\x1b[1;1Hcleared\x1b"
    text += " \x9b31m\x07\b\x00 \x1b\x1b]x\x07[31m"
    shown = "\x1b[0;31mred\x1b[0m cleared 31m [31m"
    given = [
        {"output_type": "stream", "text": text},
        {"output_type": "error", "traceback": [text], "ename": text, "evalue": text},
        {"output_type": "display_data", "data": {"text/plain": text}},
    ]
    stream, error, display = sanitise.outputs(given, 1)
    assert stream.text == display.data["text/plain"] == error.traceback[0] == shown
    assert "\x1b" not in error.ename + error.evalue


def test_a_long_line_is_cut():
    """A line of a megabyte between two others: is it cut, and said how much is missing?"""
    text = sanitise.outputs([{"output_type": "stream", "text": "a\n" + "b" * 1_000_000 + "\nc"}], 1)[0].text
    assert text.startswith("a\nbbb")
    assert text.endswith("b… (990,000 more characters)\nc")


def test_what_a_notebook_shows_is_bounded_but_for_the_checks():
    """A megabyte in each of 40 cells: is the sum bounded, and the words and points of a check untouched?"""
    cells = [
        v4.new_code_cell("x", outputs=[v4.new_output("stream", text="x\n" * 500_000)]) for _ in range(40)
    ]
    cells[-1].metadata["nbgrader"] = {"grade": True, "grade_id": "check_one_hot"}
    sanitise.notebook_text(v4.new_notebook(cells=cells), frozenset())
    assert sum(len(cell.outputs[0].text) for cell in cells) < sanitise.MAX_SHOWN + 2_000_000
    assert cells[-2].outputs[0].text.startswith("(left out")
    assert len(cells[-1].outputs[0].text) == 1_000_000


# ------------------------------------------------------------------------------------------------- styles


@pytest.mark.parametrize(
    "style",
    [
        "margin: -9999px", "padding: -1px", "text-indent: -100em", "font-size: 900px", "font-size: 50em",
        "line-height: 1e9", "padding: 99999px", "width: 1e5px", "width: calc(100% * 900)",
        "padding: 30000",
        "border: 9000px solid red", "min-width: 99999vw", "width: 10furlong",
        "font-size: clamp(1px, 900px, 9em)",        "padding: -.5em", "font-size: 90rem",
    ],
)  # fmt: skip
def test_a_style_with_a_giant_or_negative_length_loses_it(style):
    """Can a length make text lie over its neighbours?"""
    kept = sanitise.html(f'<p style="color: red; {style}">x</p>')
    assert '<p style="color:red">' in kept.replace(": ", ":").replace(";", "")


@pytest.mark.parametrize(
    "style",
    [
        "font-size:1.2em", "padding:8px 4px", "line-height:1.5", "line-height:normal", "width:100%",
        "color:rgb(200, 10, 10)", "background-color:#00ff99", "background-color:hsl(120, 50%, 50%)",
        "font-family:Menlo,'DejaVu Sans Mono',consolas,'Courier New',monospace", "font-weight:700",
        "border:1px solid #ccc", "white-space:pre", "border-left:10em solid transparent", "width:10%",
    ],
)  # fmt: skip
def test_the_styles_of_pandas_rich_and_keras_stay(style):
    """Is an honest table as colourful as before?"""
    kept = sanitise.html(f'<p style="{style}">x</p>')
    assert style.replace(" ", "") in kept.replace(" ", "").replace("&quot;", "'")


def test_an_output_cannot_paint_beyond_its_place():
    """Does cleaned HTML stand in an element that clips it, which its own tags cannot close?"""
    kept = sanitise.html("</div></div></td></main>x<div>")
    assert kept.startswith('<div class="tex2jax_ignore mathjax_ignore" style="contain: paint">')
    assert len(BeautifulSoup(kept, "html.parser").find_all(recursive=False)) == 1
    assert kept.count("<div") == kept.count("</div>")
