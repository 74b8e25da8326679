"""Logs that a guard follows: no line is lost by rotation, and none makes it grow."""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from hot_deploy.guard_logs import LONGEST_LINE, Lines, Logs
from hot_deploy.layout import Layout


@pytest.fixture
def follow(tmp_path: Path) -> Iterator[Callable[..., Logs]]:
    made: list[Logs] = []

    def start(**log: Any) -> Logs:
        logs = Logs(Layout(str(tmp_path)), [{"name": "engine", "text": "ERROR", "limit": 0, **log}])
        made.append(logs)
        return logs

    yield start
    for logs in made:
        logs.close()


def wait_for(logs: Logs, count: int, seconds: float = 20.0) -> int:
    deadline = time.monotonic() + seconds
    while logs.counts[0] < count and time.monotonic() < deadline:
        logs.step()
        time.sleep(0.005)
    return logs.counts[0]


def settle(path: Path, logs: Logs, text: str = "ERROR it begins\n") -> None:
    """Until the log is followed: from where it ended before."""
    before = logs.counts[0]
    while logs.counts[0] == before:
        with path.open("a") as file:
            file.write(text)
        time.sleep(0.05)
        logs.step()
    time.sleep(0.3)
    logs.step()
    logs.counts[0] = 0


def test_only_what_comes_from_now_on_counts_and_the_last_line_is_told(
    tmp_path: Path, follow: Callable[..., Logs]
) -> None:
    log = tmp_path / "engine.log"
    log.write_text("ERROR before\n" * 100)
    logs = follow(path="engine.log", limit=1)
    settle(log, logs)
    with log.open("a") as file:
        file.write("all is well\nan ERROR, half of")
        file.flush()
        time.sleep(0.3)
        logs.step()
        assert logs.counts == [0]
        file.write(" it\nERROR two\n")
        file.flush()
        assert wait_for(logs, 2) == 2
    assert logs.over() == {"place": "engine", "count": 2, "limit": 1, "said": "ERROR two"}


@pytest.fixture
def followed(tmp_path: Path, follow: Callable[..., Logs]) -> tuple[Path, Logs]:
    """A log that is empty at first."""
    log = tmp_path / "engine.log"
    log.write_text("")
    logs = follow(path="engine.log")
    settle(log, logs)
    return log, logs


def test_no_line_is_lost_when_the_log_is_renamed_again_and_again(tmp_path: Path, followed: tuple[Path, Logs]) -> None:
    log, logs = followed
    for part in range(10):
        # Nobody rotates a log ten times a second.
        time.sleep(0.25)
        with log.open("a") as file:
            for line in range(1000):
                file.write("%d ERROR %d\n" % (part, line))
            # Whoever writes goes on for a moment after the rename, as programs do until they are told.
            file.flush()
            os.rename(log, tmp_path / ("engine.log.%d" % part))
            log.write_text("")
            file.write("ERROR late\n")
        assert wait_for(logs, (part + 1) * 1001) == (part + 1) * 1001


def test_a_log_that_is_truncated_goes_on_from_its_beginning(followed: tuple[Path, Logs]) -> None:
    log, logs = followed
    for part in range(5):
        with log.open("a") as file:
            file.write("ERROR\n" * 1000)
        assert wait_for(logs, (part + 1) * 1000) == (part + 1) * 1000
        os.truncate(log, 0)
        time.sleep(0.25)


def test_a_log_that_is_not_there_yet_is_followed_from_its_first_line(
    tmp_path: Path, follow: Callable[..., Logs]
) -> None:
    logs = follow(path="logs/engine.log")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/engine.log").write_text("ERROR first\n")
    assert wait_for(logs, 1) == 1


@pytest.fixture
def printing(tmp_path: Path, follow: Callable[..., Logs]) -> tuple[Logs, Path]:
    """A program that has printed a line and goes on, and where its process id is."""
    pid = tmp_path / "pid"
    code = "import os,time; print('ERROR', flush=True); open(%r,'w').write(str(os.getpid())); time.sleep(60)" % str(pid)
    logs = follow(command=[sys.executable, "-c", code])
    assert wait_for(logs, 1) == 1
    return logs, pid


def has_ended(pid: Path) -> bool:
    deadline = time.monotonic() + 5
    while os.path.exists("/proc/%s/exe" % pid.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not os.path.exists("/proc/%s/exe" % pid.read_text())


def test_a_program_that_prints_is_followed_and_ends_with_the_guard(printing: tuple[Logs, Path]) -> None:
    logs, pid = printing
    logs.close()
    assert has_ended(pid)


def test_a_program_ends_with_a_guard_that_was_killed(printing: tuple[Logs, Path]) -> None:
    logs, pid = printing
    # Nobody reads any more, and nobody has said so.
    out = logs.fileno()
    assert out is not None
    os.dup2(os.open(os.devnull, os.O_RDONLY), out)
    assert has_ended(pid)


def test_a_line_of_10_mb_is_told_by_its_beginning_and_does_not_make_anything_grow() -> None:
    lines = Lines("ERROR")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = [lines.feed(b"ERROR" + b"x" * 65531)[0]] + [lines.feed(b"ERROR" * 13107)[0] for _ in range(160)]
    assert sum(found) == 1
    assert lines.feed(b"the end\nERROR next\n") == (1, "ERROR next")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024
    assert LONGEST_LINE == 64 * 1024
