"""What comes out of a session, looked at by the grader: outputs, and the guard's last words."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

import numpy as np

from admin.sandbox import protocol
from admin.sandbox.limits import Limits
from admin.text import printable
from checks.language import Sentence, say, sentence_from_json, text_of

Output = dict[str, Any]


def outputs_of(given: Any, most: int) -> list[Output] | None:
    """A cell's outputs, no more than weigh `most`; None when something among them is none.

    The session bounds them, too, in the same way; a hostile one may have lifted its own bound.
    """
    if not isinstance(given, list):
        return None
    checked = [_output(item) for item in given]
    if None in checked:
        return None
    return [_shown(output) for output in bounded([item for item in checked if item is not None], most)]


def bounded(outputs: Sequence[Output], most: int) -> list[Output]:
    """As many of the outputs as fit, the last text cut; then a note, if that was not all."""
    kept: list[Output] = []
    note = protocol.left_out(most)
    room = most
    for output in outputs:
        weight = protocol.weight(output)
        if output == note or weight > room:
            if output["output_type"] == "stream" and output != note:
                text = protocol.fitting(
                    output["text"], room - (weight - protocol.text_weight(output["text"]))
                )
                kept += [{**output, "text": text}] if text else []
            return [*kept, note]
        kept.append(output)
        room -= weight
    return kept


def _shown(output: Output) -> Output:
    """An output as nbformat has it: a note as text."""
    if output["output_type"] != "note":
        return output
    text = text_of(sentence_from_json(output["said"]))
    return {"output_type": "stream", "name": "stdout", "text": f"\n[{text}]\n"}


def _output(item: Any) -> Output | None:
    """An output with nbformat's keys of nbformat's types, or a note, and no more; else None."""
    if not isinstance(item, dict):
        return None
    kind = item.get("output_type")
    if kind == "stream":
        name, text = item.get("name"), item.get("text")
        if name in ("stdout", "stderr") and isinstance(text, str):
            return {"output_type": kind, "name": name, "text": text}
    elif kind == "error":
        words = [item.get("ename"), item.get("evalue")]
        trace = item.get("traceback")
        if isinstance(trace, list) and all(isinstance(text, str) for text in [*words, *trace]):
            return {
                "output_type": kind,
                "ename": printable(str(words[0])),
                "evalue": words[1],
                "traceback": trace,
            }
    elif kind == "note":
        sentence = message_of(item.get("said"))
        return protocol.note(sentence) if sentence else None
    elif kind in ("display_data", "execute_result"):
        data, metadata = item.get("data"), item.get("metadata")
        if not isinstance(data, dict) or not isinstance(metadata, dict) or _has_array([data, metadata]):
            return None
        output = {"output_type": kind, "data": data, "metadata": metadata}
        for mime, value in data.items():
            if not isinstance(value, str) and not mime.endswith("json"):
                return None
        if kind == "execute_result":
            count = item.get("execution_count")
            if count is not None and type(count) is not int:
                return None
            output["execution_count"] = count
        return output
    return None


def _has_array(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_array, value.values()))
    return any(map(_has_array, value)) if isinstance(value, list) else isinstance(value, np.ndarray)


def message_of(plain: Any) -> Sentence | None:
    """What a session says in our own words: a sentence of the group "message", values short; else None."""
    try:
        sentence = sentence_from_json(plain)
        text_of(sentence)
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
        return None
    return _bounded(sentence)


def _bounded(sentence: Sentence) -> Sentence | None:
    values: dict[str, Any] = {}
    for name, value in sentence.values.items():
        if isinstance(value, Sentence):
            value = _bounded(value)
            if value is None:
                return None
        elif isinstance(value, str):
            value = printable(value)
        elif not isinstance(value, int | float):
            return None
        values[name] = value
    return Sentence(sentence.key, values) if sentence.key.startswith("message.") else None


def sentence_of(words: str, limits: Limits) -> Sentence:
    """The guard's last words as a sentence for student and instructor."""
    kind, _, rest = printable(words, 300).partition(" ")
    if kind == "memory":
        return say("session.memory", gigabytes=limits.memory_bytes / (1 << 30))
    if kind == "time":
        return say("session.time", seconds=limits.session_seconds)
    if kind == "exit" and rest.isascii() and rest.isdigit():
        return say("session.exit", status=rest)
    if kind == "cpu" or words == f"signal {int(signal.SIGXCPU)}":
        return say("session.cpu", seconds=limits.cpu_seconds)
    if kind == "signal" and rest.isascii() and rest.isdigit():
        known = {str(int(number)): number.name for number in signal.Signals}
        return say("session.killed", signal=known.get(rest, f"signal {rest}"))
    if kind == "failed" and rest:
        return say("session.failed", reason=printable(rest))
    return say("session.without_a_word")
