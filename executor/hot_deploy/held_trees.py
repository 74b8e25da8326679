"""Trees that somebody else may change meanwhile: gone through by descriptors, so that no link leads out of one.

Neither memory nor descriptors nor the stack grow with how deep or wide one is.
"""

from __future__ import annotations

import errno
import os
import stat
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# Where somebody goes on making names while a tree is removed, it is left after so long.
REMOVAL_SECONDS = 120.0
# Below a tree's top, as deep as files are looked for.
DEEPEST = 250


def open_directory(name: str, above: int) -> int:
    """A descriptor of a directory in another one, never of what a link in its place leads to."""
    return os.open(name, DIRECTORY, dir_fd=above)


def make_directory(name: str, above: int, mode: int) -> int:
    """Makes a directory and opens it; raises FileExistsError where somebody put another one into its place meanwhile."""
    os.mkdir(name, mode, dir_fd=above)
    fd = open_directory(name, above)
    if os.fstat(fd).st_uid != os.geteuid():
        os.close(fd)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
    return fd


def remove(name: str, above: int) -> None:
    """Removes a file, a link or a tree, whose directories may be read-only. A missing one is fine."""
    try:
        os.unlink(name, dir_fd=above)
        return
    except FileNotFoundError:
        return
    except OSError as raised:
        if raised.errno not in (errno.EISDIR, errno.EPERM):
            raise
    top = _open_writable(name, above)
    until = time.monotonic() + REMOVAL_SECONDS
    try:
        while not _removed(name, above):
            if time.monotonic() > until:
                raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), name)
            _flatten(top)
    finally:
        os.close(top)


def _removed(name: str, above: int) -> bool:
    try:
        os.rmdir(name, dir_fd=above)
    except FileNotFoundError:
        pass
    except OSError as raised:
        if raised.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return False
    return True


def _flatten(top: int) -> None:
    """Removes what is in a directory but for the directories in its directories, which come up to it.

    So every directory is moved once, and none but two are open at a time.
    """
    with os.scandir(top) as entries:
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                _unlink(entry.name, top)
                continue
            try:
                _empty(entry.name, top)
                _removed(entry.name, top)
            except (FileNotFoundError, NotADirectoryError):
                pass  # Somebody else removed or replaced it.


def _empty(name: str, top: int) -> None:
    fd = _open_writable(name, top)
    try:
        with os.scandir(fd) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    # A directory of its own can't be moved unless it can be written.
                    os.close(_open_writable(entry.name, fd))
                    os.rename(entry.name, os.urandom(12).hex(), src_dir_fd=fd, dst_dir_fd=top)
                else:
                    _unlink(entry.name, fd)
    finally:
        os.close(fd)


def _unlink(name: str, above: int) -> None:
    try:
        os.unlink(name, dir_fd=above)
    except (FileNotFoundError, IsADirectoryError):
        pass


def _open_writable(name: str, above: int) -> int:
    """A directory's descriptor, once whoever it belongs to may change what is in it."""
    if os.geteuid() != 0:
        place = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
        try:
            mode = stat.S_IMODE(os.fstat(place).st_mode)
            if mode & 0o700 != 0o700:
                os.chmod("/proc/self/fd/%d" % place, mode | 0o700)
        finally:
            os.close(place)
    return open_directory(name, above)


def regular_files(top: int, most: int) -> Iterator[tuple[str, int | None]]:
    """(path below it, bytes) of the regular files in a tree; of those beyond the first `most`, no bytes."""
    ahead = [""]
    found = 0
    while ahead:
        path = ahead.pop()
        try:
            fd = open_below(top, path)
        except OSError:
            continue  # Gone meanwhile, or nobody may read it.
        try:
            with os.scandir(fd) as entries:
                for entry in entries:
                    inner = path + "/" + entry.name if path else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if inner.count("/") < DEEPEST and len(ahead) < most:
                            ahead.append(inner)
                    elif entry.is_file(follow_symlinks=False):
                        found += 1
                        yield inner, _size(entry) if found <= most else None
        finally:
            os.close(fd)


def _size(entry: os.DirEntry[str]) -> int | None:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return None


def open_below(top: int, path: str) -> int:
    """A descriptor of a directory by its path from another one. No link on the way is followed, and `..` is none."""
    fd = os.dup(top)
    for part in path.split("/") if path else []:
        try:
            if part in ("", ".", ".."):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            deeper = open_directory(part, fd)
        finally:
            os.close(fd)
        fd = deeper
    return fd
