"""The language between the grader and a sandbox: frames of plain values and arrays over one socket.

What arrives is bytes of a process that may be hostile, so nothing is unpickled or evaluated, every size is
known and checked before memory is spent on it, and parsing ends in values or a `ProtocolError`, nothing else.

A frame is a fixed head (magic, length of the text, length of the arrays), a JSON text, and the arrays' bytes
one after the other. In the text an array is `{"\\u0000array": [dtype, shape]}`; its place among the arrays is
the order in which the text names them. Both sides use this file; only the standard library and NumPy are
needed.
"""

from __future__ import annotations

import json
import math
import select
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from checks.language import Said, Sentence, say, sentence_as_json

HEAD = struct.Struct("<4sIQ")
MAGIC = b"CNN1"
ARRAY = "\0array"
# All that an array may consist of. Objects, text, dates, records and complex numbers answer nothing.
DTYPES = frozenset(["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"])


class ProtocolError(Said):
    """What came, or was to be sent, is not within the protocol. The sentence is a clause."""


class Late(ProtocolError):
    """Nothing, or not all, came before the deadline."""


class Closed(ProtocolError):
    """The other side has gone."""


@dataclass(frozen=True)
class Bounds:
    """What one frame, and all frames of a channel together, may weigh."""

    text_bytes: int = 4 << 20
    array_bytes: int = 64 << 20
    arrays: int = 64
    dimensions: int = 8
    depth: int = 24
    total_bytes: int = 1 << 30
    values: int = 200_000
    """in the text: each costs some hundred bytes of memory, and may be as short as `[],`"""


def encode(value: Any, bounds: Bounds = Bounds()) -> bytes:
    """One frame. Raises ProtocolError for what is not plain, and for what the other side would refuse."""
    arrays: list[np.ndarray] = []
    plain = _plain(value, arrays, bounds, 0)
    text = _json(plain)
    weight = sum(array.nbytes for array in arrays)
    if len(text) > bounds.text_bytes or weight > bounds.array_bytes:
        raise ProtocolError(say("message.does_not_fit", bytes=len(text) + weight))
    if _values(text, bounds.values) > bounds.values:
        raise ProtocolError(say("message.values", most=bounds.values))
    # As bytes where they lie: copied once, by `join`.
    content = (np.ascontiguousarray(array).reshape(-1).view(np.uint8).data for array in arrays)
    return b"".join([HEAD.pack(MAGIC, len(text), weight), text, *content])


def decode_head(head: bytes, bounds: Bounds) -> tuple[int, int]:
    """Lengths of the text and of the arrays, both within bounds."""
    magic, text, weight = HEAD.unpack(head)
    if magic != MAGIC:
        raise ProtocolError(say("message.no_message"))
    if text > bounds.text_bytes or weight > bounds.array_bytes:
        raise ProtocolError(say("message.too_large", bytes=text + weight))
    return text, weight


def decode(text: bytes, arrays: bytes | bytearray | memoryview, bounds: Bounds = Bounds()) -> Any:
    """The value of a frame, from its two parts. Arrays are read-only views of the bytes that came."""
    if _values(text, bounds.values) > bounds.values:
        raise ProtocolError(say("message.too_many_values", most=bounds.values))
    try:
        value = json.loads(text.decode("utf-8"))
    # RecursionError: json goes as deep as the text says, up to its own guard. MemoryError: many small lists.
    except (ValueError, RecursionError, MemoryError):
        raise ProtocolError(say("message.unreadable")) from None
    reader = _Arrays(memoryview(arrays).toreadonly(), bounds)
    restored = _restored(value, reader, bounds.depth)
    if reader.at != len(arrays):
        raise ProtocolError(say("message.array_bytes_over"))
    return restored


