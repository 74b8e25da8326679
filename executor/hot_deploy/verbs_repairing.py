"""Steps that look for what is not as it should be, and put it right."""

from __future__ import annotations

from hot_deploy import inspecting, ownership, probing, repairing, switching
from hot_deploy.contract import EVERY_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.session import Session

    Json = dict[str, Any]


def inspect(session: Session, _id: Any, args: Json) -> Json:
    """Everything that is not as it should be. Needs no lock."""
    layout = session.open(args["basePath"])
    layout.owner = ownership.resolve(args.get("owner"), layout.base)
    holder = None if session.is_locked else probing.lock_holder(layout)
    return dict(inspecting.inspect(layout, switching.wanted_launcher(args), session.wire.check), holder=holder)


def repair(session: Session, _id: Any, args: Json) -> Json:
    """Puts one finding of `inspect` right, in the way that `what` names."""
    layout = session.require_lock()
    session.looks.forget()
    undone = []
    if args["what"] == "leftovers":
        # What else was left undone, such as a return to a plain directory, is a finding of its own.
        undone = session.undo.unwind_earlier("the conversation was cut off", "discardRelease", "discardBackups")
    launcher = switching.wanted_launcher(args)
    done = repairing.repair(layout, args["what"], args.get("path") or "", launcher, session.wire.check)
    return {"done": ([path for _, path in undone] + done)[:EVERY_FILE]}
