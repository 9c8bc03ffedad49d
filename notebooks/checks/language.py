"""What is said, as data, and its words: a sentence is a key and values until somebody reads it.

Logic, tests and stored findings go by keys. The words stand in `words/en.toml`, and nowhere else; for a
course in another language, a file of that name with the same keys, and its name in `LANGUAGE`.
"""

from __future__ import annotations

import functools
import math
import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "words"
LANGUAGE = "en"

Words = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Sentence:
    """A key of the words ("one_hot.identity") and the values for its braces.

    Values are plain: text, numbers, None, other sentences, or a list of these, which is read with commas
    between.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return text_of(self)


class Said(Exception):
    """An error with one sentence for whoever reads of it."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def say(key: str, /, **values: Any) -> Sentence:
    """The sentence of this key with these values."""
    return Sentence(key, values)


def words(language: str | None = None) -> Words:
    """All words of a language, by group and key."""
    return _read(FOLDER / f"{language or LANGUAGE}.toml")


@functools.cache
def _read(path: Path) -> Words:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def text_of(sentence: Sentence) -> str:
    """A sentence as it is read, its braces filled in. Raises KeyError for a key that has no words."""
    group, _, key = sentence.key.partition(".")
    values = {name: _shown(value) for name, value in sentence.values.items()}
    return _Filler().vformat(words()[group][key], (), values)


def joined(sentences: Sequence[Sentence]) -> str:
    """Sentences one after the other, as they are read."""
    return " ".join(map(text_of, sentences))


def _shown(value: Any) -> Any:
    if isinstance(value, Sentence):
        return text_of(value)
    return ", ".join(str(_shown(item)) for item in value) if isinstance(value, list | tuple) else value


class _Filler(string.Formatter):
    """`str.format`; a value that has not the form that the words expect (NaN as text) is shown as it is."""

    def format_field(self, value: Any, form: str) -> str:
        try:
            return str(super().format_field(value, form))
        except (TypeError, ValueError):
            return str(value)


def sentence_as_json(sentence: Sentence) -> dict[str, Any]:
    """A sentence as JSON values: `key` and `values`."""
    return {"key": sentence.key, "values": {name: _as_json(part) for name, part in sentence.values.items()}}


def _as_json(value: Any) -> Any:
    if isinstance(value, Sentence):
        return sentence_as_json(value)
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no NaN
    return value


def sentence_from_json(plain: Mapping[str, Any]) -> Sentence:
    """The sentence of `sentence_as_json`. Raises KeyError, TypeError or AttributeError for anything else."""
    return Sentence(str(plain["key"]), {str(name): _from_json(v) for name, v in plain["values"].items()})


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        return sentence_from_json(value)
    return [_from_json(item) for item in value] if isinstance(value, list) else value
