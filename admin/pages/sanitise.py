"""What a student's notebook shows, made harmless before an instructor's or a student's browser sees it.

Feedback pages and formgrader put a cell's HTML and markdown into their page as they stand, with the rights of
whoever looks at it. So nothing gets into a graded notebook that could run, load something from elsewhere, or
lie over the page; and what gets there is bounded in size, number and depth, before anything reads it that
would take long. Figures, tables and what Keras and pandas print keep their look.
"""

from __future__ import annotations

import base64
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import nbformat
import nh3
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode, v4

from admin.pages import formulas
from admin.pages.allowed import (
    ATTRIBUTES,
    DROPPED_WITH_CONTENT,
    GREATEST,
    GREATEST_FONT,
    NEST_NOT,
    NUMBER,
    NUMBERS,
    STYLE_VALUE,
    STYLES,
    TEXT_TAGS,
)
from admin.text import NO_FORMULAS

# Bounds, each far above what an honest notebook has. What exceeds one is shown as text, or cut, and says so.
MAX_OUTPUTS = 500  # of a cell; more are a loop
MAX_MARKDOWN = 20_000  # characters that are read as markdown in a cell; a long essay has half of that
MAX_NOTEBOOK = 100_000  # and in a notebook
MAX_DELIMITERS = 500  # of formulas in a text: each makes mistune search the rest for its partner
MAX_FORMULAS = 5_000  # characters of all formulas of a text
SECONDS_READ = 1.0  # of processor time for one text; 20,000 characters of the worst kind known take 0.25
MAX_HTML = 300_000  # characters of the HTML of a cell, pictures apart
MAX_TAGS = 20_000  # of a cell
MAX_ENTITIES = 20_000  # of a cell
MAX_TAGS_DEPTH = 100
MAX_STYLE = 2_000
MAX_COLOURS = 5_000  # changes of colour in what a cell prints
MAX_LINE = 10_000
MAX_LINES = 1_000  # of a traceback; nbgrader's LimitOutput keeps fewer of them, and of all that is printed
MAX_AS_TEXT = 100_000
# Of all that the cells of a notebook show together:
MAX_SHOWN = 16 << 20  # characters, those of pictures among them
MAX_SHOWN_TAGS = 60_000

PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*\Z")
ENCODED = re.compile(r"base64,[A-Za-z0-9+/=\s]*")
BASE_64 = re.compile(r"[A-Za-z0-9+/=\s]*\Z")
LINK = re.compile(r"(?:https?:|mailto:|#)", re.IGNORECASE)
DELIMITER = re.compile(r"\$|\\\\[(\[]|\\begin\{")
# Whatever a terminal obeys: changes of colour are the first group.
SEQUENCE = re.compile(
    r"\x1b(\[[0-9;]{0,40}m)?(?:\[[0-?]{0,40}[ -/]{0,9}[@-~]|\][^\x07\x1b\n]{0,999}(?:\x07|\x1b\\)?)?"
)
CONTROLS = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t\r\x1b"}
# Tags that may stand in markdown: without attributes there is nothing they could do.
BARE_TAG = re.compile(
    r"</?(?:b|i|em|strong|u|s|sub|sup|br|hr|code|kbd|mark|small|p|ul|ol|li|blockquote|details|summary)\s*/?>",
    re.IGNORECASE,
)
RASTER = ("image/png", "image/jpeg", "image/gif")
AS_TEXT = "*Shown as text, since it holds HTML, or a link or picture from elsewhere.*"
TOO_MUCH = "*Shown as text, since it is too long, or too involved, to be read as markdown.*"
LEFT_OUT = "(left out: this notebook shows more than a page can hold)"


def html(text: str) -> str:
    """HTML without anything that acts; its text, tables and pictures stay. Too much of it is shown as text.

    It stands in an element of its own, which it cannot paint beyond, and in which no dollar starts a formula:
    tables are full of them.
    """
    if too_much_html(text):
        cleaned = f"<pre>{escape(cut(text, MAX_LINE))}</pre>"
    else:
        cleaned = nh3.clean(
            text,
            tags=TEXT_TAGS,
            clean_content_tags=DROPPED_WITH_CONTENT,
            attributes=ATTRIBUTES,
            attribute_filter=_attribute,
            url_schemes={"http", "https", "mailto", "data"},
            filter_style_properties=STYLES,
        )
    return f'<div class="{NO_FORMULAS}" style="contain: paint">{cleaned}</div>'


