"""Which of several sockets that listen on one address gets a new connection: a program that the kernel runs for each."""

from __future__ import annotations

import array
import socket
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    Instruction = tuple[int, int, int, int]

SO_ATTACH_REUSEPORT_CBPF = 51
# Of linux/filter.h. From SKF_NET_OFF on, offsets count from the network header.
LOAD_BYTE, LOAD_HALF, AND, RETURN = 0x30, 0x28, 0x54, 0x06
JUMP, EQUAL, GREATER_OR_EQUAL, GREATER = 0x05, 0x15, 0x35, 0x25
SKF_NET_OFF = 0xFFF00000
IPV4_WITHOUT_OPTIONS, IPV6, VERSION_BITS = 0x45, 0x60, 0xF0
IPV4_LENGTH, IPV6_LENGTH = 20, 40


def steering(live: int, waiting: int | None = None, ports: tuple[int, int] = (0, 0)) -> list[Instruction]:
    """Sends new connections to the socket with the index `live`, and those from these source ports to `waiting`."""
    if waiting is None:
        return [(RETURN, 0, 0, live)]
    first, last = ports
    return [
        (LOAD_BYTE, 0, 0, SKF_NET_OFF),
        (EQUAL, 0, 2, IPV4_WITHOUT_OPTIONS),
        (LOAD_HALF, 0, 0, SKF_NET_OFF + IPV4_LENGTH),
        (JUMP, 0, 0, 3),
        (AND, 0, 0, VERSION_BITS),
        (EQUAL, 0, 4, IPV6),
        (LOAD_HALF, 0, 0, SKF_NET_OFF + IPV6_LENGTH),
        (GREATER_OR_EQUAL, 0, 2, first),
        (GREATER, 1, 0, last),
        (RETURN, 0, 0, waiting),
        (RETURN, 0, 0, live),
    ]


def attach(listener: socket.socket, program: list[Instruction]) -> None:
    """Has the kernel run it for all that listen on this one's address; the one before goes on until this one is there."""
    filters = array.array("B", b"".join(struct.pack("HBBI", *each) for each in program))
    address, _ = filters.buffer_info()
    listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, struct.pack("HP", len(program), address))
