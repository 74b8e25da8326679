"""Times of the modules at a release's top, and in directories that a folder stands for.

Pinned in place, a run finds them among what lies beside, and Python caches what it compiled of them in the one `__pycache__`
there, for all releases alike. It takes a cache for good by the module's size and time in whole seconds: so other content
has another time than in every release that is kept.
"""

from __future__ import annotations

import os

from hot_deploy import leases, tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from hot_deploy.entrypoints import Launcher
    from hot_deploy.layout import Layout
    from hot_deploy.tree import Entry

MODULE = ".py"


def tell_apart(layout: Layout, directory: str, live: str | None, entries: Iterable[Entry], launcher: Launcher) -> None:
    """Sets the times of such modules in a directory that is going to be a release with these entries and folders.

    What is as in the `live` release (its directory) has its time, whose cache goes on being good.
    """
    modules = [entry for entry in entries if entry.type == tree.FILE and _is_beside(entry.path, launcher)]
    releases = [layout.release(name) for name in leases.release_names(layout)] if modules else []
    for entry in modules:
        name, path = entry.path, os.path.join(directory, entry.path)
        before = os.path.join(live, name) if live is not None else None
        if before is not None and _is_same(path, before):
            seconds = _seconds(before) or 0
        else:
            known = [_seconds(os.path.join(release, name)) for release in releases]
            taken = max((each for each in known if each is not None), default=-1)
            seconds = max(int(os.stat(path).st_mtime), taken + 1)
        os.utime(path, (seconds, seconds))
        entry.stamp = tree.stamp_of(os.lstat(path))


def _is_beside(path: str, launcher: Launcher) -> bool:
    above = os.path.dirname(path)
    return path.endswith(MODULE) and (not above or launcher.has_folder(above))


def _seconds(path: str) -> int | None:
    try:
        return int(os.lstat(path).st_mtime)
    except OSError:
        return None


def _is_same(one: str, other: str) -> bool:
    try:
        with open(one, "rb") as first, open(other, "rb") as second:
            return first.read() == second.read()
    except OSError:
        return False
