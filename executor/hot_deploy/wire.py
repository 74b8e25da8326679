"""Frames between the client and this process.

A frame is one byte of kind, four bytes of length (big-endian) and a payload: JSON or raw bytes. A thread reads, so
that the end of input or silence is noticed whatever step is running; steps ask with `check()`, or wait on `wake_fd`
beside their own descriptors.
"""

from __future__ import annotations

import collections
import errno
import json
import os
import select
import struct
import threading

from hot_deploy.contract import FRAME_DATA as DATA
from hot_deploy.contract import FRAME_JSON as JSON
from hot_deploy.contract import LONGEST_FRAME, MARKER
from hot_deploy.failures import ControllerGone, StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HEADER = struct.Struct(">BI")
QUEUE_BYTES = 4 * 1024 * 1024
# A pipe that select() calls writable takes at least this much without blocking (PIPE_BUF).
WRITE_PIECE = 4096


def encoded(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode("utf-8")


def _why_unread(raised: OSError) -> str:
    # A connection that goes away takes both directions with it: which one is noticed first must not change the words.
    if raised.errno in (errno.EPIPE, errno.ECONNRESET):
        return "the connection ended"
    return "the client stopped reading: %s" % raised.strerror


class Wire:
    """Both directions of one conversation."""

    def __init__(self, input_fd: int, output_fd: int, silence_seconds: float = 60.0, ahead: bytes = b"") -> None:
        """`ahead`: what was read from the input already, by whoever read the program that came before."""
        self.silence_seconds = silence_seconds
        self._input = input_fd
        self._ahead = ahead
        self._output = output_fd
        self._frames: collections.deque[tuple[int, Any, int]] = collections.deque()
        self._queued = 0
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._gone: str | None = None
        self._unread = False
        # Whether a person or a timeout stopped it, other than a client that is simply gone.
        self.cancelled = False
        self.wake_fd, self._wake_write = os.pipe()
        self._reader = threading.Thread(target=self._read_frames, daemon=True)

    def start(self) -> None:
        self._write(MARKER)
        self._reader.start()

    # -- reading -----------------------------------------------------------------------------------------------

    @property
    def gone(self) -> str | None:
        """Why the controller counts as gone, or None while it is there."""
        return self._gone

    def check(self) -> None:
        """Raises ControllerGone when nobody is left to work for."""
        if self._gone is not None:
            raise ControllerGone(self._gone)

    def take(self) -> tuple[int, Any]:
        """The next frame as (kind, payload). Frames that a vanished controller left behind are not acted on."""
        with self._changed:
            while not self._frames and self._gone is None:
                self._changed.wait()
            self.check()
            kind, payload, length = self._frames.popleft()
            self._queued -= length
            self._changed.notify_all()
        return kind, payload

    def take_data(self) -> bytes:
        payload: bytes
        kind, payload = self.take()
        if kind != DATA:
            raise StepFailed("contentMissing")
        return payload

    def _read_frames(self) -> None:
        try:
            while True:
                kind, length = HEADER.unpack(self._read_exactly(HEADER.size))
                if length > LONGEST_FRAME:
                    raise ControllerGone("the client sent a frame of %d bytes" % length)
                payload: Any = self._read_exactly(length)
                if kind == JSON:
                    payload = json.loads(payload.decode("utf-8"))
                    if not isinstance(payload, dict):
                        raise ControllerGone("the client sent something that is no request")
                    if payload.get("cancelled") is True:
                        # Runs that would go on without a client end with this one.
                        self.cancelled = True
                        continue
                    if payload.get("verb") is None:
                        self.send({"event": "alive"})
                        continue  # a heartbeat
                self._put(kind, payload, length)
        except ControllerGone as gone:
            self._leave(str(gone))
        except Exception as raised:  # whatever it is: with nobody listening, the conversation must not go on
            self._leave("the input could not be read: %s" % raised)

    def _read_exactly(self, count: int) -> bytes:
        pieces = [self._ahead[:count]]
        self._ahead = self._ahead[count:]
        count -= len(pieces[0])
        while count:
            # Silence counts only while we listen: a full queue is our own slowness.
            readable, _, _ = select.select([self._input], [], [], self.silence_seconds)
            if not readable:
                raise ControllerGone("nothing was heard for %g s" % self.silence_seconds)
            piece = os.read(self._input, min(count, 1 << 20))
            if not piece:
                raise ControllerGone("the connection ended")
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)

    def _put(self, kind: int, payload: Any, length: int) -> None:
        with self._changed:
            while self._queued > QUEUE_BYTES and self._gone is None:
                self._changed.wait()
            self._frames.append((kind, payload, length))
            self._queued += length
            self._changed.notify_all()

    def _leave(self, reason: str) -> None:
        with self._changed:
            if self._gone is None:
                self._gone = reason
                os.write(self._wake_write, b"x")
            self._changed.notify_all()

    # -- writing -----------------------------------------------------------------------------------------------

    def send(self, message: dict[str, Any]) -> None:
        self.send_encoded(encoded(message))

    def send_encoded(self, payload: bytes) -> None:
        """Sends a message that was made by encoded()."""
        self._write(HEADER.pack(JSON, len(payload)) + payload)

    def _write(self, payload: bytes) -> None:
        view = memoryview(payload)
        with self._writing:
            while view and not self._unread:
                _, writable, _ = select.select([], [self._output], [], self.silence_seconds)
                try:
                    if not writable:
                        raise TimeoutError(errno.ETIMEDOUT, "nothing was taken for %g s" % self.silence_seconds)
                    view = view[os.write(self._output, view[:WRITE_PIECE]) :]
                except OSError as raised:
                    # Not tried again: each attempt would keep the lock for as long.
                    self._unread = True
                    self._leave(_why_unread(raised))
