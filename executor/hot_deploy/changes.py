"""What changed, from the history: one item for each change of what is live, and for each attempt that came to nothing.

A flip and the line that decides on it are one. The history is read from its end, no further than is asked for.
"""

from __future__ import annotations

import hashlib
import re

from hot_deploy import history, lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from hot_deploy.layout import Layout

    Json = dict[str, Any]

# What decides on a flip -> how that ended. `abandoned`: it was found never to have been carried out.
DECIDED = {"confirmed": "kept", "reverted": "takenBack", "abandoned": "discarded"}
# Of a service that went back by itself: `serve.py` writes it, whatever the engine's operations write meanwhile.
BESIDE = "serviceReverted"
# Lines that tell a whole story.
ALONE = {"refused": "refused", "discarded": "discarded", "detached": "detached", BESIDE: BESIDE}
TOLD = re.compile(('"(?:%s)"' % "|".join(["flip", *DECIDED, *ALONE])).encode("ascii"))
# Digits of an item's id.
ID_LENGTH = 16
LONGEST_WORDS = 4096


def changes(layout: Layout, limit: int) -> list[Json]:
    """The last `limit` changes, the newest first."""
    return found_in(lines.read_backwards(layout.history), layout.standing_release(), limit)


def found_in(newest_first: Iterable[bytes], current: str | None, limit: int) -> list[Json]:
    """The changes that lines of a history tell of; `current` is the release that is live now."""
    found: list[Json] = []
    # Of the lines after the one that is read: the one right behind it, told once it is known what stands before it,
    # and the first that decides on a flip.
    behind: tuple[bytes, Json] | None = None
    decision: Json | None = None
    # Told of services between that line and the one that is read.
    beside: list[Json] = []
    # Of adoptions that another switch began with: the release -> what decided on it, and that of one that nothing did.
    adoptions: dict[Any, Json] = {}
    waiting: Any = None
    is_last_flip = True
    for line in newest_first:
        if len(found) >= limit:
            break
        entry = _told(line)
        if entry is None:
            continue
        event = entry["event"]
        if event == BESIDE:
            (found if behind is None else beside).append(_alone(line, entry))
            continue
        ended = decision
        if behind is not None:
            if event == "flip" and decision is None and _is_about(behind[1], entry):
                ended = behind[1]
            else:
                found.append(_alone(*behind))
            found += beside
            behind, beside = None, []
        if event in ALONE:
            behind = (line, entry)
        elif event in DECIDED:
            adoptions.update(_decided_adoption(entry, decision))
            decision = entry
        else:
            if entry.get("operation") == "adopt":
                ended = adoptions.pop(entry.get("to"), ended)
            undecided = ended is None and _is_waiting(entry, current if is_last_flip else waiting, is_last_flip)
            found.append(_flip(line, entry, ended, undecided))
            waiting = entry.get("from") if undecided else None
            decision, is_last_flip = None, False
    if behind is not None:
        found.append(_alone(*behind))
    return (found + beside)[:limit]


def _told(line: bytes) -> Json | None:
    """What a line tells of changes; None where it is of something else."""
    if not TOLD.search(line):
        return None  # Most of a long history may be: that is not parsed.
    entry: Any = lines.parsed(line)
    is_told = history.is_ours(entry) and entry["event"] in ("flip", *DECIDED, *ALONE)
    return entry if is_told else None


def _decided_adoption(entry: Json, later: Json | None) -> dict[Any, Json]:
    """What a line decides on besides its own switch, or the one after it on the adoption that this one began with."""
    if entry["event"] == "confirmed" and isinstance(entry.get("adopted"), str):
        return {entry["adopted"]: entry}
    if entry["event"] == "reverted" and later is not None and later.get("from") == entry.get("to"):
        return {entry.get("to"): later}
    return {}


def _is_waiting(flip: Json, release_id: str | None, is_last: bool) -> bool:
    """Whether nobody has decided on a switch: to the live release, or the adoption that such a one began with."""
    return release_id is not None and flip.get("to") == release_id and (is_last or flip.get("operation") == "adopt")


def _is_about(entry: Json, flip: Json) -> bool:
    """Whether a line tells the end of a switch that was announced and could not be carried out."""
    return entry["event"] in ("refused", "discarded") and entry.get("to") == flip.get("to")


def _flip(line: bytes, entry: Json, ended: Json | None, undecided: bool) -> Json:
    if ended is not None:
        return _change(line, entry, {**DECIDED, **ALONE}[ended["event"]], ended)
    # Announced, and never carried out: the executor was ended in between.
    return _change(line, entry, "unconfirmed" if undecided else "discarded", None)


def _alone(line: bytes, entry: Json) -> Json:
    return _change(line, entry, ALONE[entry["event"]], entry)


def _change(line: bytes, entry: Json, end: str, ended: Json | None) -> Json:
    by = entry.get("by")
    return {
        "eventId": hashlib.sha256(line).hexdigest()[:ID_LENGTH],
        "at": entry.get("at", "")[:64],
        "endedAt": ended.get("at", "")[:64] if ended is not None else None,
        "operation": _words(entry.get("operation"), LONGEST_WORDS),
        "from": entry.get("from"),
        "to": entry.get("to"),
        "end": end,
        "reason": _words((ended or {}).get("reason"), history.REASON_LENGTH),
        "by": asking(by) if isinstance(by, dict) else None,
    }


def _words(text: object, longest: int) -> str | None:
    return text[:longest] if isinstance(text, str) else None


def asking(by: Json) -> Json:
    """Who asked, of what a line says: its words may be anything."""
    found: Json = {}
    for name in history.ASKING:
        value = by.get(name)
        if name == "agent":
            if isinstance(value, bool):
                found[name] = value
        elif isinstance(value, str):
            found[name] = value[:LONGEST_WORDS]
    return found