def too_much_html(text: str) -> bool:
    """True for HTML that a parser takes long for, or makes too large a tree of.

    Found by counting: nesting costs a parser of HTML the square of its depth.
    """
    if text.count("<") > MAX_TAGS or text.count("&") > MAX_ENTITIES:
        return True
    if len(text) > MAX_HTML and len(ENCODED.sub("", text)) > MAX_HTML:
        return True
    opened: Counter[str] = Counter()
    depth = 0
    for closing, name in re.findall(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})", text):
        name = name.lower()
        if name in NEST_NOT:
            continue
        if not closing:
            opened[name] += 1
            depth += 1
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
        if depth > MAX_TAGS_DEPTH:
            return True
    return False


def _attribute(tag: str, name: str, value: str) -> str | None:
    """An attribute's value if it may stay, else None."""
    if name == "href":
        return value if LINK.match(value) else None
    if name == "src":
        return value if PICTURE.match(value) else None
    if name == "style":
        return _style(value)
    if name == "class":
        return "dataframe" if "dataframe" in value.split() else None
    if name in NUMBERS:
        return value if re.fullmatch(r"\d{1,4}(?:%|px)?", value) else None
    return value


def _style(value: str) -> str:
    """Of a style, the declarations whose values are harmless; nh3 looks at their names."""
    kept = []
    for declaration in value[:MAX_STYLE].split(";"):
        name, _, given = declaration.partition(":")
        greatest = GREATEST_FONT if "font" in name.lower() and "weight" not in name.lower() else GREATEST
        if STYLE_VALUE.fullmatch(given) and all(
            sign != "-" and not power and float(number) <= greatest.get(unit.lower(), 0)
            for sign, number, power, unit in NUMBER.findall(
                re.sub(r"\([^)]*\)|'[^']*'|\"[^\"]*\"", "", given)
            )
        ):
            kept.append(declaration)
    return ";".join(kept)


def picture_of_svg(svg: str) -> str:
    """HTML for a drawing. In an img element it cannot run or load anything, whatever it holds."""
    encoded = base64.b64encode(svg.encode("utf-8", "replace")).decode("ascii")
    return f'<img alt="" src="data:image/svg+xml;base64,{encoded}">'


class _Watching(IPythonRenderer):
    """nbconvert's own renderer of markdown, which notes whatever is more than text."""

    def __init__(self, attachments: dict[str, Any]) -> None:
        super().__init__(escape=False, attachments=attachments)
        self.harmful = False
        self.refused: list[str] = []
        self.length_of_formulas = 0

    def block_html(self, html: str) -> str:
        self.harmful |= "<" in BARE_TAG.sub("", html)
        return super().block_html(html)

    def inline_html(self, html: str) -> str:
        self.harmful |= "<" in BARE_TAG.sub("", html)
        return super().inline_html(html)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        self.harmful |= not LINK.match(url)
        return super().link(text, url, title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        self.harmful |= not (url.startswith("attachment:") or PICTURE.match(url))
        return super().image(text, url, title)

    def block_mermaidjs(self, code: str) -> str:
        self.harmful = True
        return super().block_mermaidjs(code)

    def block_math(self, body: str) -> str:
        self._note(body, f"$${body}$$", rf"\\[{body}\\]")
        return super().block_math(body)

    def inline_math(self, body: str) -> str:
        self._note(body, f"${body}$", rf"\\({body}\\)")
        return super().inline_math(body)

    def latex_environment(self, name: str, body: str) -> str:
        whole = rf"\begin{{{name}}}{body}\end{{{name}}}"
        self._note(whole, whole)
        return super().latex_environment(name, body)

    def _note(self, tex: str, *sources: str) -> None:
        self.length_of_formulas += len(tex)
        if not formulas.harmless(tex):
            self.refused += sources


def markdown(text: str, attachments: dict[str, Any] | None = None) -> str:
    """Markdown as it stands when it is only text, formulas, links and pictures of its own.

    A formula with commands that may do more than draw becomes code; other things that act, or a text that is
    too long, make the whole text code. It is read by the very parser that feedback and formgrader use, so
    both agree on what is HTML and what a formula.
    """
    if len(text) > MAX_MARKDOWN or len(DELIMITER.findall(text)) > MAX_DELIMITERS:
        return f"{TOO_MUCH}\n\n{quoted(text)}"
    started = time.thread_time()
    read = _read(text, attachments)
    if read and read.refused and not read.harmful:
        for formula in read.refused:
            text = text.replace(formula, quoted_in_line(formula))
        read = _read(text, attachments)
    if (read and read.length_of_formulas > MAX_FORMULAS) or time.thread_time() - started > SECONDS_READ:
        return f"{TOO_MUCH}\n\n{quoted(text)}"
    return text if read and not read.harmful and not read.refused else f"{AS_TEXT}\n\n{quoted(text)}"


def _read(text: str, attachments: dict[str, Any] | None) -> _Watching | None:
    """What there is in a markdown text; None when it cannot be read."""
    renderer = _Watching(attachments or {})
    try:
        MarkdownWithMath(renderer=renderer).render(text)
    except Exception:  # a picture that is not attached, nesting without end: nbconvert would stop there, too
        return None
    return renderer


def quoted(text: str) -> str:
    """Text as a block of code, in a fence that it cannot close."""
    text = cut(text, MAX_AS_TEXT)
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}\n{text}\n{fence}"


