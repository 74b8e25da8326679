"""The processes below one process, and ending them without ever signalling another one.

Whoever asks is their subreaper (see prctl(2)): what forks twice to get away comes below it again.
"""

from __future__ import annotations

import io
import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = os.sysconf("SC_PAGE_SIZE")


class Process:
    """One process as the kernel told of it: `started`, in ticks since boot, tells it from a later one with its number."""

    __slots__ = ("pid", "parent", "group", "started", "resident", "ended")

    def __init__(self, pid: int, stat: bytes) -> None:
        # The name is in parentheses, and may hold anything.
        fields = stat[stat.rindex(b")") + 2 :].split()
        self.pid = pid
        # A program whose first thread has ended looks like one that has, while its others go on.
        self.ended = fields[0] in (b"Z", b"X") and int(fields[17]) <= 1
        self.parent, self.group = int(fields[1]), int(fields[2])
        self.started = int(fields[19])
        self.resident = int(fields[21]) * PAGE


def look(pid: int) -> Process | None:
    """The process with this number; None where there is none."""
    try:
        with open("/proc/%d/stat" % pid, "rb", buffering=0) as handle:
            return Process(pid, handle.read(4096))
    except (OSError, ValueError, IndexError):
        return None


def below(root: int) -> list[Process]:
    """All that were started by `root`, by these in turn, and so on; without those that have ended."""
    found: list[Process] = []
    seen = {root}
    ahead = [root]
    while ahead:
        for pid in _children(ahead.pop()):
            process = look(pid) if pid not in seen else None
            if process is None:
                continue
            seen.add(pid)
            ahead.append(pid)
            if not process.ended:
                found.append(process)
    return found


def _children(pid: int) -> Iterator[int]:
    """Told by the kernel where it can; or else found among all processes."""
    try:
        threads = os.listdir("/proc/%d/task" % pid)
    except OSError:
        return
    for thread in threads:
        try:
            with io.FileIO("/proc/%d/task/%s/children" % (pid, thread)) as handle:
                # To its end: one read of a file of the kernel's gives a page at most.
                yield from map(int, handle.readall().split())
        except FileNotFoundError:
            if os.path.exists("/proc/self/task/%d/children" % os.getpid()):
                continue  # That thread has ended.
            yield from (process.pid for process in _all() if process.parent == pid)
            return
        except OSError:
            continue


def _all() -> Iterator[Process]:
    for name in os.listdir("/proc"):
        process = look(int(name)) if name.isdigit() else None
        if process is not None:
            yield process


def signal_each(processes: list[Process], number: int) -> None:
    """Sends a signal to each of these that is still the one that was looked at."""
    for process in processes:
        again = look(process.pid)
        if again is not None and again.started == process.started and not again.ended:
            try:
                os.kill(process.pid, number)
            except (ProcessLookupError, PermissionError):
                pass


def kill(processes: list[Process]) -> None:
    """Kills these, with all that share a process group with one: no fork gets out of that.

    They must have come below this process by a session of their own, so that nobody else is in their groups.
    """
    own = os.getpgid(0)
    for group in {process.group for process in processes} - {0, own}:
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
    signal_each(processes, signal.SIGKILL)
