"""serve.py from its start to its end."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
import traceback

from serving.addresses import USAGE, Unusable, refuse
from serving.commands import names_descriptor
from serving.control import Client, Control, control_socket
from serving.crashes import say, tick_running
from serving.listening import SLOTS, opened
from serving.loop import Loop
from serving.marking import unmark_all
from serving.requests import Requests
from serving.service import Service
from serving.settings import HELP, Settings, settings_of
from serving.updating import CHECK, RESUME, digest_of, go_on, listening_of, read_state, restore, why_unusable
from serving.warden import Warden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

SOON, OFTEN, SELDOM = 0.02, 0.1, 1.0


def main() -> None:
    words = sys.argv[1:]
    if words[:1] == [CHECK]:
        return
    if words[:1] in (["--help"], ["-h"]):
        sys.stdout.write(HELP + "\n")
        return
    state = None
    if words[:1] == [RESUME]:
        state, words = read_state(int(words[1])), words[2:]
    program = os.path.realpath(__file__)
    try:
        base = os.path.dirname(os.path.dirname(program))
        if os.path.basename(os.path.dirname(program)) != ".hot-deploy":
            refuse("serve.py starts services from .hot-deploy in the directory that is deployed to; put it there")
        serving = Serving(program, words, settings_of(base, words), state)
    except Unusable as unusable:
        sys.stderr.write("serve.py: %s\n" % unusable)
        sys.exit(USAGE)
    sys.exit(serving.run())


class Serving:
    """The whole of it."""

    def __init__(self, program: str, words: list[str], settings: Settings, state: Json | None) -> None:
        self.program = program
        self.words = words
        with open(program, "rb") as handle:
            text = digest_of(handle.read())
        if state is None:
            # First of all, and before there is anything to inherit.
            self.listener = control_socket(settings.control, settings.base)
            try:
                listening = opened(settings.addresses, settings.backlog)
                unmark_all(settings.control)
            except Unusable:
                os.unlink(settings.control)
                raise
            warden = Warden.started()
        else:
            self.listener = socket.socket(fileno=state["control"])
            warden = Warden(*state["warden"])
            listening = listening_of(state)
        self.loop = Loop()
        self.loop.catch_signals()
        self.service = Service(settings, listening, self.loop, warden)
        self.control = Control(self.loop, self.listener, os.stat(settings.base).st_uid)
        self.requests = Requests(self.service, self.control, text, self._update)
        self.text = text
        # What it has survived last.
        self.survived = ""
        if state is None:
            self._begin()
        else:
            restore(self.service, state)
            self.service.reap()
        taken = {each.slot for each in self.service.generations}
        for each in listening:
            for slot in set(range(SLOTS)) - taken:
                self.service.watch_free(each, slot)

    def _begin(self) -> None:
        service = self.service
        if not names_descriptor(service.settings.command):
            say("the command has no {fd}: the server has to take its socket by HOT_DEPLOY_FD or LISTEN_FDS")
        service.live = service.add(service.current(), 0, "starting")
        service.live.accepted.open(service.arrivals())

    # -- as time goes by ------------------------------------------------------------------------------------------------

    def run(self) -> int:
        """Until it is told to end; its exit code."""
        while True:
            try:
                if self._turn():
                    break
            except Exception as raised:
                self._survive(raised)
        return self._end()

    def _turn(self) -> bool:
        """Does what there is to do by now. Whether it was told to end."""
        self.loop.once(self._pause())
        numbers = self.loop.signals()
        self.service.reap()
        if any(number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT) for number in numbers):
            return True
        if signal.SIGHUP in numbers:
            self.requests.hand_over_to_current()
        self._tick()
        return False

    def _survive(self, raised: Exception) -> None:
        """A defect of ours must not take servers down that answer: a hand-over that may be the cause is taken back."""
        said = "%s: %s" % (type(raised).__name__, raised)
        if said != self.survived:
            self.survived = said
            traceback.print_exception(type(raised), raised, raised.__traceback__)
        over = self.requests.hand_over
        if over is not None and not over.is_over:
            over.back()
        time.sleep(SOON)

    def _tick(self) -> None:
        now = time.monotonic()
        service, over = self.service, self.requests.hand_over
        service.resume_output()
        self.requests.tick(now)
        for each in list(service.generations):
            if each.state == "draining":
                service.tick_draining(each, now)
            elif each.state != "waiting":
                tick_running(service, each, now, over is not None and not over.is_over and each is over.old)
        self.control.sweep()

    def _pause(self) -> float:
        states = [each.state for each in self.service.generations]
        if any(each.output.stalled or not each.is_ready for each in self.service.generations):
            return SOON
        over = self.requests.hand_over
        if over is not None and over.is_busy:
            return SOON
        return OFTEN if "draining" in states or "kept" in states else SELDOM

    def _end(self) -> int:
        self.control.listener.close()
        try:
            os.unlink(self.service.settings.control)
        except OSError:
            pass
        self.service.end_all(self.service.settings.grace)
        for each in self.service.listening:
            each.remove()
        return 0

    def _update(self, client: Client) -> Json | None:
        with open(self.program, "rb") as handle:
            if digest_of(handle.read()) == self.text:
                return {"event": "current"}
        why = why_unusable(self.program)
        if why is not None:
            return {"event": "failed", "why": "unusable", "said": why}
        client.tell({"event": "updating"})
        go_on(self.program, self.words, self.service, self.listener)
        return {"event": "failed", "why": "unusable", "said": "%s can't be started" % sys.executable}


if __name__ == "__main__":
    main()
