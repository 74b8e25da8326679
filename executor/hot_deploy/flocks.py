"""The flocks that the kernel lists, whoever holds them."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    # (major, minor, inode) of what is locked.
    Place = tuple[int, int, int]


class Flock:
    """One flock: the process that took it, what it is on, and whether others may share it."""

    __slots__ = ("pid", "place", "shared")

    def __init__(self, pid: int, place: Place, shared: bool) -> None:
        self.pid = pid
        self.place = place
        self.shared = shared


def listed() -> list[Flock]:
    """All that hold one now; none where the kernel hides them."""
    try:
        with open("/proc/locks") as handle:
            lines = handle.readlines()
    except OSError:
        return []
    found = []
    for line in lines:
        # 1: FLOCK  ADVISORY  READ 1234 fe:00:123456 0 EOF
        parts = line.split()
        if len(parts) < 6 or parts[1] != "FLOCK" or parts[3] not in ("READ", "WRITE") or parts[5].count(":") != 2:
            continue
        major, minor, inode = parts[5].split(":")
        found.append(Flock(int(parts[4]), (int(major, 16), int(minor, 16), int(inode)), parts[3] == "READ"))
    return found


def place_of(status: os.stat_result) -> Place:
    """Where the kernel lists what this is the status of."""
    return os.major(status.st_dev), os.minor(status.st_dev), status.st_ino
