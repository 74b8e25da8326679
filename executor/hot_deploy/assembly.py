"""Putting a release together aside: new content from the wire, unchanged content from the live release."""

from __future__ import annotations

import hashlib
import os
import stat
import zlib

from hot_deploy import beside, bytecode, comparing, copying, entrypoints, files, module_times, pins, tree, writing
from hot_deploy.failures import StepFailed
from hot_deploy.layout import checked_path, deployed_names, names_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Container, Iterable, Iterator

    from hot_deploy.layout import Layout
    from hot_deploy.records import Record
    from hot_deploy.tree import Entry


# Room that has to stay free beyond what a release needs, in bytes.
SPACE_MARGIN = 32 * 1024 * 1024


class Assembly:
    """One release in the making. Lives from `receive` to `assemble`."""

    def __init__(
        self,
        layout: Layout,
        release_id: str,
        live_id: str | None,
        live_entries: Iterable[Entry],
        entries: list[Entry],
        keep: list[str],
    ) -> None:
        self.layout = layout
        self.release_id = release_id
        self.staging = os.path.join(layout.staging, release_id)
        self.live_id = live_id
        self.live = layout.release(live_id) if live_id else None
        self.entries = entries
        self.keep = keep
        # What is recorded of it, once that is told.
        self.record: Record = {}
        # Those of them that were read-only as deployed files are.
        self.dropped: Container[str] = ()
        self.live_by_digest = {entry.digest: entry for entry in live_entries if entry.type == tree.FILE}
        self.needed = comparing.needed(entries, live_entries)
        # (entry of this release, entry of the live one).
        self.unchanged = [
            (entry, self.live_by_digest[entry.digest])
            for entry in entries
            if entry.type == tree.FILE and entry.digest in self.live_by_digest
        ]
        self._copying: copying.Copying | None = None
        self._flushing: files.Flushing | None = None

    def check_space(self) -> None:
        """Raises StepFailed where the disk has too few bytes or inodes left for the release."""
        status = os.statvfs(self.layout.base)
        free = status.f_bavail * status.f_frsize
        wanted = sum(entry.size for entry in self.entries) + SPACE_MARGIN
        if free < wanted:
            raise StepFailed("diskFull", basePath=self.layout.given, freeBytes=free, neededBytes=wanted)
        if status.f_files and status.f_favail < len(self.entries) * 2 + 100:
            raise StepFailed(
                "inodesUsedUp",
                basePath=self.layout.given,
                freeInodes=status.f_favail,
                neededInodes=len(self.entries) * 2 + 100,
            )

    def receive(self, take_data: Callable[[], bytes], encoding: str | None) -> dict[str, str]:
        """Writes the needed files from the wire, while others copy what is unchanged. Returns digest -> path of what came.

        Raises StepFailed when content isn't what its entry says.
        """
        os.mkdir(self.staging, 0o755)
        made = {""}
        for entry in self.entries:
            self._make_directory(os.path.dirname(entry.path), made)
        if self.live is not None:
            self._copying = copying.Copying(self.live, self.staging, self.unchanged)
        try:
            return self._take(_Content(take_data, encoding))
        except BaseException:
            self._stop_copying()
            raise

    def _make_directory(self, path: str, made: set[str]) -> None:
        if path not in made:
            self._make_directory(os.path.dirname(path), made)
            os.mkdir(os.path.join(self.staging, path), 0o755)
            made.add(path)

    def _stop_copying(self) -> None:
        if self._copying is not None:
            self._copying.stop()
            self._copying = None

    def _take(self, content: _Content) -> dict[str, str]:
        received = {}
        for index in self.needed:
            entry = self.entries[index]
            self._write(entry, content)
            received[entry.digest] = entry.path
        content.finish()
        return received

    def _write(self, entry: Entry, content: _Content) -> None:
        digest = hashlib.sha256()
        fd = os.open(os.path.join(self.staging, entry.path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, entry.mode)
        try:
            for piece in content.read(entry.size):
                digest.update(piece)
                writing.write_all(fd, piece)
            if digest.hexdigest() != entry.digest:
                raise StepFailed("sourceChanged", path=entry.path)
            copying.finish(fd, entry, entry.mode)
        finally:
            os.close(fd)

    def complete(self, received: dict[str, str], check: Callable[[], None]) -> set[str]:
        """Fills in everything that did not travel: unchanged files, links, empty directories, kept files.

        Returns the paths whose bytecode was carried over with them.
        """
        try:
            self._add_others(received, check)
            carried: set[str] = set()
            if self._copying is not None:
                carried = self._copying.finish(check)
                self._flushing = self._copying.flushing
        finally:
            self._stop_copying()
        self._keep_unowned(check)
        return carried

    def _add_others(self, received: dict[str, str], check: Callable[[], None]) -> None:
        """Links, empty directories, and files that hold what came for another one."""
        for entry in self.entries:
            if entry.type == tree.FILE and (
                entry.digest in self.live_by_digest or received[entry.digest] == entry.path
            ):
                continue
            check()
            target = os.path.join(self.staging, entry.path)
            if entry.type == tree.DIRECTORY:
                os.makedirs(target, 0o755, exist_ok=True)
            elif entry.type == tree.LINK:
                _make_link(entry, target)
                entry.stamp = tree.stamp_of(os.lstat(target))
            else:
                copying.copy_file(os.path.join(self.staging, received[entry.digest]), target, entry, entry.mode)

    def unread(self, suffix: str) -> set[str]:
        """Paths with content that the live release holds under a name of the same kind, as it was recorded there."""
        return {
            entry.path
            for entry, original in self.unchanged
            if entry.path.endswith(suffix) and original.path.endswith(suffix) and not original.kept
        }

    def _keep_unowned(self, check: Callable[[], None]) -> None:
        """Files of the live release that no pattern owns stay as they are, writable ones included."""
        not_directories = {entry.path for entry in self.entries if entry.type != tree.DIRECTORY}
        for path in self.keep:
            check()
            assert self.live is not None  # Where nothing is live, nothing can be kept of it.
            source = os.path.join(self.live, checked_path(path))
            comparing.refuse_below(path, not_directories)
            status = os.lstat(source)
            entry = tree.read_entry(self.live, path, status, check)
            if entry is None or os.path.lexists(os.path.join(self.staging, path)):
                continue
            entry.kept = True
            self.entries.append(entry)
            target = os.path.join(self.staging, path)
            os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
            if entry.type == tree.LINK:
                _make_link(entry, target)
            elif entry.type == tree.DIRECTORY:
                os.makedirs(target, 0o755, exist_ok=True)
            else:
                writable = 0o200 if path in self.dropped else 0
                copying.copy_file(source, target, entry, (status.st_mode & 0o777) | writable)

    def mark_kept(self, paths: Container[str]) -> None:
        """Entries of a backup that no pattern owns: they stay nobody's, and the engine may write to them."""
        for entry in self.entries:
            if entry.path in paths:
                entry.kept = True
                if entry.type == tree.FILE:
                    place = os.path.join(self.staging, entry.path)
                    os.chmod(place, entry.mode | 0o200)
                    entry.stamp = tree.stamp_of(os.lstat(place))

    def place(self, carried: Container[str], check: Callable[[], None]) -> tuple[int, dict[str, str]]:
        """Compiles, makes the tree read-only and moves it to its final path, where no link names it yet.

        Returns what bytecode.compile_release() does.
        """
        module_times.tell_apart(
            self.layout, self.staging, self.live, self.entries, entrypoints.Launcher.recorded(self.record)
        )
        compilation = bytecode.compile_release(self.staging, self.entries, carried, check)
        # The live release's names are links by the time that this one is live, if they are not yet.
        of_live = deployed_names(self.live) if self.live is not None else []
        beside.link(self.layout, self.staging, [*names_in(entry.path for entry in self.entries), *of_live])
        beside.link_shared(self.layout, self.staging, self.record, self.live)
        _freeze_directories(self.staging, _written_to(self.entries))
        self._give()
        release = self.layout.release(self.release_id)
        os.rename(self.staging, release)
        os.chmod(release, 0o555)
        tree.write_manifest(self.layout.manifest(self.release_id), self.entries)
        pins.decide(self.layout, self.release_id, self.live_id, (self.entries[index].path for index in self.needed))
        if self._flushing is not None:
            self._flushing.wait()
        return compilation

    def _give(self) -> None:
        """To the owner, whose files may be readable by nobody else. It counts as a change of each file."""
        self.layout.give_tree(self.staging)
        self._give_back()
        if self.layout.owner is not None or any(entry.kept for entry in self.entries):
            for entry in self.entries:
                if entry.stamp is not None:
                    entry.stamp = tree.stamp_of(os.lstat(os.path.join(self.staging, entry.path)))

    def _give_back(self) -> None:
        """Where this process is root: what is nobody's stays whose it was, and so do the directories that it lies in."""
        if os.geteuid() != 0 or self.live is None:
            return
        for path in {entry.path for entry in self.entries if entry.kept} | _written_to(self.entries):
            try:
                status = os.lstat(os.path.join(self.live, path))
            except FileNotFoundError:
                continue
            place = os.path.join(self.staging, path)
            os.lchown(place, status.st_uid, status.st_gid)
            if path and stat.S_ISDIR(status.st_mode):
                os.chmod(place, stat.S_IMODE(status.st_mode) | 0o700)

    def summary(self) -> dict[str, Any]:
        """What the release's record says of its content: `names`, `files`, `bytes`."""
        return {
            "names": names_in(entry.path for entry in self.entries),
            "files": len(self.entries),
            "bytes": sum(entry.size for entry in self.entries),
        }


class _Content:
    """The bytes of all needed files, one after the other, as they come in data frames."""

    def __init__(self, take_data: Callable[[], bytes], encoding: str | None) -> None:
        self._take_data = take_data
        self._inflate = zlib.decompressobj() if encoding == "deflate" else None
        self._buffer = b""

    def read(self, size: int) -> Iterator[bytes]:
        while size:
            if not self._buffer:
                self._buffer = self._next()
                continue
            piece, self._buffer = self._buffer[:size], self._buffer[size:]
            size -= len(piece)
            yield piece

    def _next(self) -> bytes:
        if self._inflate is None:
            return self._take_data()
        pending = self._inflate.unconsumed_tail or self._take_data()
        return self._inflate.decompress(pending, 1 << 20)

    def finish(self) -> None:
        """Reads the end of the compressed stream, so that the next frame is a request again."""
        while self._inflate is not None and not self._inflate.eof:
            if self._next():
                raise StepFailed("contentBeyond")
        if self._buffer:
            raise StepFailed("contentBeyond")


def _written_to(entries: Iterable[Entry]) -> set[str]:
    """The directories in which the engine may make files: those of what is nobody's."""
    kept = [entry for entry in entries if entry.kept]
    return {entry.path if entry.type == tree.DIRECTORY else os.path.dirname(entry.path) for entry in kept}


def _freeze_directories(root: str, kept: Container[str]) -> None:
    """Takes the permission to write from the directories below `root`, but for those with these paths below it."""
    pending = [""]
    while pending:
        path = pending.pop()
        place = os.path.join(root, path)
        with os.scandir(place) as children:
            inner = [child.name for child in children if child.is_dir(follow_symlinks=False)]
        pending += [os.path.join(path, name) for name in inner]
        if path and path not in kept:
            os.chmod(place, 0o555)


def _make_link(entry: Entry, place: str) -> None:
    assert entry.target is not None  # A link's entry has one.
    os.symlink(entry.target, place)
