"""Passes on what a server writes, and remembers the end of it."""

from __future__ import annotations

import os
import select

TAIL = 4096
# As much as a pipe takes at once or not at all.
AT_ONCE = 4096


class Output:
    """The standard output and error of one start of a server."""

    def __init__(self, ends: dict[int, int], tail: bytes = b"") -> None:
        # Where its output is read -> serve.py's own stream.
        self.ends = ends
        self.tail = tail
        # Those that can't be passed on for the moment.
        self.stalled: set[int] = set()

    @classmethod
    def opened(cls) -> tuple[Output, tuple[int, int]]:
        """And the ends that the server writes to."""
        (out, to_out), (err, to_err) = os.pipe(), os.pipe()
        for end_read in (out, err):
            os.set_blocking(end_read, False)
        return cls({out: 1, err: 2}), (to_out, to_err)

    def pass_on(self, fd: int) -> bool:
        """Passes on what there is; False at its end."""
        target = self.ends.get(fd)
        if target is None:
            return False
        if not is_writable(target):
            self.stalled.add(fd)
            return True
        self.stalled.discard(fd)
        try:
            read = os.read(fd, AT_ONCE)
        except BlockingIOError:
            return True
        except OSError:
            read = b""
        if not read:
            self.close(fd)
            return False
        self.tail = (self.tail + read)[-TAIL:]
        write_all(target, read)
        return True

    def drain(self) -> None:
        """Passes on what a server that has ended has left behind."""
        for fd in list(self.ends):
            for _ in range(64):
                if fd not in self.ends or not _has_something(fd) or not self.pass_on(fd) or fd in self.stalled:
                    break

    def close(self, fd: int | None = None) -> None:
        for each in [fd] if fd is not None else list(self.ends):
            if self.ends.pop(each, None) is not None:
                os.close(each)
            self.stalled.discard(each)

    def last_lines(self) -> str:
        """The end of it, from the first whole line on."""
        text = self.tail
        if len(text) == TAIL and b"\n" in text[:-1]:
            text = text.partition(b"\n")[2]
        return text.decode("utf-8", "replace").strip("\n")


def _has_something(fd: int) -> bool:
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    return bool(poller.poll(0))


def is_writable(fd: int) -> bool:
    """Whether a write of a few kilobytes returns at once. A closed stream takes all."""
    poller = select.poll()
    poller.register(fd, select.POLLOUT)
    return bool(poller.poll(0))


def write_all(fd: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(fd, data) :]
        except BlockingIOError:
            select.select([], [fd], [], 1)
        except OSError:
            return  # Nobody reads it any more.