class Channel:
    """Frames in both directions over a connected stream socket, with deadlines and a total."""

    def __init__(self, connection: socket.socket, bounds: Bounds = Bounds()) -> None:
        self.connection, self.bounds = connection, bounds
        self.received = 0
        self._parts: list[bytearray] = []  # of a frame: what has come of its head, its text, its arrays
        connection.setblocking(False)

    def send(self, value: Any, deadline: float | None = None, bounds: Bounds | None = None) -> None:
        """Send one value; `bounds` are the other side's, when they are not the same."""
        self.send_frame(encode(value, bounds or self.bounds), deadline)

    def send_frame(self, frame: bytes, deadline: float | None = None) -> None:
        """Send what `encode` has made of a value."""
        left = memoryview(frame)
        while left:
            self._wait(select.POLLOUT, deadline)
            try:
                left = left[self.connection.send(left) :]
            except BlockingIOError:
                continue
            except OSError:
                raise Closed(say("message.gone")) from None

    def receive(self, deadline: float | None = None) -> Any:
        """The next value; `deadline` is a time of `time.monotonic()`. Raises Late, Closed or ProtocolError.

        After Late it may be called again: what had come by then is kept.
        """
        text, weight = decode_head(bytes(self._part(0, HEAD.size, deadline)), self.bounds)
        size = HEAD.size + text + weight
        if self.received + size > self.bounds.total_bytes:
            raise ProtocolError(say("message.total", most=self.bounds.total_bytes))
        parts = bytes(self._part(1, text, deadline)), self._part(2, weight, deadline)
        self.received += size
        self._parts = []
        return decode(*parts, self.bounds)

    def close(self) -> None:
        self.connection.close()

    def _part(self, place: int, count: int, deadline: float | None) -> bytearray:
        """Read on until a part is whole. Memory grows with what has come, not with what was promised."""
        if place == len(self._parts):
            self._parts.append(bytearray())
        data = self._parts[place]
        while len(data) < count:
            self._wait(select.POLLIN, deadline)
            try:
                part = self.connection.recv(min(count - len(data), 1 << 20))
            except BlockingIOError:
                continue
            except OSError:
                raise Closed(say("message.gone")) from None
            if not part:
                raise Closed(say("message.gone"))
            data += part
        return data

    def _wait(self, event: int, deadline: float | None) -> None:
        # poll and not select: a descriptor above 1023 is no trouble for it.
        poll = select.poll()
        poll.register(self.connection, event)
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not poll.poll(None if left is None else math.ceil(left * 1000)):
            raise Late(say("message.late"))


# --- What a cell shows ----------------------------------------------------------------------------
# Both sides weigh it in the same way, so that an honest session is never cut twice.

OUTPUT_BYTES, VALUE_BYTES = 400, 16  # for what each output, and each value in it, costs beside its text


def weight(output: Mapping[str, Any]) -> int:
    """What an output of nbformat's shape counts for in the bound on a cell's output."""
    text = _json(output)
    return OUTPUT_BYTES + VALUE_BYTES * _values(text, len(text)) + len(text)


def text_weight(text: str) -> int:
    """Bytes of a text in a frame: of its UTF-8, and of its escapes."""
    return len(_json(text)) - 2


def fitting(text: str, room: int) -> str:
    """The beginning of a text that weighs no more than `room`."""
    low, high = 0, min(len(text), max(room, 0))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if text_weight(text[:middle]) <= room else (low, middle - 1)
    return text[:low]


def note(sentence: Sentence) -> dict[str, Any]:
    """An output of our own that says something of the others; whoever shows it looks up its words."""
    return {"output_type": "note", "said": sentence_as_json(sentence)}


def left_out(most: int) -> dict[str, Any]:
    """The note that stands in the place of all that is too much."""
    return note(say("message.output_cut", most=most))


# --- Values and texts -----------------------------------------------------------------------------


def _json(plain: Any) -> bytes:
    """As it stands in a frame. Half a surrogate pair becomes a question mark here as on the way in."""
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def _values(text: bytes, most: int) -> int:
    """How many values a JSON text holds, its keys among them; any number above `most` when there are more.

    Counted before they are made: 4 MB of `[],[],…` are a million lists.
    """
    bare = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    if bare.count(b'"') > 2 * most:
        return most + 1
    outside = b"".join(bare.split(b'"')[::2])  # a comma in a string is none
    return 1 + sum(outside.count(mark) for mark in (b",", b"[", b"{", b":"))


