"""Bytecode that can't go stale: checked-hash files (PEP 552), carried over for unchanged sources.

A source overwritten with the same size and time would run from an ordinary, time-stamped `.pyc`.
"""

from __future__ import annotations

import os

from hot_deploy import files
from hot_deploy.later import importlib_util, py_compile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Container, Iterable

    from hot_deploy.tree import Entry

# The flags of PEP 552 in a header: a hash of the source, to be checked when it is loaded.
CHECKED_HASH = b"\x03\x00\x00\x00"


def is_made_from(source: str, content: bytes) -> bool:
    """Whether the bytecode beside `source` was made from this very content, by a Python of this version."""
    try:
        with open(cache_path(source), "rb", buffering=0) as handle:
            header = handle.read(16)
    except OSError:
        return False
    made_from_it: bytes = importlib_util.MAGIC_NUMBER + CHECKED_HASH + importlib_util.source_hash(content)
    return header == made_from_it


def cache_path(source: str) -> str:
    """Where this Python looks for the bytecode of a source."""
    path: str = importlib_util.cache_from_source(source, optimization="")
    return path


def compile_release(
    directory: str, entries: Iterable[Entry], carried: Container[str], check: Callable[[], None]
) -> tuple[int, dict[str, str]]:
    """Makes the bytecode of all Python files in `directory`, those of the paths in `carried` aside: they have theirs.

    Returns (compiled, complaints), the latter path -> a sentence about a file that doesn't compile.
    """
    compiled = 0
    complaints: dict[str, str] = {}
    for entry in entries:
        if entry.type != "file" or not entry.path.endswith(".py") or entry.path in carried:
            continue
        check()
        source = os.path.join(directory, entry.path)
        complaint = _compile(source, cache_path(source), entry.path)
        if complaint is None:
            compiled += 1
        else:
            complaints[entry.path] = complaint
    return compiled, complaints


def carry(names: dict[str, str], source_fd: int, target_fd: int) -> list[str]:
    """Gives Python files of one open directory the bytecode of the unchanged ones in another.

    `names` maps a name here to the one there that holds the same content. Returns the names here that have theirs now;
    for the others there is none to rely on.
    """
    directory, _, suffix = cache_path("x.py").rpartition("/")
    suffix = suffix[1:]
    try:
        theirs = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=source_fd)
    except OSError:
        return []
    try:
        _make_room(directory, target_fd)
        ours = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=target_fd)
        try:
            return [
                here for here, there in names.items() if _carry(there[:-3] + suffix, here[:-3] + suffix, theirs, ours)
            ]
        finally:
            os.close(ours)
    finally:
        os.close(theirs)


def _carry(carried: str, target: str, theirs: int, ours: int) -> bool:
    try:
        source_fd = os.open(carried, os.O_RDONLY, dir_fd=theirs)
    except OSError:
        return False
    try:
        # Anything else may be stale and is compiled anew.
        if os.pread(source_fd, 16, 0)[4:8] != CHECKED_HASH:
            return False
        status = os.fstat(source_fd)
        if not _link(carried, target, status, theirs, ours):
            target_fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444, dir_fd=ours)
            try:
                files.copy_content(source_fd, target_fd, status.st_size)
            finally:
                os.close(target_fd)
        return True
    finally:
        os.close(source_fd)


def _link(carried: str, target: str, status: os.stat_result, theirs: int, ours: int) -> bool:
    """One inode for releases that share bytecode: it is read-only, and Python replaces such a file as a whole."""
    if status.st_mode & 0o222:
        return False
    try:
        os.link(carried, target, src_dir_fd=theirs, dst_dir_fd=ours, follow_symlinks=False)
        return True
    except OSError:
        return False


def _compile(source: str, target: str, shown: str) -> str | None:
    try:
        py_compile.compile(
            source,
            cfile=target,
            dfile=source,
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
        )
        os.chmod(target, 0o444)
        return None
    except py_compile.PyCompileError as raised:
        value = raised.exc_value
        line = getattr(value, "lineno", None)
        place = "%s, line %s" % (shown, line) if line else shown
        return "%s: %s: %s" % (place, raised.exc_type_name, getattr(value, "msg", value))
    except (ValueError, RecursionError, MemoryError) as raised:
        return "%s: %s" % (shown, raised)


def _make_room(directory: str, parent_fd: int) -> None:
    try:
        os.mkdir(directory, 0o755, dir_fd=parent_fd)
    except FileExistsError:
        pass
