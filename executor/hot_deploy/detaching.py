"""Going back to a plain directory: links and launcher become what they lead to, with nobody able to tell when.

The way back of an adoption. The plain copies wait in the staging directory: until the last name is exchanged, whatever
crashes leaves an engine that runs, links and plain names side by side with the same content, as half an adoption does.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time

from hot_deploy import (
    adoption,
    entrypoints,
    environments,
    exchanges,
    files,
    history,
    inspecting,
    leases,
    leftovers,
    pins,
    processes,
    rollouts,
    run_leftovers,
    standins,
    switching,
    tree,
)
from hot_deploy.contract import MANY
from hot_deploy.failures import StepFailed
from hot_deploy.later import service_sockets
from hot_deploy.layout import as_one_name, checked_release_id, deployed_names, names_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from hot_deploy.entrypoints import Launcher
    from hot_deploy.layout import Layout
    from hot_deploy.wire import Wire

# As many packages as an interpreter is asked for at once: a program's argument and its output have their limits.
AT_ONCE = 100

# Run by the interpreter as the engine would be: the executor itself runs without anything that is installed.
_VERSIONS = """import json, sys
from importlib import metadata
found = {}
for name in json.loads(sys.argv[1]):
    try:
        found[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        found[name] = None
print(json.dumps(found))
"""


def packages(layout: Layout, wire: Wire) -> dict[str, list[list[Any]]]:
    """What the live release has in an environment of its own, and what of it this interpreter lacks or has otherwise.

    [[name, version]], and [[name, version, version here or None]].
    """
    name = environments.of_release(layout, checked_release_id(layout.current_release()))
    described = environments.description(layout, name) if name else None
    needed: list[list[str]] = (described or {}).get("packages") or []
    if not needed:
        return {"needed": [], "missing": []}
    here: dict[str, Any] = {}
    for first in range(0, len(needed), AT_ONCE):
        here.update(_versions_here(layout, [known for known, _ in needed[first : first + AT_ONCE]], wire))
    missing = [[known, version, here.get(known)] for known, version in needed if here.get(known) != version]
    return {"needed": needed[:MANY], "missing": missing[:MANY]}


def _versions_here(layout: Layout, names: list[str], wire: Wire) -> dict[str, Any]:
    """Name -> version that this interpreter has, or None."""
    argv = [sys.executable, "-c", _VERSIONS, json.dumps(names)]
    ended = processes.run(argv, layout.base, dict(os.environ), 60, wire)
    try:
        here: dict[str, Any] = json.loads(ended["output"].strip().splitlines()[-1])
    except (ValueError, IndexError):
        raise StepFailed("packagesUntold", python=sys.executable, output=ended["output"][-2000:]) from None
    return here


def detach(
    layout: Layout, names: list[str], entrypoint: str, seconds: float, check: Callable[[], None]
) -> dict[str, Any]:
    """Puts a plain copy of what is live where each of our links and the launcher is. `names` come from own_names().

    Runs that are pinned by these are waited for, for some seconds.

    The launcher goes first: who was started through it has found a link under every name, and who is started later reads
    through the links what the plain copies hold, too. Where a directory's name would be missing for a moment, it goes
    last: through the launcher nobody needs the others.
    Returns `names`, `gapMs` and `atomic`.
    """
    release_id = checked_release_id(layout.current_release())
    staging = staging_of(layout)
    os.mkdir(staging, 0o755)
    release = layout.release(release_id)
    tops = names_in(names)
    for name in names:
        _copy_plain(layout, tops, name, staging, check)
    layout.give_tree(staging)
    files.sync_file_system(layout.base)
    starts = entrypoints.Launcher(entrypoint, b"").starts
    atomic = _can_exchange(staging)
    with pins.Room(layout, seconds, check) as room:
        room.demand()
        history.append(layout, "detaching", **{"from": release_id})
        exchanges.expect(layout)
        in_order = sorted(names, key=lambda name: starts(name) != atomic)
        gaps = [_exchange(os.path.join(layout.base, name), os.path.join(staging, name)) for name in in_order]
    exchanges.note(layout, [] if atomic else exchanges.leased_by(release))
    files.sync_directory(layout.base)
    return {
        "names": names,
        "gapMs": round(sum(gap for gap in gaps if gap is not None) * 1000, 3),
        "atomic": all(gap is None for gap in gaps),
    }


def _can_exchange(directory: str) -> bool:
    """Whether names can be exchanged in one step on the file system that holds a directory of ours."""
    one, other = files.temporary_name(directory, "exchange"), files.temporary_name(directory, "exchange")
    for path in (one, other):
        os.mkdir(path)
    try:
        return files.exchange(one, other)
    finally:
        for path in (one, other):
            os.rmdir(path)


def staging_of(layout: Layout) -> str:
    return os.path.join(layout.staging, "detached")


def own_names(layout: Layout) -> list[str]:
    """What stands in the base path for the live release, launchers last.

    What a person put there instead is not ours to change, nor is what is shared.
    """
    release_id = layout.current_release()
    if release_id is None:
        raise StepFailed("nothingToDetach", basePath=layout.given)
    release, own = layout.release(release_id), []
    for name in deployed_names(release):
        own += _own_names(layout, release, name)
    return sorted(own, key=lambda name: not standins.is_own_link(os.path.join(layout.base, name), name))


def _own_names(layout: Layout, release: str, name: str) -> list[str]:
    """A name of ours or, of a folder that holds what is shared and stays, those in it."""
    path = os.path.join(layout.base, name)
    if not standins.stands_for(path, name):
        return []
    if not standins.is_folder(path, name) or standins.is_only_ours(path, name):
        return [name]
    below = ["%s/%s" % (name, child) for child in standins.children_of(release, name)]
    return [own for child in below for own in _own_names(layout, release, child)]


def _copy_plain(layout: Layout, tops: list[str], name: str, staging: str, check: Callable[[], None]) -> None:
    """Copies a name, at or below one of these, out of the live release. Releases are read-only; plain files are their
    owner's to write again."""
    source = os.path.join(layout.release(checked_release_id(layout.current_release())), name)
    for entry in adoption.copy_name(layout, source, staging, name, tops, check):
        if entry.type == tree.FILE:
            os.chmod(os.path.join(staging, entry.path), entry.mode | 0o200)
    # Of a link, os.walk() would go through its target.
    copy = os.path.join(staging, name)
    for directory, _, _ in [] if os.path.islink(copy) else os.walk(copy):
        os.chmod(directory, stat.S_IMODE(os.lstat(directory).st_mode) | 0o200)


def _exchange(path: str, copy: str) -> float | None:
    """Swaps a plain copy with our link. Returns None, or the seconds for which the name was missing."""
    if files.exchange(path, copy):
        return None
    if not os.path.isdir(copy):
        # rename(2) replaces a link or the launcher in one step wherever it can't exchange.
        os.rename(copy, path)
        return None
    started = time.perf_counter()
    files.remove_tree(path)
    os.rename(copy, path)
    return time.perf_counter() - started


def attach(layout: Layout, names: list[str], launcher: Launcher) -> None:
    """Takes detach() back, wherever it got to: the release is behind its links and launcher again, in adoption's order.

    Once `current` is gone the plain files are all there is. A plain name that somebody has written to meanwhile stays:
    extractions use it, and the next deployment takes it into a release.
    """
    release_id = layout.current_release()
    if release_id is None:
        return
    staging = staging_of(layout)
    os.makedirs(staging, 0o755, exist_ok=True)
    atomic = _can_exchange(staging)
    launcher = launcher.of(layout, release_id, otherwise=False)
    for name in sorted(names, key=lambda name: launcher.starts(name) == atomic):
        path, ready = os.path.join(layout.base, name), os.path.join(staging, name)
        os.makedirs(os.path.dirname(ready), 0o755, exist_ok=True)
        if standins.stands_for(path, name):
            continue
        if os.path.lexists(path) and not inspecting.holds_the_same(layout, release_id, name):
            continue
        if os.path.lexists(ready):
            files.remove_tree(ready)
        like = os.stat(path) if os.path.lexists(path) else None
        standins.put(layout, ready, name, launcher, [layout.release(release_id)], like)
        if not files.exchange(path, ready):
            if os.path.isdir(path):
                os.rename(path, files.temporary_name(staging, as_one_name(name)))
            os.rename(ready, path)
    # Who was started in between, or in a plain directory, runs on.
    exchanges.note(layout, [] if atomic else exchanges.leased_by(layout.release(release_id)))
    files.sync_directory(layout.base)
    files.remove_tree(staging)
    history.append(layout, "attached", to=release_id)


def dismantle(layout: Layout, everything: bool) -> dict[str, list[str]]:
    """Removes what the plain engine has no use for: `current`, releases and environments; with `everything`, backups
    and our state, too. What is in use or not ours stays. Can be done again.

    Returns the names of the `releases`, `environments` and `backups` removed.
    """
    release_id = layout.current_release()
    rollouts.supersede(layout, None)
    if release_id is not None:
        for name in standins.dangling(layout):
            os.unlink(os.path.join(layout.base, name))
        if standins.depends_on_current(layout):
            raise StepFailed("stillLedTo", basePath=layout.given, release=release_id)
        history.append(layout, "detached", operation="detach", **{"from": release_id})
        switching.flip(layout, None)
        exchanges.forget(layout)
    removed = leftovers.remove_releases(layout, leases.release_names(layout)).removed
    unneeded = environments.remove_unneeded(layout, environments.names(layout)).removed
    backups = sorted(leftovers.own_backups(layout)) if everything else []
    backups = [name for name in backups if leftovers.remove_backup(layout, name)]
    files.remove_tree(layout.staging)
    pins.remove_all(layout)
    if not service_sockets.are_there(layout):
        # A service that runs is started by them again.
        _unlink(layout.launch)
        _unlink(layout.serve)
    if everything:
        files.remove_tree(layout.adopted)
        run_leftovers.remove_all(layout)
        rollouts.forget(layout)
        for path in (layout.history, layout.undo, layout.holder, layout.unpinned, layout.number):
            _unlink(path)
    return {
        "releases": [os.path.basename(directory) for directory in removed],
        "environments": [os.path.basename(directory) for directory in unneeded],
        "backups": backups,
    }


def remove_directories(layout: Layout, everything: bool) -> list[str]:
    """The last of dismantle(): removes the directories of ours that are empty by now; with `everything`, the lock, too.

    Returns the paths of those that are left: whatever lies in them is not ours. Nothing may be changed after it: with
    the lock gone somebody else may have a new one.
    """
    ours = [layout.releases, layout.environments, layout.backups, layout.records, layout.aside]
    for directory in ours:
        _remove_empty(directory)
    if everything:
        _unlink(layout.lock)
    _remove_empty(layout.state)
    ours.append(layout.state)
    return [os.path.relpath(directory, layout.base) for directory in ours if os.path.isdir(directory)]


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def _remove_empty(directory: str) -> None:
    try:
        os.rmdir(directory)
    except OSError:
        pass
