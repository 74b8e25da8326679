"""A WebSocket lasts over a hand-over, with the server that it was opened to, until one side ends it or the limit does. P13."""

from __future__ import annotations

import os
import socket
import struct
import time

import pytest
from served import flip, get, make_base, make_release, serve, until

from hot_deploy.layout import Layout

QUICK = {"START_SECONDS": "0"}
SERVERS = {
    "uvicorn": ["uvicorn", "service:app", "--fd", "{fd}", "--ws", "wsproto"],
    "hypercorn": ["hypercorn", "service:app", "--bind", "fd://{fd}"],
}
# Answers each message with its release's text.
SOCKETS = """
from version import VERSION

async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": VERSION.encode()})
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": VERSION})
"""
TEXT, CLOSE = 1, 8
# What each closes with that has to end: the service restarts, or an error inside.
CODES = {"uvicorn": 1012, "hypercorn": 1011}


class WebSocket:
    """The client's side of one, as far as this needs it: RFC 6455, with short frames only."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 30)
        self._rest = b""
        asked = (
            "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        self._socket.sendall(asked.encode())
        while b"\r\n\r\n" not in self._rest:
            self._rest += self._socket.recv(4096)
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")

    def _take(self, count: int) -> bytes:
        while len(self._rest) < count:
            piece = self._socket.recv(4096)
            if not piece:
                raise ConnectionError("it ended within a frame")
            self._rest += piece
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def receive(self) -> tuple[int, bytes]:
        """The next frame: what it is, and what it holds."""
        first, length = self._take(2)
        return first & 15, self._take(length)

    def send(self, kind: int, payload: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        self._socket.sendall(bytes([128 | kind, 128 | len(payload)]) + mask + masked)

    def ask(self) -> str:
        self.send(TEXT, b"which?")
        kind, payload = self.receive()
        assert kind == TEXT
        return payload.decode()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def two(layout: Layout) -> tuple[str, str]:
    make_base(layout)
    first, second = (make_release(layout, number, service=SOCKETS) for number in range(2))
    flip(layout, first)
    return first, second


@pytest.mark.parametrize("server", SERVERS)
def test_p13_it_goes_on_with_the_old_server_until_the_client_ends_it(
    layout: Layout, two: tuple[str, str], server: str
) -> None:
    with serve(layout, SERVERS[server], environment=QUICK) as running:
        controller = running.controller()
        client = WebSocket(running.port)
        assert client.ask() == two[0]
        controller.hand_over(two[1], drain=60)
        assert get(running.port) == two[1]
        # Longer than a drained server accepts: by then nothing but this connection keeps it.
        end = time.monotonic() + 6
        answers = set()
        while time.monotonic() < end:
            answers.add(client.ask())
            time.sleep(0.05)
        assert answers == {two[0]}
        assert sorted(controller.states()) == [(two[0], "draining"), (two[1], "live")]
        client.send(CLOSE, struct.pack(">H", 1000))
        assert client.receive() == (CLOSE, struct.pack(">H", 1000))
        client.close()
        until(lambda: controller.states() == [(two[1], "live")])
        assert controller.status()["cut"] == 0


@pytest.mark.parametrize("server", SERVERS)
def test_at_the_limit_the_server_says_that_it_ends(layout: Layout, two: tuple[str, str], server: str) -> None:
    with serve(layout, SERVERS[server], environment=QUICK) as running:
        controller = running.controller()
        client = WebSocket(running.port)
        assert client.ask() == two[0]
        controller.hand_over(two[1], drain=4)
        kind, payload = client.receive()
        client.close()
        assert (kind, struct.unpack(">H", payload[:2])[0]) == (CLOSE, CODES[server])
        until(lambda: controller.states() == [(two[1], "live")])
