"""The steps a client can ask for. Each does one thing; none decides what comes next."""

import os

from hot_deploy import (
    environments,
    history,
    leftovers,
    locking,
    mending,
    numbering,
    ownership,
    records,
    switching,
    tree,
    verbs_looking,
    verbs_making,
    verbs_switching,
    workers,
)
from hot_deploy.failures import StepFailed


def lock(session, _id, args):
    """Takes the engine's lock; with `create`, makes the base path and our directories where they are missing.

    What interrupted operations left is removed, unless `clean` is false.
    """
    layout = session.open(args["basePath"])
    exists = os.path.isdir(layout.base)
    if not exists and not args.get("create"):
        raise StepFailed("basePathMissing", basePath=layout.given)
    layout.owner = ownership.resolve(args.get("owner"), layout.base)
    try:
        if not exists:
            os.makedirs(layout.base, 0o755)
            layout.give(layout.base)
        layout.create()
    except (FileExistsError, NotADirectoryError):
        raise StepFailed("basePathIsNoDirectory", basePath=layout.given) from None
    except PermissionError:
        raise StepFailed("basePathDenied", basePath=layout.given, exists=exists) from None
    if session.lock_fd is None:
        descriptor = locking.acquire(layout, args.get("holder") or {}, args.get("waitSeconds") or 0, session.wire.check)
        try:
            # Somebody newer may have had it while this one waited.
            numbering.refuse_newer(layout)
            numbering.write(layout)
        except BaseException:
            locking.release(layout, descriptor)
            raise
        session.lock_fd = descriptor
    if args.get("clean") is False:
        return {"cleaned": []}
    current = layout.current_release()
    return {"cleaned": leftovers.clean(layout, current, records.read_all(layout))}


def archive(session, _id, args):
    """Writes a backup of a release. It stays when a switch of this conversation is confirmed."""
    layout = session.require_lock()
    if session.backups_before is None:
        session.backups_before = leftovers.own_backups(layout)
    return workers.call("archives", "create", [layout.base, args["release"]], session.wire)


def remove(session, _id, args):
    """Removes releases, backups and environments by name.

    What is in use is kept, and so is an environment that a release still leads to.
    """
    layout = session.require_lock()
    removed, in_use = [], []
    for release_id in args.get("releases") or []:
        if release_id == layout.current_release():
            raise StepFailed("releaseIsLive", release=release_id)
        (removed if leftovers.remove_release(layout, release_id) else in_use).append(release_id)
    backups = [name for name in args.get("backups") or [] if leftovers.remove_backup(layout, name)]
    unneeded = [name for name in args.get("environments") or [] if environments.remove(layout, name)]
    return {"releases": removed, "inUse": in_use, "backups": backups, "environments": unneeded}


def mend(session, _id, args):
    """Puts one finding of `inspect` right, in the way that `what` names."""
    layout = session.require_lock()
    session.looks.clear()
    done = mending.mend(layout, args["what"], args.get("path"), switching.wanted_launcher(args), session.wire.check)
    return {"done": done}


def describe(session, _id, args):
    """Adds fields to a release's record; with `kept`, marks which of its entries no pattern owns."""
    layout = session.require_lock()
    known = records.read(layout, args["release"])
    if known is None:
        raise StepFailed("recordMissing", release=args["release"])
    known.update(args["fields"])
    records.add_passed(known, session.passed.get(args["release"]))
    if args.get("kept"):
        _mark_kept(layout, args["release"], set(args["kept"]))
        session.looks.pop(args["release"], None)
    records.write(layout, args["release"], known)
    return {}


def note_refusal(session, _id, args):
    """Writes into the history that an attempt ended before its switch."""
    history.append(session.require_lock(), "refused", **args)
    session.told = True
    return {}


def _mark_kept(layout, release_id, paths):
    entries = tree.read_manifest(layout.manifest(release_id)) or []
    for entry in entries:
        entry.kept = entry.path in paths
    tree.write_manifest(layout.manifest(release_id), entries)


VERBS = {
    "lock": lock,
    "probe": verbs_looking.probe,
    "list": verbs_looking.list_releases,
    "entries": verbs_looking.entries,
    "foresee": verbs_looking.foresee,
    "texts": verbs_looking.texts,
    "compareDirectories": verbs_looking.compare_directories,
    "compare": verbs_looking.compare,
    "compareReleases": verbs_looking.compare_releases,
    "receive": verbs_making.receive,
    "unpack": verbs_making.unpack,
    "assemble": verbs_making.assemble,
    "environment": verbs_making.environment,
    "run": verbs_making.run,
    "adopt": verbs_switching.adopt,
    "drain": verbs_switching.drain,
    "missingPackages": verbs_switching.missing_packages,
    "detach": verbs_switching.detach,
    "attach": verbs_switching.attach,
    "dismantle": verbs_switching.dismantle,
    "flip": verbs_switching.flip,
    "confirm": verbs_switching.confirm,
    "revert": verbs_switching.revert,
    "archive": archive,
    "remove": remove,
    "describe": describe,
    "noteRefusal": note_refusal,
    "inspect": verbs_looking.inspect,
    "mend": mend,
}
