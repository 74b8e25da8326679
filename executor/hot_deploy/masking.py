"""Keeping secrets out of what programs print, before it is cut, sent or recorded."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SECRET_NAME = re.compile("KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)
# A shorter value would make holes in ordinary words.
SHORTEST = 4
MASK = b"***"


class Mask:
    """Replaces secrets in output that comes in pieces: what is given as such, and variables named like one."""

    def __init__(self, environment: Mapping[str, str], secrets: Iterable[str] = ()) -> None:
        values = {
            value.encode("utf-8", "surrogateescape")
            for name, value in environment.items()
            if SECRET_NAME.search(name) and len(value) >= SHORTEST
        }
        values.update(secret.encode("utf-8", "surrogateescape") for secret in secrets if secret)
        # A value that holds another one goes first.
        self._values = sorted(values, key=len, reverse=True)
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """What can be shown of the output so far; an end that may be a value's beginning waits for the next piece."""
        for value in self._values:
            piece = (self._held + piece).replace(value, MASK)
            self._held = b""
        kept = max((_overlap(piece, value) for value in self._values), default=0)
        if kept:
            piece, self._held = piece[:-kept], piece[-kept:]
        return piece

    def rest(self) -> bytes:
        """What was waiting, once no more comes."""
        held, self._held = self._held, b""
        return held


def _overlap(piece: bytes, value: bytes) -> int:
    """Length of the longest end of `piece` that `value` begins with, the whole value aside."""
    for length in range(min(len(piece), len(value) - 1), 0, -1):
        if value.startswith(piece[-length:]):
            return length
    return 0
