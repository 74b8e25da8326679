"""The engine's history: one JSON object a line, appended and synced, so that any crash leaves whole lines behind.

A switch is written ahead: `flip` before it happens, `confirmed` or `reverted` after it was decided on. A `flip` that
nothing follows is an unconfirmed switch, which the next operation decides on. An attempt that ended before its switch
is `refused` where the client said so, and `discarded` where the conversation ended in the middle.
"""

from __future__ import annotations

import re
import time

from hot_deploy import contract, files, lines
from hot_deploy.layout import RELEASE_ID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from hot_deploy.layout import Layout


# Lines that say who asked for what they tell, and what of the lock's holder they say.
SIGNED = ("flip", "refused", "discarded", "detached")
ASKING = ("workflow", "execution", "operation", "user", "agent")
# Under which what stood at `current` is kept; see switching.name_aside().
MOMENT = re.compile(contract.MOMENT)
ASIDE = re.compile(r"current\.[0-9a-f]{12}")


def now() -> str:
    """UTC with milliseconds, such as 2026-11-23T17:15:01.250Z."""
    seconds, milliseconds = divmod(time.time_ns() // 1000000, 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(seconds)) + "%03dZ" % milliseconds


def append(layout: Layout, event: str, **fields: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {"at": now(), "event": event}
    entry.update(fields)
    if event in SIGNED and layout.asked_by is not None:
        entry.setdefault("by", layout.asked_by)
    lines.append(layout.history, entry)
    return entry


def asked_by(holder: dict[str, Any]) -> dict[str, Any]:
    """Who asks, as lines say it: of the one who holds the lock, what lasts."""
    return {name: holder[name] for name in ASKING if holder.get(name) is not None}


def read(layout: Layout, start: int = 0) -> list[dict[str, Any]]:
    """All whole entries from a place on, oldest first. Lines that a crash cut short, or that were not written here,
    are passed over."""
    entries = (lines.parsed(line) for line in lines.read(layout.history, start))
    return [entry for entry in entries if is_ours(entry)]


def is_ours(entry: object) -> bool:
    """Whether a line has the form of ours: what it names is used as the name of a release."""
    if not isinstance(entry, dict) or not isinstance(entry.get("event"), str):
        return False
    for field in ("to", "from"):
        name = entry.get(field)
        if name is not None and not (isinstance(name, str) and RELEASE_ID.fullmatch(name)):
            return False
    made, aside = entry.get("made", []), entry.get("aside")
    return (
        isinstance(entry.get("at", ""), str)
        and MOMENT.fullmatch(entry.get("at", "")) is not None
        and files.is_count(entry.get("sequence") or 0)
        and isinstance(made, list)
        and all(isinstance(name, str) for name in made)
        and (aside is None or (isinstance(aside, str) and ASIDE.fullmatch(aside) is not None))
    )


# Events that end an attempt without its release being live -> the field that names the release.
UNDONE = {"reverted": "from", "refused": "to", "discarded": "to"}
REASON_LENGTH = 500


def _attempt(entry: dict[str, Any], field: str) -> dict[str, Any]:
    reason = entry.get("reason")
    return {
        "release": entry.get(field),
        "at": entry.get("at", "")[:64],
        "reason": reason[:REASON_LENGTH] if isinstance(reason, str) else "",
    }


class Standing:
    """What the history says about the engine now."""

    def __init__(self, entries: Iterable[dict[str, Any]], current: str | None) -> None:
        self.unconfirmed: dict[str, Any] | None = None
        self.live_since: str | None = None
        # What the decided switches left live, and all that ever were, the last first.
        self.live: str | None = None
        self.were_live: list[str | None] = []
        self.sequence = 0
        # The last attempt, if it did not stay live.
        self.undone: dict[str, Any] | None = None
        before: dict[str | None, str | None] = {}
        pending: dict[str, Any] | None = None
        for entry in entries:
            self.sequence = max(self.sequence, int(entry.get("sequence") or 0))
            event = entry["event"]
            if event in UNDONE:
                self.undone = _attempt(entry, UNDONE[event])
            elif event in ("confirmed", "detached"):
                self.undone = None
            if event == "flip":
                pending = entry
            elif event in ("confirmed", "reverted", "abandoned"):
                if event == "confirmed" and pending is not None:
                    self._went_live(pending.get("to"))
                    # A repair makes live again what was: what was before that stays before it.
                    if pending.get("operation") != "repair":
                        before[pending.get("to")] = pending.get("from")
                    if pending.get("to") == current:
                        self.live_since = entry.get("at")
                if event == "reverted" and entry.get("to") in self.were_live:
                    self._went_live(entry.get("to"))
                pending = None
        # Written ahead but never carried out: `current` still names the old one, nothing is to be decided.
        if pending is not None and pending.get("to") == current and current is not None:
            self.unconfirmed = pending
        self.previous: str | None = before.get(current)
        if self.unconfirmed is not None and self.unconfirmed.get("operation") != "repair":
            self.previous = self.unconfirmed.get("from")

    def _went_live(self, release_id: str | None) -> None:
        self.live = release_id
        self.were_live = [release_id] + [known for known in self.were_live if known != release_id]
