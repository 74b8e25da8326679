"""Steps that look and change nothing. None needs the lock."""

from __future__ import annotations

import os

from hot_deploy import adoption, assembly, files, inspecting, ownership, probing, switching, tree
from hot_deploy.layout import checked_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

    from hot_deploy.session import Session

    Json = Dict[str, Any]


def probe(session: Session, _id: Any, args: Json) -> Json:
    """What is there and what is live.

    With `ahead`: the next one, under the lock, need not look at the same release once more.
    """
    layout = session.open(args["basePath"])
    look = session.look_ahead if args.get("ahead") else session.look_afresh
    result = probing.probe(layout, args["entrypoint"], look)
    if args.get("holder"):
        result["holder"] = probing.lock_holder(layout)
    if args.get("start") and session.may_start and result.get("live"):
        result["live"]["environment"] = probing.started(layout, result["live"]["environment"], session.wire)
    return result


def list_releases(session: Session, _id: Any, args: Json) -> Json:
    """All kept releases, backups and environments."""
    return probing.listing(session.open(args["basePath"]), bool(args.get("packages")))


def entries(session: Session, _id: Any, args: Json) -> Json:
    """A release's entries, as they were recorded."""
    session.open(args["basePath"])
    return {"entries": [entry.row()[:7] for entry in session.look(args["release"]).recorded]}


def foresee(session: Session, _id: Any, args: Json) -> Json:
    """The entries that adopting those names would make; a comparison with `kept` is about these then."""
    layout = session.open(args["basePath"])
    found = adoption.foresee(layout, args["names"], args["entrypoint"], session.wire.check)
    session.foreseen = tree.Foreseen(found)
    return {"entries": [entry.row()[:7] for entry in found]}


def texts(session: Session, _id: Any, args: Json) -> Json:
    """The text of those files of a release, or of a backup that is being unpacked."""
    layout = session.open(args["basePath"])
    root = session.assembly.staging if session.assembly is not None else layout.release(args["release"])
    return {"texts": {path: files.read_text(os.path.join(root, checked_path(path))) for path in args["paths"]}}


def compare_directories(session: Session, _id: Any, args: Json) -> Json:
    """Which of the client's directories differ from the release's."""
    compared = _compared_with(session, args)
    known = tree.directory_digests([entry for entry in compared.intact if not entry.kept])
    return {"differing": [path for path, theirs in args["directories"] if known.get(path) != theirs]}


def compare(session: Session, _id: Any, args: Json) -> Json:
    """What a release of these entries would need and change. `receive` opens it."""
    live = _compared_with(session, args)
    made = assembly.merged_entries(args["entries"], live.intact, args["sameDirectories"])
    session.compared = made
    needed = assembly.needed(made, live.intact)
    result = {
        "needed": needed,
        "bytes": sum(made[index].size for index in needed),
        "changes": assembly.changes(live.recorded, live.intact, made),
    }
    if args.get("sizes"):
        result["sizes"] = assembly.sizes(result["changes"], live.recorded, made)
    return result


def _compared_with(session: Session, args: Json) -> tree.Look | tree.Foreseen:
    session.open(args["basePath"])
    if "kept" in args and session.foreseen is not None:
        return session.foreseen.keep(set(args["kept"]))
    return session.look(args["release"])


def compare_releases(session: Session, _id: Any, args: Json) -> Json:
    """What changes from the release `against` to this one."""
    session.open(args["basePath"])
    before = session.look(args["against"]).recorded
    after = [entry for entry in session.look(args["release"]).recorded if not entry.kept]
    return {"changes": assembly.changes(before, before, after)}


def inspect(session: Session, _id: Any, args: Json) -> Json:
    """Everything that is not as it should be."""
    layout = session.open(args["basePath"])
    layout.owner = ownership.resolve(args.get("owner"), layout.base)
    holder = probing.lock_holder(layout) if session.lock_fd is None else None
    return dict(inspecting.inspect(layout, switching.wanted_launcher(args), session.wire.check), holder=holder)
