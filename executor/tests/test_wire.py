"""Frames over pipes, and how the other side's leaving is noticed."""

from __future__ import annotations

import json
import os
import select
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from hot_deploy import wire as wires
from hot_deploy.contract import FRAME_DATA as DATA
from hot_deploy.contract import FRAME_JSON as JSON
from hot_deploy.contract import LONGEST_FRAME, MARKER
from hot_deploy.failures import ControllerGone, StepFailed
from hot_deploy.wire import HEADER, Wire

WAIT_SECONDS = 10


def frame(kind: int, payload: bytes) -> bytes:
    return struct.pack(">BI", kind, len(payload)) + payload


class Client:
    """The other end of a wire."""

    def __init__(self, silence_seconds: float) -> None:
        theirs, self.to_wire = os.pipe()
        self.from_wire, ours = os.pipe()
        self._descriptors = {theirs, self.to_wire, self.from_wire, ours}
        self.wire = Wire(theirs, ours, silence_seconds)

    def start(self) -> Client:
        self.wire.start()
        assert self.read(len(MARKER)) == MARKER
        return self

    def write(self, content: bytes) -> None:
        while content:
            content = content[os.write(self.to_wire, content) :]

    def read(self, count: int) -> bytes:
        content = b""
        while len(content) < count:
            assert select.select([self.from_wire], [], [], WAIT_SECONDS)[0], "nothing came"
            piece = os.read(self.from_wire, count - len(content))
            assert piece
            content += piece
        return content

    def message(self) -> Any:
        kind, length = HEADER.unpack(self.read(HEADER.size))
        assert kind == JSON
        return json.loads(self.read(length))

    def leave(self, descriptor: int | None = None) -> None:
        descriptor = self.to_wire if descriptor is None else descriptor
        self._descriptors.discard(descriptor)
        os.close(descriptor)

    def gone(self) -> str:
        """Waits until the wire says that nobody is there, and returns why."""
        assert select.select([self.wire.wake_fd], [], [], WAIT_SECONDS)[0], "nothing was noticed"
        with pytest.raises(ControllerGone):
            self.wire.check()
        assert self.wire.gone is not None
        return self.wire.gone

    def close(self) -> None:
        if self.to_wire in self._descriptors:
            self.leave()
        self.wire._reader.join(WAIT_SECONDS)
        for descriptor in [*self._descriptors, self.wire.wake_fd, self.wire._wake_write]:
            os.close(descriptor)


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client(60).start()
    yield made
    made.close()


def test_frames_come_in_order_however_they_are_cut(client: Client) -> None:
    request = {"verb": "list", "id": 1, "args": {"name": "é"}}
    content = frame(JSON, json.dumps(request).encode("utf-8")) + frame(DATA, b"") + frame(DATA, bytes(range(256)))
    for place in range(0, len(content), 7):
        client.write(content[place : place + 7])
    assert client.wire.take() == (JSON, request)
    assert client.wire.take_data() == b""
    assert client.wire.take_data() == bytes(range(256))
    client.wire.check()


@pytest.mark.parametrize("read", [0, 3, 5, 9, 11, 20])
def test_what_was_read_with_the_program_comes_first(read: int) -> None:
    content = frame(DATA, b"first") + frame(DATA, b"second")
    reading, writing = os.pipe()
    told, telling = os.pipe()
    wire = Wire(reading, telling, 60, content[:read])
    wire.start()
    os.write(writing, content[read:])
    assert [wire.take_data(), wire.take_data()] == [b"first", b"second"]
    os.close(writing)
    wire._reader.join(WAIT_SECONDS)
    for descriptor in (reading, told, telling, wire.wake_fd, wire._wake_write):
        os.close(descriptor)


def test_a_message_is_one_frame(client: Client) -> None:
    client.wire.send({"event": "output", "text": "\u2028é\n"})
    assert client.message() == {"event": "output", "text": "\u2028é\n"}


