"""One generation of a service: a release's server, from its start until its last process has ended."""

from __future__ import annotations

import json
import os
import signal
import time

from serving.arrivals import Accepted
from serving.connections import Connection, counted
from serving.output import Output
from serving.probing import Probe
from serving.processes import end, inodes, members, memory_mb
from serving.starting import Start, start
from serving.warden import Warden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

# From the signal that asks a server to stop until it is killed.
KILL_SECONDS = 10.0


class Generation:
    """A server on one slot. `state` is what the status calls it, or `ended`."""

    def __init__(self, number: int, release: str | None, slot: int, state: str) -> None:
        self.number = number
        self.release = release
        self.slot = slot
        self.state = state
        self.since = time.monotonic()
        self.pid = 0
        self.pinning: str | None = None
        # Why it can't be started.
        self.said: str | None = None
        self.status: int | None = None
        self.output = Output({})
        self.telling = -1
        self._told = b""
        self.probe: Probe | None = None
        self.is_ready = False
        # Since it was ready for the last time.
        self.restarts = 0
        self.crashes: list[float] = []
        self.restart_at = 0.0
        # When it began to be drained, by when it has to have ended, when its queue was seen filled for the last time.
        self.drain_from = 0.0
        self.drain_until = 0.0
        self.busy_at = 0.0
        self.looked_at = 0.0
        self.half_open: set[tuple[bytes, int]] = set()
        self.kept_until = 0.0
        self.stopped_at = 0.0
        self.drain_seconds = 30.0
        self.connections: int | None = None
        self.accepted = Accepted()

    # -- its process ----------------------------------------------------------------------------------------------------

    def begin(self, how: Start, sockets: list[int], warden: Warden) -> None:
        """Starts the server, for the first time or anew."""
        tail = self.output.tail
        self.output.close()
        self.output, streams = Output.opened()
        # What it said before it crashed is told until it says something.
        self.output.tail = tail if self.restarts else b""
        self.status, self.said, self.stopped_at, self.is_ready = None, None, 0.0, False
        self._told = b""
        try:
            self.pid, self.telling = start(how, sockets, streams)
        finally:
            for stream in streams:
                os.close(stream)
        warden.tell("+", self.pid)

    def hear(self) -> None:
        """What the process says of itself before it becomes the server; at the end of that, it is or it has failed."""
        if self.telling < 0:
            return
        try:
            read = os.read(self.telling, 65536)
        except BlockingIOError:
            return
        if read:
            self._told += read
            return
        os.close(self.telling)
        self.telling = -1
        for line in self._told.splitlines():
            facts = json.loads(line)
            self.pinning = facts.get("pinning", self.pinning)
            self.said = facts.get("failed")

    @property
    def is_running(self) -> bool:
        return bool(self.pid) and self.status is None

    @property
    def is_reusable(self) -> bool:
        """Whether it could take requests again: nobody has told it to stop."""
        return self.state in ("kept", "draining") and self.is_running and self.is_ready and not self.stopped_at

    def stop(self, number: int) -> None:
        """Asks the server to stop."""
        if not self.stopped_at:
            self.stopped_at = time.monotonic()
        if self.is_running:
            end([self.pid], number)

    def kill(self) -> None:
        if self.pid:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except OSError:
                pass
            end(members(self.pid))

    def left(self) -> list[int]:
        """Its processes."""
        return members(self.pid) if self.pid else []

    def look(self, found: list[Connection]) -> int:
        """Counts its connections among those on the service's ports."""
        self.connections = counted(found, inodes(self.left()))
        return self.connections

    # -- what is said of it ---------------------------------------------------------------------------------------------

    def ended_as(self) -> Json:
        """How its process ended."""
        if self.status is None:
            return {}
        if os.WIFSIGNALED(self.status):
            return {"signal": signal.Signals(os.WTERMSIG(self.status)).name}
        return {"exitCode": os.WEXITSTATUS(self.status)}

    def shown(self, now: float, counted: int | None) -> Json:
        """`counted`: what Service.arrivals() says now."""
        pids = self.left()
        return {
            "release": self.release,
            "state": self.state,
            "pid": self.pid if self.is_running else None,
            "sinceSeconds": round(now - self.since, 1),
            "restarts": self.restarts,
            "memoryMb": memory_mb(pids),
            "processes": len(pids),
            "connections": self.connections,
            "accepted": self.accepted.at(counted),
            "pinning": self.pinning,
            "slot": self.slot,
        }

    # -- over an update of serve.py ----------------------------------------------------------------------------------------

    PLAIN = (
        *("number", "release", "slot", "state", "since", "pid", "pinning", "said", "status", "telling", "is_ready"),
        *("restarts", "crashes", "restart_at", "drain_from", "drain_until", "busy_at", "kept_until", "stopped_at"),
        *("drain_seconds",),
    )

    def saved(self) -> Json:
        facts = {name: getattr(self, name) for name in self.PLAIN}
        return {
            **facts,
            "accepted": self.accepted.saved(),
            "told": self._told.decode("latin-1"),
            "ends": [[read, to] for read, to in self.output.ends.items()],
            "tail": self.output.tail.decode("latin-1"),
        }

    @classmethod
    def restored(cls, facts: Json) -> Generation:
        made = cls(facts["number"], facts["release"], facts["slot"], facts["state"])
        for name in cls.PLAIN:
            if name in facts:
                setattr(made, name, facts[name])
        made.accepted = Accepted(*facts.get("accepted", (None,)))
        made._told = facts["told"].encode("latin-1")
        made.output = Output(dict(facts["ends"]), facts["tail"].encode("latin-1"))
        return made

    def descriptors(self) -> list[int]:
        return [*self.output.ends, *([self.telling] if self.telling >= 0 else [])]
