"""Whether a server is ready is asked by a connection, which it may end at any moment."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct

import pytest
from served import until

from serving import probing
from serving.addresses import Address
from serving.handing import OWN_PORTS
from serving.listening import Listening
from serving.probing import Probe


def own() -> list[int]:
    return [os.getpid()]


def test_a_connection_that_ends_between_two_looks_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address("given", socket.AF_INET, listener.getsockname())
        probe = Probe([Listening(address, [listener])], 0, None)
        assert not probe.is_passed(own)
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.recv(1) == b""
        with monkeypatch.context() as patched:
            # As it is when the end comes right behind that look.
            patched.setattr(probe, "_is_answered", lambda: False)
            assert not probe.is_passed(own)
        until(lambda: probe.is_passed(own))
        probe.close()


def test_a_connection_that_a_server_has_reset_before_it_is_shut_counts_as_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address("given", socket.AF_INET, listener.getsockname())
        probe = Probe([Listening(address, [listener])], 0, None)
        assert probe._connect(probe._left[0])
        accepted, _ = listener.accept()
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        accepted.close()
        assert probe._current is not None
        # As where the reset comes right behind that look.
        assert probe._current.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET
        assert probe.is_passed(own)


def test_as_long_as_it_waits_in_the_queue_nobody_is_asked_who_has_what_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """That takes milliseconds of a processor, many times a second, beside a server that starts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address("given", socket.AF_INET, listener.getsockname())
        probe = Probe([Listening(address, [listener])], 0, OWN_PORTS)
        with monkeypatch.context() as patched:
            patched.setattr(probing, "connections", lambda _: pytest.fail("asked"))
            until(lambda: select.select([listener], [], [], 0)[0] or probe.is_passed(own))
            assert not probe.is_passed(own)
        accepted, _ = listener.accept()
        with accepted:
            until(lambda: probe.is_passed(own))
