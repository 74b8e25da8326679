"""What lies in the base path beside the deployed names, within reach of a program that runs from a release.

An engine may import a module or open a file that lies beside its entrypoint, through `__file__` or `sys.path`. It runs
from its release's directory, so that has a link to each of those names. They stay where they are and belong to nobody's
release: these links are no content, in no manifest and in no backup.
"""

from __future__ import annotations

import os
import stat

from hot_deploy import entrypoints, standins
from hot_deploy.layout import BESIDE, NOT_CONTENT, VIRTUAL_ENVIRONMENT, deployed_names, is_beside, is_reserved

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
        os.symlink(BESIDE + name, os.path.join(directory, name))


def refresh(layout: Layout, release_id: str, record: Record) -> None:
    """Gives a release that runs are started in a link to each name that lies beside it now, however many there are."""
    release = layout.release(release_id)
    if not _is_run_inside(release, record):
        return
    there = {name for name in os.listdir(release) if is_beside(release, name)}
    names = _names(layout, deployed_names(release))
    wanted = {name for name in names if name in there or not os.path.lexists(os.path.join(release, name))}
    if there == wanted:
        return
    mode = stat.S_IMODE(os.stat(release).st_mode)
    try:
        os.chmod(release, mode | stat.S_IRWXU)
    except PermissionError:
        return  # Whoever owns it will do that.
    try:
        for name in there - wanted:
            os.unlink(os.path.join(release, name))
        for name in wanted - there:
            os.symlink(BESIDE + name, os.path.join(release, name))
            layout.give(os.path.join(release, name))
    finally:
        os.chmod(release, mode)


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
