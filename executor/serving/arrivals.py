"""How many connections have come: what the kernel counts for a network namespace, where nothing else in it takes any.

A listening socket has no such count. `PassiveOpens` is that of the whole namespace (RFC 4022, tcpPassiveOpens): in a container
whose only listening sockets are the service's, it is the service's own.
"""

from __future__ import annotations

import socket

from serving.connections import listeners

# Where Docker answers for names, in every container with a network of its own: nobody else connects there.
DOCKER_NAMES = socket.inet_aton("127.0.0.11")


def arrivals(ports: set[int]) -> int | None:
    """Connections that this namespace has accepted; None where others than these ports take some, or nobody tells."""
    try:
        if any(port not in ports and host[:4] != DOCKER_NAMES for host, port in listeners()):
            return None
        with open("/proc/net/snmp") as handle:
            names, values = (line.split() for line in handle if line.startswith("Tcp:"))
        return int(values[names.index("PassiveOpens")])
    except (OSError, ValueError, IndexError):
        return None


class Accepted:
    """Connections that have come to one generation, while it was the one that gets them."""

    def __init__(self, before: int | None = 0, since: int | None = None, is_open: bool = False) -> None:
        # None: nobody can tell any more.
        self.before, self.since, self.is_open = before, since, is_open

    def open(self, reading: int | None) -> None:
        """From now on they come to it."""
        self.is_open, self.since = True, reading

    def close(self, reading: int | None) -> None:
        """From now on they come to another one."""
        self.before = self.at(reading)
        self.is_open, self.since = False, None

    def at(self, reading: int | None) -> int | None:
        if not self.is_open or self.before is None:
            return self.before
        return None if reading is None or self.since is None else self.before + reading - self.since

    def saved(self) -> list[int | bool | None]:
        return [self.before, self.since, self.is_open]
