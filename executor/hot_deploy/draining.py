"""Runs that began while names were being exchanged: they read through links that nobody pinned for them.

Whoever exchanges names writes down beside the lock until when such runs could begin. Whoever switches next waits for
them, in whatever conversation that is: an adoption may have been followed by a refusal, a detachment by its undo.
"""

from __future__ import annotations

import errno
import os
import time

from hot_deploy import files, leases

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from hot_deploy.layout import Layout

    # [{processId, command}].
    Runs = list[dict[str, Any]]

# As long as a switch waits for runs that nobody has waited for yet, in seconds.
LONGEST_SECONDS = 10
POLL_SECONDS = 0.02
# The kernel counts process starts in ticks.
TICK = 1 / os.sysconf("SC_CLK_TCK")


def expect(layout: Layout) -> None:
    """Before the first name is exchanged: if nobody gets to say until when, every run that is there then may be one."""
    _write(layout, None, _noted(layout).get("leases") or [])


def note(layout: Layout, leased: Iterable[list[int]] = ()) -> None:
    """After the last name was exchanged: no later run can be one.

    `leased` are leases (see leased_by()) of runs that have a release, but no link for each of its names.
    """
    try:
        _write(layout, time.clock_gettime(time.CLOCK_BOOTTIME), [*(_noted(layout).get("leases") or []), *leased])
    except OSError as raised:
        # A full disk. What expect() wrote makes a switch wait for more, and an undo has to go on.
        if raised.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise


def forget(layout: Layout) -> None:
    """There are none, or nobody waits for them any more."""
    try:
        os.unlink(layout.unpinned)
    except FileNotFoundError:
        pass


def wait(layout: Layout, entrypoint: str, seconds: float, check: Callable[[], None]) -> Runs:
    """Waits until such runs have ended, for `seconds` at most. Returns those that are left."""
    noted = _noted(layout)
    if not noted:
        return []
    deadline = time.monotonic() + seconds
    until = noted["until"]
    if until is None:
        until = time.clock_gettime(time.CLOCK_BOOTTIME)
    while True:
        left = _left(layout, entrypoint, until, noted["leases"])
        if not left:
            forget(layout)
        if not left or time.monotonic() >= deadline:
            return left
        check()
        time.sleep(POLL_SECONDS)


def _left(layout: Layout, entrypoint: str, until: float, leased: list[list[int]]) -> Runs:
    plain = [run for run in leases.unpinned(layout, entrypoint) if _started(run["processId"]) <= until + 2 * TICK]
    held = _shared_locks() if leased else []
    return plain + [{"processId": lease[0], "command": entrypoint} for lease in leased if lease in held]


def leased_by(directory: str) -> list[list[int]]:
    """The leases on a directory now: [[process, major, minor, inode]]."""
    status = os.stat(directory)
    place = [os.major(status.st_dev), os.minor(status.st_dev), status.st_ino]
    return [lease for lease in _shared_locks() if lease[1:] == place]


def _shared_locks() -> list[list[int]]:
    """[process, major, minor, inode] of each shared flock that the kernel lists; none where it hides them."""
    found = []
    try:
        with open("/proc/locks") as handle:
            lines = [line.split() for line in handle]
    except OSError:
        return []
    for parts in lines:
        # 1: FLOCK  ADVISORY  READ 1234 fe:00:123456 0 EOF
        if len(parts) < 6 or parts[1] != "FLOCK" or parts[3] != "READ" or parts[5].count(":") != 2:
            continue
        major, minor, inode = parts[5].split(":")
        found.append([int(parts[4]), int(major, 16), int(minor, 16), int(inode)])
    return found


def _started(process_id: int) -> float:
    """When a process was started, in seconds since the boot; long after everything for one that is gone."""
    try:
        with open("/proc/%d/stat" % process_id, "rb") as handle:
            return int(handle.read().rpartition(b")")[2].split()[19]) * TICK
    except (OSError, ValueError, IndexError):
        return float("inf")


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id") as handle:
            return handle.read().strip()
    except OSError:
        return ""


def _write(layout: Layout, until: float | None, leased: list[list[int]]) -> None:
    files.write_json(layout.unpinned, {"boot": _boot(), "until": until, "leases": leased}, sync=False)


def _noted(layout: Layout) -> dict[str, Any]:
    """What was written down since this machine was started; {} when nothing was."""
    found = files.read_json(layout.unpinned)
    if not isinstance(found, dict) or found.get("boot") != _boot():
        return {}
    until, leased = found.get("until"), found.get("leases")
    if not (until is None or (isinstance(until, (int, float)) and not isinstance(until, bool))):
        return {}
    if not isinstance(leased, list) or not all(_is_lease(lease) for lease in leased):
        return {}
    return {"until": until, "leases": leased}


def _is_lease(value: object) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(files.is_count(part) for part in value)
