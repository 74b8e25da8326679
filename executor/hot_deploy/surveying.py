"""What a release could change for plain files that are to be adopted: where links lead, and whom files belong to."""

from __future__ import annotations

import os
import stat

from hot_deploy import containers, interpreters
from hot_deploy.contract import EVERY_FILE, LISTED_PATHS
from hot_deploy.environments import NAME
from hot_deploy.failures import StepFailed
from hot_deploy.layout import BACKUP_NAME, RELEASE_ID, checked_path
from hot_deploy.leftovers import TEMPORARY
from hot_deploy.tree import BYTECODE_DIRECTORY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator

    from hot_deploy.layout import Layout

    Row = dict[str, Any]


LONGEST_VERSION = 64


def survey(layout: Layout, names: list[str], check: Callable[[], None]) -> dict[str, Any]:
    """Facts about the plain files below some names of the base path. Changes nothing; follows no link.

    Returns a dict: `uid` and `gid` of what this process makes there, `dangling` (those of the names that are links which
    lead nowhere), `pythonVersion`, `interpreters`, `containers` (see the modules of these names), `others` (files and
    directories that belong to somebody else; root can keep them as they are), `strangers` (the first files of the engine's
    in directories that are called like ours).
    """
    places = [(name, os.path.join(layout.base, checked_path(name))) for name in names]
    base = os.stat(layout.base)
    others: list[Row] = []
    if os.geteuid() != 0:
        for name, _ in places:
            for row in _of_others(layout.base, name, check):
                if len(others) == EVERY_FILE:
                    raise StepFailed("tooManyFiles", path=layout.given, most=EVERY_FILE)
                others.append(row)
    return {
        "uid": os.geteuid(),
        "gid": base.st_gid if base.st_mode & stat.S_ISGID else os.getegid(),
        "dangling": [name for name, place in places if os.path.islink(place) and not os.path.exists(place)],
        "pythonVersion": _python_version(os.path.join(layout.base, ".python-version")),
        "interpreters": interpreters.found(layout, [name for name, place in places if os.path.isfile(place)]),
        "containers": containers.showing(layout),
        "others": others,
        "strangers": _strangers(layout)[:LISTED_PATHS],
    }


def _strangers(layout: Layout) -> list[str]:
    """What nobody of us has put into `releases`, `environments` and `backups`."""
    found = []
    for directory, own in ((layout.releases, RELEASE_ID), (layout.environments, NAME), (layout.backups, BACKUP_NAME)):
        names = os.listdir(directory) if os.path.isdir(directory) else []
        strange = sorted(name for name in names if not own.fullmatch(name) and not TEMPORARY.fullmatch(name))
        found += [os.path.basename(directory) + "/" + name for name in strange]
    return found


def _python_version(path: str) -> str | None:
    """What pyenv, uv and others take for the version to run here; None where that is no word that could be one."""
    try:
        with open(path, "rb") as handle:
            words = handle.read(LONGEST_VERSION).decode("ascii").split()
    except (OSError, UnicodeDecodeError):
        return None
    return words[0] if words and words[0].isprintable() else None


def _of_others(base: str, name: str, check: Callable[[], None]) -> Iterator[Row]:
    mine = os.geteuid()
    pending = [name]
    while pending:
        check()
        path = pending.pop()
        try:
            status = os.lstat(os.path.join(base, path))
            directory = stat.S_ISDIR(status.st_mode)
            if directory:
                inner = os.listdir(os.path.join(base, path))
                pending += [path + "/" + each for each in inner if each != BYTECODE_DIRECTORY]
        except FileNotFoundError:
            continue  # It has gone meanwhile.
        if status.st_uid != mine and not stat.S_ISLNK(status.st_mode):
            mode = stat.S_IMODE(status.st_mode) & 0o777
            owned = {"uid": status.st_uid, "gid": status.st_gid, "mode": mode}
            yield dict(owned, path=path, directory=directory)
