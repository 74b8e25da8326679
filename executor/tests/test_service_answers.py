"""How long a hand-over waits for what answers at a service's socket, which may be anything."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hot_deploy import service_sockets, services
from hot_deploy.failures import StepFailed
from hot_deploy.layout import Layout

RELEASE = "20261123-171500-0000000"
READY_SECONDS = 3.0
Say = Callable[[str], None]


@contextmanager
def standing_in(layout: Layout, prepared: Callable[[Say], None], status_after: float = 0) -> Iterator[None]:
    """Something that answers as `serve.py` does, but for the one request."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.path.join(layout.state, "serve.sock"))
    listener.listen()

    def answer() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                verb = json.loads(line)["do"]
                if verb == "prepare":
                    prepared(lambda event: connection.sendall(b'{"event": "%s"}\n' % event.encode()))
                else:
                    time.sleep(status_after)
                    connection.sendall(b'{"event": "%s"}\n' % verb.encode())

    thread = threading.Thread(target=_until_gone, args=(answer,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.close()
        thread.join(10)


def _until_gone(answer: Callable[[], None]) -> None:
    try:
        answer()
    except OSError:
        pass  # Whoever asked has closed the connection.


@pytest.fixture(autouse=True)
def _shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "ANSWER_SECONDS", 0.4)
    monkeypatch.setattr(services, "PLACE_SECONDS", 2.0)


def test_p5_one_that_is_busy_is_not_taken_for_none(layout: Layout) -> None:
    """A deployment would go on without it, and it with the old version."""
    with standing_in(layout, says_nothing, status_after=1.5):
        assert [each["name"] for each in service_sockets.statuses(layout)] == ["serve"]


def prepare(layout: Layout) -> dict[str, Any]:
    hand_over = services.HandOver(layout, 1, 0)
    try:
        return hand_over.prepare(RELEASE, READY_SECONDS, lambda: None)
    finally:
        hand_over.close()


def says_nothing(_say: Say) -> None:
    pass


def says_that_it_begins_for_ever(say: Say) -> None:
    while True:
        for event in ("preparing", "starting"):
            say(event)
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("prepared", "longest"),
    [(says_nothing, 2.0), (says_that_it_begins_for_ever, READY_SECONDS + 3)],
)
def test_p5_one_that_does_not_get_on_is_given_up(
    layout: Layout, prepared: Callable[[Say], None], longest: float
) -> None:
    with standing_in(layout, prepared):
        began = time.monotonic()
        with pytest.raises(StepFailed) as raised:
            prepare(layout)
        assert (raised.value.kind, raised.value.facts["why"]) == ("serviceNotReady", "gone")
        assert time.monotonic() - began < longest


def test_one_that_says_that_it_has_heard_is_waited_for(layout: Layout) -> None:
    def gets_a_place_and_starts(say: Say) -> None:
        say("preparing")
        time.sleep(1)
        say("starting")
        time.sleep(1)
        say("ready")

    with standing_in(layout, gets_a_place_and_starts):
        assert prepare(layout)["services"] == 1
