"""The dead-man's switch: what has to be undone unless it is confirmed, written down before it is done.

An undo is data, a verb and its arguments: a line of `.hot-deploy/undo.jsonl`, beside the lock. This module is the only
place that carries one out, the last first: at the end of the conversation, at the next operation's lock, and whenever
a verb takes back what it did itself. Each can be done again, and says of itself whether the history has settled it
already: a line that a power cut brings back does no harm, so that dropping one costs no sync.

Which verb registers which undos, or why it needs none, is said in tests/test_undo.py, which looks.
"""

from __future__ import annotations

import os

from hot_deploy import files, history, leftovers, lines, switching
from hot_deploy.failures import StepFailed
from hot_deploy.later import detaching
from hot_deploy.layout import RELEASE_ID, checked_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hot_deploy.layout import Layout

    Json = dict[str, Any]
    # Kind and path below the base path of something that was removed; kinds as leftovers.find() has them.
    Removed = list[tuple[str, str]]


class Undo:
    """One line of the journal."""

    __slots__ = ("verb", "arguments", "since", "by", "own")

    def __init__(self, verb: str, arguments: Json, since: int, by: Json | None, own: bool) -> None:
        self.verb = verb
        self.arguments = arguments
        # Where the history ended when it was written.
        self.since = since
        # Who asked for what it undoes.
        self.by = by
        # Whether this conversation registered it.
        self.own = own

    def as_json(self) -> Json:
        return {"verb": self.verb, "arguments": self.arguments, "since": self.since, "by": self.by}


class Occasion:
    """Why undos are carried out, and what came of it."""

    def __init__(self, reason: str, tells: bool = True) -> None:
        # For the history: why an attempt came to nothing.
        self.reason = reason
        # Whether the history is told of a release that is discarded.
        self.tells = tells
        self.removed: Removed = []
        # Whether a switch was taken back.
        self.reverted = False
        # What could not be undone.
        self.raised: list[OSError | StepFailed] = []


