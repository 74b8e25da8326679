"""What the kernel tells of another process: fully of one's own, to root of all, and a part of it to everybody."""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

# The kernel counts process starts in ticks.
TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
# States of what has ended, and waits for its parent to ask.
ENDED = (b"Z", b"X", b"x")
# lock: 1: FLOCK  ADVISORY  READ 1234 fe:00:123456 0 EOF
_LEASE = re.compile(rb"^lock:\s+\d+: FLOCK\s+ADVISORY\s+READ\s+(\d+) ", re.MULTILINE)


class Stat:
    """What a process's line of statistics says; everybody may read it. Times are in ticks, memory in bytes."""

    __slots__ = ("state", "parent", "session", "ticks", "started", "resident")

    def __init__(self, line: bytes) -> None:
        """Raises ValueError or IndexError for what is no such line."""
        fields = line.rpartition(b")")[2].split()
        self.state = fields[0]
        self.parent, self.session = int(fields[1]), int(fields[3])
        # With what its children took that have ended.
        self.ticks = sum(map(int, fields[11:15]))
        self.started = int(fields[19])
        self.resident = int(fields[21]) * PAGE


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

    def environment(self) -> dict[bytes, bytes]:
        """What it was started with; nothing where that is kept from us."""
        entries = (entry.partition(b"=") for entry in self._read("environ").split(b"\0"))
        return {name: value for name, equals, value in entries if equals}

    def stat(self) -> Stat | None:
        """None for one that has ended."""
        try:
            found = Stat(self._read("stat"))
        except (ValueError, IndexError):
            return None
        return None if found.state in ENDED else found

    def user(self) -> int | None:
        """The id of the user that it runs as."""
        line = re.search(rb"^Uid:\s+\d+\s+(\d+)", self._read("status"), re.MULTILINE)
        return int(line.group(1)) if line else None

    def share_of_memory(self) -> int | None:
        """Bytes, of what it shares with others its part; None where that is kept from us."""
        line = re.search(rb"^Pss:\s+(\d+) kB", self._read("smaps_rollup"), re.MULTILINE)
        return int(line.group(1)) * 1024 if line else None

    def lease_takers(self, names: Container[bytes]) -> set[tuple[int, bytes]]:
        """(id, name) of who took the leases that it has, on directories with these names: a fork has the same."""
        takers: set[tuple[int, bytes]] = set()
        none: list[str] = []
        for number in self._told(_names, "fd", none):
            name = self._link("fd/" + number).rpartition(b"/")[2]
            if name in names:
                takers.update((int(pid), name) for pid in _LEASE.findall(self._read("fdinfo/" + number)))
        # In another namespace of process ids it has none.
        return {(pid, name) for pid, name in takers if pid}

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
