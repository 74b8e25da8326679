"""Running a program: its whole process group bounded in time, its output bounded in memory."""

from __future__ import annotations

import os
import select
import time

from hot_deploy.later import signal, subprocess
from hot_deploy.masking import Mask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import IO, Any

    from hot_deploy.wire import Wire

    Show = Callable[[bytes], None]

# How much of an output is kept: its beginning and, because what went wrong stands there, more of its end.
HEAD_BYTES = 8 * 1024
TAIL_BYTES = 24 * 1024
GRACE_SECONDS = 2.0
POLL_SECONDS = 0.05
# A program that has closed its output is about to end.
CLOSING_SECONDS = 0.005


class Output:
    """The first and last bytes of an output, and how many in between were left out."""

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""
        self.total = 0

    def add(self, piece: bytes) -> None:
        self.total += len(piece)
        if len(self._head) < HEAD_BYTES:
            room = HEAD_BYTES - len(self._head)
            self._head += piece[:room]
            piece = piece[room:]
        if piece:
            self._tail = (self._tail + piece)[-TAIL_BYTES:]

    @property
    def omitted(self) -> int:
        return self.total - len(self._head) - len(self._tail)

    def text(self) -> str:
        if not self.omitted:
            return (self._head + self._tail).decode("utf-8", "replace")
        return "%s\n[%d bytes left out]\n%s" % (
            self._head.decode("utf-8", "replace"),
            self.omitted,
            self._tail.decode("utf-8", "replace"),
        )


def run(
    argv: Sequence[str],
    cwd: str,
    environment: Mapping[str, str],
    timeout: float,
    wire: Wire,
    text_input: str | None = None,
    on_output: Show | None = None,
    secrets: Iterable[str] = (),
) -> dict[str, Any]:
    """Runs `argv` without a shell and waits for it, for `timeout` seconds at most.

    Returns a dict: `exitCode` (None when a signal ended it), `signal` (its name or None), `timedOut`, `output`,
    `omittedBytes`, `durationMs`. When the controller goes away the whole group is ended and ControllerGone raised.
    Raises OSError when the program can't be started. Secrets of the environment, and `secrets`,
    are masked in all output.
    """
    started = time.monotonic()
    output = Output()
    mask = Mask(environment, secrets)

    def show(piece: bytes) -> None:
        output.add(piece)
        if piece and on_output:
            on_output(piece)

    with _as_file(text_input) as given:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=environment,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    assert process.stdout is not None
    try:
        timed_out = _wait(process, started + timeout, wire, lambda piece: show(mask.feed(piece)))
        show(mask.rest())
    finally:
        _end_group(process)
        process.stdout.close()
    code = process.returncode
    return {
        "exitCode": code if code >= 0 else None,
        "signal": _signal_name(-code) if code < 0 else None,
        "timedOut": timed_out,
        "output": output.text(),
        "omittedBytes": output.omitted,
        "durationMs": round((time.monotonic() - started) * 1000),
    }


def _as_file(text: str | None) -> IO[bytes]:
    """Input as an anonymous file: nobody has to feed a pipe, and it is never seen in a process list."""
    if text is None:
        return open(os.devnull, "rb")
    fd = os.memfd_create("input")
    view = memoryview(text.encode("utf-8"))
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return os.fdopen(fd, "rb")


def _wait(process: subprocess.Popen[bytes], deadline: float, wire: Wire, show: Show) -> bool:
    """Reads until the program has ended. Returns True when its time was up first."""
    assert process.stdout is not None
    stdout = process.stdout.fileno()
    open_ended = True
    while True:
        now = time.monotonic()
        if now >= deadline:
            return True
        # A grandchild may keep the output open, or busy: what counts is that the program itself has ended.
        ended = process.poll() is not None
        waiting_for = [wire.wake_fd, stdout] if open_ended else [wire.wake_fd]
        pause = 0 if ended else min(POLL_SECONDS if open_ended else CLOSING_SECONDS, deadline - now)
        readable, _, _ = select.select(waiting_for, [], [], pause)
        wire.check()
        if stdout in readable:
            # As much as a pipe holds: after the end, one such piece is all that the program left in it.
            piece = os.read(stdout, 1 << 16)
            open_ended = bool(piece)
            show(piece)
        if ended:
            return False


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends whatever is left of the program's group: asks first, then insists."""
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            pass
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal %d" % number
