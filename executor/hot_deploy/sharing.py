"""What belongs to the host, and not to a release, inside of deployed directories: state, secrets, logs, databases.

It lies in the base path itself, in the folder that stands for its directory (see standins.py): so each release finds the
same, and what is replaced or written beside it stays there. Releases have links to it (see beside.py).
"""

from __future__ import annotations

import os
import stat

from hot_deploy import entrypoints, files, originals, standins, tree
from hot_deploy.layout import (
    NOT_CONTENT,
    as_one_name,
    beside_target,
    checked_path,
    is_beside,
    is_within,
    parents,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hot_deploy.layout import Layout
    from hot_deploy.records import Record


def take_out(layout: Layout, release_id: str | None, paths: Iterable[str]) -> None:
    """Puts what is shared from now on into the base path, out of the live release, which held it until now.

    What no pattern owned is moved: whoever has it open goes on with it. What was deployed is copied, since a release that
    is kept stays what it is. Can be done again; a switch that is taken back leaves it, since it is the host's.
    """
    wanted = [path for path in paths if _is_in_release(layout, release_id, path)]
    if release_id is None or not wanted:
        return
    entries = tree.read_manifest(layout.manifest(release_id)) or []
    for path in wanted:
        owned = any(not entry.kept and is_within(entry.path, path) for entry in entries)
        if owned or not _move(layout, release_id, path):
            _copy(layout, release_id, path)
    files.sync_file_system(layout.base)


def of_host(layout: Layout, record: Record) -> list[str]:
    """The paths in the folders for a release that are the host's: all that something of ours does not stand at."""
    launcher = entrypoints.Launcher.recorded(record)
    return [
        path
        for name in record.get("names") or ()
        if standins.is_folder_for(os.path.join(layout.base, name), name, launcher)
        for path in _of_host(layout, name, launcher)
    ]


def _of_host(layout: Layout, folder: str, launcher: entrypoints.Launcher) -> Iterator[str]:
    for name in sorted(set(os.listdir(os.path.join(layout.base, folder))) - NOT_CONTENT):
        path = "%s/%s" % (folder, name)
        place = os.path.join(layout.base, path)
        if standins.is_own_link(place, path) or entrypoints.stands_at(place):
            continue
        if standins.is_folder_for(place, path, launcher):
            yield from _of_host(layout, path, launcher)
        else:
            yield path


def make_directories(layout: Layout, record: Record) -> None:
    """Makes directories that are shared and not there yet, as names that end in a slash say, for the engine to fill."""
    for path in record.get("sharedPaths") or ():
        place = os.path.join(layout.base, checked_path(path.rstrip("/")))
        if path.endswith("/") and not os.path.lexists(place) and _is_real(layout, os.path.dirname(path.rstrip("/"))):
            os.mkdir(place, 0o755)
            layout.give(place)


def _is_real(layout: Layout, path: str) -> bool:
    """Whether a directory of the base path, with all above it, is no link."""
    above = [os.path.join(layout.base, each) for each in (path, *parents(path))]
    return all(os.path.isdir(each) and not os.path.islink(each) for each in above)


def _is_in_release(layout: Layout, release_id: str | None, path: str) -> bool:
    """Whether a path of the base path still leads through `current`, to something that the release has."""
    if release_id is None or not standins.is_own_link(os.path.join(layout.base, checked_path(path)), path):
        return False
    release = layout.release(release_id)
    return os.path.lexists(os.path.join(release, path)) and not is_beside(release, path)


def _move(layout: Layout, release_id: str, path: str) -> bool:
    """Swaps what a release has with the link that stood for it, in one step. False where that can't be done."""
    place, own = os.path.join(layout.base, path), layout.release(release_id) + "/" + path
    ready = files.temporary_name(layout.state, "shared")
    with files.Writable(os.path.dirname(own)):
        if not files.exchange(place, own):
            return False
        os.symlink(beside_target(path), ready)
        layout.give(ready)
        os.rename(ready, own)
    return True


def _copy(layout: Layout, release_id: str, path: str) -> None:
    """Puts a copy that may be written to where the link stood."""
    ready = files.temporary_name(layout.state, "shared-" + as_one_name(path)[-50:])
    originals.copy_faithfully(os.path.join(layout.release(release_id), path), ready)
    for each in [] if os.path.islink(ready) else _all_in(ready):
        os.chmod(each, stat.S_IMODE(os.lstat(each).st_mode) | stat.S_IWUSR)
    place = os.path.join(layout.base, path)
    if files.exchange(ready, place):
        os.unlink(ready)
        return
    if os.path.isdir(ready):
        os.unlink(place)
    os.rename(ready, place)


def _all_in(path: str) -> Iterator[str]:
    yield path
    for directory, names, filenames in os.walk(path):
        for name in names + filenames:
            each = os.path.join(directory, name)
            if not os.path.islink(each):
                yield each
