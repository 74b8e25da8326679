"""Steps that compare what a client has with what is there, and change nothing. None needs the lock."""

from __future__ import annotations

import os

from hot_deploy import adoption, comparing, files, tree
from hot_deploy.contract import EVERY_FILE
from hot_deploy.failures import StepFailed
from hot_deploy.layout import checked_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.session import Session

    Json = dict[str, Any]


def preview_adoption(session: Session, _id: Any, args: Json) -> Json:
    """The entries that adopting those names would make; a comparison with `kept` is about these then."""
    layout = session.open(args["basePath"])
    found = adoption.preview(layout, args["names"], session.wire.check, args.get("shared") or ())
    if len(found) > EVERY_FILE:
        raise StepFailed("tooManyFiles", path=layout.given, most=EVERY_FILE)
    session.looks.preview = tree.Preview(found)
    return {"entries": [entry.row()[:7] for entry in tree.by_directory(found)]}


def texts(session: Session, _id: Any, args: Json) -> Json:
    """The text of those files of a release, or of a backup that is being unpacked."""
    layout = session.open(args["basePath"])
    unpacked = session.making.assembly
    root = unpacked.staging if unpacked is not None else layout.release(args["release"])
    return {"texts": {path: files.read_text(os.path.join(root, checked_path(path))) for path in args["paths"]}}


def compare_directories(session: Session, _id: Any, args: Json) -> Json:
    """Which of the client's directories differ from the release's."""
    compared = _compared_with(session, args)
    known = tree.directory_digests([entry for entry in compared.intact if not entry.kept])
    return {"differing": [path for path, theirs in args["directories"] if known.get(path) != theirs]}


def compare(session: Session, _id: Any, args: Json) -> Json:
    """What a release of these entries would need and change. `receive` opens it."""
    live = _compared_with(session, args)
    made = comparing.merged_entries(args["entries"], live.intact, args["sameDirectories"])
    session.looks.compared = made
    needed = comparing.needed(made, live.intact)
    changes = comparing.changes(live.recorded, live.intact, made)
    result: Json = {"needed": needed, "bytes": sum(made[index].size for index in needed), "changes": changes}
    if args.get("sizes"):
        result["sizes"] = comparing.sizes(changes, live.recorded, made)
    return result


def _compared_with(session: Session, args: Json) -> tree.Look | tree.Preview:
    layout = session.open(args["basePath"])
    kept = set(args.get("kept") or ())
    if args["release"] is None and "kept" in args and session.looks.preview is not None:
        return session.looks.preview.without(set(args.get("left") or ())).keep(kept)
    return session.looks.at(layout, args["release"]).keep(kept)


def compare_releases(session: Session, _id: Any, args: Json) -> Json:
    """What changes from the release `against` to this one."""
    layout = session.open(args["basePath"])
    before = session.looks.at(layout, args["against"]).recorded
    after = [entry for entry in session.looks.at(layout, args["release"]).recorded if not entry.kept]
    return {"changes": comparing.changes(before, before, after)}
