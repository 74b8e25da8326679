"""Who is running what: the shared locks that extractions hold on their release's directory."""

from __future__ import annotations

import errno
import fcntl
import os

from hot_deploy.layout import RELEASE_ID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from hot_deploy.layout import Layout


def counts(directories: Iterable[str]) -> dict[str, int]:
    """Number of leases on each directory, by path. Where the kernel hides the holders, at least 1 for a leased one."""
    holders = _lock_holders()
    result = {}
    for directory in directories:
        try:
            status = os.stat(directory)
        except FileNotFoundError:
            continue
        count = holders.get((os.major(status.st_dev), os.minor(status.st_dev), status.st_ino), 0)
        result[directory] = count if count else int(is_leased(directory))
    return result


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


def _lock_holders() -> dict[tuple[int, int, int], int]:
    """(major, minor, inode) -> number of shared flocks, as /proc/locks lists them."""
    holders: dict[tuple[int, int, int], int] = {}
    try:
        with open("/proc/locks") as handle:
            lines = handle.readlines()
    except OSError:
        return holders
    for line in lines:
        # 1: FLOCK  ADVISORY  READ 1234 fe:00:123456 0 EOF
        parts = line.split()
        if len(parts) < 6 or parts[1] != "FLOCK" or parts[3] != "READ" or parts[5].count(":") != 2:
            continue
        major, minor, inode = parts[5].split(":")
        key = (int(major, 16), int(minor, 16), int(inode))
        holders[key] = holders.get(key, 0) + 1
    return holders
