"""Which processes are a run: by parents, sessions, ids and leases, and never by an id that was another one's."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import pytest

from hot_deploy import census, leases, peeking, usage
from hot_deploy.census import Census, Tree
from hot_deploy.layout import Layout

OLD = "20261123-171501-0000001"
LIVE = "20261123-171502-0000002"
SUPERVISED = [b"python3", b"-c", b"x", b"hot-deploy-run-supervisor"]
EXECUTOR = [b"python3", b"-I", b"-c", b'l[:4]==b"\\1hd:"']


class World:
    """Processes as the kernel would tell of them."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.table: dict[int, dict[str, Any]] = {}
        # What is there once everything was looked at.
        self.later: dict[int, int] = {}

    def add(self, pid: int, parent: int = 1, **facts: Any) -> None:
        self.table[pid] = {"parent": parent, "session": 1, "started": pid, "run": None, "uses": None, **facts}

    def stat(self, pid: int) -> peeking.Stat:
        facts = self.table[pid]
        fields = [b"S", b"%d" % facts["parent"], b"0", b"%d" % facts["session"], *[b"0"] * 18]
        fields[19] = b"%d" % self.later.get(pid, facts["started"])
        return peeking.Stat(b"1 (a b) c) " + b" ".join(fields))

    def look(self, directories: Iterable[str], among: object = None) -> usage.Usage:
        found = usage.Usage()
        for pid, facts in self.table.items():
            if facts["uses"]:
                found._add(self.layout.release(facts["uses"]), pid)
        return found

    def processes(self) -> dict[int, census.Member]:
        now, self.later = self.later, {}
        found = {pid: census.Member(pid, self.stat(pid), facts["run"]) for pid, facts in self.table.items()}
        self.later = now
        return found

    def runs(self) -> list[list[int]]:
        return [[member.pid for member in run.members] for run in Census(self.layout).runs]


@pytest.fixture
def world(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(layout)
    monkeypatch.setattr(census, "_processes", made.processes)
    monkeypatch.setattr(usage, "look", made.look)
    monkeypatch.setattr(leases, "release_names", lambda _layout: [OLD, LIVE])
    monkeypatch.setattr(Layout, "standing_release", lambda _layout: LIVE)
    monkeypatch.setattr(peeking.Process, "stat", lambda process: made.stat(process.pid))
    monkeypatch.setattr(
        peeking.Process, "words", lambda process: made.table.get(process.pid, {}).get("words", [b"python3"])
    )
    monkeypatch.setattr(
        peeking.Process, "lease_takers", lambda process, _names: made.table[process.pid].get("leases", set())
    )
    return made


def test_a_run_is_its_topmost_process_with_all_below(world: World) -> None:
    world.add(10)
    world.add(20, 10, uses=OLD)
    world.add(30, 20)
    world.add(31, 30)
    world.add(40, 10)
    assert world.runs() == [[20, 30, 31]]


def test_what_made_a_session_of_its_own_stays_with_it_when_its_parent_has_ended(world: World) -> None:
    world.add(20, uses=OLD)
    world.add(30, 20, session=30)
    world.add(31, 1, session=30)
    world.add(32, 1, session=20)
    world.add(40, 1, session=1)
    assert world.runs() == [[20, 30, 31, 32]]


def test_runs_beside_one_another_are_two_and_one_that_started_another_is_one(world: World) -> None:
    world.add(10, session=10)
    world.add(20, 10, session=10, uses=OLD)
    world.add(30, 10, session=10, uses=OLD)
    world.add(40, 30, session=10, uses=LIVE)
    assert world.runs() == [[20], [30, 40]]
    old, both = Census(world.layout).runs
    assert (old.release, old.is_live, both.release, both.is_live) == (OLD, False, OLD, True)


def test_what_has_the_id_of_a_run_is_of_it_whatever_it_uses(world: World) -> None:
    world.add(20, uses=OLD, run="a" * 16)
    world.add(30, uses=OLD, run="b" * 16)
    world.add(31, run="a" * 16)
    world.add(32, run="c" * 16)
    assert world.runs() == [[20, 31], [30]]


def test_what_inherited_a_lease_is_of_the_run_that_took_it(world: World) -> None:
    world.add(20, uses=OLD, leases={(20, b"x")})
    world.add(30, uses=OLD, leases={(30, b"x")})
    world.add(31, uses=OLD, leases={(20, b"x")})
    # Of one that has ended.
    world.add(40, uses=OLD, leases={(19, b"x")})
    world.add(41, uses=OLD, leases={(19, b"x")})
    world.add(42, uses=OLD, leases={(19, b"y")})
    assert world.runs() == [[20, 31], [30], [40, 41], [42]]


def test_the_id_of_who_took_a_lease_may_be_another_ones_by_now(world: World) -> None:
    world.add(20, uses=OLD, leases={(99, b"old")})
    world.add(99, uses=LIVE, leases={(99, b"live")}, started=5000)
    assert world.runs() == [[20], [99]]


def test_a_parent_or_a_sessions_leader_that_began_later_is_none(world: World) -> None:
    world.add(20, uses=OLD, started=5000)
    world.add(30, 20, session=20, started=100)
    assert world.runs() == [[20]]


def test_what_ended_while_it_was_looked_at_is_not_taken_for_who_has_its_id_now(world: World) -> None:
    world.add(20, uses=OLD)
    world.add(30, uses=OLD)
    world.later = {20: 5000}
    assert world.runs() == [[30]]


def test_an_operation_at_work_is_no_run_and_what_it_starts_is_none_unless_it_supervises_that(world: World) -> None:
    world.add(10, words=EXECUTOR, uses=OLD)
    world.add(11, 10, uses=OLD)
    world.add(12, 11)
    world.add(20, 10, words=SUPERVISED, uses=OLD, run="a" * 16)
    world.add(21, 20, uses=OLD, run="a" * 16)
    world.add(22, 21, run="a" * 16)
    assert world.runs() == [[21, 22]]


def test_who_started_this_one_is_no_run_whatever_it_uses(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getppid", lambda: 11)
    world.add(9, uses=OLD, session=9)
    world.add(10, uses=OLD, session=9)
    world.add(11, 10, uses=OLD)
    world.add(12, 10, uses=OLD)
    world.add(13, 10)
    assert world.runs() == [[9], [12]]


def test_what_is_left_of_a_run_is_known_by_what_was_seen_of_it(world: World) -> None:
    world.add(20, session=20, uses=OLD, leases={(20, b"x")})
    world.add(30, 20, session=20)
    look = Census(world.layout)
    tree = Tree(look.runs[0])
    del world.table[20]
    world.table[30]["parent"] = 1
    world.add(40, 1, session=20)
    world.add(41, 1, session=77, uses=OLD, leases={(20, b"x")})
    world.add(42, 30)
    world.add(50, 1, session=1, uses=OLD, leases={(49, b"x")})
    assert sorted(member.pid for member in Census(world.layout).left_of(tree)) == [30, 40, 41, 42]


def test_nobody_is_left_of_a_run_whose_ids_are_others_by_now(world: World) -> None:
    world.add(20, session=20, uses=OLD, leases={(20, b"x")}, run="a" * 16)
    tree = Tree(Census(world.layout).runs[0])
    world.add(20, session=20, uses=LIVE, leases={(20, b"y")}, started=5000)
    world.add(21, 20, session=20, uses=LIVE, leases={(20, b"y")}, started=5001)
    assert Census(world.layout).left_of(tree) == []
