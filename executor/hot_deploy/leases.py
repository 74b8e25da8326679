"""Who is running what: the shared locks that extractions hold on their release's directory."""

from __future__ import annotations

import collections
import errno
import fcntl
import os
import time

from hot_deploy import flocks
from hot_deploy.layout import RELEASE_ID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from hot_deploy.layout import Layout


# Whoever removes a release locks it for less.
ATTEMPTS, PAUSE_SECONDS = 250, 0.002


def counts(directories: Iterable[str]) -> dict[str, int]:
    """Number of leases on each directory, by path. Where the kernel hides the holders, at least 1 for a leased one."""
    holders = collections.Counter(flock.place for flock in flocks.listed() if flock.shared)
    result = {}
    for directory in directories:
        try:
            status = os.stat(directory)
        except FileNotFoundError:
            continue
        result[directory] = holders[flocks.place_of(status)] or int(is_leased(directory))
    return result


def holders(layout: Layout) -> set[int]:
    """The processes that have leased a release, as far as the kernel tells who they are."""
    places = set()
    for name in release_names(layout):
        try:
            places.add(flocks.place_of(os.stat(layout.release(name))))
        except FileNotFoundError:
            continue
    return {flock.pid for flock in flocks.listed() if flock.shared and flock.place in places}


def hold(directory: str) -> int | None:
    """A descriptor with a lease on a release's directory, as launchers take it; None where the release is gone."""
    try:
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        _share(fd)
        if os.path.samestat(os.fstat(fd), os.stat(directory)):
            return fd
    except FileNotFoundError:
        pass  # Whoever removes it had the lock before.
    os.close(fd)
    return None


def _share(fd: int) -> None:
    """Takes the shared lock, unless somebody keeps the exclusive one for longer than anybody needs it."""
    for _ in range(ATTEMPTS):
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return
        except OSError as raised:
            if raised.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                return  # The file system has no flock: nobody can lock it against us either.
        time.sleep(PAUSE_SECONDS)


def is_leased(directory: str) -> bool:
    lease = take_exclusively(directory)
    if lease is None:
        return True
    os.close(lease)
    return False


def release_names(layout: Layout) -> list[str]:
    """The ids of the releases that have a directory."""
    try:
        return sorted(name for name in os.listdir(layout.releases) if RELEASE_ID.fullmatch(name))
    except FileNotFoundError:
        return []


def take_exclusively(directory: str) -> int | None:
    """A descriptor that holds the only lock on a directory, or None while somebody has a lease on it.

    Closing it gives the lock back. Where the file system has no flock, nobody can hold a lease either.
    """
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as raised:
        if raised.errno in (errno.EWOULDBLOCK, errno.EACCES):
            os.close(fd)
            return None
        if raised.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
            os.close(fd)
            raise
    return fd
