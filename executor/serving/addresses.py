"""Keeps a service's listening sockets, and hands them from one release to the next without losing a request.

python3 /app/.hot-deploy/serve.py --listen HOST:PORT [--listen …] [options] -- COMMAND…

In COMMAND, {fd} stands for the listening socket's descriptor. Standard library only, Python 3.8 and later, Linux.
"""

from __future__ import annotations

import os
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    Json = dict[str, Any]

USAGE = 64
UNIX = "unix:"


class Unusable(Exception):
    """Something that was given can't be used; the sentence is for who gave it."""


def refuse(sentence: str) -> NoReturn:
    raise Unusable(sentence)


class Address:
    """Where a service listens, as it was given."""

    def __init__(self, given: str, family: int, place: Any) -> None:
        self.given = given
        self.family = family
        # As bind(2) takes it: a path, or host and port.
        self.place = place

    @property
    def is_unix(self) -> bool:
        return self.family == socket.AF_UNIX

    def shown(self) -> str:
        """With the port that the kernel has chosen where 0 was given."""
        if self.is_unix:
            return UNIX + str(self.place)
        host, port = self.place[:2]
        return ("[%s]:%d" if self.family == socket.AF_INET6 else "%s:%d") % (host, port)

    def from_here(self) -> Any:
        """Where a connection from this machine goes."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.place[0], self.place[0])
        return (host, *self.place[1:])


def parsed(given: str) -> Address:
    """An address as `--listen` takes it."""
    if given.startswith(UNIX):
        path = given[len(UNIX) :]
        if not path.startswith("/") or path.endswith("/") or "\0" in path:
            refuse("--listen %s: give the absolute path of a socket, such as unix:/run/app/service.sock" % given)
        return Address(given, socket.AF_UNIX, os.path.normpath(path))
    host, colon, port = given.rpartition(":")
    if not colon or not port.isdigit() or not port.isascii() or int(port) > 65535:
        refuse("--listen %s: give HOST:PORT, such as 0.0.0.0:8000, [::]:8000 or unix:/run/app/service.sock" % given)
    bracketed = host.startswith("[") and host.endswith("]")
    if ":" in host and not bracketed:
        refuse("--listen %s: put an IPv6 address into brackets, such as [::]:8000" % given)
    host = (host[1:-1] if bracketed else host) or "0.0.0.0"
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as raised:
        refuse("--listen %s: %s is no address of this machine (%s)" % (given, host, raised.strerror))
    family, _, _, _, place = found[0]
    return Address(given, family, place)


def all_parsed(given: list[str]) -> list[Address]:
    """Each of them, once."""
    made = [parsed(each) for each in given]
    for index, each in enumerate(made):
        if any(
            each.place == other.place and not (other.is_unix is False and other.place[1] == 0) for other in made[:index]
        ):
            refuse("--listen %s is given twice; leave one of them out" % each.given)
    return made
