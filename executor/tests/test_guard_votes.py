"""What a guard decides by what it counts, and how often it is wrong."""

from __future__ import annotations

import random
from typing import Any

import pytest

from hot_deploy import guard_votes, rollouts
from hot_deploy.guard_votes import MOST_INPUTS, RECENT, Votes

RULE: dict[str, Any] = {
    "minimumRuns": 20,
    "mostRuns": 60,
    "abort": {"failures": 2, "controlRuns": 5, "p": [1, 100]},
    "promote": {"p": [1, 5]},
    "alone": {"failures": 3, "share": [1, 2]},
}
NONE = rollouts.none_counted()


def counted(*failed: bool) -> Votes:
    votes = Votes()
    for each in failed:
        votes.count(None, each)
    return votes


def runs_until_abort(chance: random.Random, rate: float, most: int, before: int = 0) -> int | None:
    """After how many runs a release is taken back that fails so often, `before` clean ones; None where it isn't."""
    votes = counted(*[False] * before)
    for run in range(1, most + 1):
        votes.count(None, chance.random() < rate)
        if guard_votes.decided(votes, NONE, RULE, False) is not None:
            return run
    return None


def test_runs_of_one_input_are_one_vote_that_failed_if_any_did() -> None:
    votes = Votes()
    for failed in (False, True, False, True):
        votes.count(b"one", failed)
    votes.count(b"other", False)
    votes.count(None, False)
    assert votes.counts() == {"runs": 3, "failed": 1}


def test_more_inputs_than_are_remembered_take_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_votes, "MOST_INPUTS", 50)
    votes = Votes()
    for number in range(500):
        votes.count(b"%d" % number if number % 2 else None, number % 10 == 0)
    assert votes.counts()["runs"] <= 51 <= MOST_INPUTS
    assert 0 <= votes.counts()["failed"] <= votes.counts()["runs"]


def test_nothing_is_good_before_its_time_is_over_nor_below_the_minimum() -> None:
    assert guard_votes.decided(counted(*[False] * 1000), NONE, RULE, False) is None
    good = guard_votes.decided(counted(*[False] * 20), NONE, RULE, True)
    few = guard_votes.decided(counted(*[False] * 19), NONE, RULE, True)
    none = guard_votes.decided(Votes(), NONE, RULE, True)
    assert [found and found[0] for found in (good, few, none)] == ["promote", "inconclusive", "inconclusive"]


@pytest.mark.parametrize("before", [0, 10, 100, 10000])
def test_one_that_begins_to_fail_always_is_taken_back_within_ten_runs(before: int, chance: random.Random) -> None:
    taken = runs_until_abort(chance, 1.0, 20, before)
    assert taken is not None and taken <= RECENT // 2


@pytest.mark.parametrize(
    ("rate", "least", "most"),
    [(0.0, 0.0, 0.0), (0.02, 0.0, 0.01), (0.1, 0.005, 0.04), (0.5, 0.9, 1.0), (0.8, 0.99, 1.0)],
)
def test_how_often_a_release_is_taken_back_that_fails_so_often_of_100_runs(
    rate: float, least: float, most: float, chance: random.Random
) -> None:
    trials = 2000
    aborted = sum(runs_until_abort(chance, rate, 100) is not None for _ in range(trials))
    print("%.0f %% fail: %.2f %% are taken back" % (rate * 100, 100 * aborted / trials))
    assert least <= aborted / trials <= most
