"""Log files, and programs that print a log, followed by a guard in a process of their own: lines that hold a text are counted.

A file is followed from its end at that moment, through rotation by rename and by truncation. Of a line no more is kept than
its beginning.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time

from hot_deploy import descriptors, writing
from hot_deploy.guard_checks import LONGEST_SAID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.layout import Layout

    Json = dict[str, Any]

POLL_SECONDS = 0.1
PIECE = 1 << 20
LONGEST_LINE = 64 * 1024
SHOWN = 500


class Logs:
    """What was counted in each log, in the guard's process."""

    def __init__(self, layout: Layout, logs: list[Json]) -> None:
        self._logs = logs
        self._layout = layout
        self._said = b""
        self._out: int | None = None
        self._process = 0
        # Of each log: how many lines hold its text, and the last one.
        self.counts = [0] * len(logs)
        self._last = [""] * len(logs)
        if logs:
            self._begin()

    def fileno(self) -> int | None:
        """For select(): readable when something was counted."""
        return self._out

    def step(self) -> None:
        """Hears of what was counted. A process that was ended from outside is started again, from where logs end by then."""
        if self._out is None:
            return
        try:
            piece = os.read(self._out, LONGEST_SAID)
        except BlockingIOError:
            return
        if not piece:
            self.close()
            self._begin()
            return
        *lines, self._said = (self._said + piece).split(b"\n")
        for line in lines:
            index, count, last = json.loads(line.decode("utf-8"))
            self.counts[index] += count
            self._last[index] = last

    def over(self) -> Json | None:
        """A log with more such lines than its limit."""
        for log, count, last in zip(self._logs, self.counts, self._last):
            if count > log["limit"]:
                return {"place": log["name"], "count": count, "limit": log["limit"], "said": last}
        return None

    def close(self) -> None:
        if self._out is None:
            return
        try:
            os.killpg(self._process, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self._process, 0)
        os.close(self._out)
        self._out = None

    def _begin(self) -> None:
        out, said = os.pipe()
        self._said = b""
        # From where they end by now, whenever the process comes to it.
        logs = [_opened(self._layout, log) for log in self._logs]
        self._process = os.fork()
        if self._process == 0:
            try:
                os.setpgid(0, 0)
                descriptors.keep_only(said, *(fd for fd in (log.fileno() for log, _ in logs) if fd is not None))
                _follow(logs, said)
            finally:
                # With the programs that print logs.
                os.killpg(0, signal.SIGKILL)
        os.setpgid(self._process, self._process)
        os.close(said)
        for log, _ in logs:
            log.close()
        os.set_blocking(out, False)
        self._out = out


class Lines:
    """Bytes of a log as they come: which whole lines hold a text."""

    def __init__(self, text: str) -> None:
        self._text = text.encode("utf-8")
        self._held = b""
        # Of a line that is too long, the rest is skipped.
        self._skips = False

    def feed(self, piece: bytes) -> tuple[int, str]:
        """(how many lines ended that hold the text, the last of them)."""
        count, last = 0, b""
        *ended, rest = (self._held + piece).split(b"\n")
        for line in ended:
            if self._skips:
                self._skips = False
            elif self._text in line:
                count, last = count + 1, line
        if self._skips:
            rest = b""
        elif len(rest) > LONGEST_LINE:
            # Its beginning tells; it is told now, since nobody knows whether it ends.
            if self._text in rest:
                count, last = count + 1, rest
            rest, self._skips = b"", True
        self._held = rest
        return count, last[:SHOWN].decode("utf-8", "replace")


class File:
    """A log file, by its path: whatever file has that name."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd: int | None = None
        self._open(at_end=True)

    def _open(self, at_end: bool) -> None:
        try:
            self._fd = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            self._fd = None
            return
        if at_end:
            os.lseek(self._fd, 0, os.SEEK_END)

    def start(self) -> None:
        """It is open."""

    def fileno(self) -> int | None:
        """What it is read by, where there is such a file."""
        return self._fd

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)

    def read(self) -> bytes:
        """What came since; of a file that was renamed all, before the next one."""
        if self._fd is None:
            self._open(at_end=False)
        if self._fd is None:
            return b""
        piece = os.read(self._fd, PIECE)
        if piece:
            return piece
        status = os.fstat(self._fd)
        if status.st_size < os.lseek(self._fd, 0, os.SEEK_CUR):
            os.lseek(self._fd, 0, os.SEEK_SET)
            return os.read(self._fd, PIECE)
        try:
            now = os.stat(self._path)
        except FileNotFoundError:
            return b""
        if (now.st_dev, now.st_ino) == (status.st_dev, status.st_ino):
            return b""
        # Whoever wrote to the renamed one may have written since it was read.
        piece = os.read(self._fd, PIECE)
        if not piece:
            os.close(self._fd)
            self._open(at_end=False)
        return piece


class Program:
    """A program that prints a log until it is ended."""

    def __init__(self, command: list[str], cwd: str) -> None:
        self._command, self._cwd = command, cwd
        self._fd: int | None = None

    def fileno(self) -> int | None:
        """Nothing yet."""
        return self._fd

    def close(self) -> None:
        """Whoever did not start it has nothing of it."""

    def start(self) -> None:
        try:
            process = subprocess.Popen(
                self._command, cwd=self._cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        except OSError:
            return
        assert process.stdout is not None
        self._process = process
        self._fd = process.stdout.fileno()
        os.set_blocking(self._fd, False)

    def read(self) -> bytes:
        """What came since."""
        if self._fd is None:
            return b""
        try:
            return os.read(self._fd, PIECE)
        except BlockingIOError:
            return b""


def _opened(layout: Layout, log: Json) -> tuple[File | Program, Lines]:
    if log.get("command"):
        return Program(log["command"], layout.base), Lines(log["text"])
    return File(os.path.join(layout.base, log["path"])), Lines(log["text"])


def _follow(logs: list[tuple[File | Program, Lines]], said: int) -> None:
    """Until the guard is gone."""
    for log, _ in logs:
        log.start()
    poll = select.poll()
    poll.register(said, select.POLLERR)
    while not poll.poll(0):
        more = False
        for index, (log, lines) in enumerate(logs):
            piece = log.read()
            more = more or len(piece) == PIECE
            count, last = lines.feed(piece)
            if count:
                writing.write_all(said, json.dumps([index, count, last]).encode("utf-8") + b"\n")
        if not more:
            time.sleep(POLL_SECONDS)
