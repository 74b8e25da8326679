"""The originals of an adoption: the plain files and directories themselves, kept where a release took their names.

Whatever takes a first deployment back puts them back: the same inodes, with their owners, modes and times. Can be done
again, wherever it was cut off, and wherever the adoption was.
"""

from __future__ import annotations

import os
import stat

from hot_deploy import entrypoints, exchanges, files, standins, tree
from hot_deploy.failures import StepFailed
from hot_deploy.later import shutil
from hot_deploy.layout import checked_path, name_of_original

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hot_deploy.layout import Layout


def refuse_written_to(layout: Layout, release_id: str, names: list[str], seen: Mapping[str, os.stat_result]) -> None:
    """Raises StepFailed where somebody wrote to a file until its original was out of reach.

    `seen`: path -> lstat as it was copied. Exchanging a name counts as a change of it, but not of its content.
    """
    for name in names:
        directory, kept = os.path.split(layout.original(release_id, name))
        if os.path.islink(os.path.join(directory, kept)):
            continue
        for path, now in tree.walk(directory, [kept]):
            if stat.S_ISDIR(now.st_mode):
                continue
            place = os.path.join(layout.base, name) + path[len(kept) :]
            before = seen.get(place)
            if before is None or (before.st_mtime_ns, before.st_size) != (now.st_mtime_ns, now.st_size):
                raise StepFailed("changedWhileAdopted", path=place)


def copy_faithfully(source: str, target: str) -> None:
    """Copies a file, a link or a directory with modes, times and, as root, owners."""
    if os.path.isdir(source) and not os.path.islink(source):
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target, follow_symlinks=False)
    if os.geteuid() != 0:
        return
    for directory, names, filenames in [] if os.path.islink(target) else os.walk(target):
        below = os.path.relpath(directory, target)
        for name in [".", *names, *filenames]:
            _own_alike(os.path.join(source, below, name), os.path.join(directory, name))
    _own_alike(source, target)


def _own_alike(source: str, target: str) -> None:
    status = os.lstat(source)
    os.lchown(target, status.st_uid, status.st_gid)
    if not stat.S_ISLNK(status.st_mode):
        # Another owner takes set-id bits away.
        os.chmod(target, stat.S_IMODE(status.st_mode))


def note_times(layout: Layout, release_id: str, folder: str) -> None:
    """Keeps the times of a directory that stays, and in which names are going to be exchanged: as those of an empty one."""
    status = os.lstat(os.path.join(layout.base, folder))
    kept = layout.original(release_id, folder + "/")
    os.makedirs(kept, 0o755, exist_ok=True)
    os.utime(kept, ns=(status.st_atime_ns, status.st_mtime_ns))


def _give_times_back(layout: Layout, release_id: str, folders: list[str]) -> None:
    for folder in folders:
        kept = layout.original(release_id, folder)
        status = os.lstat(kept)
        try:
            os.utime(os.path.join(layout.base, folder), ns=(status.st_atime_ns, status.st_mtime_ns))
        except OSError:
            pass  # It has gone, or is somebody else's.
        os.rmdir(kept)


def put_back(layout: Layout, release_id: str) -> None:
    """Puts the originals where links and launcher took their places, as far as they have not gone back yet.

    The launcher goes first: who was started through it has found a link under every name, and who is started later reads
    through the links what the originals hold, too. Where names can't be exchanged it goes last: a directory's name is
    missing for a moment then, which nobody notices behind it. What somebody else put at a name stays.
    """
    every = _kept(layout, release_id)
    names = [name for name in every if not name.endswith("/")]
    if not every:
        return
    exchanges.expect(layout, needed=False)
    launchers = [name for name in names if _starts(os.path.join(layout.base, name), name)]
    left = [name for name in launchers if not _exchange(layout, release_id, name)]
    for name in [name for name in names if name not in launchers] + left:
        if not _exchange(layout, release_id, name):
            _replace(layout, release_id, name)
    _give_times_back(layout, release_id, [name for name in every if name not in names])
    release = layout.release(release_id)
    exchanges.note(layout, exchanges.leased_by(release) if left and os.path.isdir(release) else [])
    for directory in (os.path.join(layout.adopted, release_id), layout.adopted):
        try:
            os.rmdir(directory)
        except OSError:
            break  # What nobody knows lies in it.
    files.sync_directory(layout.base)


def _kept(layout: Layout, release_id: str) -> list[str]:
    """The names that have an original. What waited there to take one's place is removed."""
    kept = os.path.join(layout.adopted, release_id)
    names = []
    for one in sorted(os.listdir(kept)) if os.path.isdir(kept) else []:
        place, name = os.path.join(kept, one), name_of_original(one)
        checked_path(name.rstrip("/"))
        if standins.stands_for(place, name):
            files.remove_tree(place)
        else:
            names.append(name)
    return names


def _exchange(layout: Layout, release_id: str, name: str) -> bool:
    """Swaps an original with what we put in its place, in one step. False where that can't be done."""
    path, kept = os.path.join(layout.base, name), layout.original(release_id, name)
    if not standins.stands_for(path, name) or not files.exchange(path, kept):
        return False
    files.remove_tree(kept)
    return True


def _replace(layout: Layout, release_id: str, name: str) -> None:
    """Puts an original back where names can't be exchanged, or nothing of ours stands in its place."""
    path, kept = os.path.join(layout.base, name), layout.original(release_id, name)
    is_directory = os.path.isdir(kept) and not os.path.islink(kept)
    if standins.stands_for(path, name) or not os.path.lexists(path):
        if is_directory and os.path.lexists(path):
            files.remove_tree(path)
        os.rename(kept, path)
    elif _holds_all(path, kept):
        # The original itself, which was to be replaced next: what is kept is a second name for it, or a copy.
        files.remove_tree(kept)
    elif is_directory and _holds_all(kept, path):
        # It was being removed after it had been copied.
        files.remove_tree(path)
        os.rename(kept, path)


def _starts(path: str, name: str) -> bool:
    return entrypoints.stands_at(path) or standins.is_folder(path, name)


def _holds_all(one: str, other: str) -> bool:
    """Whether a plain name has all that another one has, with the same sizes."""
    below = _sizes(one)
    return all(below.get(path) == size for path, size in _sizes(other).items())


def _sizes(path: str) -> dict[str, tuple[int, int]]:
    directory, name = os.path.split(path)
    return {below: (stat.S_IFMT(found.st_mode), found.st_size) for below, found in tree.walk(directory, [name])}