def quoted_in_line(text: str) -> str:
    """Text as code within a line."""
    fence = "`" * (_longest_run(text) + 1)
    return f"{fence} {' '.join(text.split())} {fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def cut(text: str, limit: int) -> str:
    """The start of a text that is too long, and how much of it there is."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def cut_lines(lines: list[str]) -> list[str]:
    """The first lines of a traceback, each of which is a piece of its own for a page."""
    more = len(lines) - MAX_LINES
    return lines if more <= 0 else [*lines[:MAX_LINES], f"… ({more:,} more lines)"]


def attachments(given: Any) -> dict[str, dict[str, str]]:
    """Of a cell's attachments, the pictures made of pixels."""
    kept: dict[str, dict[str, str]] = {}
    for name, bundle in given.items() if isinstance(given, dict) else ():
        pictures = {kind: _base_64(bundle.get(kind)) for kind in RASTER} if isinstance(bundle, dict) else {}
        found = {kind: picture for kind, picture in pictures.items() if picture}
        if found and re.fullmatch(r"[\w .()-]{1,200}", name):
            kept[name] = found
    return kept


def notebook_text(nb: NotebookNode, trusted: frozenset[str]) -> None:
    """Make all of a notebook but its code and outputs harmless, in place, and bound what it shows.

    Texts in `trusted` are the course's own and stay. Outputs come from `outputs`.
    """
    readable = MAX_NOTEBOOK
    for cell in nb.cells:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(cell.get("id", ""))):
            cell["id"] = v4.new_raw_cell().id
        if cell.cell_type == "code":
            continue
        kept = attachments(cell.pop("attachments", None))
        if cell.cell_type == "markdown" and cell.source not in trusted:
            if len(cell.source) <= readable:
                readable -= len(cell.source)
                cell.source = markdown(cell.source, kept)
            else:
                cell.source = f"{TOO_MUCH}\n\n{quoted(cell.source)}"
        elif cell.cell_type != "markdown":
            cell.cell_type, cell.source, kept = "markdown", quoted(cell.source), {}
        if kept:
            cell["attachments"] = NotebookNode(kept)
    bound(nb)
    plain_metadata(nb)


def bound(nb: NotebookNode) -> None:
    """Leave out what a notebook shows beyond what a page can hold; check cells, which are ours, stay."""
    readable, left = MAX_NOTEBOOK, _Left(MAX_SHOWN, MAX_SHOWN_TAGS)
    for cell in nb.cells:
        if cell.cell_type != "code":
            if not left.take([cell.source, cell.get("attachments")]):
                cell.source = LEFT_OUT
                cell.pop("attachments", None)
        elif not cell.metadata.get("nbgrader", {}).get("grade"):
            for output in cell.outputs:
                readable -= len(output.get("data", {}).get("text/markdown", ""))
                if readable < 0 and output.get("data", {}).pop("text/markdown", None):
                    output.data.setdefault("text/plain", LEFT_OUT)
            cell["outputs"] = [output if left.take(output) else _left_out() for output in cell.outputs]


def plain_metadata(nb: NotebookNode) -> None:
    """Leave nbgrader's marks and tags; other settings reach the page, too: as classes, titles, widgets."""
    for cell in nb.cells:
        cell.metadata = NotebookNode(
            {key: cell.metadata[key] for key in ("nbgrader", "tags") if key in cell.metadata}
        )
    nb.metadata = NotebookNode(
        {key: nb.metadata[key] for key in ("kernelspec", "language_info") if key in nb.metadata}
    )
    nb.metadata["language_info"] = NotebookNode(name="python", pygments_lexer="ipython3")


