"""The guard: a process that watches a release after its switch, and decides on it when nobody else is there.

It has one thread, holds a lock of its own and never the engine's, which it takes for the moment of a decision: then it reads
the rollout anew, since whoever had the lock meanwhile may have decided.
"""

from __future__ import annotations

import os
import select
import signal
import time

from hot_deploy import guard_outcomes, guard_votes, history, rollout_ending, rollouts
from hot_deploy.failures import StepFailed
from hot_deploy.guard_checks import Checks
from hot_deploy.guard_logs import Logs
from hot_deploy.layout import Layout
from hot_deploy.session import Session
from hot_deploy.wire import Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Json = dict[str, Any]

# How often it looks whether somebody else has decided, and how often at most it writes what it has counted.
LOOK_SECONDS = 1.0
# Until the guard of what was watched before has seen that it has nothing to do any more.
LOCK_SECONDS = 10.0
# For the engine's lock, at a time: while somebody has it, the guard goes on counting.
ENGINE_SECONDS = 0.5
CHECK_FAILURES = 2
READY = b"ready\n"


def serve(_program: Json, message: Callable[[], Json]) -> None:
    """What the process does; says on its standard output when it is ready, and nothing else ever."""
    settings = message()
    os.setsid()
    os.chdir("/")
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    told = os.dup(1)
    for fd in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), fd)
    layout = Layout(settings["base"])
    if settings["owner"]:
        layout.owner = (settings["owner"][0], settings["owner"][1])
    # What checks start is no run that anybody asked for.
    os.environ["HOT_DEPLOY_UNCOUNTED"] = "1"
    lock = _lock(layout)
    if lock is None:
        return
    guard = Guard(layout, settings)
    os.write(told, READY)
    os.close(told)
    try:
        guard.run()
    finally:
        guard.close()


def _lock(layout: Layout) -> int | None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        taken = rollouts.take_guard_lock(layout)
        if taken is not None or time.monotonic() >= deadline:
            return taken
        time.sleep(0.05)


class Guard:
    """Watches one release until somebody has decided."""

    def __init__(self, layout: Layout, settings: Json) -> None:
        self._layout = layout
        self._rollout: Json = settings["rollout"]
        self._before: Json = settings["control"]
        self._until = time.monotonic() + settings["seconds"]
        self._outcomes = guard_outcomes.Outcomes(layout, self._rollout["release"], self._rollout["fallback"])
        self._checks = Checks(layout, settings["checks"], settings["everySeconds"])
        self._logs = Logs(layout, settings["logs"])
        self._dirty = False
        # Nobody speaks to it.
        self._wire = Wire(0, 1)

    def close(self) -> None:
        self._checks.close()
        self._logs.close()
        self._outcomes.close()

    def run(self) -> None:
        """Until it is decided, by this process or somebody else."""
        looked = time.monotonic()
        while True:
            now = time.monotonic()
            due = [LOOK_SECONDS, self._checks.wait_seconds(now), max(0.0, self._until - now)]
            waiting = [
                each
                for each in (self._outcomes.fileno(), self._checks.fileno(), self._logs.fileno())
                if each is not None
            ]
            select.select(waiting, [], [], min(seconds for seconds in due if seconds is not None))
            now = time.monotonic()
            self._dirty = self._outcomes.take() or self._dirty
            self._dirty = self._checks.step(now) or self._dirty
            self._logs.step()
            if now - looked >= LOOK_SECONDS:
                looked = now
                if not self._is_mine():
                    return
                self._write()
            decided = self._decision(now)
            if decided is None:
                continue
            if self._end(*decided):
                return
            time.sleep(LOOK_SECONDS)

    def _is_mine(self) -> bool:
        found = rollouts.watching(self._layout)
        return found is not None and found["id"] == self._rollout["id"]

    def _write(self) -> None:
        """Writes down what was counted: on a full disk it goes on without."""
        if not self._dirty:
            return
        self._dirty = False
        try:
            rollouts.write_counts(self._layout, self._rollout["id"], self._counted())
        except OSError:
            self._dirty = True

    def _counted(self) -> Json:
        outcomes = self._outcomes
        control = outcomes.control.counts()
        return {
            "candidate": outcomes.candidate.counts(),
            "control": {name: count + self._before[name] for name, count in control.items()},
            "unknown": outcomes.unknown,
            "check": self._checks.last,
        }

    def _decision(self, now: float) -> tuple[str, Json] | None:
        """(the decision, what it was decided by); None where it goes on."""
        if self._checks.failed >= CHECK_FAILURES:
            return "abort", {"check": self._checks.last}
        log = self._logs.over()
        if log is not None:
            return "abort", {"log": log}
        votes, control = self._outcomes.candidate, self._counted()["control"]
        found = guard_votes.decided(votes, control, self._rollout["rule"], now >= self._until)
        return None if found is None else (found[0], {"evidence": found[1]})

    def _end(self, decision: str, by: Json) -> bool:
        """Carries a decision out, once nobody else is at work on the engine. Returns whether it is decided now."""
        wire = self._wire
        session = Session(wire)
        holder = {"operation": rollout_ending.OPERATION}
        try:
            layout = session.open(self._layout.given)
            layout.owner = self._layout.owner
            session.take_lock(layout, holder, ENGINE_SECONDS)
        except (StepFailed, OSError):
            return False
        try:
            if not self._is_mine():
                return True
            current = layout.current_release()
            if history.standing(layout, current).unconfirmed is not None:
                return False  # Whoever was cut off there decides first.
            if current != self._rollout["release"]:
                rollouts.supersede(layout, current)
                return True
            rollout = dict(self._rollout, **self._counted())
            ended = dict(by, by="guard")
            try:
                rollout_ending.end_or_say_why_not(
                    layout, session.undo, session.looks, rollout, decision, ended, wire.check
                )
            except OSError:
                return False  # Such as on a full disk: tried again.
            return True
        finally:
            session.put_right()
