"""The engine's lock: an flock that ends with this process and so can't go stale."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time

from hot_deploy import files, flocks, history
from hot_deploy.failures import StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hot_deploy.layout import Layout

    Check = Callable[[], None]

POLL_SECONDS = 0.05
# Somebody asking for the status holds the lock for an instant: one refusal is not an answer.
LEAST_WAIT_SECONDS = 0.15
# So often it may turn out to be one that was removed meanwhile.
MOST_LOCKS = 100


def acquire(layout: Layout, holder: dict[str, Any], wait_seconds: float, check: Check) -> int:
    """Takes the lock and writes down who has it. Returns the descriptor to keep open.

    Raises StepFailed `locked`, with the holder, when somebody else keeps it for longer than `wait_seconds`.
    """
    deadline = time.monotonic() + max(wait_seconds, LEAST_WAIT_SECONDS)
    for _ in range(MOST_LOCKS):
        fd = _wait_for(layout, wait_seconds, deadline, check)
        if fd is None:
            continue
        try:
            if is_held(layout, fd):
                # Its last holder may have removed what was made here, while it was waited for.
                layout.create_state()
                _sign(layout, holder)
                return fd
        except BaseException:
            os.close(fd)
            raise
        # The lock itself is gone: the one that counts is a new file.
        os.close(fd)
    raise _locked(layout, wait_seconds)


def _wait_for(layout: Layout, wait_seconds: float, deadline: float, check: Check) -> int | None:
    """The lock, taken; None where the directory it lies in was removed at that very moment."""
    try:
        layout.create_state()
        fd = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:
        if time.monotonic() >= deadline:
            raise
        return None
    try:
        keep_to_owner(layout, fd)
        while not try_lock(fd):
            check()
            if time.monotonic() >= deadline:
                raise _locked(layout, wait_seconds)
            time.sleep(POLL_SECONDS)
    except BaseException:
        os.close(fd)
        raise
    return fd


def keep_to_owner(layout: Layout, fd: int) -> None:
    """Lets nobody open the lock who may not deploy: whoever can read a file can lock it, and for ever.

    It belongs to whom our directory belongs. A group that may write to it, by somebody's decision, goes on to; versions
    before 0.2.0 let everybody read it.
    """
    try:
        status, ours = os.fstat(fd), os.stat(layout.state)
    except FileNotFoundError:
        return  # It was removed meanwhile: this is not the lock any more, as is_held() will tell.
    mode = stat.S_IMODE(status.st_mode)
    wanted = mode & (0o770 if mode & 0o020 else 0o700)
    try:
        if (status.st_uid, status.st_gid) != (ours.st_uid, ours.st_gid) and os.geteuid() == 0:
            os.fchown(fd, ours.st_uid, ours.st_gid)
        if mode != wanted:
            os.fchmod(fd, wanted)
    except OSError as raised:
        # Somebody else's of a group that deploys, or a file system without modes.
        if raised.errno not in (errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOSYS, errno.EROFS):
            raise


def is_held(layout: Layout, fd: int) -> bool:
    """Whether a lock that was taken still is the one that counts: its holder may remove it."""
    try:
        return os.path.samestat(os.fstat(fd), os.stat(layout.lock))
    except FileNotFoundError:
        return False


def _sign(layout: Layout, holder: dict[str, Any]) -> None:
    mine = dict(holder)
    mine.update(since=history.now(), processId=os.getpid())
    try:
        files.write_json(layout.holder, mine, sync=False)
    except OSError as raised:
        # The name is for people; without it a full disk can still be pruned.
        if raised.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise


def release(layout: Layout, fd: int) -> None:
    try:
        if is_held(layout, fd):
            os.unlink(layout.holder)
    except FileNotFoundError:
        pass
    os.close(fd)


def holder(layout: Layout) -> dict[str, Any] | None:
    """Who holds the lock now, as written beside it; None when it is free. Changes nothing."""
    return (files.read_json(layout.holder) or {}) if is_taken(layout.lock) else None


def is_taken(path: str) -> bool:
    """Whether somebody holds a lock. Changes nothing."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    except PermissionError:
        # Who may only look may not lock: the kernel's list says whether somebody does.
        return _is_listed(path)
    try:
        return not try_lock(fd)
    finally:
        os.close(fd)


def _is_listed(path: str) -> bool:
    """Whether the kernel's list has an exclusive flock on a file."""
    try:
        place = flocks.place_of(os.stat(path))
    except OSError:
        return False
    return any(flock.place == place and not flock.shared for flock in flocks.listed())


def try_lock(fd: int) -> bool:
    """Takes a lock; False while somebody else has it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError as raised:
        if raised.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise


def _locked(layout: Layout, waited: float) -> StepFailed:
    who = files.read_json(layout.holder) or {}
    return StepFailed("locked", holder=who, basePath=layout.given, waitedSeconds=waited)
