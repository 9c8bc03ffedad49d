"""What a student's notebook shows, made harmless before an instructor's or a student's browser sees it.

Feedback pages and formgrader put a cell's HTML and markdown into their page as they stand, with the rights of
whoever looks at it. So nothing gets into a graded notebook that could run, load something from elsewhere, or
lie over the page. Figures, tables and what Keras and pandas print keep their look.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import nh3
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode, v4

# More outputs than this in a cell are a loop; the sandbox bounds their bytes.
MOST_OUTPUTS = 500


def _words(text: str) -> set[str]:
    return set(text.split())


TEXT_TAGS = _words(
    "a abbr b bdi bdo blockquote br caption center cite code col colgroup dd del details dfn div dl dt em "
    "figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub "
    "summary sup table tbody td tfoot th thead time tr tt u ul var wbr"
)
DROPPED_WITH_CONTENT = _words(
    "script style title textarea template noscript iframe object svg math xmp select head"
)
ATTRIBUTES = {
    "*": {"style", "title", "dir", "lang"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "table": {"border", "class"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start"},
    "details": {"open"},
}
# None of them can load a file, or move what it styles over the rest of the page.
STYLES = _words(
    "background-color border border-bottom border-collapse border-color border-left border-right "
    "border-spacing border-style border-top border-width color font-family font-size font-style font-variant "
    "font-weight line-height max-width min-width overflow-x padding padding-bottom padding-left "
    "padding-right padding-top text-align text-decoration text-indent vertical-align white-space width "
    "word-break word-wrap"
)
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*\Z")
BASE_64 = re.compile(r"[A-Za-z0-9+/=\s]*\Z")
LINK = re.compile(r"(?:https?:|mailto:|#)", re.IGNORECASE)
# Formulas are drawn by MathJax, in which these make links with any address, or style and load things.
TEX_COMMANDS = re.compile(r"\\(?:href|url|class|cssId|style|require|data|unicode|includegraphics)(?!\w)")
# Tags that may stand in markdown: without attributes there is nothing they could do.
BARE_TAG = re.compile(
    r"</?(?:b|i|em|strong|u|s|sub|sup|br|hr|code|kbd|mark|small|p|ul|ol|li|blockquote|details|summary)\s*/?>",
    re.IGNORECASE,
)
# MathJax leaves elements of these classes alone: its second version the first, its third the other.
NO_FORMULAS = "tex2jax_ignore mathjax_ignore"
RASTER = ("image/png", "image/jpeg", "image/gif")
AS_TEXT = "*Shown as text, since it holds HTML, or a link or picture from elsewhere.*"
LONGEST_SENTENCE = 2000


def html(text: str) -> str:
    """HTML without anything that acts; its text, tables and pictures stay."""
    cleaned = nh3.clean(
        text,
        tags=TEXT_TAGS,
        clean_content_tags=DROPPED_WITH_CONTENT,
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        filter_style_properties=STYLES,
    )
    return _tex(cleaned)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """An attribute's value if it may stay, else None."""
    if name == "href":
        return value if LINK.match(value) else None
    if name == "src":
        return value if PICTURE.match(value) else None
    if name == "style":
        return None if re.search(r"[\\@]|url|image|expression|var\(", value, re.IGNORECASE) else value
    if name == "class":
        return "dataframe" if "dataframe" in value.split() else None
    return value


def _tex(text: str) -> str:
    return TEX_COMMANDS.sub(r"\\text", text)


def picture_of_svg(svg: str) -> str:
    """HTML for a drawing. In an img element it cannot run or load anything, whatever it holds."""
    encoded = base64.b64encode(svg.encode("utf-8", "replace")).decode("ascii")
    return f'<img alt="" src="data:image/svg+xml;base64,{encoded}">'


class _Watching(IPythonRenderer):
    """nbconvert's own renderer of markdown, which notes whatever is more than text."""

    def __init__(self, attachments: dict[str, Any]) -> None:
        super().__init__(escape=False, attachments=attachments)
        self.harmful = False

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


