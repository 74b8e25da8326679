"""Whoever waits for a run: what its supervisor hears from there, and tells. Neither ever keeps the supervisor waiting."""

from __future__ import annotations

import os
import select

# What is said of a run that is to end. The end of all words without it is n8n's.
CANCEL = b"c"
# Where its words come from.
INPUT = 0
# Of output that nobody takes as fast as it comes, so much waits; the rest is shown with the end.
PIECE = 32 * 1024


class Caller:
    """Frames to the executor: a byte of kind, four of length, the payload."""

    def __init__(self, out: int, keyed: bool) -> None:
        self._out = out
        self._keyed = keyed
        # Whether anybody is there.
        self.listening = True
        # The rest of a frame whose beginning was taken.
        self._rest = b""
        os.set_blocking(out, False)

    def input(self) -> list[int]:
        """What can be read when it says something."""
        return [INPUT] if self.listening else []

    def hear(self) -> str | None:
        """Why the run is to end now: `cancelled`, or `left` when nobody waits for it; one with a key goes on then."""
        said = os.read(INPUT, 64)
        if CANCEL in said:
            return "cancelled"
        if said:
            return None
        self.listening = False
        return None if self._keyed else "left"

    def show(self, kind: bytes, piece: bytes) -> None:
        """Passes output on, unless what was passed on before waits for its reader: a stopped one must not stop this."""
        if not (piece and self.listening):
            return
        try:
            if self._rest:
                self._rest = self._rest[os.write(self._out, self._rest) :]
            if not self._rest:
                frame = _frame(kind, piece[-PIECE:])
                self._rest = frame[os.write(self._out, frame) :]
        except BlockingIOError:
            pass
        except OSError:
            self._rest = b""  # Nobody reads it any more.

    def tell_all(self, frames: list[tuple[bytes, bytes]]) -> None:
        """The last words, which wait for as long as somebody is there to take them."""
        rest = memoryview(self._rest + b"".join(_frame(kind, payload) for kind, payload in frames))
        while rest:
            try:
                rest = rest[os.write(self._out, rest) :]
            except BlockingIOError:
                select.select([], [self._out], [])
            except OSError:
                return  # Nobody is left to hear of it.


def _frame(kind: bytes, payload: bytes) -> bytes:
    return kind + len(payload).to_bytes(4, "big") + payload
