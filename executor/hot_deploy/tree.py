"""Trees of files: what is in them, what they were recorded as, and the digests both sides compare."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time

from hot_deploy import files
from hot_deploy.layout import deployed_names, is_beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator
    from typing import Any

    from hot_deploy.layout import Layout

    Stamp = list[int]
    Check = Callable[[], None]

FILE, LINK, DIRECTORY = "file", "link", "directory"
# Bytecode is ours to make: it is content only where no source lies beside that it could be made of.
BYTECODE_DIRECTORY = "__pycache__"
BYTECODE_SUFFIXES = (".pyc", ".pyo")


class Entry:
    """One file, link or empty directory, as in the client's BundleEntry; `kept` when no pattern owns it.

    `stamp` is what lstat said after it was written ([modified ns, changed ns, inode]): as long as it still says so,
    nobody has touched the file since, and its digest need not be computed again (the idea of Git's index). `more` is
    what a newer version has recorded beside: it comes along when a manifest is written again.
    """

    __slots__ = ("path", "type", "mode", "size", "digest", "target", "kept", "stamp", "more")

    def __init__(
        self,
        path: str,
        type: str,
        mode: int,
        size: int = 0,
        digest: str = "",
        target: str | None = None,
        kept: bool = False,
        stamp: Stamp | None = None,
        more: Iterable[Any] = (),
    ) -> None:
        self.path = path
        self.type = type
        self.mode = mode
        self.size = size
        self.digest = digest
        self.target = target
        self.kept = kept
        self.stamp = stamp
        self.more = more

    def row(self) -> list[Any]:
        known = [self.path, self.type, self.mode, self.size, self.digest, self.target, int(self.kept), self.stamp]
        return [*known, *self.more]

    def content(self) -> tuple[str, int, str]:
        """What makes it the same as another entry of its path."""
        return self.type, self.mode, self.digest

    @classmethod
    def from_row(cls, row: list[Any]) -> Entry:
        path, type, mode, size, digest, target, kept, stamp, *more = row
        return cls(path, type, mode, size, digest, target, bool(kept), stamp, more)


def stamp_of(status: os.stat_result) -> Stamp:
    return [status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def write_manifest(path: str, entries: Iterable[Entry]) -> None:
    files.write_json(path, [entry.row() for entry in entries])


def read_manifest(path: str) -> list[Entry] | None:
    """The recorded entries of a release, or None where the record is missing or damaged."""
    rows = files.read_json(path)
    if not isinstance(rows, list) or not all(_is_row(row) for row in rows):
        return None
    return [Entry.from_row(row) for row in rows]


def _is_row(row: object) -> bool:
    """Whether a row of a manifest has the form of ours; what it says of files is compared with them anyway."""
    if not isinstance(row, list) or len(row) < 8:
        return False
    path, type, mode, size, digest, target, *_ = row
    return (
        isinstance(path, str)
        and type in (FILE, LINK, DIRECTORY)
        and files.is_count(mode)
        and files.is_count(size)
        and isinstance(digest, str)
        and (target is None or isinstance(target, str))
    )


def is_bytecode(path: str) -> bool:
    return path.endswith(BYTECODE_SUFFIXES) or BYTECODE_DIRECTORY in path.split("/")


def directory_digests(entries: Iterable[Entry]) -> dict[str, str]:
    """Digest of each directory's direct entries; the same rule as the client's `directoryDigests`."""
    lines: dict[str, list[tuple[bytes, bytes]]] = {}
    for entry in entries:
        directory, _, name = entry.path.rpartition("/")
        line = "%s %o %s %s\0" % (entry.type[0], entry.mode, entry.digest or "-", name)
        lines.setdefault(directory, []).append((_encoded(name), _encoded(line)))
    return {
        directory: hashlib.sha256(b"".join(line for _, line in sorted(named))).hexdigest()
        for directory, named in lines.items()
    }


def by_directory(entries: Iterable[Entry]) -> list[Entry]:
    """The entries in the order in which content_digest() takes them."""
    keyed = []
    for entry in entries:
        directory, _, name = entry.path.rpartition("/")
        keyed.append((_encoded(directory), _encoded(name), entry))
    keyed.sort(key=lambda item: item[:2])
    return [entry for _, _, entry in keyed]


def content_digest(entries: Iterable[Entry]) -> str:
    digests = directory_digests(entries)
    whole = hashlib.sha256()
    for directory in sorted(digests, key=_encoded):
        whole.update(_encoded("%s %s\0" % (digests[directory], directory)))
    return whole.hexdigest()


def _encoded(text: str) -> bytes:
    """UTF-8. A byte of a name that isn't UTF-8 becomes what a client makes of it: U+FFFD."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return re.sub("[\ud800-\udfff]", "\ufffd", text).encode("utf-8")


def file_digest(path: str, check: Check | None = None) -> str:
    fd = os.open(path, os.O_RDONLY)
    try:
        return open_file_digest(fd, check)
    finally:
        os.close(fd)


def open_file_digest(fd: int, check: Check | None = None) -> str:
    """The digest of what can be read from here on."""
    digest = hashlib.sha256()
    while True:
        if check:
            check()
        piece = os.read(fd, 1 << 20)
        if not piece:
            return digest.hexdigest()
        digest.update(piece)


def text_digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()


def walk(root: str, names: Iterable[str]) -> Iterator[tuple[str, os.stat_result]]:
    """Yields (path, lstat) for every file and link and every empty directory below `names` in `root`, bytecode aside.

    Links that stand in a release for what lies beside it are no content.
    """
    pending: list[tuple[str, os.stat_result]] = []
    for name in names:
        try:
            pending.append((name, os.lstat(os.path.join(root, name))))
        except FileNotFoundError:
            continue
    while pending:
        path, status = pending.pop()
        if not stat.S_ISDIR(status.st_mode):
            yield path, status
            continue
        # Names relative to the open directory: looking up whole paths takes longer than the rest.
        fd = os.open(os.path.join(root, path), os.O_RDONLY | os.O_DIRECTORY)
        try:
            found = list(_children(fd))
        finally:
            os.close(fd)
        if not found:
            yield path, status
        for name, inner in found:
            if inner is None:
                continue
            if stat.S_ISDIR(inner.st_mode):
                pending.append((path + "/" + name, inner))
            elif not (stat.S_ISLNK(inner.st_mode) and is_beside(root, path + "/" + name)):
                yield path + "/" + name, inner


def _children(directory_fd: int) -> Iterator[tuple[str, os.stat_result | None]]:
    """Names and their lstat, None for what is not looked at or has gone."""
    with os.scandir(directory_fd) as scanned:
        children = list(scanned)
        names = {child.name for child in children}
        for child in children:
            name = child.name
            # A running engine writes bytecode, which comes and goes while we look.
            if name == BYTECODE_DIRECTORY or (name.endswith(BYTECODE_SUFFIXES) and not _is_sourceless(name, names)):
                yield name, None
                continue
            try:
                yield name, child.stat(follow_symlinks=False)
            except FileNotFoundError:
                yield name, None


def _is_sourceless(name: str, beside: Container[str]) -> bool:
    """Whether a file is bytecode that Python imports by itself: with its source beside it, it would be left alone."""
    return name.endswith(".pyc") and name[:-1] not in beside


def read_entry(root: str, path: str, status: os.stat_result, check: Check | None = None) -> Entry | None:
    """The entry of something found by walk(): its digest is computed."""
    if stat.S_ISLNK(status.st_mode):
        target = os.readlink(os.path.join(root, path))
        return Entry(path, LINK, 0o777, 0, text_digest(target), target, stamp=stamp_of(status))
    if stat.S_ISDIR(status.st_mode):
        return Entry(path, DIRECTORY, 0o555, stamp=stamp_of(status))
    if stat.S_ISREG(status.st_mode):
        digest = file_digest(os.path.join(root, path), check)
        mode = stat.S_IMODE(status.st_mode) & 0o555
        return Entry(path, FILE, mode, status.st_size, digest, stamp=stamp_of(status))
    return None


def still_as_recorded(root: str, entry: Entry, status: os.stat_result, check: Check | None = None) -> bool:
    """Whether what lies at `entry.path` is what was recorded. Content is read only when the stamp differs."""
    if entry.type == DIRECTORY:
        return stat.S_ISDIR(status.st_mode)
    if stamp_of(status) == entry.stamp:
        return True
    found = read_entry(root, entry.path, status, check)
    return found is not None and found.content() == entry.content()


# The entries of a release whose record is missing or damaged.
NOTHING: list[Entry] = []


class Look:
    """A release's recorded entries and how its files differ from them, each found out when it is first asked for."""

    def __init__(
        self, layout: Layout, release_id: str | None, check: Check | None, recorded: list[Entry] | None = None
    ) -> None:
        self._layout, self._release_id, self._check = layout, release_id, check
        self._recorded = recorded
        self._seen: dict[str, Any] | None = None
        self._seen_at = 0.0
        # Paths that were owned when the release was made, and are kept now.
        self.dropped: set[str] = set()

    def keep(self, paths: Container[str]) -> Look:
        """From now on these recorded entries are nobody's: the patterns that owned them have changed."""
        for entry in self.recorded:
            if entry.path in paths and not entry.kept:
                entry.kept = True
                self.dropped.add(entry.path)
        return self

    @property
    def is_recorded(self) -> bool:
        """Whether there is a whole record at all."""
        return self.recorded is not NOTHING

    @property
    def recorded(self) -> list[Entry]:
        if self._recorded is None:
            found = read_manifest(self._layout.manifest(self._release_id)) if self._release_id else None
            self._recorded = NOTHING if found is None else found
        return self._recorded

    @property
    def seen(self) -> dict[str, Any]:
        """As compare() gives it, over everything that is there."""
        if self._seen is None and self._release_id:
            release = self._layout.release(self._release_id)
            names = deployed_names(release) if os.path.isdir(release) else []
            self._seen_at = time.monotonic()
            self._seen = compare(release, names, self.recorded, self._check)
        return self._seen or {"modified": [], "missing": [], "extra": [], "intact": []}

    @property
    def intact(self) -> list[Entry]:
        intact: list[Entry] = self.seen["intact"]
        return intact

    def look_again(self, unless_seconds: float = 0) -> None:
        """How the files differ is found out anew when it is asked for next, unless that was done so shortly ago."""
        if time.monotonic() - self._seen_at >= unless_seconds:
            self._seen = None


class Preview:
    """The entries of a release that is not made yet, to be compared with as a Look is."""

    def __init__(self, entries: list[Entry]) -> None:
        self.recorded = self.intact = entries

    def without(self, paths: Container[str]) -> Preview:
        """As if these were not there: no release is to have them."""
        self.recorded = self.intact = [entry for entry in self.recorded if entry.path not in paths]
        return self

    def keep(self, paths: Iterable[str]) -> Preview:
        for entry in self.recorded:
            entry.kept = entry.path in paths
        return self


def compare(root: str, names: Iterable[str], entries: Iterable[Entry], check: Check | None = None) -> dict[str, Any]:
    """How a release's directory differs from its record.

    Returns a dict: `modified` and `missing` (paths of recorded entries), `extra` (paths found but not recorded,
    bytecode aside), `intact` (the recorded entries that still hold).
    """
    recorded = {entry.path: entry for entry in entries}
    modified, extra, intact = [], [], []
    for path, status in walk(root, names):
        entry = recorded.pop(path, None)
        if entry is None:
            extra.append(path)
        elif still_as_recorded(root, entry, status, check):
            intact.append(entry)
        else:
            modified.append(path)
    return {"modified": sorted(modified), "missing": sorted(recorded), "extra": sorted(extra), "intact": intact}
