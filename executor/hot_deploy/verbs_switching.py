"""Steps that change what extractions find."""

from __future__ import annotations

import time

from hot_deploy import adoption, history, leases, records, switching
from hot_deploy.contract import MANY
from hot_deploy.failures import StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.layout import Layout
    from hot_deploy.session import Session

    Json = dict[str, Any]

# A kept release that was looked at so shortly before its switch, in seconds, is not looked at once more for it.
JUST_NOW = 1


def adopt(session: Session, _id: Any, args: Json) -> Json:
    """Turns what is live in plain files into the first release."""
    layout = session.require_lock()
    known = records.read_all(layout)
    standing = history.standing(layout, layout.current_release())
    launcher = switching.wanted_launcher(args)
    result = adoption.adopt(
        layout,
        session.undo,
        args["time"],
        args["names"],
        launcher,
        records.next_sequence(standing, known),
        session.wire.check,
    )
    session.unpinned = leases.unpinned(layout, launcher[0])
    return result


def drain(session: Session, _id: Any, args: Json) -> Json:
    """Waits for the extractions that were started before the adoption: they read through the links, unpinned.

    With `leased`, then also until nobody runs a release. Answers what is left when the time is up.
    """
    layout = session.require_lock()
    deadline = time.monotonic() + args["waitSeconds"]
    left = session.unpinned
    while left and time.monotonic() < deadline:
        session.wire.check()
        time.sleep(0.02)
        known = {found["processId"] for found in left}
        left = [found for found in leases.unpinned(layout, args["entrypoint"]) if found["processId"] in known]
    in_use = leases.releases(layout) if args.get("leased") and not left else []
    while in_use and time.monotonic() < deadline:
        session.wire.check()
        time.sleep(0.02)
        in_use = leases.releases(layout)
    return {"left": left[:MANY], "inUse": in_use[:MANY]}


def flip(session: Session, _id: Any, args: Json) -> Json:
    """Makes a ready release current. Until `confirm`, the end of this conversation takes it back.

    With `aside`, something foreign that stands at `current` is put aside; without, it is refused.
    """
    layout = session.require_lock()
    if session.undo.own("revertSwitch") is not None:
        raise StepFailed("switchWaiting")
    made_here = session.making.is_candidate(args["release"])
    if not made_here:
        look = session.looks.at(layout, args["release"])
        look.look_again(unless_seconds=JUST_NOW)
        switching.refuse_damaged(layout, args["release"], look)
    foreign = args.get("aside") and layout.foreign_current() is not None
    pending, seconds = switching.switch(
        layout,
        session.undo,
        args["release"],
        args["operation"],
        switching.wanted_launcher(args),
        made_here,
        switching.name_aside() if foreign else None,
    )
    return {
        "from": pending["from"],
        "to": args["release"],
        "at": pending["at"],
        "milliseconds": round(seconds * 1000, 3),
    }


def confirm(session: Session, _id: Any, _args: Json) -> Json:
    """Keeps the switch."""
    layout = session.require_lock()
    switching.confirm(layout, _pending(session, layout))
    session.undo.confirm()
    session.making.candidate = None
    return {"live": layout.current_release()}


def revert(session: Session, _id: Any, args: Json) -> Json:
    """Takes the switch back."""
    layout = session.require_lock()
    return session.undo.revert(_pending(session, layout), args["reason"])


def _pending(session: Session, layout: Layout) -> Json:
    """This conversation's switch, or one that an earlier conversation could not finish."""
    mine = session.undo.own("revertSwitch")
    if mine is not None:
        return mine.arguments
    standing = history.standing(layout, layout.current_release())
    if standing.unconfirmed is None:
        raise StepFailed("noSwitch")
    return standing.unconfirmed
