"""Ending runs: every process of the tree is asked first, and what is left after a grace is killed.

No process is signalled but the one that was looked at. It is held by a descriptor, where Python and the kernel have that;
else the time of its start is compared right before.
"""

from __future__ import annotations

import os
import select
import time

from hot_deploy import peeking
from hot_deploy.census import Census, Tree
from hot_deploy.later import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from hot_deploy.census import Identity, Member, Run
    from hot_deploy.layout import Layout
    from hot_deploy.wire import Wire

    Json = dict[str, Any]

# What was killed ends at once, unless it waits for a disk; what it forked in that instant is found by the next look.
KILL_SECONDS = 1.0
KILL_ROUNDS = 5
# Where there are no descriptors of processes.
POLL_SECONDS = 0.05
DISK_SLEEP = b"D"


class Held:
    """A process that is held on to: its id can mean no other one."""

    __slots__ = ("identity", "_fd")

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self._fd = _descriptor_of(identity[0])

    @property
    def fd(self) -> int | None:
        return self._fd

    def stat(self) -> peeking.Stat | None:
        """None once it has ended, whoever has its id now."""
        pid, started = self.identity
        stat = peeking.Process(pid).stat()
        return stat if stat is not None and stat.started == started else None

    def signal(self, number: int) -> bool:
        """Sends it a signal. False where it has ended; raises PermissionError where this user may not."""
        if self.stat() is None:
            return False
        try:
            if self._fd is not None:
                _send(self._fd, number)
                return True
        except ProcessLookupError:
            return False
        except OSError:
            pass  # A container's profile may forbid that, and the other allow it.
        if self.stat() is None:
            return False
        try:
            os.kill(self.identity[0], number)
        except ProcessLookupError:
            return False
        return True

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


class Stop:
    """The end of one run."""

    def __init__(self, identity: Identity, run: Run | None, include_live: bool) -> None:
        self.identity = identity
        # How it ended, and why not otherwise; None for as long as it is open.
        self.end: str | None = None
        self.reason: str | None = None
        self._held: dict[Identity, Held] = {}
        self._asked: set[Identity] = set()
        self._was_killed = False
        if run is None:
            self.end = "gone"
        elif run.is_live and not include_live:
            self.end, self.reason = "refused", "live"
        else:
            self._tree = Tree(run)
            self._hold(run.members)
            self._refuse_foreign()

    def ask(self) -> None:
        """Asks those that were not asked yet to end."""
        for held in self._held.values():
            if held.identity not in self._asked:
                self._asked.add(held.identity)
                self._signal(held, signal.SIGTERM)

    def kill(self) -> None:
        for held in self._held.values():
            self._was_killed = self._signal(held, signal.SIGKILL) or self._was_killed

    def has_ended(self) -> bool:
        """Whether all are gone that are known so far."""
        return all(held.stat() is None for held in self._held.values())

    def descriptors(self) -> list[int | None]:
        """Of those that are not gone; None for one that has none."""
        return [held.fd for held in self._held.values() if held.stat() is not None]

    def look(self, census: Census) -> None:
        """Who is there now of the run. Closes it where that is nobody."""
        left = census.left_of(self._tree)
        self._tree.add(left)
        self._hold(left)
        for held in [each for each in self._held.values() if each.stat() is None]:
            self._held.pop(held.identity).close()
        if not self._held:
            self.end, self.reason = ("killed" if self._was_killed else "ended"), None

    def give_up(self) -> None:
        """What is left stays: it waits for a disk, belongs to another user, or starts others faster than they are found."""
        stats = [stat for stat in (held.stat() for held in self._held.values()) if stat is not None]
        self.end = "remains"
        if self.reason is None:
            self.reason = "disk" if any(stat.state == DISK_SLEEP for stat in stats) else "more"

    def close(self) -> None:
        for held in self._held.values():
            held.close()
        self._held.clear()

    def told(self) -> Json:
        return {"processId": self.identity[0], "end": self.end, "reason": self.reason}

    def _hold(self, members: Iterable[Member]) -> None:
        for member in members:
            if member.identity not in self._held:
                held = Held(member.identity)
                if held.stat() is None:
                    # It has ended, and another one may have its id.
                    held.close()
                else:
                    self._held[member.identity] = held

    def _refuse_foreign(self) -> None:
        """Another user's run is left as it is, as a whole."""
        root = self._held.get(self.identity)
        if root is not None:
            try:
                root.signal(0)
            except PermissionError:
                self.end, self.reason = "refused", "user"

    def _signal(self, held: Held, number: int) -> bool:
        try:
            return held.signal(number)
        except PermissionError:
            self.reason = "user"
            return False


def stop(layout: Layout, wire: Wire, chosen: Iterable[Identity], include_live: bool, seconds: float) -> list[Json]:
    """Ends the runs with these roots; `seconds`: how long they have. Tells how each ended."""
    runs = {run.root.identity: run for run in Census(layout).runs}
    stops = [Stop(identity, runs.get(identity), include_live) for identity in chosen]
    try:
        left = _ask(layout, wire, [each for each in stops if each.end is None], time.monotonic() + seconds)
        for _ in range(KILL_ROUNDS):
            if not left:
                break
            for each in left:
                each.kill()
            _wait(wire, left, time.monotonic() + KILL_SECONDS, all)
            left = _looked_at(layout, left)
        for each in left:
            each.give_up()
        return [each.told() for each in stops]
    finally:
        for each in stops:
            each.close()


def _ask(layout: Layout, wire: Wire, stops: list[Stop], deadline: float) -> list[Stop]:
    """Asks all of their processes, and those that they start meanwhile. Returns those that are left when the time is up."""
    while stops:
        for each in stops:
            each.ask()
        in_time = _wait(wire, stops, deadline, any)
        stops = _looked_at(layout, stops)
        if not in_time:
            break
    return stops


def _looked_at(layout: Layout, stops: list[Stop]) -> list[Stop]:
    """Those of which somebody is left."""
    census = Census(layout)
    for each in stops:
        each.look(census)
    return [each for each in stops if each.end is None]


def _wait(wire: Wire, stops: list[Stop], deadline: float, enough: Callable[[Iterable[bool]], bool]) -> bool:
    """Waits until one of them, or all, have ended. False when the time is up first."""
    while not enough(each.has_ended() for each in stops):
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            return False
        wire.check()
        poll = select.poll()
        poll.register(wire.wake_fd, select.POLLIN)
        for fd in (fd for each in stops for fd in each.descriptors()):
            if fd is None:
                seconds = min(seconds, POLL_SECONDS)
            else:
                poll.register(fd, select.POLLIN)
        poll.poll(seconds * 1000)
    wire.check()
    return True


def _descriptor_of(pid: int) -> int | None:
    """A descriptor of a process; None where Python or the kernel has none, or there are no more to be had."""
    opened: Callable[[int], int] | None = getattr(os, "pidfd_open", None)
    if opened is None or not hasattr(signal, "pidfd_send_signal"):
        return None
    try:
        return opened(pid)
    except OSError:
        return None


def _send(fd: int, number: int) -> None:
    send: Callable[[int, int], None] = getattr(signal, "pidfd_send_signal")  # noqa: B009
    send(fd, number)
