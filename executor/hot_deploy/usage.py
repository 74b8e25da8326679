"""Which releases and environments are in use, and by whom, whether or not a lease tells.

In use is what a process has open, mapped, mounted, as its program, root or working directory, in its command line, or as
what it was started with in its environment. Of other users' processes everybody sees the command line and the mounts.
"""

from __future__ import annotations

import os
import re

from hot_deploy import mounts, peeking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hot_deploy.peeking import Process

    Identity = tuple[int, int]

# A directory's own name, and where the word ends before a path in a command line.
_NAME = re.compile(rb"[0-9A-Za-z-]+")
_DELIMITERS = re.compile(rb"[\s\0=:,;'\"()\[\]]")
_LONGEST_PATH = 4096
# As many different places are followed for one process; it may name what it likes.
_MOST = 200
# Set by the launcher, by a check and by an environment's `activate`; inherited by all that is started.
_MARKERS = (b"HOT_DEPLOY_RELEASE", b"VIRTUAL_ENV")
_PYTHON = re.compile(rb"(?:.*/)?(?:python|pypy)[0-9.]*")
# What belongs to the system is no engine, unless it is a server and told what to serve.
_SYSTEM = re.compile(rb"/usr/(?!local/)")
_SERVED = re.compile(rb"[\w.]+:[\w.]+")


class Usage:
    """What one look at all processes found."""

    def __init__(self) -> None:
        # Directory -> ids of the processes that use it.
        self.by_directory: dict[str, set[int]] = {}
        # Other users' processes that may run an engine, and do not let themselves be looked into.
        self.unseen: list[int] = []

    def of(self, directory: str) -> set[int]:
        return self.by_directory.get(directory, set())

    def _add(self, directory: str, pid: int) -> None:
        self.by_directory.setdefault(directory, set()).add(pid)


def look(directories: Iterable[str], among: Iterable[int] | None = None) -> Usage:
    """Looks once at all processes, or only among some: which of the directories (releases, environments) they use."""
    places, usage = _Places(directories), Usage()
    for directory in places.mounted(places.own.roots()):
        usage._add(directory, os.getpid())
    if not places.identities:
        return usage
    for process in peeking.others() if among is None else map(peeking.Process, among):
        used = places.used_by(process)
        for directory in used:
            usage._add(directory, process.pid)
        if process.kept_back and not used and may_run(process.words()):
            usage.unseen.append(process.pid)
    return usage


def mounted(directories: Iterable[str]) -> set[int]:
    """The processes that have one of the directories mounted for themselves, as runs have that are pinned in place."""
    places = _Places(directories)
    return {process.pid for process in peeking.others() if places.mounted_by(process)}


def may_run(words: list[bytes]) -> bool:
    """Whether a command line, all that is seen of a process, may be that of an engine's program."""
    if not words or not is_python(words[0]):
        return False
    script = next((word for word in words[1:] if not word.startswith(b"-")), b"")
    return not _SYSTEM.match(script) or any(_SERVED.fullmatch(word) for word in words)


def is_python(word: bytes) -> bool:
    return _PYTHON.fullmatch(word) is not None


class _Places:
    """The directories that are asked about, to be known again in what the kernel tells of processes."""

    def __init__(self, directories: Iterable[str]) -> None:
        self.own = mounts.Table(mounts.own())
        # `releases/<id>` and the like -> directory, and what it is.
        self.identities: dict[bytes, tuple[str, Identity]] = {}
        self._homes: dict[bytes, tuple[bytes, bytes] | None] = {}
        for directory in directories:
            try:
                status = os.stat(directory)
            except OSError:
                continue
            kind, name = os.path.split(directory)
            self.identities[os.fsencode(os.path.join(os.path.basename(kind), name))] = (
                directory,
                (status.st_dev, status.st_ino),
            )
        self._kinds = {tail.split(b"/")[0] + b"/" for tail in self.identities}

    def used_by(self, process: Process) -> set[str]:
        used: set[str] = set()
        followed: dict[tuple[bytes, bytes], bool] = {}

        def consider(text: bytes, path: bool) -> None:
            for before, tail in self._named_in(text, path):
                directory = self.identities[tail][0]
                if directory in used:
                    continue
                key = (before, tail)
                if key not in followed:
                    followed[key] = len(followed) >= _MOST or self._is_ours(process, before, tail)
                if followed[key]:
                    used.add(directory)

        for word in process.words():
            consider(word, path=False)
        used.update(self.mounted_by(process))
        for place in process.places():
            consider(place, path=True)
        mapped = process.mapped()
        for line in mapped.split(b"\n") if self._may_name(mapped) else ():
            consider(line[line.find(b"/") :], path=True)
        for value in process.variables(_MARKERS):
            consider(value, path=True)
        return used

    def mounted_by(self, process: Process) -> set[str]:
        """Of what it alone has mounted, as a run pinned in place has its release."""
        text = process.mounts()
        return self.mounted(mounts.Table(text).roots() - self.own.roots()) if self._may_name(text) else set()

    def mounted(self, roots: Iterable[tuple[bytes, bytes]]) -> set[str]:
        """Those of which a mount shows the directory, or something in it; a mount of what they lie in shows none."""
        found = set()
        for device, root in roots:
            for before, tail in self._named_in(root, path=True):
                directory = self.identities[tail][0]
                if self._home(directory) == (device, before + tail):
                    found.add(directory)
        return found

    def _home(self, directory: str) -> tuple[bytes, bytes] | None:
        path = os.fsencode(directory)
        if path not in self._homes:
            self._homes[path] = self.own.locate(path)
        return self._homes[path]

    def _may_name(self, text: bytes) -> bool:
        return any(kind in text for kind in self._kinds)

    def _named_in(self, text: bytes, path: bool) -> Iterator[tuple[bytes, bytes]]:
        """(what stands before, tail) for each directory that a path, or a word of a command line, names."""
        for kind in self._kinds:
            at = text.find(kind)
            while at >= 0:
                name = _NAME.match(text, at + len(kind))
                tail = kind + name.group() if name else b""
                if tail in self.identities:
                    before = text[:at] if path else _last_word(text[max(0, at - _LONGEST_PATH) : at])
                    if not before or before.endswith(b"/"):
                        yield before, tail
                at = text.find(kind, at + 1)

    def _is_ours(self, process: Process, before: bytes, tail: bytes) -> bool:
        """Whether a path leads to the directory, and not to another engine's. What can't be followed counts."""
        directory, identity = self.identities[tail]
        place = before + tail
        if not place.startswith(b"/"):
            return _identity(os.fsencode(process.path("cwd/")) + place) in (identity, None)
        inside = _identity(os.fsencode(process.path("root")) + place)
        if inside == identity or _identity(place) == identity:
            return True
        if inside is not None:
            return False
        located = mounts.Table(process.mounts()).locate(place)
        return located is None or located == self._home(directory)


def _last_word(text: bytes) -> bytes:
    """What follows the last character that may stand between an option and its value."""
    ends = [found.end() for found in _DELIMITERS.finditer(text)]
    return text[ends[-1] :] if ends else text


def _identity(path: bytes) -> Identity | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
