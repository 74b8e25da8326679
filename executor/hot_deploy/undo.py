"""What undos do, verb by verb. This is the only module that carries one out.

At the end of the conversation, at the next operation's lock, and when a verb takes back what it did itself: see
journal.py. Each can be done again, and says of itself whether the history has settled it already.
"""

from __future__ import annotations

import os

from hot_deploy import entrypoints, files, history, leftovers, pins, switching
from hot_deploy.failures import StepFailed
from hot_deploy.later import detaching, draining, originals
from hot_deploy.layout import OUR_DIRECTORIES, checked_name, checked_path, is_release_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from typing import Any

    from hot_deploy.layout import Layout

    Json = dict[str, Any]
    # Kind and path below the base path of something that was removed; kinds as leftovers.find() has them.
    Removed = list[tuple[str, str]]


# The operation of a switch to what plain files hold, as the history calls it.
ADOPTING = "adopt"
# As long as taking it back waits for runs that look for their release, in seconds.
PUT_BACK_SECONDS = 4


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
        # Releases that are still in use: whoever comes next removes them.
        self.left: list[str] = []
        # What could not be undone.
        self.raised: list[OSError | StepFailed] = []


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


def read(verb: str, line: Json) -> Undo | None:
    """The undo that a line of the journal holds. What it names is removed and renamed: the form of ours, or None."""
    arguments, since, by = line.get("arguments"), line.get("since"), line.get("by")
    if not isinstance(arguments, dict) or not isinstance(since, int) or not files.is_count(since):
        return None
    if not UNDOS[verb].holds(arguments):
        return None
    return Undo(verb, arguments, since, by if isinstance(by, dict) else None, own=False)


def revert(layout: Layout, pending: Json, reason: str) -> Json:
    """Takes a switch back that somebody has decided on. What it returns is what switching.revert() does."""
    if is_adoption(pending):
        _put_originals_back(layout, pending)
    return switching.revert(layout, pending, reason)


def _put_originals_back(layout: Layout, pending: Json) -> None:
    """Takes back what an adoption did to the names of the base path; nothing leads through `current` afterwards.

    Who was started through the launcher until then looks for its release there: those are waited for, shortly.
    """
    entrypoint = pending.get("entrypoint")
    if isinstance(entrypoint, str):
        # One that has the release which was just taken back would take an original for a name beside.
        draining.starting_runs(layout, entrypoint, draining.Wait(PUT_BACK_SECONDS, lambda: None))
    with pins.Room(layout, PUT_BACK_SECONDS) as room:
        room.demand()
        originals.put_back(layout, pending["to"])
    if isinstance(entrypoint, str):
        draining.unpinned_runs(layout, entrypoint, draining.Wait(PUT_BACK_SECONDS, lambda: None))


def is_adoption(pending: Json) -> bool:
    return pending.get("operation") == ADOPTING


def discard(layout: Layout, release_id: str) -> None:
    """Removes the release that a switch was announced for, which the history alone tells of: 0.1.0 had no journal."""
    leftovers.remove_release(layout, release_id)


def is_settled(layout: Layout, undo: Undo) -> bool:
    """Whether the history says that it has not to be done any more."""
    settles = UNDOS[undo.verb].settles
    return any(settles(undo.arguments, entry) for entry in history.since(layout, undo.since))


def finish(layout: Layout, undo: Undo) -> None:
    """Of what is settled: the names that whoever settled it had no more time for."""
    if undo.verb == "revertSwitch":
        switching.finish(layout, undo.arguments)


def waits(layout: Layout, undo: Undo) -> bool:
    """Whether it would take back what is live: where nobody is left who did it, the client decides."""
    if undo.verb != "revertSwitch" or is_adoption(undo.arguments):
        return False
    to: str = undo.arguments["to"]
    return layout.standing_release() == to


def _revert_switch(layout: Layout, undo: Undo, occasion: Occasion) -> bool:
    """Flips back. What could not be written down of it, the next operation writes down."""
    pending = undo.arguments
    try:
        revert(layout, pending, occasion.reason)
    except OSError:
        if layout.standing_release() == pending["to"]:
            raise
        occasion.reverted = True
        return False
    occasion.reverted = True
    return True


