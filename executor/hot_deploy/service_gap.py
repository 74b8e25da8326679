"""How long nobody answers at an address, as connections tell that are opened one after the other."""

from __future__ import annotations

import socket
import threading
import time

PAUSE_SECONDS = 0.01
ATTEMPT_SECONDS = 1.0


class Gap:
    """Begins at once. Only what is refused, or not taken within a second, counts: nothing is asked over a connection."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._over = threading.Event()
        self._longest = 0.0
        self._since: float | None = None
        self._answered = False
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> float | None:
        """The longest time without an answer, in milliseconds; None where nobody ever answered."""
        self._over.set()
        self._thread.join(ATTEMPT_SECONDS * 2)
        if self._since is not None:
            self._longest = max(self._longest, time.monotonic() - self._since)
        return round(self._longest * 1000, 1) if self._answered else None

    def _look(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            if self._is_taken():
                self._answered = True
                if self._since is not None:
                    self._longest = max(self._longest, time.monotonic() - self._since)
                self._since = None
            elif self._since is None:
                self._since = began
            self._over.wait(PAUSE_SECONDS)

    def _is_taken(self) -> bool:
        try:
            socket.create_connection(self._address, ATTEMPT_SECONDS).close()
        except OSError:
            return False
        return True
