"""What is kept of a run's output: its first and its last bytes, without its secrets."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hot_deploy.masking import Mask

# As much as is kept, in all and of the beginning. What people read of errors is the end; all of it comes with the result.
MOST_STDOUT = 10 * 1024 * 1024
HEAD_BYTES = 64 * 1024
MOST_STDERR = 48 * 1024
STDERR_HEAD_BYTES = 8 * 1024
# (first bytes, last bytes)
STDOUT = (HEAD_BYTES, MOST_STDOUT - HEAD_BYTES)
STDERR = (STDERR_HEAD_BYTES, MOST_STDERR - STDERR_HEAD_BYTES)


class Kept:
    """The first and last bytes of an output, without its secrets, and how many in between were left out."""

    def __init__(self, most: tuple[int, int], secrets: list[str], variables: dict[str, str] | None = None) -> None:
        """`variables`: those of the run, whose secrets words for people must not have; data may."""
        self.total = 0
        self._first, self._last = most
        self._head, self._tail = bytearray(), bytearray()
        self._secrets, self._variables = secrets, variables
        self._mask: Mask | None = None

    def add(self, piece: bytes) -> bytes:
        """Takes a piece as it came; returns what can be shown of it by now."""
        return self._add(self._masked(piece))

    def end(self) -> bytes:
        """Takes what waited for more; returns it."""
        return self._add(self._mask.rest() if self._mask is not None else b"")

    def _add(self, piece: bytes) -> bytes:
        self.total += len(piece)
        room = self._first - len(self._head)
        self._head += piece[:room]
        self._tail += piece[room:]
        # Not at each piece: what is behind would be moved each time.
        if len(self._tail) > 2 * self._last:
            del self._tail[: -self._last]
        return piece

    def _masked(self, piece: bytes) -> bytes:
        if not self._secrets and self._variables is None:
            return piece
        if self._mask is None:
            from hot_deploy.masking import Mask  # noqa: PLC0415 - few runs have secrets

            self._mask = Mask(self._variables or {}, self._secrets, addresses=self._variables is not None)
        return self._mask.feed(piece)

    def content(self) -> tuple[bytes, int, int]:
        """(what is kept, where in it something is left out, how many bytes that is)."""
        tail = bytes(self._tail[-self._last :])
        left = self.total - len(self._head) - len(tail)
        return bytes(self._head) + tail, len(self._head), left
