"""Steps about the runs that are there now. None needs the lock: what is deployed stays what it is."""

from __future__ import annotations

import os

from hot_deploy import history, run_facts, stopping
from hot_deploy.census import Census
from hot_deploy.contract import MOST_RUNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.session import Session

    Json = dict[str, Any]

# Ends of runs that something was done to, and as many as one line of the history names.
SIGNALLED = ("ended", "killed", "remains")
NOTED = 100


def runs(session: Session, _id: Any, args: Json) -> Json:
    """The runs that are there now, the oldest first."""
    census, moment = Census(session.open(args["basePath"])), run_facts.Moment()
    told = [run_facts.facts(run, moment) for run in census.runs[:MOST_RUNS]]
    return {"runs": told, "count": len(census.runs), "unseen": census.unseen}


def stop_runs(session: Session, _id: Any, args: Json) -> Json:
    """Ends runs, each named by its root and the time of its start; the history says who asked, and how they ended."""
    layout = session.open(args["basePath"])
    chosen = [(pid, started) for pid, started in args["runs"]]
    ends = stopping.stop(layout, session.wire, chosen, args["includeLive"], args["waitSeconds"])
    is_noted = True
    # An engine that was never deployed has no history.
    if os.path.isdir(layout.state) and any(each["end"] in SIGNALLED for each in ends):
        try:
            by = history.asked_by(args["holder"])
            history.append(layout, "stopped", by=by, runs=ends[:NOTED])
        except OSError:
            is_noted = False
    return {"ends": ends, "noted": is_noted}
