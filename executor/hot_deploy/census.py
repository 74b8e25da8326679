"""The runs of an engine that are there now: every tree of processes of which one uses a release, however it was started,
or that the Run node started here before anything was deployed.

A run is known by what its processes hand on: parents and sessions, the id that the Run node gives a run, and the lease that
a launcher took. What belongs to an operation at work, such as a check, is none; that ends with the operation.
"""

from __future__ import annotations

import os
import re

from hot_deploy import leases, peeking, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hot_deploy.layout import Layout
    from hot_deploy.peeking import Stat

    Identity = tuple[int, int]

# Set by the Run node, and inherited: which run it is, and of the engine in which directory.
RUN_VARIABLE = b"HOT_DEPLOY_RUN"
BASE_VARIABLE = b"HOT_DEPLOY_BASE_PATH"
RUN_ID = re.compile(rb"[0-9a-f]{16}")
# In the command line of an executor, and of the process between one and a run that it started.
EXECUTOR = b"\\1hd:"
SUPERVISOR = b"hot-deploy-run-supervisor"


class Member:
    """One process, as it was when it was looked at. Its id alone may be another one's by now."""

    __slots__ = ("pid", "stat", "run", "base", "releases", "takers", "marks")

    def __init__(self, pid: int, stat: Stat, run: str | None, base: bytes | None = None) -> None:
        self.pid = pid
        self.stat = stat
        self.run = run
        # The directory that the Run node named; None for what it didn't start.
        self.base = base
        # The ids of the releases that it uses, and of who took the leases that it has.
        self.releases: set[str] = set()
        self.takers: set[int] = set()
        # What all processes of its run have, and no others.
        self.marks: set[object] = set() if run is None else {run}

    @property
    def identity(self) -> Identity:
        return self.pid, self.stat.started


class Run:
    """A tree of processes, its root first."""

    def __init__(self, members: Iterable[Member], live: str | None) -> None:
        self.members = sorted(members, key=lambda member: (member.stat.started, member.pid))
        self.root = self.members[0]
        self.releases = set().union(*(member.releases for member in self.members))
        # Without a release it runs plain files, which are live until something is deployed.
        self.is_live = live in self.releases if self.releases else live is None
        ids = [member.run for member in self.members if member.run is not None]
        self.run = ids[0] if ids else None

    @property
    def release(self) -> str | None:
        """That of its root, or of whom else uses one; None for what runs plain files."""
        return min(next((member.releases for member in self.members if member.releases), ()), default=None)


