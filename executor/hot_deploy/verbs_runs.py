"""Steps about the runs that are there now. None needs the lock: what is deployed stays what it is."""

from __future__ import annotations

from hot_deploy import run_facts
from hot_deploy.census import Census
from hot_deploy.contract import MOST_RUNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.session import Session

    Json = dict[str, Any]


def runs(session: Session, _id: Any, args: Json) -> Json:
    """The runs that are there now, the oldest first."""
    census, moment = Census(session.open(args["basePath"])), run_facts.Moment()
    told = [run_facts.facts(run, moment) for run in census.runs[:MOST_RUNS]]
    return {"runs": told, "count": len(census.runs), "unseen": census.unseen}
