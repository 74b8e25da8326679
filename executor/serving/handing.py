"""A hand-over: from the start of a new generation until it is kept, or taken back."""

from __future__ import annotations

import time

from serving.commands import names_descriptor
from serving.generations import Generation
from serving.service import Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    Json = dict[str, Any]

# Outside of what Linux takes for outgoing connections by itself.
OWN_PORTS = (24100, 24131)


class HandOver:
    """One of them, which somebody asked for who hears of it by `tell`."""

    def __init__(self, service: Service, asked: Json, tell: Callable[[Json], None]) -> None:
        self.service = service
        self.tell = tell
        self.release: str | None = asked["release"]
        self.ready_seconds = float(asked.get("readySeconds", service.settings.ready_seconds))
        self.drain_seconds = float(asked.get("drainSeconds", service.settings.drain_seconds))
        first, last = asked.get("probePorts") or OWN_PORTS
        self.ports = (int(first), int(last))
        self.phase = "slot"
        self.new: Generation | None = None
        # The one that was live when it was steered away from it.
        self.old: Generation | None = None
        # What the new one was before, where it is one that is there already.
        self.was: str | None = None
        self.began = time.monotonic()
        self.failed: Json | None = None
        self._reuse(bool(asked.get("again")))

    def _reuse(self, again: bool) -> None:
        live = self.service.live
        if live is not None and live.release == self.release and not again and live.is_running and live.is_ready:
            self.new, self.was = live, "live"
        else:
            fit = [each for each in self.service.generations if each.release == self.release and each.is_reusable]
            if not fit or again:
                return
            self.new = max(fit, key=lambda each: each.number)
            self.was, self.new.state = self.new.state, "waiting"
            self.service.steer(self.new, self.ports)
        self.phase = "ready"
        self.tell({"event": "starting", "pid": self.new.pid, "reused": True})
        self._tell_ready(reused=True)

    def _tell_ready(self, **more: Any) -> None:
        live = self.service.live
        milliseconds = round((time.monotonic() - self.began) * 1000)
        self.tell({"event": "ready", "milliseconds": milliseconds, "live": live.release if live else None, **more})

    @property
    def is_busy(self) -> bool:
        """Whether the answer to `prepare` is still to come."""
        return self.phase in ("slot", "starting")

    @property
    def is_over(self) -> bool:
        return self.phase == "over"

    # -- as time goes by ------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        if self.phase == "slot":
            self._take_slot(now)
        elif self.phase == "starting":
            self._wait_for_ready(now)
        elif self.new is not None and self.was != "live" and self.new.status is not None and self.failed is None:
            self._lose_new()

    def _take_slot(self, now: float) -> None:
        slot = self.service.free_slot()
        if slot is not None:
            self.began = now
            self.phase = "starting"
            self.new = self.service.add(self.release, slot, "waiting")
            self.service.steer(self.new, self.ports)
            self.tell({"event": "starting", "pid": self.new.pid})
            return
        others = [each for each in self.service.generations if each.state in ("kept", "draining")]
        if others and not any(each.state == "draining" for each in others):
            oldest = min(others, key=lambda each: each.number)
            self.service.drain(oldest, self.drain_seconds)

    def _wait_for_ready(self, now: float) -> None:
        assert self.new is not None
        new, seconds = self.new, self.ready_seconds
        if new.status is not None:
            self._fail(self.why_ended())
        elif self.service.is_ready(new, self.ports):
            self.phase = "ready"
            self._tell_ready()
        elif now >= self.began + seconds:
            # Without the descriptor it may listen somewhere, but nobody is sent there.
            takes = names_descriptor(self.service.settings.command)
            why = "notReady" if takes else "socketNotTaken"
            self._fail({"why": why, "seconds": seconds, "lastLines": new.output.last_lines()})

    def why_ended(self) -> Json:
        assert self.new is not None
        new = self.new
        if new.said is not None:
            return {"why": "notStartable", "said": new.said}
        return {"why": "died", **new.ended_as(), "lastLines": new.output.last_lines()}

    def _fail(self, facts: Json) -> None:
        self.back()
        self.tell({"event": "failed", **facts})

    def _lose_new(self) -> None:
        """The new one has ended before it was kept: the old one goes on, and the next request hears of it."""
        self.failed = {"event": "failed", **self.why_ended()}
        self.back()

    # -- what is asked for ----------------------------------------------------------------------------------------------

    def steer(self) -> Json:
        """New connections go to the new one."""
        began = time.monotonic()
        service, new, old = self.service, self.new, self.service.live
        if self.phase == "ready" and new is not old:
            assert new is not None
            service.go_live(new, began)
            self.old = old
            if old is not None:
                old.state, old.since, old.kept_until = "kept", began, float("inf")
                service.note_queue(old)
        self.phase = "steered"
        return {"event": "steered", "milliseconds": round((time.monotonic() - began) * 1000, 1)}

    def back(self) -> Json:
        """As it was before."""
        service, new, old = self.service, self.new, self.old
        if self.phase != "over":
            self.phase = "over"
            if old is not None and service.live is new:
                service.go_live(old, time.monotonic())
            else:
                service.steer()
            if new is not None and new is not service.live:
                self._give_back(new)
        return {"event": "back", "live": service.live.release if service.live else None}

    def _give_back(self, new: Generation) -> None:
        if self.was is not None and new.is_running:
            new.state = "kept"
            self.service.note_queue(new)
            if self.was == "kept" and new.kept_until != float("inf"):
                return
        self.service.drain(new, self.drain_seconds)
        if not new.is_ready or (self.old is None and self.was is None):
            # It has taken no connection yet, but those of whoever tried it.
            new.stop(self.service.settings.stop_signal)

    def keep(self, drain_seconds: float, keep_old_seconds: float) -> Json:
        """The new one stays."""
        self.phase = "over"
        service, old = self.service, self.old
        if old is not None:
            service.hand_overs += 1
            service.reverted = None
            old.drain_seconds = drain_seconds
            if keep_old_seconds > 0 and old.is_running:
                old.kept_until = time.monotonic() + keep_old_seconds
            else:
                service.drain(old, drain_seconds)
        return {"event": "kept", "live": service.live.release if service.live else None}
