"""Decides on a candidate from how runs ended, as nodes/shared/verdict does: for when n8n is not there.

What is decided by comes as data: limits on probabilities are pairs of whole numbers, [1, 100] for 1 %. Both sides are tested
against one another.
"""

from __future__ import annotations

from math import comb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]


def upper_tail(evidence: Json) -> tuple[int, int]:
    """Fisher's exact test, one-sided, as a fraction: how likely it is that of as many failures so many or more fall upon
    the candidate, were both releases equally good."""
    candidate, control = evidence["candidate"], evidence["control"]
    failed = candidate["failed"] + control["failed"]
    runs = candidate["runs"] + control["runs"]
    # Which of the runs fail, or which are the candidate's: the test is the same, and the fewer are chosen sooner.
    few, many = sorted((failed, candidate["runs"]))
    ways = comb(many, candidate["failed"]) * comb(runs - many, few - candidate["failed"])
    total = 0
    for count in range(candidate["failed"], few + 1):
        total += ways
        # From the hypergeometric distribution's one term to the next: exact, since each is a whole number.
        down = (count + 1) * (runs - many - few + count + 1)
        ways = ways * (many - count) * (few - count) // down if down else 0
    return total, comb(runs, few)


def judge(evidence: Json, rule: Json, is_over: bool) -> str | None:
    """Says `promote`, `abort`, `inconclusive`, or None where it goes on. `is_over`: no more runs are waited for."""
    if _is_worse(evidence, rule):
        return "abort"
    if _is_good(evidence, rule):
        return "promote"
    return "inconclusive" if is_over or evidence["candidate"]["runs"] >= rule["mostRuns"] else None


def _has_control(evidence: Json, rule: Json) -> bool:
    return bool(evidence["control"]["runs"] >= rule["abort"]["controlRuns"])


def _is_worse(evidence: Json, rule: Json) -> bool:
    candidate, abort, alone = evidence["candidate"], rule["abort"], rule["alone"]
    if _has_control(evidence, rule):
        return candidate["failed"] >= abort["failures"] and _is_at_most(upper_tail(evidence), abort["p"])
    return (
        alone is not None
        and candidate["failed"] >= alone["failures"]
        and candidate["failed"] * alone["share"][1] >= candidate["runs"] * alone["share"][0]
    )


def _is_good(evidence: Json, rule: Json) -> bool:
    candidate = evidence["candidate"]
    if candidate["runs"] < rule["minimumRuns"]:
        return False
    if candidate["failed"] == 0:
        return True
    # With nothing to compare with, failures are as likely as anything.
    return _has_control(evidence, rule) and not _is_at_most(upper_tail(evidence), rule["promote"]["p"])


def _is_at_most(chance: tuple[int, int], limit: list[int]) -> bool:
    return chance[0] * limit[1] <= limit[0] * chance[1]
