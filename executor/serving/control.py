"""The socket by which serve.py is told what to do: lines of JSON."""

from __future__ import annotations

import json
import os
import socket
import struct

from serving.addresses import refuse
from serving.listening import refuse_taken, short
from serving.loop import Loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    Json = dict[str, Any]

LONGEST_LINE = 64 * 1024
MOST_CLIENTS = 64


class Client:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.read = b""
        self.is_gone = False
        # Its answer is still to come.
        self.waits = False

    def tell(self, event: Json) -> None:
        if self.is_gone:
            return
        try:
            self.connection.sendall(json.dumps(event).encode() + b"\n")
        except OSError:
            self.is_gone = True


class Control:
    """`asked(client, request)` is called for each request, `gone(client)` when a connection has ended."""

    def __init__(self, loop: Loop, listener: socket.socket, owner: int) -> None:
        self.loop = loop
        self.listener = listener
        self.owner = owner
        self.clients: dict[int, Client] = {}
        self.asked: Callable[[Client, Json], None] = lambda client, request: None
        self.gone: Callable[[Client], None] = lambda client: None
        listener.setblocking(False)
        loop.watch(listener.fileno(), self._accept)

    def _accept(self, _fd: int) -> None:
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        if not self._is_allowed(connection) or len(self.clients) >= MOST_CLIENTS:
            connection.close()
            return
        # Events are small: whoever doesn't read them is not waited for.
        connection.setblocking(False)
        self.clients[connection.fileno()] = Client(connection)
        self.loop.watch(connection.fileno(), self._read)

    def _is_allowed(self, connection: socket.socket) -> bool:
        size = struct.calcsize("3i")
        _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        return uid in (0, os.geteuid(), self.owner)

    def _read(self, fd: int) -> None:
        client = self.clients[fd]
        try:
            read = client.connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            read = b""
        client.read += read
        if not read or client.is_gone:
            self._drop(client)
        else:
            self.go_on(client)

    def go_on(self, client: Client) -> None:
        """With the next request, once the one before is answered."""
        while not client.waits and not client.is_gone:
            line, newline, rest = client.read.partition(b"\n")
            if len(line) > LONGEST_LINE:
                client.tell({"event": "refused", "why": "a line has %d bytes at most" % LONGEST_LINE})
                self._drop(client)
                return
            if not newline:
                return
            client.read = rest
            try:
                request = json.loads(line)
            except (ValueError, RecursionError):
                request = None
            if isinstance(request, dict):
                self.asked(client, request)
            else:
                client.tell({"event": "refused", "why": "a request is a JSON object on one line"})

    def _drop(self, client: Client) -> None:
        fd = client.connection.fileno()
        self.loop.forget(fd)
        self.clients.pop(fd, None)
        client.is_gone = True
        client.connection.close()
        self.gone(client)

    def sweep(self) -> None:
        """Drops those that could not be told something."""
        for client in list(self.clients.values()):
            if client.is_gone or len(client.read) > 4 * LONGEST_LINE:
                self._drop(client)


def control_socket(path: str, base: str) -> socket.socket:
    """Listening for base path's owner, too. One that a serve.py has left behind is replaced."""
    refuse_taken(path, path, "another serve.py of this base path runs; stop it, or give this one a --name of its own")
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    owner = os.stat(base)
    # Bound aside, so that nobody meets it before it has its mode.
    aside = "%s.%d" % (path, os.getpid())
    try:
        with short(aside) as usable:
            made.bind(usable)
        os.chmod(aside, 0o600)
        if os.geteuid() == 0 and owner.st_uid != 0:
            os.chown(aside, owner.st_uid, owner.st_gid)
        elif owner.st_uid != os.geteuid():
            # The owner is let in by the group that both are of, where there is one; root always.
            os.chmod(aside, 0o660)
        made.listen(16)
        os.rename(aside, path)
    except OSError as raised:
        above, user = os.path.dirname(path), os.geteuid()
        refuse(
            "%s can't be made (%s); start serve.py as a user who may write to %s, or let user %d: chown %d %s"
            % (path, raised.strerror, above, user, user, above)
        )
    return made