class Journal:
    """The undos of one engine, for whoever holds its lock."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._undos: list[Undo] = []
        # Lines of a newer version: nobody here knows what they mean, and whoever wrote them will.
        self._unknown: list[bytes] = []
        for line in lines.read(layout.undo):
            self._take(line)

    def _take(self, line: bytes) -> None:
        found = lines.parsed(line)
        verb = found.get("verb") if isinstance(found, dict) else None
        if not isinstance(verb, str):
            return  # Cut short, or none of ours.
        if verb not in UNDOS:
            self._unknown.append(line)
            return
        arguments, since, by = found.get("arguments"), found.get("since"), found.get("by")
        # What it names is removed and renamed: a line of another form is none of ours.
        if (
            isinstance(arguments, dict)
            and isinstance(since, int)
            and files.is_count(since)
            and UNDOS[verb].holds(arguments)
        ):
            self._undos.append(Undo(verb, arguments, since, by if isinstance(by, dict) else None, own=False))

    def push(self, verb: str, **arguments: Any) -> Undo:
        """Registers an undo: before the step that may have to be undone."""
        since = lines.size_of(self._layout.history)
        undo = Undo(verb, arguments, since, self._layout.asked_by, own=True)
        lines.append(self._layout.undo, undo.as_json(), sync=False)
        self._undos.append(undo)
        return undo

    def own(self, verb: str) -> Undo | None:
        """The last of a kind that this conversation registered."""
        return next((undo for undo in reversed(self._undos) if undo.own and undo.verb == verb), None)

    def drop(self, *undos: Undo) -> None:
        """What was confirmed, or undone, has not to be undone any more."""
        self._undos = [undo for undo in self._undos if undo not in undos]
        self._write()

    def confirm(self) -> None:
        """All that this conversation did is to stay, and of earlier ones what the history says so of."""
        self.drop(*(undo for undo in self._undos if undo.own or self._is_settled(undo)))

    def _write(self) -> None:
        left = [*self._unknown, *(lines.encoded(undo.as_json()) for undo in self._undos)]
        try:
            if left:
                files.write_atomically(self._layout.undo, b"\n".join(left) + b"\n", sync=False)
            elif os.path.lexists(self._layout.undo):
                os.unlink(self._layout.undo)
        except OSError:
            # A full disk. What stays in there says of itself that it is settled, and can be undone twice.
            pass

    def take_back(self, *verbs: str) -> None:
        """Undoes what this conversation registered under these verbs, the last first. Raises what keeps it from that."""
        undos = [undo for undo in self._undos if undo.own and undo.verb in verbs]
        occasion = self._carry_out(undos, Occasion("", tells=False))
        if occasion.raised:
            raise occasion.raised[0]

    def revert(self, pending: Json, reason: str) -> Json:
        """Takes a switch back: this conversation's, or one that an earlier conversation could not finish."""
        result = switching.revert(self._layout, pending, reason)
        mine = self.own("revertSwitch")
        if mine is not None:
            self.drop(mine)
            return result
        # From the history alone: 0.1.0 wrote no journal.
        if pending.get("candidate"):
            leftovers.remove_release(self._layout, pending["to"])
        self.unwind_earlier(reason)
        return result

    def unwind(self, reason: str) -> Occasion:
        """At the end of the conversation: undoes all that is left, the last first."""
        earlier = self._earlier()
        return self._carry_out(earlier + [undo for undo in self._undos if undo.own], Occasion(reason))

    def unwind_earlier(self, reason: str, *verbs: str) -> Removed:
        """Undoes what earlier conversations left, the last first; with `verbs`, only those."""
        undos = [undo for undo in self._earlier() if not verbs or undo.verb in verbs]
        occasion = self._carry_out(undos, Occasion(reason))
        return occasion.removed

    def _earlier(self) -> list[Undo]:
        """What earlier conversations left to undo.

        A switch that nobody was left to take back waits for the client's decision, and so does all that belongs to it.
        """
        settled = [undo for undo in self._undos if not undo.own and self._is_settled(undo)]
        if settled:
            self.drop(*settled)
        earlier = [undo for undo in self._undos if not undo.own]
        return [] if any(self._waits(undo) for undo in earlier) else earlier

    def removable(self) -> Removed:
        """What unwinding would remove of earlier conversations. Changes nothing."""
        if any(self._waits(undo) for undo in self._undos if not self._is_settled(undo)):
            return []
        releases = [undo for undo in self._undos if undo.verb == "discardRelease" and not self._is_settled(undo)]
        return [found for undo in releases for found in _parts_of_release(self._layout, undo.arguments["release"])]

    def _carry_out(self, undos: list[Undo], occasion: Occasion) -> Occasion:
        done = []
        for undo in reversed(undos):
            try:
                if UNDOS[undo.verb].carry_out(self._layout, undo, occasion):
                    done.append(undo)
            except (OSError, StepFailed) as raised:
                # The others are tried all the same: on a full disk, they make room. It is left for the next operation.
                occasion.raised.append(raised)
        if done:
            self.drop(*done)
        return occasion

    def _waits(self, undo: Undo) -> bool:
        return undo.verb == "revertSwitch" and self._layout.standing_release() == undo.arguments["to"]

    def _is_settled(self, undo: Undo) -> bool:
        settles = UNDOS[undo.verb].settles
        return any(settles(undo.arguments, entry) for entry in history.read(self._layout, undo.since))


class Kind:
    """A verb of the journal."""

    def __init__(
        self,
        carry_out: Callable[[Layout, Undo, Occasion], bool],
        settles: Callable[[Json, Json], bool],
        holds: Callable[[Json], bool],
    ) -> None:
        # Does it; False leaves it in the journal.
        self.carry_out = carry_out
        # Whether a later line of the history says that it has not to be done any more.
        self.settles = settles
        # Whether arguments that were read have the form that it takes.
        self.holds = holds


def _revert_switch(layout: Layout, undo: Undo, occasion: Occasion) -> bool:
    """Flips back. What could not be written down of it, the next operation writes down."""
    pending = undo.arguments
    if pending["operation"] == "adopt" and layout.standing_release() == pending["to"]:
        # Some names lead through `current` already. Both sides hold the same: the next operation confirms it.
        return False
    try:
        switching.revert(layout, pending, occasion.reason)
    except OSError:
        if layout.standing_release() == pending["to"]:
            raise
        occasion.reverted = True
        return False
    occasion.reverted = True
    return True


