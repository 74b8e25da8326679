"""What the kernel tells of another process: fully of one's own, to root of all, and a part of it to everybody."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The kernel counts process starts in ticks.
TICK = 1 / os.sysconf("SC_CLK_TCK")


class Process:
    """One process, as far as it lets itself be looked into. One that has ended has nothing."""

    __slots__ = ("pid", "kept_back")

    def __init__(self, pid: int) -> None:
        self.pid = pid
        # Whether something was asked for that is kept from us.
        self.kept_back = False

    def path(self, name: str) -> str:
        return "/proc/%d/%s" % (self.pid, name)

    def words(self) -> list[bytes]:
        """Its command line. Everybody may read it, unless /proc is mounted with `hidepid`."""
        return self._read("cmdline").split(b"\0")[:-1]

    def mounts(self) -> bytes:
        """Its mount table, for mounts.Table. Everybody may read it."""
        return self._read("mountinfo")

    def control_group(self) -> bytes:
        """Its control groups, a line each."""
        return self._read("cgroup")

    def working_directory(self) -> str | None:
        found = self._link("cwd")
        return os.fsdecode(found) if found else None

    def variables(self, names: tuple[bytes, ...]) -> Iterator[bytes]:
        """The values of some variables of the environment it was started with."""
        for entry in self._read("environ").split(b"\0"):
            name, _, value = entry.partition(b"=")
            if name in names:
                yield value

    def places(self) -> Iterator[bytes]:
        """Its program, its directories, and what it has open; seen from where this process is."""
        for name in ("exe", "cwd", "root"):
            yield self._link(name)
        none: list[str] = []
        for name in self._told(_names, "fd", none):
            yield self._link("fd/" + name)

    def mapped(self) -> bytes:
        """Lines that end with the path of what is mapped; seen from where this process is."""
        return self._read("maps")

    def started(self) -> float:
        """When it was started, in seconds since the boot; long after everything for one that is gone."""
        try:
            return int(self._read("stat").rpartition(b")")[2].split()[19]) * TICK
        except (ValueError, IndexError):
            return float("inf")

    def _read(self, name: str) -> bytes:
        return self._told(_content, name, b"")

    def _link(self, name: str) -> bytes:
        return os.fsencode(self._told(os.readlink, name, ""))

    def _told(self, ask: Callable[[str], Told], name: str, nothing: Told) -> Told:
        try:
            return ask(self.path(name))
        except PermissionError:
            self.kept_back = True
        except OSError:
            pass  # It has ended, or is a thread of the kernel.
        return nothing


if TYPE_CHECKING:
    from typing import TypeVar

    Told = TypeVar("Told")


def _names(path: str) -> list[str]:
    return os.listdir(path)


def _content(path: str) -> bytes:
    with open(path, "rb", buffering=0) as handle:
        return handle.read()


# A process that forks and ends while others are looked at is found by its child in the next round.
ROUNDS = 10


def others() -> Iterator[Process]:
    """All processes but this one, and those that they start while this goes on."""
    seen = {os.getpid()}
    for _ in range(ROUNDS):
        new = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if pid not in seen]
        if not new:
            return
        for pid in new:
            seen.add(pid)
            yield Process(pid)


def hides_others() -> bool:
    """Whether /proc keeps from us that there are other users' processes at all, as with `hidepid`."""
    try:
        os.stat("/proc/1/cmdline")
    except OSError:
        return True
    return False