def markdown(text: str, attachments: dict[str, Any] | None = None) -> str:
    """Markdown as it stands when it is only text, links and pictures of its own; else quoted as plain text.

    It is read by the very parser that feedback and formgrader use, so both agree on what is HTML.
    """
    renderer = _Watching(attachments or {})
    try:
        MarkdownWithMath(renderer=renderer).render(text)
        if not renderer.harmful and not TEX_COMMANDS.search(text):
            return text
    except Exception:  # a picture that is not attached, nesting without end: nbconvert would stop there, too
        pass
    return f"{AS_TEXT}\n\n{quoted(text)}"


def quoted(text: str) -> str:
    """Text as a block of code, in a fence that it cannot close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def sentence_as_markdown(sentence: str) -> str:
    """A plain sentence as markdown that shows just its characters, in one paragraph, whatever they are.

    For sentences of ours that quote a student's name or text. It is an HTML paragraph, in which nothing
    is read as markdown; every sign but the commonest is an entity, so that no parser finds HTML or a formula
    in the source; and the class keeps MathJax from what the browser makes of the entities.
    """
    line = " ".join(sentence[: LONGEST_SENTENCE + 1].split())
    line = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line)
    if len(sentence) > LONGEST_SENTENCE:
        line = line[: LONGEST_SENTENCE - 1] + "…"
    plain = re.sub(r"[^\w .,:;()/'–…-]", lambda sign: f"&#{ord(sign[0])};", line)
    return f'<p class="{NO_FORMULAS}">{plain}</p>'


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
    """Make the cells of a notebook that are not code harmless, in place, but for texts in `trusted`."""
    for cell in nb.cells:
        # Settings of a cell or notebook reach the page, too: as classes, titles, widgets.
        cell.metadata = NotebookNode(
            {key: cell.metadata[key] for key in ("nbgrader", "tags") if key in cell.metadata}
        )
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(cell.get("id", ""))):
            cell["id"] = v4.new_raw_cell().id
        if cell.cell_type == "code":
            continue
        kept = attachments(cell.pop("attachments", None))
        if cell.cell_type == "markdown" and cell.source not in trusted:
            cell.source = markdown(cell.source, kept)
        elif cell.cell_type != "markdown":
            cell.cell_type, cell.source, kept = "markdown", quoted(cell.source), {}
        if kept:
            cell["attachments"] = NotebookNode(kept)
    nb.metadata = NotebookNode(
        {key: nb.metadata[key] for key in ("kernelspec", "language_info") if key in nb.metadata}
    )
    nb.metadata["language_info"] = NotebookNode(name="python", pygments_lexer="ipython3")


def outputs(given: Any, count: int) -> list[NotebookNode]:
    """A code cell's outputs as they may stand in a notebook, of what a session says they are."""
    kept = []
    for output in (given if isinstance(given, list) else [])[:MOST_OUTPUTS]:
        if not isinstance(output, dict):
            continue
        kind = output.get("output_type")
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            kept.append(v4.new_output("stream", name=name, text=_text(output.get("text"))))
        elif kind == "error":
            lines = output.get("traceback")
            lines = [_text(line) for line in lines] if isinstance(lines, list) else []
            said = {key: _text(output.get(key)) for key in ("ename", "evalue")}
            kept.append(v4.new_output("error", **said, traceback=lines))
        elif kind in ("display_data", "execute_result"):
            data = _bundle(output.get("data"))
            extra = {"execution_count": count} if kind == "execute_result" else {}
            if data:
                sizes = _sizes(output.get("metadata"), data)
                kept.append(v4.new_output(kind, data=data, metadata=sizes, **extra))
    return kept


def _bundle(data: Any) -> dict[str, Any]:
    """Of the forms in which something is shown, those that are harmless or were made so."""
    if not isinstance(data, dict):
        return {}
    kept: dict[str, Any] = {}
    for kind in RASTER:
        if picture := _base_64(data.get(kind)):
            kept[kind] = picture
    clean: dict[str, Callable[[str], str]] = {
        "text/html": html,
        "text/markdown": markdown,
        "text/latex": _tex,
        "text/plain": str,
    }
    for kind, how in clean.items():
        if isinstance(data.get(kind), str):
            kept[kind] = how(data[kind])
    if isinstance(data.get("image/svg+xml"), str):
        kept["text/html"] = picture_of_svg(data["image/svg+xml"])
    if data and not kept:
        kept["text/plain"] = "(something that is not shown in a graded notebook)"
    return kept


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


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
