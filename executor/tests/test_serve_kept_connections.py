"""Clients that keep their connections open."""

from __future__ import annotations

import socket

from serving.addresses import all_parsed
from serving.listening import opened


def test_an_answer_over_a_kept_connection_goes_out_at_once() -> None:
    """Servers don't ask for it on sockets that they are given: each answer came 40 ms late from uvicorn."""
    (listening,) = opened(all_parsed(["127.0.0.1:0"]), 5)
    with socket.create_connection(listening.sockets[0].getsockname()):
        accepted, _ = listening.sockets[0].accept()
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        accepted.close()
    for each in listening.sockets:
        each.close()
