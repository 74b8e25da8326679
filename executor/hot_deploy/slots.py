"""The slots of a limit for the whole engine: a run has one as long as its supervisor lives, and the kernel gives it back."""

from __future__ import annotations

import fcntl
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    Json = dict[str, Any]

QUEUE = "queue"
# Whoever is first in the queue says so often that he is there; one that was stopped doesn't keep the others.
SEEN_SECONDS, LOST_SECONDS = 1.0, 10.0


def take(slots: Json, waits: Callable[[], bool]) -> int | None:
    """A descriptor that has one of the slots. Who waits has the queue, and only he looks.

    `waits` waits for a moment, and says whether the slot is still wanted; None where it isn't any more.
    """
    # By a descriptor: whoever may rename directories here must not lead root elsewhere.
    directory = os.open(slots["directory"], os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        return _take(directory, slots["count"], waits)
    finally:
        os.close(directory)


def _take(directory: int, count: int, waits: Callable[[], bool]) -> int | None:
    queue = _open(directory, QUEUE)
    try:
        while not (_has(queue) or _is_lost(queue)):
            if not waits():
                return None
        seen = 0.0
        while True:
            if time.monotonic() - seen >= SEEN_SECONDS:
                seen = time.monotonic()
                os.utime(queue)
            for number in range(count):
                fd = _open(directory, "slot-%d" % number)
                if _has(fd):
                    return fd
                os.close(fd)
            if not waits():
                return None
    finally:
        os.close(queue)


def _open(directory: int, name: str) -> int:
    """A file of the slots, which whoever the directory belongs to can open, too."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        return os.open(name, flags, dir_fd=directory)
    except FileNotFoundError:
        pass
    try:
        fd = os.open(name, flags | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=directory)
    except FileExistsError:
        return os.open(name, flags, dir_fd=directory)
    if os.geteuid() == 0:
        status = os.fstat(directory)
        os.fchown(fd, status.st_uid, status.st_gid)
    return fd


def _has(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_lost(queue: int) -> bool:
    """Whether whoever has the queue has not been seen for so long that he counts as stopped."""
    return abs(time.time() - os.fstat(queue).st_mtime) > LOST_SECONDS
