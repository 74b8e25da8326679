"""What runs have on disk, in `.hot-deploy/runs`: input, output, the slots of a limit, and outcomes that have a key.

Each run that needs one has a directory there, locked by whoever uses it; what is inside of `work` is the run's user's. One
that nobody has locked was left by a crash and goes with the next run that needs one, unless an outcome is kept in it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import stat
import time

from hot_deploy import files, outcomes
from hot_deploy.failures import StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from hot_deploy.layout import Layout

RUN = re.compile("[0-9a-f]{16}")
KEYED = re.compile("key-[0-9a-f]{32}")
SLOTS = "slots"
# Outcomes that have a key are kept for so long, and so many of them.
KEPT_SECONDS = 7 * 24 * 3600
KEPT_OUTCOMES = 1000
# What is listed of a run's output.
MOST_FILES = 10000
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def name_of_key(key: str) -> str:
    """The directory's name of a run with this key, which may be any text."""
    return "key-" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class RunDirectory:
    """One run's directory, locked for as long as this is open."""

    def __init__(self, layout: Layout, name: str, user: tuple[int, int] | None) -> None:
        self.keyed = KEYED.fullmatch(name) is not None
        self.path = os.path.join(layout.runs, name)
        self.work = os.path.join(self.path, "work")
        self.output = os.path.join(self.work, "output")
        self._user = user
        self.input: str | None = None
        self.lock = _made_and_locked(layout, name, self.keyed)
        # Whether somebody else has it: a run with this key that has not ended.
        self.busy = self.lock is None
        # As openRun told it.
        self.state = "new"
        if not self.keyed:
            self.make_work()

    def make_work(self) -> None:
        """Makes the run's own directories, empty."""
        files.remove_tree(self.work)
        for path in (self.work, self.output):
            os.mkdir(path, 0o700)
            self._give(path)

    def _give(self, path: str) -> None:
        if self._user is not None:
            os.chown(path, *self._user, follow_symlinks=False)

    def open_input(self, name: str) -> int:
        """A descriptor to write the run's input to, as a file of that name."""
        self.input = os.path.join(self.work, os.path.basename(name))
        fd = os.open(self.input, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        if self._user is not None:
            os.fchown(fd, *self._user)
        return fd

    def remove_input(self) -> None:
        if self.input is not None:
            files.remove_tree(self.input)

    def files(self) -> tuple[list[tuple[str, int]], int]:
        """(path in the output directory, bytes) of the regular files there, and how many there are."""
        found: list[tuple[str, int]] = []
        count = 0
        for path, size in _regular_files(self.output):
            count += 1
            if count <= MOST_FILES:
                found.append((path, size))
        return sorted(found), count

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Some bytes of a file of the output. Links are not followed, whatever the run made of its directory."""
        directory = os.open(self.output, _DIRECTORY)
        try:
            *above, name = path.split("/")
            for part in above:
                deeper = os.open(part, _DIRECTORY, dir_fd=directory)
                os.close(directory)
                directory = deeper
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
        finally:
            os.close(directory)
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode) or (self._user is not None and status.st_uid != self._user[0]):
                raise StepFailed("outputUnreadable", path=path)
            return os.pread(fd, length, offset)
        finally:
            os.close(fd)

    def close(self) -> None:
        """Gives the lock back; what has no key is removed."""
        if self.lock is None:
            return
        if not self.keyed:
            files.remove_tree(self.path)
        os.close(self.lock)
        self.lock = None


def _regular_files(top: str) -> Iterator[tuple[str, int]]:
    for directory, _, names, fd in os.fwalk(top, follow_symlinks=False):
        for name in sorted(names):
            try:
                status = os.stat(name, dir_fd=fd, follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):
                yield os.path.relpath(os.path.join(directory, name), top), status.st_size


def _made_and_locked(layout: Layout, name: str, keyed: bool) -> int | None:
    """A descriptor that holds the lock of the directory, which is made; None where somebody has it, which a key allows."""
    with _Above(layout) as above:
        try:
            os.mkdir(name, 0o711, dir_fd=above.fd)
        except FileExistsError:
            if not keyed:
                raise
        fd = os.open(name, _DIRECTORY, dir_fd=above.fd)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        return fd


class _Above:
    """`.hot-deploy/runs`, made where it is missing; while it is open nobody takes a new directory for one that was left."""

    def __init__(self, layout: Layout) -> None:
        layout.refuse_links()
        if not os.path.isdir(layout.runs):
            os.makedirs(layout.runs, 0o711, exist_ok=True)
            owner = os.stat(layout.base)
            for path in (layout.state, layout.runs):
                if os.geteuid() == 0 and os.stat(path).st_uid == 0:
                    os.chown(path, owner.st_uid, owner.st_gid)
        self.fd = os.open(layout.runs, _DIRECTORY)
        fcntl.flock(self.fd, fcntl.LOCK_SH)

    def __enter__(self) -> _Above:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


def slots(layout: Layout) -> str:
    """The directory with the slots of a limit for the whole engine."""
    with _Above(layout):
        path = os.path.join(layout.runs, SLOTS)
        os.makedirs(path, 0o700, exist_ok=True)
        return path


def tidy(layout: Layout) -> None:
    """Removes directories that a crash left, and outcomes that are older or more than are kept."""
    try:
        above = os.open(layout.runs, _DIRECTORY)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(above, fcntl.LOCK_EX | fcntl.LOCK_NB)
        names = os.listdir(above)
        abandoned = [name for name in names if RUN.fullmatch(name)]
        for name in abandoned + _outdated(layout, [name for name in names if KEYED.fullmatch(name)]):
            _remove_unlocked(above, os.path.join(layout.runs, name), name)
    except BlockingIOError:
        pass  # Somebody makes one at this moment; the next run will do.
    finally:
        os.close(above)


def _outdated(layout: Layout, names: list[str]) -> list[str]:
    times = []
    for name in names:
        try:
            times.append((os.stat(os.path.join(layout.runs, name, outcomes.OUTCOME)).st_mtime, name))
        except OSError:
            continue
    times.sort(reverse=True)
    oldest = time.time() - KEPT_SECONDS
    return [name for index, (at, name) in enumerate(times) if index >= KEPT_OUTCOMES or at < oldest]


def _remove_unlocked(above: int, path: str, name: str) -> None:
    try:
        fd = os.open(name, _DIRECTORY, dir_fd=above)
    except OSError:
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        files.remove_tree(path)
    except BlockingIOError:
        pass
    finally:
        os.close(fd)
