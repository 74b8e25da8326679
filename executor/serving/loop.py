"""Waits for whatever happens: descriptors, signals, and time."""

from __future__ import annotations

import os
import select
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

HANDLED = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)


class Loop:
    """Descriptors and what is called when one can be read."""

    def __init__(self) -> None:
        self._poller = select.poll()
        self._handlers: dict[int, Callable[[int], Any]] = {}
        self._waking, self._woken = os.pipe()
        for fd in (self._waking, self._woken):
            os.set_blocking(fd, False)
        self._signals: list[int] = []

    def catch_signals(self) -> None:
        for number in HANDLED:
            signal.signal(number, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        self.watch(self._waking, self._hear)

    def _hear(self, fd: int) -> None:
        try:
            self._signals += os.read(fd, 4096)
        except BlockingIOError:
            pass

    def signals(self) -> list[int]:
        """Those that have come since this was asked last."""
        found, self._signals = self._signals, []
        return found

    def watch(self, fd: int, handler: Callable[[int], Any]) -> None:
        self._handlers[fd] = handler
        self._poller.register(fd, select.POLLIN)

    def forget(self, fd: int) -> None:
        if self._handlers.pop(fd, None) is not None:
            self._poller.unregister(fd)

    def is_watched(self, fd: int) -> bool:
        return fd in self._handlers

    def once(self, seconds: float) -> None:
        """Waits for something to happen, for so long at most, and has it handled."""
        for fd, _ in self._poller.poll(max(0, int(seconds * 1000))):
            handler = self._handlers.get(fd)
            if handler is not None:
                handler(fd)
