"""Waiting until no run and no request is in progress. Nothing is held back: the next one may start in the very next moment."""

from __future__ import annotations

import time

from hot_deploy import service_sockets
from hot_deploy.census import Census
from hot_deploy.contract import MANY
from hot_deploy.service_sockets import Gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from hot_deploy.census import Member, Run
    from hot_deploy.layout import Layout
    from hot_deploy.service_sockets import Service

    Json = dict[str, Any]
    Check = Callable[[], None]

# Between two looks, in seconds: each pause is longer than the one before, and no look takes more than its share of the time.
FIRST_PAUSE, LONGEST_PAUSE, GROWTH, LOOKS_A_PAUSE = 0.1, 2.0, 1.5, 10
# A service that is busy takes its time.
ANSWER_SECONDS = 5.0
# Whoever cancels waits for no more than this.
TURN_SECONDS = 0.05


def wait(layout: Layout, pause_seconds: float, wait_seconds: float, check: Check) -> Json:
    """See the verb waitForQuiet."""
    started = time.monotonic()
    _sleep(started + pause_seconds, check)
    deadline = time.monotonic() + wait_seconds
    pause = FIRST_PAUSE
    while True:
        before = time.monotonic()
        runs, requests = _in_progress(layout, check)
        now = time.monotonic()
        if not (runs or requests) or now >= deadline:
            break
        pause = min(max(pause, (now - before) * LOOKS_A_PAUSE), LONGEST_PAUSE)
        _sleep(min(now + pause, deadline), check)
        pause *= GROWTH
    return {
        "quiet": not (runs or requests),
        "runs": runs[:MANY],
        "requests": requests[:MANY],
        "milliseconds": round((time.monotonic() - started) * 1000, 1),
    }


def _sleep(until: float, check: Check) -> None:
    while True:
        check()
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, TURN_SECONDS))


def _in_progress(layout: Layout, check: Check) -> tuple[list[Json], list[Json]]:
    """Runs of any release, and requests at services."""
    serving = set()
    requests = []
    for service in service_sockets.connected(layout):
        try:
            serving.add(service.process())
            requests.append({"service": service.name, "connections": _connections(service, check)})
        finally:
            service.close()
    census = Census(layout)
    runs = [run for run in census.runs if not _is_below(run, serving, census.processes)]
    return (
        [{"processId": run.root.pid, "release": run.release} for run in runs],
        [request for request in requests if request["connections"] != 0],
    )


def _is_below(run: Run, serving: set[int], processes: Mapping[int, Member]) -> bool:
    """Whether it is the server of a service, which is always there, or something that one has started."""
    return any(_descends(member, serving, processes) for member in run.members)


def _descends(member: Member, serving: set[int], processes: Mapping[int, Member]) -> bool:
    seen: set[int] = set()
    above: Member | None = member
    while above is not None and above.pid not in seen:
        if above.pid in serving:
            return True
        seen.add(above.pid)
        above = processes.get(above.stat.parent)
    return False


def _connections(service: Service, check: Check) -> int | None:
    """Those of what is live: what is drained has had its last new one. None where nobody answers in time."""
    try:
        status = service.status(ANSWER_SECONDS, check)
    except Gone:
        return None
    counts: list[int] = [each.get("connections", 0) for each in status["generations"] if each["state"] == "live"]
    return sum(counts)
