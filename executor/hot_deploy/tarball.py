"""Writes a tar.gz of very many small files: what the standard library does for each of them takes longer than packing it."""

from __future__ import annotations

import os
import stat
import zlib

from hot_deploy import writing
from hot_deploy.failures import StepFailed
from hot_deploy.later import tarfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

REGULAR, LINK, DIRECTORY = b"0", b"2", b"5"
BLOCK = 512
# Content is packed in pieces of this size: each call costs about as much as some small files.
PIECE = 1 << 18
LARGEST_READ = 1 << 20
# With its own header, which has no time and no name in it.
GZIP = 31
# Speed over size: level 1 is about three times as fast as the default and an archive is short-lived.
COMPRESSION = 1

# What lies between the fields of a header that differ, and how much that adds to its checksum.
_NOBODY = b"0000000\0" * 2
_USTAR = b"ustar\x0000"
_END = b"\0" * 247
# The checksum's own field counts as blanks.
_SUM = sum(_NOBODY + _USTAR) + 8 * ord(" ")
# The most that the fields hold; what is longer is written as PAX has it.
_LONGEST_NAME = 100
_LARGEST_NUMBER = 8**11 - 1


class Tarball:
    """An archive that is being written to an open file."""

    def __init__(self, target_fd: int) -> None:
        self._target = target_fd
        self._packed = zlib.compressobj(COMPRESSION, zlib.DEFLATED, GZIP)
        self._pieces: list[bytes] = []
        self._waiting = 0

    def add_tree(self, root: str, found: Iterable[tuple[str, os.stat_result]]) -> None:
        """Adds files, links and empty directories, owned by nobody in particular. Anything else is left out.

        `found` are (path below `root`, lstat).
        """
        for path, status in found:
            if stat.S_ISREG(status.st_mode):
                self._add_file(os.path.join(root, path), path, status)
            elif stat.S_ISLNK(status.st_mode):
                self._put(header(path, status, LINK, 0, os.readlink(os.path.join(root, path))))
            elif stat.S_ISDIR(status.st_mode):
                self._put(header(path, status, DIRECTORY, 0))

    def finish(self) -> None:
        self._put(b"\0" * 2 * BLOCK)
        self._pack()
        writing.write_all(self._target, self._packed.flush())

    def _add_file(self, place: str, path: str, status: os.stat_result) -> None:
        fd = os.open(place, os.O_RDONLY)
        try:
            # An engine may write to files that no pattern owns: their size is what it is now.
            left = size = os.fstat(fd).st_size
            self._put(header(path, status, REGULAR, size))
            while left:
                piece = os.read(fd, min(left, LARGEST_READ))
                if not piece:
                    raise StepFailed("changedWhileCopied", path=path)
                left -= len(piece)
                self._put(piece)
            self._put(b"\0" * (-size % BLOCK))
        finally:
            os.close(fd)

    def _put(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._waiting += len(piece)
        if self._waiting >= PIECE:
            self._pack()

    def _pack(self) -> None:
        packed = self._packed.compress(b"".join(self._pieces))
        self._pieces, self._waiting = [], 0
        if packed:
            writing.write_all(self._target, packed)


def header(path: str, status: os.stat_result, kind: bytes, size: int, target: str = "") -> bytes:
    """What stands before a member: one block, and before that what PAX needs for a long name or one beyond ASCII."""
    mode = status.st_mode & 0o7777
    if kind == REGULAR:
        # Unpacked by hand, the files should be a person's to edit.
        mode |= 0o200
    mtime = int(status.st_mtime)
    name = path + "/" if kind == DIRECTORY else path
    if not _fits(name) or not _fits(target) or size > _LARGEST_NUMBER or not 0 <= mtime <= _LARGEST_NUMBER:
        return _long_header(path, mode, mtime, kind, size, target)
    start = name.encode("ascii").ljust(100, b"\0") + b"%07o\0" % mode
    numbers = b"%011o\0%011o\0" % (size, mtime)
    middle = kind + target.encode("ascii").ljust(100, b"\0")
    checksum = b"%06o\0 " % (_SUM + sum(start) + sum(numbers) + sum(middle))
    return b"".join((start, _NOBODY, numbers, checksum, middle, _USTAR, _END))


def _fits(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and name.isascii()


def _long_header(path: str, mode: int, mtime: int, kind: bytes, size: int, target: str) -> bytes:
    member = tarfile.TarInfo(path)
    member.mode, member.mtime, member.type, member.size, member.linkname = mode, mtime, kind, size, target
    content: bytes = member.tobuf(tarfile.PAX_FORMAT)
    return content