def texts_of(path: Path) -> frozenset[str]:
    """A released notebook's own markdown, which is ours and may hold HTML; none where there is no file."""
    if not path.is_file():
        return frozenset()
    notebook = nbformat.read(path, as_version=nbformat.current_nbformat)
    return frozenset(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def outputs_of(order: dict[str, Any]) -> list[NotebookNode]:
    """`outputs`, with both arguments in a dictionary: for a process with bounds."""
    return outputs(order["outputs"], order["count"])


@dataclass
class _Left:
    """What a cell or a notebook may still show."""

    characters: int
    tags: int

    def take(self, shown: Any) -> bool:
        """Count what is shown; False when it is more than is left, and then it is not counted."""
        texts = list(_texts(shown))
        characters, tags = sum(map(len, texts)), sum(text.count("<") + text.count("\x1b") for text in texts)
        if characters > self.characters or tags > self.tags:
            return False
        self.characters -= characters
        self.tags -= tags
        return True


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _left_out() -> NotebookNode:
    return v4.new_output("stream", name="stdout", text=LEFT_OUT + "\n")


def outputs(given: Any, count: int) -> list[NotebookNode]:
    """A code cell's outputs as they may stand in a notebook, of what a session says they are."""
    kept = []
    colours = MAX_COLOURS
    html_left, markdown_left = _Left(MAX_HTML, MAX_TAGS), _Left(MAX_MARKDOWN, MAX_TAGS)
    for output in (given if isinstance(given, list) else [])[:MAX_OUTPUTS]:
        if not isinstance(output, dict):
            continue
        kind = output.get("output_type")
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            kept.append(v4.new_output("stream", name=name, text=printed(output.get("text"), colours)))
        elif kind == "error":
            lines = output.get("traceback")
            whole = (
                "\n".join(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ""
            )
            said = {key: printed(output.get(key), 0) for key in ("ename", "evalue")}
            lines = cut_lines(printed(whole, colours).split("\n")) if whole else []
            kept.append(v4.new_output("error", **said, traceback=lines))
        elif kind in ("display_data", "execute_result"):
            data = _bundle(output.get("data"), colours, html_left, markdown_left)
            extra = {"execution_count": count} if kind == "execute_result" else {}
            if data:
                sizes = _sizes(output.get("metadata"), data)
                kept.append(v4.new_output(kind, data=data, metadata=sizes, **extra))
        if kept:
            colours -= sum(text.count("\x1b") for text in _texts(kept[-1]))
    return kept


def printed(text: Any, colours: int) -> str:
    """What a cell prints, with its colours if they change so often at most, and nothing else to obey.

    nbconvert's filter for colours copies the rest of the text at every change of one.
    """
    if not isinstance(text, str):
        return ""
    if len(text) > MAX_LINE:
        text = "\n".join(cut(line, MAX_LINE) for line in text.split("\n"))
    if "\x1b" in text:
        coloured = text.count("\x1b") <= colours
        text = SEQUENCE.sub(lambda found: f"\x1b{found[1]}" if coloured and found[1] else "", text)
    return text.translate(CONTROLS)


def _bundle(data: Any, colours: int, html_left: _Left, markdown_left: _Left) -> dict[str, Any]:
    """Of the forms in which something is shown, those that are harmless or were made so."""
    if not isinstance(data, dict):
        return {}
    given = {kind: value for kind, value in data.items() if isinstance(value, str)}
    kept: dict[str, Any] = {}
    for kind in RASTER:
        if picture := _base_64(given.get(kind)):
            kept[kind] = picture
    if "text/html" in given:
        if not too_much_html(given["text/html"]) and html_left.take(ENCODED.sub("", given["text/html"])):
            kept["text/html"] = html(given["text/html"])
        else:
            kept["text/plain"] = cut(given["text/html"], MAX_LINE)
    if source := given.get("text/markdown") or _formula(given.get("text/latex", "")):
        if markdown_left.take(source):
            kept["text/markdown"] = markdown(source)
        else:
            kept["text/plain"] = cut(source, MAX_LINE)
    if plain := given.get("text/plain") or kept.get("text/plain"):
        kept["text/plain"] = printed(plain, colours)
    if "image/svg+xml" in given:
        kept["text/html"] = picture_of_svg(given["image/svg+xml"])
    if data and not kept:
        kept["text/plain"] = "(something that is not shown in a graded notebook)"
    return kept


def _formula(latex: str) -> str:
    """What IPython calls LaTeX, as markdown: there, a formula without text around it has delimiters, too."""
    alone = re.fullmatch(r"\s*(\$\$?|\\\[|\\\()([^$]*?)(\$\$?|\\\]|\\\))\s*", latex)
    return f"$${alone[2]}$$" if alone else latex


def _base_64(value: Any) -> str:
    return value if isinstance(value, str) and BASE_64.match(value) else ""


def _sizes(metadata: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Width and height of pictures. The rest of an output's metadata may name files to load."""
    sizes: dict[str, Any] = {}
    for kind in RASTER:
        given = metadata.get(kind) if isinstance(metadata, dict) else None
        if kind in data and isinstance(given, dict):
            sides = {side: given.get(side) for side in ("width", "height")}
            sizes[kind] = {key: n for key, n in sides.items() if type(n) is int and 0 < n < 10_000}
    return {kind: found for kind, found in sizes.items() if found}
