"""Copies what a new release has in common with the live one: the bulk of most deployments' work.

Directory by directory, with names relative to open directories: looking up whole paths takes longer than the rest.
Where there are many files and several processors, by several processes: making files takes the kernel's time, not the
disk's.
"""

from __future__ import annotations

import os

from hot_deploy import bytecode, files, tree, workers
from hot_deploy.failures import StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, TypedDict, Union

    from hot_deploy.tree import Entry

    # (name there, name here, entry of the new release, stamp there).
    Name = tuple[str, str, Entry, Union[list[int], None]]
    # (directory there, directory here, files in it).
    Names = tuple[str, str, list[Name]]
    Place = Union["Directory", type["Anywhere"]]

    class Copied(TypedDict):
        carried: list[str]
        stamps: list[list[int] | None]


# Fewer files than this are copied before another process has taken up its work.
WORTH_A_PROCESS = 1000
MOST_PROCESSES = 4
# What making a file takes, in bytes that could be copied meanwhile.
FILE_WEIGHT = 16 * 1024


class Directory:
    """An open directory: names in it are found without a look at its path."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def __enter__(self) -> Directory:
        return self

    def __exit__(self, *_raised: object) -> None:
        os.close(self.fd)


class Anywhere:
    """Stands for the directory of a whole path."""

    path, fd = "", None


class Copying:
    """Copies files from the tree `live` to the tree `staging`, which has their directories already.

    Other processes begin at once with their shares, this one's comes with finish(). stop() is due in any case.
    """

    def __init__(self, live: str, staging: str, pairs: list[tuple[Entry, Entry]]) -> None:
        """`pairs` are (entry of the new release, entry of the live one). The new ones get their stamp."""
        self._live, self._staging = live, staging
        self._parts: list[tuple[workers.Part, list[Names]]] = []
        # Of what was copied, where it is much: until a switch, it has to be on the disk.
        self.flushing: files.Flushing | None = None
        processes = min(MOST_PROCESSES, max(2, len(os.sched_getaffinity(0))), len(pairs) // WORTH_A_PROCESS)
        shares = _shares(_by_directory(pairs), max(1, processes))
        self._mine = shares[:1]
        try:
            for share in shares[1:]:
                self._start(share)
        except BaseException:
            self.stop()
            raise

    def _start(self, share: list[Names]) -> None:
        try:
            self._parts.append((workers.Part(_copy_share, self._live, self._staging, share, _unchecked), share))
        except OSError:
            self._mine.append(share)

    def finish(self, check: Callable[[], None]) -> set[str]:
        """Returns the paths whose bytecode was carried over with them."""
        carried: set[str] = set()
        for share in self._mine:
            carried.update(_copy_share(self._live, self._staging, share, check)["carried"])
        # Not before: while processors are busy with copying, writing to the disk would only take its turns from that.
        if self._parts:
            self.flushing = files.Flushing(self._staging)
        for part, share in self._parts:
            done = part.result(check)
            carried.update(done["carried"])
            for (_, _, entry, _), stamp in zip(_names_in(share), done["stamps"]):
                entry.stamp = stamp
        return carried

    def stop(self) -> None:
        """Ends the processes, which may have ended by themselves."""
        for part, _ in self._parts:
            part.stop()
        self._parts = []


def _by_directory(pairs: list[tuple[Entry, Entry]]) -> list[Names]:
    """[(directory there, directory here, [(name there, name here, entry, stamp there)])]."""
    found: dict[tuple[str, str], list[Name]] = {}
    for entry, original in pairs:
        source, _, there = original.path.rpartition("/")
        target, _, here = entry.path.rpartition("/")
        found.setdefault((source, target), []).append((there, here, entry, original.stamp))
    return [(source, target, names) for (source, target), names in found.items()]


def _shares(directories: list[Names], count: int) -> list[list[Names]]:
    """Divides directories into shares of about the same work. None is in two, which would wait for each other."""
    shares: list[list[Names]] = [[] for _ in range(count)]
    weights = [0] * count
    weighed = [(sum(entry.size + FILE_WEIGHT for _, _, entry, _ in one[2]), one) for one in directories]
    for weight, one in sorted(weighed, key=lambda pair: pair[0], reverse=True):
        lightest = weights.index(min(weights))
        weights[lightest] += weight
        shares[lightest].append(one)
    return shares


def _names_in(share: list[Names]) -> list[Name]:
    return [name for _, _, names in share for name in names]


def _unchecked() -> None:
    """For a process that is ended when nobody is left to work for."""


def _copy_share(live: str, staging: str, share: list[Names], check: Callable[[], None]) -> Copied:
    """Copies some directories' files. Returns `carried`, and the `stamps` in the files' order."""
    carried: list[str] = []
    for source, target, names in share:
        with Directory(os.path.join(live, source)) as there, Directory(os.path.join(staging, target)) as here:
            carried += _copy_directory(there, here, names, check)
    return {"carried": carried, "stamps": [entry.stamp for _, _, entry, _ in _names_in(share)]}


def _copy_directory(source: Directory, target: Directory, names: list[Name], check: Callable[[], None]) -> list[str]:
    python: dict[str, str] = {}
    for there, here, entry, stamp in names:
        check()
        copy_file(there, here, entry, entry.mode, stamp, source, target)
        if here.endswith(".py"):
            python[here] = there
    paths = {here: entry.path for _, here, entry, _ in names}
    return [paths[here] for here in bytecode.carry(python, source.fd, target.fd)] if python else []


def copy_file(
    source: str,
    target: str,
    entry: Entry,
    mode: int,
    stamp: list[int] | None = None,
    there: Place = Anywhere,
    here: Place = Anywhere,
) -> None:
    """Copies one file as `entry`, which gets its stamp. Names are relative to the directories, if any are given.

    When it no longer has the stamp it was looked at with, its content is hashed once more.
    """
    reading = _open(source, os.O_RDONLY | os.O_NOFOLLOW, 0, there)
    try:
        # Read again only where the content is to be hashed.
        writing = _open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode, here)
        try:
            whole = files.copy_content(reading, writing, entry.size) == entry.size
            untouched = stamp is None or tree.stamp_of(os.fstat(reading)) == stamp
            if not whole or not (untouched or _digest(writing) == entry.digest):
                raise StepFailed("changedWhileCopied", path=entry.path)
            finish(writing, entry, mode)
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _open(name: str, flags: int, mode: int, directory: Place) -> int:
    try:
        return os.open(name, flags, mode, dir_fd=directory.fd)
    except OSError as raised:
        raise OSError(raised.errno, raised.strerror, os.path.join(directory.path, name)) from raised


def _digest(fd: int) -> str:
    os.lseek(fd, 0, os.SEEK_SET)
    return tree.open_file_digest(fd)


def finish(fd: int, entry: Entry, mode: int) -> None:
    """What is left to do for a file whose content is written: its mode, and its stamp in the entry."""
    # Asked for at the creation already, which only the umask stands in the way of: one call less for most files.
    if mode & 0o022:
        os.fchmod(fd, mode)
    entry.stamp = tree.stamp_of(os.fstat(fd))
