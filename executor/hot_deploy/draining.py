"""Waiting until nobody runs what is about to change or go."""

from __future__ import annotations

import time

from hot_deploy import exchanges, leases, records, unpinned, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from hot_deploy.layout import Layout

# As long as a switch waits for runs that nobody has waited for yet, in seconds.
LONGEST_SECONDS = 10
POLL_SECONDS = 0.02
# So long, in seconds, it is waited for what can't be seen: most of it will be something else.
UNSEEN_SECONDS = 2.0


class Wait:
    """A time that is waited at most; `check` notices the end of the conversation."""

    def __init__(self, seconds: float, check: Callable[[], None]) -> None:
        self._began = time.monotonic()
        self._seconds = seconds
        self._check = check

    def goes_on(self, seconds: float | None = None) -> bool:
        """Waits a moment. False, at once, when the time is up, or `seconds` of it."""
        limit = self._seconds if seconds is None else min(seconds, self._seconds)
        if time.monotonic() - self._began >= limit:
            return False
        self._check()
        time.sleep(POLL_SECONDS)
        return True


class Unpinned:
    """What is left of the runs that nobody pins: [{processId, command}], and how many more may be some, if one can tell."""

    def __init__(self, left: list[dict[str, Any]], unseen: int | None = 0) -> None:
        self.left = left
        self.unseen = unseen


def unpinned_runs(layout: Layout, entrypoint: str, wait: Wait, longest: float = float("inf")) -> Unpinned:
    """Waits for runs that began while names were exchanged; shortly for what can't be seen, or where nothing can be.

    `longest`: see unpinned.Watch.
    """
    noted = exchanges.noted(layout)
    if noted is None:
        return Unpinned([])
    until = exchanges.now() if noted.until is None else noted.until
    watch = unpinned.Watch(layout, entrypoint, until, longest)
    while True:
        left = watch.left + [{"processId": pid, "command": entrypoint} for pid in noted.leased()]
        if not (left or watch.unseen or watch.hidden):
            exchanges.forget(layout)
            return Unpinned([])
        if not wait.goes_on(None if left else UNSEEN_SECONDS):
            return Unpinned(left, watch.count_unseen)
        watch.look_again()


def starting_runs(layout: Layout, entrypoint: str, wait: Wait) -> None:
    """Waits for launchers that have a release already, and still look which of their arguments lead into it."""
    watch = unpinned.Watch(layout, entrypoint, exchanges.now())
    while watch.left and wait.goes_on():
        watch.look_again()


def may_be_read(layout: Layout, release_id: str) -> bool:
    """Whether runs are left that began while names were exchanged: they may know a release by its path alone."""
    noted = exchanges.noted(layout)
    entrypoint = (records.read(layout, release_id) or {}).get("entrypoint") if noted else None
    if noted is None or not isinstance(entrypoint, str):
        return False
    until = exchanges.now() if noted.until is None else noted.until
    return bool(noted.leased() or unpinned.Watch(layout, entrypoint, until).left)


def releases(layout: Layout, wait: Wait) -> list[str]:
    """Waits until nobody uses a release. Returns the ids of those that still are used."""
    directories = {layout.release(release_id): release_id for release_id in leases.release_names(layout)}
    while True:
        left = [directory for directory in directories if leases.is_leased(directory)]
        if not left:
            # A look at all processes takes a while: not before those are gone that everybody can tell.
            left = _used(directories, wait)
            if not left:
                return []
        if not wait.goes_on():
            return [directories[directory] for directory in left]


def _used(directories: Iterable[str], wait: Wait) -> list[str]:
    """Those that processes use without a lease, after waiting for these to let go."""
    users = usage.look(directories)
    while users.by_directory and wait.goes_on():
        users = usage.look(directories, among=set.union(*users.by_directory.values()))
    return list(users.by_directory)
