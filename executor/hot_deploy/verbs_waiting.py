"""Waiting for a good moment. Nothing is changed."""

from __future__ import annotations

from hot_deploy import quiet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.session import Session

    Json = dict[str, Any]


def wait_for_quiet(session: Session, _id: Any, args: Json) -> Json:
    """Pauses, and then waits until no run and no request is in progress. Says what is at the end."""
    layout = session.require_lock()
    return quiet.wait(layout, args["pauseSeconds"], args["waitSeconds"], session.wire.check)