def _discard_release(layout: Layout, undo: Undo, occasion: Occasion) -> bool:
    """Removes a release that was made, or begun, for a switch that was not kept; never the live one."""
    release_id = undo.arguments["release"]
    if release_id == layout.standing_release():
        return False
    parts = _parts_of_release(layout, release_id)
    files.remove_tree(os.path.join(layout.staging, release_id))
    removed = leftovers.remove_release(layout, release_id)
    if removed:
        occasion.removed += parts
    if occasion.tells and not _is_told(layout, undo):
        history.append(layout, "discarded", to=release_id, reason=occasion.reason, **_signed(undo))
    return removed


def _signed(undo: Undo) -> Json:
    """Who asked for it, and for what: whoever undoes it may be somebody else."""
    if undo.by is None:
        return {}
    return {"by": undo.by, "operation": undo.by.get("operation")}


def _parts_of_release(layout: Layout, release_id: str) -> Removed:
    if release_id == layout.standing_release():
        return []
    placed = os.path.lexists(layout.release(release_id))
    parts = [("staging", os.path.join(layout.staging, release_id))]
    parts += [("unfinishedRelease", layout.release(release_id))]
    if not placed:
        parts += [("orphanRecord", layout.record(release_id)), ("orphanRecord", layout.manifest(release_id))]
    return [(kind, os.path.relpath(path, layout.base)) for kind, path in parts if os.path.lexists(path)]


def _is_told(layout: Layout, undo: Undo) -> bool:
    """Whether the history says already why nobody will see it."""
    return any(entry["event"] in history.UNDONE for entry in history.read(layout, undo.since))


def _discard_staging(layout: Layout, undo: Undo, occasion: Occasion) -> bool:
    path = os.path.join(layout.staging, undo.arguments["name"])
    if os.path.lexists(path):
        files.remove_tree(path)
        occasion.removed.append(("staging", os.path.relpath(path, layout.base)))
    return True


def _discard_backups(layout: Layout, undo: Undo, _occasion: Occasion) -> bool:
    """Removes the backups that were made for a switch which was not kept.

    Known by what is new, not by what was answered: the process that writes may have been ended at any point.
    """
    for name in leftovers.own_backups(layout) - set(undo.arguments["before"]):
        leftovers.remove_backup(layout, name)
    leftovers.clean_temporary(layout.backups)
    return True


def _attach(layout: Layout, undo: Undo, occasion: Occasion) -> bool:
    """Puts links and launcher back where plain files were put in their place."""
    staging = detaching.staging_of(layout)
    left = os.path.lexists(staging)
    launcher = switching.wanted_launcher(undo.arguments)
    detaching.attach(layout, undo.arguments["names"], launcher)
    if left and not os.path.lexists(staging):
        occasion.removed.append(("staging", os.path.relpath(staging, layout.base)))
    return True


def _is_a_name(value: object) -> bool:
    try:
        checked_name(value)
    except StepFailed:
        return False
    return True


def _is_a_release(value: object) -> bool:
    return isinstance(value, str) and RELEASE_ID.fullmatch(value) is not None


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(_is_a_name(name) for name in value)


def _settled_by(*events: str) -> Callable[[Json, Json], bool]:
    return lambda _arguments, entry: entry["event"] in events


UNDOS: dict[str, Kind] = {
    "revertSwitch": Kind(
        _revert_switch,
        settles=_settled_by("confirmed", "reverted", "abandoned", "flip"),
        holds=lambda given: (
            history.is_ours(given) and _is_a_release(given.get("to")) and isinstance(given.get("operation"), str)
        ),
    ),
    "discardRelease": Kind(
        _discard_release,
        settles=lambda arguments, entry: entry["event"] == "confirmed" and entry.get("to") == arguments["release"],
        holds=lambda given: _is_a_release(given.get("release")),
    ),
    "discardStaging": Kind(_discard_staging, settles=_settled_by(), holds=lambda given: _is_a_name(given.get("name"))),
    "discardBackups": Kind(
        _discard_backups, settles=_settled_by("confirmed"), holds=lambda given: _are_names(given.get("before"))
    ),
    "attach": Kind(
        _attach,
        settles=_settled_by("attached", "detached"),
        holds=lambda given: _are_names(given.get("names")) and _is_a_name(given.get("entrypoint")),
    ),
}
