"""Who runs in an environment without the launcher, and so without a lease: each process is asked how it was started."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Way = Callable[[str, str], bool]


def runs_in(directory: str) -> bool:
    """Whether a process runs in an environment: was started by a path that leads there, whatever its working directory
    or root, or in a shell that activated it, or has one of its libraries loaded.
    """
    ways = (_started, _activated, _loaded)
    others = [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) != os.getpid()]
    return any(_tells(way, pid, directory) for pid in others for way in ways)


def _tells(way: Way, pid: str, directory: str) -> bool:
    try:
        return way(pid, directory)
    except (OSError, ValueError):
        return False  # It has ended, or is somebody else's and keeps that to itself.


def _started(pid: str, directory: str) -> bool:
    with open("/proc/%s/cmdline" % pid, "rb") as handle:
        program = os.fsdecode(handle.read().split(b"\0", 1)[0])
    place, inside, _ = program.rpartition("/bin/")
    if not inside:
        return False
    seen = os.path.join("/proc", pid, "root" if place.startswith("/") else "cwd", place.lstrip("/"))
    return os.path.samefile(seen, directory)


def _activated(pid: str, directory: str) -> bool:
    with open("/proc/%s/environ" % pid, "rb") as handle:
        return b"VIRTUAL_ENV=" + os.fsencode(directory) in handle.read().split(b"\0")


def _loaded(pid: str, directory: str) -> bool:
    with open("/proc/%s/maps" % pid, "rb") as handle:
        return os.fsencode(directory + os.sep) in handle.read()
