"""Inputs of runs that were recorded, where somebody asked for it: what replays run again.

They may be anybody's documents. So they are the base path's owner's alone, distinct, few, of a limited size, and go with their age.
"""

from __future__ import annotations

import os
import time

from hot_deploy import held_trees, later, writing
from hot_deploy.run_directories import below_runs, open_runs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hot_deploy.layout import Layout
    from hot_deploy.run_directories import RunDirectory

RECORDED = "recorded"
LARGEST_BYTES = 50 * 1000 * 1000
KEPT_SECONDS = 14 * 24 * 3600
PIECE = 1 << 20


def keep(layout: Layout, directory: RunDirectory, most: int) -> bool:
    """Records what a run was given, among so many. Says whether; a run is what it is all the same."""
    if directory.input is None or directory.input_fd is None:
        return False
    try:
        size = os.fstat(directory.input_fd).st_size
        if size > LARGEST_BYTES:
            return False
        above = open_runs(layout, make=True)
        try:
            inside = below_runs(above, RECORDED)
        finally:
            os.close(above)
        try:
            _write(inside, directory.input_fd, os.path.basename(directory.input))
            _tidy(inside, most)
        finally:
            os.close(inside)
    except OSError:
        return False
    return True


def _write(inside: int, source: int, name: str) -> None:
    """Copies it from the descriptor that it was received by: the run may have put anything in its place."""
    # Few conversations need it.
    tree = later.module("hot_deploy.tree")
    os.lseek(source, 0, os.SEEK_SET)
    known = "%s-%s" % (tree.open_file_digest(source)[:16], name)
    try:
        os.utime(known, dir_fd=inside, follow_symlinks=False)
        return
    except FileNotFoundError:
        pass
    aside = ".%s" % os.urandom(8).hex()
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=inside)
    try:
        os.lseek(source, 0, os.SEEK_SET)
        while True:
            piece = os.read(source, PIECE)
            if not piece:
                break
            writing.write_all(fd, piece)
        if os.geteuid() == 0:
            owner = os.fstat(inside)
            os.fchown(fd, owner.st_uid, owner.st_gid)
    finally:
        os.close(fd)
    os.rename(aside, known, src_dir_fd=inside, dst_dir_fd=inside)


def tidy(layout: Layout) -> None:
    """Removes what is too old."""
    try:
        above = open_runs(layout)
    except FileNotFoundError:
        return
    try:
        tidy_in(above)
    finally:
        os.close(above)


def tidy_in(above: int) -> None:
    """The same, in the directory of runs that this is a descriptor of."""
    try:
        inside = held_trees.open_directory(RECORDED, above)
    except OSError:
        return
    try:
        _tidy(inside, None)
    finally:
        os.close(inside)


def _tidy(inside: int, most: int | None) -> None:
    """Keeps the newest; what a crash left half written is as old as the rest."""
    found = []
    for name in os.listdir(inside):
        try:
            found.append((os.stat(name, dir_fd=inside, follow_symlinks=False).st_mtime, name))
        except FileNotFoundError:
            continue
    found.sort(reverse=True)
    oldest = time.time() - KEPT_SECONDS
    for index, (at, name) in enumerate(found):
        if at < oldest or (most is not None and index >= most):
            held_trees.remove(name, inside)
