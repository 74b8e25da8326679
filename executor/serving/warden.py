"""A process that ends the servers' processes where serve.py itself was killed: workers don't notice that by themselves."""

from __future__ import annotations

import os
import signal
import time

from serving.processes import end, members


class Warden:
    """Knows which sessions there are; `fd` is the end of a pipe that goes with serve.py."""

    def __init__(self, fd: int, pid: int) -> None:
        self.fd = fd
        self.pid = pid

    @classmethod
    def started(cls) -> Warden:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                _watch(reading, writing)
            finally:
                os._exit(0)
        os.close(reading)
        os.set_blocking(writing, False)
        return cls(writing, pid)

    def tell(self, sign: str, session: int) -> None:
        """`+`: it is there; `-`: it has ended."""
        try:
            os.write(self.fd, b"%s%d\n" % (sign.encode(), session))
        except OSError:
            pass  # It was killed: what the kernel does for each server's first process is left.


def _watch(reading: int, writing: int) -> None:
    signal.set_wakeup_fd(-1)
    os.setsid()
    for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Nothing of serve.py's is kept open, such as its sockets and what it writes to.
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.dup2(reading, 3)
    os.closerange(4, max(4, min(os.sysconf("SC_OPEN_MAX"), 1 << 16)))
    sessions: set[int] = set()
    rest = b""
    while True:
        read = os.read(3, 4096)
        if not read:
            break
        *lines, rest = (rest + read).split(b"\n")
        for line in lines:
            (sessions.add if line[:1] == b"+" else sessions.discard)(int(line[1:]))
    for _ in range(50):
        left = {pid for session in sessions for pid in members(session)}
        if not left:
            return
        end(left)
        time.sleep(0.05)
