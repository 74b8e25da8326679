"""Whether a server is ready: it has taken a connection out of the queue of its socket."""

from __future__ import annotations

import errno
import socket

from serving.connections import connections
from serving.listening import Listening, short, slot_path
from serving.output import is_writable
from serving.processes import inodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

# So often in a row nobody is queued: between the end of connect(2) and the queue some time may pass.
ENOUGH = 3


class Probe:
    """A connection to each address of a slot. `ports`: from which it is made where others go to another slot."""

    def __init__(self, listening: list[Listening], slot: int, ports: tuple[int, int] | None) -> None:
        self.slot = slot
        self.ports = ports
        self._left = list(listening)
        self._current: socket.socket | None = None
        self._is_shut = False
        self._seen = 0
        self._tries = 0

    def is_passed(self, pids: Callable[[], list[int]]) -> bool:
        """Whether these processes have taken all by now; asked again and again."""
        while self._left:
            listening = self._left[0]
            if self._current is None and not self._connect(listening):
                return False
            if not self._is_connected():
                return False
            if not self._is_answered() and not (
                self._is_queued_no_more(listening) if listening.address.is_unix else self._is_accepted(pids, listening)
            ):
                return False
            self.close()
            self._left.pop(0)
        return True

    def _is_answered(self) -> bool:
        """Whether a server has closed it: nobody else does so."""
        assert self._current is not None
        try:
            return self._current.recv(1) == b""
        except OSError:
            return False

    def _is_queued_no_more(self, listening: Listening) -> bool:
        self._seen = 0 if listening.is_queued(self.slot) else self._seen + 1
        return self._seen >= ENOUGH

    def _is_accepted(self, pids: Callable[[], list[int]], listening: Listening) -> bool:
        """By one of these processes, as far as it can be seen what they have open: by no other slot's."""
        assert self._current is not None
        if self.ports is not None and listening.is_queued(self.slot):
            return False  # Nobody but probes is led there yet. Who has what open takes long to ask.
        try:
            own, port = self._current.getsockname()[1], self._current.getpeername()[1]
        except OSError:
            return False  # It was closed at this very moment: what is read next tells by whom.
        found = [each.inode for each in connections({(listening.address.family, port)}) if each.peer[1] == own]
        if not found:
            # It has been closed again: the queue has to tell.
            return self._is_queued_no_more(listening)
        sockets = inodes(pids())
        return any(inode in sockets if sockets else inode for inode in found)

    def close(self) -> None:
        self._seen = 0
        if self._current is not None:
            self._current.close()
            self._current = None

    def _is_connected(self) -> bool:
        assert self._current is not None
        if not is_writable(self._current.fileno()):
            return False
        if self._current.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.close()
            return False
        if not self._is_shut:
            # A server that takes one after the other goes on to the next.
            self._is_shut = True
            try:
                self._current.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # The server has closed it already.
        return True

    def _connect(self, listening: Listening) -> bool:
        address = listening.address
        made = socket.socket(address.family, socket.SOCK_STREAM)
        made.setblocking(False)
        try:
            if address.is_unix:
                with short(slot_path(address.place, self.slot)) as path:
                    reason = made.connect_ex(path)
            else:
                if self.ports is not None:
                    self._bind(made, address.family)
                reason = made.connect_ex(address.from_here())
        except OSError as raised:
            reason = raised.errno or errno.EIO
        if reason in (0, errno.EINPROGRESS):
            self._current = made
            self._is_shut = False
            return True
        # Another source port, in a moment.
        made.close()
        return False

    def _bind(self, made: socket.socket, family: int) -> None:
        first, last = self.ports or (0, 0)
        # From the last one down: a port that was used has to rest, and whoever probes begins with the first.
        port = last - self._tries % (last - first + 1)
        self._tries += 1
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
