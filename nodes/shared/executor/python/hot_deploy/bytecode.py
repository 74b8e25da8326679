"""Bytecode that can't go stale: checked-hash files (PEP 552), carried over for unchanged sources.

A source overwritten with the same size and time would run from an ordinary, time-stamped `.pyc`.
"""

import os

from hot_deploy import files
from hot_deploy.later import importlib_util, py_compile


# The flags of PEP 552 in a header: a hash of the source, to be checked when it is loaded.
CHECKED_HASH = b"\x03\x00\x00\x00"


def is_made_from(source, content):
    """Whether the bytecode beside `source` was made from this very content, by a Python of this version."""
    try:
        with open(cache_path(source), "rb", buffering=0) as handle:
            header = handle.read(16)
    except OSError:
        return False
    return header == importlib_util.MAGIC_NUMBER + CHECKED_HASH + importlib_util.source_hash(content)


def cache_path(source):
    return importlib_util.cache_from_source(source, optimization="")


def compile_release(directory, entries, live, carried, check):
    """Makes the bytecode of all Python files in `directory`.

    `live` is the live release's directory or None, `carried` maps a path here to the path there that holds the same
    content. Returns (compiled, carried over, complaints), the last a list of sentences about files that don't compile.
    """
    compiled, reused, complaints = 0, 0, []
    for entry in entries:
        if entry.type != "file" or not entry.path.endswith(".py"):
            continue
        check()
        target = cache_path(os.path.join(directory, entry.path))
        if live and entry.path in carried and _carry(os.path.join(live, carried[entry.path]), target):
            reused += 1
            continue
        complaint = _compile(os.path.join(directory, entry.path), target, entry.path)
        if complaint is None:
            compiled += 1
        else:
            complaints.append(complaint)
    return compiled, reused, complaints


def _carry(live_source, target):
    """Gives `target` the bytecode of an unchanged source. Returns False where there is none to rely on."""
    carried = cache_path(live_source)
    try:
        source_fd = os.open(carried, os.O_RDONLY)
    except OSError:
        return False
    try:
        # Anything else may be stale and is compiled anew.
        if os.pread(source_fd, 16, 0)[4:8] != CHECKED_HASH:
            return False
        _make_room(target)
        status = os.fstat(source_fd)
        if not _link(carried, target, status):
            target_fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
            try:
                files.copy_content(source_fd, target_fd, status.st_size)
            finally:
                os.close(target_fd)
        return True
    finally:
        os.close(source_fd)


def _link(carried, target, status):
    """One inode for releases that share bytecode: it is read-only, and Python replaces such files, never writes in them."""
    if status.st_mode & 0o222:
        return False
    try:
        os.link(carried, target, follow_symlinks=False)
        return True
    except OSError:
        return False


def _compile(source, target, shown):
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


def _make_room(target):
    try:
        os.mkdir(os.path.dirname(target), 0o755)
    except FileExistsError:
        pass
