"""Exchanging plain names for our links and launchers, with nobody able to tell when; the originals are kept."""

from __future__ import annotations

import errno
import os
import time

from hot_deploy import exchanges, files, originals, standins, tree
from hot_deploy.failures import StepFailed
from hot_deploy.layout import checked_release_id, is_within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hot_deploy.entrypoints import Launcher
    from hot_deploy.layout import Layout


def make_room(layout: Layout, name: str, release_id: str) -> None:
    """Makes sure that the original of a name can be kept: an earlier one is never written over."""
    original = layout.original(release_id, name)
    if not os.path.lexists(original):
        return
    if not standins.stands_for(original, name):
        raise StepFailed("originalKept", name=name, path=original)
    files.remove_tree(original)


def exchange_all(layout: Layout, plain: list[str], release_id: str, launcher: Launcher) -> list[float]:
    """Puts our links where the plain names are, then the launcher. Returns for how many seconds names were missing.

    The launcher comes last: who starts through it finds a link under every name that an argument may name, and is pinned
    by it. Who started before is waited for (see draining.py). Where a directory's name can only be replaced, and would be
    missing for a moment, the launcher comes before: behind it nobody notices, and who starts in between is waited for.
    """
    exchanges.expect(layout)
    for folder in sorted({os.path.dirname(name) for name in plain if "/" in name}):
        originals.note_times(layout, release_id, folder)
    in_order = sorted(plain, key=launcher.starts)
    later = [name for name in in_order if not _exchange(layout, name, release_id, launcher)]
    gaps = [_replace(layout, name, release_id, launcher) for name in later]
    exchanges.note(layout, exchanges.leased_by(layout.release(release_id)) if later else [])
    return gaps


def _exchange(layout: Layout, name: str, release_id: str, launcher: Launcher) -> bool:
    """Puts our link (or the launcher) where the plain name is. False where a directory's name would be missing for it.

    What takes the plain name's place waits where the original is to be kept: exchanged, each is where it belongs.
    """
    path, original = os.path.join(layout.base, name), layout.original(release_id, name)
    os.makedirs(os.path.dirname(original), 0o755, exist_ok=True)
    standins.put(layout, original, name, launcher, [layout.release(release_id)], _status(path))
    if files.exchange(path, original):
        return True
    if os.path.isdir(path) and not os.path.islink(path):
        files.remove_tree(original)
        return False
    # rename(2) replaces a file in one step wherever it can't exchange.
    temporary = files.temporary_name(layout.state, "adopt")
    os.rename(original, temporary)
    _keep_file(layout, path, original)
    os.rename(temporary, path)
    return True


def _status(path: str) -> os.stat_result | None:
    """Of what a plain name leads to; None for a link in a folder that leads nowhere."""
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _replace(layout: Layout, name: str, release_id: str, launcher: Launcher) -> float:
    """Puts our link or folder where a directory is that can't be exchanged. Returns the seconds for which the name was missing."""
    path = os.path.join(layout.base, name)
    original = layout.original(release_id, name)
    temporary = files.temporary_name(layout.state, "adopt")
    standins.put(layout, temporary, name, launcher, [layout.release(release_id)], _status(path))
    started = time.perf_counter()
    try:
        os.rename(path, original)
    except OSError as raised:
        if raised.errno != errno.EXDEV:
            raise
        _keep_copy(layout, name, original)
        return _remove_original(layout, name, temporary)
    os.rename(temporary, path)
    return time.perf_counter() - started


def _keep_file(layout: Layout, path: str, original: str) -> None:
    """A second name for a file or link or, where there are no hard links, a copy."""
    try:
        os.link(path, original, follow_symlinks=False)
    except OSError as raised:
        if raised.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV):
            raise
        copy = files.temporary_name(layout.state, "adopt")
        originals.copy_faithfully(path, copy)
        os.rename(copy, original)


def _keep_copy(layout: Layout, name: str, original: str) -> None:
    """For a directory that can't be renamed: it is whole under its new name before anything of it is removed."""
    staging = os.path.join(layout.staging, "original")
    originals.copy_faithfully(os.path.join(layout.base, name), staging)
    files.sync_file_system(layout.base)
    os.rename(staging, original)
    files.sync_directory(os.path.dirname(original))


def _remove_original(layout: Layout, name: str, ready: str) -> float:
    """Removes a directory that was kept as a copy, and puts `ready` there. Returns the seconds in between."""
    started = time.perf_counter()
    path = os.path.join(layout.base, name)
    files.remove_tree(path)
    os.rename(ready, path)
    return time.perf_counter() - started


def is_half_removed(layout: Layout, name: str, release_id: str | None) -> bool:
    """Whether a plain directory is what is left of one whose removal was cut off after a copy of it had been kept."""
    if release_id is None:
        return False
    path, kept = os.path.join(layout.base, name), layout.original(release_id, name)
    if os.path.islink(path) or os.path.islink(kept) or not (os.path.isdir(path) and os.path.isdir(kept)):
        return False
    entries = tree.read_manifest(layout.manifest(release_id)) or []
    seen = tree.compare(layout.base, [name], [entry for entry in entries if is_within(entry.path, name)])
    return not (seen["modified"] or [path for path in seen["extra"] if os.path.isfile(os.path.join(layout.base, path))])


def complete(layout: Layout, name: str, launcher: Launcher) -> None:
    """Goes on with a removal that was cut off."""
    ready = files.temporary_name(layout.state, "adopt")
    standins.put(layout, ready, name, launcher, [layout.release(checked_release_id(layout.current_release()))])
    _remove_original(layout, name, ready)
