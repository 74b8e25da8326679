"""What lies in the base path beside the deployed names, within reach of a program that runs from a release.

An engine may import a module or open a file that lies beside its entrypoint, through `__file__` or `sys.path`. It runs
from its release's directory, so that has a link to each of those names. They stay where they are and belong to nobody's
release: these links are no content, in no manifest and in no backup.
"""

from __future__ import annotations

import contextlib
import os

from hot_deploy import entrypoints, files, standins
from hot_deploy.layout import (
    NOT_CONTENT,
    VIRTUAL_ENVIRONMENT,
    beside_target,
    checked_path,
    deployed_names,
    is_beside,
    is_reserved,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable

    from hot_deploy.layout import Layout
    from hot_deploy.records import Record

# As many for a release that runs are hardly ever started in: a base path may also be where documents come in.
MOST_NAMES = 1000


def link(layout: Layout, directory: str, deployed: Iterable[str]) -> None:
    """Puts the links into a directory that is going to be a release with these `deployed` names."""
    for name in _names(layout, deployed)[:MOST_NAMES]:
        os.symlink(beside_target(name), os.path.join(directory, name))


def link_shared(layout: Layout, directory: str, record: Record, live: str | None) -> None:
    """Puts links to what is shared into a release's directory, or one that is going to be a release with this record.

    Shared is what the record names and, in its folders, all that is neither ours nor of the `live` release (its directory).
    """
    for path in record.get("sharedPaths") or ():
        _link_one(layout, directory, checked_path(path.rstrip("/")))
    for folder in sorted(entrypoints.Launcher.recorded(record).shared):
        place = os.path.join(layout.base, folder)
        if os.path.islink(place) or not os.path.isdir(place):
            continue
        of_live = set(standins.children_of(live, folder)) if live is not None else set()
        names = sorted(set(os.listdir(place)) - NOT_CONTENT - of_live)
        for path in ["%s/%s" % (folder, name) for name in names[:MOST_NAMES]]:
            if not standins.stands_for(os.path.join(layout.base, path), path):
                _link_one(layout, directory, path)


def _link_one(layout: Layout, directory: str, path: str) -> None:
    own = os.path.join(directory, path)
    above = os.path.dirname(own)
    if "/" not in path or not os.path.isdir(above) or os.path.islink(above):
        return
    if standins.is_own_link(own, path):
        # What was moved from here left it: see sharing.py.
        os.unlink(own)
    if not os.path.lexists(own):
        os.symlink(beside_target(path), own)
        layout.give(own)


def refresh(layout: Layout, release_id: str, record: Record) -> None:
    """Gives a release that runs are started in a link to each name that lies beside it now, however many there are."""
    release = layout.release(release_id)
    if not _is_run_inside(release, record):
        return
    try:
        _refresh(layout, release, record)
    except PermissionError:
        pass  # Whoever owns it will do that.


def _refresh(layout: Layout, release: str, record: Record) -> None:
    with contextlib.ExitStack() as stack:
        for folder in entrypoints.Launcher.recorded(record).shared:
            if os.path.isdir(os.path.join(release, folder)):
                stack.enter_context(files.Writable(os.path.join(release, folder)))
        link_shared(layout, release, record, release)
    there = {name for name in os.listdir(release) if is_beside(release, name)}
    names = _names(layout, deployed_names(release))
    wanted = {name for name in names if name in there or not os.path.lexists(os.path.join(release, name))}
    if there == wanted:
        return
    with files.Writable(release):
        for name in there - wanted:
            os.unlink(os.path.join(release, name))
        for name in wanted - there:
            os.symlink(beside_target(name), os.path.join(release, name))
            layout.give(os.path.join(release, name))


def _is_run_inside(release: str, record: Record) -> bool:
    """Whether runs are started in it wherever they are: where that was asked for, and of shell scripts."""
    starting = entrypoints.listed(record.get("entrypoint") or "")
    return record.get("pinning") in ("release", "inside") or any(
        entrypoints.is_shell(os.path.join(release, name)) for name in starting
    )


def _names(layout: Layout, deployed: Iterable[str]) -> list[str]:
    """What lies in the base path beside some deployed names, and is nobody's."""
    # One environment of the engine's own, until the release gets another.
    left_out = (NOT_CONTENT | set(deployed)) - {VIRTUAL_ENVIRONMENT}
    there = set(os.listdir(layout.base)) - left_out
    return sorted(
        name
        for name in there
        # What stands there for a name of the live release is no file of its own.
        if not is_reserved(name) and not standins.stands_for(os.path.join(layout.base, name), name)
    )
