"""What the control socket is asked for."""

from __future__ import annotations

import os
import time

from serving.control import Client, Control
from serving.crashes import say
from serving.handing import HandOver
from serving.service import Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    Json = dict[str, Any]

VERSION = 1
LONGEST_TIME = 86400


class NotUsable(Exception):
    """A request has a field that can't be used."""


class Requests:
    """Carries requests out. The connection that asked for a hand-over is its lease."""

    def __init__(self, service: Service, control: Control, text: str, update: Callable[[Client], Json | None]) -> None:
        self.service = service
        self.control = control
        self.text = text
        self.update = update
        self.hand_over: HandOver | None = None
        self.client: Client | None = None
        control.asked = self.ask
        control.gone = self.lose
        self.verbs = {
            "status": self._status,
            "prepare": self._prepare,
            "steer": self._steer,
            "back": self._back,
            "keep": self._keep,
            "update": self._update,
            "stop": self._stop,
        }

    def ask(self, client: Client, request: Json) -> None:
        verb = self.verbs.get(str(request.get("do")))
        if verb is None:
            client.tell({"event": "refused", "why": "unknown request: %s" % str(request.get("do"))[:100]})
            return
        try:
            answer = verb(client, request)
        except NotUsable as unusable:
            answer = {"event": "refused", "why": str(unusable)}
        if answer is not None:
            client.tell(answer)

    def lose(self, client: Client) -> None:
        """Whoever asked for a hand-over is gone before it was kept: as before."""
        if client is self.client:
            if self.hand_over is not None and not self.hand_over.is_over:
                say("whoever asked for the hand-over is gone; all is as before")
                self.hand_over.back()
            self.hand_over = self.client = None

    def tick(self, now: float) -> None:
        over, client = self.hand_over, self.client
        if over is None:
            return
        over.tick(now)
        if client is not None and client.waits and not over.is_busy:
            client.waits = False
            if over.is_over and over.failed is None:
                self._forget()
            self.control.go_on(client)
        elif client is None:
            self._go_on_by_itself(over)

    # -- a hand-over ----------------------------------------------------------------------------------------------------

    def _prepare(self, client: Client, request: Json) -> Json | None:
        release = request.get("release")
        if release is not None and not isinstance(release, str):
            raise NotUsable("release: the id of a release, or null")
        ports = request.get("probePorts")
        if ports is not None and not _are_ports(ports):
            raise NotUsable("probePorts: [first, last], from 1 to 65535")
        for name in ("readySeconds", "drainSeconds"):
            _seconds(request, name, 30)
        if self.hand_over is not None:
            if self.hand_over.is_over:
                self._forget()
            else:
                return {"event": "failed", "why": "busy"}
        if release is not None and not self.service.has(release):
            return {"event": "failed", "why": "releaseMissing", "release": release}
        client.waits = True
        self.client = client
        # Before all that may take a while: whoever asked knows by it that somebody is at work.
        client.tell({"event": "preparing"})
        self.hand_over = HandOver(self.service, {**request, "release": release}, client.tell)
        if not self.hand_over.is_busy:
            client.waits = False
        return None

    def _own(self, client: Client) -> HandOver:
        if self.hand_over is None or client is not self.client:
            raise NotUsable("no hand-over was prepared on this connection")
        return self.hand_over

    def _forget(self) -> None:
        self.hand_over = self.client = None

    def _ended(self, over: HandOver) -> Json | None:
        """Why it is over already, told once."""
        failed = over.failed
        if over.is_over:
            self._forget()
        return failed

    def _steer(self, client: Client, _request: Json) -> Json:
        over = self._own(client)
        return self._ended(over) or over.steer()

    def _back(self, client: Client, _request: Json) -> Json:
        over = self._own(client)
        self._forget()
        return over.back()

    def _keep(self, client: Client, request: Json) -> Json:
        over = self._own(client)
        drain = _seconds(request, "drainSeconds", over.drain_seconds)
        keep = _seconds(request, "keepOldSeconds", 0)
        if over.phase == "ready":
            raise NotUsable("steer comes before keep")
        failed = self._ended(over)
        if failed is not None:
            return failed
        self._forget()
        return over.keep(drain, keep)

    def hand_over_to_current(self) -> None:
        """Told by a signal: to what `current` names by now."""
        service = self.service
        release = service.current()
        if self.hand_over is not None or (service.live is not None and service.live.release == release):
            return
        self.hand_over = HandOver(service, {"release": release}, self._say_failure)

    def _say_failure(self, event: Json) -> None:
        if event["event"] == "failed":
            say("the hand-over has failed (%s); all is as before" % event["why"])

    def _go_on_by_itself(self, over: HandOver) -> None:
        if over.phase == "ready":
            over.steer()
            over.keep(over.drain_seconds, 0)
        if over.is_over:
            self._forget()

    # -- all else -------------------------------------------------------------------------------------------------------

    def _status(self, _client: Client, _request: Json) -> Json:
        service, now = self.service, time.monotonic()
        service.count_connections()
        counted = service.arrivals()
        return {
            "event": "status",
            "version": VERSION,
            "pid": os.getpid(),
            "name": service.settings.name,
            "listen": [each.address.shown() for each in service.listening],
            "generations": [each.shown(now, counted) for each in service.generations],
            "handOvers": service.hand_overs,
            "abandoned": service.abandoned,
            "cut": service.cut,
            "text": self.text,
            "reverted": service.reverted,
            "handingOver": self.hand_over is not None and not self.hand_over.is_over,
        }

    def _update(self, client: Client, _request: Json) -> Json | None:
        if self.hand_over is not None and not self.hand_over.is_over:
            return {"event": "failed", "why": "busy"}
        return self.update(client)

    def _stop(self, _client: Client, request: Json) -> Json:
        found = [each for each in self.service.generations if each.release == request.get("release")]
        idle = [each for each in found if each.state in ("kept", "draining")]
        if self.hand_over is not None and not self.hand_over.is_over and self.hand_over.old in idle:
            return {"event": "failed", "why": "busy"}
        if not idle:
            return {"event": "failed", "why": "inUse" if found else "notThere", "release": request.get("release")}
        for each in idle:
            self.service.drain(each, 0)
        return {"event": "stopping", "pids": [each.pid for each in idle]}


def _seconds(request: Json, name: str, otherwise: float) -> float:
    value = request.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= LONGEST_TIME:
        raise NotUsable("%s: from 0 to %d" % (name, LONGEST_TIME))
    return float(value)


def _are_ports(ports: Any) -> bool:
    if not isinstance(ports, list) or len(ports) != 2:
        return False
    return all(type(each) is int and 0 < each < 65536 for each in ports) and bool(ports[0] <= ports[1])
