"""What happens when a server ends that nobody told to: it is started again, later each time, or an older one is back."""

from __future__ import annotations

import sys
import time

from serving.generations import Generation
from serving.processes import end
from serving.service import FIRST_DELAY, LONGEST_DELAY, Service
from serving.telling import tell


def tick_running(service: Service, generation: Generation, now: float, is_needed: bool) -> None:
    """A generation that is to run; `is_needed`: it has to go on for whoever may go back to it."""
    if generation.restart_at:
        _restart(service, generation, now)
    elif generation.status is not None:
        if generation.state == "kept" and not is_needed:
            generation.state, generation.stopped_at = "draining", now
        else:
            _crashed(service, generation, now)
    elif generation.state == "kept":
        if now >= generation.kept_until:
            service.drain(generation, generation.drain_seconds)
    elif not generation.is_ready and service.is_ready(generation, None):
        generation.state = "live" if generation is service.live else "kept"
        say("the server of %s answers" % name_of(generation))


def _crashed(service: Service, generation: Generation, now: float) -> None:
    settings = service.settings
    end(generation.left())
    if generation.probe is not None:
        generation.probe.close()
        generation.probe = None
    generation.crashes = [at for at in generation.crashes if at > now - settings.restart_window] + [now]
    older = [each for each in service.generations if each is not generation and each.is_reusable]
    if len(generation.crashes) >= settings.restarts and older and generation is service.live:
        _revert(service, generation, max(older, key=lambda each: each.number))
        return
    delay = min(FIRST_DELAY * 2 ** (len(generation.crashes) - 1), LONGEST_DELAY)
    say(
        "the server of %s has ended (%s); it is started again in %g s"
        % (name_of(generation), _end_of(generation), delay)
    )
    generation.state, generation.since, generation.is_ready = "restarting", now, False
    generation.restart_at = now + delay


def _restart(service: Service, generation: Generation, now: float) -> None:
    left = generation.left()
    if left:
        end(left)
    elif now >= generation.restart_at:
        service.warden.tell("-", generation.pid)
        generation.restarts += 1
        generation.restart_at = 0.0
        service.start(generation)


def _revert(service: Service, crashed: Generation, older: Generation) -> None:
    say("the server of %s ends again and again; %s answers again" % (name_of(crashed), name_of(older)))
    service.go_live(older, time.monotonic())
    what = {"from": crashed.release, "to": older.release, "at": utc_now()}
    service.reverted = {"event": "revertedItself", **what}
    how = "%d crashes within %g s, the last one: %s" % (
        len(crashed.crashes),
        service.settings.restart_window,
        _end_of(crashed),
    )
    try:
        tell(service.settings.base, {**what, "event": "serviceReverted", "operation": "serve", "reason": how})
    except OSError as raised:
        say("the history does not tell of it: %s" % raised.strerror)
    service.drain(crashed, 0)
    crashed.stopped_at = time.monotonic()


def _end_of(generation: Generation) -> str:
    return generation.said or ", ".join("%s %s" % each for each in generation.ended_as().items())


def utc_now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def name_of(generation: Generation) -> str:
    return generation.release or "the plain directory"


def say(sentence: str) -> None:
    """For whoever reads the service's log."""
    try:
        sys.stderr.write("serve.py: %s\n" % sentence)
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        pass
