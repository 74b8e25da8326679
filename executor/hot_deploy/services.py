"""What a switch does to services that keep running: either they are told to load what is live, or `serve.py` hands over.

Whichever is under way is the layout's: whatever takes the switch back, takes it along. It lives in this process alone.
"""

from __future__ import annotations

import random
import time
from urllib.parse import urlsplit

from hot_deploy import service_reload, service_sockets
from hot_deploy.failures import StepFailed
from hot_deploy.service_gap import Gap
from hot_deploy.service_sockets import ANSWER_SECONDS, Gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hot_deploy.layout import Layout
    from hot_deploy.service_sockets import Check, Json, Service

# Below the ports that systems choose for connections, so that few clients have one of them.
FIRST_PORT, LAST_PORT, PORTS = 20000, 31999, 32
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# Until an older version has ended, where a new one has no place beside those that run.
PLACE_SECONDS = 60.0
# For what a release that was taken back has still to answer. Whoever cancels waits for it, too.
END_SECONDS = 7.0
TURN_SECONDS = 0.05
# For what was live a moment ago.
READY_SECONDS = 60.0


def _go_on() -> None:
    """For what is done after the conversation: nobody can stop it any more."""


class Reload:
    """A service that is told to load what is live."""

    def __init__(self, layout: Layout, action: Json, address: Json | None) -> None:
        self._layout = layout
        self._action = action
        self._gap = Gap(address["host"], address["port"]) if address else None

    def act(self, left: str | None, check: Check) -> Json:
        """`left`: what was live before."""
        started = time.monotonic()
        service_reload.act(self._layout, self._action, left, check)
        return {"method": "reload", "milliseconds": round((time.monotonic() - started) * 1000, 1)}

    def keep(self) -> Json:
        gap = self._gap.end() if self._gap else None
        return {} if gap is None else {"gapMs": gap}

    def take_back(self, live: str | None, left: str) -> None:
        """The same action again: by now the service may have loaded what is not live any more."""
        if self._gap:
            self._gap.end()
        try:
            service_reload.act(self._layout, self._action, left, _go_on)
        except StepFailed as failed:
            # It has loaded nothing else where nobody runs the release that came to nothing.
            if failed.kind != "serviceNobody":
                raise


