"""Pages of feedback and formgrader that need no other machine, and in which nothing of a student's can act.

`nbgrader_config.py` names the filters here for nbconvert, and the folder of templates: nbgrader's own
templates call a macro `mathjax` in the head of each page, and what stands there in place of MathJax is a
Content-Security-Policy and a style that keeps every cell within its own place. Formulas are MathML.
"""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.filters import ansi2html as ansi2html_of_nbconvert
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from PIL import Image

from admin.pages import formulas
from admin.pages.sanitise import MAX_COLOURS, MAX_FORMULAS

# Pygments takes time with the square of a line such as a.a.a.a.…, and makes a tag of every second character.
MAX_CODE = 20_000  # of a cell
MAX_CODE_LINE = 300
MAX_CODE_PAGE = 200_000  # of a page

COLOUR = re.compile(r"\x1b\[([0-9;]{0,40})m")
ACTIVE_COLOURS = 8
# The course's moving pictures: autograding puts them over what a submission has by these names.
OUR_PICTURE = re.compile(r"figures/\w+\.webp")


class _Drawing(IPythonRenderer):
    """nbconvert's own renderer of markdown, with formulas as MathML."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.room = MAX_FORMULAS

    def block_math(self, body: str) -> str:
        return self._formula(body, "block", f"$${body}$$")

    def inline_math(self, body: str) -> str:
        return self._formula(body, "inline", f"${body}$")

    def latex_environment(self, name: str, body: str) -> str:
        whole = rf"\begin{{{name}}}{body}\end{{{name}}}"
        return self._formula(whole, "block", whole)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        shown = str(super().image(text, url, title))
        still = last_frame(Path(self.path) / url) if OUR_PICTURE.fullmatch(url) else None
        if still is None:
            return shown
        # <picture> with a source for print would be shorter, but Chromium prints without loading it.
        on_paper = re.sub(r'src="[^"]*"', f'src="{still}"', shown, count=1)
        return f'<span class="on-screen">{shown}</span><span class="on-paper">{on_paper}</span>'

    def block_mermaidjs(self, code: str) -> str:
        return f"<pre><code>{html.escape(code)}</code></pre>\n"

    def _formula(self, tex: str, display: str, source: str) -> str:
        self.room -= len(tex)
        drawn = formulas.mathml(tex, display) if self.room >= 0 else None
        return drawn or f"<code>{html.escape(source)}</code>"


def last_frame(file: Path) -> str | None:
    """A moving picture's last frame, which shows the result, as a data: URI; None for a still one."""
    try:
        with Image.open(file, formats=["WEBP"]) as picture:
            frames = getattr(picture, "n_frames", 1)
            if frames == 1:
                return None
            picture.seek(frames - 1)
            still = io.BytesIO()
            picture.convert("RGB").save(still, format="webp", lossless=True)
    except (OSError, ValueError, EOFError):
        return None
    return f"data:image/webp;base64,{base64.b64encode(still.getvalue()).decode()}"


@pass_context
def markdown2html(context: Context, source: str) -> str:
    """nbconvert's filter of this name, with pictures in the page and formulas that no script has to draw."""
    attachments = context.get("cell", {}).get("attachments", {})
    return drawn(source, attachments, context.get("resources", {}).get("metadata", {}).get("path", ""))


def drawn(source: str, attachments: Mapping[str, Any], path: str | None = None) -> str:
    """Markdown as HTML, as `markdown2html` makes it, with the pictures in files at `path`.

    Without a path there are none of these, and headings have no names that one could link to.
    """
    alone = path is None
    renderer = _Drawing(
        escape=False,
        attachments=attachments,
        embed_images=not alone,
        exclude_anchor_links=alone,
        path=path or "",
    )
    return MarkdownWithMath(renderer=renderer).render(source)


def strip_files_prefix(text: str) -> str:
    """nbconvert's filter of this name, for links of IPython 2, which took a minute for 100 kB of brackets."""
    return text


def ansi2html(text: str) -> str:
    """nbconvert's filter of this name, in time that grows with the text alone.

    It copies the rest of a text at each change of colour, so it is given the text piece by piece, each with
    the changes before it that are still in force.
    """
    pieces = COLOUR.split(str(text))
    if len(pieces) > 2 * MAX_COLOURS:
        return str(ansi2html_of_nbconvert("".join(pieces[::2])))
    done, active = [ansi2html_of_nbconvert(pieces[0])], list[str]()
    for code, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        active = [] if code.strip("0;") == "" else [*active, code][-ACTIVE_COLOURS:]
        done.append(ansi2html_of_nbconvert("".join(f"\x1b[{before}m" for before in active) + piece))
    return "".join(done)


@pass_context
def highlight_code(
    context: Context, source: str, language: str | None = None, metadata: dict[str, Any] | None = None
) -> str:
    """nbconvert's filter of this name; code of a length that no person writes is not coloured."""
    page = context.get("resources", {})
    page["coloured"] = page.get("coloured", 0) + len(source)
    long_lines = max(map(len, source.split("\n"))) > MAX_CODE_LINE
    if long_lines or len(source) > MAX_CODE or page["coloured"] > MAX_CODE_PAGE:
        return f'<div class="highlight hl-ipython3"><pre>{html.escape(source)}</pre></div>'
    return Highlight2HTML(pygments_lexer="ipython3")(source, language=language, metadata=metadata)
