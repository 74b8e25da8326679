"""The engine's history: one JSON object a line, appended and synced, so that any crash leaves whole lines behind.

A switch is written ahead: `flip` before it happens, `confirmed` or `reverted` after it was decided on. A `flip` that
nothing follows is an unconfirmed switch, which the next operation decides on. A first deployment announces two, one upon
the other: that to what the plain files hold, and its own; one `confirmed` keeps both. An attempt that ended before its switch
is `refused` where the client said so, and `discarded` where the conversation ended in the middle.
"""

from __future__ import annotations

import collections
import os
import re
import time

from hot_deploy import contract, files, lines
from hot_deploy.layout import is_release_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from hot_deploy.layout import Layout


# Lines that say who asked for what they tell, and what of the lock's holder they say.
SIGNED = ("flip", "refused", "discarded", "detached", "watched")
ASKING = ("workflow", "execution", "operation", "user", "agent")
MOMENT = re.compile(contract.MOMENT)
# Under which what stood at `current` is kept; see switching.name_aside().
ASIDE = re.compile(r"current\.[0-9a-f]{12}")
# Of a long history no more is read than its end, in bytes; of that, no more is kept than its last switches.
LONGEST_READ = 256 * 1024 * 1024
LONGEST_KEPT = 32 * 1024 * 1024
# The lines that Standing is made of. Those of attempts that came to nothing may be most of all.
TELLING = re.compile(rb'"event" ?: ?"(flip|confirmed|reverted|abandoned|detached|refused|discarded)"|"sequence"')
ATTEMPTS = (b"refused", b"discarded")


def now() -> str:
    """UTC with milliseconds, such as 2026-11-23T17:15:01.250Z."""
    return moment(time.time_ns() // 1000000)


def moment(milliseconds_since_1970: int) -> str:
    """A moment as now() spells it."""
    seconds, milliseconds = divmod(milliseconds_since_1970, 1000)
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
    are skipped."""
    return list(since(layout, start))


def since(layout: Layout, start: int) -> Iterator[dict[str, Any]]:
    """As read(), one by one, and of a long history its end."""
    first = max(start, lines.size_of(layout.history) - LONGEST_READ)
    entries = (lines.parsed(line) for line in lines.read(layout.history, first))
    return (entry for entry in entries if is_ours(entry))


def standing(layout: Layout, current: str | None) -> Standing:
    """What the history says about the engine now, of which `current` is live. Takes bounded time and memory."""
    try:
        status = os.stat(layout.history)
        version = (layout.history, current, status.st_ino, status.st_size, status.st_mtime_ns)
    except FileNotFoundError:
        return Standing([], current)
    if version not in _known:
        _known.clear()
        told = (lines.parsed(line) for line in _telling(layout, status.st_size))
        _known[version] = Standing((entry for entry in told if is_ours(entry)), current)
    return _known[version]


# The history as it was last seen -> what it said: one operation asks several times.
_known: dict[tuple[Any, ...], Standing] = {}


def _telling(layout: Layout, size: int) -> Iterable[bytes]:
    """The last lines that say anything, of attempts in a row the last one."""
    kept: collections.deque[bytes] = collections.deque()
    length, was_attempt = 0, False
    for line in lines.read(layout.history, max(0, size - LONGEST_READ)):
        found = TELLING.search(line)
        if found is None:
            continue
        is_attempt = found.group(1) in ATTEMPTS and line.endswith(b"}")
        if is_attempt and was_attempt:
            length -= len(kept.pop())
        kept.append(line)
        length, was_attempt = length + len(line), is_attempt
        while length > LONGEST_KEPT:
            length -= len(kept.popleft())
    return kept


def is_ours(entry: object) -> bool:
    """Whether a line has the form of ours: what it names is used as the name of a release."""
    if not isinstance(entry, dict) or not isinstance(entry.get("event"), str):
        return False
    for field in ("to", "from"):
        name = entry.get(field)
        if name is not None and not is_release_id(name):
            return False
    names, aside = [entry.get("made", []), entry.get("replaced", [])], entry.get("aside")
    return (
        isinstance(entry.get("at", ""), str)
        and MOMENT.fullmatch(entry.get("at", "")) is not None
        and files.is_count(entry.get("sequence") or 0)
        and all(isinstance(listed, list) and all(isinstance(name, str) for name in listed) for listed in names)
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
        # The adoption that the unconfirmed switch began with, which is kept or taken back with it.
        self.adopting: dict[str, Any] | None = None
        self.live_since: str | None = None
        # What the decided switches left live, and all that ever were, the last first.
        self.live: str | None = None
        self.were_live: list[str | None]
        self.sequence = 0
        # The last attempt, if it did not stay live.
        self.undone: dict[str, Any] | None = None
        before: dict[str | None, str | None] = {}
        # Whether an attempt came to nothing since the last switch was announced that was not a part of another one.
        was_undone = False
        # Releases that were live, the last one last.
        went_live: dict[str | None, None] = {}
        pending: list[dict[str, Any]] = []
        for entry in entries:
            self.sequence = max(self.sequence, int(entry.get("sequence") or 0))
            event = entry["event"]
            if event in UNDONE and not (was_undone and _is_adoption_of(pending, entry)):
                self.undone, was_undone = _attempt(entry, UNDONE[event]), True
            elif event in ("confirmed", "detached"):
                self.undone = None
            if event == "flip":
                goes_on = bool(pending) and is_upon(entry, pending[-1])
                pending = [*pending, entry] if goes_on else [entry]
                was_undone = was_undone and goes_on
            elif event == "confirmed":
                for flip in pending:
                    self.live = _moved_last(went_live, flip.get("to"))
                    # A repair makes live again what was: what was before that stays before it.
                    if flip.get("operation") != "repair":
                        before[flip.get("to")] = flip.get("from")
                    if flip.get("to") == current:
                        self.live_since = entry.get("at")
                pending = []
            elif event in ("reverted", "abandoned"):
                if event == "reverted" and entry.get("to") in went_live:
                    self.live = _moved_last(went_live, entry.get("to"))
                pending = pending[:-1]
        self.were_live = list(went_live)[::-1]
        self._leave(pending, current)
        self.previous: str | None = before.get(current)
        if self.unconfirmed is not None and self.unconfirmed.get("operation") != "repair":
            self.previous = self.unconfirmed.get("from")

    def _leave(self, pending: list[dict[str, Any]], current: str | None) -> None:
        """What is undecided. Announced but never carried out, `current` names the old one still: that is nothing."""
        done = [flip for flip in pending if current is not None and flip.get("to") == current]
        if done:
            self.unconfirmed = done[-1]
        if self.unconfirmed is not None and self.unconfirmed is not pending[0]:
            self.adopting = pending[0]


def is_upon(flip: dict[str, Any], before: dict[str, Any]) -> bool:
    """Whether a switch was announced upon an adoption that is not decided on yet, of which it goes on."""
    return before.get("operation") == "adopt" and flip.get("from") == before.get("to")


def _is_adoption_of(pending: list[dict[str, Any]], entry: dict[str, Any]) -> bool:
    """Whether a line takes the adoption back that the one undecided switch is."""
    flip = pending[-1] if pending else {}
    return entry["event"] == "reverted" and flip.get("operation") == "adopt" and entry.get("from") == flip.get("to")


def _moved_last(order: dict[str | None, None], release_id: str | None) -> str | None:
    order.pop(release_id, None)
    order[release_id] = None
    return release_id
