"""The processes below one: found and ended, whatever they do to get away."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Callable

import pytest

from hot_deploy import descendants
from hot_deploy.run_starting import prctl

Start = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def started_with(code: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", "import os, signal, sys, time\n" + code],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return process

    yield started_with
    for process in started:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.communicate()


def gone(pid: int, within: float = 5.0) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        found = descendants.look(pid)
        if found is None or found.ended:
            return True
        time.sleep(0.01)
    return False


def test_children_and_theirs_are_found(start: Start) -> None:
    process = start("print('ready', flush=True)\nfor _ in range(2): os.fork()\ntime.sleep(60)")
    time.sleep(0.2)
    found = descendants.below(os.getpid())
    assert len([each for each in found if each.group == process.pid]) == 4
    assert all(each.resident > 0 and not each.ended for each in found)


def test_more_children_than_one_read_of_the_kernel_tells_are_found(
    start: Start,
) -> None:
    process = start(
        "for _ in range(900):\n if os.fork() == 0: signal.pause()\nprint('ready', flush=True)\nsignal.pause()"
    )
    assert len(descendants.below(process.pid)) == 900


def test_without_the_kernels_list_children_are_found_among_all(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    process = start("print('ready', flush=True)\nos.fork()\ntime.sleep(60)")
    time.sleep(0.2)
    real = io.FileIO

    def without(path: str) -> io.FileIO:
        if path.endswith("/children"):
            raise FileNotFoundError(path)
        return real(path)

    monkeypatch.setattr(io, "FileIO", without)
    exists = os.path.exists
    monkeypatch.setattr(os.path, "exists", lambda path: not str(path).endswith("/children") and exists(path))
    assert len(descendants.below(process.pid)) == 1


def test_a_program_whose_first_thread_has_ended_is_alive_and_can_be_ended(
    start: Start,
) -> None:
    process = start(
        "import ctypes, threading\n"
        "threading.Thread(target=lambda: (time.sleep(0.3), print('ready', flush=True), time.sleep(60))).start()\n"
        "ctypes.CDLL(None).pthread_exit(None)"
    )
    found = [each for each in descendants.below(os.getpid()) if each.pid == process.pid]
    assert [each.ended for each in found] == [False]
    descendants.kill(found)
    assert gone(process.pid)


def test_one_that_forks_and_leaves_without_end_is_ended(start: Start) -> None:
    process = start("print('ready', flush=True)\nwhile True:\n if os.fork(): os._exit(0)")
    prctl(36, 1)
    try:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            left = descendants.below(os.getpid())
            if not left:
                break
            descendants.kill(left)
            reap()
        assert descendants.below(os.getpid()) == []
    finally:
        prctl(36, 0)
    assert process.pid


def reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def test_a_stopped_one_is_ended(start: Start) -> None:
    process = start("print('ready', flush=True)\nos.kill(os.getpid(), signal.SIGSTOP)")
    descendants.kill([each for each in descendants.below(os.getpid()) if each.pid == process.pid])
    assert gone(process.pid)


def test_another_process_that_has_the_number_by_now_is_not_signalled(
    start: Start,
) -> None:
    process = start("print('ready', flush=True)\ntime.sleep(60)")
    found = [each for each in descendants.below(os.getpid()) if each.pid == process.pid]
    for each in found:
        each.started -= 1
    descendants.signal_each(found, signal.SIGKILL)
    assert not gone(process.pid, 0.2)


def test_this_process_and_its_own_group_are_never_killed() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    descendants.kill([each for each in descendants.below(os.getpid()) if each.pid == child.pid])
    assert child.wait(5) == -signal.SIGKILL
