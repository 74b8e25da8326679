"""Deciding on a rollout: what the guard does by itself, and a person or the next operation in its place.

Whoever does it holds the engine's lock, and goes back by the one way to switch.
"""

from __future__ import annotations

import calendar
import time

from hot_deploy import entrypoints, history, rollouts, switching, verdict
from hot_deploy.failures import StepFailed
from hot_deploy.later import services

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from hot_deploy.journal import Journal
    from hot_deploy.layout import Layout
    from hot_deploy.looks import Looks

    Json = dict[str, Any]

OPERATION = "watch"


def end(
    layout: Layout, undo: Journal, looks: Looks, rollout: Json, decision: str, ended: Json, check: Callable[[], None]
) -> Json:
    """Carries a decision out, `promote`, `abort` or `inconclusive`, and writes it down. Returns the rollout as it is then.

    `ended` says who decided, and why: `by`, and what it was decided by. Raises StepFailed where nothing could be gone
    back to, with what is live as it was.
    """
    if decision == "abort":
        _go_back(layout, undo, looks, rollout, check)
    ended = dict(ended, at=history.now(), decision=decision)
    history.append(layout, "watched", to=rollout["release"], decision=decision, ended=ended)
    done = dict(rollout, state=rollouts.STATES[decision], ended=ended)
    rollouts.write(layout, done)
    return done


def end_or_say_why_not(
    layout: Layout, undo: Journal, looks: Looks, rollout: Json, decision: str, ended: Json, check: Callable[[], None]
) -> None:
    """As end(), where no person waits: what can't be gone back from stays live, is said to be bad, and holds nobody up."""
    try:
        end(layout, undo, looks, rollout, decision, ended, check)
    except StepFailed as failed:
        ended = dict(ended, at=history.now(), decision=decision, failed=failed.kind)
        rollouts.write(layout, dict(rollout, state=rollouts.STATES["inconclusive"], ended=ended))


def due(rollout: Json) -> Json:
    """What is to be decided where the guard is gone: by what it had counted, and never that a release is good too early."""
    evidence = {"candidate": rollout["candidate"], "control": rollout["control"]}
    decision = verdict.judge(evidence, rollout["rule"], True)
    if decision == "promote" and not is_over(rollout):
        decision = "inconclusive"
    return {"decision": decision, "evidence": evidence}


def is_over(rollout: Json) -> bool:
    return time.time() >= seconds_of(rollout["until"])


def seconds_of(moment: str) -> float:
    """A moment of the history in seconds since 1970."""
    return calendar.timegm(time.strptime(moment[:19], "%Y-%m-%dT%H:%M:%S"))


def _go_back(layout: Layout, undo: Journal, looks: Looks, rollout: Json, check: Callable[[], None]) -> None:
    """Makes the release live again that was confirmed last."""
    fallback = rollout["fallback"]
    if layout.standing_release() != rollout["release"]:
        return  # Somebody has switched meanwhile: there is nothing to take back.
    look = looks.at(layout, fallback)
    look.look_again()
    switching.refuse_damaged(layout, fallback, look)
    entrypoint = entrypoints.of_release(layout, fallback, rollout["entrypoint"])
    service = rollout.get("service") or {}
    if service.get("prepare"):
        services.prepare(layout, dict(service["prepare"], release=fallback), check)
    launcher = switching.wanted_launcher({"entrypoint": entrypoint})
    pending, _ = switching.switch(layout, undo, fallback, OPERATION, launcher)
    try:
        if service.get("switch") is not None:
            services.switch(layout, service["switch"], pending["from"], check)
        switching.confirm(layout, pending)
    except StepFailed as failed:
        undo.revert(pending, failed.kind)
        raise
    undo.confirm()
