"""What one conversation holds of an engine, and how that is put right when the other side goes away."""

from __future__ import annotations

from hot_deploy import leftovers, locking, numbering, records
from hot_deploy.contract import MANY
from hot_deploy.failures import StepFailed, complaint
from hot_deploy.history import asked_by
from hot_deploy.journal import Journal
from hot_deploy.later import services
from hot_deploy.layout import Layout
from hot_deploy.looks import Looks
from hot_deploy.making import Making
from hot_deploy.runs import Runs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.telling import Question
    from hot_deploy.wire import Wire

    Json = dict[str, Any]


class Session:
    """State of one conversation, for the verbs."""

    def __init__(self, wire: Wire, may_start: bool = True) -> None:
        self.wire = wire
        # Whether looking may start a program that belongs to the engine. It may run as somebody who can do more.
        self.may_start = may_start
        self.layout: Layout | None = None
        self.looks = Looks(wire.check)
        self.making = Making()
        self.runs = Runs()
        # Whether this conversation has waited for runs that nobody pinned: see draining.py.
        self.drained = False
        # How runs of what was switched to are pinned, while nobody has kept it yet.
        self._asked: Question | None = None
        self._lock: tuple[int, Journal] | None = None

    def open(self, base_path: str) -> Layout:
        """The engine that this conversation is about. Raises StepFailed for another one, and for a newer layout."""
        layout = Layout(base_path)
        if self.layout is None:
            self.layout = layout
        elif self.layout.base != layout.base:
            raise StepFailed("anotherBasePath", basePath=self.layout.base)
        numbering.refuse_newer(self.layout)
        return self.layout

    # -- the lock ----------------------------------------------------------------------------------------------

    @property
    def is_locked(self) -> bool:
        return self._lock is not None

    def take_lock(self, layout: Layout, holder: Json, wait_seconds: float) -> None:
        """Takes the engine's lock, unless this conversation has it."""
        if self._lock is not None:
            return
        descriptor = locking.acquire(layout, holder, wait_seconds, self.wire.check)
        try:
            # Somebody newer may have had it while this one waited.
            numbering.refuse_newer(layout)
            numbering.write(layout)
            layout.asked_by = asked_by(holder)
            self._lock = (descriptor, Journal(layout))
        except BaseException:
            locking.release(layout, descriptor)
            raise

    def require_lock(self) -> Layout:
        if self.layout is None or self._lock is None:
            raise StepFailed("lockNeeded")
        self.wire.check()
        return self.layout

    @property
    def undo(self) -> Journal:
        """What is to be undone unless it is confirmed."""
        if self._lock is None:
            raise StepFailed("lockNeeded")
        return self._lock[1]

    # -- how runs are pinned -----------------------------------------------------------------------------------

    def ask(self, question: Question) -> None:
        """Keeps a question until it is answered, or nobody waits for that any more."""
        self.forget_question()
        self._asked = question

    def forget_question(self) -> None:
        if self._asked is not None:
            self._asked.drop()
        self._asked = None

    def answer(self) -> Json:
        """`pinning`, where it was asked and can be told."""
        asked, self._asked = self._asked, None
        return asked.answer() if asked is not None else {}

    # -- the end -----------------------------------------------------------------------------------------------

    def put_right(self) -> Json:
        """Undoes what nobody confirmed, removes what was being written, and frees the lock. Returns the last message."""
        ended: Json = {"event": "ended", "reason": self.wire.gone, "reverted": False, "live": None}
        if self.layout is None or self._lock is None:
            return ended
        descriptor, journal = self._lock
        self.forget_question()
        if not locking.is_held(self.layout, descriptor):
            # All that was made here is removed, lock included. What is there by now is somebody else's.
            locking.release(self.layout, descriptor)
            self._lock = None
            return ended
        if self.layout.service is not None:
            services.give_up(self.layout)
        undone = journal.unwind(self.wire.gone or "the conversation ended")
        ended["reverted"] = undone.reverted
        if undone.left:
            ended["left"] = undone.left[:MANY]
        raised = list(undone.raised)
        try:
            _clean(self.layout)
            ended["live"] = self.layout.standing_release()
        except (OSError, StepFailed) as left:
            # What is left to do is for the next operation. On a full disk, what was undone has made room.
            raised.append(left)
        if raised:
            ended["complaint"] = complaint(raised[0])
        locking.release(self.layout, descriptor)
        self._lock = None
        return ended


def _clean(layout: Layout) -> None:
    """Whatever a step was writing when it was cut off goes now: the next operation has nothing to wait for."""
    if layout.foreign_current() is None:
        leftovers.clean(layout, layout.current_release(), records.read_all(layout))