class Census:
    """One look at all processes."""

    def __init__(self, layout: Layout) -> None:
        releases = {layout.release(name): name for name in leases.release_names(layout)}
        self._base = os.fsencode(os.path.realpath(layout.base))
        self.processes = _processes()
        self._words: dict[int, list[bytes]] = {}
        self._own = _own_ancestors(self.processes)
        found = usage.look(releases)
        # Other users' processes that may run it and can't be looked into; None where they can't even be listed.
        self.unseen = None if peeking.hides_others() else len(set(found.unseen) & set(self.processes))
        names = {os.fsencode(name) for name in releases.values()}
        users = {pid for pids in found.by_directory.values() for pid in pids}
        for pid in list(users & set(self.processes)):
            member = self.processes[pid]
            process = peeking.Process(pid)
            for taker, name in process.lease_takers(names):
                member.takers.add(taker)
                first = self.processes.get(taker)
                if first is None or first.stat.started > member.stat.started:
                    member.marks.add((taker, name))
            member.releases = {releases[directory] for directory in releases if pid in found.of(directory)}
            stat = process.stat()
            if stat is None or stat.started != member.stat.started:
                # It has ended while it was looked at: what was found may be of the next one with its id.
                del self.processes[pid]
        self.live = layout.standing_release()
        self.runs = [Run(members, self.live) for members in self._grouped(self._of_runs())]
        self.runs.sort(key=lambda run: run.root.identity[::-1])

    def left_of(self, tree: Tree) -> list[Member]:
        """Whoever is there now of a run, with all that it has started meanwhile."""
        own = {pid: member for pid, member in self.processes.items() if tree.has(member, self.processes)}
        return list(self._with_descendants(own).values())

    def _of_runs(self) -> dict[int, Member]:
        users = {pid: each for pid, each in self.processes.items() if self._runs(each) and not self._is_ours(each)}
        ids = {member.run for member in users.values()} - {None}
        return self._with_descendants(
            {pid: each for pid, each in self.processes.items() if pid in users or each.run in ids}
        )

    def _with_descendants(self, members: dict[int, Member]) -> dict[int, Member]:
        """Those, and whatever descends from them."""
        found = {pid: each for pid, each in members.items() if not self._is_tool(pid)}
        count = -1
        while len(found) > count:
            count = len(found)
            for pid, member in self.processes.items():
                is_below = pid not in found and any(above.pid in found for above in _above(member, self.processes))
                if is_below and not self._is_tool(pid):
                    found[pid] = member
        return found

    def _grouped(self, members: dict[int, Member]) -> list[list[Member]]:
        """One list for each run."""
        groups = {pid: [member] for pid, member in members.items()}

        def join(one: int, other: int) -> None:
            if groups[one] is not groups[other]:
                groups[one].extend(groups[other])
                for member in groups[other][:]:
                    groups[member.pid] = groups[one]

        shared: dict[object, int] = {}
        for pid, member in members.items():
            for above in _above(member, members):
                join(above.pid, pid)
            for mark in member.marks:
                join(shared.setdefault(mark, pid), pid)
        return list({id(group): group for group in groups.values()}.values())

    def _runs(self, member: Member) -> bool:
        """Whether it runs a release, or was started as a run of this engine."""
        return bool(member.releases) or (member.run is not None and member.base == self._base)

    def _is_ours(self, member: Member) -> bool:
        """Whether it belongs to an executor at work, and not to a run that one started."""
        seen: set[int] = set()
        above: Member | None = member
        while above is not None and above.pid not in seen:
            seen.add(above.pid)
            words = self._words_of(above.pid)
            if is_supervisor(words):
                return False
            if is_executor(words):
                return True
            above = self.processes.get(above.stat.parent)
        return False

    def _is_tool(self, pid: int) -> bool:
        """Whether it is an executor, the process between one and a run, or what has started this one, such as n8n."""
        if pid in self._own:
            return True
        words = self._words_of(pid)
        return is_supervisor(words) or is_executor(words)

    def _words_of(self, pid: int) -> list[bytes]:
        if pid not in self._words:
            self._words[pid] = peeking.Process(pid).words()
        return self._words[pid]


class Tree:
    """All that was seen of one run: by it is known again what is left, when its root has ended."""

    def __init__(self, run: Run) -> None:
        self._known: set[Identity] = set()
        self._marks: set[object] = set()
        self.add(run.members)

    def add(self, members: Iterable[Member]) -> None:
        for member in members:
            self._known.add(member.identity)
            self._marks.update(member.marks)

    def has(self, member: Member, processes: Mapping[int, Member]) -> bool:
        """Whether it is known, or has what only its processes have."""
        if member.identity in self._known or member.marks & self._marks:
            return True
        # A session's id is no other process's for as long as there is somebody in it.
        return any(self._was(pid, member, processes) for pid in {member.stat.session} | member.takers)

    def _was(self, pid: int, member: Member, processes: Mapping[int, Member]) -> bool:
        """Whether an id that a process has from an earlier one is that of one of the run's."""
        now = processes.get(pid)
        if now is not None and now.stat.started <= member.stat.started:
            return now.identity in self._known
        return any(known == pid and started <= member.stat.started for known, started in self._known)


def is_executor(words: list[bytes]) -> bool:
    return any(EXECUTOR in word for word in words)


def is_supervisor(words: list[bytes]) -> bool:
    return bool(words) and usage.is_python(words[0]) and any(SUPERVISOR in word for word in words)


def _above(member: Member, processes: Mapping[int, Member]) -> list[Member]:
    """Its parent, the leader of its session, and who took its lease. One that began later has only that one's id."""
    near = ({member.stat.parent, member.stat.session} | member.takers) - {member.pid}
    found = [processes[pid] for pid in near if pid in processes]
    return [above for above in found if above.stat.started <= member.stat.started]


def _own_ancestors(processes: Mapping[int, Member]) -> set[int]:
    found: set[int] = set()
    pid = os.getppid()
    while pid in processes and pid not in found:
        found.add(pid)
        pid = processes[pid].stat.parent
    return found


def _processes() -> dict[int, Member]:
    found = {}
    for process in peeking.others():
        stat = process.stat()
        if stat is not None:
            environment = process.environment()
            run = environment.get(RUN_VARIABLE, b"")
            known = run.decode("ascii") if RUN_ID.fullmatch(run) else None
            found[process.pid] = Member(process.pid, stat, known, environment.get(BASE_VARIABLE))
    return found
