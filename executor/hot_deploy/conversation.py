"""One conversation: requests are taken from the wire and carried out until the client is gone.

Requests of one group are sent without waiting; after one that did not go well, the rest are skipped. Some are carried
out beside the others.
"""

from __future__ import annotations

import threading
import time

from hot_deploy import contract, parts, shapes, verbs
from hot_deploy.failures import ControllerGone, StepFailed, from_os_error, from_text_error
from hot_deploy.later import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Any

    from hot_deploy.session import Session
    from hot_deploy.verbs import Verb

    Request = dict[str, Any]


class Conversation:
    """Verbs are functions `(session, request id, arguments) -> result`."""

    def __init__(self, session: Session, allowed: Container[str]) -> None:
        self.session = session
        self.wire = session.wire
        self._allowed = allowed
        # Groups in which something did not go well.
        self._stopped: set[Any] = set()
        self._background: list[threading.Thread] = []

    def serve(self) -> None:
        """Carries out requests until the controller is gone, then puts things right and frees the lock."""
        try:
            while True:
                kind, request = self.wire.take()
                if kind == contract.FRAME_JSON:
                    self._carry_out(request)
        except ControllerGone:
            pass
        finally:
            for thread in self._background:
                thread.join()
            self.session.runs.close_all()
            self.wire.send(self.session.put_right())

    def _carry_out(self, request: Request) -> None:
        group = request.get("group")
        if group is not None and group in self._stopped:
            self._reply(request, failure=StepFailed("skipped"))
        elif request.get("background"):
            # What it needs is imported here: modules that need each other must not be imported by two threads.
            if self._is_allowed(request["verb"]):
                verbs.load(request["verb"])
            thread = threading.Thread(target=self._perform, args=(request,), daemon=True)
            self._background = [other for other in self._background if other.is_alive()] + [thread]
            thread.start()
        elif not self._perform(request) and group is not None:
            self._stopped.add(group)

    def _perform(self, request: Request) -> bool:
        """Runs one verb and replies. Returns whether it went as wished; ControllerGone ends the conversation."""
        started = time.perf_counter()
        try:
            result = self._verb(request)(self.session, request["id"], _arguments(request))
        except StepFailed as failed:
            return self._reply(request, failure=failed, started=started)
        except OSError as raised:
            return self._reply(request, failure=from_os_error(raised, request["verb"]), started=started)
        except ControllerGone:
            if request.get("background"):
                return False
            raise
        except Exception as raised:  # a defect of ours must reach the person who can report it
            known = from_text_error(raised) if isinstance(raised, ValueError) else None
            defect = known or StepFailed(
                "defect",
                step=str(request["verb"]),
                type=type(raised).__name__,
                said=str(raised),
                traceback=traceback.format_exc(),
            )
            return self._reply(request, failure=defect, started=started)
        self._reply(request, result=result, started=started)
        return not (request.get("required") and result.get("passed") is False)

    def _verb(self, request: Request) -> Verb:
        """The verb that is asked for. What changes the engine has the lock by then, all but the taking of it."""
        name = request["verb"]
        if not self._is_allowed(name):
            raise StepFailed("stepUnknown", given=name)
        if name in contract.LOCKED:
            self.session.require_lock()
        return verbs.load(name)

    def _is_allowed(self, name: object) -> bool:
        return isinstance(name, str) and name in self._allowed

    def _reply(
        self,
        request: Request,
        result: Any = None,
        failure: StepFailed | None = None,
        started: float | None = None,
    ) -> bool:
        message: dict[str, Any] = {"id": request.get("id"), "ok": failure is None}
        if started is not None:
            message["ms"] = round((time.perf_counter() - started) * 1000, 3)
        if failure is None:
            message["result"] = result
        else:
            message["failure"] = failure.as_json()
        for payload in parts.messages(str(request["verb"]), message):
            self.wire.send_encoded(payload)
        return failure is None


def _arguments(request: Request) -> Any:
    """A request's arguments, as far as the contract names them."""
    name = request["verb"]
    try:
        return shapes.parser(contract.VERBS[name][1])(request.get("args", {}), name)
    except shapes.Misshapen as misshapen:
        raise StepFailed("stepMisshapen", place=str(misshapen)) from None
