"""A service: its sockets, the generations of its server, and which of them gets new connections."""

from __future__ import annotations

import errno
import os
import re
import signal
import time
from functools import partial

from serving.arrivals import arrivals
from serving.connections import Connection, connections, half_open
from serving.generations import KILL_SECONDS, Generation
from serving.listening import SLOTS, Listening, each_slot
from serving.loop import Loop
from serving.marking import mark, mark_path, unmark
from serving.probing import Probe
from serving.processes import end
from serving.starting import Start
from serving.warden import Warden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from serving.settings import Settings

    Json = dict[str, Any]

RELEASE_NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?")
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
# How long an old server goes on accepting at least, and since when nobody may have been queued.
ACCEPTING_SECONDS, QUIET_SECONDS = 3.0, 1.0
LOOK_SECONDS = 0.25


class Service:
    """What is there. Whoever changes it is in handing.py, draining.py and crashes.py."""

    def __init__(self, settings: Settings, listening: list[Listening], loop: Loop, warden: Warden) -> None:
        self.settings = settings
        self.listening = listening
        self.loop = loop
        self.warden = warden
        self.generations: list[Generation] = []
        self.live: Generation | None = None
        self.count = 0
        self.hand_overs = 0
        self.abandoned = 0
        self.cut = 0
        self.reverted: Json | None = None
        self.is_ending = False

    # -- generations ----------------------------------------------------------------------------------------------------

    def free_slot(self) -> int | None:
        """The one that was used longest ago: in turn."""
        taken = {each.slot for each in self.generations}
        last = self.generations[-1].slot if self.generations else -1
        for step in range(1, SLOTS + 1):
            slot = (last + step) % SLOTS
            if slot not in taken:
                return slot
        return None

    def add(self, release: str | None, slot: int, state: str) -> Generation:
        """A new generation, started."""
        self.count += 1
        made = Generation(self.count, release, slot, state)
        self.generations.append(made)
        for fd in (each.sockets[slot].fileno() for each in self.listening):
            self.loop.forget(fd)
        self.start(made)
        return made

    def start(self, generation: Generation) -> None:
        settings = self.settings
        sockets = list(each_slot(self.listening, generation.slot))
        for each in sockets:
            # The one before may have changed it for all that share the socket.
            each.setblocking(True)
        for one in self.listening:
            one.renew_name(generation.slot)
        how = Start(settings.base, generation.release, settings.command, settings.directory, self.mark_of(generation))
        self.forget_output(generation)
        generation.begin(how, [each.fileno() for each in sockets], self.warden)
        self.watch(generation)

    def watch(self, generation: Generation) -> None:
        for fd in generation.output.ends:
            self.loop.watch(fd, partial(self._pass_on, generation))
        if generation.telling >= 0:
            self.loop.watch(generation.telling, partial(self._hear, generation))

    def _pass_on(self, generation: Generation, fd: int) -> None:
        if not generation.output.pass_on(fd) or fd in generation.output.stalled:
            self.loop.forget(fd)

    def _hear(self, generation: Generation, fd: int) -> None:
        generation.hear()
        if generation.telling < 0:
            self.loop.forget(fd)

    def forget_output(self, generation: Generation) -> None:
        for fd in generation.descriptors():
            self.loop.forget(fd)

    def resume_output(self) -> None:
        """Goes on with what could not be passed on for a moment."""
        for generation in self.generations:
            for fd in list(generation.output.stalled):
                if generation.output.pass_on(fd) and fd not in generation.output.stalled:
                    self.loop.watch(fd, partial(self._pass_on, generation))

    def reap(self) -> None:
        """Takes note of every child that has ended; process 1 gets those of others, too."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            except OSError as raised:
                if raised.errno == errno.EINTR:
                    continue
                raise
            if pid == 0:
                return
            if pid == self.warden.pid and not self.is_ending:
                self.renew_warden()
            for generation in self.generations:
                if generation.pid == pid and generation.status is None:
                    generation.status = status
                    generation.hear()
                    generation.output.drain()

    def renew_warden(self) -> None:
        os.close(self.warden.fd)
        self.warden = Warden.started()
        for each in self.generations:
            if each.pid:
                self.warden.tell("+", each.pid)

    def finish(self, generation: Generation) -> None:
        """It has ended, with all its processes: its slot is free."""
        generation.output.drain()
        self.forget_output(generation)
        generation.output.close()
        if generation.telling >= 0:
            os.close(generation.telling)
            generation.telling = -1
        if generation.probe is not None:
            generation.probe.close()
        if generation.pid:
            self.warden.tell("-", generation.pid)
        unmark(self.mark_of(generation))
        generation.state = "ended"
        if generation in self.generations:
            self.generations.remove(generation)
        for each in self.listening:
            self.watch_free(each, generation.slot)

    def watch_free(self, listening: Listening, slot: int) -> None:
        """What lands where nobody accepts any more is turned away, and counted."""

        def turn_away(_fd: int) -> None:
            self.abandoned += listening.turn_away(slot)

        self.loop.watch(listening.sockets[slot].fileno(), turn_away)

    # -- which gets new connections -------------------------------------------------------------------------------------

    def steer(self, waiting: Generation | None = None, ports: tuple[int, int] = (0, 0)) -> None:
        """To the live one, and those from a probe's source ports to the one that waits."""
        assert self.live is not None
        for each in self.listening:
            each.steer(self.live.slot, None if waiting is None else waiting.slot, ports)

    def note_queue(self, generation: Generation) -> None:
        """From this moment on, a generation gets no new connections: who is half connected will still come."""
        now = time.monotonic()
        generation.drain_from = generation.busy_at = now
        generation.half_open = half_open(self.found())
        mark(self.mark_of(generation))

    def mark_of(self, generation: Generation) -> str:
        return mark_path(self.settings.control, generation.number)

    def go_live(self, generation: Generation, now: float) -> None:
        """From this moment on, it is the one that gets new connections."""
        counted = self.arrivals()
        if self.live is not None:
            self.live.accepted.close(counted)
        generation.accepted.open(counted)
        self.live = generation
        generation.state, generation.since, generation.drain_from = "live", now, 0.0
        unmark(self.mark_of(generation))
        self.steer()

    def found(self) -> list[Connection]:
        """The connections of all its addresses."""
        return connections({(each.address.family, each.port) for each in self.listening if each.port is not None})

    def arrivals(self) -> int | None:
        """See arrivals.py. Who connects to a Unix socket is counted nowhere."""
        ports = {each.port for each in self.listening}
        return None if None in ports else arrivals({port for port in ports if port is not None})

    def is_ready(self, generation: Generation, ports: tuple[int, int] | None) -> bool:
        """Whether its server takes connections; asked again and again from its start on."""
        if not generation.is_running or generation.telling >= 0:
            return False
        if generation.probe is None:
            generation.probe = Probe(self.listening, generation.slot, ports)
        if not generation.probe.is_passed(generation.left):
            return False
        generation.probe = None
        generation.is_ready = True
        return True

    def count_connections(self) -> None:
        found = self.found()
        for each in self.generations:
            each.look(found)

    # -- ending ---------------------------------------------------------------------------------------------------------

    def drain(self, generation: Generation, seconds: float) -> None:
        """Ends it once nobody needs it, after so many seconds at the latest."""
        now = time.monotonic()
        if generation.state == "draining":
            generation.drain_until = min(generation.drain_until, now + seconds)
            return
        generation.state, generation.since = "draining", now
        if not generation.drain_from:
            self.note_queue(generation)
        generation.drain_until = now + seconds

    def tick_draining(self, generation: Generation, now: float) -> None:
        if generation.status is not None:
            self._finish_rest(generation, now)
        elif generation.stopped_at:
            if now >= generation.stopped_at + KILL_SECONDS:
                generation.kill()
        elif now >= generation.drain_until:
            self.cut += generation.look(self.found())
            generation.stop(self.settings.stop_signal)
        elif self._is_drained(generation, now):
            generation.stop(self.settings.stop_signal)

    def _finish_rest(self, generation: Generation, now: float) -> None:
        """The server itself has ended: what is left of its processes gets the same time to end."""
        left = generation.left()
        if left and generation.stopped_at and now < generation.stopped_at + KILL_SECONDS:
            if generation.busy_at >= 0:
                generation.busy_at = -1.0
                end(left, self.settings.stop_signal)
        elif left:
            end(left)
        else:
            self.finish(generation)

    def _is_drained(self, generation: Generation, now: float) -> bool:
        if any(each.is_queued(generation.slot) for each in self.listening):
            generation.busy_at = now
        if now < generation.drain_from + ACCEPTING_SECONDS or now < generation.busy_at + QUIET_SECONDS:
            return False
        if now < generation.looked_at + LOOK_SECONDS:
            return False
        generation.looked_at = now
        found = self.found()
        generation.half_open &= half_open(found)
        # Of connections to Unix sockets nobody says whose they are: the server ends them when it is told to stop.
        return not generation.half_open and generation.look(found) == 0

    # -- which release --------------------------------------------------------------------------------------------------

    def current(self) -> str | None:
        """The release that `current` names; None for a plain directory."""
        try:
            above, _, name = os.readlink(os.path.join(self.settings.base, "current")).partition("/")
        except OSError:
            return None
        return name if above == "releases" and RELEASE_NAME.fullmatch(name) else None

    def has(self, release: str) -> bool:
        path = os.path.join(self.settings.base, "releases", release)
        return bool(RELEASE_NAME.fullmatch(release)) and os.path.isdir(path)

    def end_all(self, grace: float) -> None:
        """Tells all to stop, kills what is left after some seconds, and comes back when nobody is left."""
        self.is_ending = True
        until = time.monotonic() + grace
        for each in self.generations:
            each.stop(self.settings.stop_signal)
        while self.generations:
            self.loop.once(0.05)
            self.reap()
            self.resume_output()
            late = time.monotonic() >= until
            if late or signal.SIGQUIT in self.loop.signals():
                until = 0.0
                for each in self.generations:
                    each.kill()
            for each in list(self.generations):
                if not each.pid or (each.status is not None and not each.left()):
                    self.finish(each)
                elif each.status is not None:
                    end(each.left(), self.settings.stop_signal)
