"""Steps that change what extractions find."""

import time

from hot_deploy import adoption, detaching, history, leases, leftovers, records, switching
from hot_deploy.failures import StepFailed

# A kept release that was looked at so shortly before its switch, in seconds, is not looked at once more for it.
JUST_NOW = 1


def adopt(session, _id, args):
    """Turns what is live in plain files into the first release."""
    layout = session.require_lock()
    known = records.read_all(layout)
    standing = history.Standing(history.read(layout), layout.current_release())
    launcher = switching.wanted_launcher(args)
    result = adoption.adopt(
        layout,
        args["time"],
        args["names"],
        launcher,
        records.next_sequence(standing, known),
        session.wire.check,
    )
    session.unpinned = leases.unpinned(layout, launcher[0])
    return result


def drain(session, _id, args):
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
    in_use = detaching.leased(layout) if args.get("leased") and not left else []
    while in_use and time.monotonic() < deadline:
        session.wire.check()
        time.sleep(0.02)
        in_use = detaching.leased(layout)
    return {"left": left, "inUse": in_use}


def missing_packages(session, _id, _args):
    """Which packages the engine would need from its own interpreter, as a plain one."""
    return detaching.packages(session.require_lock(), session.wire)


def detach(session, _id, args):
    """Turns links and launcher into plain files. Until `dismantle`, the end of this conversation takes it back."""
    layout = session.require_lock()
    launcher = switching.wanted_launcher(args)
    names = detaching.own_names(layout, launcher[0])
    session.detached = (names, launcher)
    result = detaching.detach(layout, names, session.wire.check)
    session.unpinned = detaching.starting(layout, launcher[0], result.pop("moment"))
    return result


def attach(session, _id, _args):
    """Takes `detach` back."""
    session.require_lock()
    session.take_detachment_back()
    return {}


def dismantle(session, _id, args):
    """Removes what a plain engine has no use for; with `everything`, backups, history and originals, too."""
    layout = session.require_lock()
    session.looks.clear()
    result = detaching.dismantle(layout, args["everything"])
    session.detached = None
    return result


def flip(session, _id, args):
    """Makes a ready release current. Until `confirm`, the end of this conversation takes it back.

    With `aside`, something foreign that stands at `current` is put aside; without, it is refused.
    """
    layout = session.require_lock()
    if session.pending is not None:
        raise StepFailed("switchWaiting")
    made_here = args["release"] == session.candidate
    if not made_here:
        look = session.look(args["release"])
        look.look_again(unless_seconds=JUST_NOW)
        switching.refuse_damaged(layout, args["release"], look)
    foreign = args.get("aside") and layout.foreign_current() is not None
    aside = switching.name_aside() if foreign else None
    pending = switching.announce(
        layout, args["release"], args["operation"], switching.wanted_launcher(args), made_here, aside
    )
    session.pending = pending
    seconds = switching.flip(layout, args["release"], aside)
    return {
        "from": pending["from"],
        "to": args["release"],
        "at": pending["at"],
        "milliseconds": round(seconds * 1000, 3),
    }


def confirm(session, _id, _args):
    """Keeps the switch."""
    layout = session.require_lock()
    switching.confirm(layout, _pending(session, layout))
    session.pending = None
    session.candidate = None
    session.backups_before = None
    return {"live": layout.current_release()}


def revert(session, _id, args):
    """Takes the switch back."""
    layout = session.require_lock()
    pending = _pending(session, layout)
    result = switching.revert(layout, pending, args["reason"])
    if pending.get("candidate") and session.pending is None:
        leftovers.remove_release(layout, pending["to"])
    session.pending = None
    session.told = True
    return result


def _pending(session, layout):
    """This conversation's switch, or one that an earlier conversation could not finish."""
    if session.pending is not None:
        return session.pending
    standing = history.Standing(history.read(layout), layout.current_release())
    if standing.unconfirmed is None:
        raise StepFailed("noSwitch")
    return standing.unconfirmed