def _plain(value: Any, arrays: list[np.ndarray], bounds: Bounds, depth: int) -> Any:
    if depth >= bounds.depth:
        raise ProtocolError(say("message.too_deep", most=bounds.depth))
    if value is None or isinstance(value, (bool, str)):
        return value if not isinstance(value, str) else str(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _whole(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, np.ndarray):
        return {ARRAY: _array_head(value, arrays, bounds)}
    if isinstance(value, (list, tuple)):
        return [_plain(item, arrays, bounds, depth + 1) for item in value]
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, arrays, bounds, depth + 1) for key, item in value.items()}
    raise ProtocolError(say("message.value_type", kind=type(value).__name__))


def _key(key: Any) -> str:
    if not isinstance(key, str) or key.startswith("\0"):
        raise ProtocolError(say("message.key_type", kind=type(key).__name__))
    return str(key)


def _array_head(value: np.ndarray, arrays: list[np.ndarray], bounds: Bounds) -> list[Any]:
    array = np.asarray(value)
    little = array.dtype.newbyteorder("<")
    if little.str not in DTYPES:
        raise ProtocolError(say("message.array_type", dtype=str(array.dtype)))
    if array.ndim > bounds.dimensions or len(arrays) >= bounds.arrays:
        raise ProtocolError(say("message.array_dimensions"))
    if array.nbytes > bounds.array_bytes:
        raise ProtocolError(say("message.array_too_large", bytes=array.nbytes))
    arrays.append(array.astype(little, copy=False))
    return [little.str, [int(side) for side in array.shape]]


class _Arrays:
    """Hands out the arrays of a frame in the order in which its text names them."""

    def __init__(self, data: memoryview, bounds: Bounds) -> None:
        self.data, self.bounds, self.at, self.count = data, bounds, 0, 0

    def next(self, head: Any) -> np.ndarray:
        self.count += 1
        if self.count > self.bounds.arrays:
            raise ProtocolError(say("message.arrays", most=self.bounds.arrays))
        if not (isinstance(head, list) and len(head) == 2):
            raise ProtocolError(say("message.array_without_head"))
        name, shape = head
        if not isinstance(name, str) or name not in DTYPES:
            raise ProtocolError(say("message.array_unknown"))
        if not isinstance(shape, list) or len(shape) > self.bounds.dimensions:
            raise ProtocolError(say("message.array_shape"))
        for side in shape:
            if type(side) is not int or not 0 <= side <= self.bounds.array_bytes:
                raise ProtocolError(say("message.array_shape"))
        dtype = np.dtype(name)
        size = math.prod(shape) * dtype.itemsize  # of Python's own integers: it can't overflow
        part = self.data[self.at : self.at + size]
        if len(part) != size:
            raise ProtocolError(say("message.array_short"))
        self.at += size
        # A byte other than 0 and 1 in a bool array is undefined behaviour for NumPy; compare it away.
        flat = np.frombuffer(part, np.uint8) != 0 if name == "|b1" else np.frombuffer(part, dtype)
        try:
            return flat.reshape(shape)
        except ValueError:  # no element, but sides that NumPy can't multiply
            raise ProtocolError(say("message.array_shape")) from None


def _restored(value: Any, arrays: _Arrays, depth: int) -> Any:
    if depth <= 0:
        raise ProtocolError(say("message.deep"))
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_restored(item, arrays, depth - 1) for item in value]
    if isinstance(value, dict):
        if ARRAY in value:
            if len(value) != 1:
                raise ProtocolError(say("message.array_beside"))
            return arrays.next(value[ARRAY])
        return {_text(key): _restored(item, arrays, depth - 1) for key, item in value.items()}
    return _whole(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _whole(value: int) -> int:
    """A whole number that fits into a float, so that no comparison or division of a judge overflows."""
    if abs(value).bit_length() > 1000:
        raise ProtocolError(say("message.digits"))
    return int(value)


def _text(text: str) -> str:
    """JSON can say half of a surrogate pair, which no file can hold; it becomes a question mark."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
