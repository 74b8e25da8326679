"""How long requests take while a service is handed over, beside a control in the same run: the same server starts and ends
aside, on a port of its own, under the same clients. P13."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from served import BIN, FULL_SIZE, Clients, Controller, flip, get, make_base, make_release, serve, until

from hot_deploy.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCKS, ROUNDS = (5, 10) if FULL_SIZE else (1, 2)
# At the small size a start takes so long that whoever had to wait for one is seen on the busiest machine.
START_SECONDS = 0.6 if FULL_SIZE else 3.0
COMMANDS = {
    "uvicorn": (["uvicorn", "service:app", "--no-access-log"], ["--fd", "{fd}"], ["--port", "%d"]),
    "gunicorn": (["gunicorn", "service:wsgi", "--threads", "4"], ["--bind", "fd://{fd}"], ["--bind", "127.0.0.1:%d"]),
    "hypercorn": (["hypercorn", "service:app"], ["--bind", "fd://{fd}"], ["--bind", "127.0.0.1:%d"]),
}


@pytest.mark.parametrize("server", COMMANDS if FULL_SIZE else ["uvicorn"])
def test_p13_the_slowest_of_a_thousand_take_no_longer_than_twice_the_controls(layout: Layout, server: str) -> None:
    make_base(layout)
    releases = make_release(layout, 0), make_release(layout, 1)
    flip(layout, releases[0])
    words, by_descriptor, by_port = COMMANDS[server]
    environment = {"START_SECONDS": str(START_SECONDS)}
    with serve(layout, [*words, *by_descriptor], environment=environment) as running:
        port, controller = running.port, running.controller()
        blocks = [(Spans(), Spans()) for _ in range(BLOCKS)]
        with Clients(lambda: get(port)) as clients:
            for number in range(BLOCKS * ROUNDS):
                handing, control = blocks[number // ROUNDS]
                with handing.one():
                    tail = hand_over(controller, releases[(number + 1) % 2])
                aside = started_aside(layout.release(releases[0]), [*words, *by_port], environment)
                with control.one(), aside:
                    until_later(controller, tail)
        assert clients.failures == []
        assert controller.status()["handOvers"] == BLOCKS * ROUNDS
    pairs = [(handing.percentile(clients), control.percentile(clients)) for handing, control in blocks]
    ratio = statistics.median(handing / control for handing, control in pairs)
    shown = ", ".join("%.1f (control %.1f)" % (1000 * handing, 1000 * control) for handing, control in pairs)
    print("%s, %d requests: 99.9th percentiles in ms: %s; %.2f x" % (server, len(clients.answers), shown, ratio))
    if FULL_SIZE:
        assert ratio <= 2
    # Nobody waits for a start.
    assert max(handing for handing, _ in pairs) < START_SECONDS / 2


class Spans:
    """Times during which something was done."""

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []

    @contextmanager
    def one(self) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.spans.append((began, time.monotonic()))

    def percentile(self, clients: Clients) -> float:
        """The 99.9th, of the requests that were sent in them."""
        took = [
            end - began for began, end, _ in clients.answers if any(first <= began < last for first, last in self.spans)
        ]
        assert len(took) > 1000
        return sorted(took)[len(took) * 999 // 1000]


def hand_over(controller: Controller, release: str) -> float:
    """Until the old one is gone; for how many seconds both were there."""
    controller.hand_over(release, drain=20)
    began = time.monotonic()
    until(lambda: len(controller.states()) == 1)
    return time.monotonic() - began


def until_later(controller: Controller, seconds: float) -> None:
    """For as long as the old one was there, asking as often."""
    end = time.monotonic() + seconds
    until(lambda: len(controller.states()) == 1 and time.monotonic() >= end)


@contextmanager
def started_aside(directory: str, words: list[str], environment: dict[str, str]) -> Iterator[None]:
    """The same server as a process that nobody asks anything, from its readiness on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(BIN / words[0]), *(word.replace("%d", str(port)) for word in words[1:])]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment}
    nothing = subprocess.DEVNULL
    # In a session of its own, as those of serve.py: the scheduler shares the processor out by session.
    process = subprocess.Popen(
        command, cwd=directory, env=environment, stdout=nothing, stderr=nothing, start_new_session=True
    )
    try:
        until(lambda: is_open(port))
        yield
        process.terminate()
        process.wait(20)
    finally:
        process.kill()
        process.wait()


def is_open(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0
