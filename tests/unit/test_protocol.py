"""The protocol between grader and sandbox: does anything but plain values and bounded arrays get through?"""

from __future__ import annotations

import json
import socket
import threading
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest

from admin.sandbox import protocol

SMALL = protocol.Bounds(text_bytes=10_000, array_bytes=10_000, arrays=4, total_bytes=50_000)


def parts(frame: bytes, bounds: protocol.Bounds = SMALL) -> tuple[bytes, bytes]:
    text, weight = protocol.decode_head(frame[: protocol.HEAD.size], bounds)
    body = frame[protocol.HEAD.size :]
    assert len(body) == text + weight
    return body[:text], body[text:]


def there_and_back(value: Any) -> Any:
    return protocol.decode(*parts(protocol.encode(value, SMALL)), SMALL)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        -2.5,
        "é🎈",
        [],
        {"a": [1, {"b": None}]},
        [float("inf"), "", {}],
    ],
)
def test_plain_values_arrive_as_they_were(value: Any):
    assert there_and_back(value) == value


@pytest.mark.parametrize("kind", ["b1", "i1", "u1", ">i2", "<u4", "i8", "f2", ">f4", "f8"])
def test_arrays_keep_type_shape_and_values(kind: str):
    array = np.arange(12).reshape(2, 3, 2).astype(kind)
    [back] = there_and_back([array.transpose(2, 0, 1)])
    assert back.dtype == array.dtype.newbyteorder("<")
    np.testing.assert_array_equal(back, array.transpose(2, 0, 1))
    assert there_and_back(np.zeros((0, 3), "f4")).shape == (0, 3)
    assert there_and_back(np.array(7)).shape == ()


def test_nan_arrives_as_nan():
    """Is a NaN the judge's business, and not lost on the way?"""
    assert np.isnan(there_and_back(float("nan")))
    assert np.isnan(there_and_back(np.array([np.nan]))).all()


@pytest.mark.parametrize(
    "value",
    [
        object(),
        np.array([object()]),
        np.array(["text"]),
        np.array([1j]),
        np.zeros(3, "M8[s]"),
        np.zeros(3, [("a", "i4")]),
        np.zeros(10_001, "u1"),
        [np.zeros(1)] * 5,
        np.zeros((1,) * 9),
        10**400,
        {1: 2},
        {"\0array": ["|u1", [0]]},
        "x" * 10_001,
        {1, 2},
        b"bytes",
    ],
    ids=lambda value: str(type(value).__name__),
)
def test_what_is_not_plain_or_too_large_is_not_sent(value: Any):
    with pytest.raises(protocol.ProtocolError):
        protocol.encode(value, SMALL)


def test_a_value_in_itself_is_not_sent():
    value: list[Any] = []
    value.append(value)
    with pytest.raises(protocol.ProtocolError, match="deep"):
        protocol.encode(value)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 30 + "]" * 30,
        '{"\\u0000array":["|O",[1]]}',
        '{"\\u0000array":["<f8",[1000000000000]]}',
        '{"\\u0000array":["<f8",[-1]]}',
        '{"\\u0000array":["<f8",[true]]}',
        '{"\\u0000array":["<f8",[1.0]]}',
        '{"\\u0000array":["<f8",[2]]}',
        '{"\\u0000array":["<f8",[0, 9000, 9000, 9000, 9000, 9000, 9000, 9000]]}',
        '{"\\u0000array":["<f8",[[1]]]}',
        '{"\\u0000array":[["<f8"],[1]]}',
        '{"\\u0000array":"<f8"}',
        '{"\\u0000array":["<f8",[1]],"more":1}',
        "[1,",
        "1" * 5000,
        "1" * 400,
        "",
        "\ufeff1",
        "nul",
    ],
)
def test_a_hostile_text_ends_in_a_wire_error(text: str):
    with pytest.raises(protocol.ProtocolError):
        protocol.decode(text.encode(), bytes(8), SMALL)


