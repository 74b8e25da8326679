"""The dead-man's switch: what has to be undone unless it is confirmed, written down before it is done.

An undo is data, a verb and its arguments: a line of `.hot-deploy/undo.jsonl`, beside the lock. Undos are carried out
(see undo.py) the last first: at the end of the conversation, at the next operation's lock, and whenever a verb takes
back what it did itself. A line that a power cut brings back does no harm, since the history says what was settled: so
dropping one costs no sync.

Which verb registers which undos, or why it needs none, is said in tests/test_undo.py, which looks.
"""

from __future__ import annotations

import os
import threading

from hot_deploy import files, history, lines, undo
from hot_deploy.failures import StepFailed
from hot_deploy.undo import Occasion, Undo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.layout import Layout
    from hot_deploy.undo import Json, Removed

# Of one undo: it may name every archive there is.
LONGEST_LINE = 64 << 20


class Journal:
    """The undos of one engine, for whoever holds its lock."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._undos: list[Undo] = []
        # Lines of a newer version: nobody here knows what they mean, and whoever wrote them will.
        self._unknown: list[bytes] = []
        # A verb that is carried out beside the others registers undos, too.
        self._one_at_a_time = threading.Lock()
        for line in lines.read(layout.undo, longest=LONGEST_LINE):
            self._take(line)

    def _take(self, line: bytes) -> None:
        found = lines.parsed(line)
        verb = found.get("verb") if isinstance(found, dict) else None
        if not isinstance(verb, str):
            return  # Cut short, or none of ours.
        if verb not in undo.UNDOS:
            self._unknown.append(line)
            return
        read = undo.read(verb, found)
        if read is not None:
            self._undos.append(read)

    # -- what is to be undone ----------------------------------------------------------------------------------

    def push(self, verb: str, **arguments: Any) -> Undo:
        """Registers an undo: before the step that may have to be undone."""
        since = lines.size_of(self._layout.history)
        made = Undo(verb, arguments, since, self._layout.asked_by, own=True)
        with self._one_at_a_time:
            lines.append(self._layout.undo, made.as_json(), sync=False)
            self._undos.append(made)
        return made

    def own(self, verb: str) -> Undo | None:
        """The last of a kind that this conversation registered."""
        return next((one for one in reversed(self._undos) if one.own and one.verb == verb), None)

    def drop(self, *undos: Undo) -> None:
        """What was confirmed, or undone, has not to be undone any more."""
        with self._one_at_a_time:
            self._undos = [one for one in self._undos if one not in undos]
            self._write()

    def confirm(self) -> None:
        """All that this conversation did is to stay, and of earlier ones what the history says so of."""
        self.drop(*(one for one in self._undos if one.own or undo.is_settled(self._layout, one)))

    def _write(self) -> None:
        left = [*self._unknown, *(lines.encoded(one.as_json()) for one in self._undos)]
        try:
            if left:
                files.write_atomically(self._layout.undo, b"\n".join(left) + b"\n", sync=False)
            elif os.path.lexists(self._layout.undo):
                os.unlink(self._layout.undo)
        except OSError:
            # A full disk. The history says of what stays in there that it is settled, and it can be undone twice.
            pass

    # -- undoing -----------------------------------------------------------------------------------------------

    def take_back(self, *verbs: str, reason: str = "", sparing: str | None = None) -> None:
        """Undoes what this conversation registered under these verbs, but for the release `sparing`.

        Raises what keeps it from that.
        """
        mine = [
            one
            for one in self._undos
            if one.own and one.verb in verbs and (sparing is None or one.arguments.get("release") != sparing)
        ]
        occasion = self._carry_out(mine, Occasion(reason, tells=False))
        if occasion.raised:
            raise occasion.raised[0]

    def revert(self, pending: Json, reason: str) -> Json:
        """Takes a switch back: this conversation's, or one that an earlier conversation could not finish.

        With it goes the adoption that it began with. Returns as undo.revert() does.
        """
        result = undo.revert(self._layout, pending, reason)
        mine = self.own("revertSwitch")
        if mine is not None:
            self.drop(mine)
            self._take_back_first(reason)
        else:
            if pending.get("candidate"):
                undo.discard(self._layout, pending["to"])
            self.unwind_earlier(reason)
            self._take_back_adoption(reason)
        return dict(result, live=self._layout.standing_release())

    def _take_back_first(self, reason: str) -> None:
        """Of a first deployment: what is live now is the release that was adopted, until no run is pinned by it."""
        try:
            self.take_back("revertSwitch", reason=reason)
        except StepFailed as raised:
            if raised.kind != "runsPinned":
                raise

    def _take_back_adoption(self, reason: str) -> None:
        """Of an adoption that was cut off, too, the history alone may tell: 0.1.0 had no journal."""
        layout = self._layout
        pending = history.standing(layout, layout.standing_release()).unconfirmed
        if pending is not None and undo.is_adoption(pending):
            undo.revert(layout, pending, reason)

    def unwind(self, reason: str) -> Occasion:
        """At the end of the conversation: undoes all that is left."""
        return self._carry_out(self._earlier() + [one for one in self._undos if one.own], Occasion(reason))

    def unwind_earlier(self, reason: str, *verbs: str) -> Removed:
        """Undoes what earlier conversations left; with `verbs`, only those."""
        left = [one for one in self._earlier() if not verbs or one.verb in verbs]
        return self._carry_out(left, Occasion(reason)).removed

    def removable(self) -> Removed:
        """What unwinding would remove of earlier conversations. Changes nothing."""
        left = [one for one in self._undos if not one.own and not undo.is_settled(self._layout, one)]
        if any(undo.waits(self._layout, one) for one in left):
            return []
        releases = [one.arguments["release"] for one in left if one.verb == "discardRelease"]
        return [found for release_id in releases for found in undo.parts_of_release(self._layout, release_id)]

    def _earlier(self) -> list[Undo]:
        """What earlier conversations left to undo.

        A switch that nobody was left to take back waits for the client's decision, and so does all that belongs to it.
        """
        settled = [one for one in self._undos if not one.own and undo.is_settled(self._layout, one)]
        if settled:
            for one in settled:
                undo.finish(self._layout, one)
            self.drop(*settled)
        earlier = [one for one in self._undos if not one.own]
        return [] if any(undo.waits(self._layout, one) for one in earlier) else earlier

    def _carry_out(self, undos: list[Undo], occasion: Occasion) -> Occasion:
        """The last first."""
        done = []
        for one in reversed(undos):
            try:
                if undo.UNDOS[one.verb].carry_out(self._layout, one, occasion):
                    done.append(one)
            except (OSError, StepFailed) as raised:
                # The others are tried all the same: on a full disk, they make room. It is left for the next operation.
                occasion.raised.append(raised)
        if done:
            self.drop(*done)
        return occasion