class HandOver:
    """The services that `serve.py` runs, with the new release started beside what answers."""

    def __init__(self, layout: Layout, drain_seconds: float, keep_old_seconds: float) -> None:
        self._drain_seconds, self._keep_old_seconds = drain_seconds, keep_old_seconds
        self._layout = layout
        self._services = service_sockets.connected(layout)
        self.is_steered = False
        # What was started for this, and goes with it.
        self._release: str | None = None
        self._listen: list[str] = []
        first = random.randrange(FIRST_PORT, LAST_PORT - PORTS)
        # Connections from these go to what waits.
        self.ports = range(first, first + PORTS)

    @property
    def count(self) -> int:
        return len(self._services)

    def listens_at(self, port: int) -> bool:
        """Whether one of them takes connections there."""
        return any(address.rpartition(":")[2] == str(port) for address in self._listen)

    def prepare(self, release: str | None, seconds: float, check: Check) -> Json:
        """Has each start the release, and waits until it is ready. Raises StepFailed `serviceNotReady`."""
        started = time.monotonic()
        for service in self._services:
            status = self._until(service, {"do": "status"}, "status", ANSWER_SECONDS, check)
            self._listen += service_sockets.addresses(status)
        ports = [self.ports[0], self.ports[-1]]
        request = {"do": "prepare", "release": release, "readySeconds": seconds, "probePorts": ports}
        # Also for what came to it before it was taken back.
        request["drainSeconds"] = self._drain_seconds
        self._release = release
        # It says at once that it has heard, so that one that says nothing is not waited for as one that starts is.
        longer = {"preparing": PLACE_SECONDS, "starting": seconds + ANSWER_SECONDS}
        for service in self._services:
            event = self._until(service, request, "ready", ANSWER_SECONDS, check, longer)
            if event.get("reused"):
                self._release = None
        return {"services": self.count, "milliseconds": round((time.monotonic() - started) * 1000, 1)}

    def steer(self, check: Check) -> Json:
        """From now on new connections go to the new release."""
        started = time.monotonic()
        self.is_steered = True
        for service in self._services:
            self._until(service, {"do": "steer"}, "steered", ANSWER_SECONDS, check)
        return {"method": "handOver", "milliseconds": round((time.monotonic() - started) * 1000, 1)}

    def keep(self) -> Json:
        request = {"do": "keep", "drainSeconds": self._drain_seconds, "keepOldSeconds": self._keep_old_seconds}
        for service in self._services:
            self._until(service, request, "kept", ANSWER_SECONDS, _go_on)
        self.close()
        return {}

    def take_back(self, live: str | None, left: str) -> None:
        """The end of a connection does it by itself. Where that leads elsewhere, it is handed over once more."""
        is_back = bool(self._services)
        try:
            for service in self._services:
                event = self._until(service, {"do": "back"}, "back", ANSWER_SECONDS, _go_on)
                is_back = is_back and service_sockets.release_of(event.get("live")) == live
            self._wait_for_end()
        except StepFailed:
            is_back = False
        finally:
            self.close()
        if not is_back and self.is_steered:
            self._hand_back(live)

    def _wait_for_end(self) -> None:
        """Waits until the release can be removed: what came to it is answered first, for as long as there is time."""
        release = self._release
        if release is None:
            return
        deadline = time.monotonic() + END_SECONDS
        for service in self._services:
            while time.monotonic() < deadline:
                event = self._until(service, {"do": "status"}, "status", ANSWER_SECONDS, _go_on)
                if not service_sockets.runs(event, release):
                    break
                time.sleep(TURN_SECONDS)

    def _hand_back(self, live: str | None) -> None:
        again = HandOver(self._layout, self._drain_seconds, 0)
        try:
            again.prepare(live, READY_SECONDS, _go_on)
            again.steer(_go_on)
            again.keep()
        finally:
            again.close()

    def close(self) -> None:
        for service in self._services:
            service.close()
        self._services = []

    def _until(
        self,
        service: Service,
        request: Json,
        wanted: str,
        seconds: float,
        check: Check,
        longer: Mapping[str, float] | None = None,
    ) -> Json:
        try:
            for event in service.ask(request, seconds, check, longer):
                if event["event"] == wanted:
                    return event
                if event["event"] in ("failed", "refused"):
                    raise service_sockets.refusal(service, event)
        except Gone:
            pass
        raise service_sockets.refusal(service, {"why": "gone"})


def prepare(layout: Layout, args: Json, check: Check) -> Json:
    """See the verb prepareService."""
    hand_over = HandOver(layout, args["drainSeconds"], args["keepOldSeconds"])
    if hand_over.count == 0:
        raise StepFailed("serviceMissing", path=layout.state)
    layout.service = hand_over
    return hand_over.prepare(args["release"], args["readySeconds"], check)


def switch(layout: Layout, args: Json, left: str | None, check: Check) -> Json:
    """See the verb switchService."""
    action: Any = args.get("reload")
    if action is not None:
        layout.service = reload = Reload(layout, action, args.get("address"))
        return reload.act(left, check)
    if isinstance(layout.service, HandOver):
        told = layout.service.steer(check)
        if args.get("alone"):
            layout.service.keep()
            layout.service = None
            update(layout)
        return told
    raise StepFailed("serviceNotPrepared")


def update(layout: Layout) -> None:
    """Has each go on with the text of `serve.py` that is there by now. One that can't goes on as it is."""
    for service in service_sockets.connected(layout):
        try:
            next(service.ask({"do": "update"}, ANSWER_SECONDS, _go_on))
        except Gone:
            pass
        finally:
            service.close()


def give_up(layout: Layout) -> None:
    """Before what was made is removed: ends a new version that nothing was switched to."""
    if isinstance(layout.service, HandOver) and not layout.service.is_steered:
        under_way, layout.service = layout.service, None
        under_way.take_back(None, "")


def probe_ports(layout: Layout, url: str) -> range | None:
    """Ports to ask what waits from; None where nothing waits for a switch that answers at this address."""
    parts = urlsplit(url)
    under_way = layout.service
    if not isinstance(under_way, HandOver) or parts.hostname not in LOOPBACK:
        return None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return under_way.ports if under_way.listens_at(port) else None
