"""Ending processes: the very ones that were looked at, with descriptors of processes and without."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hot_deploy import peeking, stopping
from hot_deploy.stopping import Held

SLEEP = [sys.executable, "-I", "-S", "-c", "import time; print(1, flush=True); time.sleep(60)"]


@pytest.fixture(params=["with descriptors", "without"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without":
        monkeypatch.setattr(stopping, "_descriptor_of", lambda _pid: None)


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def start(started: list[subprocess.Popen[bytes]]) -> tuple[int, int]:
    process = subprocess.Popen(SLEEP, stdout=subprocess.PIPE)
    started.append(process)
    assert process.stdout is not None
    assert process.stdout.readline() == b"1\n"
    stat = peeking.Process(process.pid).stat()
    assert stat is not None
    return process.pid, stat.started


@pytest.mark.usefixtures("_way")
def test_the_process_that_was_looked_at_is_signalled(started: list[subprocess.Popen[bytes]]) -> None:
    held = Held(start(started))
    assert held.signal(signal.SIGTERM)
    assert started[0].wait(10) == -signal.SIGTERM
    assert held.stat() is None
    assert not held.signal(signal.SIGTERM)
    held.close()


@pytest.mark.usefixtures("_way")
def test_of_100_whose_ids_are_others_by_now_none_is_signalled(started: list[subprocess.Popen[bytes]]) -> None:
    foreign = [start(started) for _ in range(100)]
    for pid, ticks in foreign:
        # As if it was looked at before this one got its id.
        held = Held((pid, ticks - 1))
        assert held.stat() is None
        assert not held.signal(signal.SIGKILL)
        held.close()
    assert [process.poll() for process in started] == [None] * 100


def test_one_that_gets_the_id_after_it_was_held_is_not_signalled(
    started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = start(started)
    held = Held(identity)
    started[0].kill()
    started[0].wait()
    # Whatever /proc says by now: the descriptor is of the one that was held.
    monkeypatch.setattr(Held, "stat", lambda _held: object())
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _number: killed.append(pid))
    assert not held.signal(signal.SIGKILL)
    assert killed == []
    held.close()


@pytest.mark.usefixtures("_way")
def test_a_zombie_has_ended(started: list[subprocess.Popen[bytes]]) -> None:
    held = Held(start(started))
    os.kill(held.identity[0], signal.SIGKILL)
    os.waitid(os.P_PID, held.identity[0], os.WEXITED | os.WNOWAIT)
    assert held.stat() is None
    held.close()


class Wire:
    """A conversation that goes on, or ends."""

    def __init__(self) -> None:
        self.wake_fd, self.wake_write = os.pipe()
        self.is_gone = False

    def check(self) -> None:
        if self.is_gone:
            raise EOFError


class Ending:
    """As much of a stop as waiting needs."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self.looks = 0

    def has_ended(self) -> bool:
        self.looks += 1
        return self.held.stat() is None

    def descriptors(self) -> list[Any]:
        return [self.held.fd]


def wait(wire: Wire, stops: list[Ending], deadline: float) -> bool:
    return stopping._wait(wire, stops, deadline, any)  # type: ignore[arg-type]


def test_it_wakes_when_one_ends_and_not_before(started: list[subprocess.Popen[bytes]]) -> None:
    wire, one, other = Wire(), Ending(Held(start(started))), Ending(Held(start(started)))
    now = time.monotonic()
    timer = threading.Timer(0.3, started[1].kill)
    timer.start()
    assert wait(wire, [one, other], now + 30)
    assert 0.25 < time.monotonic() - now < 5
    # No look but those at the beginning and at the end.
    assert one.looks <= 3
    assert not wait(wire, [one], time.monotonic() + 0.1)
    timer.join()


def test_the_end_of_the_conversation_ends_the_wait(started: list[subprocess.Popen[bytes]]) -> None:
    wire, one = Wire(), Ending(Held(start(started)))

    def leave() -> None:
        wire.is_gone = True
        os.write(wire.wake_write, b"x")

    timer = threading.Timer(0.1, leave)
    timer.start()
    with pytest.raises(EOFError):
        wait(wire, [one], time.monotonic() + 30)
    timer.join()
