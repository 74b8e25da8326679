"""Steps of a rollout: having what is live watched, asking how that goes, and deciding on it."""

from __future__ import annotations

import json
import os
import time

from hot_deploy import guard_starting, guard_telling, history, lines, rollout_ending, rollouts, running
from hot_deploy.failures import StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.layout import Layout
    from hot_deploy.session import Session

    Json = dict[str, Any]

# How long the runs of a release that was watched before tell how the next one compares, in seconds.
CONTROL_SECONDS = 24 * 3600
ID_BYTES = 8


def watch(session: Session, _id: Any, args: Json) -> Json:
    """Has the live release watched from now on, by a process that outlives this conversation."""
    layout = session.require_lock()
    if layout.standing_release() != args["release"]:
        raise StepFailed("rolloutNotLive", release=args["release"])
    if not os.path.isdir(layout.release(args["fallback"])):
        raise StepFailed("releaseMissing", release=args["fallback"])
    started = time.time()
    rollout = {
        "id": os.urandom(ID_BYTES).hex(),
        "state": rollouts.WATCHING,
        "release": args["release"],
        "fallback": args["fallback"],
        "entrypoint": args["entrypoint"],
        "startedAt": history.now(),
        "until": history.moment(int((started + args["seconds"]) * 1000)),
        "rule": args["rule"],
        "candidate": rollouts.none_counted(),
        "control": _control(layout, args["fallback"], started),
        "unknown": 0,
        "check": None,
        "survives": running.survives(),
        "service": args.get("service"),
        "ended": None,
    }
    before = rollouts.read(layout)
    rollouts.write(layout, rollout)
    settings = {
        "base": layout.base,
        "owner": list(layout.owner) if layout.owner else None,
        "rollout": rollout,
        "control": rollout["control"],
        "seconds": args["seconds"],
        "checks": args["checks"],
        "logs": args["logs"],
        "everySeconds": args["everySeconds"],
    }
    try:
        guard_starting.start(settings, session.wire)
    except BaseException:
        _leave(layout, before)
        raise
    history.append(layout, "watching", to=args["release"], until=rollout["until"])
    return {"rollout": rollouts.told(layout)}


def get_rollout(session: Session, _id: Any, args: Json) -> Json:
    """The last rollout, if there was any."""
    return {"rollout": rollouts.told(session.open(args["basePath"]))}


def count_run(session: Session, _id: Any, args: Json) -> Json:
    """Tells the guard of a run that the client has judged: its rule over the output counts as well."""
    layout = session.open(args["basePath"])
    start = {"release": args["release"], "key": args.get("key")}
    end = {"code": None, "signal": None, **({} if args["failed"] is None else {"failed": args["failed"]})}
    said = "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in (start, end)).encode("utf-8")
    return {"counted": guard_telling.tell(layout, said)}


def end_rollout(session: Session, _id: Any, args: Json) -> Json:
    """Decides on the rollout: as a person does, or with `settle` as what its guard, which is gone, would have."""
    layout = session.require_lock()
    rollout = rollouts.watching(layout)
    if rollout is None or args.get("id") not in (None, rollout["id"]):
        raise StepFailed("noRollout")
    undo, looks, check = session.undo, session.looks, session.wire.check
    if args["decision"] == "settle":
        if rollouts.has_guard(layout):
            raise StepFailed("noRollout")
        due = rollout_ending.due(rollout)
        ended = {"by": "next", "evidence": due["evidence"]}
        rollout_ending.end_or_say_why_not(layout, undo, looks, rollout, due["decision"], ended, check)
    else:
        ended = {"by": "person", "evidence": {"candidate": rollout["candidate"], "control": rollout["control"]}}
        rollout_ending.end(layout, undo, looks, rollout, args["decision"], ended, check)
    return {"rollout": rollouts.told(layout)}


def _leave(layout: Layout, before: Json | None) -> None:
    if before is not None:
        rollouts.write(layout, before)
    elif os.path.lexists(layout.rollout):
        os.unlink(layout.rollout)


def _control(layout: Layout, release: str, now: float) -> Json:
    """How often the release failed that was live before, where that was watched in the last 24 hours."""
    for line in lines.read_backwards(layout.history):
        entry: Any = lines.parsed(line) if b'"watched"' in line else None
        if not history.is_ours(entry) or entry["event"] != "watched" or entry.get("to") != release:
            continue
        is_recent = now - rollout_ending.seconds_of(entry["at"]) < CONTROL_SECONDS
        return _counts_in(entry) if is_recent else rollouts.none_counted()
    return rollouts.none_counted()


def _counts_in(entry: Json) -> Json:
    """Of the release that a line tells the end of a rollout of."""
    found: Any = entry
    for name in ("ended", "evidence", "candidate"):
        found = found.get(name) if isinstance(found, dict) else None
    return {name: found[name] for name in ("runs", "failed")} if rollouts.are_counts(found) else rollouts.none_counted()
