"""Steps that look and change nothing. None needs the lock."""

from __future__ import annotations

from hot_deploy import changes, inventory, probing, telling, tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.session import Session
    from hot_deploy.tree import Look

    Json = dict[str, Any]


def probe(session: Session, _id: Any, args: Json) -> Json:
    """What is there and what is live.

    With `ahead`: the next one, under the lock, need not look at the same release once more.
    """
    layout = session.open(args["basePath"])

    def look(release_id: str) -> Look:
        return (session.looks.ahead if args.get("ahead") else session.looks.afresh)(layout, release_id)

    result = probing.probe(layout, look)
    if args.get("holder"):
        result["holder"] = probing.lock_holder(layout)
    if args.get("start") and session.may_start and result.get("live"):
        result["live"]["environment"] = probing.started(layout, result["live"]["environment"], session.wire)
    if args.get("pinning") and session.may_start:
        result.update(telling.Question(layout, args["pinning"]).answer())
    return result


def list_releases(session: Session, _id: Any, args: Json) -> Json:
    """The newest releases, backups and environments, and how many there are."""
    return inventory.listing(session.open(args["basePath"]), args)


def history_of(session: Session, _id: Any, args: Json) -> Json:
    """The last changes of what is live, and attempts that came to nothing."""
    return {"changes": changes.changes(session.open(args["basePath"]), args["limit"])}


def entries(session: Session, _id: Any, args: Json) -> Json:
    """A release's entries, as they were recorded."""
    layout = session.open(args["basePath"])
    recorded = session.looks.at(layout, args["release"]).recorded
    return {"entries": [entry.row()[:7] for entry in tree.by_directory(recorded)]}
