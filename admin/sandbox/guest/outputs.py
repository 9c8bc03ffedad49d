"""What a cell shows: text, displays, and what programs write to descriptors 1 and 2."""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import threading
import time
from typing import Any


class Outputs:
    """What one cell shows, as nbformat's outputs, up to a number of bytes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        with self.lock:
            self.items: list[dict[str, Any]] = []
            self.shown: dict[str, dict[str, Any]] = {}
            self.weight = 0
            self.full = False
            self.clear_before_next = False

    def fits(self, weight: int) -> bool:
        """Is there room for so many more bytes? Says once that there is none."""
        if self.clear_before_next:
            self.clear()
        if not self.full and self.weight + weight <= self.most:
            self.weight += weight
            return True
        if not self.full:
            self.full = True
            note = f"\n[… more than {self.most:,} bytes of output: the rest of this cell's is left out]\n"
            self.items.append({"output_type": "stream", "name": "stdout", "text": note})
        return False

    def stream(self, name: str, text: str) -> None:
        with self.lock:
            room = max(0, self.most - self.weight)
            if len(text) > room and not self.full:
                self.stream(name, text[:room])
            if not text or not self.fits(len(text)):
                return
            last = self.items[-1] if self.items else {}
            if last.get("output_type") == "stream" and last["name"] == name:
                last["text"].append(text)
            else:
                self.items.append({"output_type": "stream", "name": name, "text": [text]})

    def show(self, output: dict[str, Any], display_id: str | None = None, update: bool = False) -> None:
        with self.lock:
            if not self.fits(len(json.dumps(output))):
                return
            if update:
                old = self.shown.get(display_id or "")
                if old is not None:
                    old.update(data=output["data"], metadata=output["metadata"])
                return
            self.items.append(output)
            if display_id:
                self.shown[display_id] = output

    def take(self) -> list[dict[str, Any]]:
        with self.lock:
            items = self.items
            self.clear()
        for item in items:
            if isinstance(item.get("text"), list):
                item["text"] = "".join(item["text"])
        return items


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
        self.names: dict[int, str] = {}
        for name, descriptor in (("stdout", 1), ("stderr", 2)):
            reader, writer = os.pipe()
            os.dup2(writer, descriptor)
            os.close(writer)
            self.names[reader] = name
            os.set_blocking(reader, False)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        while True:
            self.read_once(None)

    def read_once(self, milliseconds: int | None) -> bool:
        came = False
        poll = select.poll()  # one for each call: the thread and `drain` may not share one
        for reader in self.names:
            poll.register(reader, select.POLLIN)
        for reader, _ in poll.poll(milliseconds):
            with contextlib.suppress(OSError):
                data = os.read(reader, 1 << 16)
                came = came or bool(data)
                self.outputs.stream(self.names[reader], data.decode("utf-8", "replace"))
        return came

    def drain(self, seconds: float = 0.5) -> None:
        """Wait until all that has been written is read. A program that goes on writing is not waited for."""
        end = time.monotonic() + seconds
        while self.read_once(0) and time.monotonic() < end:
            pass
