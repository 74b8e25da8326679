"""How runs end, as launchers tell the guard: who may tell, what they say, and what it counts.

A launcher connects before the engine starts, says which release that runs and what it was given, and says at the end how it
ended. A connection that ends without a word is a run that was killed. Runs of one input in one arm are one vote.
"""

from __future__ import annotations

import hashlib
import os
import select
import socket
import struct

from hot_deploy import lines
from hot_deploy.guard_votes import Votes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.layout import Layout

    Json = dict[str, Any]

# struct ucred: pid, uid, gid.
CREDENTIALS = struct.Struct("iII")
# By which people and programs stop what they have started: HUP, INT, TERM.
STOPPED = (1, 2, 15)
MOST_CONNECTIONS = 2000
LONGEST_SAID = 64 * 1024
BACKLOG = 4096


class Outcomes:
    """The guard's socket, and what is counted of what comes there."""

    def __init__(self, layout: Layout, release: str, control: str) -> None:
        self._releases = {release: Votes(), control: Votes()}
        self.candidate, self.control = self._releases[release], self._releases[control]
        # Runs of either that were neither good nor bad: somebody stopped them.
        self.unknown = 0
        self._layout = layout
        status = os.stat(layout.base)
        self._owner = (status.st_uid, status.st_gid)
        self._waiting: dict[int, _Run] = {}
        self._socket = _listening(layout)
        self._inode = os.lstat(layout.guard).st_ino
        self._poll = select.epoll()
        self._poll.register(self._socket.fileno(), select.EPOLLIN)

    def fileno(self) -> int:
        """For select(): readable when there is something to take."""
        return self._poll.fileno()

    def take(self) -> bool:
        """Hears what there is. Returns whether anything was counted."""
        counted = False
        for fd, _ in self._poll.poll(0):
            if fd == self._socket.fileno():
                self._accept()
                continue
            run = self._waiting[fd]
            if run.hear():
                continue
            self._poll.unregister(fd)
            del self._waiting[fd]
            run.close()
            counted = self._count(run) or counted
        return counted

    def add(self, release: str, failed: bool | None, key: str | None) -> bool:
        """Counts a run that somebody else has judged. `failed`: None where nobody knows."""
        votes = self._releases.get(release)
        if votes is None:
            return False
        if failed is None:
            self.unknown += 1
        else:
            votes.count(None if key is None else hashlib.sha256(key.encode("utf-8")).digest(), failed)
        return True

    def close(self) -> None:
        """Nobody finds it any more, and whoever is connected goes on by itself."""
        try:
            if os.lstat(self._layout.guard).st_ino == self._inode:
                os.unlink(self._layout.guard)
        except OSError:
            pass  # It went with our directory.
        for run in self._waiting.values():
            run.close()
        self._socket.close()

    def _accept(self) -> None:
        for _ in range(BACKLOG):
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            _, uid, gid = CREDENTIALS.unpack(
                connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
            )
            if not self._may_tell(uid, gid) or len(self._waiting) >= MOST_CONNECTIONS:
                connection.close()
                continue
            connection.setblocking(False)
            self._waiting[connection.fileno()] = _Run(connection)
            self._poll.register(connection.fileno(), select.EPOLLIN)

    def _may_tell(self, uid: int, gid: int) -> bool:
        """Whether somebody's runs count: root's, the owner's, and those of the owner's group."""
        return uid in (0, os.geteuid(), self._owner[0]) or gid == self._owner[1]

    def _count(self, run: _Run) -> bool:
        said = run.said()
        return False if said is None else self.add(*said)


class _Run:
    """One connection: what it said so far."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._heard = b""

    def hear(self) -> bool:
        """Whether more may come."""
        try:
            piece = self._connection.recv(LONGEST_SAID)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._heard += piece
        return bool(piece) and len(self._heard) <= LONGEST_SAID

    def close(self) -> None:
        self._connection.close()

    def said(self) -> tuple[str, bool | None, str | None] | None:
        """(release, whether it failed, what it was given); None for something that is no run."""
        first, *others = self._heard.split(b"\n")
        start = _fields(first)
        if start is None or not isinstance(start.get("release"), str):
            return None
        key = start.get("key")
        if not isinstance(key, str):
            key = None
        end = _fields(others[0]) if others else None
        if end is None:
            return start["release"], True, key
        return start["release"], _failed(end), key


def _failed(end: Json) -> bool | None:
    """None for a run that somebody stopped: that says nothing of the release."""
    if isinstance(end.get("failed"), bool):
        return bool(end["failed"])
    if end.get("signal") in STOPPED or end.get("code") is end.get("signal"):
        return None
    return end.get("code") != 0


def _fields(line: bytes) -> Json | None:
    found = lines.parsed(line)
    return found if isinstance(found, dict) else None


def _listening(layout: Layout) -> socket.socket:
    """The socket, where launchers look for it: whoever belongs to the base path may connect."""
    state = os.open(layout.state, os.O_RDONLY | os.O_DIRECTORY)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    name = ".guard.%s" % os.urandom(6).hex()
    try:
        # With these permissions from the start: its directory's owner may put a link there at any moment. A base path may be
        # longer than an address of a socket.
        before = os.umask(0o117)
        try:
            made.bind("/proc/self/fd/%d/%s" % (state, name))
        finally:
            os.umask(before)
        status = os.stat(layout.base)
        if os.geteuid() == 0:
            os.chown(name, status.st_uid, status.st_gid, dir_fd=state, follow_symlinks=False)
        made.listen(BACKLOG)
        made.setblocking(False)
        os.rename(name, os.path.basename(layout.guard), src_dir_fd=state, dst_dir_fd=state)
    except BaseException:
        made.close()
        raise
    finally:
        os.close(state)
    return made
