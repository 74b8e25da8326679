"""One conversation: what it holds, and how it is put right when the other side goes away."""

import codecs
import threading
import time

from hot_deploy import (
    contract,
    detaching,
    files,
    history,
    leftovers,
    locking,
    numbering,
    records,
    shapes,
    switching,
    tree,
)
from hot_deploy.failures import ControllerGone, StepFailed, complaint, from_os_error
from hot_deploy.later import traceback
from hot_deploy.layout import Layout, checked_release_id
from hot_deploy.wire import JSON

# How much of one program's output is shown while it runs.
STREAMED_BYTES = 256 * 1024
# For how long a look ahead of the lock counts.
AHEAD_SECONDS = 10


class Session:
    """State of one conversation. Verbs are functions `(session, request id, arguments) -> result`."""

    def __init__(self, wire, verbs, may_start=True):
        self.wire = wire
        self.verbs = verbs
        # Whether looking may start a program that belongs to the engine. It may run as somebody who can do more.
        self.may_start = may_start
        self.layout = None
        self.lock_fd = None
        self.assembly = None
        self.candidate = None
        self.compilation = None
        self.pending = None
        # Whether the history says already why the candidate did not stay live.
        self.told = False
        self.backups_before = None
        self.unpinned = []
        # (names that became plain files, launcher), as long as that may be taken back.
        self.detached = None
        self.looks = {}
        # What an adoption would make.
        self.foreseen = None
        # The entries that were compared last, for the release that is received of them.
        self.compared = None
        # The release that was looked at ahead of the lock, and when.
        self.ahead = None
        # Kind of check -> paths of the candidate that need not be read for it: their content has passed it before.
        self.passed_before = {}
        # Release id -> kinds of check that it has passed in this conversation.
        self.passed = {}
        self._groups = set()
        self._background = []

    def open(self, base_path):
        layout = Layout(base_path)
        if self.layout is None:
            self.layout = layout
        elif self.layout.base != layout.base:
            raise StepFailed("anotherBasePath", basePath=self.layout.base)
        numbering.refuse_newer(self.layout)
        return self.layout

    def look(self, release_id, afresh=False):
        """A release's entries, recorded and found; looked at once in a conversation unless `afresh`.

        Copying compares each file's stamp once more, so that an edit in between can't come through.
        """
        if release_id:
            checked_release_id(release_id)
        if afresh or release_id not in self.looks:
            self.looks[release_id] = tree.Look(self.layout, release_id, self.wire.check)
        return self.looks[release_id]

    def look_ahead(self, release_id):
        """As look() afresh; the next look_afresh() is spared for a while."""
        looked = self.look(release_id, afresh=True)
        self.ahead = (release_id, time.monotonic())
        return looked

    def look_afresh(self, release_id):
        """As look() afresh, unless it was looked at a moment ago, ahead of the lock.

        What somebody edits between the two is seen as late as what they edit between looking and copying.
        """
        ahead, self.ahead = self.ahead, None
        recent = ahead is not None and ahead[0] == release_id and time.monotonic() - ahead[1] < AHEAD_SECONDS
        return self.look(release_id, afresh=not recent)

    def require_lock(self):
        if self.lock_fd is None:
            raise StepFailed("lockNeeded")
        self.wire.check()
        return self.layout

    # -- the conversation --------------------------------------------------------------------------------------

    def serve(self):
        """Carries out requests until the controller is gone, then puts things right and frees the lock."""
        try:
            while True:
                kind, request = self.wire.take()
                if kind == JSON:
                    self._carry_out(request)
        except ControllerGone:
            pass
        finally:
            self._put_right()

    def _carry_out(self, request):
        group = request.get("group")
        if group is not None and group in self._groups:
            self._reply(request, failure=StepFailed("skipped"))
        elif request.get("background"):
            thread = threading.Thread(target=self._perform, args=(request,), daemon=True)
            self._background.append(thread)
            thread.start()
        elif not self._perform(request) and group is not None:
            self._groups.add(group)

    def _perform(self, request):
        """Runs one verb and replies. Returns whether it went as wished; ControllerGone ends the conversation."""
        started = time.perf_counter()
        try:
            result = self._verb(request)(self, request["id"], self._arguments(request))
        except StepFailed as failed:
            return self._reply(request, failure=failed, started=started)
        except OSError as raised:
            return self._reply(request, failure=from_os_error(raised, request["verb"]), started=started)
        except ControllerGone:
            if request.get("background"):
                return False
            raise
        except Exception as raised:  # a defect of ours must reach the person who can report it
            defect = StepFailed(
                "defect",
                step=str(request["verb"]),
                type=type(raised).__name__,
                said=str(raised),
                traceback=traceback.format_exc(),
            )
            return self._reply(request, failure=defect, started=started)
        self._reply(request, result=result, started=started)
        return not (request.get("required") and result.get("passed") is False)

    def _verb(self, request):
        """The verb that is asked for. What changes the engine has the lock by then, all but the taking of it."""
        name = request["verb"]
        verb = self.verbs.get(name) if isinstance(name, str) else None
        if verb is None:
            raise StepFailed("stepUnknown", given=name)
        if contract.VERBS[name][0] and name != "lock":
            self.require_lock()
        return verb

    def _arguments(self, request):
        """A request's arguments, as far as the contract names them."""
        name = request["verb"]
        try:
            return shapes.parser(contract.VERBS[name][1])(request.get("args", {}), name)
        except shapes.Misshapen as misshapen:
            raise StepFailed("stepMisshapen", place=str(misshapen)) from None

    def _reply(self, request, result=None, failure=None, started=None):
        message = {"id": request.get("id"), "ok": failure is None}
        if started is not None:
            message["ms"] = round((time.perf_counter() - started) * 1000, 3)
        if failure is None:
            message["result"] = result
        else:
            message["failure"] = failure.as_json()
        self.wire.send(message)
        return failure is None

    def event(self, request_id, kind, **fields):
        self.wire.send(dict(fields, id=request_id, event=kind))

    def output_of(self, request_id):
        """A function that streams a program's output to the client as it comes, characters in one piece.

        A flood is cut off: whoever watches has seen enough by then, and the end of it comes with the result.
        """
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        left = STREAMED_BYTES

        def stream(piece):
            nonlocal left
            if left > 0:
                text = decoder.decode(piece[:left])
                left -= len(piece)
                self.event(request_id, "output", text=text if left > 0 else text + "\n[the rest is not shown live]\n")

        return stream

    # -- the dead-man's switch ---------------------------------------------------------------------------------

    def _put_right(self):
        """Before the flip: takes away what was built. After it, unconfirmed: goes back. Then frees the lock."""
        for thread in self._background:
            thread.join()
        ended = {"event": "ended", "reason": self.wire.gone, "reverted": False, "live": None}
        if self.lock_fd is not None:
            steps = [self.take_detachment_back, self._give_up, self.discard_archives, self._clean]
            if self.pending is not None:
                steps.insert(0, lambda: ended.update(reverted=self._take_switch_back()))
            steps.append(lambda: ended.update(live=self.layout.standing_release()))
            for step in steps:
                try:
                    step()
                except (OSError, StepFailed) as raised:
                    # What is left to do is for the next operation. On a full disk, what follows makes room.
                    ended.setdefault("complaint", complaint(raised))
            locking.release(self.layout, self.lock_fd)
            self.lock_fd = None
        self.wire.send(ended)

    def _take_switch_back(self):
        """Whether it is taken back, even where that could not be written down: then the next operation does."""
        self.told = True
        try:
            switching.revert(self.layout, self.pending, self.wire.gone or "the conversation ended")
        except OSError:
            if self.layout.standing_release() == self.pending["to"]:
                raise
        return True

    def _give_up(self):
        """Discards the candidate, and writes down why nobody will ever see it."""
        attempted = self.assembly.release_id if self.assembly is not None else self.candidate
        self.discard_candidate()
        if attempted and not self.told and attempted != self.layout.standing_release():
            history.append(self.layout, "discarded", to=attempted, reason=self.wire.gone)

    def _clean(self):
        """Whatever a step was writing when it was cut off goes now: the next operation has nothing to wait for."""
        if self.layout.foreign_current() is None:
            leftovers.clean(self.layout, self.layout.current_release(), records.read_all(self.layout))

    def take_detachment_back(self):
        """Puts links and launcher back where this conversation made plain files of them."""
        if self.detached is not None:
            detaching.attach(self.layout, *self.detached)
            self.detached = None

    def discard_archives(self):
        """Removes the backups that were made for a switch which was not kept."""
        if self.backups_before is None:
            return
        # Known by what is new, not by what was answered: the process that writes may have been ended at any point.
        for name in leftovers.own_backups(self.layout) - self.backups_before:
            leftovers.remove_backup(self.layout, name)
        leftovers.clean_temporary(self.layout.backups)
        self.backups_before = None

    def discard_candidate(self):
        """Removes the release that this conversation built, unless it is live."""
        if self.assembly is not None:
            files.remove_tree(self.assembly.staging)
            self.assembly = None
        if self.candidate is not None and self.candidate != self.layout.standing_release():
            leftovers.remove_release(self.layout, self.candidate)
            self.passed.pop(self.candidate, None)
        self.candidate = None
