"""Findings of a session that holds model answers, with nothing in them that could quote one.

A student's code there can look at the model answers before it, and whatever it gives back may be a message
home: an error's text, the name of a type, a shape of many axes. So values of sentences are kept only if they
are of a small stock: the rest is an ellipsis. What is left could tell some dozen bits, which is less than one
line of code.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from checks.language import Sentence
from checks.task import TABLE, Finding

LEFT_OUT = "…"
MAX_VALUES = 6  # of all findings of a task
MAX_DEPTH = 3  # of sentences in sentences
MAX_WHOLE = 1024
SIZES = ("1", "3", "10", "28", "32")  # of axes that are not the pictures' number
WORDS = frozenset(
    {
        *(name for name, value in vars(builtins).items() if isinstance(value, type)),
        *(np.dtype(kind).name for kind in np.typecodes["All"] if kind not in "SUVMm"),
        *(name for entry in TABLE.values() for name in (entry.name, *entry.gives)),
        *("ndarray", "DataFrame", "Series", "EagerTensor", "Tensor", "Figure", "History", "function"),
        *("Functional", "Sequential", "Model", "Adadelta", "Adagrad", "Adam", "SGD", "RMSprop", "AdamW"),
    }
)
_SHAPE = re.compile(r"\((?:\d{1,9}(?:, \d{1,9}){0,4},?)?\)")
_ERROR = re.compile(r"(\w{1,40}): ")


def plain_words(findings: Sequence[Finding]) -> list[Finding]:
    """The findings of one task; points and keys as they are, values as far as they tell nothing else."""
    stock = _Stock()
    return [
        replace(
            finding,
            what=finding.what if "." in finding.what else stock.text(finding.what),
            said=tuple(stock.sentence(sentence) for sentence in finding.said),
        )
        for finding in findings
    ]


class _Stock:
    """What may be said, counted: `left` values more."""

    def __init__(self) -> None:
        self.left = MAX_VALUES

    def sentence(self, sentence: Sentence, depth: int = 0) -> Sentence:
        return Sentence(
            sentence.key, {name: self.value(part, depth) for name, part in sentence.values.items()}
        )

    def value(self, value: Any, depth: int) -> Any:
        if isinstance(value, Sentence):
            return self.sentence(value, depth + 1) if depth < MAX_DEPTH else LEFT_OUT
        if isinstance(value, list | tuple):
            return (
                [self.value(part, depth + 1) for part in value[:MAX_VALUES]]
                if depth < MAX_DEPTH
                else LEFT_OUT
            )
        if value is None or self.left <= 0:
            return LEFT_OUT
        self.left -= 1
        return _number(value) if isinstance(value, int | float) else self.text(str(value))

    def text(self, text: str) -> str:
        """A word of the stock, a shape, or the kind of an error; else an ellipsis."""
        if text in WORDS:
            return text
        if _SHAPE.fullmatch(text):
            return re.sub(r"\d+", lambda size: size[0] if size[0] in SIZES else "n", text)
        error = _ERROR.match(text)
        return error[1] if error and error[1] in WORDS else LEFT_OUT


def _number(value: float) -> Any:
    if isinstance(value, int):
        return value if 0 <= value <= MAX_WHOLE else LEFT_OUT
    return round(value, 2) if 0 <= value <= 1 else LEFT_OUT
