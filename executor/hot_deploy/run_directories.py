"""What runs have on disk, in `.hot-deploy/runs`: input, output, the slots of a limit, and outcomes that have a key.

Each run that needs one has a directory there, locked by whoever uses it; what is inside of `work` is the run's user's. One
that nobody has locked was left by a crash and goes with the next run that needs one, unless an outcome is kept in it.

Root works here beside whoever the base path belongs to, who may move and replace all that lies there. So everything is
reached by the descriptor of a directory that was just made or looked at; paths are for the engine alone.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import stat

from hot_deploy import held_trees
from hot_deploy.failures import StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hot_deploy.layout import Layout

RUN = re.compile("[0-9a-f]{16}")
KEYED = re.compile("key-[0-9a-f]{32}")
SLOTS = "slots"
WORK, INPUT, OUTPUT, TEMPORARY = "work", "input", "output", "temporary"
# What is listed of a run's output, and counted.
MOST_FILES = 10000
MOST_COUNTED = 1000000
# Somebody may remove a directory that was left at the moment when it is to be used again.
ATTEMPTS = 20


def name_of_key(key: str) -> str:
    """The directory's name of a run with this key, which may be any text."""
    return "key-" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class RunDirectory:
    """One run's directory, locked for as long as this is open."""

    def __init__(self, layout: Layout, name: str, user: tuple[int, int] | None) -> None:
        self.keyed = KEYED.fullmatch(name) is not None
        self.path = os.path.join(layout.runs, name)
        # For the engine.
        self.output = os.path.join(self.path, WORK, OUTPUT)
        self.input: str | None = None
        self._layout, self._name = layout, name
        self._user = user
        # The input, open as long as this is: at its path may be anything by the time that it is read.
        self.input_fd: int | None = None
        # `busy`: somebody else has it, a run with this key that has not ended.
        self.fd, self.busy = _made(layout, name, self.keyed)
        # As openRun told it.
        self.state = "new"
        if not self.keyed:
            try:
                self.make_work()
            except BaseException:
                self.close()
                raise

    @property
    def inside(self) -> str:
        """A path that leads into this very directory, whatever is at its own by now."""
        return "/proc/self/fd/%d" % self.fd

    def make_work(self) -> None:
        """Makes the run's own directories, empty."""
        held_trees.remove(WORK, self.fd)
        work = held_trees.make_directory(WORK, self.fd, 0o700)
        try:
            for name in (INPUT, OUTPUT):
                fd = held_trees.make_directory(name, work, 0o700)
                self._give(fd)
                os.close(fd)
            self._give(work)
        finally:
            os.close(work)

    def make_temporary(self) -> str:
        """A directory for the temporary files of its run, which goes with the rest."""
        work = held_trees.open_below(self.fd, WORK)
        try:
            fd = held_trees.make_directory(TEMPORARY, work, 0o700)
            self._give(fd)
            os.close(fd)
        finally:
            os.close(work)
        return os.path.join(self.path, WORK, TEMPORARY)

    def _give(self, fd: int) -> None:
        if self._user is not None:
            os.fchown(fd, *self._user)

    def open_input(self, name: str) -> int:
        """A descriptor to write the run's input to, as a file of that name."""
        name = os.path.basename(name)
        inside = held_trees.open_below(self.fd, WORK + "/" + INPUT)
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            self.input_fd = os.open(name, flags, 0o600, dir_fd=inside)
        finally:
            os.close(inside)
        self._give(self.input_fd)
        self.input = os.path.join(self.path, WORK, INPUT, name)
        return self.input_fd

    def remove_input(self) -> None:
        """Removes what the run was given, once it has ended."""
        if self.input is not None:
            self._close_input()
            try:
                work = held_trees.open_below(self.fd, WORK)
            except OSError:
                return  # Its user made something else of it.
            try:
                held_trees.remove(INPUT, work)
            finally:
                os.close(work)

    def _close_input(self) -> None:
        if self.input_fd is not None:
            os.close(self.input_fd)
            self.input_fd = None

    def files(self) -> tuple[list[tuple[str, int]], int]:
        """(path in the output directory, bytes) of regular files there, and how many were counted."""
        found: list[tuple[str, int]] = []
        count = 0
        try:
            output = held_trees.open_below(self.fd, WORK + "/" + OUTPUT)
        except OSError:
            return [], 0
        try:
            for path, size in held_trees.regular_files(output, MOST_FILES):
                count += 1
                if size is not None:
                    found.append((path, size))
                if count == MOST_COUNTED:
                    break
        finally:
            os.close(output)
        return sorted(found), count

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Some bytes of a file of the output. Links are not followed, whatever the run made of its directory."""
        above, _, name = ("%s/%s/%s" % (WORK, OUTPUT, path)).rpartition("/")
        directory = held_trees.open_below(self.fd, above)
        try:
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
        if self.fd < 0:
            return
        self._close_input()
        try:
            if not self.keyed:
                above = open_runs(self._layout)
                try:
                    remove_this(self._name, above, self.fd)
                finally:
                    os.close(above)
        finally:
            os.close(self.fd)
            self.fd = -1


def _made(layout: Layout, name: str, keyed: bool) -> tuple[int, bool]:
    """(a descriptor of the directory, made where it is missing; whether somebody else has its lock, as a key allows)."""
    above = open_runs(layout, make=True)
    try:
        for _ in range(ATTEMPTS):
            fd = _opened(name, above, keyed)
            locked = has_lock(fd)
            if _is_still(name, above, fd) and (locked or keyed):
                return fd, not locked
            # Somebody took it for one that was left.
            os.close(fd)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.path.join(layout.runs, name))
    finally:
        os.close(above)


def _opened(name: str, above: int, keyed: bool) -> int:
    # Its user goes through it, and no further than to `work`.
    try:
        return held_trees.make_directory(name, above, 0o711)
    except FileExistsError:
        if not keyed:
            raise
    return held_trees.open_directory(name, above)


def has_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still(name: str, above: int, fd: int) -> bool:
    try:
        return os.path.samestat(os.stat(name, dir_fd=above, follow_symlinks=False), os.fstat(fd))
    except FileNotFoundError:
        return False


def open_runs(layout: Layout, make: bool = False) -> int:
    """A descriptor of `.hot-deploy/runs`; with `make`, made where it is missing, and its base path's owner's."""
    layout.refuse_links()
    base = os.open(layout.base, held_trees.DIRECTORY)
    try:
        owner = os.fstat(base)
        state = _below(base, os.path.basename(layout.state), owner, make)
        try:
            return _below(state, os.path.basename(layout.runs), owner, make)
        finally:
            os.close(state)
    finally:
        os.close(base)


def _below(above: int, name: str, owner: os.stat_result, make: bool = True, mode: int = 0o711) -> int:
    try:
        return held_trees.open_directory(name, above)
    except FileNotFoundError:
        if not make:
            raise
    try:
        fd = held_trees.make_directory(name, above, mode)
    except FileExistsError:
        return held_trees.open_directory(name, above)
    if os.geteuid() == 0:
        os.fchown(fd, owner.st_uid, owner.st_gid)
    return fd


def below_runs(above: int, name: str) -> int:
    """A descriptor of a directory in there that is its owner's alone, made where it is missing."""
    return _below(above, name, os.fstat(above), mode=0o700)


def slots(layout: Layout) -> str:
    """The directory with the slots of a limit for the whole engine."""
    above = open_runs(layout, make=True)
    try:
        os.close(below_runs(above, SLOTS))
    finally:
        os.close(above)
    return os.path.join(layout.runs, SLOTS)


def remove_this(name: str, above: int, fd: int) -> None:
    """Removes the directory of this descriptor. Under another name first: whoever asks for it finds it whole, or not."""
    if not _is_still(name, above, fd):
        return
    aside = name if RUN.fullmatch(name) else os.urandom(8).hex()
    if aside != name:
        os.rename(name, aside, src_dir_fd=above, dst_dir_fd=above)
    held_trees.remove(aside, above)
