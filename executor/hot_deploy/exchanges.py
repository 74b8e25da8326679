"""Until when runs could begin, while names were exchanged, that nobody pinned: they read through the links.

Whoever exchanges names writes it down beside the lock. Whoever switches next waits for those runs (draining.py), in
whatever conversation that is: an adoption may have been followed by a refusal, a detachment by its undo.
"""

from __future__ import annotations

import errno
import os
import time

from hot_deploy import files, flocks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from hot_deploy.layout import Layout


_FULL = (errno.ENOSPC, errno.EDQUOT)


class Note:
    """`until`: in seconds since the boot; None while nobody has said. `leases`: of runs that have a release, but no link
    for each of its names."""

    def __init__(self, until: float | None, leases: list[list[int]]) -> None:
        self.until = until
        self.leases = leases

    def leased(self) -> list[int]:
        """Ids of the processes that still hold one of the leases."""
        held = _shared_locks() if self.leases else []
        return [lease[0] for lease in self.leases if lease in held]


def expect(layout: Layout, needed: bool = True) -> None:
    """Before the first name is exchanged: if nobody gets to say until when, every run that is there then may be one.

    Not `needed`: an undo goes on where there is no room to write it down.
    """
    try:
        _write(layout, None, _leases(layout))
    except OSError as raised:
        if needed or raised.errno not in _FULL:
            raise


def note(layout: Layout, leased: Iterable[list[int]] = ()) -> None:
    """After the last name was exchanged: no later run can be one. `leased` are leases as leased_by() gives them."""
    try:
        _write(layout, now(), [*_leases(layout), *leased])
    except OSError as raised:
        # A full disk. What expect() wrote makes a switch wait for more, and an undo has to go on.
        if raised.errno not in _FULL:
            raise


def forget(layout: Layout) -> None:
    """There are none, or nobody waits for them any more."""
    try:
        os.unlink(layout.unpinned)
    except FileNotFoundError:
        pass


def noted(layout: Layout) -> Note | None:
    """What was written down since this machine was started; None when nothing was, or nothing of its form."""
    found = files.read_json(layout.unpinned)
    if not isinstance(found, dict) or found.get("boot") != boot():
        return None
    until, leased = found.get("until"), found.get("leases")
    if not (until is None or (isinstance(until, (int, float)) and not isinstance(until, bool))):
        return None
    if not isinstance(leased, list) or not all(_is_lease(lease) for lease in leased):
        return None
    return Note(until, leased)


def _leases(layout: Layout) -> list[list[int]]:
    known = noted(layout)
    return known.leases if known else []


def leased_by(directory: str) -> list[list[int]]:
    """The leases on a directory now: [[process, major, minor, inode]]."""
    place = list(flocks.place_of(os.stat(directory)))
    return [lease for lease in _shared_locks() if lease[1:] == place]


def now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _shared_locks() -> list[list[int]]:
    """As leased_by(), on whatever there is a shared lock on."""
    return [[flock.pid, *flock.place] for flock in flocks.listed() if flock.shared]


def boot() -> str:
    """What this start of the kernel is called; empty where nobody says."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as handle:
            return handle.read().strip()
    except OSError:
        return ""


def _write(layout: Layout, until: float | None, leased: list[list[int]]) -> None:
    files.write_json(layout.unpinned, {"boot": boot(), "until": until, "leases": leased}, sync=False)


def _is_lease(value: object) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(files.is_count(part) for part in value)
