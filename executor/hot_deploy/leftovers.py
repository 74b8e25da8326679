"""What interrupted operations leave behind, and how it goes. Only called by the holder of the lock."""

from __future__ import annotations

import os
import re
import stat

from hot_deploy import environments, files, records, removal, standins
from hot_deploy.layout import RELEASE_ID, name_of_original

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    from hot_deploy.layout import Layout
    from hot_deploy.removal import Removal

OWN_BACKUP = re.compile(r"hot-backup-[0-9]{8}-[0-9]{6}\.tar\.gz")
TEMPORARY = re.compile(r".+\.[0-9a-f]{12}\.tmp")


def find(layout: Layout, standing_current: str | None, known: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What interrupted operations left: staging, temporary names, releases and environments that never became ready,
    links of a half adoption, records of releases that are gone.

    Returns [(kind, path below the base path)]. Looks, and changes nothing.
    """
    found = [("staging", ".hot-deploy/staging/" + name) for name in _listing(layout.staging)]
    for directory in (layout.state, layout.records, layout.backups):
        shown = os.path.relpath(directory, layout.base)
        found += [("temporary", shown + "/" + name) for name in _listing(directory) if TEMPORARY.fullmatch(name)]
    for release_id, record in known.items():
        if RELEASE_ID.fullmatch(release_id) and release_id != standing_current and record.get("state") == "candidate":
            found.append(("unfinishedRelease", "releases/" + release_id))
    needed = environments.releases_by_name(layout)
    for name in environments.names(layout):
        if environments.description(layout, name) is None and not needed.get(name):
            found.append(("unfinishedEnvironment", "environments/" + name))
    for name in _listing(layout.records):
        release_id = name.split(".", 1)[0]
        if TEMPORARY.fullmatch(name) or not RELEASE_ID.fullmatch(release_id):
            continue
        if not os.path.lexists(layout.release(release_id)):
            found.append(("orphanRecord", ".hot-deploy/releases/" + name))
    return found + _half_adopted(layout)


def _half_adopted(layout: Layout) -> list[tuple[str, str]]:
    """What an interrupted adoption had ready to take an original's place, and directories without originals."""
    found: list[tuple[str, str]] = []
    for release_id in _listing(layout.adopted):
        kept = os.path.join(layout.adopted, release_id)
        ready = [
            name for name in _listing(kept) if standins.stands_for(os.path.join(kept, name), name_of_original(name))
        ]
        found += [("adoptionLeftover", ".hot-deploy/adopted/%s/%s" % (release_id, name)) for name in ready]
        if len(ready) == len(_listing(kept)):
            found.append(("adoptionLeftover", ".hot-deploy/adopted/" + release_id))
    return found


def clean(layout: Layout, standing_current: str | None, known: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """Removes what find() finds, but for what is in use. Returns what was removed, as find() does."""
    removed = [
        (kind, path)
        for kind, path in find(layout, standing_current, known)
        if _REMOVERS[kind](layout, os.path.join(layout.base, path))
    ]
    standins.tidy(layout)
    return removed


def _remove_tree(_layout: Layout, path: str) -> bool:
    files.remove_tree(path)
    return True


def _remove_name(_layout: Layout, path: str) -> bool:
    if os.path.isdir(path) and not os.path.islink(path):
        os.rmdir(path)
    else:
        os.unlink(path)
    return True


def _remove_leftover(layout: Layout, path: str) -> bool:
    """What waited for an original's place, or the directory of a release without originals: only if it is empty."""
    return (_remove_name if os.path.dirname(path) == layout.adopted else _remove_tree)(layout, path)


_REMOVERS: dict[str, Callable[[Layout, str], bool]] = {
    "staging": _remove_tree,
    "temporary": _remove_tree,
    "adoptionLeftover": _remove_leftover,
    "orphanRecord": _remove_name,
    "unfinishedRelease": lambda layout, path: remove_release(layout, os.path.basename(path)),
    "unfinishedEnvironment": lambda layout, path: environments.remove(layout, os.path.basename(path)),
}


def clean_temporary(directory: str) -> list[str]:
    """Removes what was being written in a directory when its writer was ended. Returns the names removed."""
    removed = [name for name in _listing(directory) if TEMPORARY.fullmatch(name)]
    for name in removed:
        files.remove_tree(os.path.join(directory, name))
    return removed


def remove_release(layout: Layout, release_id: str) -> bool:
    """Removes a release nobody uses. Returns False, and leaves it whole, while somebody does."""
    return not remove_releases(layout, [release_id]).in_use


def remove_releases(layout: Layout, release_ids: Sequence[str]) -> Removal:
    """As remove_release(), for many at once. Told by their directories."""
    done = removal.remove(layout, [layout.release(release_id) for release_id in release_ids])
    for directory in done.removed:
        _forget(layout, os.path.basename(directory))
    return done


def own_backups(layout: Layout) -> set[str]:
    """The names of the backups that were made here."""
    return {name for name in _listing(layout.backups) if OWN_BACKUP.fullmatch(name)}


def remove_backup(layout: Layout, name: str) -> bool:
    """Removes an archive. Returns whether there was one."""
    path = layout.backup(name)
    if not os.path.lexists(path) or not stat.S_ISREG(os.lstat(path).st_mode):
        return False
    os.unlink(path)
    return True


def _forget(layout: Layout, release_id: str) -> None:
    records.forget()
    for path in (layout.record(release_id), layout.manifest(release_id), layout.way(release_id)):
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass


def _listing(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return []