def test_half_a_surrogate_pair_does_not_reach_a_file():
    value = protocol.decode(rb'{"\ud800": "a\udfffb"}', b"", SMALL)
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    assert there_and_back("\ud800") == "?"


def test_damaged_frames_give_a_value_or_a_wire_error():
    """Ten thousand frames with flipped, lost and added bytes: does any other exception come out?"""
    rng = np.random.default_rng(0)
    whole = protocol.encode(
        {"a": np.arange(6.0).reshape(2, 3), "b": [1, "é", {"c": np.ones(3, bool)}]}, SMALL
    )
    refused = 0
    for _ in range(10_000):
        frame = bytearray(whole)
        for _ in range(rng.integers(1, 4)):
            place = int(rng.integers(len(frame)))
            match rng.integers(3):
                case 0:
                    frame[place] = int(rng.integers(256))
                case 1:
                    del frame[place : place + int(rng.integers(1, 9))]
                case _:
                    frame[place:place] = rng.bytes(int(rng.integers(1, 9)))
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(frame)
            theirs.shutdown(socket.SHUT_WR)
            try:
                protocol.Channel(ours, SMALL).receive(time.monotonic() + 5)
            except protocol.ProtocolError:
                refused += 1
    assert refused > 1000


def test_a_channel_has_a_total():
    """Many small messages add up: is the sum bounded?"""
    ours, theirs = socket.socketpair()
    frame = protocol.encode("x" * 9000, SMALL)
    with ours, theirs:
        threading.Thread(target=lambda: theirs.sendall(frame * 6), daemon=True).start()
        channel = protocol.Channel(ours, SMALL)
        for _ in range(5):
            channel.receive(time.monotonic() + 5)
        with pytest.raises(protocol.ProtocolError, match="in all"):
            channel.receive(time.monotonic() + 5)


def test_half_a_message_does_not_hold_the_grader_up():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(protocol.encode("x" * 100)[:50])
        started = time.monotonic()
        with pytest.raises(protocol.Late):
            protocol.Channel(ours).receive(started + 0.2)
        assert time.monotonic() - started < 2


def test_a_promise_of_much_costs_no_memory():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(protocol.HEAD.pack(protocol.MAGIC, 1 << 31, 1 << 60))
        with pytest.raises(protocol.ProtocolError, match="too much"):
            protocol.Channel(ours).receive(time.monotonic() + 1)


@pytest.mark.parametrize(
    "text",
    [
        b"[" + b"[]," * 1_300_000 + b"0]",
        b'{"x":[' + b"{}," * 1_300_000 + b"0]}",
        b"[" + b'"",' * 1_300_000 + b"0]",
    ],
    ids=["lists", "dictionaries", "texts"],
)
def test_many_small_values_are_refused_before_they_are_made(text: bytes):
    """4 MB of the smallest values there are: refused in no time and no memory?"""
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(protocol.ProtocolError, match="more than 200,000 values"):
        protocol.decode(text, b"")
    took, (_, peak) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 1
    assert peak < 60 << 20


def test_a_text_may_be_full_of_commas():
    """A million numbers that were printed are one value: not taken for a million?"""
    value = {"text": '[1, {2}: "\\", ' * 200_000}
    assert protocol.decode(protocol.encode(value)[protocol.HEAD.size :], b"") == value
    with pytest.raises(protocol.ProtocolError, match="more than 200,000 values"):
        protocol.encode([0] * 200_001)


def test_a_frame_may_come_in_two_halves_with_a_deadline_between():
    """The clock strikes in the middle of a reply: can the rest still be read?"""
    ours, theirs = socket.socketpair()
    frame = protocol.encode({"text": "x" * 100, "array": np.arange(10)})
    channel = protocol.Channel(ours)
    for cut in (3, protocol.HEAD.size, protocol.HEAD.size + 7, len(frame) - 5):
        theirs.sendall(frame[:cut])
        with pytest.raises(protocol.Late):
            channel.receive(time.monotonic() + 0.01)
        theirs.sendall(frame[cut:])
        assert channel.receive(time.monotonic() + 1)["array"].tolist() == list(range(10))
