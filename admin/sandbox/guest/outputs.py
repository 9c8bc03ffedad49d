"""What a cell shows: text, displays, and what programs write to descriptors 1 and 2."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import select
import threading
import time
from dataclasses import replace
from typing import Any

from admin.sandbox import protocol
from checks.language import say


class Outputs:
    """What one cell shows, as nbformat's outputs, up to a number of bytes as they stand in a message."""

    def __init__(self, most: int, bounds: protocol.Bounds) -> None:
        self.most = most
        # An output lies in a list in a dictionary; an array in it would be no JSON.
        self.bounds = replace(bounds, depth=bounds.depth - 2, arrays=0)
        self._unlock()
        # The thread that reads may hold it when a cell forks, and is missing in the copy.
        os.register_at_fork(after_in_child=self._unlock)
        self.clear()

    def clear(self) -> None:
        with self.lock:
            self.items: list[dict[str, Any]] = []
            self.shown: dict[str, tuple[dict[str, Any], int]] = {}  # displays by id, with their weights
            self.weight = 0
            self.full = False
            self.clear_before_next = False

    def stream(self, name: str, text: str) -> None:
        """Text for stdout or stderr: as much of it as fits."""
        with self.lock:
            self._begin()
            if self.full or not text:
                return
            last = self.items[-1] if self.items else {}
            goes_on = last.get("output_type") == "stream" and last["name"] == name
            item: dict[str, Any] = {"output_type": "stream", "name": name, "text": ""}
            around = 0 if goes_on else protocol.weight(item)
            room = self.most - self.weight - around
            weight = protocol.text_weight(text) if len(text) <= room else room + 1
            kept = text
            if weight > room:
                kept = protocol.fitting(text, room)
                weight = protocol.text_weight(kept)
            if kept:
                self.weight += around + weight
                if goes_on:
                    last["text"].append(kept)
                else:
                    self.items.append({**item, "text": [kept]})
            if kept != text:
                self._leave_out()

    def show(self, output: dict[str, Any], display_id: str = "", update: bool = False) -> None:
        """A display, a result or an error: whole or not at all."""
        with self.lock:
            self._begin()
            if self.full:
                return
            try:
                protocol.encode(output, self.bounds)
                weight = protocol.weight(output)
            except protocol.ProtocolError as error:
                output = protocol.note(say("message.output_left_out", what=error.sentence))
                weight, display_id, update = protocol.weight(output), "", False
            old, weight_of_old = self.shown.get(display_id, ({}, 0))
            if update and not old:
                return
            before = weight_of_old if update else 0
            if self.weight - before + weight > self.most:
                self._leave_out()
                return
            self.weight += weight - before
            if update:
                old.update(data=output["data"], metadata=output["metadata"])
                output = old
            else:
                self.items.append(output)
            if display_id:
                self.shown[display_id] = (output, weight)

    def take(self) -> list[dict[str, Any]]:
        """What has been shown; the next begins with nothing."""
        with self.lock:
            items = self.items
            self.clear()
        for item in items:
            if isinstance(item.get("text"), list):
                item["text"] = "".join(item["text"])
        return items

    def _unlock(self) -> None:
        self.lock = threading.RLock()

    def _begin(self) -> None:
        if self.clear_before_next:
            self.clear()

    def _leave_out(self) -> None:
        self.full = True
        self.items.append(protocol.left_out(self.most))


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr of the session."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, descriptor: int, outputs: Outputs) -> None:
        self.name, self.descriptor, self.outputs = name, descriptor, outputs

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.outputs.stream(self.name, str(text))
        return len(text)

    def fileno(self) -> int:
        return self.descriptor

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False


class Pipes:
    """What programs and libraries write to descriptors 1 and 2, read by a thread."""

    def __init__(self, outputs: Outputs) -> None:
        self.outputs = outputs
        self.lock = threading.Lock()
        self.names: dict[int, str] = {}
        self.decoders: dict[int, codecs.IncrementalDecoder] = {}
        for name, descriptor in (("stdout", 1), ("stderr", 2)):
            reader, writer = os.pipe()
            os.dup2(writer, descriptor)
            os.close(writer)
            self.names[reader] = name
            self.decoders[reader] = codecs.getincrementaldecoder("utf-8")("replace")
            os.set_blocking(reader, False)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        while True:
            self._poll(None)  # without the lock, which it would hold for ever
            self.read_once()

    def read_once(self) -> bool:
        """Read what is there. What has been read and is not yet among the outputs is nobody else's to miss:
        reading and appending are one step.
        """
        came = False
        with self.lock:
            for reader in self._poll(0):
                with contextlib.suppress(OSError):
                    data = os.read(reader, 1 << 16)
                    came = came or bool(data)
                    self.outputs.stream(self.names[reader], self.decoders[reader].decode(data))
        return came

    def drain(self, seconds: float = 0.5) -> None:
        """Wait until all that has been written is read. A program that goes on writing is not waited for."""
        end = time.monotonic() + seconds
        while self.read_once() and time.monotonic() < end:
            pass
        with self.lock:
            for reader, decoder in self.decoders.items():  # a character that was cut off
                self.outputs.stream(self.names[reader], decoder.decode(b"", final=True))

    def _poll(self, milliseconds: int | None) -> list[int]:
        poll = select.poll()  # one for each call: two threads may not share one
        for reader in self.names:
            poll.register(reader, select.POLLIN)
        return [reader for reader, _ in poll.poll(milliseconds)]
