"""Steps of the way back to a plain directory."""

from __future__ import annotations

from hot_deploy import detaching, entrypoints, pins, standins
from hot_deploy.contract import MANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.session import Session

    Json = dict[str, Any]


def missing_packages(session: Session, _id: Any, _args: Json) -> Json:
    """Which packages the engine would need from its own interpreter, as a plain one."""
    return detaching.packages(session.require_lock(), session.wire)


def detach(session: Session, _id: Any, args: Json) -> Json:
    """Turns links and launcher into plain files. Until `dismantle`, it is undone where nobody goes on."""
    layout = session.require_lock()
    names = detaching.own_names(layout)
    entrypoint = entrypoints.SEPARATOR.join(standins.launchers(layout, names)) or args["entrypoint"]
    # Made durable with the copies, before the first of them takes a link's place.
    session.undo.push("attach", names=names, entrypoint=entrypoint)
    seconds = args.get("waitSeconds") or pins.LONGEST_SECONDS
    return detaching.detach(layout, names, entrypoint, seconds, session.wire.check)


def attach(session: Session, _id: Any, _args: Json) -> Json:
    """Takes `detach` back."""
    session.require_lock()
    session.undo.take_back("attach")
    return {}


def dismantle(session: Session, _id: Any, args: Json) -> Json:
    """Removes what a plain engine has no use for; with `everything`, backups, history and originals, too."""
    layout = session.require_lock()
    session.looks.forget()
    result: Json = dict(detaching.dismantle(layout, args["everything"]))
    session.undo.confirm()
    removed = ("releases", "environments", "backups")
    return {
        **result,
        "left": detaching.remove_directories(layout, args["everything"]),
        **{kind: result[kind][:MANY] for kind in removed},
        "counts": {kind: len(result[kind]) for kind in removed},
    }