def _discard_release(layout: Layout, undo: Undo, occasion: Occasion) -> bool:
    """Removes a release that was made, or started, for a switch that was not kept; never the live one."""
    release_id = undo.arguments["release"]
    if release_id == layout.standing_release():
        return False
    parts = parts_of_release(layout, release_id)
    files.remove_tree(os.path.join(layout.staging, release_id))
    removed = not draining.may_be_read(layout, release_id) and leftovers.remove_release(layout, release_id)
    if removed:
        occasion.removed += parts
    else:
        occasion.left.append(release_id)
    if occasion.tells and not _is_told(layout, undo):
        history.append(layout, "discarded", to=release_id, reason=occasion.reason, **_signed(undo))
    return removed


def _signed(undo: Undo) -> Json:
    """Who asked for it, and for what: whoever undoes it may be somebody else."""
    if undo.by is None:
        return {}
    return {"by": undo.by, "operation": undo.by.get("operation")}


def parts_of_release(layout: Layout, release_id: str) -> Removed:
    """What is there of a release that is not live."""
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
    return any(entry["event"] in history.UNDONE for entry in history.since(layout, undo.since))


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


def _is_a_path(value: object) -> bool:
    try:
        checked_path(value)
    except StepFailed:
        return False
    return True


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(_is_a_name(name) for name in value)


def _are_paths(value: object) -> bool:
    return isinstance(value, list) and all(_is_a_path(path) for path in value)


def _are_entrypoints(value: object) -> bool:
    return isinstance(value, str) and all(_is_a_path(path) for path in entrypoints.listed(value))


def _are_names_of(known: Container[str], value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) and name in known for name in value)


def _settles_switch(pending: Json, entry: Json) -> bool:
    if not is_adoption(pending):
        return entry["event"] in ("confirmed", "reverted", "abandoned", "flip")
    # The switch that it is a part of may be taken back before it, and is announced after it.
    if entry["event"] == "reverted":
        return bool(entry.get("from") == pending["to"])
    return bool(entry["event"] == "confirmed")


def _remove_directories(layout: Layout, undo: Undo, _occasion: Occasion) -> bool:
    """Removes those of our directories that were not there before, unless something lies in them."""
    left = False
    for name in undo.arguments["names"]:
        path = os.path.join(layout.base, name)
        try:
            os.rmdir(path)
        except FileNotFoundError:
            pass
        except OSError:
            left = True
    return not left


def _settled_by(*events: str) -> Callable[[Json, Json], bool]:
    return lambda _arguments, entry: entry["event"] in events


UNDOS: dict[str, Kind] = {
    "revertSwitch": Kind(
        _revert_switch,
        settles=_settles_switch,
        holds=lambda given: (
            history.is_ours(given)
            and is_release_id(given.get("to"))
            and isinstance(given.get("operation"), str)
            and (given.get("entrypoint") is None or _are_entrypoints(given["entrypoint"]))
        ),
    ),
    "discardRelease": Kind(
        _discard_release,
        settles=lambda arguments, entry: (
            entry["event"] == "confirmed" and arguments["release"] in (entry.get("to"), entry.get("adopted"))
        ),
        holds=lambda given: is_release_id(given.get("release")),
    ),
    "discardStaging": Kind(_discard_staging, settles=_settled_by(), holds=lambda given: _is_a_name(given.get("name"))),
    "discardBackups": Kind(
        _discard_backups, settles=_settled_by("confirmed"), holds=lambda given: _are_names(given.get("before"))
    ),
    "removeDirectories": Kind(
        _remove_directories,
        settles=_settled_by("confirmed"),
        holds=lambda given: _are_names_of(OUR_DIRECTORIES, given.get("names")),
    ),
    "attach": Kind(
        _attach,
        settles=_settled_by("attached", "detached"),
        holds=lambda given: _are_paths(given.get("names")) and _are_entrypoints(given.get("entrypoint")),
    ),
}
