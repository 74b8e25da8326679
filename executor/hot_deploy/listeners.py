"""Which processes take connections: those that have a listening socket open."""

from __future__ import annotations

import re

from hot_deploy import peeking

_SOCKET = re.compile(rb"socket:\[(\d+)\]")
# The flag of a Unix socket that accepts.
ACCEPTS = b"00010000"


def listening(pid: int) -> bool:
    """Whether a process has a socket open that listens, TCP or Unix, in its own network."""
    inodes = {found.group(1) for found in map(_SOCKET.fullmatch, peeking.Process(pid).places()) if found}
    return bool(inodes) and not inodes.isdisjoint(_listeners(pid))


def _listeners(pid: int) -> set[bytes]:
    found: set[bytes] = set()
    for name in ("tcp", "tcp6"):
        for line in _lines(pid, name):
            fields = line.split()
            if len(fields) > 9 and fields[3] == b"0A":
                found.add(fields[9])
    for line in _lines(pid, "unix"):
        fields = line.split()
        if len(fields) > 6 and fields[3] == ACCEPTS:
            found.add(fields[6])
    return found


def _lines(pid: int, name: str) -> list[bytes]:
    try:
        with open("/proc/%d/net/%s" % (pid, name), "rb") as handle:
            return handle.read().splitlines()[1:]
    except OSError:
        return []
