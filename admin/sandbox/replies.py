"""What comes out of a session, looked at by the grader: outputs, and the guard's last words."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

import numpy as np

from admin.sandbox import protocol
from admin.sandbox.limits import Limits
from admin.text import printable

Output = dict[str, Any]


def outputs_of(given: Any, most: int) -> list[Output] | None:
    """A cell's outputs, no more than weigh `most`; None when something among them is none.

    The session bounds them, too, in the same way; a hostile one may have lifted its own bound.
    """
    if not isinstance(given, list):
        return None
    checked = [_output(item) for item in given]
    return None if None in checked else bounded([item for item in checked if item is not None], most)


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


def _output(item: Any) -> Output | None:
    """An output with nbformat's keys of nbformat's types, and none else; None for anything different."""
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


def sentence_of(words: str, limits: Limits) -> str:
    """The guard's last words as a sentence for student and instructor."""
    kind, _, rest = printable(words, 300).partition(" ")
    gigabytes = f"{limits.memory_bytes / (1 << 30):.3g} GB"
    if kind == "memory":
        return f"The notebook used more than {gigabytes} of memory, so its session was ended."
    if kind == "time":
        seconds = f"{limits.session_seconds:g} seconds"
        return f"The notebook took more than {seconds} in all, so its session was ended."
    if kind == "exit" and rest.isascii() and rest.isdigit():
        return f"The notebook ended its own session (exit status {rest})."
    if kind == "cpu" or words == f"signal {int(signal.SIGXCPU)}":
        return f"The notebook computed for more than {limits.cpu_seconds} seconds, so its session was ended."
    if kind == "signal" and rest.isascii() and rest.isdigit():
        known = {str(int(number)): number.name for number in signal.Signals}
        name = known.get(rest, f"signal {rest}")
        return f"The notebook's session crashed or was killed ({name}), perhaps for lack of memory."
    if kind == "failed" and rest:
        return f"The notebook's session failed: {printable(rest)}."
    return "The notebook's session ended without a word, perhaps for lack of memory on this machine."
