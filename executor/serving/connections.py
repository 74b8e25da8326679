"""The connections of some ports, as the kernel knows them: by sock_diag(7), and by /proc/net where that can't be had."""

from __future__ import annotations

import socket
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY = 4, 20
NLM_F_REQUEST, NLM_F_DUMP, NLMSG_ERROR, NLMSG_DONE = 1, 0x300, 2, 3
ESTABLISHED, SYN_RECV, CLOSE_WAIT, LISTEN, NEW_SYN_RECV = 1, 3, 8, 10, 12
# Those that a server has still to do with: what it has closed is the kernel's.
OPEN = (ESTABLISHED, CLOSE_WAIT)
HALF_OPEN = (SYN_RECV, NEW_SYN_RECV)


class Connection:
    """One of them. `inode` is 0 until a process has accepted it."""

    __slots__ = ("state", "host", "port", "peer", "inode")

    def __init__(self, state: int, own: tuple[bytes, int], peer: tuple[bytes, int], inode: int) -> None:
        self.state, self.peer, self.inode = state, peer, inode
        self.host, self.port = own


def connections(places: set[tuple[int, int]]) -> list[Connection]:
    """All that are open or half open and have one of these on this side: (family of the listening socket, port). Each takes
    the kernel some milliseconds, however few there are."""
    found: list[Connection] = []
    for family, port in places:
        found += [each for each in _in_state(OPEN + HALF_OPEN, family, port) if each.port == port]
    return found


def listeners() -> set[tuple[bytes, int]]:
    """(address, port) of all that take connections in this network namespace; an address has 4 or 16 bytes, others 0."""
    families = (socket.AF_INET, socket.AF_INET6)
    return {(each.host, each.port) for family in families for each in _in_state((LISTEN,), family, 0)}


def _in_state(states: tuple[int, ...], family: int, port: int) -> list[Connection]:
    try:
        return _asked(sum(1 << state for state in states), family, port)
    except OSError:
        return [each for each in _listed(family) if each.state in states]


def _asked(states: int, family: int, port: int) -> list[Connection]:
    ask = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, states)
    ask += struct.pack(">HH", port, 0) + bytes(16 + 16 + 4) + struct.pack("=II", 0xFFFFFFFF, 0xFFFFFFFF)
    head = struct.pack("=IHHII", 16 + len(ask), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0)
    found: list[Connection] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(2)
        kernel.send(head + ask)
        while True:
            answer = kernel.recv(1 << 17)
            at = 0
            while at + 16 <= len(answer):
                length, kind = struct.unpack_from("=IH", answer, at)
                if kind == NLMSG_DONE:
                    return found
                if kind == NLMSG_ERROR or length < 16:
                    raise OSError("sock_diag")
                found.append(_unpacked(answer, at + 16))
                at += (length + 3) & ~3


def _unpacked(answer: bytes, at: int) -> Connection:
    """An inet_diag_msg."""
    state = answer[at + 1]
    port, other = struct.unpack_from(">HH", answer, at + 4)
    (inode,) = struct.unpack_from("=I", answer, at + 68)
    return Connection(state, (answer[at + 8 : at + 24], port), (answer[at + 24 : at + 40], other), inode)


def _listed(family: int) -> Iterator[Connection]:
    try:
        with open("/proc/net/tcp" if family == socket.AF_INET else "/proc/net/tcp6") as handle:
            next(handle, None)
            for line in handle:
                fields = line.split()
                own, peer = (_place(each) for each in fields[1:3])
                yield Connection(int(fields[3], 16), own, peer, int(fields[9]))
    except (OSError, ValueError, IndexError):
        return


def _place(text: str) -> tuple[bytes, int]:
    """An address in the order of the network, as above, and a port: /proc/net has each four bytes as a number of this machine."""
    host, _, port = text.rpartition(":")
    words = (int(host[at : at + 8], 16) for at in range(0, len(host), 8))
    return b"".join(struct.pack("=I", each) for each in words), int(port, 16)


def half_open(found: list[Connection]) -> set[tuple[bytes, int]]:
    """Who is about to be connected."""
    return {each.peer for each in found if each.state in HALF_OPEN}


def counted(found: list[Connection], inodes_of_server: set[int]) -> int:
    """How many of them a server has accepted and not closed."""
    return sum(1 for each in found if each.state in OPEN and each.inode in inodes_of_server)
