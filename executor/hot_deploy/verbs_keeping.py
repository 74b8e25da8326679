"""Steps around a switch: taking the lock, and what is kept, described and removed."""

from __future__ import annotations

import os

from hot_deploy import (
    directories,
    environments,
    history,
    later,
    leftovers,
    ownership,
    records,
    rollouts,
    sharing,
    tree,
    workers,
)
from hot_deploy.contract import EVERY_FILE
from hot_deploy.failures import StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Container, Iterable

    from hot_deploy.layout import Layout
    from hot_deploy.session import Session

    Json = dict[str, Any]


def lock(session: Session, _id: Any, args: Json) -> Json:
    """Takes the engine's lock; with `create`, makes the base path and our directories where they are missing.

    What interrupted operations left is undone and removed, unless `clean` is false.
    """
    layout = session.open(args["basePath"])
    exists = os.path.isdir(layout.base)
    if not exists and not args.get("create"):
        raise StepFailed("basePathMissing", basePath=layout.given)
    layout.owner = ownership.resolve(args.get("owner"), layout.base)
    _made(layout, exists, lambda: _create_state(layout, exists))
    session.take_lock(layout, args.get("holder") or {}, args.get("waitSeconds") or 0)
    cleaned = _clean(session, layout) if args.get("clean") is not False else []
    _made(layout, exists, lambda: directories.make(layout, session.undo))
    return {"cleaned": cleaned[:EVERY_FILE]}


def _made(layout: Layout, exists: bool, make: Callable[[], None]) -> None:
    """Makes directories. `exists`: whether the base path was there before."""
    try:
        make()
    except (FileExistsError, NotADirectoryError):
        raise StepFailed("basePathIsNoDirectory", basePath=layout.given) from None
    except PermissionError:
        raise StepFailed("basePathDenied", basePath=layout.given, exists=exists) from None


def _create_state(layout: Layout, exists: bool) -> None:
    if not exists:
        os.makedirs(layout.base, 0o755)
        layout.give(layout.base)
    layout.create_state()


def _clean(session: Session, layout: Layout) -> list[tuple[str, str]]:
    layout.current_release()  # Something foreign there is for a person to decide on first.
    undone = session.undo.unwind_earlier("the conversation was cut off")
    return undone + leftovers.clean(layout, layout.current_release(), records.read_all(layout))


def archive(session: Session, _id: Any, args: Json) -> Json:
    """Writes a backup of a release. It stays when a switch of this conversation is confirmed."""
    layout = session.require_lock()
    if session.undo.own("discardBackups") is None:
        session.undo.push("discardBackups", before=sorted(leftovers.own_backups(layout)))
    shared = sharing.of_host(layout, records.read(layout, args["release"]) or {}) if args.get("shared") else []
    made: Json = workers.call("archives", "create", [layout.base, args["release"], shared], session.wire)
    return made


def remove(session: Session, _id: Any, args: Json) -> Json:
    """Removes releases, backups and environments by name.

    What is in use is kept, and so is an environment that a release still leads to. `unseen` counts other users' processes
    that may use what was removed, where they don't let themselves be looked into.
    """
    layout = session.require_lock()
    wanted = args.get("releases") or []
    if layout.current_release() in wanted:
        raise StepFailed("releaseIsLive", release=layout.current_release())
    needed = rollouts.needed(layout)
    releases = leftovers.remove_releases(layout, [name for name in wanted if name not in needed])
    backups = [name for name in args.get("backups") or [] if leftovers.remove_backup(layout, name)]
    unneeded = environments.remove_unneeded(layout, args.get("environments") or [])
    later.module("hot_deploy.recorded").tidy(layout)
    return {
        "releases": _names(releases.removed),
        "inUse": [*_names(releases.in_use), *(name for name in wanted if name in needed)],
        "backups": backups,
        "environments": _names(unneeded.removed),
        "unseen": max(releases.unseen, unneeded.unseen),
    }


def _names(directories: Iterable[str]) -> list[str]:
    return [os.path.basename(directory) for directory in directories]


def describe(session: Session, _id: Any, args: Json) -> Json:
    """Adds fields to a release's record; with `kept`, marks which of its entries no pattern owns."""
    layout = session.require_lock()
    known = records.read(layout, args["release"])
    if known is None:
        raise StepFailed("recordMissing", release=args["release"])
    known.update(args["fields"])
    records.add_passed(known, session.making.passed.get(args["release"]))
    if args.get("kept"):
        _mark_kept(layout, args["release"], set(args["kept"]))
        session.looks.forget(args["release"])
    records.write(layout, args["release"], known)
    return {}


def note_refusal(session: Session, _id: Any, args: Json) -> Json:
    """Writes into the history that an attempt ended before its switch."""
    history.append(session.require_lock(), "refused", **args)
    return {}


def _mark_kept(layout: Layout, release_id: str, paths: Container[str]) -> None:
    entries = tree.read_manifest(layout.manifest(release_id)) or []
    for entry in entries:
        entry.kept = entry.path in paths
    tree.write_manifest(layout.manifest(release_id), entries)
