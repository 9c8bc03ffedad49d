"""Sentences on their way: out of exceptions, between processes, and in the notes that are kept."""

from __future__ import annotations

from typing import Any

from admin.text import printable
from checks.language import Sentence, say, sentence_as_json, sentence_from_json, text_of

MAX_TEXT = 1000


def as_sentence(said: Sentence | str) -> Sentence:
    """A sentence as it is, and a text of another program as one with that text."""
    return said if isinstance(said, Sentence) else say("grading.as_said", text=said)


def carried_by(error: BaseException) -> Sentence:
    """The sentence that an exception was raised with, or one with its text."""
    first = error.args[0] if len(error.args) == 1 else None
    return first if isinstance(first, Sentence) else as_sentence(str(error))


def kept(sentence: Sentence | None) -> dict[str, Any] | None:
    """A sentence as JSON, or None."""
    return sentence_as_json(sentence) if sentence else None


def received(plain: Any) -> Sentence | None:
    """What `kept` gave, from a process that reads what students wrote: its texts are made printable.

    Raises KeyError, TypeError, ValueError, AttributeError or OverflowError for what has no words.
    """
    if plain is None:
        return None
    sentence = printable_values(sentence_from_json(plain))
    text_of(sentence)  # here, where it costs one submission, and not on the screen
    return sentence


def read_back(plain: Any) -> Sentence | None:
    """What `kept` gave, from a file; None for anything else."""
    try:
        return received(plain)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def printable_values(sentence: Sentence) -> Sentence:
    """The same sentence, with nothing in its values that a terminal obeys."""
    return Sentence(sentence.key, {name: _printable(value) for name, value in sentence.values.items()})


def _printable(value: Any) -> Any:
    if isinstance(value, Sentence):
        return printable_values(value)
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return printable(value, MAX_TEXT) if isinstance(value, str) else value
