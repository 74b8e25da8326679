"""Writing that survives a power cut, copying inside the kernel, and removing what is read-only."""

from __future__ import annotations

import errno
import json
import os
import stat
import threading

from hot_deploy.later import ctypes, shutil
from hot_deploy.writing import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_libc: Any = None


def libc() -> Any:
    global _libc
    if _libc is None:
        _libc = ctypes.CDLL(None, use_errno=True)
    return _libc


def sync_directory(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_file_system(path: str) -> None:
    """Writes everything of the file system that holds `path` to its disk: one call instead of one for each file."""
    fd = os.open(path, os.O_RDONLY)
    try:
        if libc().syncfs(fd) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), path)
    finally:
        os.close(fd)


class Flushing:
    """sync_file_system(), started while something else is done: what comes before a switch then finds little to write."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._raised: OSError | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            sync_file_system(self._path)
        except OSError as raised:
            self._raised = raised

    def wait(self) -> None:
        """Raises what was raised: the disk says of each failure only once that it was one."""
        self._thread.join()
        if self._raised is not None:
            raise self._raised


def temporary_name(directory: str, purpose: str) -> str:
    return os.path.join(directory, "%s.%s.tmp" % (purpose, os.urandom(6).hex()))


def write_atomically(path: str, content: bytes, mode: int = 0o644, sync: bool = True) -> None:
    """Replaces `path` with `content` (bytes): a reader finds the old or the new, never half."""
    temporary = temporary_name(os.path.dirname(path), os.path.basename(path))
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        write_all(fd, content)
        if sync:
            os.fsync(fd)
        os.close(fd)
        fd = -1
        os.rename(temporary, path)
    except BaseException:
        if fd >= 0:
            os.close(fd)
        os.unlink(temporary)
        raise
    if sync:
        sync_directory(os.path.dirname(path))


def write_json(path: str, value: Any, sync: bool = True, mode: int = 0o644) -> None:
    write_atomically(path, json.dumps(value, separators=(",", ":")).encode("utf-8"), mode, sync)


def read_json(path: str) -> Any:
    """The parsed content of `path`, or None where it is missing or was cut short."""
    try:
        with open(path, "rb") as handle:
            return json.loads(handle.read().decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return None


def is_count(value: object) -> bool:
    """Whether a number read from a file is a whole one that every side can hold."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


# Nobody lists so many requirements; what is larger is something else.
LARGEST_TEXT = 1 << 20


def read_text(path: str) -> str | None:
    """The text of a regular file of at most 1 MiB, or None where there is no such file."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_TEXT:
            return None
        # Not before: it refuses a directory, and leaves that open.
        with os.fdopen(fd, "rb", closefd=False) as handle:
            return decoded(handle.read(LARGEST_TEXT))
    finally:
        os.close(fd)


# By the mark that a file begins with, as pip has it: PowerShell's `>` writes UTF-16.
MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def decoded(content: bytes) -> str | None:
    """A text without its mark; None where it is longer in UTF-8 than a text may be."""
    mark, encoding = next((known for known in MARKS if content.startswith(known[0])), (b"", "utf-8"))
    text = content[len(mark) :].decode(encoding, "replace")
    return text if len(text) <= LARGEST_TEXT // 3 or len(text.encode()) <= LARGEST_TEXT else None


def replace_link(path: str, target: str, directory_for_temporary: str, owner: tuple[int, int] | None = None) -> None:
    """Makes `path` a link to `target` in one rename(2), whatever link or file was there. Never `ln -sfn`."""
    temporary = temporary_name(directory_for_temporary, "link")
    os.symlink(target, temporary)
    try:
        if owner is not None:
            os.lchown(temporary, *owner)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


_UNSUPPORTED = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF, errno.EPERM)


# Up to this size, in bytes, reading and writing is faster than asking the kernel to copy.
SMALL = 64 * 1024


def copy_content(source_fd: int, target_fd: int, size: int) -> int:
    """Copies `size` bytes; large files inside the kernel, where it can as a reflink. Returns the bytes copied."""
    if size <= SMALL:
        return _read_and_write(source_fd, target_fd, size)
    copied = 0
    try:
        while copied < size:
            count = os.copy_file_range(source_fd, target_fd, size - copied)
            if count == 0:
                return copied
            copied += count
        return copied
    except (OSError, AttributeError) as raised:
        if copied or getattr(raised, "errno", errno.ENOSYS) not in _UNSUPPORTED:
            raise
    return _read_and_write(source_fd, target_fd, size)


def _read_and_write(source_fd: int, target_fd: int, size: int) -> int:
    copied = 0
    while copied < size:
        piece = os.read(source_fd, min(1 << 20, size - copied))
        if not piece:
            return copied
        write_all(target_fd, piece)
        copied += len(piece)
    return copied


def make_read_only(path: str) -> None:
    """Takes everybody's permission to write from all files and directories of a tree. Links are left alone."""
    for directory, _, filenames in os.walk(path, topdown=False):
        for name in filenames:
            place = os.path.join(directory, name)
            mode = os.lstat(place).st_mode
            if stat.S_ISREG(mode):
                os.chmod(place, stat.S_IMODE(mode) & 0o555)
        os.chmod(directory, stat.S_IMODE(os.lstat(directory).st_mode) & 0o555)


def remove_tree(path: str) -> None:
    """Removes a tree whose directories may be read-only. A missing one is fine."""
    if os.path.islink(path) or os.path.isfile(path):
        os.unlink(path)
        return

    for directory, _, _ in os.walk(path):
        mode = stat.S_IMODE(os.lstat(directory).st_mode)
        if mode & 0o700 != 0o700:
            os.chmod(directory, mode | 0o700)

    shutil.rmtree(path, ignore_errors=False, onerror=_ignore_missing)


def _ignore_missing(_function: object, _path: str, information: Any) -> None:
    raised = information[1]
    if not isinstance(raised, FileNotFoundError):
        raise raised


RENAME_EXCHANGE = 2


def exchange(one: str, other: str) -> bool:
    """Swaps two names in one step (renameat2). Returns False where kernel or file system can't.

    An overlay can't for a directory of its lower layer, which is what an image brings (EXDEV).
    """
    function = getattr(libc(), "renameat2", None)
    if function is None:
        return False
    at_cwd = -100
    if function(at_cwd, os.fsencode(one), at_cwd, os.fsencode(other), RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EXDEV):
        return False
    raise OSError(number, os.strerror(number), one)


class Writable:
    """Lets names in a directory be changed meanwhile, whose mode forbids that: a release's."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._mode = stat.S_IMODE(os.stat(directory).st_mode)

    def __enter__(self) -> None:
        os.chmod(self._directory, self._mode | stat.S_IRWXU)

    def __exit__(self, *_: object) -> None:
        os.chmod(self._directory, self._mode)
