"""Steps that look for what a first release could change for an engine. None needs the lock."""

from __future__ import annotations

from hot_deploy import surveying

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.session import Session

    Json = dict[str, Any]


def survey(session: Session, _id: Any, args: Json) -> Json:
    """Facts about the plain files below some names that are to be adopted."""
    return surveying.survey(session.open(args["basePath"]), args["names"], session.wire.check)
