"""Steps that change what extractions find."""

from __future__ import annotations

from hot_deploy import adoption, directories, draining, exchanges, history, switching, telling, undo, unpinned
from hot_deploy.contract import MANY
from hot_deploy.failures import StepFailed
from hot_deploy.later import services

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.layout import Layout
    from hot_deploy.session import Session

    Json = dict[str, Any]

# A kept release that was looked at so shortly before its switch, in seconds, is not looked at once more for it.
JUST_NOW = 1


def adopt(session: Session, _id: Any, args: Json) -> Json:
    """Makes current what `copyPlain` copied, and puts links and launcher where the plain names are."""
    layout = session.require_lock()
    copied = session.making.copied
    if copied is None:
        raise StepFailed("nothingCopied")
    if session.undo.own("revertSwitch") is not None:
        raise StepFailed("switchWaiting")
    adopted = adoption.adopt(layout, session.undo, copied, switching.wanted_launcher(args))
    session.ask(telling.Question(layout))
    return adopted


def drain(session: Session, _id: Any, args: Json) -> Json:
    """Waits for the extractions that were started while names were exchanged: they read through the links, unpinned.

    With `leased`, then also until nobody uses a release. Answers what is left when the time is up, and how many
    processes may have been such and could not be seen: those are waited for only shortly.
    """
    layout = session.require_lock()
    wait, leased = draining.Wait(args["waitSeconds"], session.wire.check), args.get("leased")
    # Before a return to plain files, what looks like a launcher that has not leased its release yet counts for as long as
    # one takes; otherwise, what looks like a run.
    longest = unpinned.LONGEST_START if leased else float("inf")
    found = draining.unpinned_runs(layout, args["entrypoint"], wait, longest)
    session.drained = True
    in_use = draining.releases(layout, wait) if leased and not found.left else []
    return {"left": found.left[:MANY], "inUse": in_use[:MANY], "unseen": found.unseen}


def flip(session: Session, _id: Any, args: Json) -> Json:
    """Makes a ready release current. Until `confirm`, the end of this conversation takes it back.

    With `aside`, something foreign that stands at `current` is put aside; without, it is refused.
    """
    layout = session.require_lock()
    mine = session.undo.own("revertSwitch")
    if mine is not None and not undo.is_adoption(mine.arguments):
        raise StepFailed("switchWaiting")
    made_here = session.making.is_candidate(args["release"])
    if not made_here:
        look = session.looks.at(layout, args["release"])
        look.look_again(unless_seconds=JUST_NOW)
        switching.refuse_damaged(layout, args["release"], look)
    # Whoever exchanged names last may not have waited for them: their adoption, or detachment, came to nothing else.
    waited = draining.Wait(0 if session.drained else draining.LONGEST_SECONDS, session.wire.check)
    found = draining.unpinned_runs(layout, args["entrypoint"], waited)
    foreign = args.get("aside") and layout.foreign_current() is not None
    pending, seconds = switching.switch(
        layout,
        session.undo,
        args["release"],
        args["operation"],
        switching.wanted_launcher(args),
        made_here,
        switching.name_aside() if foreign else None,
        args.get("share") or (),
    )
    exchanges.forget(layout)
    # A release that was kept is pinned as it was.
    if made_here:
        session.ask(telling.Question(layout))
    return {
        "unpinned": len(found.left),
        "from": pending["from"],
        "to": args["release"],
        "at": pending["at"],
        "milliseconds": round(seconds * 1000, 3),
    }


def confirm(session: Session, _id: Any, _args: Json) -> Json:
    """Keeps the switch, and tells how runs are pinned now."""
    layout = session.require_lock()
    told = switching.confirm(layout, _pending(session, layout))
    session.undo.confirm()
    session.making.candidate = session.making.copied = None
    return {"live": layout.current_release(), **told, **session.answer()}


def revert(session: Session, _id: Any, args: Json) -> Json:
    """Takes the switch back."""
    layout = session.require_lock()
    session.forget_question()
    result = session.undo.revert(_pending(session, layout), args["reason"])
    # With a first deployment of an earlier conversation they went, too; this one may go on to another.
    directories.make(layout, session.undo)
    return result


def prepare_service(session: Session, _id: Any, args: Json) -> Json:
    """Has the engine's services start a release beside what answers. The end of this conversation takes it back."""
    layout = session.require_lock()
    return services.prepare(layout, args, session.wire.check)


def switch_service(session: Session, _id: Any, args: Json) -> Json:
    """Has the engine's service go over to what was made current; with the switch it is taken back."""
    layout = session.require_lock()
    left = None if args.get("alone") else _pending(session, layout)["from"]
    return services.switch(layout, args, left, session.wire.check)


def _pending(session: Session, layout: Layout) -> Json:
    """This conversation's switch, or one that an earlier conversation could not finish."""
    mine = session.undo.own("revertSwitch")
    if mine is not None:
        return mine.arguments
    standing = history.standing(layout, layout.current_release())
    if standing.unconfirmed is None:
        raise StepFailed("noSwitch")
    return standing.unconfirmed
