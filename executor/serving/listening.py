"""The listening sockets of one address: three, of which each generation of the server has one.

None is ever closed: the kernel counts them in the order in which they began to listen, and would count anew.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import stat

from serving.addresses import Address, refuse
from serving.steering import attach, steering

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator

SLOTS = 3
# What sockaddr_un has room for, with the zero byte.
LONGEST_UNIX_PATH = 107


class Listening:
    """One address, and the sockets that listen there."""

    def __init__(self, address: Address, sockets: list[socket.socket]) -> None:
        self.address = address
        self.sockets = sockets
        if not address.is_unix:
            # Every connection has it from its listener: servers don't set it for sockets that they are given, and answers
            # over a kept connection wait 40 ms then, for the client's acknowledgement.
            for each in sockets:
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def steer(self, live: int, waiting: int | None = None, ports: tuple[int, int] = (0, 0)) -> None:
        """From now on new connections go to the slot `live`, and those of a probe to `waiting`."""
        if self.address.is_unix:
            _show(self.address.place, live)
        else:
            attach(self.sockets[0], steering(live, waiting, ports))

    def is_queued(self, slot: int) -> bool:
        """Whether somebody waits there to be accepted."""
        poller = select.poll()
        poller.register(self.sockets[slot], select.POLLIN)
        return bool(poller.poll(0))

    def turn_away(self, slot: int) -> int:
        """Accepts and closes whoever waits there; how many."""
        count = 0
        while count < 1000 and self.is_queued(slot):
            try:
                self.sockets[slot].accept()[0].close()
            except BlockingIOError:
                break
            except OSError as raised:
                if raised.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    break
            count += 1
        return count

    def remove(self) -> None:
        """What a Unix socket leaves behind in its directory."""
        if self.address.is_unix:
            _unlink_socket(self.address.place)
            for slot in range(SLOTS):
                _unlink_socket(slot_path(self.address.place, slot))
                _unlink_socket(kept_path(self.address.place, slot))

    def renew_name(self, slot: int) -> None:
        """gunicorn removes the name of a socket that it was given when it stops."""
        if self.address.is_unix:
            try:
                os.link(kept_path(self.address.place, slot), slot_path(self.address.place, slot))
            except FileExistsError:
                pass

    @property
    def port(self) -> int | None:
        return None if self.address.is_unix else int(self.address.place[1])


def opened(addresses: list[Address], backlog: int) -> list[Listening]:
    """All of them, listening."""
    plain = [each for each in addresses if each.family == socket.AF_INET]
    found = []
    for address in addresses:
        if address.is_unix:
            found.append(_opened_unix(address, backlog))
        else:
            # Beside IPv4 on the same port, IPv6 is asked for alone.
            only = address.family == socket.AF_INET6 and any(each.place[1] == address.place[1] for each in plain)
            found.append(_opened_tcp(address, backlog, only))
    return found


def _opened_tcp(address: Address, backlog: int, only_ipv6: bool) -> Listening:
    # With SO_REUSEPORT it would be shared with somebody else's, who then gets a part of the connections.
    with _tcp(address, only_ipv6, shared=False):
        pass
    sockets: list[socket.socket] = []
    for _ in range(SLOTS):
        made = _tcp(address, only_ipv6, shared=True)
        address.place = made.getsockname()
        if not sockets:
            try:
                attach(made, steering(0))
            except OSError as raised:
                refuse("this kernel can't steer connections (%s); start the command without serve.py" % raised.strerror)
        made.listen(backlog)
        sockets.append(made)
    return Listening(address, sockets)


def _tcp(address: Address, only_ipv6: bool, shared: bool) -> socket.socket:
    made = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if only_ipv6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address.place)
    except OSError as raised:
        made.close()
        refuse(
            "--listen %s: can't listen there (%s); %s"
            % (
                address.given,
                raised.strerror,
                "stop what listens there already, or give another port"
                if raised.errno == errno.EADDRINUSE
                else "give another address",
            )
        )
    return made


# -- Unix sockets: a name leads to one of them, and is moved as a whole -----------------------------------------------------


def slot_path(path: str, slot: int) -> str:
    """Where the socket of a slot is bound; the address itself is a further name of the one that is live."""
    directory, name = os.path.split(path)
    return os.path.join(directory, ".%s.%d" % (name, slot))


def kept_path(path: str, slot: int) -> str:
    """A further name of that, of which no server knows."""
    return slot_path(path, slot) + ".kept"


def _opened_unix(address: Address, backlog: int) -> Listening:
    path = address.place
    refuse_taken(path, "--listen %s" % address.given, "stop what listens there already, or give another path")
    sockets = []
    for slot in range(SLOTS):
        place = slot_path(path, slot)
        refuse_taken(place, "--listen %s" % address.given, "remove %s, or give another path" % place)
        _unlink_socket(place)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with short(place) as usable:
                made.bind(usable)
            _unlink_socket(kept_path(path, slot))
            os.link(place, kept_path(path, slot))
        except OSError as raised:
            refuse("--listen %s: can't listen there (%s); give another path" % (address.given, raised.strerror))
        made.listen(backlog)
        sockets.append(made)
    found = Listening(address, sockets)
    found.steer(0)
    return found


def _show(path: str, slot: int) -> None:
    """Lets the name lead to a slot's socket: at no moment to none."""
    aside = slot_path(path, slot) + ".new"
    _unlink_socket(aside)
    os.link(kept_path(path, slot), aside)
    os.rename(aside, path)
    # Two names of one file are left as they are by rename(2).
    _unlink_socket(aside)


def refuse_taken(path: str, what: str, instead: str) -> None:
    """Refuses where somebody listens, or where no socket stands."""
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            refuse("%s: %s is something else than a socket; %s" % (what, path, instead))
    except OSError:
        return
    if answers(path):
        refuse("%s: somebody listens at %s; %s" % (what, path, instead))


def answers(path: str) -> bool:
    """Whether somebody listens at a Unix socket's path."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking, short(path) as usable:
        asking.setblocking(False)
        reason = asking.connect_ex(usable)
    return reason not in (errno.ECONNREFUSED, errno.ENOENT)


class short:  # noqa: N801 - used as a function
    """A path that fits into a Unix socket's address, by way of its directory where it is too long."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.directory = -1

    def __enter__(self) -> str:
        if len(os.fsencode(self.path)) <= LONGEST_UNIX_PATH:
            return self.path
        above, name = os.path.split(self.path)
        self.directory = os.open(above, os.O_RDONLY | os.O_DIRECTORY)
        return "/proc/self/fd/%d/%s" % (self.directory, name)

    def __exit__(self, *_raised: Any) -> None:
        if self.directory >= 0:
            os.close(self.directory)


def _unlink_socket(path: str) -> None:
    try:
        if stat.S_ISSOCK(os.lstat(path).st_mode):
            os.unlink(path)
    except OSError:
        pass


def each_slot(listening: list[Listening], slot: int) -> Iterator[socket.socket]:
    """The sockets of one generation, in the order of the addresses."""
    for each in listening:
        yield each.sockets[slot]
