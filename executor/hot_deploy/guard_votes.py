"""What a guard counts of a release, and what it decides by that."""

from __future__ import annotations

from hot_deploy import rollouts, verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

# Distinct inputs that are remembered; when there are more, the oldest are forgotten.
MOST_INPUTS = 100000
# Votes that tell how it goes now: failures that begin late must not be hidden behind what went well before.
RECENT = 20


class Votes:
    """How often a release failed: of each input once, however often it was run."""

    def __init__(self) -> None:
        # The digest of an input -> whether a run of it failed; the latest last.
        self._inputs: dict[bytes, bool] = {}
        self._failed = 0
        # Runs that are votes by themselves; their names are shorter than any digest.
        self._alone = 0

    def count(self, key: bytes | None, failed: bool) -> None:
        """`key`: of the input; None for a run that is a vote by itself."""
        if key is None:
            self._alone += 1
            key = b"%d" % self._alone
        before = self._inputs.pop(key, False)
        if len(self._inputs) >= MOST_INPUTS:
            self._failed -= self._inputs.pop(next(iter(self._inputs)))
        self._inputs[key] = before or failed
        self._failed += failed and not before

    def counts(self) -> Json:
        """Of all."""
        return {"runs": len(self._inputs), "failed": self._failed}

    def recent(self) -> Json:
        """Of the last few."""
        last = list(self._inputs.values())[-RECENT:]
        return {"runs": len(last), "failed": sum(last)}


def decided(votes: Votes, control: Json, rule: Json, is_over: bool) -> tuple[str, Json] | None:
    """(the decision, the counts that it rests on); None where it goes on. Good is nothing before the time is over."""
    evidence = {"candidate": votes.counts(), "control": control}
    decision = verdict.judge(evidence, rule, is_over)
    if decision == "abort" or (is_over and decision is not None):
        return decision, evidence
    lately = {"candidate": votes.recent(), "control": rollouts.none_counted()}
    return ("abort", lately) if verdict.judge(lately, rule, False) == "abort" else None
