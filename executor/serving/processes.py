"""What /proc says of a server's processes."""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable

SOCKET = "socket:["


def members(session: int) -> list[int]:
    """The processes of a session, and those that these have started since, in whatever session."""
    known: dict[int, tuple[int, int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name, "rb") as handle:
                    fields = handle.read().rpartition(b")")[2].split()
            except OSError:
                continue
            if fields[0] not in (b"Z", b"X"):
                known[int(name)] = (int(fields[1]), int(fields[3]))
    found = {pid for pid, (_, own) in known.items() if own == session}
    while True:
        more = {pid for pid, (parent, _) in known.items() if parent in found} - found
        if not more:
            return sorted(found)
        found |= more


def end(pids: Iterable[int], number: int = signal.SIGKILL) -> None:
    """Sends a signal to each that is there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            pass


def memory_mb(pids: Iterable[int]) -> float | None:
    """What they have in memory, in MiB, what they share counted in parts where the kernel says so."""
    total, any_known = 0, False
    for pid in pids:
        found = _kilobytes("/proc/%d/smaps_rollup" % pid, b"Pss:")
        if found is None:
            found = _kilobytes("/proc/%d/status" % pid, b"VmRSS:")
        if found is not None:
            total, any_known = total + found, True
    return round(total / 1024, 1) if any_known else None


def _kilobytes(path: str, label: bytes) -> int | None:
    try:
        with open(path, "rb") as handle:
            for line in handle:
                if line.startswith(label):
                    return int(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass
    return None


def inodes(pids: Iterable[int]) -> set[int]:
    """Of the sockets that they have open."""
    found = set()
    for pid in pids:
        directory = "/proc/%d/fd" % pid
        try:
            names = os.listdir(directory)
        except OSError:
            continue
        for name in names:
            try:
                target = os.readlink(directory + "/" + name)
            except OSError:
                continue
            if target.startswith(SOCKET):
                found.add(int(target[len(SOCKET) : -1]))
    return found
