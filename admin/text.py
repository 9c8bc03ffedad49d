"""Text that others wrote, made fit for one line of a terminal, a log or a sentence, also in markdown."""

from __future__ import annotations

import re
import unicodedata

REPLACEMENT, ELLIPSIS = "\N{REPLACEMENT CHARACTER}", "\N{HORIZONTAL ELLIPSIS}"
# ECMA-48: a control sequence, an operating system command (up to BEL or ST), another string, a short escape;
# each also in its 8-bit form.
ESCAPE_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,99}[ -/]{0,99}[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n\r]{0,999}(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]{0,9}[0-~]"
)
# Controls, formats (bidi overrides and isolates are among them), halves of surrogate pairs, private and
# unassigned ones, and separators of lines and paragraphs.
UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
MAX_SENTENCE = 2000
# MathJax leaves elements of these classes alone: its second version the first, its third the other.
NO_FORMULAS = "tex2jax_ignore mathjax_ignore"
JOINERS = "\u200c\u200d"  # Persian and Indian names are written with them, and families of emoji


def printable(text: str, limit: int = 200) -> str:
    """The text on one line of at most `limit` characters, with nothing in it that a terminal obeys.

    Escape sequences go, every other character that can't be seen becomes one that can. Idempotent. Markup
    stays: who puts the text into HTML or Markdown escapes it there.
    """
    # What is looked at is bounded, too; an escape sequence cut in two has lost its escape character below.
    start = ESCAPE_SEQUENCES.sub("", text[: 20 * limit])
    seen = "".join(
        character
        if unicodedata.category(character) not in UNPRINTABLE or character in JOINERS
        else REPLACEMENT
        for character in start[: limit + 1]
    )
    if len(seen) <= limit and len(text) <= 20 * limit:
        return seen
    return seen[: max(limit - 1, 0)] + ELLIPSIS


def sentence_as_markdown(sentence: str) -> str:
    """A plain sentence as markdown that shows just its characters, in one paragraph, whatever they are.

    For sentences of ours that quote a student's name or text. It is an HTML paragraph, in which nothing
    is read as markdown; every sign but the commonest is an entity, so that no parser finds HTML or a formula
    in the source; and the class keeps MathJax from what the browser makes of the entities.
    """
    line = printable(" ".join(sentence[: 2 * MAX_SENTENCE].split()), MAX_SENTENCE)
    plain = re.sub(r"[^\w .,:;()/'–…-]", lambda sign: f"&#{ord(sign[0])};", line)
    return f'<p class="{NO_FORMULAS}">{plain}</p>'