def test_messages_of_several_threads_stay_whole(client: Client) -> None:
    # Larger than a pipe, so that all of them wait to go on while they are read.
    texts = [letter * 300_000 for letter in "abcd"]
    threads = [threading.Thread(target=client.wire.send, args=({"text": text},)) for text in texts]
    for thread in threads:
        thread.start()
    assert sorted(client.message()["text"] for _ in threads) == texts
    for thread in threads:
        thread.join()


def test_a_heartbeat_is_answered_and_seen_by_no_step(client: Client) -> None:
    client.write(frame(JSON, b"{}") + frame(DATA, b"next"))
    assert client.message() == {"event": "alive"}
    assert client.wire.take_data() == b"next"


def test_a_request_where_content_was_announced(client: Client) -> None:
    client.write(frame(JSON, b'{"verb":"list"}'))
    with pytest.raises(StepFailed):
        client.wire.take_data()


def test_the_end_of_input_ends_the_conversation(client: Client) -> None:
    client.leave()
    assert client.gone() == "the connection ended"


def test_half_a_frame_is_none(client: Client) -> None:
    client.write(frame(DATA, b"whole")[:-1])
    client.leave()
    assert client.gone() == "the connection ended"


def test_what_a_vanished_client_left_behind_is_not_acted_on(client: Client) -> None:
    client.write(frame(JSON, b'{"verb":"flip"}'))
    client.leave()
    client.gone()
    with pytest.raises(ControllerGone):
        client.wire.take()


def test_a_step_that_waits_for_a_frame_hears_of_the_end(client: Client) -> None:
    threading.Timer(0.05, client.leave).start()
    with pytest.raises(ControllerGone):
        client.wire.take()


@pytest.mark.parametrize("content", [b"[]", b"7", b"null", b'"verb"'])
def test_json_that_is_no_request_ends_the_conversation(client: Client, content: bytes) -> None:
    client.write(frame(JSON, content))
    assert client.gone() == "the client sent something that is no request"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b"[" * 100_000],
    ids=lambda content: repr(content[:8]),
)
def test_what_is_no_json_ends_the_conversation(client: Client, content: bytes) -> None:
    client.write(frame(JSON, content))
    assert client.gone().startswith("the input could not be read: ")


def test_a_frame_beyond_all_measure_is_not_waited_for(client: Client) -> None:
    client.write(HEADER.pack(DATA, LONGEST_FRAME + 1))
    assert client.gone() == "the client sent a frame of %d bytes" % (LONGEST_FRAME + 1)


def test_silence_ends_the_conversation() -> None:
    client = Client(0.1).start()
    assert client.gone() == "nothing was heard for 0.1 s"
    client.close()


def test_a_client_that_is_slow_to_be_read_is_held_back_and_not_taken_for_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wires, "QUEUE_BYTES", 1000)
    client = Client(60).start()
    for _ in range(3):
        client.write(frame(DATA, bytes(800)))
    # Two fill the queue; the third waits in the reader. What comes then stays in the pipe.
    client.write(frame(DATA, b"last"))
    with client.wire._changed:
        client.wire._changed.wait_for(lambda: len(client.wire._frames) >= 2, WAIT_SECONDS)
    assert select.select([client.wire._input], [], [], WAIT_SECONDS)[0]
    assert len(client.wire._frames) == 2
    assert [len(client.wire.take_data()) for _ in range(4)] == [800, 800, 800, 4]
    client.close()


def test_a_client_that_takes_nothing_counts_as_gone() -> None:
    client = Client(0.2)
    writer = threading.Thread(target=client.wire.send, args=({"text": "x" * 1_000_000},))
    writer.start()
    writer.join(WAIT_SECONDS)
    assert not writer.is_alive()
    assert client.gone().startswith("the client stopped reading: ")
    # It is not tried again, which would take as long once more.
    client.wire.send({"text": "x" * 1_000_000})
    client.leave()
    for descriptor in [*client._descriptors, client.wire.wake_fd, client.wire._wake_write]:
        os.close(descriptor)


def test_a_client_that_closes_its_end_counts_as_gone(client: Client) -> None:
    client.leave(client.from_wire)
    client.wire.send({"event": "alive"})
    assert client.gone() == "the connection ended"
